/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_private.h"

#include "base/text_writer.h"

#include <stdlib.h>

/* Where each value of a list stands, in the order of indexes: 2048 values against 2048 cost
 * two sorts, not four million comparisons. */
struct place {
	uint32_t index;
	uint32_t offset;
};

struct directory {
	struct bytes octets;
	uint32_t count;
	struct place places[HANDLE_VALUE_COUNT_MAX];
};

static int
places_compare(const void *one, const void *other)
{
	uint32_t left = ((const struct place *)one)->index;
	uint32_t right = ((const struct place *)other)->index;

	return left < right ? -1 : left > right;
}

static void
directory_make(const struct handle_value_list *list, struct directory *ret_directory)
{
	struct wire_reader walk = handle_value_list_walk(list);
	const uint8_t *at = walk.next;
	bool is_sorted = true;
	struct handle_value value;

	ret_directory->octets = list->octets;
	ret_directory->count = 0;
	for (; ret_directory->count < HANDLE_VALUE_COUNT_MAX && handle_value_next(&walk, &value);
		at = walk.next) {
		struct place *place = &ret_directory->places[ret_directory->count++];

		*place = (struct place){value.index, (uint32_t)(at - list->octets.at)};
		is_sorted =
			is_sorted && (ret_directory->count == 1 || place[-1].index < place->index);
	}
	if (!is_sorted) {
		qsort(ret_directory->places, ret_directory->count, sizeof(struct place),
			places_compare);
	}
}

static void
value_at(const struct directory *directory, uint32_t number, struct handle_value *ret_value)
{
	struct wire_reader reader = wire_reader_over(bytes_slice(
		directory->octets, directory->places[number].offset, directory->octets.size));

	handle_value_read(&reader, ret_value);
}

/* False, with nothing stored, if the list has no such value. `ret_number` may be NULL. */
static bool
value_find(const struct directory *directory, uint32_t index, uint32_t *ret_number,
	struct handle_value *ret_value)
{
	const struct place wanted = {index, 0};
	const struct place *found = bsearch(
		&wanted, directory->places, directory->count, sizeof(struct place), places_compare);

	if (found == NULL) {
		return false;
	}
	if (ret_number != NULL) {
		*ret_number = (uint32_t)(found - directory->places);
	}
	value_at(directory, (uint32_t)(found - directory->places), ret_value);
	return true;
}

/* The same but for the time stamp. */
static bool
values_are_equal(const struct handle_value *one, const struct handle_value *other)
{
	return one->index == other->index && one->ttl_kind == other->ttl_kind &&
		one->ttl == other->ttl && one->permissions == other->permissions &&
		bytes_equal(one->type, other->type) && bytes_equal(one->data, other->data) &&
		one->reference_count == other->reference_count &&
		bytes_equal(one->references, other->references);
}

static void
verdict_say(struct authority_verdict *verdict, const char *what, uint32_t index)
{
	struct text_writer writer = text_writer_over(verdict->octets, sizeof(verdict->octets));

	text_write_string(&writer, what);
	text_write_u64(&writer, index);
	verdict->text = text_written(&writer);
}

enum status
authority_values_check(
	const struct handle_value_list *values, struct authority_verdict *ret_verdict)
{
	uint32_t index;
	enum status status = handle_value_list_check(values, &index);

	if (status == STATUS_VALUE_EXISTS) {
		verdict_say(ret_verdict, "Index conflict for ", index);
	} else if (status == STATUS_INVALID) {
		ret_verdict->text = TEXT("Value indexes must be positive");
		status = STATUS_INVALID_VALUE;
	} else if (status != STATUS_OK) {
		ret_verdict->text = TEXT("The values are too many or too large for one record");
		status = STATUS_INVALID_VALUE;
	}
	return status;
}

/* What writing over a record does, value by value. */
static void
judge_replacing(const struct authority_difference *difference, struct authority_verdict *verdict)
{
	struct directory before, after;
	struct handle_value old_value, value;

	directory_make(&difference->before->values, &before);
	directory_make(&difference->request->values.values, &after);
	for (uint32_t i = 0; i < after.count; i++) {
		value_at(&after, i, &value);
		if (!value_find(&before, value.index, NULL, &old_value)) {
			verdict->effects |= access_effect_add(&value);
		} else if (!values_are_equal(&old_value, &value)) {
			verdict->effects |= access_effect_modify(&old_value, &value);
		}
	}
	for (uint32_t i = 0; i < before.count; i++) {
		value_at(&before, i, &old_value);
		if (!value_find(&after, old_value.index, NULL, &value)) {
			verdict->effects |= access_effect_remove(&old_value);
		}
	}
}

