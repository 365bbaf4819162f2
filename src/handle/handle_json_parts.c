/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_json_parts.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_name.h"

#include <string.h>

enum { OCTETS_SIZE_START = 256, PLACE_SIZE_MAX = 64 };

static const struct bytes format_names[HANDLE_JSON_FORMAT_COUNT] = {
	[HANDLE_JSON_STRING] = {(const uint8_t *)"string", 6},
	[HANDLE_JSON_BASE64] = {(const uint8_t *)"base64", 6},
	[HANDLE_JSON_HEX] = {(const uint8_t *)"hex", 3},
	[HANDLE_JSON_KEY] = {(const uint8_t *)"key", 3},
	[HANDLE_JSON_ADMIN] = {(const uint8_t *)"admin", 5},
	[HANDLE_JSON_VLIST] = {(const uint8_t *)"vlist", 5},
	[HANDLE_JSON_SITE] = {(const uint8_t *)"site", 4},
};

void
handle_json_refuse(struct json_reader *reader, struct handle_json_fault *fault, const char *member,
	enum status status, const char *why)
{
	if (json_reader_ok(reader)) {
		fault->member = member;
		fault->why = why;
		json_reader_fail(reader, status);
	}
}

/* What a member takes, for those who wrote something else there; and how much of it. */
struct expectation {
	const char *member;
	const char *takes;
	uint32_t limit; /* 0: `takes` says it. */
	const char *unit;
};

static const struct expectation expectations[] = {
	{"record", "an object with \"handle\" and \"values\"", 0, ""},
	{"values", "an array of values", HANDLE_VALUE_COUNT_MAX, "values"},
	{"value", "an object with \"index\", \"type\" and \"data\"", 0, ""},
	{"handle", "a string like \"88.999/A\"", HANDLE_NAME_SIZE_MAX, "octets"},
	{"index", "a whole number from 1 to 2147483647", 0, ""},
	{"type", "a string like \"URL\"", HANDLE_TYPE_SIZE_MAX, "octets"},
	{"data",
		"a string, or {\"format\":F,\"value\":...} with F one of string, base64, hex, key, "
		"admin, vlist, site",
		HANDLE_VALUE_DATA_SIZE_MAX, "octets"},
	{"format", "string, base64, hex, key, admin, vlist or site", 0, ""},
	{"ttl",
		"a whole number of seconds up to 4294967295, or a time like "
		"\"2026-11-28T00:00:00Z\"",
		0, ""},
	{"ttlType", "a whole number from 0 to 255", 0, ""},
	{"timestamp", "a time like \"2026-11-28T00:00:00Z\"", 0, ""},
	{"permissions", "binary digits such as \"1110\"", 0, ""},
	{"references", "an array of \"INDEX:HANDLE\" or {\"handle\":...,\"index\":...}", 0, ""},
	{"legacyByteLength", "true or false", 0, ""},
};

static const struct expectation *
expectation_of(const char *member)
{
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
		if (strcmp(expectations[i].member, member) == 0) {
			return &expectations[i];
		}
	}
	return NULL;
}

/* Never what it is: that may be a secret. */
static const char *
kind_found(const struct json_reader *reader)
{
	uint8_t first = reader->next < reader->end ? *reader->next : 0;

	switch (first) {
	case '{':
		return "an object";
	case '[':
		return "an array";
	case '"':
		return "a string";
	case 'n':
		return "null";
	case 't':
	case 'f':
		return "true or false";
	default:
		return first == '-' || (first >= '0' && first <= '9') ? "a number" : NULL;
	}
}

