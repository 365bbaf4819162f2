/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "wire/wire_writer.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

/*
 * Structs as JSON objects by tables: one row a field says its name, its kind and where it
 * lies, and serves both directions.
 */
enum json_field_kind {
	JSON_FIELD_END,
	JSON_FIELD_U8,
	JSON_FIELD_U16,
	JSON_FIELD_U32,
	JSON_FIELD_U64,
	JSON_FIELD_BOOL,
	JSON_FIELD_VERSION, /* struct version: "2.11" */
	JSON_FIELD_OPCODE, /* uint32_t: a number, and "operation" for people */
	JSON_FIELD_RESPONSE_CODE, /* uint32_t: a number, and "response" for people */
	JSON_FIELD_FLAGS, /* uint32_t: names, and "0x..." for bits without one */
	JSON_FIELD_TEXT, /* struct bytes: a string, or name_hex */
	JSON_FIELD_OCTETS, /* struct bytes: always name_hex */
	JSON_FIELD_INDEXES, /* count and struct bytes: numbers */
	JSON_FIELD_TEXTS, /* count and struct bytes: strings, or {"hex":...} */
	JSON_FIELD_VALUES, /* struct handle_value_list */
	JSON_FIELD_SITE, /* struct bytes: an object, or name_hex */
};

enum json_field_presence {
	JSON_FIELD_ALWAYS,
	JSON_FIELD_IF_FILLED, /* Left out when zero or empty: other members tell whether it counts. */
	JSON_FIELD_IF_SET, /* There exactly when the bool at `flag_at` is true ... */
	JSON_FIELD_UNLESS_SET, /* ... or false. */
};

struct json_field {
	enum json_field_kind kind;
	const char *name;
	size_t at;
	size_t count_at; /* uint32_t, of lists. */
	enum json_field_presence presence;
	size_t flag_at;
};

/* What reading needs besides the reader. `lists` is where lists are encoded: it holds
 * MESSAGE_SIZE_MAX octets and outlives the struct read. */
struct json_fields_input {
	struct arena *arena;
	struct wire_writer *lists;
	struct problem *problem;
	const char *object; /* Its name, for the problem. */
};

/* Members of an object that the caller has opened. */
void json_fields_write(
	struct json_writer *writer, const struct json_field *fields, const void *object);

/* A whole object. Fields without a member stay as they are. */
enum status json_fields_read(struct json_reader *reader, const struct json_field *fields,
	const struct json_fields_input *input, void *object) MUST_CHECK;
