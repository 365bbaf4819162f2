/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message_json_fields.h"

#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "message/message.h"

/* A name with every octet escaped as \\xNN. */
enum { NAME_SHOWN_MAX = 160 };

static struct version
version_read(struct json_reader *reader)
{
	struct bytes text = json_read_string(reader);
	unsigned numbers[2] = {0, 0};
	size_t part = 0;
	bool is_digit_seen = false;

	for (size_t i = 0; i < text.size && json_reader_ok(reader); i++) {
		if (text.at[i] == '.' && part == 0 && is_digit_seen) {
			part = 1;
			is_digit_seen = false;
			continue;
		}
		if (text.at[i] < '0' || text.at[i] > '9') {
			json_reader_fail(reader, STATUS_INVALID);
		}
		is_digit_seen = true;
		numbers[part] = numbers[part] * 10 + text.at[i] - '0';
		if (numbers[part] > UINT8_MAX) {
			json_reader_fail(reader, STATUS_TOO_LARGE);
		}
	}
	if (part != 1 || !is_digit_seen) {
		json_reader_fail(reader, STATUS_INVALID);
	}
	return (struct version){(uint8_t)numbers[0], (uint8_t)numbers[1]};
}

/* A number, or the name of one: `name_of` says which. */
static uint32_t
named_number_read(
	struct json_reader *reader, const char *(*name_of)(uint32_t number), uint32_t number_max)
{
	struct bytes text;

	if (json_peek(reader) != JSON_STRING) {
		return (uint32_t)json_read_u64(reader, UINT32_MAX);
	}
	text = json_read_string(reader);
	for (uint32_t number = 0; number <= number_max; number++) {
		const char *name = name_of(number);

		if (name != NULL && bytes_equal(text, bytes_from_string(name))) {
			return number;
		}
	}
	json_reader_fail(reader, STATUS_INVALID);
	return 0;
}

static uint32_t
hex_number_read(struct bytes text)
{
	uint32_t number = 0;

	if (text.size < 3 || text.size > 10 || !bytes_start_with(text, TEXT("0x"))) {
		return 0;
	}
	for (size_t i = 2; i < text.size; i++) {
		uint8_t letter = ascii_upper(text.at[i]);

		if (letter >= '0' && letter <= '9') {
			number = number << 4 | (uint32_t)(letter - '0');
		} else if (letter >= 'A' && letter <= 'F') {
			number = number << 4 | (uint32_t)(letter - 'A' + 10);
		} else {
			return 0;
		}
	}
	return number;
}

static uint32_t
flags_read(struct json_reader *reader)
{
	uint32_t flags = 0;

	json_read_array(reader);
	while (json_next_element(reader)) {
		struct bytes text = json_read_string(reader);
		uint32_t flag = hex_number_read(text);

		for (uint32_t bit = 0x80000000u; bit != 0 && flag == 0; bit >>= 1) {
			const char *name = message_flag_name(bit);

			if (name != NULL && bytes_equal(text, bytes_from_string(name))) {
				flag = bit;
			}
		}
		if (flag == 0) {
			json_reader_fail(reader, STATUS_INVALID);
		}
		flags |= flag;
	}
	return flags;
}

static uint32_t
indexes_read(struct json_reader *reader, struct wire_writer *lists)
{
	uint32_t count = 0;

	json_read_array(reader);
	for (; json_next_element(reader); count++) {
		wire_write_u32(lists, (uint32_t)json_read_u64(reader, UINT32_MAX));
	}
	return count;
}

static struct bytes
hex_object_read(struct json_reader *reader)
{
	struct bytes octets = {NULL, 0};
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		if (bytes_equal(name, TEXT("hex"))) {
			octets = json_read_hex(reader);
		} else {
			json_reader_fail(reader, STATUS_INVALID);
			json_skip(reader);
		}
	}
	return octets;
}

