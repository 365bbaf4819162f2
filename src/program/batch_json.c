/* SPDX-License-Identifier: Apache-2.0 */
#include "program/batch.h"

#include "handle/handle_json.h"
#include "program/admin_value.h"

/*
 * {"op":"create","handle":"88.999/A","values":[...],"overwrite":true}
 * {"op":"remove","handle":"88.999/A","indexes":[2,3]}
 *
 * A line of `houji dump`, which has no "op", is a create.
 */
static const struct {
	struct bytes name;
	uint32_t opcode;
} operations[] = {
	{{(const uint8_t *)"create", 6}, OPCODE_CREATE_HANDLE},
	{{(const uint8_t *)"add", 3}, OPCODE_ADD_VALUE},
	{{(const uint8_t *)"modify", 6}, OPCODE_MODIFY_VALUE},
	{{(const uint8_t *)"remove", 6}, OPCODE_REMOVE_VALUE},
	{{(const uint8_t *)"delete", 6}, OPCODE_DELETE_HANDLE},
	{{(const uint8_t *)"home", 4}, OPCODE_HOME_PREFIX},
	{{(const uint8_t *)"unhome", 6}, OPCODE_UNHOME_PREFIX},
};

static void
operation_read(struct json_reader *reader, struct batch_item *item, struct problem *problem)
{
	struct bytes name = json_read_string(reader);

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (bytes_equal(name, operations[i].name)) {
			item->opcode = operations[i].opcode;
			return;
		}
	}
	if (json_reader_ok(reader)) {
		(void)problem_set(problem, STATUS_INVALID,
			"op is create, add, modify, remove, delete, home or unhome, not '%.*s'",
			(int)(name.size < 64 ? name.size : 64), (const char *)name.at);
		json_reader_fail(reader, STATUS_INVALID);
	}
}

static void
values_read(struct json_reader *reader, struct wire_writer *writer, struct batch_item *item,
	struct problem *problem)
{
	size_t begin = wire_writer_size(writer);
	struct handle_value value;

	json_read_array(reader);
	while (json_next_element(reader)) {
		if (handle_value_read_json(reader, &value, problem) == STATUS_OK) {
			handle_value_write(writer, &value);
			item->values.count++;
		}
	}
	item->values.octets = bytes_slice(wire_written(writer), begin, MESSAGE_SIZE_MAX);
}

static void
indexes_read(struct json_reader *reader, struct wire_writer *writer, struct batch_item *item)
{
	size_t begin = wire_writer_size(writer);

	json_read_array(reader);
	while (json_next_element(reader)) {
		wire_write_u32(writer, (uint32_t)json_read_u64(reader, INT32_MAX));
		item->index_count++;
	}
	item->indexes = bytes_slice(wire_written(writer), begin, MESSAGE_SIZE_MAX);
}

static void
member_read(struct json_reader *reader, struct bytes name, struct wire_writer *writer,
	struct batch_item *item, struct problem *problem)
{
	if (bytes_equal(name, TEXT("op"))) {
		operation_read(reader, item, problem);
	} else if (bytes_equal(name, TEXT("handle"))) {
		item->handle = json_read_string(reader);
	} else if (bytes_equal(name, TEXT("values"))) {
		values_read(reader, writer, item, problem);
	} else if (bytes_equal(name, TEXT("indexes"))) {
		indexes_read(reader, writer, item);
	} else if (bytes_equal(name, TEXT("overwrite"))) {
		item->is_overwriting = json_read_bool(reader);
	} else if (bytes_equal(name, TEXT("mint"))) {
		item->is_minting = json_read_bool(reader);
	} else {
		(void)problem_set(problem, STATUS_INVALID, "no operation has a member '%.*s'",
			(int)(name.size < 64 ? name.size : 64), (const char *)name.at);
		json_reader_fail(reader, STATUS_INVALID);
	}
}

/* Behind the values; at ADMIN_VALUE_INDEX or the first free index above. */
static void
admin_add(const struct batch_source *source, struct wire_writer *writer, struct batch_item *item)
{
	uint8_t room[ADMIN_VALUE_SIZE_MAX];
	struct handle_value admin = admin_value_make(source->admin_name, source->admin_index, room);
	struct wire_reader walk = handle_value_list_walk(&item->values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if (handle_type_is(value.type, TEXT("HS_ADMIN"))) {
			return;
		}
		if (value.index == admin.index) {
			admin.index++;
			walk = handle_value_list_walk(&item->values);
		}
	}
	handle_value_write(writer, &admin);
	item->values.octets.size = wire_writer_size(writer);
	item->values.count++;
}

enum status
batch_json_next(struct batch_source *source, struct batch_item *ret_item, struct problem *problem)
{
	struct wire_writer writer = wire_writer_over(source->octets, MESSAGE_SIZE_MAX);
	struct json_reader reader;
	struct bytes line, name;
	enum status status;

	do {
		status = batch_line_next(&source->lines, &line);
	} while (status == STATUS_OK && line.size == 0);
	ret_item->line = source->lines.number;
	if (status != STATUS_OK) {
		return status;
	}
	ret_item->opcode = OPCODE_CREATE_HANDLE;
	reader = json_reader_over(line, source->arena);
	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		member_read(&reader, name, &writer, ret_item, problem);
	}
	status = json_reader_end(&reader);
	if (status == STATUS_OK && source->admin_name.size > 0 && ret_item->values.count > 0 &&
		ret_item->opcode == OPCODE_CREATE_HANDLE && ret_item->index_count == 0) {
		admin_add(source, &writer, ret_item);
	}
	if (status == STATUS_OK) {
		return wire_writer_end(&writer) == STATUS_OK ? STATUS_OK : STATUS_TOO_LARGE;
	}
	return problem->text[0] != '\0' ? status
					: problem_set(problem, status, "octet %zu: %s",
						  json_reader_at(&reader), status_text(status));
}
