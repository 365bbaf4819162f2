/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_json.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_json_parts.h"
#include "handle/handle_json_plain.h"

enum {
	PERMISSION_DIGITS = 4,
	PERMISSION_DIGITS_MAX = 8,
	RIGHT_DIGITS = 12,
	RIGHT_DIGITS_MAX = 16,
	RIGHTS_ALL = 0x0fff,
	SITE_FIXED_SIZE = 20,
	ADMIN_FIXED_SIZE = 12, /* With the two zero octets of old writers. */
	TIME_TEXT_SIZE = 20,
};

/*
 * Writing
 */

/* `digits` binary digits, the highest bit first. */
static void
bits_write(struct json_writer *writer, uint32_t bits, size_t digits)
{
	uint8_t text[RIGHT_DIGITS_MAX];

	for (size_t i = 0; i < digits; i++) {
		text[i] = bits >> (digits - 1 - i) & 1 ? '1' : '0';
	}
	json_write_string(writer, bytes_over(text, digits));
}

static void
time_write(struct json_writer *writer, uint32_t seconds)
{
	char text[TIME_TEXT_SIZE];
	struct text_writer time = text_writer_over(text, sizeof(text));

	text_write_time(&time, seconds);
	json_write_string(writer, text_written(&time));
}

/* Handle.net's test for text, which lets 0x0e to 0x13 pass as if they were line ends. */
static bool
data_is_text(struct bytes data)
{
	for (size_t i = 0; i < data.size; i++) {
		uint8_t octet = data.at[i];

		if ((octet < 0x20 && (octet < 0x09 || octet > 0x13)) || octet == 0x7f) {
			return false;
		}
	}
	return bytes_are_utf8(data);
}

static void
formatted_begin(struct json_writer *writer, struct bytes format)
{
	json_write_object(writer);
	json_write_name(writer, "format");
	json_write_string(writer, format);
	json_write_name(writer, "value");
}

static bool
admin_write(struct json_writer *writer, struct bytes data)
{
	struct handle_admin admin;
	size_t digits = RIGHT_DIGITS;

	if (handle_admin_decode(data, &admin) != STATUS_OK || !handle_json_is_text(admin.name)) {
		return false;
	}
	while (admin.rights >> digits != 0) {
		digits++;
	}
	formatted_begin(writer, TEXT("admin"));
	json_write_object(writer);
	json_write_name(writer, "handle");
	json_write_string(writer, admin.name);
	json_write_name(writer, "index");
	json_write_u64(writer, admin.index);
	json_write_name(writer, "permissions");
	bits_write(writer, admin.rights, digits);
	if (admin.has_legacy_tail) {
		json_write_name(writer, "legacyByteLength");
		json_write_bool(writer, true);
	}
	json_write_object_end(writer);
	json_write_object_end(writer);
	return true;
}

static bool
vlist_write(struct json_writer *writer, struct bytes data)
{
	struct handle_reference reference;
	struct handle_vlist list;
	struct wire_reader walk;

	if (handle_vlist_decode(data, &list) != STATUS_OK) {
		return false;
	}
	walk = wire_reader_over(list.references);
	while (handle_reference_next(&walk, &reference)) {
		if (!handle_json_is_text(reference.name)) {
			return false;
		}
	}
	formatted_begin(writer, TEXT("vlist"));
	handle_json_write_references(writer, list.references);
	json_write_object_end(writer);
	return true;
}

static bool
site_write(struct json_writer *writer, struct bytes data)
{
	struct handle_site site;

	if (!handle_json_site_is_exact(data, &site)) {
		return false;
	}
	formatted_begin(writer, TEXT("site"));
	handle_site_write_json(writer, &site);
	json_write_object_end(writer);
	return true;
}

static bool
key_write(struct json_writer *writer, struct bytes data)
{
	struct handle_key key;

	if (!handle_json_key_is_exact(data, &key)) {
		return false;
	}
	formatted_begin(writer, TEXT("key"));
	handle_json_key_write(writer, &key);
	json_write_object_end(writer);
	return true;
}

