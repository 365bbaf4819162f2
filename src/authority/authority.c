/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_private.h"

#include <assert.h>
#include <stdlib.h>

struct authority *
authority_new(struct records *records)
{
	struct authority *authority = calloc(1, sizeof(*authority));

	if (authority == NULL) {
		return NULL;
	}
	authority->share = (struct authority_share){HANDLE_HASH_BY_ALL, 1, 0};
	authority->reader = records_reader_new(records);
	if (authority->reader == NULL) {
		free(authority);
		return NULL;
	}
	return authority;
}

void
authority_free(struct authority *authority)
{
	if (authority != NULL) {
		records_reader_free(authority->reader);
		free(authority);
	}
}

void
authority_enter(struct authority *authority)
{
	records_enter(authority->reader);
}

void
authority_leave(struct authority *authority)
{
	records_leave(authority->reader);
}

void
authority_set_share(struct authority *authority, const struct authority_share *share)
{
	authority->share = *share;
}

void
authority_set_templates(struct authority *authority, const struct authority_templates *templates)
{
	authority->templates = *templates;
}

void
authority_query_begin(
	struct authority *authority, struct bytes name, struct authority_query *ret_query)
{
	ret_query->status = records_lookup_begin(authority->reader, name, &ret_query->lookup);
}

void
authority_look_ahead(
	struct authority *authority, struct authority_query *const *queries, size_t count)
{
	struct records_lookup *lookups[UDP_BATCH_MAX];
	size_t lookup_count = 0;

	assert(count <= UDP_BATCH_MAX);
	for (size_t i = 0; i < count; i++) {
		if (queries[i]->status == STATUS_OK) {
			lookups[lookup_count++] = &queries[i]->lookup;
		}
	}
	records_look_ahead(authority->reader, lookups, lookup_count);
}

bool
authority_share_holds(const struct authority_share *share, struct bytes name)
{
	return share->count <= 1 ||
		handle_name_hash(name, share->option) % share->count == share->number;
}

/* `key` is the folded name with slashless ones expanded.
 *
 * Handles under a prefix live here if its 0.NA handle is homed; a 0.NA handle of a derived
 * prefix also if a prefix above it is (a server for derived prefixes only). */
static bool
prefix_is_ours(struct authority *authority, struct bytes key)
{
	size_t size = handle_name_prefix_handle(key, authority->prefix);
	struct bytes prefix = bytes_over(authority->prefix, size);

	if (size > 0 && records_prefix_is_homed(authority->reader, prefix)) {
		return true;
	}
	if (!handle_name_is_derived_prefix(key)) {
		return false;
	}
	for (struct bytes above = handle_name_parent_prefix(key); above.size > 0;
		above = handle_name_parent_prefix(above)) {
		if (records_prefix_is_homed(authority->reader, above)) {
			return true;
		}
	}
	return false;
}

bool
authority_holds(struct authority *authority, struct bytes name)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	size_t size = handle_name_key(name, key);

	return size > 0 && prefix_is_ours(authority, bytes_over(key, size));
}

static bool
type_is_secret(struct bytes type)
{
	return handle_type_is(type, TEXT("HS_SECKEY"));
}

static bool
value_is_asked(const struct request_resolution *asked, const struct handle_value *value)
{
	struct wire_reader indexes = wire_reader_over(asked->indexes);
	struct wire_reader types = wire_reader_over(asked->types);

	if (asked->index_count == 0 && asked->type_count == 0) {
		return true;
	}
	for (uint32_t i = 0; i < asked->index_count; i++) {
		if (wire_read_u32(&indexes) == value->index) {
			return true;
		}
	}
	for (uint32_t i = 0; i < asked->type_count; i++) {
		if (handle_type_matches(
			    wire_read_blob(&types, HANDLE_TYPE_SIZE_MAX), value->type)) {
			return true;
		}
	}
	return false;
}

/* Copies the values that `is_wanted` lets through, in their order. */
typedef bool value_wanted(const void *context, const struct handle_value *value);

static enum status
select_values(const struct handle_value_list *from, value_wanted *is_wanted, const void *context,
	struct arena *arena, struct handle_value_list *ret_list)
{
	struct wire_reader walk = handle_value_list_walk(from);
	const uint8_t *start = walk.next;
	uint8_t *copy = arena_alloc(arena, from->octets.size);
	struct handle_value_list list = {0, {copy, 0}};
	struct handle_value value;

	if (copy == NULL) {
		return STATUS_NO_MEMORY;
	}
	for (; handle_value_next(&walk, &value); start = walk.next) {
		size_t size = (size_t)(walk.next - start);

		if (is_wanted(context, &value)) {
			memcpy(copy + list.octets.size, start, size);
			list.octets.size += size;
			list.count++;
		}
	}
	*ret_list = list;
	return STATUS_OK;
}

static bool
value_is_public(const void *context, const struct handle_value *value)
{
	return (value->permissions & HANDLE_PUBLIC_READ) != 0 && !type_is_secret(value->type) &&
		value_is_asked(context, value);
}

static bool
value_is_readable(const void *context, const struct handle_value *value)
{
	return !type_is_secret(value->type) && value_is_asked(context, value);
}

/* Without PUBL, one value that not everybody may read makes the whole request need an
 * identity; the first such value decides whether even an administrator could read it. */
static enum status
access_needed(const struct request_resolution *asked, const struct handle_value_list *values)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (!value_is_asked(asked, &value) || type_is_secret(value.type) ||
			(value.permissions & HANDLE_PUBLIC_READ) != 0) {
			continue;
		}
		return (value.permissions & HANDLE_ADMIN_READ) != 0 ? STATUS_UNAUTHENTICATED
								    : STATUS_DENIED;
	}
	return STATUS_OK;
}

