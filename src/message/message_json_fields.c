/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message_json_fields.h"

#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "handle/handle_json_parts.h"
#include "message/message.h"

/* Room for a name with "_hex" behind it; ours are shorter. */
enum { NAME_SIZE_MAX = 64 };

static void
name_write(struct json_writer *writer, const char *name, const char *ending)
{
	char characters[NAME_SIZE_MAX];
	struct text_writer text = text_writer_over(characters, sizeof(characters));

	text_write_string(&text, name);
	text_write_string(&text, ending);
	json_write_name_bytes(writer, text_written(&text));
}

/* A string that reads the same everywhere: UTF-8 without control characters. */
static bool
is_plain_text(struct bytes run)
{
	for (size_t i = 0; i < run.size; i++) {
		if (run.at[i] < 0x20 || run.at[i] == 0x7f) {
			return false;
		}
	}
	return bytes_are_utf8(run);
}

static void
version_write(struct json_writer *writer, struct version version)
{
	char characters[8];
	struct text_writer text = text_writer_over(characters, sizeof(characters));

	text_write_u64(&text, version.major);
	text_write_char(&text, '.');
	text_write_u64(&text, version.minor);
	json_write_string(writer, text_written(&text));
}

static void
flags_write(struct json_writer *writer, uint32_t flags)
{
	json_write_array(writer);
	for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
		const char *name = message_flag_name(bit);
		const uint8_t octets[] = {(uint8_t)(bit >> 24), (uint8_t)(bit >> 16),
			(uint8_t)(bit >> 8), (uint8_t)bit};
		char characters[10];
		struct text_writer text = text_writer_over(characters, sizeof(characters));

		if ((flags & bit) == 0) {
			continue;
		}
		if (name != NULL) {
			json_write_string(writer, bytes_from_string(name));
			continue;
		}
		text_write_string(&text, "0x");
		text_write_hex(&text, bytes_over(octets, sizeof(octets)));
		json_write_string(writer, text_written(&text));
	}
	json_write_array_end(writer);
}

static void
indexes_write(struct json_writer *writer, struct bytes indexes)
{
	struct wire_reader walk = wire_reader_over(indexes);

	json_write_array(writer);
	while (wire_reader_left(&walk) >= 4) {
		json_write_u64(writer, wire_read_u32(&walk));
	}
	json_write_array_end(writer);
}

