/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_change.h"
#include "authority/authority_private.h"

/* On the worker's snapshot, and cheap: what can be refused before anybody proves anything. */
struct check {
	struct authority *authority;
	const struct request *request;
	const struct access_policy *policy;
	struct arena *arena;
	struct authority_answer *answer;
	struct bytes name; /* As asked. */
	struct bytes key;
	uint32_t opcode;
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
};

static enum status
authority_lookup(void *context, struct bytes name, struct record *ret_record)
{
	struct authority *authority = context;
	uint8_t octets[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));
	enum status status = records_get(authority->reader, name, ret_record);
	size_t size;

	if (status != STATUS_NOT_FOUND) {
		return status == STATUS_INVALID ? STATUS_NOT_FOUND : status;
	}
	size = handle_name_key(name, octets);
	return records_key_is_homed(authority->reader, bytes_over(octets, size), NULL)
		? STATUS_NOT_FOUND
		: STATUS_NOT_RESPONSIBLE;
}

static enum status
authority_lookup_remote(void *context, struct bytes name, struct record *ret_record)
{
	struct authority *authority = context;

	return access_remote_want(authority->remote, name, ret_record);
}

struct access_reach
authority_reach(struct authority *authority)
{
	return (struct access_reach){authority_lookup,
		authority->remote == NULL ? NULL : authority_lookup_remote, authority};
}

void
authority_set_remote(struct authority *authority, struct access_remote *remote)
{
	authority->remote = remote;
}

static enum status
refuse(struct check *check, enum status status, struct bytes text)
{
	check->answer->text = text;
	return status;
}

static bool
check_is_asked(const struct check *check, uint32_t flag)
{
	return authority_is_asked(check->request, flag);
}

/* A minted name is another than the one asked for; it will hash to this server. */
static enum status
check_share(struct check *check)
{
	bool is_minted =
		check->opcode == OPCODE_CREATE_HANDLE && check_is_asked(check, MESSAGE_FLAG_MINT);

	return is_minted || authority_share_holds(&check->authority->share, check->name)
		? STATUS_OK
		: refuse(check, STATUS_NOT_RESPONSIBLE, TEXT("Request was hashed incorrectly"));
}

