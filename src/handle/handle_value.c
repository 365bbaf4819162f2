/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_value.h"

#include "base/limits.h"

#include <stdlib.h>

/* Index to the length of the type: read with one bounds check, as every answer does it
 * once for each value. */
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

void
handle_value_read(struct wire_reader *reader, struct handle_value *ret_value)
{
	const uint8_t *fixed = wire_reader_take(reader, FIXED_PART_SIZE);
	struct handle_value value = {.index = 0};
	uint32_t type_size;

	if (fixed == NULL) {
		goto done;
	}
	value.index = u32_at(fixed);
	value.timestamp = u32_at(fixed + 4);
	value.ttl_kind = fixed[8];
	value.ttl = u32_at(fixed + 9);
	value.permissions = fixed[13];
	type_size = u32_at(fixed + 14);
	if (type_size > HANDLE_TYPE_SIZE_MAX) {
		wire_reader_fail(reader, STATUS_TOO_LARGE);
	}
	value.type = wire_read_bytes(reader, type_size);
	value.data = wire_read_blob(reader, HANDLE_VALUE_DATA_SIZE_MAX);
	value.reference_count = wire_read_count(reader, REFERENCE_SIZE_MIN);
	if (value.reference_count > 0) {
		value.references = references_read(reader, value.reference_count);
	}
	if (!wire_reader_ok(reader)) {
		value = (struct handle_value){.index = 0};
	}
done:
	*ret_value = value;
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