static void
texts_write(struct json_writer *writer, uint32_t count, struct bytes texts)
{
	struct wire_reader walk = wire_reader_over(texts);

	json_write_array(writer);
	for (uint32_t i = 0; i < count && json_writer_ok(writer); i++) {
		struct bytes text = wire_read_blob(&walk, texts.size);

		if (is_plain_text(text)) {
			json_write_string(writer, text);
			continue;
		}
		json_write_object(writer);
		json_write_name(writer, "hex");
		json_write_hex(writer, text);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

static void
named_number_write(
	struct json_writer *writer, uint32_t number, const char *member, const char *name)
{
	json_write_u64(writer, number);
	json_write_name(writer, member);
	if (name != NULL) {
		json_write_string(writer, bytes_from_string(name));
	} else {
		json_write_null(writer);
	}
}

static void
site_write(struct json_writer *writer, const char *name, struct bytes octets)
{
	struct handle_site site;

	if (handle_json_site_is_exact(octets, &site)) {
		json_write_name(writer, name);
		handle_site_write_json(writer, &site);
	} else {
		name_write(writer, name, "_hex");
		json_write_hex(writer, octets);
	}
}

static void
run_write(struct json_writer *writer, const struct json_field *field, struct bytes run)
{
	if (field->kind == JSON_FIELD_SITE) {
		site_write(writer, field->name, run);
	} else if (field->kind == JSON_FIELD_TEXT && is_plain_text(run)) {
		json_write_name(writer, field->name);
		json_write_string(writer, run);
	} else {
		name_write(writer, field->name, "_hex");
		json_write_hex(writer, run);
	}
}

/* The kinds whose member has the name of the row. */
static void
plain_field_write(struct json_writer *writer, const struct json_field *field, const void *member,
	const uint32_t *count)
{
	json_write_name(writer, field->name);
	switch (field->kind) {
	case JSON_FIELD_U8:
		json_write_u64(writer, *(const uint8_t *)member);
		return;
	case JSON_FIELD_U16:
		json_write_u64(writer, *(const uint16_t *)member);
		return;
	case JSON_FIELD_U32:
		json_write_u64(writer, *(const uint32_t *)member);
		return;
	case JSON_FIELD_U64:
		json_write_u64(writer, *(const uint64_t *)member);
		return;
	case JSON_FIELD_BOOL:
		json_write_bool(writer, *(const bool *)member);
		return;
	case JSON_FIELD_VERSION:
		version_write(writer, *(const struct version *)member);
		return;
	case JSON_FIELD_OPCODE:
		named_number_write(writer, *(const uint32_t *)member, "operation",
			opcode_name(*(const uint32_t *)member));
		return;
	case JSON_FIELD_RESPONSE_CODE:
		named_number_write(writer, *(const uint32_t *)member, "response",
			response_code_name(*(const uint32_t *)member));
		return;
	case JSON_FIELD_FLAGS:
		flags_write(writer, *(const uint32_t *)member);
		return;
	case JSON_FIELD_INDEXES:
		indexes_write(writer, *(const struct bytes *)member);
		return;
	case JSON_FIELD_TEXTS:
		texts_write(writer, *count, *(const struct bytes *)member);
		return;
	case JSON_FIELD_VALUES:
		handle_value_list_write_json(writer, member);
		return;
	case JSON_FIELD_END:
	case JSON_FIELD_TEXT:
	case JSON_FIELD_OCTETS:
	case JSON_FIELD_SITE:
		return;
	}
}

static bool
is_filled(enum json_field_kind kind, const void *member)
{
	switch (kind) {
	case JSON_FIELD_U8:
		return *(const uint8_t *)member != 0;
	case JSON_FIELD_U16:
		return *(const uint16_t *)member != 0;
	case JSON_FIELD_U32:
		return *(const uint32_t *)member != 0;
	case JSON_FIELD_U64:
		return *(const uint64_t *)member != 0;
	case JSON_FIELD_BOOL:
		return *(const bool *)member;
	case JSON_FIELD_TEXT:
	case JSON_FIELD_OCTETS:
		return ((const struct bytes *)member)->size > 0;
	case JSON_FIELD_END:
	case JSON_FIELD_VERSION:
	case JSON_FIELD_OPCODE:
	case JSON_FIELD_RESPONSE_CODE:
	case JSON_FIELD_FLAGS:
	case JSON_FIELD_INDEXES:
	case JSON_FIELD_TEXTS:
	case JSON_FIELD_VALUES:
	case JSON_FIELD_SITE:
		break;
	}
	return true;
}

static bool
is_present(const struct json_field *field, const void *member, const bool *flag)
{
	switch (field->presence) {
	case JSON_FIELD_IF_FILLED:
		return is_filled(field->kind, member);
	case JSON_FIELD_IF_SET:
		return *flag;
	case JSON_FIELD_UNLESS_SET:
		return !*flag;
	case JSON_FIELD_ALWAYS:
		break;
	}
	return true;
}

static bool
is_run(enum json_field_kind kind)
{
	return kind == JSON_FIELD_TEXT || kind == JSON_FIELD_OCTETS || kind == JSON_FIELD_SITE;
}

void
json_fields_write(struct json_writer *writer, const struct json_field *fields, const void *object)
{
	const uint8_t *start = object;

	for (const struct json_field *field = fields; field->kind != JSON_FIELD_END; field++) {
		const void *member = start + field->at;

		if (!is_present(field, member, (const void *)(start + field->flag_at))) {
			continue;
		}
		if (is_run(field->kind)) {
			run_write(writer, field, *(const struct bytes *)member);
		} else {
			plain_field_write(
				writer, field, member, (const void *)(start + field->count_at));
		}
	}
}
