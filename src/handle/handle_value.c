/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_value.h"

#include "base/limits.h"

#include <stdlib.h>

/* A value is its fields up to the length of the type, the type, the length of the data, the
 * data, the count of references, the references. */
enum { FIXED_PART_SIZE = 18, REFERENCE_SIZE_MIN = 8 };

static inline uint32_t
u32_at(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void
reference_read(struct wire_reader *reader, struct handle_reference *ret_reference)
{
	ret_reference->name = wire_read_blob(reader, HANDLE_NAME_SIZE_MAX);
	ret_reference->index = wire_read_u32(reader);
}

/* Steps over the references of a value; returns them still encoded. */
static struct bytes
references_read(struct wire_reader *reader, uint32_t count)
{
	const uint8_t *start = reader->next;
	struct handle_reference reference;

	if (count > HANDLE_REFERENCE_COUNT_MAX) {
		wire_reader_fail(reader, STATUS_TOO_LARGE);
	}
	for (uint32_t i = 0; i < count && wire_reader_ok(reader); i++) {
		reference_read(reader, &reference);
	}
	return wire_read_since(reader, start);
}

static inline void
fixed_part_read(const uint8_t *fixed, struct handle_value *ret_value)
{
	ret_value->index = u32_at(fixed);
	ret_value->timestamp = u32_at(fixed + 4);
	ret_value->ttl_kind = fixed[8];
	ret_value->ttl = u32_at(fixed + 9);
	ret_value->permissions = fixed[13];
}

/* Nearly every value: whole, within its limits, without references. Every answer reads its
 * values, so they cost three comparisons each; false, with nothing moved, for all others. */
static inline bool
value_read_plain(struct wire_reader *reader, struct handle_value *ret_value)
{
	const uint8_t *at = reader->next;
	size_t left = wire_reader_left(reader);
	uint32_t type_size, data_size;

	if (!wire_reader_ok(reader) || left < HANDLE_VALUE_SIZE_MIN) {
		return false;
	}
	left -= HANDLE_VALUE_SIZE_MIN;
	type_size = u32_at(at + FIXED_PART_SIZE - 4);
	if (type_size > HANDLE_TYPE_SIZE_MAX || type_size > left) {
		return false;
	}
	left -= type_size;
	data_size = u32_at(at + FIXED_PART_SIZE + type_size);
	if (data_size > HANDLE_VALUE_DATA_SIZE_MAX || data_size > left ||
		u32_at(at + FIXED_PART_SIZE + type_size + 4 + data_size) != 0) {
		return false;
	}
	fixed_part_read(at, ret_value);
	ret_value->type = bytes_over(at + FIXED_PART_SIZE, type_size);
	ret_value->data = bytes_over(at + FIXED_PART_SIZE + type_size + 4, data_size);
	ret_value->reference_count = 0;
	ret_value->references = (struct bytes){NULL, 0};
	reader->next = at + HANDLE_VALUE_SIZE_MIN + type_size + data_size;
	return true;
}

/* The others, field by field, for the verdict. */
static void
value_read_careful(struct wire_reader *reader, struct handle_value *ret_value)
{
	const uint8_t *fixed = wire_reader_take(reader, FIXED_PART_SIZE - 4);
	struct handle_value value = {.index = 0};

	if (fixed != NULL) {
		fixed_part_read(fixed, &value);
	}
	value.type = wire_read_blob(reader, HANDLE_TYPE_SIZE_MAX);
	value.data = wire_read_blob(reader, HANDLE_VALUE_DATA_SIZE_MAX);
	value.reference_count = wire_read_count(reader, REFERENCE_SIZE_MIN);
	value.references = references_read(reader, value.reference_count);
	*ret_value = wire_reader_ok(reader) ? value : (struct handle_value){.index = 0};
}

void
handle_value_read(struct wire_reader *reader, struct handle_value *ret_value)
{
	if (!value_read_plain(reader, ret_value)) {
		value_read_careful(reader, ret_value);
	}
}

void
handle_value_write(struct wire_writer *writer, const struct handle_value *value)
{
	wire_write_u32(writer, value->index);
	wire_write_u32(writer, value->timestamp);
	wire_write_u8(writer, value->ttl_kind);
	wire_write_u32(writer, value->ttl);
	wire_write_u8(writer, value->permissions);
	wire_write_blob(writer, value->type);
	wire_write_blob(writer, value->data);
	wire_write_u32(writer, value->reference_count);
	wire_write_bytes(writer, value->references);
}

size_t
handle_value_size(const struct handle_value *value)
{
	return HANDLE_VALUE_SIZE_MIN + value->type.size + value->data.size + value->references.size;
}

bool
handle_reference_next(struct wire_reader *walk, struct handle_reference *ret_reference)
{
	struct handle_reference reference;

	if (wire_reader_left(walk) == 0) {
		return false;
	}
	reference_read(walk, &reference);
	if (!wire_reader_ok(walk)) {
		return false;
	}
	*ret_reference = reference;
	return true;
}

void
handle_reference_write(struct wire_writer *writer, const struct handle_reference *reference)
{
	wire_write_blob(writer, reference->name);
	wire_write_u32(writer, reference->index);
}

struct handle_value_list
handle_value_list_read(struct wire_reader *reader)
{
	struct handle_value_list list = {.count = wire_read_count(reader, HANDLE_VALUE_SIZE_MIN)};
	const uint8_t *start = reader->next;
	struct handle_value value;

	if (list.count > HANDLE_VALUE_COUNT_MAX) {
		wire_reader_fail(reader, STATUS_TOO_LARGE);
	}
	for (uint32_t i = 0; i < list.count && wire_reader_ok(reader); i++) {
		handle_value_read(reader, &value);
	}
	list.octets = wire_read_since(reader, start);
	if (!wire_reader_ok(reader)) {
		list.count = 0;
	}
	return list;
}

void
handle_value_list_write(struct wire_writer *writer, const struct handle_value_list *list)
{
	wire_write_u32(writer, list->count);
	wire_write_bytes(writer, list->octets);
}

struct wire_reader
handle_value_list_walk(const struct handle_value_list *list)
{
	return wire_reader_over(list->octets);
}

bool
handle_value_next(struct wire_reader *walk, struct handle_value *ret_value)
{
	if (wire_reader_left(walk) == 0) {
		return false;
	}
	handle_value_read(walk, ret_value);
	return wire_reader_ok(walk);
}

static int
index_order(const void *one, const void *other)
{
	uint32_t left = *(const uint32_t *)one;
	uint32_t right = *(const uint32_t *)other;

	return left < right ? -1 : left > right;
}

/* The first index that appears twice, or 0. Sorts `indexes`. */
static uint32_t
repeated_index(uint32_t *indexes, uint32_t count)
{
	qsort(indexes, count, sizeof(*indexes), index_order);
	for (uint32_t i = 1; i < count; i++) {
		if (indexes[i] == indexes[i - 1]) {
			return indexes[i];
		}
	}
	return 0;
}

enum status
handle_value_list_check(const struct handle_value_list *list, uint32_t *ret_index)
{
	struct wire_reader walk = handle_value_list_walk(list);
	uint32_t indexes[HANDLE_VALUE_COUNT_MAX];
	struct handle_value value;
	bool is_ascending = true;
	uint32_t count = 0;
	uint32_t repeated;

	*ret_index = 0;
	if (list->count > HANDLE_VALUE_COUNT_MAX || list->octets.size > RECORD_SIZE_MAX) {
		return STATUS_TOO_LARGE;
	}
	for (; count < list->count && handle_value_next(&walk, &value); count++) {
		/* Handle.net counts indexes as signed: 2^31 and more are below zero there. */
		if (value.index == 0 || value.index > INT32_MAX) {
			*ret_index = value.index;
			return STATUS_INVALID;
		}
		is_ascending = is_ascending && (count == 0 || value.index > indexes[count - 1]);
		indexes[count] = value.index;
	}
	if (count != list->count || wire_reader_end(&walk) != STATUS_OK) {
		return wire_reader_ok(&walk) ? STATUS_MALFORMED : walk.status;
	}
	repeated = is_ascending ? 0 : repeated_index(indexes, count);
	if (repeated != 0) {
		*ret_index = repeated;
		return STATUS_VALUE_EXISTS;
	}
	return STATUS_OK;
}

enum status
handle_value_list_explain(const struct handle_value_list *list, struct problem *problem)
{
	uint32_t index = 0;
	enum status status = handle_value_list_check(list, &index);

	if (status == STATUS_INVALID) {
		return problem_set(problem, status,
			"index %u: an index is a whole number from 1 to 2147483647", index);
	}
	if (status == STATUS_VALUE_EXISTS) {
		return problem_set(problem, status,
			"index %u stands at two values: in a record each has its own", index);
	}
	if (status == STATUS_TOO_LARGE) {
		return problem_set(problem, status,
			"the record is too large: at most %d values and %d octets are allowed",
			HANDLE_VALUE_COUNT_MAX, RECORD_SIZE_MAX);
	}
	return status == STATUS_OK ? STATUS_OK
				   : problem_set(problem, status, "the values cannot be read: %s",
					     status_text(status));
}

bool
handle_type_matches(struct bytes asked, struct bytes type)
{
	bool is_open = asked.size > 0 && asked.at[asked.size - 1] == '.';

	if (asked.size == 0) {
		return false;
	}
	if (!is_open) {
		return bytes_equal_fold(asked, type);
	}
	return bytes_start_with_fold(type, asked) ||
		bytes_equal_fold(type, bytes_slice(asked, 0, asked.size - 1));
}

bool
handle_type_is(struct bytes type, struct bytes asked)
{
	return bytes_start_with_fold(type, asked) &&
		(type.size == asked.size || type.at[asked.size] == '.');
}