/* In the format of its type; false, with nothing written, if it has none or does not fit. */
static bool
data_write_typed(struct json_writer *writer, struct bytes type, struct bytes data)
{
	if (!bytes_start_with(type, TEXT("HS_"))) {
		return false;
	}
	if (bytes_equal(type, TEXT("HS_ADMIN"))) {
		return admin_write(writer, data);
	}
	if (bytes_equal(type, TEXT("HS_VLIST"))) {
		return vlist_write(writer, data);
	}
	if (bytes_equal(type, TEXT("HS_SITE")) || bytes_equal(type, TEXT("HS_SITE.PREFIX")) ||
		bytes_equal(type, TEXT("HS_NA_DELEGATE"))) {
		return site_write(writer, data);
	}
	return bytes_equal(type, TEXT("HS_PUBKEY")) && key_write(writer, data);
}

static void
data_write(struct json_writer *writer, const struct handle_value *value)
{
	if (writer->hides_secrets && handle_type_is(value->type, TEXT("HS_SECKEY"))) {
		formatted_begin(writer, TEXT("masked"));
		json_write_string(writer, TEXT(""));
		json_write_object_end(writer);
		return;
	}
	if (!data_write_typed(writer, value->type, value->data)) {
		handle_json_write_format(writer,
			data_is_text(value->data) ? HANDLE_JSON_STRING : HANDLE_JSON_BASE64,
			value->data);
	}
}

void
handle_value_write_json(struct json_writer *writer, const struct handle_value *value)
{
	if (handle_json_write_plain(writer, value)) {
		return;
	}
	json_write_object(writer);
	json_write_name(writer, "index");
	json_write_u64(writer, value->index);
	json_write_name(writer, "type");
	handle_json_write_text(writer, value->type);
	json_write_name(writer, "data");
	data_write(writer, value);
	if (value->permissions != HANDLE_PERMISSION_DEFAULT) {
		json_write_name(writer, "permissions");
		bits_write(writer, value->permissions,
			value->permissions >> PERMISSION_DIGITS == 0 ? PERMISSION_DIGITS
								     : PERMISSION_DIGITS_MAX);
	}
	json_write_name(writer, "ttl");
	if (value->ttl_kind == HANDLE_TTL_ABSOLUTE) {
		time_write(writer, value->ttl);
	} else {
		json_write_u64(writer, value->ttl);
	}
	if (value->ttl_kind > HANDLE_TTL_ABSOLUTE) {
		json_write_name(writer, "ttlType");
		json_write_u64(writer, value->ttl_kind);
	}
	if (value->timestamp != 0) {
		json_write_name(writer, "timestamp");
		time_write(writer, value->timestamp);
	}
	if (value->reference_count > 0) {
		json_write_name(writer, "references");
		handle_json_write_references(writer, value->references);
	}
	json_write_object_end(writer);
}

void
handle_value_list_write_json(struct json_writer *writer, const struct handle_value_list *list)
{
	struct wire_reader walk = handle_value_list_walk(list);
	struct handle_value value;

	json_write_array(writer);
	while (json_writer_ok(writer) && handle_value_next(&walk, &value)) {
		handle_value_write_json(writer, &value);
	}
	json_write_array_end(writer);
}

void
handle_record_write_json(
	struct json_writer *writer, struct bytes name, const struct handle_value_list *list)
{
	json_write_object(writer);
	json_write_name(writer, "handle");
	handle_json_write_text(writer, name);
	json_write_name(writer, "values");
	handle_value_list_write_json(writer, list);
	json_write_object_end(writer);
}

/*
 * Reading
 */

/* Binary digits, the highest bit first; false for anything else. */
static bool
bits_from(struct bytes text, uint32_t *ret_bits)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] != '0' && text.at[i] != '1') {
			return false;
		}
		bits = bits << 1 | (text.at[i] == '1');
	}
	*ret_bits = bits;
	return true;
}

