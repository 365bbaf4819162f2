/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "program/code/mapping.h"

#define TYPE TEXT("CODE_MAP")

struct merging {
	struct bytes data; /* The mapping, encoded. */
	uint32_t index; /* Of the value that it takes the place of; 0: it is new. */
	uint32_t index_next;
	bool is_there;
};

/* Written where there is room for the largest, and kept at its own size: an arena clears all that
 * it gives, and a window of the largest is 16 MiB. */
static enum status
encode(const struct mapping_merge *merge, struct bytes *ret_data)
{
	struct json_writer writer = json_writer_over(merge->room, CODE_MAP_DATA_SIZE_MAX);

	code_mapping_write(&writer, merge->mapping);
	if (json_writer_end(&writer) != STATUS_OK) {
		return STATUS_TOO_LARGE;
	}
	*ret_data = arena_copy(merge->arena, json_written(&writer));
	return ret_data->at == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static bool
field_is_same(
	const struct code_mapping *one, const struct code_mapping *other, enum code_field field)
{
	return bytes_equal(one->fields[field], other->fields[field]);
}

static bool
is_in_force(const struct code_mapping *mapping)
{
	return bytes_equal(mapping->fields[CODE_FIELD_STATUS], TEXT("active"));
}

/* What one mapping that is there means for the one that comes. */
static enum status
compare(const struct mapping_merge *merge, const struct handle_value *value,
	struct merging *merging)
{
	struct code_mapping there;

	if (code_mapping_read(value->data, merge->arena, &there) != STATUS_OK ||
		!field_is_same(&there, merge->mapping, CODE_FIELD_SCHEME) ||
		!field_is_same(&there, merge->mapping, CODE_FIELD_CODE) ||
		!field_is_same(&there, merge->mapping, CODE_FIELD_FROM)) {
		return STATUS_OK;
	}
	if (!field_is_same(&there, merge->mapping, CODE_FIELD_HANDLE)) {
		return !merge->is_reverse && is_in_force(&there) && is_in_force(merge->mapping)
			? STATUS_CONFLICT
			: STATUS_OK;
	}
	merging->index = value->index;
	merging->is_there = bytes_equal(value->data, merging->data);
	return STATUS_OK;
}

static enum status
look_through(const struct mapping_merge *merge, const struct handle_value_list *before,
	struct merging *merging)
{
	struct wire_reader walk = handle_value_list_walk(before);
	struct handle_value value;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && handle_value_next(&walk, &value)) {
		if (bytes_equal_fold(value.type, TYPE)) {
			status = compare(merge, &value, merging);
		}
		if (value.index >= merging->index_next) {
			merging->index_next = value.index + 1;
		}
	}
	return status;
}

static enum status
build(const struct mapping_merge *merge, const struct handle_value_list *before,
	const struct merging *merging, struct handle_value_list *ret_values)
{
	struct handle_value own = {
		.index = merging->index > 0 ? merging->index : merging->index_next,
		.timestamp = merge->timestamp,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TYPE,
		.data = merging->data,
	};
	size_t room = before->octets.size + handle_value_size(&own);
	uint8_t *octets = arena_alloc(merge->arena, room);
	struct wire_writer writer = wire_writer_over(octets, octets == NULL ? 0 : room);
	struct wire_reader walk = handle_value_list_walk(before);
	struct handle_value value;
	uint32_t count = 0, ignored;

	if (octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	while (handle_value_next(&walk, &value)) {
		if (value.index != merging->index) {
			handle_value_write(&writer, &value);
			count++;
		}
	}
	handle_value_write(&writer, &own);
	*ret_values = (struct handle_value_list){count + 1, wire_written(&writer)};
	return handle_value_list_check(ret_values, &ignored);
}

enum status
mapping_merge(const struct mapping_merge *merge, const struct handle_value_list *before,
	struct handle_value_list *ret_values)
{
	static const struct handle_value_list none = {0};
	struct merging merging = {.index_next = CODE_MAP_INDEX};
	struct handle_value_list values;
	enum status status = encode(merge, &merging.data);

	before = before == NULL ? &none : before;
	if (status == STATUS_OK) {
		status = look_through(merge, before, &merging);
	}
	if (status == STATUS_OK) {
		status = merging.is_there ? STATUS_EXISTS : build(merge, before, &merging, &values);
	}
	if (status == STATUS_OK) {
		*ret_values = values;
	}
	return status;
}
