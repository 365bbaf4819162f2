/* SPDX-License-Identifier: Apache-2.0 */
#include "message/change_line.h"

#include "handle/handle_json.h"

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
operation_read(struct json_reader *reader, struct change_line *line, struct problem *problem)
{
	struct bytes name = json_read_string(reader);

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (bytes_equal(name, operations[i].name)) {
			line->opcode = operations[i].opcode;
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
values_read(struct json_reader *reader, struct wire_writer *writer, struct change_line *line,
	struct problem *problem)
{
	size_t begin = wire_writer_size(writer);
	struct handle_value value;

	json_read_array(reader);
	while (json_next_element(reader)) {
		if (handle_value_read_json(reader, &value, problem) == STATUS_OK) {
			handle_value_write(writer, &value);
			line->values.count++;
		}
	}
	line->values.octets = bytes_slice(wire_written(writer), begin, MESSAGE_SIZE_MAX);
}

static void
indexes_read(struct json_reader *reader, struct wire_writer *writer, struct change_line *line)
{
	size_t begin = wire_writer_size(writer);

	json_read_array(reader);
	while (json_next_element(reader)) {
		wire_write_u32(writer, (uint32_t)json_read_u64(reader, INT32_MAX));
		line->index_count++;
	}
	line->indexes = bytes_slice(wire_written(writer), begin, MESSAGE_SIZE_MAX);
}

/* What each takes. */
static const struct {
	const char *name;
	const char *takes;
} members[] = {
	{"op", "create, add, modify, remove, delete, home or unhome"},
	{"handle", "a string like \"88.999/A\""},
	{"values", "an array of objects with \"index\", \"type\" and \"data\""},
	{"indexes", "an array of whole numbers from 1 to 2147483647"},
	{"overwrite", "true or false"},
	{"mint", "true or false"},
};

/* Where the reader stopped, in which member, and what that takes. */
static enum status
fault_tell(const struct json_reader *reader, struct bytes member, struct problem *problem)
{
	const char *takes = NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (bytes_equal(member, bytes_from_string(members[i].name))) {
			takes = members[i].takes;
		}
	}
	if (reader->status == STATUS_NO_MEMORY) {
		return problem_set(problem, reader->status, "%s", status_text(reader->status));
	}
	if (reader->status == STATUS_TRUNCATED) {
		return problem_set(problem, reader->status,
			"octet %zu: the JSON ends too early: a quote or bracket is missing",
			json_reader_at(reader));
	}
	if (reader->status == STATUS_MALFORMED) {
		return problem_set(problem, reader->status,
			"octet %zu: no JSON from here on, or a member that was there before",
			json_reader_at(reader));
	}
	if (takes == NULL) {
		return problem_set(problem, reader->status,
			"octet %zu: an operation is an object like "
			"{\"op\":\"create\",\"handle\":...,\"values\":[...]}",
			json_reader_at(reader));
	}
	return problem_set(problem, reader->status, "octet %zu: member \"%.*s\" takes %s",
		json_reader_at(reader), (int)member.size, (const char *)member.at, takes);
}

static void
member_read(struct json_reader *reader, struct bytes name, struct wire_writer *writer,
	struct change_line *line, struct problem *problem)
{
	if (bytes_equal(name, TEXT("op"))) {
		operation_read(reader, line, problem);
	} else if (bytes_equal(name, TEXT("handle"))) {
		line->handle = json_read_string(reader);
	} else if (bytes_equal(name, TEXT("values"))) {
		values_read(reader, writer, line, problem);
	} else if (bytes_equal(name, TEXT("indexes"))) {
		indexes_read(reader, writer, line);
	} else if (bytes_equal(name, TEXT("overwrite"))) {
		line->is_overwriting = json_read_bool(reader);
	} else if (bytes_equal(name, TEXT("mint"))) {
		line->is_minting = json_read_bool(reader);
	} else {
		(void)problem_set(problem, STATUS_INVALID, "no operation has a member '%.*s'",
			(int)(name.size < 64 ? name.size : 64), (const char *)name.at);
		json_reader_fail(reader, STATUS_INVALID);
	}
}

enum status
change_line_read(struct bytes line, struct arena *arena, struct wire_writer *writer,
	struct change_line *ret_line, struct problem *problem)
{
	struct json_reader reader = json_reader_over(line, arena);
	struct change_line read = {.opcode = OPCODE_CREATE_HANDLE};
	struct bytes name = {NULL, 0};
	enum status status;

	problem->text[0] = '\0';
	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		member_read(&reader, name, writer, &read, problem);
	}
	status = json_reader_end(&reader);
	if (status == STATUS_OK && wire_writer_end(writer) != STATUS_OK) {
		return problem_set(problem, STATUS_TOO_LARGE, "%s", status_text(STATUS_TOO_LARGE));
	}
	if (status != STATUS_OK) {
		return problem->text[0] != '\0' ? status : fault_tell(&reader, name, problem);
	}
	*ret_line = read;
	return STATUS_OK;
}

const char *
change_line_operation(uint32_t opcode)
{
	switch (opcode) {
	case OPCODE_CREATE_HANDLE:
		return "create";
	case OPCODE_DELETE_HANDLE:
		return "delete";
	case OPCODE_ADD_VALUE:
		return "add";
	case OPCODE_REMOVE_VALUE:
		return "remove";
	case OPCODE_MODIFY_VALUE:
		return "modify";
	case OPCODE_HOME_PREFIX:
		return "home";
	case OPCODE_UNHOME_PREFIX:
		return "unhome";
	default:
		return "?";
	}
}

enum status
change_line_check(const struct change_line *line, struct problem *problem)
{
	if (line->handle.size == 0 || line->handle.size > HANDLE_NAME_SIZE_MAX) {
		return problem_set(problem, STATUS_INVALID, "%s: a handle has 1 to %d octets",
			change_line_operation(line->opcode), HANDLE_NAME_SIZE_MAX);
	}
	if (line->opcode == OPCODE_REMOVE_VALUE) {
		return line->index_count > 0
			? STATUS_OK
			: problem_set(problem, STATUS_INVALID, "remove: no index is given");
	}
	if (line->opcode != OPCODE_CREATE_HANDLE && line->opcode != OPCODE_ADD_VALUE &&
		line->opcode != OPCODE_MODIFY_VALUE) {
		return STATUS_OK;
	}
	if (line->values.count == 0) {
		return problem_set(problem, STATUS_INVALID, "%s: no value is given",
			change_line_operation(line->opcode));
	}
	return handle_value_list_explain(&line->values, problem);
}