/* "Do I have this handle?" (Handle.net 9, 18.2) */
static enum status
check_homed(struct check *check)
{
	const struct envelope *envelope = &check->request->message.envelope;
	struct version suggested = version_suggested(envelope);
	struct record record;
	enum status status;

	if (!records_key_is_homed(check->authority->reader, check->key, NULL)) {
		return refuse(check, STATUS_NOT_RESPONSIBLE, TEXT("That prefix doesn't live here"));
	}
	if (!handle_name_is_derived_prefix(check->key) ||
		check_is_asked(check, MESSAGE_FLAG_DO_NOT_REFER) ||
		!version_at_least(suggested, 2, 10)) {
		return STATUS_OK;
	}
	status = records_get(check->authority->reader, check->key, &record);
	if (status == STATUS_NOT_FOUND) {
		status = authority_refer(check->authority, check->key, check->arena, check->answer);
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
check_values(struct check *check)
{
	struct authority_verdict verdict;
	enum status status = authority_values_check(&check->request->values.values, &verdict);

	if (status == STATUS_OK) {
		return status;
	}

	struct bytes text = arena_copy(check->arena, verdict.text);

	return refuse(check, status, text.at == NULL ? (struct bytes){NULL, 0} : text);
}

static enum status
check_create(struct check *check)
{
	struct record record;
	enum status status;

	if (!bytes_are_utf8(check->name)) {
		return refuse(check, STATUS_INVALID, TEXT("Invalid UTF8 encoding"));
	}
	status = check_values(check);
	if (status != STATUS_OK || check_is_asked(check, MESSAGE_FLAG_OVERWRITE) ||
		check_is_asked(check, MESSAGE_FLAG_MINT)) {
		return status;
	}
	status = records_get(check->authority->reader, check->key, &record);
	if (status == STATUS_NOT_FOUND) {
		return STATUS_OK;
	}
	return status == STATUS_OK ? STATUS_EXISTS : status;
}

static enum status
check_add(struct check *check)
{
	if (check->request->values.values.count == 0) {
		return refuse(check, STATUS_INVALID_VALUE, TEXT("Value list was empty"));
	}
	return check_values(check);
}

/* What it does, on the snapshot; the text is in the arena. */
static enum status
check_difference(
	struct check *check, const struct record *before, struct authority_verdict *verdict)
{
	struct authority_difference difference = {check->request, before, 0};
	enum status status = authority_difference_judge(&difference, verdict);

	if (status != STATUS_OK && verdict->text.size > 0) {
		struct bytes text = arena_copy(check->arena, verdict->text);

		check->answer->text = text.at == NULL ? (struct bytes){NULL, 0} : text;
	}
	return status;
}

/* The only change that may need nobody: of values that everybody may write. */
static enum status
check_modify(struct check *check)
{
	struct authority_verdict verdict;
	struct record record;
	enum status status = records_get(check->authority->reader, check->key, &record);

	if (status == STATUS_OK) {
		status = check_difference(check, &record, &verdict);
	}
	if (status != STATUS_OK) {
		return status;
	}
	return verdict.effects == ACCESS_MODIFIES_OPEN ? STATUS_OK : STATUS_UNAUTHENTICATED;
}

/* Lists are of a prefix that lives here; those of derived prefixes where it is registered. */
static enum status
check_list(struct check *check)
{
	struct records_reader *reader = check->authority->reader;
	bool is_homed;

	if (!check->policy->lists_handles) {
		return refuse(check, STATUS_UNSUPPORTED, TEXT("Listing handles is turned off"));
	}
	if (!handle_name_is_prefix_handle(check->key)) {
		return refuse(check, STATUS_NOT_RESPONSIBLE, TEXT("That prefix doesn't live here"));
	}
	is_homed = check->opcode == OPCODE_LIST_DERIVED_PREFIXES ||
			bytes_start_with(check->key, TEXT("0.NA/0.NA/"))
		? records_key_is_homed(reader, check->key, NULL)
		: records_prefix_is_homed(reader, check->key);
	return is_homed
		? STATUS_OK
		: refuse(check, STATUS_NOT_RESPONSIBLE, TEXT("That prefix doesn't live here"));
}

static enum status
check_prefix(struct check *check)
{
	return handle_name_is_prefix_handle(check->key)
		? STATUS_OK
		: refuse(check, STATUS_INVALID, TEXT("Handle is not a prefix handle"));
}

static enum status
check_record(struct check *check)
{
	enum status status = check_share(check);

	if (status == STATUS_OK && check->opcode != OPCODE_DELETE_HANDLE) {
		status = check_homed(check);
	}
	if (status == STATUS_OK && check->opcode == OPCODE_CREATE_HANDLE) {
		status = check_create(check);
	} else if (status == STATUS_OK && check->opcode == OPCODE_ADD_VALUE) {
		status = check_add(check);
	} else if (status == STATUS_OK && check->opcode == OPCODE_MODIFY_VALUE) {
		return check_modify(check);
	}
	return status == STATUS_OK ? STATUS_UNAUTHENTICATED : status;
}

static enum status
check_by_opcode(struct check *check)
{
	enum status status = STATUS_OK;

	switch (check->opcode) {
	case OPCODE_CREATE_HANDLE:
	case OPCODE_DELETE_HANDLE:
	case OPCODE_ADD_VALUE:
	case OPCODE_REMOVE_VALUE:
	case OPCODE_MODIFY_VALUE:
		return check_record(check);
	case OPCODE_LIST_HANDLES:
	case OPCODE_LIST_DERIVED_PREFIXES:
		status = check_list(check);
		break;
	case OPCODE_HOME_PREFIX:
	case OPCODE_UNHOME_PREFIX:
		status = check_prefix(check);
		break;
	default:
		return STATUS_UNSUPPORTED;
	}
	return status == STATUS_OK ? STATUS_UNAUTHENTICATED : status;
}

static bool
is_about_no_handle(uint32_t opcode)
{
	return opcode == OPCODE_LIST_HOMED_PREFIXES || opcode == OPCODE_RETRIEVE_TRANSACTION_LOG ||
		opcode == OPCODE_DUMP_HANDLES;
}

enum status
authority_precheck(struct authority *authority, const struct request *request,
	const struct access_policy *policy, struct arena *arena,
	struct authority_answer *ret_answer)
{
	struct check check __attribute__((uninitialized));

	*ret_answer = (struct authority_answer){.text = {NULL, 0}};
	check.authority = authority;
	check.request = request;
	check.policy = policy;
	check.arena = arena;
	check.answer = ret_answer;
	check.opcode = request->message.header.opcode;
	check.name = request_handle(request);
	if (is_about_no_handle(check.opcode)) {
		return STATUS_UNAUTHENTICATED;
	}
	check.key = bytes_over(check.octets, handle_name_key(check.name, check.octets));
	if (check.key.size == 0) {
		return STATUS_INVALID;
	}
	return check_by_opcode(&check);
}

/* What the change would do to the record as it is now. */
static enum status
effects_now(struct authority *authority, const struct request *request, struct record *record,
	const struct record **ret_before, struct authority_verdict *verdict)
{
	enum status status = records_get(authority->reader, request_handle(request), record);
	struct authority_difference difference = {request, NULL, 0};

	if (status == STATUS_OK) {
		difference.before = record;
	} else if (status != STATUS_NOT_FOUND) {
		return status;
	}
	*ret_before = difference.before;
	return authority_difference_judge(&difference, verdict);
}

/* Homing is a change as well, but not of a record's values. */
static bool
opcode_changes_record(uint32_t opcode)
{
	return opcode >= OPCODE_CREATE_HANDLE && opcode <= OPCODE_MODIFY_VALUE;
}

/* Answers a question that says who asks, by which policy, and of which record. */
static enum status
decide(struct authority *authority, uint32_t opcode, uint32_t effects,
	const struct access_target *target, struct access_question *question,
	struct access_budget *budget)
{
	struct access_demand demand;
	enum status status = access_demand_make(opcode, effects, target, &demand);

	if (status != STATUS_OK) {
		return status;
	}
	question->demand = &demand;
	question->name = target->name;
	question->reach = authority_reach(authority);
	return access_decide(question, budget);
}

enum status
authority_may(struct authority *authority, const struct request *request,
	const struct access_identity *identity, const struct access_policy *policy,
	struct access_budget *budget)
{
	uint32_t opcode = request->message.header.opcode;
	uint8_t octets[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));
	size_t size = handle_name_key(request_handle(request), octets);
	struct authority_verdict verdict = {.effects = 0, .replaces = false};
	struct access_target target = {bytes_over(octets, size), false};
	struct access_question question = {.policy = policy, .identity = identity};
	struct record record;
	enum status status = STATUS_OK;

	if (opcode_changes_record(opcode)) {
		status = effects_now(authority, request, &record, &question.before, &verdict);
	} else if (size > 0 &&
		records_get(authority->reader, request_handle(request), &record) == STATUS_OK) {
		question.before = &record;
	}
	if (status == STATUS_CORRUPT) {
		return status;
	}
	if (status != STATUS_OK) {
		return STATUS_OK; /* It cannot be made, whoever asks: the commit will say so. */
	}
	if (opcode == OPCODE_RESOLUTION && question.before == NULL &&
		!access_name_is_status(target.name)) {
		return STATUS_OK; /* Gone since it was found: the look-up to come will say so. */
	}
	target.replaces = verdict.replaces && opcode == OPCODE_CREATE_HANDLE;
	return decide(authority, opcode, verdict.effects, &target, &question, budget);
}

enum status
authority_may_look_back(struct authority *authority, struct bytes name,
	const struct access_identity *identity, const struct access_policy *policy,
	struct access_budget *budget)
{
	uint8_t octets[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));
	struct bytes key = bytes_over(octets, handle_name_key(name, octets));
	struct access_target target = {key, false};
	struct record record;
	enum status status = records_get(authority->reader, name, &record);
	bool is_there = status == STATUS_OK;

	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		return status;
	}
	if (!is_there && !records_key_is_homed(authority->reader, key, NULL)) {
		return STATUS_NOT_RESPONSIBLE;
	}

	struct access_question question = {
		.policy = policy, .identity = identity, .before = is_there ? &record : NULL};

	return decide(authority, is_there ? OPCODE_RESOLUTION : OPCODE_CREATE_HANDLE, 0, &target,
		&question, budget);
}