/* What is needed, and whether the identity that was proven has it. Within a session whoever
 * does not ask for public values alone proves who they are, and then reads all that was asked
 * for, also what administrators may not read (Handle.net 9, 18.3). */
static enum status
access_allowed(struct authority *authority, const struct authority_question *question,
	const struct record *record)
{
	struct access_target target = {question->resolution->name, false};
	struct access_budget budget = access_budget_full();
	enum status status = question->is_in_session
		? STATUS_UNAUTHENTICATED
		: access_needed(question->resolution, &record->values);
	struct access_demand demand;

	if (status != STATUS_UNAUTHENTICATED || question->identity == NULL) {
		return status;
	}
	status = access_demand_make(OPCODE_RESOLUTION, 0, &target, &demand);
	if (status != STATUS_OK) {
		return status;
	}

	struct access_question access = {
		.policy = question->policy,
		.demand = &demand,
		.identity = question->identity,
		.name = target.name,
		.before = record,
		.reach = authority_reach(authority),
	};

	return access_decide(&access, &budget);
}

static enum status
choose_values(struct authority *authority, const struct authority_question *question,
	const struct record *record, struct arena *arena, struct authority_answer *ret_answer)
{
	const struct request_resolution *asked = question->resolution;
	bool needs_nobody = question->is_public_only || !question->is_in_session;
	enum status status = STATUS_OK;

	if (needs_nobody && record->is_all_public && asked->index_count == 0 &&
		asked->type_count == 0) {
		ret_answer->values = record->values;
		return record->values.count > 0 ? STATUS_OK : STATUS_VALUE_NOT_FOUND;
	}
	if (!question->is_public_only) {
		status = access_allowed(authority, question, record);
	}
	if (status == STATUS_OK) {
		status = select_values(&record->values,
			question->is_public_only ? value_is_public : value_is_readable, asked,
			arena, &ret_answer->values);
	}
	if (status == STATUS_OK && ret_answer->values.count == 0) {
		status = STATUS_VALUE_NOT_FOUND;
	}
	return status;
}

enum status
authority_select(const struct handle_value_list *values, const struct request_resolution *asked,
	struct arena *arena, struct handle_value_list *ret_list)
{
	bool is_whole = asked->index_count == 0 && asked->type_count == 0;
	enum status status = STATUS_OK;

	if (is_whole) {
		*ret_list = *values;
	} else {
		status = select_values(values, value_is_public, asked, arena, ret_list);
	}
	return status == STATUS_OK && ret_list->count == 0 ? STATUS_VALUE_NOT_FOUND : status;
}

static bool
value_refers(const void *context, const struct handle_value *value)
{
	(void)context;
	return (value->permissions & HANDLE_PUBLIC_READ) != 0 &&
		(bytes_equal(value->type, TEXT("HS_SITE.PREFIX")) ||
			bytes_equal(value->type, TEXT("HS_NA_DELEGATE")) ||
			bytes_equal(value->type, TEXT("HS_SERV.PREFIX")));
}

/* A derived prefix that is not registered here may be delegated by one above it: the first
 * ancestor that says so answers with whom to ask (Handle.net 9, 18.2, step 3). */
enum status
authority_refer(struct authority *authority, struct bytes key, struct arena *arena,
	struct authority_answer *ret_answer)
{
	struct record record;

	for (struct bytes above = handle_name_parent_prefix(key); above.size > 0;
		above = handle_name_parent_prefix(above)) {
		enum status status = records_get(authority->reader, above, &record);

		if (status == STATUS_NOT_FOUND) {
			continue;
		}
		if (status == STATUS_OK) {
			status = select_values(
				&record.values, value_refers, NULL, arena, &ret_answer->values);
		}
		if (status != STATUS_OK) {
			return status;
		}
		if (ret_answer->values.count > 0) {
			return STATUS_REFERRED;
		}
	}
	return STATUS_NOT_FOUND;
}

enum status
authority_resolve(struct authority *authority, const struct authority_question *question,
	struct authority_query *query, struct arena *arena, struct authority_answer *ret_answer)
{
	struct bytes key = bytes_over(query->lookup.key, query->lookup.key_size);
	struct authority_answer answer = {.text = {NULL, 0}};
	struct record record;
	enum status status = query->status;

	if (status == STATUS_OK &&
		!authority_share_holds(&authority->share, question->resolution->name)) {
		answer.text = TEXT("Request was hashed incorrectly");
		status = STATUS_NOT_RESPONSIBLE;
	} else if (status == STATUS_OK && !prefix_is_ours(authority, key)) {
		answer.text = TEXT("That prefix doesn't live here");
		status = STATUS_NOT_RESPONSIBLE;
	}
	if (status == STATUS_OK) {
		status = records_lookup_end(authority->reader, &query->lookup, &record);
		if (status == STATUS_NOT_FOUND) {
			status = authority_compute(
				authority, question->resolution->name, key, arena, &record);
			answer.is_computed = status == STATUS_OK;
		}
		if (status == STATUS_TIMED_OUT) {
			answer.text = TEXT("The template of this prefix takes too much work");
		} else if (status == STATUS_OK) {
			answer.place = answer.is_computed ? 0 : record.sequence_place;
			status = choose_values(authority, question, &record, arena, &answer);
		} else if (status == STATUS_NOT_FOUND && !question->is_not_to_refer) {
			status = authority_refer(authority, key, arena, &answer);
		}
	}
	*ret_answer = answer;
	return status;
}
