/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code.h"

#include <string.h>

/* Of one text: every reason fits, whatever part of a code it tells of (\xNN is four octets). */
enum { REASON_SIZE_MAX = 4 * CODE_SIZE_MAX + 256 };

static void
member(struct json_writer *writer, const char *name, const char *value)
{
	json_write_name(writer, name);
	json_write_string(writer, bytes_from_string(value));
}

static void
reasons_json(const struct code_candidate *candidate, struct json_writer *writer)
{
	char room[REASON_SIZE_MAX];

	json_write_name(writer, "reasons");
	json_write_array(writer);
	for (size_t i = 0; i < candidate->reason_count; i++) {
		struct text_writer text = text_writer_over(room, sizeof(room));

		code_reason_write(&text, &candidate->reasons[i], false);
		json_write_object(writer);
		member(writer, "reason", code_reason_id(candidate->reasons[i].kind));
		json_write_name(writer, "text");
		json_write_string(writer, text_written(&text));
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

/* A list, not an object: names may come twice, and their order is that of the code. */
static void
parts_json(const struct code_candidate *candidate, struct json_writer *writer)
{
	json_write_name(writer, "parts");
	json_write_array(writer);
	for (size_t i = 0; i < candidate->part_count; i++) {
		json_write_object(writer);
		json_write_name(writer, "name");
		json_write_string(writer, candidate->parts[i].name);
		json_write_name(writer, "value");
		json_write_string(writer, candidate->parts[i].value);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

void
code_candidate_json(const struct code_candidate *candidate, struct json_writer *writer)
{
	json_write_object(writer);
	member(writer, "system", code_system_name(candidate->system));
	member(writer, "kind", candidate->kind);
	json_write_name(writer, "valid");
	json_write_bool(writer, candidate->is_valid);
	json_write_name(writer, "confidence");
	json_write_u64(writer, candidate->confidence);
	member(writer, "scheme", code_system_name(candidate->scheme));
	if (candidate->normal.size > 0) {
		json_write_name(writer, "normal");
		json_write_string(writer, candidate->normal);
	}
	if (candidate->link.size > 0) {
		json_write_name(writer, "link");
		json_write_string(writer, candidate->link);
	}
	if (candidate->type[0] != '\0') {
		member(writer, "codeType", candidate->type);
	}
	member(writer, "standard", code_system_standard(candidate->system));
	reasons_json(candidate, writer);
	parts_json(candidate, writer);
}

void
code_result_json(const struct code_result *result, struct json_writer *writer)
{
	json_write_object(writer);
	json_write_name(writer, "code");
	json_write_string(writer, result->code);
	json_write_name(writer, "candidates");
	json_write_array(writer);
}

void
code_result_json_end(struct json_writer *writer)
{
	json_write_array_end(writer);
	json_write_name(writer, "tried");
	json_write_array(writer);
	for (size_t i = 0; i < CODE_SYSTEM_COUNT; i++) {
		json_write_string(writer, bytes_from_string(code_system_name((enum code_system)i)));
	}
	json_write_array_end(writer);
	json_write_object_end(writer);
}

void
code_identify_json(const struct code_result *result, struct json_writer *writer)
{
	code_result_json(result, writer);
	for (size_t i = 0; i < result->count; i++) {
		code_candidate_json(&result->candidates[i], writer);
		json_write_object_end(writer);
	}
	code_result_json_end(writer);
}