static uint32_t
texts_read(struct json_reader *reader, struct wire_writer *lists)
{
	uint32_t count = 0;

	json_read_array(reader);
	for (; json_next_element(reader); count++) {
		wire_write_blob(lists,
			json_peek(reader) == JSON_OBJECT ? hex_object_read(reader)
							 : json_read_string(reader));
	}
	return count;
}

static uint32_t
values_read(struct json_reader *reader, const struct json_fields_input *input)
{
	uint32_t count = 0;

	json_read_array(reader);
	for (; json_next_element(reader); count++) {
		struct handle_value value;
		enum status status = handle_value_read_json(reader, &value, input->problem);

		if (status != STATUS_OK) {
			json_reader_fail(reader, status);
			return count;
		}
		handle_value_write(input->lists, &value);
	}
	return count;
}

/* Reads one of the lists behind what is in input->lists already, and returns its part. */
static struct bytes
list_read(struct json_reader *reader, enum json_field_kind kind,
	const struct json_fields_input *input, uint32_t *ret_count)
{
	const uint8_t *start = input->lists->next;

	if (kind == JSON_FIELD_INDEXES) {
		*ret_count = indexes_read(reader, input->lists);
	} else if (kind == JSON_FIELD_TEXTS) {
		*ret_count = texts_read(reader, input->lists);
	} else {
		*ret_count = values_read(reader, input);
	}
	if (wire_writer_end(input->lists) != STATUS_OK) {
		json_reader_fail(reader, STATUS_TOO_LARGE);
		return (struct bytes){NULL, 0};
	}
	return bytes_over(start, (size_t)(input->lists->next - start));
}

static struct bytes
site_read(struct json_reader *reader, const struct json_fields_input *input)
{
	const uint8_t *start = input->lists->next;
	struct handle_site site;
	enum status status = handle_site_read_json(reader, &site, input->problem);

	if (status != STATUS_OK) {
		json_reader_fail(reader, status);
		return (struct bytes){NULL, 0};
	}
	handle_site_write(input->lists, &site);
	if (wire_writer_end(input->lists) != STATUS_OK) {
		json_reader_fail(reader, STATUS_TOO_LARGE);
		return (struct bytes){NULL, 0};
	}
	return bytes_over(start, (size_t)(input->lists->next - start));
}

static void
field_read(struct json_reader *reader, const struct json_field *field,
	const struct json_fields_input *input, uint8_t *object)
{
	void *member = object + field->at;
	void *count = object + field->count_at;
	struct handle_value_list list;

	switch (field->kind) {
	case JSON_FIELD_U8:
		*(uint8_t *)member = (uint8_t)json_read_u64(reader, UINT8_MAX);
		return;
	case JSON_FIELD_U16:
		*(uint16_t *)member = (uint16_t)json_read_u64(reader, UINT16_MAX);
		return;
	case JSON_FIELD_U32:
		*(uint32_t *)member = (uint32_t)json_read_u64(reader, UINT32_MAX);
		return;
	case JSON_FIELD_U64:
		*(uint64_t *)member = json_read_u64(reader, UINT64_MAX);
		return;
	case JSON_FIELD_BOOL:
		*(bool *)member = json_read_bool(reader);
		return;
	case JSON_FIELD_VERSION:
		*(struct version *)member = version_read(reader);
		return;
	case JSON_FIELD_OPCODE:
		*(uint32_t *)member =
			named_number_read(reader, opcode_name, OPCODE_LOGIN_ID_SYSTEM);
		return;
	case JSON_FIELD_RESPONSE_CODE:
		*(uint32_t *)member = named_number_read(
			reader, response_code_name, RESPONSE_SESSION_MESSAGE_REJECTED);
		return;
	case JSON_FIELD_FLAGS:
		*(uint32_t *)member = flags_read(reader);
		return;
	case JSON_FIELD_TEXT:
		*(struct bytes *)member = json_read_string(reader);
		return;
	case JSON_FIELD_INDEXES:
	case JSON_FIELD_TEXTS:
		*(struct bytes *)member = list_read(reader, field->kind, input, count);
		return;
	case JSON_FIELD_VALUES:
		list.octets = list_read(reader, field->kind, input, &list.count);
		*(struct handle_value_list *)member = list;
		return;
	case JSON_FIELD_SITE:
		*(struct bytes *)member = site_read(reader, input);
		return;
	case JSON_FIELD_END:
	case JSON_FIELD_OCTETS:
		json_reader_fail(reader, STATUS_INVALID);
		return;
	}
}