static enum status
verdict_of_kind(const struct json_reader *reader, const struct handle_json_fault *fault,
	const char *place, struct problem *problem)
{
	const struct expectation *expectation = expectation_of(fault->member);
	const char *found = kind_found(reader);

	if (expectation == NULL ||
		(reader->status == STATUS_TOO_LARGE && expectation->limit == 0)) {
		return problem_set(problem, reader->status, "%s: member \"%s\" %s", place,
			fault->member,
			problem_reason(reader->status == STATUS_TOO_LARGE
					? "is larger than allowed"
					: "is not of the kind allowed here"));
	}
	if (reader->status == STATUS_TOO_LARGE && expectation->limit > 0) {
		return problem_set(problem, reader->status,
			"%s: member \"%s\" is larger than allowed: at most %u %s", place,
			fault->member, (unsigned)expectation->limit,
			problem_reason(expectation->unit));
	}
	return problem_set(problem, reader->status, "%s: member \"%s\" takes %s%s%s", place,
		fault->member, problem_reason(expectation->takes),
		found != NULL ? problem_reason("; here stands ") : "",
		found != NULL ? problem_reason(found) : "");
}

enum status
handle_json_verdict(const struct json_reader *reader, const struct handle_json_fault *fault,
	struct problem *problem)
{
	char place[PLACE_SIZE_MAX];
	struct text_writer writer = text_writer_over(place, sizeof(place) - 1);

	if (json_reader_ok(reader)) {
		return STATUS_OK;
	}
	text_write_string(&writer, "octet ");
	text_write_u64(&writer, json_reader_at(reader));
	if (fault->value > 0) {
		text_write_string(&writer, ", value ");
		text_write_u64(&writer, fault->value);
	}
	place[text_written(&writer).size] = '\0';
	if (fault->why != NULL) {
		return problem_set(problem, reader->status, "%s: member \"%s\" %s", place,
			fault->member, fault->why);
	}
	if (reader->status == STATUS_INVALID || reader->status == STATUS_TOO_LARGE) {
		return verdict_of_kind(reader, fault, place, problem);
	}
	if (reader->status == STATUS_TRUNCATED) {
		return problem_set(problem, STATUS_TRUNCATED,
			"%s: the JSON ends within member \"%s\": a quote or bracket is missing",
			place, fault->member);
	}
	if (reader->status == STATUS_MALFORMED) {
		return problem_set(problem, STATUS_MALFORMED,
			"%s: no JSON from here on, or a member that was there before; last read "
			"was member \"%s\"",
			place, fault->member);
	}
	return problem_set(problem, reader->status, "%s: member \"%s\" %s", place, fault->member,
		status_text(reader->status));
}

bool
handle_json_reserve(struct json_reader *reader, struct handle_json_octets *octets, size_t size)
{
	struct wire_writer *writer = &octets->writer;
	size_t used = wire_writer_size(writer);
	size_t capacity = (size_t)(writer->end - writer->start);
	uint8_t *larger;

	if (capacity - used >= size) {
		return true;
	}
	capacity = capacity < OCTETS_SIZE_START ? OCTETS_SIZE_START : capacity * 2;
	if (capacity < used + size) {
		capacity = used + size;
	}
	larger = arena_alloc(octets->arena, capacity);
	if (larger == NULL) {
		json_reader_fail(reader, STATUS_NO_MEMORY);
		return false;
	}
	if (used > 0) {
		memcpy(larger, writer->start, used);
	}
	*writer = wire_writer_over(larger, capacity);
	writer->next += used;
	return true;
}

static enum handle_json_format
format_read(struct json_reader *reader, struct handle_json_fault *fault)
{
	struct bytes name = json_read_string(reader);

	for (int i = 0; i < HANDLE_JSON_FORMAT_COUNT; i++) {
		if (bytes_equal_fold(name, format_names[i])) {
			return (enum handle_json_format)i;
		}
	}
	handle_json_refuse(reader, fault, "format", STATUS_INVALID,
		bytes_equal_fold(name, TEXT("masked"))
			? "is masked: the secret was left out when this was written; write it "
			  "--with-secrets, or give the secret"
			: "names no known format: string, base64, hex, key, admin, vlist and site "
			  "are known");
	return HANDLE_JSON_FORMAT_COUNT;
}