static enum status
judge_create(const struct authority_difference *difference, struct authority_verdict *verdict)
{
	if (difference->before == NULL) {
		return STATUS_OK;
	}
	if (!authority_is_asked(difference->request, MESSAGE_FLAG_OVERWRITE)) {
		return STATUS_EXISTS;
	}
	verdict->replaces = true;
	judge_replacing(difference, verdict);
	return STATUS_OK;
}

/* Adding needs the right to add, also where a value is written over; that needs the right to
 * modify on top. */
static enum status
judge_add(const struct authority_difference *difference, struct authority_verdict *verdict)
{
	bool overwrites = authority_is_asked(difference->request, MESSAGE_FLAG_OVERWRITE);
	struct wire_reader walk = handle_value_list_walk(&difference->request->values.values);
	struct directory before;
	struct handle_value old_value, value;

	directory_make(&difference->before->values, &before);
	while (handle_value_next(&walk, &value)) {
		bool is_there = value_find(&before, value.index, NULL, &old_value);

		if (is_there && !overwrites) {
			verdict_say(verdict, "Index conflict for ", value.index);
			return STATUS_VALUE_EXISTS;
		}
		verdict->effects |= access_effect_add(&value);
		if (is_there) {
			verdict->replaces = true;
			verdict->effects |= access_effect_modify(&old_value, &value);
		}
	}
	return STATUS_OK;
}

static enum status
judge_remove(const struct authority_difference *difference, struct authority_verdict *verdict)
{
	const struct request_indexes *asked = &difference->request->indexes;
	struct wire_reader indexes = wire_reader_over(asked->indexes);
	struct directory before;
	struct handle_value value;

	directory_make(&difference->before->values, &before);
	for (uint32_t i = 0; i < asked->index_count; i++) {
		if (!value_find(&before, wire_read_u32(&indexes), NULL, &value)) {
			return STATUS_VALUE_NOT_FOUND;
		}
		verdict->effects |= access_effect_remove(&value);
	}
	return STATUS_OK;
}

static enum status
judge_modify(const struct authority_difference *difference, struct authority_verdict *verdict)
{
	struct wire_reader walk = handle_value_list_walk(&difference->request->values.values);
	struct directory before;
	struct handle_value old_value, value;

	directory_make(&difference->before->values, &before);
	while (handle_value_next(&walk, &value)) {
		if (!value_find(&before, value.index, NULL, &old_value)) {
			return STATUS_VALUE_NOT_FOUND;
		}
		if ((old_value.permissions & HANDLE_ADMIN_WRITE) == 0) {
			verdict->text = TEXT("Value is read-only");
			return STATUS_DENIED;
		}
		verdict->effects |= access_effect_modify(&old_value, &value);
	}
	return authority_values_check(&difference->request->values.values, verdict);
}

enum status
authority_difference_judge(
	const struct authority_difference *difference, struct authority_verdict *ret_verdict)
{
	uint32_t opcode = difference->request->message.header.opcode;

	ret_verdict->effects = 0;
	ret_verdict->replaces = false;
	ret_verdict->text = (struct bytes){NULL, 0};
	if (opcode == OPCODE_CREATE_HANDLE) {
		return judge_create(difference, ret_verdict);
	}
	if (difference->before == NULL) {
		return STATUS_NOT_FOUND;
	}
	if (opcode == OPCODE_ADD_VALUE) {
		return judge_add(difference, ret_verdict);
	}
	if (opcode == OPCODE_REMOVE_VALUE) {
		return judge_remove(difference, ret_verdict);
	}
	return opcode == OPCODE_MODIFY_VALUE ? judge_modify(difference, ret_verdict) : STATUS_OK;
}

/* The values being written. */
struct after {
	struct wire_writer *writer;
	uint32_t count;
	uint32_t now_s;
};