static uint32_t
time_read(struct json_reader *reader, struct handle_json_fault *fault)
{
	struct bytes text = json_read_string(reader);
	int64_t seconds = 0;

	if (!json_reader_ok(reader)) {
		return 0;
	}
	if (text_read_time(text, &seconds) != STATUS_OK || seconds > UINT32_MAX) {
		handle_json_refuse(reader, fault, fault->member, STATUS_INVALID,
			"is no time such as \"2023-11-14T22:13:20Z\" before 2106");
		return 0;
	}
	return (uint32_t)seconds;
}

static uint8_t
permissions_read(struct json_reader *reader, struct handle_json_fault *fault)
{
	struct bytes text = json_read_string(reader);
	uint32_t bits = 0;

	if ((text.size != PERMISSION_DIGITS && text.size != PERMISSION_DIGITS_MAX) ||
		!bits_from(text, &bits)) {
		handle_json_refuse(reader, fault, "permissions", STATUS_INVALID,
			"is no four binary digits such as \"1110\"");
	}
	return (uint8_t)bits;
}

/* An array names the bits from the lowest: [true, ...] may add handles. */
static uint16_t
rights_read_array(struct json_reader *reader, struct handle_json_fault *fault)
{
	uint32_t rights = 0;
	uint32_t count = 0;

	json_read_array(reader);
	for (; json_next_element(reader); count++) {
		bool has_right = json_peek(reader) == JSON_NUMBER ? json_read_u64(reader, 1) == 1
								  : json_read_bool(reader);

		if (count == RIGHT_DIGITS_MAX) {
			handle_json_refuse(reader, fault, "permissions", STATUS_TOO_LARGE,
				"has more than 16 rights");
			break;
		}
		rights |= (uint32_t)has_right << count;
	}
	return (uint16_t)rights;
}

/* "011111110011", "*", true, 11110011 (digits that lost their zeros) or an array. */
static uint16_t
rights_read(struct json_reader *reader, struct handle_json_fault *fault)
{
	enum json_kind kind = json_peek(reader);
	struct bytes text;
	uint32_t rights = 0;

	if (kind == JSON_TRUE || kind == JSON_FALSE) {
		return json_read_bool(reader) ? RIGHTS_ALL : 0;
	}
	if (kind == JSON_ARRAY) {
		return rights_read_array(reader, fault);
	}
	text = kind == JSON_NUMBER ? json_skip(reader) : json_read_string(reader);
	if (bytes_equal(text, TEXT("*"))) {
		return RIGHTS_ALL;
	}
	if (text.size == 0 || text.size > RIGHT_DIGITS_MAX || !bits_from(text, &rights)) {
		handle_json_refuse(reader, fault, "permissions", STATUS_INVALID,
			"is no row of binary digits such as \"011111110011\"");
	}
	return (uint16_t)rights;
}

static struct bytes
admin_read(struct json_reader *reader, struct handle_json_fault *fault)
{
	struct handle_json_octets octets = {.arena = reader->arena};
	struct handle_admin admin = {.rights = 0};
	bool has_handle = false;
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		if (bytes_equal(name, TEXT("handle"))) {
			fault->member = "handle";
			admin.name = handle_json_read_text(reader, HANDLE_NAME_SIZE_MAX, fault);
			has_handle = true;
		} else if (bytes_equal(name, TEXT("index"))) {
			fault->member = "index";
			admin.index = (uint32_t)json_read_u64(reader, UINT32_MAX);
		} else if (bytes_equal(name, TEXT("permissions"))) {
			fault->member = "permissions";
			admin.rights = rights_read(reader, fault);
		} else if (bytes_equal(name, TEXT("legacyByteLength"))) {
			fault->member = "legacyByteLength";
			admin.has_legacy_tail = json_read_bool(reader);
		} else {
			json_skip(reader);
		}
	}
	if (!has_handle) {
		handle_json_refuse(reader, fault, "data", STATUS_INVALID, "needs a \"handle\"");
	}
	if (json_reader_ok(reader) &&
		handle_json_reserve(reader, &octets, ADMIN_FIXED_SIZE + admin.name.size)) {
		handle_admin_write(&octets.writer, &admin);
	}
	return wire_written(&octets.writer);
}