/* Reads text that was passed over before its format was known. */
static struct bytes
late_read(struct json_reader *reader, struct bytes text, enum handle_json_format format,
	handle_json_format_read *read, struct handle_json_fault *fault)
{
	struct json_reader inner = json_reader_over(text, reader->arena);
	struct bytes octets = read(&inner, format, fault);
	enum status status = json_reader_end(&inner);

	if (status != STATUS_OK) {
		json_reader_fail(reader, status);
	}
	return octets;
}

struct bytes
handle_json_read_formatted(struct json_reader *reader, enum handle_json_format bare,
	handle_json_format_read *read, struct handle_json_fault *fault)
{
	const char *member = fault->member;
	enum handle_json_format format = HANDLE_JSON_FORMAT_COUNT;
	struct bytes octets = {NULL, 0};
	struct bytes late = {NULL, 0};
	bool has_value = false;
	struct bytes name;

	if (json_peek(reader) == JSON_STRING) {
		return read(reader, bare, fault);
	}
	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		if (bytes_equal(name, TEXT("format"))) {
			format = format_read(reader, fault);
		} else if (!bytes_equal(name, TEXT("value"))) {
			json_skip(reader);
		} else if (format == HANDLE_JSON_FORMAT_COUNT) {
			late = json_skip(reader);
			has_value = true;
		} else {
			octets = read(reader, format, fault);
			has_value = true;
		}
	}
	if (!has_value || format == HANDLE_JSON_FORMAT_COUNT) {
		handle_json_refuse(reader, fault, member, STATUS_INVALID,
			"needs a \"format\" and a \"value\"");
	}
	if (late.size > 0 && json_reader_ok(reader)) {
		octets = late_read(reader, late, format, read, fault);
	}
	return json_reader_ok(reader) ? octets : (struct bytes){NULL, 0};
}

/* Either alphabet: both are met in the wild, and no text means something else in the other. */
static struct bytes
base64_read(struct json_reader *reader, struct handle_json_fault *fault)
{
	struct bytes text = json_read_string(reader);
	uint8_t *octets = arena_alloc(reader->arena, base64_decoded_size_max(text.size));
	size_t size = 0;

	if (!json_reader_ok(reader)) {
		return (struct bytes){NULL, 0};
	}
	if (octets == NULL) {
		json_reader_fail(reader, STATUS_NO_MEMORY);
	} else if (base64_decode(text, BASE64_STANDARD, octets, &size) != STATUS_OK &&
		base64_decode(text, BASE64_URL, octets, &size) != STATUS_OK) {
		handle_json_refuse(reader, fault, fault->member, STATUS_INVALID, "is no base64");
	}
	return json_reader_ok(reader) ? bytes_over(octets, size) : (struct bytes){NULL, 0};
}

static struct bytes
key_read(struct json_reader *reader, struct handle_json_fault *fault)
{
	struct handle_key key;
	struct handle_json_octets octets = {.arena = reader->arena};

	handle_json_key_read(reader, &key, fault);
	if (!json_reader_ok(reader) || !handle_json_reserve(reader, &octets, KEY_SIZE_MAX)) {
		return (struct bytes){NULL, 0};
	}
	handle_key_write(&octets.writer, &key);
	if (wire_writer_end(&octets.writer) != STATUS_OK) {
		handle_json_refuse(
			reader, fault, fault->member, STATUS_TOO_LARGE, "is too large a key");
	}
	return wire_written(&octets.writer);
}

struct bytes
handle_json_read_plain(
	struct json_reader *reader, enum handle_json_format format, struct handle_json_fault *fault)
{
	switch (format) {
	case HANDLE_JSON_STRING:
		return json_read_string(reader);
	case HANDLE_JSON_BASE64:
		return base64_read(reader, fault);
	case HANDLE_JSON_HEX:
		return json_read_hex(reader);
	case HANDLE_JSON_KEY:
		return key_read(reader, fault);
	case HANDLE_JSON_ADMIN:
	case HANDLE_JSON_VLIST:
	case HANDLE_JSON_SITE:
	case HANDLE_JSON_FORMAT_COUNT:
		break;
	}
	handle_json_refuse(reader, fault, "format", STATUS_INVALID, "does not belong here");
	return (struct bytes){NULL, 0};
}