static void
after_add(struct after *after, const struct handle_value *value)
{
	handle_value_write(after->writer, value);
	after->count++;
}

/* A value of the request, with our time; or with its old one if nothing else changes. */
static void
after_add_new(struct after *after, struct handle_value *value, const struct handle_value *old_value)
{
	bool is_unchanged = old_value != NULL && values_are_equal(old_value, value);

	value->timestamp = is_unchanged ? old_value->timestamp : after->now_s;
	after_add(after, value);
}

/* In the order of the request. */
static void
write_created(const struct authority_difference *difference, struct after *after)
{
	static const struct handle_value_list nothing = {0, {NULL, 0}};
	struct wire_reader walk = handle_value_list_walk(&difference->request->values.values);
	struct directory before;
	struct handle_value old_value, value;

	directory_make(
		difference->before == NULL ? &nothing : &difference->before->values, &before);
	while (handle_value_next(&walk, &value)) {
		bool is_there = value_find(&before, value.index, NULL, &old_value);

		after_add_new(after, &value, is_there ? &old_value : NULL);
	}
}

/* Old and new in the order of indexes. */
static void
write_added(const struct authority_difference *difference, struct after *after)
{
	struct directory before, added;
	struct handle_value old_value, value;
	uint32_t i = 0;
	uint32_t k = 0;

	directory_make(&difference->before->values, &before);
	directory_make(&difference->request->values.values, &added);
	while (i < before.count || k < added.count) {
		bool is_new = i == before.count ||
			(k < added.count && added.places[k].index <= before.places[i].index);
		bool is_over = is_new && i < before.count &&
			added.places[k].index == before.places[i].index;

		if (i < before.count) {
			value_at(&before, i, &old_value);
		}
		if (is_new) {
			value_at(&added, k++, &value);
			after_add_new(after, &value, is_over ? &old_value : NULL);
			i += is_over;
		} else {
			after_add(after, &old_value);
			i++;
		}
	}
}

static void
write_remaining(const struct authority_difference *difference, struct after *after)
{
	const struct request_indexes *asked = &difference->request->indexes;
	struct wire_reader indexes = wire_reader_over(asked->indexes);
	struct wire_reader walk = handle_value_list_walk(&difference->before->values);
	bool is_removed[HANDLE_VALUE_COUNT_MAX] = {false};
	struct directory before;
	struct handle_value value;
	uint32_t number;

	directory_make(&difference->before->values, &before);
	for (uint32_t i = 0; i < asked->index_count; i++) {
		if (value_find(&before, wire_read_u32(&indexes), &number, &value)) {
			is_removed[number] = true;
		}
	}
	while (handle_value_next(&walk, &value)) {
		struct handle_value same;

		if (value_find(&before, value.index, &number, &same) && !is_removed[number]) {
			after_add(after, &value);
		}
	}
}

static void
write_modified(const struct authority_difference *difference, struct after *after)
{
	struct wire_reader walk = handle_value_list_walk(&difference->before->values);
	struct directory changed;
	struct handle_value old_value, value;

	directory_make(&difference->request->values.values, &changed);
	while (handle_value_next(&walk, &old_value)) {
		if (value_find(&changed, old_value.index, NULL, &value)) {
			after_add_new(after, &value, NULL);
		} else {
			after_add(after, &old_value);
		}
	}
}

enum status
authority_difference_write(const struct authority_difference *difference,
	struct wire_writer *writer, struct handle_value_list *ret_values)
{
	struct after after = {writer, 0, difference->now_s};
	struct handle_value_list values;

	switch (difference->request->message.header.opcode) {
	case OPCODE_CREATE_HANDLE:
		write_created(difference, &after);
		break;
	case OPCODE_ADD_VALUE:
		write_added(difference, &after);
		break;
	case OPCODE_REMOVE_VALUE:
		write_remaining(difference, &after);
		break;
	default:
		write_modified(difference, &after);
		break;
	}
	values = (struct handle_value_list){after.count, wire_written(writer)};
	if (wire_writer_end(writer) != STATUS_OK || values.count > HANDLE_VALUE_COUNT_MAX ||
		values.octets.size > RECORD_SIZE_MAX) {
		return STATUS_INVALID_VALUE;
	}
	*ret_values = values;
	return STATUS_OK;
}