static struct bytes
vlist_read(struct json_reader *reader, struct handle_json_fault *fault)
{
	struct handle_json_octets octets = {.arena = reader->arena};
	struct handle_vlist list = {.count = 0};

	list.references =
		handle_json_read_references(reader, GROUP_MEMBER_COUNT_MAX, &list.count, fault);
	if (json_reader_ok(reader) &&
		handle_json_reserve(reader, &octets, 4 + list.references.size)) {
		handle_vlist_write(&octets.writer, &list);
	}
	return wire_written(&octets.writer);
}

static struct bytes
site_read(struct json_reader *reader, struct handle_json_fault *fault)
{
	struct handle_json_octets octets = {.arena = reader->arena};
	struct handle_site site;

	handle_json_site_read(reader, &site, fault);
	if (json_reader_ok(reader) &&
		handle_json_reserve(reader, &octets,
			SITE_FIXED_SIZE + site.hash_filter.size + site.attributes.size +
				site.servers.size)) {
		handle_site_write(&octets.writer, &site);
	}
	return wire_written(&octets.writer);
}

static struct bytes
data_read_format(
	struct json_reader *reader, enum handle_json_format format, struct handle_json_fault *fault)
{
	switch (format) {
	case HANDLE_JSON_ADMIN:
		return admin_read(reader, fault);
	case HANDLE_JSON_VLIST:
		return vlist_read(reader, fault);
	case HANDLE_JSON_SITE:
		return site_read(reader, fault);
	case HANDLE_JSON_STRING:
	case HANDLE_JSON_BASE64:
	case HANDLE_JSON_HEX:
	case HANDLE_JSON_KEY:
	case HANDLE_JSON_FORMAT_COUNT:
		break;
	}
	return handle_json_read_plain(reader, format, fault);
}

static struct bytes
data_read(struct json_reader *reader, struct handle_json_fault *fault)
{
	struct bytes data =
		handle_json_read_formatted(reader, HANDLE_JSON_STRING, data_read_format, fault);

	if (data.size > HANDLE_VALUE_DATA_SIZE_MAX) {
		handle_json_refuse(reader, fault, "data", STATUS_TOO_LARGE, NULL);
	}
	return data;
}

/* Members that a value cannot do without; one bit for each. */
enum { HAS_INDEX = 1, HAS_TYPE = 2, HAS_DATA = 4, HAS_ALL = 7 };

struct value_reading {
	struct handle_value value;
	struct handle_json_fault *fault;
	unsigned int has;
};

static void
ttl_read(struct json_reader *reader, struct value_reading *reading)
{
	if (json_peek(reader) == JSON_STRING) {
		reading->value.ttl_kind = HANDLE_TTL_ABSOLUTE;
		reading->value.ttl = time_read(reader, reading->fault);
	} else {
		reading->value.ttl = (uint32_t)json_read_u64(reader, UINT32_MAX);
	}
}

/* True if the member begins: it is now the one at fault. */
static inline bool
member_is(struct handle_json_fault *fault, struct bytes found, struct bytes name)
{
	if (!bytes_equal(found, name)) {
		return false;
	}
	fault->member = (const char *)name.at;
	return true;
}

static void
value_read_member(struct json_reader *reader, struct bytes name, struct value_reading *reading)
{
	struct handle_json_fault *fault = reading->fault;
	struct handle_value *value = &reading->value;

	if (member_is(fault, name, TEXT("index"))) {
		value->index = (uint32_t)json_read_u64(reader, UINT32_MAX);
		reading->has |= HAS_INDEX;
	} else if (member_is(fault, name, TEXT("type"))) {
		value->type = handle_json_read_text(reader, HANDLE_TYPE_SIZE_MAX, fault);
		reading->has |= HAS_TYPE;
	} else if (member_is(fault, name, TEXT("data"))) {
		value->data = data_read(reader, fault);
		reading->has |= HAS_DATA;
	} else if (member_is(fault, name, TEXT("ttl"))) {
		ttl_read(reader, reading);
	} else if (member_is(fault, name, TEXT("timestamp"))) {
		value->timestamp = time_read(reader, fault);
	} else if (member_is(fault, name, TEXT("permissions"))) {
		value->permissions = permissions_read(reader, fault);
	} else if (member_is(fault, name, TEXT("references"))) {
		value->references = handle_json_read_references(
			reader, HANDLE_REFERENCE_COUNT_MAX, &value->reference_count, fault);
	} else if (member_is(fault, name, TEXT("ttlType"))) {
		value->ttl_kind = (uint8_t)json_read_u64(reader, UINT8_MAX);
	} else {
		json_skip(reader);
	}
}