/* True if `name` is the row's, with "_hex" behind it or without. */
static bool
field_is_named(const struct json_field *field, struct bytes name, bool *ret_is_hex)
{
	struct bytes own = bytes_from_string(field->name);
	bool may_be_hex = field->kind == JSON_FIELD_TEXT || field->kind == JSON_FIELD_OCTETS ||
		field->kind == JSON_FIELD_SITE;

	*ret_is_hex = may_be_hex && name.size == own.size + 4 && bytes_start_with(name, own) &&
		bytes_equal(bytes_slice(name, own.size, 4), TEXT("_hex"));
	return *ret_is_hex || (bytes_equal(name, own) && field->kind != JSON_FIELD_OCTETS);
}

/* What json_fields_write() adds for people. */
static bool
is_information(struct bytes name)
{
	return bytes_equal(name, TEXT("operation")) || bytes_equal(name, TEXT("response"));
}

static void
presence_note(const struct json_field *field, uint8_t *object)
{
	void *flag = object + field->flag_at;

	if (field->presence == JSON_FIELD_IF_SET || field->presence == JSON_FIELD_UNLESS_SET) {
		*(bool *)flag = field->presence == JSON_FIELD_IF_SET;
	}
}

/* The member by its name, unless a reader below has said more precisely what is wrong. */
static enum status
explain(const struct json_fields_input *input, const struct json_reader *reader, struct bytes name,
	const char *why)
{
	char characters[NAME_SHOWN_MAX + 1] = {0};
	struct text_writer text = text_writer_over(characters, NAME_SHOWN_MAX);

	if (input->problem != NULL && input->problem->text[0] != '\0') {
		return reader->status;
	}
	text_write_escaped(&text, bytes_slice(name, 0, NAME_SHOWN_MAX / 4));
	return problem_set(input->problem, reader->status, "octet %zu: %s%s%s %s",
		json_reader_at(reader), input->object, name.size > 0 ? "." : "", characters, why);
}

static void
member_read(struct json_reader *reader, struct bytes name, const struct json_field *fields,
	const struct json_fields_input *input, uint8_t *object)
{
	bool is_hex = false;

	for (const struct json_field *field = fields; field->kind != JSON_FIELD_END; field++) {
		if (!field_is_named(field, name, &is_hex)) {
			continue;
		}
		if (is_hex) {
			void *member = object + field->at;

			*(struct bytes *)member = json_read_hex(reader);
		} else {
			field_read(reader, field, input, object);
		}
		presence_note(field, object);
		return;
	}
	if (!is_information(name)) {
		json_reader_fail(reader, STATUS_INVALID);
		explain(input, reader, name, "is no field");
	}
	json_skip(reader);
}

enum status
json_fields_read(struct json_reader *reader, const struct json_field *fields,
	const struct json_fields_input *input, void *object)
{
	struct bytes name;

	if (input->problem != NULL) {
		input->problem->text[0] = '\0';
	}
	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		member_read(reader, name, fields, input, object);
		if (!json_reader_ok(reader)) {
			return explain(input, reader, name, status_text(reader->status));
		}
	}
	return json_reader_ok(reader)
		? STATUS_OK
		: explain(input, reader, (struct bytes){NULL, 0}, status_text(reader->status));
}
