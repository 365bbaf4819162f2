/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_rights.h"

#include "access/access_group.h"
#include "handle/handle_name.h"
#include "message/message.h"

/* Operations whose needs follow from their number alone. Creating and changing values are
 * below. */
static const struct {
	uint32_t opcode;
	struct access_need need;
} operations[] = {
	{OPCODE_RESOLUTION, {ACCESS_FROM_RECORD, HANDLE_RIGHT_READ_VALUE}},
	{OPCODE_DELETE_HANDLE, {ACCESS_FROM_RECORD, HANDLE_RIGHT_DELETE_HANDLE}},
	{OPCODE_LIST_HANDLES, {ACCESS_FROM_RECORD, HANDLE_RIGHT_LIST_HANDLES}},
	{OPCODE_LIST_DERIVED_PREFIXES, {ACCESS_FROM_RECORD, HANDLE_RIGHT_LIST_DERIVED_PREFIXES}},
	{OPCODE_HOME_PREFIX, {ACCESS_FROM_HOME_ADMINS, 0}},
	{OPCODE_UNHOME_PREFIX, {ACCESS_FROM_HOME_ADMINS, 0}},
	{OPCODE_LIST_HOMED_PREFIXES, {ACCESS_FROM_HOME_ADMINS, 0}},
	{OPCODE_RETRIEVE_TRANSACTION_LOG, {ACCESS_FROM_REPLICATION_ADMINS, 0}},
	{OPCODE_DUMP_HANDLES, {ACCESS_FROM_REPLICATION_ADMINS, 0}},
	{OPCODE_BACKUP_SERVER, {ACCESS_FROM_BACKUP_ADMINS, 0}},
};

/* Operations that anybody may ask for. Who ends a session has its key. */
static const uint32_t open_operations[] = {
	OPCODE_GET_SITE_INFO,
	OPCODE_CHALLENGE_RESPONSE,
	OPCODE_VERIFY_CHALLENGE,
	OPCODE_SESSION_SETUP,
	OPCODE_SESSION_TERMINATE,
	OPCODE_SESSION_EXCHANGE_KEY,
};