bool
handle_json_is_text(struct bytes run)
{
	return bytes_find(run, 0) == run.size && bytes_are_utf8(run);
}

void
handle_json_write_format(
	struct json_writer *writer, enum handle_json_format format, struct bytes run)
{
	json_write_object(writer);
	json_write_name(writer, "format");
	json_write_string(writer, format_names[format]);
	json_write_name(writer, "value");
	if (format == HANDLE_JSON_STRING) {
		json_write_string(writer, run);
	} else {
		json_write_base64(writer, run);
	}
	json_write_object_end(writer);
}

void
handle_json_write_text(struct json_writer *writer, struct bytes run)
{
	if (handle_json_is_text(run)) {
		json_write_string(writer, run);
	} else {
		handle_json_write_format(writer, HANDLE_JSON_BASE64, run);
	}
}

struct bytes
handle_json_read_text(struct json_reader *reader, size_t size_max, struct handle_json_fault *fault)
{
	struct bytes run = handle_json_read_formatted(
		reader, HANDLE_JSON_STRING, handle_json_read_plain, fault);

	if (run.size > size_max) {
		handle_json_refuse(reader, fault, fault->member, STATUS_TOO_LARGE, NULL);
	}
	return run;
}

void
handle_json_write_references(struct json_writer *writer, struct bytes references)
{
	struct wire_reader walk = wire_reader_over(references);
	struct handle_reference reference;

	json_write_array(writer);
	while (handle_reference_next(&walk, &reference)) {
		json_write_object(writer);
		json_write_name(writer, "handle");
		handle_json_write_text(writer, reference.name);
		json_write_name(writer, "index");
		json_write_u64(writer, reference.index);
		json_write_object_end(writer);
	}
	json_write_array_end(writer);
}

static void
reference_read(struct json_reader *reader, struct handle_reference *ret_reference,
	struct handle_json_fault *fault)
{
	const char *member = fault->member;
	bool has_name = false;
	bool has_index = false;
	struct bytes name;

	if (json_peek(reader) == JSON_STRING) {
		struct bytes text = json_read_string(reader);

		if (json_reader_ok(reader) &&
			handle_reference_parse(text, &ret_reference->index, &ret_reference->name) !=
				STATUS_OK) {
			handle_json_refuse(
				reader, fault, member, STATUS_INVALID, "is no \"index:handle\"");
		}
		return;
	}
	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		if (bytes_equal(name, TEXT("handle"))) {
			ret_reference->name =
				handle_json_read_text(reader, HANDLE_NAME_SIZE_MAX, fault);
			has_name = true;
		} else if (bytes_equal(name, TEXT("index"))) {
			ret_reference->index = (uint32_t)json_read_u64(reader, UINT32_MAX);
			has_index = true;
		} else {
			json_skip(reader);
		}
	}
	if (!has_name || !has_index) {
		handle_json_refuse(reader, fault, member, STATUS_INVALID,
			"needs a \"handle\" and an \"index\"");
	}
}

struct bytes
handle_json_read_references(struct json_reader *reader, uint32_t count_max, uint32_t *ret_count,
	struct handle_json_fault *fault)
{
	struct handle_json_octets octets = {.arena = reader->arena};
	struct handle_reference reference = {{NULL, 0}, 0};
	const char *member = fault->member;
	uint32_t count = 0;

	json_read_array(reader);
	for (; json_next_element(reader); count++) {
		fault->member = member;
		if (count == count_max) {
			json_reader_fail(reader, STATUS_TOO_LARGE);
			break;
		}
		reference_read(reader, &reference, fault);
		if (!json_reader_ok(reader) ||
			!handle_json_reserve(reader, &octets, 8 + reference.name.size)) {
			break;
		}
		handle_reference_write(&octets.writer, &reference);
	}
	*ret_count = json_reader_ok(reader) ? count : 0;
	return wire_written(&octets.writer);
}