static void
value_read(
	struct json_reader *reader, struct handle_value *ret_value, struct handle_json_fault *fault)
{
	struct value_reading reading = {
		.value = {.ttl = HANDLE_TTL_DEFAULT, .permissions = HANDLE_PERMISSION_DEFAULT},
		.fault = fault,
	};
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		value_read_member(reader, name, &reading);
	}
	if (reading.has != HAS_ALL) {
		handle_json_refuse(reader, fault,
			(reading.has & HAS_INDEX) == 0		? "index"
				: (reading.has & HAS_TYPE) == 0 ? "type"
								: "data",
			STATUS_INVALID, "is missing");
	}
	*ret_value = reading.value;
}

enum status
handle_value_read_json(
	struct json_reader *reader, struct handle_value *ret_value, struct problem *problem)
{
	struct handle_json_fault fault = {"value", NULL, 0};
	struct handle_value value;

	value_read(reader, &value, &fault);
	if (json_reader_ok(reader)) {
		*ret_value = value;
	}
	return handle_json_verdict(reader, &fault, problem);
}

/* Most values are smaller encoded than in JSON, so the first room is mostly the last. */
static void
values_read(struct json_reader *reader, struct handle_value_list *ret_list,
	struct handle_json_fault *fault)
{
	struct handle_json_octets octets = {.arena = reader->arena};
	size_t left = (size_t)(reader->end - reader->next);
	struct handle_value value;
	uint32_t count = 0;

	(void)handle_json_reserve(reader, &octets, left < RECORD_SIZE_MAX ? left : RECORD_SIZE_MAX);
	json_read_array(reader);
	for (; json_next_element(reader); count++) {
		fault->member = "values";
		fault->value = count + 1;
		value_read(reader, &value, fault);
		if (count == HANDLE_VALUE_COUNT_MAX) {
			handle_json_refuse(reader, fault, "values", STATUS_TOO_LARGE, NULL);
		}
		if (wire_writer_size(&octets.writer) + handle_value_size(&value) >
			RECORD_SIZE_MAX) {
			handle_json_refuse(reader, fault, "values", STATUS_TOO_LARGE,
				"makes a larger record than there may be");
		}
		if (!json_reader_ok(reader) ||
			!handle_json_reserve(reader, &octets, handle_value_size(&value))) {
			return;
		}
		handle_value_write(&octets.writer, &value);
	}
	fault->value = 0;
	*ret_list = (struct handle_value_list){count, wire_written(&octets.writer)};
}

enum status
handle_record_read_json(struct json_reader *reader, struct bytes *ret_name,
	struct handle_value_list *ret_list, struct problem *problem)
{
	struct handle_json_fault fault = {"record", NULL, 0};
	struct handle_value_list list = {0, {NULL, 0}};
	struct bytes handle = {NULL, 0};
	bool has_values = false;
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		if (member_is(&fault, name, TEXT("handle"))) {
			handle = handle_json_read_text(reader, HANDLE_NAME_SIZE_MAX, &fault);
		} else if (member_is(&fault, name, TEXT("values"))) {
			values_read(reader, &list, &fault);
			has_values = true;
		} else {
			json_skip(reader);
		}
	}
	if (handle.size == 0 || !has_values) {
		handle_json_refuse(reader, &fault, handle.size == 0 ? "handle" : "values",
			STATUS_INVALID, "is missing or empty");
	}
	if (json_reader_ok(reader)) {
		*ret_name = handle;
		*ret_list = list;
	}
	return handle_json_verdict(reader, &fault, problem);
}