static const struct {
	enum access_effect effect;
	uint16_t rights;
} effects_rights[] = {
	{ACCESS_ADDS_VALUE, HANDLE_RIGHT_ADD_VALUE},
	{ACCESS_ADDS_ADMIN, HANDLE_RIGHT_ADD_ADMIN},
	{ACCESS_REMOVES_VALUE, HANDLE_RIGHT_REMOVE_VALUE},
	{ACCESS_REMOVES_ADMIN, HANDLE_RIGHT_REMOVE_ADMIN},
	{ACCESS_MODIFIES_VALUE, HANDLE_RIGHT_MODIFY_VALUE},
	{ACCESS_MODIFIES_ADMIN, HANDLE_RIGHT_MODIFY_ADMIN},
	{ACCESS_ADMIN_TO_VALUE, HANDLE_RIGHT_REMOVE_ADMIN | HANDLE_RIGHT_MODIFY_VALUE},
	{ACCESS_VALUE_TO_ADMIN, HANDLE_RIGHT_MODIFY_VALUE | HANDLE_RIGHT_ADD_ADMIN},
	{ACCESS_MODIFIES_OPEN, 0},
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

bool
access_value_is_admin(const struct handle_value *value)
{
	return handle_type_is(value->type, TEXT("HS_ADMIN"));
}

enum access_effect
access_effect_add(const struct handle_value *after)
{
	return access_value_is_admin(after) ? ACCESS_ADDS_ADMIN : ACCESS_ADDS_VALUE;
}

enum access_effect
access_effect_remove(const struct handle_value *before)
{
	return access_value_is_admin(before) ? ACCESS_REMOVES_ADMIN : ACCESS_REMOVES_VALUE;
}

enum access_effect
access_effect_modify(const struct handle_value *before, const struct handle_value *after)
{
	if (access_value_is_admin(before)) {
		return access_value_is_admin(after) ? ACCESS_MODIFIES_ADMIN : ACCESS_ADMIN_TO_VALUE;
	}
	if (access_value_is_admin(after)) {
		return ACCESS_VALUE_TO_ADMIN;
	}
	return (before->permissions & HANDLE_PUBLIC_WRITE) != 0 ? ACCESS_MODIFIES_OPEN
								: ACCESS_MODIFIES_VALUE;
}

/* The rights that some effects need of a record's administrator. */
static uint16_t
access_rights_of_effects(uint32_t effects)
{
	uint16_t rights = 0;

	for (size_t i = 0; i < COUNT_OF(effects_rights); i++) {
		if ((effects & effects_rights[i].effect) != 0) {
			rights |= effects_rights[i].rights;
		}
	}
	return rights;
}

bool
access_name_is_status(struct bytes name)
{
	return bytes_equal_fold(name, TEXT("0.SITE/status"));
}

/* One way with one need: the usual case. */
static void
demand_one(struct access_need need, struct access_demand *demand)
{
	demand->way_count = 1;
	demand->ways[0] = (struct access_way){1, {need}};
}

static struct access_need
need_to_create(const struct access_target *target)
{
	if (handle_name_is_derived_prefix(target->name)) {
		return (struct access_need){ACCESS_FROM_PARENT, HANDLE_RIGHT_ADD_DERIVED_PREFIX};
	}
	return (struct access_need){ACCESS_FROM_PREFIX, HANDLE_RIGHT_ADD_HANDLE};
}

/* To write over a record: what the differences need; or the right to make oneself its
 * administrator, which leads to all others; or what deleting and creating it again needs. */
static void
demand_to_replace(
	uint32_t effects, const struct access_target *target, struct access_demand *demand)
{
	uint16_t rights = access_rights_of_effects(effects);

	demand->way_count = 3;
	demand->ways[0] = (struct access_way){1, {{ACCESS_FROM_RECORD, rights}}};
	demand->ways[1] = (struct access_way){1, {{ACCESS_FROM_RECORD, HANDLE_RIGHT_ADD_ADMIN}}};
	demand->ways[2] = (struct access_way){
		2, {{ACCESS_FROM_RECORD, HANDLE_RIGHT_DELETE_HANDLE}, need_to_create(target)}};
}

/* True for the operations on values of a record. */
static bool
opcode_changes_values(uint32_t opcode)
{
	return opcode == OPCODE_ADD_VALUE || opcode == OPCODE_REMOVE_VALUE ||
		opcode == OPCODE_MODIFY_VALUE;
}

static bool
demand_from_tables(uint32_t opcode, struct access_demand *demand)
{
	for (size_t i = 0; i < COUNT_OF(open_operations); i++) {
		if (open_operations[i] == opcode) {
			demand->is_open = true;
			return true;
		}
	}
	for (size_t i = 0; i < COUNT_OF(operations); i++) {
		if (operations[i].opcode == opcode) {
			demand_one(operations[i].need, demand);
			return true;
		}
	}
	return false;
}

enum status
access_demand_make(uint32_t opcode, uint32_t effects, const struct access_target *target,
	struct access_demand *ret_demand)
{
	struct access_demand demand = {.is_open = false, .way_count = 0};

	if (opcode == OPCODE_RESOLUTION && access_name_is_status(target->name)) {
		demand_one((struct access_need){ACCESS_FROM_STATUS_ADMINS, 0}, &demand);
	} else if (opcode == OPCODE_CREATE_HANDLE && target->replaces) {
		demand_to_replace(effects, target, &demand);
	} else if (opcode == OPCODE_CREATE_HANDLE) {
		demand_one(need_to_create(target), &demand);
	} else if (opcode_changes_values(opcode)) {
		uint16_t rights = access_rights_of_effects(effects);

		/* Writing what everybody may write, and nothing else, needs nobody. */
		demand.is_open = effects == ACCESS_MODIFIES_OPEN;
		demand_one((struct access_need){ACCESS_FROM_RECORD, rights}, &demand);
	} else if (!demand_from_tables(opcode, &demand)) {
		return STATUS_UNSUPPORTED;
	}
	*ret_demand = demand;
	return STATUS_OK;
}

/* In the list itself, or in a group that it names. */
static enum status
list_holds(const struct access_list *list, const struct access_question *question,
	struct access_budget *budget)
{
	for (size_t i = 0; i < list->count; i++) {
		if (access_reference_matches(&list->items[i], question->identity)) {
			return STATUS_OK;
		}
	}
	return access_group_holds(list, question->identity, &question->reach, budget);
}

/* Administrators of a record with all `rights` in one value; groups that may hold them come
 * later than those named. */
static enum status
record_allows(const struct record *record, uint16_t rights, const struct access_question *question,
	struct access_budget *budget)
{
	struct access_identity items[GROUP_REFERENCE_COUNT_MAX] __attribute__((uninitialized));
	struct access_list groups = {items, 0};
	struct wire_reader walk = handle_value_list_walk(&record->values);
	struct handle_value value;
	struct handle_admin admin;

	while (handle_value_next(&walk, &value)) {
		if (!bytes_equal_fold(value.type, TEXT("HS_ADMIN")) ||
			handle_admin_decode(value.data, &admin) != STATUS_OK ||
			(admin.rights & rights) != rights) {
			continue;
		}

		struct access_identity reference = {admin.name, admin.index};

		if (access_reference_matches(&reference, question->identity)) {
			return STATUS_OK;
		}
		if (groups.count < GROUP_REFERENCE_COUNT_MAX) {
			items[groups.count++] = reference;
		} else {
			budget->is_spent = true;
		}
	}
	return access_group_holds(&groups, question->identity, &question->reach, budget);
}

/* The administrators of another record: of the prefix, or of the prefix above. */
static enum status
prefix_allows(struct bytes name, uint16_t rights, const struct access_question *question,
	struct access_budget *budget)
{
	struct record record;
	enum status status;

	if (!question->policy->prefix_admins_may_create) {
		return STATUS_NOT_ADMIN;
	}
	status = access_look_up(&question->reach, name, budget, &record);
	if (status == STATUS_BUSY || status == STATUS_CORRUPT) {
		return status;
	}
	return status == STATUS_OK ? record_allows(&record, rights, question, budget)
				   : STATUS_NOT_ADMIN;
}

/* One of the lists of the settings; server administrators stand in all of them. */
static enum status
either_holds(const struct access_list *list, const struct access_question *question,
	struct access_budget *budget)
{
	enum status status = list_holds(list, question, budget);

	return status != STATUS_NOT_ADMIN
		? status
		: list_holds(&question->policy->server_admins, question, budget);
}

static enum status
need_is_met(const struct access_need *need, const struct access_question *question,
	struct access_budget *budget)
{
	const struct access_policy *policy = question->policy;
	const struct access_list *const lists[] = {
		[ACCESS_FROM_HOME_ADMINS] = &policy->home_only_admins,
		[ACCESS_FROM_REPLICATION_ADMINS] = &policy->replication_admins,
		[ACCESS_FROM_BACKUP_ADMINS] = &policy->backup_admins,
		[ACCESS_FROM_STATUS_ADMINS] = &policy->status_admins,
	};
	uint8_t octets[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));

	if (need->source == ACCESS_FROM_RECORD) {
		return question->before == NULL
			? STATUS_NOT_ADMIN
			: record_allows(question->before, need->rights, question, budget);
	}
	if (need->source == ACCESS_FROM_PREFIX) {
		return prefix_allows(
			bytes_over(octets, handle_name_prefix_handle(question->name, octets)),
			need->rights, question, budget);
	}
	if (need->source == ACCESS_FROM_PARENT) {
		return prefix_allows(
			handle_name_parent_prefix(question->name), need->rights, question, budget);
	}
	return either_holds(lists[need->source], question, budget);
}

/* All needs of a way. */
static enum status
way_is_open(const struct access_way *way, const struct access_question *question,
	struct access_budget *budget)
{
	enum status status = STATUS_OK;

	for (uint8_t i = 0; i < way->need_count && status == STATUS_OK; i++) {
		status = need_is_met(&way->needs[i], question, budget);
	}
	return status;
}

enum status
access_decide(const struct access_question *question, struct access_budget *budget)
{
	const struct access_demand *demand = question->demand;
	enum status status = STATUS_NOT_ADMIN;

	if (demand->is_open) {
		return STATUS_OK;
	}
	if (!access_identity_is_known(question->identity)) {
		return STATUS_UNAUTHENTICATED;
	}
	if (question->policy->has_full_access) {
		status = list_holds(&question->policy->server_admins, question, budget);
	}
	for (uint8_t i = 0; i < demand->way_count && status == STATUS_NOT_ADMIN; i++) {
		status = way_is_open(&demand->ways[i], question, budget);
	}
	return status;
}
