/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"
#include "handle/handle_admin.h"

/*
 * What an operation needs, and whether an identity has it: pure decisions (Handle.net 9, 18.5
 * and 18.6). Nothing is allowed that is not written in the tables of access_rights.c.
 *
 *     effects |= access_effect_modify(&before, &after);           for each value that changes
 *     access_demand_make(opcode, effects, &target, &demand);      what is needed
 *     status = access_decide(&question, &budget);                 who has it
 *
 * A demand is one way or another to be allowed; a way is one or two needs, and all of them
 * must be met. A need is met by one HS_ADMIN value that has all its rights and names the
 * identity, or names a group that holds it; or by a list of the settings.
 */

/* What a change does to values, as bits. */
enum access_effect {
	ACCESS_ADDS_VALUE = 0x001,
	ACCESS_ADDS_ADMIN = 0x002,
	ACCESS_REMOVES_VALUE = 0x004,
	ACCESS_REMOVES_ADMIN = 0x008,
	ACCESS_MODIFIES_VALUE = 0x010,
	ACCESS_MODIFIES_ADMIN = 0x020,
	ACCESS_ADMIN_TO_VALUE = 0x040,
	ACCESS_VALUE_TO_ADMIN = 0x080,
	ACCESS_MODIFIES_OPEN = 0x100, /* A value that everybody may write, into another value. */
};

/* HS_ADMIN, also HS_ADMIN.X: what counts as an administrator's value. */
bool access_value_is_admin(const struct handle_value *value);
enum access_effect access_effect_add(const struct handle_value *after);
enum access_effect access_effect_remove(const struct handle_value *before);
enum access_effect access_effect_modify(
	const struct handle_value *before, const struct handle_value *after);

/* Whose word counts. */
enum access_source {
	ACCESS_FROM_RECORD, /* HS_ADMIN of the handle itself, as it is before the change. */
	ACCESS_FROM_PREFIX, /* HS_ADMIN of the 0.NA handle of its prefix. */
	ACCESS_FROM_PARENT, /* HS_ADMIN of the 0.NA handle above a derived prefix. */
	ACCESS_FROM_HOME_ADMINS, /* home_only_admins or server_admins. */
	ACCESS_FROM_REPLICATION_ADMINS, /* replication_admins or server_admins. */
	ACCESS_FROM_BACKUP_ADMINS, /* backup_admins or server_admins. */
	ACCESS_FROM_STATUS_ADMINS, /* status_admins or server_admins. */
};

struct access_need {
	enum access_source source;
	uint16_t rights; /* Of one HS_ADMIN value; 0 for the lists of the settings. */
};

enum { ACCESS_WAY_COUNT_MAX = 3, ACCESS_WAY_NEED_COUNT_MAX = 2 };

struct access_way {
	uint8_t need_count;
	struct access_need needs[ACCESS_WAY_NEED_COUNT_MAX];
};

struct access_demand {
	bool is_open; /* Nothing is needed: anybody may, without an identity. */
	uint8_t way_count;
	struct access_way ways[ACCESS_WAY_COUNT_MAX];
};

/* What else the needs depend on. */
struct access_target {
	struct bytes name; /* The handle; for 105 and 106 the 0.NA handle that the request names. */
	bool replaces; /* CREATE_HANDLE with OVERWRITE of a record that exists. */
};

/* UNSUPPORTED for operations that this table does not have. RESOLUTION is reading what not
 * everybody may read: READ_VALUE, or a list for 0.SITE/status. */
enum status access_demand_make(uint32_t opcode, uint32_t effects,
	const struct access_target *target, struct access_demand *ret_demand) MUST_CHECK;

struct access_question {
	const struct access_policy *policy;
	const struct access_demand *demand;
	const struct access_identity *identity;
	struct bytes name; /* As in the target. */
	const struct record *before; /* The handle's own record; NULL if there is none. */
	struct access_reach reach;
};

/*
 *   OK               allowed
 *   UNAUTHENTICATED  the identity is nobody, and nobody may not
 *   NOT_ADMIN        no way is open to this identity (also when the budget ended the search)
 *   BUSY, CORRUPT    from the look-up; nothing was decided
 */
enum status access_decide(
	const struct access_question *question, struct access_budget *budget) MUST_CHECK;

/* Which list a 0.SITE name asks for: true for the status handle, without case. */
bool access_name_is_status(struct bytes name);
