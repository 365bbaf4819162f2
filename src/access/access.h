/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "records/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who asks, and what they may do: the words that the files of this folder share.
 *
 *     access_challenge   what was asked of whom, until the answer comes
 *     access_session     keys agreed on, counters seen, identities proven
 *     access_verify      is this answer by the key it names?
 *     access_guess       how often may somebody be wrong?
 *     access_rights      what does this operation need, and does this identity have it?
 *     access_group       is the identity in this list, or in a list in this list ...?
 *
 * The folder knows no socket, no ledger and no clock: time is passed in, and records come
 * through a look-up that the caller hands over. So the same decision is taken on a snapshot,
 * to refuse early, and inside the commit, on the state that the commit changes.
 */

/* Whoever is proven by the value `index` of the handle `name` (RFC 3651, 3.2.1). An empty name
 * is nobody in particular. Index 0 is any value of the handle: in a list it lets all of them
 * in, and in an answer to a challenge it stands for the one that will turn out to have signed,
 * so that it matches every index until then (access_verify.h tells which it was). */
struct access_identity {
	struct bytes name;
	uint32_t index;
};

struct access_list {
	const struct access_identity *items;
	size_t count;
};

/* What the settings of the node say. One such struct is shared by all threads and replaced as
 * a whole; everything it points to lives as long. */
struct access_policy {
	struct access_list server_admins;
	struct access_list home_only_admins;
	struct access_list replication_admins;
	struct access_list backup_admins;
	struct access_list status_admins;
	bool has_full_access; /* Server administrators may do everything. Off by default. */
	bool prefix_admins_may_create;
	bool keeps_last_admin; /* No change but a deletion leaves a record without HS_ADMIN. */
	bool lists_handles;
	bool requires_sessions;
	bool allows_sha1; /* From clients whose protocol has nothing better. */
	bool allows_old_ciphers; /* Sessions of protocols before 2.7. */
};

/*
 * Looks a record up, by any spelling of its handle:
 *
 *   OK               `ret_record` is set; its octets outlive the decision
 *   NOT_FOUND        no such handle
 *   NOT_RESPONSIBLE  it lives elsewhere and nothing is known of it here
 *   BUSY             come again: the whole decision is abandoned with BUSY
 *   CORRUPT          stored data fails its check: abandoned, too
 *
 * It never waits for another node.
 */
typedef enum status access_lookup(
	void *context, struct bytes name, struct record *ret_record) MUST_CHECK;

struct access_reach {
	access_lookup *lookup; /* What is stored here. */
	access_lookup *remote; /* What is known of records elsewhere; NULL: nothing. */
	void *context;
};

/* What one request may still cost. One struct is made for each request and handed down; nobody
 * makes a second one. Counts bound time and memory, too: nothing in this folder allocates for
 * a record it reads, and no step takes longer than its count says. */
struct access_budget {
	uint32_t references; /* References of groups that may still be followed. */
	uint32_t remotes; /* Records elsewhere that may still be asked for. */
	uint32_t signatures; /* Keys that may still be tried. */
	size_t scan_size; /* Octets of groups, and of records around them, that may still be read. */
	bool is_spent; /* Something was left undone because a count was used up. */
};

static inline struct access_budget
access_budget_full(void)
{
	return (struct access_budget){
		.references = GROUP_REFERENCE_COUNT_MAX,
		.remotes = GROUP_REMOTE_COUNT_MAX,
		.signatures = SIGNATURE_CHECK_COUNT_MAX,
		.scan_size = GROUP_SCAN_SIZE_MAX,
	};
}

static inline bool
access_identity_is_known(const struct access_identity *identity)
{
	return identity->name.size > 0;
}

/* True if `reference` - in a list, a group or an HS_ADMIN value - means `identity`: names as
 * handle_name_equal() has it, indexes equal or one of them 0. */
bool access_reference_matches(
	const struct access_identity *reference, const struct access_identity *identity);

/* Here, or else from what is known of records elsewhere: as access_lookup says. */
enum status access_look_up(const struct access_reach *reach, struct bytes name,
	struct access_budget *budget, struct record *ret_record) MUST_CHECK;
