/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_reader.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "json/json_names.h"
#include "json/json_scan.h"

#include <assert.h>

static const uint8_t kinds[256] = {
	['n'] = JSON_NULL,
	['f'] = JSON_FALSE,
	['t'] = JSON_TRUE,
	['-'] = JSON_NUMBER,
	['0'] = JSON_NUMBER,
	['1'] = JSON_NUMBER,
	['2'] = JSON_NUMBER,
	['3'] = JSON_NUMBER,
	['4'] = JSON_NUMBER,
	['5'] = JSON_NUMBER,
	['6'] = JSON_NUMBER,
	['7'] = JSON_NUMBER,
	['8'] = JSON_NUMBER,
	['9'] = JSON_NUMBER,
	['"'] = JSON_STRING,
	['['] = JSON_ARRAY,
	['{'] = JSON_OBJECT,
};

struct json_reader
json_reader_over(struct bytes text, struct arena *arena)
{
	bool is_too_large = text.size > JSON_TEXT_SIZE_MAX;

	return (struct json_reader){
		.start = text.at,
		.next = text.at,
		.end = text.at + text.size,
		.arena = arena,
		.status = is_too_large ? STATUS_TOO_LARGE : STATUS_OK,
		.is_value_due = true,
	};
}

void
json_reader_fail(struct json_reader *reader, enum status status)
{
	if (reader->status == STATUS_OK) {
		reader->status = status;
	}
}

/* Stops for good at the place of the fault. Returns false, for the caller to return. */
static bool
json_fail_at(struct json_reader *reader, const uint8_t *at, enum status status)
{
	reader->next = at;
	reader->status = status;
	return false;
}

/* An octet that does not belong there, or the end of the text. */
static bool
json_fail_octet(struct json_reader *reader, const uint8_t *at)
{
	return json_fail_at(reader, at, at == reader->end ? STATUS_TRUNCATED : STATUS_MALFORMED);
}

static inline void
json_skip_space(struct json_reader *reader)
{
	while (reader->next < reader->end &&
		(*reader->next == ' ' || *reader->next == '\n' || *reader->next == '\t' ||
			*reader->next == '\r')) {
		reader->next++;
	}
}

/* The next octet that is not space, or 0 at the end: a NUL is no part of JSON either. */
static inline uint8_t
json_look(struct json_reader *reader)
{
	json_skip_space(reader);
	return reader->next < reader->end ? *reader->next : 0;
}

enum json_kind
json_peek(struct json_reader *reader)
{
	if (reader->status != STATUS_OK || !reader->is_value_due) {
		return JSON_NONE;
	}
	return (enum json_kind)kinds[json_look(reader)];
}

/* True if the value that is due is of the kind wanted, which is then as good as read. */
static bool
json_value_begin(struct json_reader *reader, enum json_kind wanted)
{
	enum json_kind kind;

	if (reader->status != STATUS_OK) {
		return false;
	}
	assert(reader->is_value_due);
	kind = (enum json_kind)kinds[json_look(reader)];
	if (kind == JSON_NONE) {
		return json_fail_octet(reader, reader->next);
	}
	if (kind != wanted) {
		return json_fail_at(reader, reader->next, STATUS_INVALID);
	}
	reader->is_value_due = false;
	return true;
}

/*
 * Strings
 */

/* The four hex digits at `at`, or -1 after failing. */
static int32_t
json_scan_hex4(struct json_reader *reader, const uint8_t *at)
{
	uint8_t octets[2];

	for (int i = 0; i < 4; i++) {
		uint8_t letter = at + i == reader->end ? 0 : (uint8_t)(at[i] | 0x20);

		if (at + i == reader->end ||
			!((at[i] >= '0' && at[i] <= '9') || (letter >= 'a' && letter <= 'f'))) {
			json_fail_octet(reader, at + i);
			return -1;
		}
	}
	if (text_read_hex(bytes_over(at, 4), octets) != STATUS_OK) {
		return -1;
	}
	return octets[0] << 8 | octets[1];
}

/* Checks the \uXXXX at `at`, and the second one that a high surrogate needs. Returns where
 * it ends, or NULL after failing. */
static const uint8_t *
json_scan_unicode(struct json_reader *reader, const uint8_t *at)
{
	int32_t unit = json_scan_hex4(reader, at + 2);
	const uint8_t *low = at + 6;

	if (unit < 0) {
		return NULL;
	}
	if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
		json_fail_at(reader, at, STATUS_MALFORMED);
		return NULL;
	}
	if (unit < 0xd800 || unit > 0xdfff) {
		return low;
	}
	for (int i = 0; i < 2; i++) {
		if (low + i == reader->end || low[i] != (uint8_t) "\\u"[i]) {
			json_fail_octet(reader, low + i);
			return NULL;
		}
	}
	unit = json_scan_hex4(reader, low + 2);
	if (unit < 0) {
		return NULL;
	}
	if (unit < 0xdc00 || unit > 0xdfff) {
		json_fail_at(reader, low, STATUS_MALFORMED);
		return NULL;
	}
	return low + 6;
}

/* Checks the escape at `at`; returns where it ends, or NULL after failing. */
static const uint8_t *
json_scan_escape(struct json_reader *reader, const uint8_t *at)
{
	if (at + 1 == reader->end) {
		json_fail_octet(reader, at + 1);
		return NULL;
	}
	switch (at[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return at + 2;
	case 'u':
		return json_scan_unicode(reader, at);
	default:
		json_fail_at(reader, at, STATUS_MALFORMED);
		return NULL;
	}
}

/* Steps over the string whose quote is next; `ret_inside` is what stands between its quotes. */
static bool
json_scan_string(struct json_reader *reader, struct bytes *ret_inside, bool *ret_has_escape)
{
	const uint8_t *start = reader->next + 1;
	const uint8_t *at = start;
	bool has_escape = false;
	uint8_t high = 0;
	struct bytes inside;

	for (;;) {
		at = json_scan_plain(at, reader->end, &high);
		if (at == reader->end || (*at != '"' && *at != '\\')) {
			return json_fail_octet(reader, at);
		}
		if (*at == '"') {
			break;
		}
		has_escape = true;
		at = json_scan_escape(reader, at);
		if (at == NULL) {
			return false;
		}
	}
	inside = bytes_over(start, (size_t)(at - start));
	if (high != 0) {
		size_t good = bytes_utf8_size(inside);

		if (good < inside.size) {
			return json_fail_at(reader, start + good, STATUS_MALFORMED);
		}
	}
	reader->next = at + 1;
	*ret_inside = inside;
	*ret_has_escape = has_escape;
	return true;
}

static uint32_t
json_unit(const uint8_t *at)
{
	uint8_t octets[2] = {0, 0};
	enum status status = text_read_hex(bytes_over(at, 4), octets);

	assert(status == STATUS_OK);
	return (uint32_t)octets[0] << 8 | octets[1];
}

static uint8_t *
json_put_character(uint8_t *to, uint32_t character)
{
	if (character < 0x80) {
		*to++ = (uint8_t)character;
		return to;
	}
	if (character < 0x800) {
		*to++ = (uint8_t)(0xc0 | character >> 6);
	} else {
		if (character < 0x10000) {
			*to++ = (uint8_t)(0xe0 | character >> 12);
		} else {
			*to++ = (uint8_t)(0xf0 | character >> 18);
			*to++ = (uint8_t)(0x80 | (character >> 12 & 0x3f));
		}
		*to++ = (uint8_t)(0x80 | (character >> 6 & 0x3f));
	}
	*to++ = (uint8_t)(0x80 | (character & 0x3f));
	return to;
}

/* Puts the character of the escape at `*from`, which was checked, and steps over it. */
static uint8_t *
json_put_escape(uint8_t *to, const uint8_t **from)
{
	static const uint8_t plain[256] = {
		['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};
	const uint8_t *at = *from;
	uint32_t character;

	if (at[1] != 'u') {
		*from = at + 2;
		*to++ = plain[at[1]] == 0 ? at[1] : plain[at[1]];
		return to;
	}
	character = json_unit(at + 2);
	*from = at + 6;
	if (character >= 0xd800 && character <= 0xdbff) {
		character = 0x10000 + ((character - 0xd800) << 10 | (json_unit(at + 8) - 0xdc00));
		*from = at + 12;
	}
	return json_put_character(to, character);
}

/* The string that checked text with escapes stands for. No escape grows. */
static struct bytes
json_unescape(struct json_reader *reader, struct bytes inside)
{
	uint8_t *start = arena_alloc(reader->arena, inside.size);
	const uint8_t *from = inside.at;
	const uint8_t *end = inside.at + inside.size;
	uint8_t *to = start;

	if (start == NULL) {
		json_fail_at(reader, inside.at - 1, STATUS_NO_MEMORY);
		return (struct bytes){NULL, 0};
	}
	while (from < end) {
		const uint8_t *escape = memchr(from, '\\', (size_t)(end - from));
		size_t plain = (size_t)((escape == NULL ? end : escape) - from);

		memcpy(to, from, plain);
		to += plain;
		from += plain;
		if (escape != NULL) {
			to = json_put_escape(to, &from);
		}
	}
	return bytes_over(start, (size_t)(to - start));
}

struct bytes
json_read_string(struct json_reader *reader)
{
	struct bytes inside;
	bool has_escape;

	if (!json_value_begin(reader, JSON_STRING) ||
		!json_scan_string(reader, &inside, &has_escape)) {
		return (struct bytes){NULL, 0};
	}
	return has_escape ? json_unescape(reader, inside) : inside;
}

/* A string to decode: where it began for a fault, its text, room for the octets. */
static bool
json_coded_begin(struct json_reader *reader, const uint8_t **ret_start, struct bytes *ret_text,
	uint8_t **ret_octets)
{
	(void)json_peek(reader);
	*ret_start = reader->next;
	*ret_text = json_read_string(reader);
	if (reader->status != STATUS_OK) {
		return false;
	}
	*ret_octets = arena_alloc(reader->arena, base64_decoded_size_max(ret_text->size));
	if (*ret_octets == NULL) {
		return json_fail_at(reader, *ret_start, STATUS_NO_MEMORY);
	}
	return true;
}

struct bytes
json_read_base64(struct json_reader *reader, enum base64_alphabet alphabet)
{
	const uint8_t *start;
	struct bytes text;
	uint8_t *octets;
	size_t size;

	if (!json_coded_begin(reader, &start, &text, &octets)) {
		return (struct bytes){NULL, 0};
	}
	if (base64_decode(text, alphabet, octets, &size) != STATUS_OK) {
		json_fail_at(reader, start, STATUS_INVALID);
		return (struct bytes){NULL, 0};
	}
	return bytes_over(octets, size);
}

struct bytes
json_read_hex(struct json_reader *reader)
{
	const uint8_t *start;
	struct bytes text;
	uint8_t *octets;

	if (!json_coded_begin(reader, &start, &text, &octets)) {
		return (struct bytes){NULL, 0};
	}
	if (text_read_hex(text, octets) != STATUS_OK) {
		json_fail_at(reader, start, STATUS_INVALID);
		return (struct bytes){NULL, 0};
	}
	return bytes_over(octets, text.size / 2);
}

/*
 * Numbers and words
 */

static inline bool
json_is_digit(const struct json_reader *reader, const uint8_t *at)
{
	return at < reader->end && *at >= '0' && *at <= '9';
}

/* One digit or more. */
static bool
json_scan_digits(struct json_reader *reader)
{
	if (!json_is_digit(reader, reader->next)) {
		return json_fail_octet(reader, reader->next);
	}
	while (json_is_digit(reader, reader->next)) {
		reader->next++;
	}
	return true;
}

/* Steps over the number that is next. RFC 8259, 6. */
static bool
json_scan_number(struct json_reader *reader, bool *ret_is_whole)
{
	*ret_is_whole = true;
	if (*reader->next == '-') {
		reader->next++;
	}
	if (reader->next < reader->end && *reader->next == '0') {
		reader->next++; /* Another digit behind it is then not part of the number. */
	} else if (!json_scan_digits(reader)) {
		return false;
	}
	if (reader->next < reader->end && *reader->next == '.') {
		*ret_is_whole = false;
		reader->next++;
		if (!json_scan_digits(reader)) {
			return false;
		}
	}
	if (reader->next < reader->end && (*reader->next | 0x20) == 'e') {
		*ret_is_whole = false;
		reader->next++;
		if (reader->next < reader->end && (*reader->next == '+' || *reader->next == '-')) {
			reader->next++;
		}
		return json_scan_digits(reader);
	}
	return true;
}

/* Reads a whole number and its sign; INVALID for others, TOO_LARGE beyond `max`. */
static bool
json_scan_whole(
	struct json_reader *reader, uint64_t max, bool *ret_is_negative, uint64_t *ret_number)
{
	const uint8_t *start;
	struct bytes digits;
	bool is_whole;
	enum status status;

	if (!json_value_begin(reader, JSON_NUMBER)) {
		return false;
	}
	start = reader->next;
	if (!json_scan_number(reader, &is_whole)) {
		return false;
	}
	if (!is_whole) {
		return json_fail_at(reader, start, STATUS_INVALID);
	}
	*ret_is_negative = *start == '-';
	digits = bytes_over(start, (size_t)(reader->next - start));
	status = text_read_u64(
		bytes_slice(digits, *ret_is_negative ? 1 : 0, digits.size), max, ret_number);
	if (status != STATUS_OK) {
		return json_fail_at(reader, start, status);
	}
	return true;
}

uint64_t
json_read_u64(struct json_reader *reader, uint64_t max)
{
	uint64_t number = 0;
	bool is_negative;

	if (json_peek(reader) == JSON_NUMBER && *reader->next == '-') {
		const uint8_t *start = reader->next;
		bool is_whole;

		/* It must still be a number for the fault to be its sign. */
		if (json_scan_number(reader, &is_whole)) {
			json_fail_at(reader, start, STATUS_INVALID);
		}
		return 0;
	}
	return json_scan_whole(reader, max, &is_negative, &number) ? number : 0;
}

int64_t
json_read_i64(struct json_reader *reader)
{
	const uint64_t limit = (uint64_t)INT64_MAX + 1;
	uint64_t number = 0;
	bool is_negative;
	const uint8_t *start;

	(void)json_peek(reader);
	start = reader->next;
	if (!json_scan_whole(reader, limit, &is_negative, &number)) {
		return 0;
	}
	if (!is_negative && number == limit) {
		json_fail_at(reader, start, STATUS_TOO_LARGE);
		return 0;
	}
	if (number == limit) {
		return INT64_MIN;
	}
	return is_negative ? -(int64_t)number : (int64_t)number;
}

static bool
json_scan_word(struct json_reader *reader, const char *word)
{
	for (; *word != 0; word++, reader->next++) {
		if (reader->next == reader->end || *reader->next != (uint8_t)*word) {
			return json_fail_octet(reader, reader->next);
		}
	}
	return true;
}

bool
json_read_bool(struct json_reader *reader)
{
	if (json_peek(reader) == JSON_FALSE) {
		reader->is_value_due = false;
		json_scan_word(reader, "false");
		return false;
	}
	return json_value_begin(reader, JSON_TRUE) && json_scan_word(reader, "true");
}

/*
 * Containers
 */

static void
json_open(struct json_reader *reader, bool is_object)
{
	if (reader->depth == JSON_DEPTH_MAX) {
		json_fail_at(reader, reader->next, STATUS_TOO_LARGE);
		return;
	}
	if (reader->names == NULL) {
		reader->names = json_names_new(reader->arena);
		if (reader->names == NULL) {
			json_fail_at(reader, reader->next, STATUS_NO_MEMORY);
			return;
		}
	}
	reader->names->levels[reader->depth] =
		(struct json_level){.first = reader->names->count, .is_object = is_object};
	reader->next++;
	reader->depth++;
	reader->is_first = true;
}

static struct json_level *
json_level(struct json_reader *reader)
{
	return &reader->names->levels[reader->depth - 1];
}

static void
json_close(struct json_reader *reader)
{
	reader->names->count = json_level(reader)->first;
	reader->next++;
	reader->depth--;
	reader->is_first = false;
}

void
json_read_object(struct json_reader *reader)
{
	if (json_value_begin(reader, JSON_OBJECT)) {
		json_open(reader, true);
	}
}

void
json_read_array(struct json_reader *reader)
{
	if (json_value_begin(reader, JSON_ARRAY)) {
		json_open(reader, false);
	}
}

/* Up to the first octet of the next item: false at the container's end or a fault. */
static bool
json_next_item(struct json_reader *reader, bool is_object)
{
	if (reader->status != STATUS_OK) {
		return false;
	}
	assert(reader->depth > 0 && !reader->is_value_due);
	assert(json_level(reader)->is_object == is_object);
	if (json_look(reader) == (is_object ? '}' : ']')) {
		json_close(reader);
		return false;
	}
	if (!reader->is_first) {
		if (json_look(reader) != ',') {
			return json_fail_octet(reader, reader->next);
		}
		reader->next++;
		json_skip_space(reader);
	}
	reader->is_first = false;
	return true;
}

bool
json_next_member(struct json_reader *reader, struct bytes *ret_name)
{
	struct bytes name;
	const uint8_t *start;
	bool has_escape;
	enum status status;

	if (!json_next_item(reader, true)) {
		return false;
	}
	start = reader->next;
	if (json_look(reader) != '"') {
		return json_fail_octet(reader, start);
	}
	if (!json_scan_string(reader, &name, &has_escape)) {
		return false;
	}
	if (has_escape) {
		name = json_unescape(reader, name);
	}
	if (json_look(reader) != ':' && reader->status == STATUS_OK) {
		json_fail_octet(reader, reader->next);
	}
	if (reader->status != STATUS_OK) {
		return false;
	}
	reader->next++;
	status = json_names_add(reader->names, json_level(reader), name, reader->arena);
	if (status != STATUS_OK) {
		return json_fail_at(reader, start, status);
	}
	reader->is_value_due = true;
	*ret_name = name;
	return true;
}

bool
json_next_element(struct json_reader *reader)
{
	if (!json_next_item(reader, false)) {
		return false;
	}
	reader->is_value_due = true;
	return true;
}

/* Opens the next value if it is a container, else steps over it. */
static void
json_skip_one(struct json_reader *reader)
{
	enum json_kind kind = json_peek(reader);
	struct bytes inside;
	bool ignored;

	/* Nothing that can begin a value is a fault, whatever was wanted. */
	if (!json_value_begin(reader, kind)) {
		return;
	}
	switch (kind) {
	case JSON_NONE:
		break;
	case JSON_NULL:
		json_scan_word(reader, "null");
		break;
	case JSON_FALSE:
		json_scan_word(reader, "false");
		break;
	case JSON_TRUE:
		json_scan_word(reader, "true");
		break;
	case JSON_NUMBER:
		json_scan_number(reader, &ignored);
		break;
	case JSON_STRING:
		json_scan_string(reader, &inside, &ignored);
		break;
	case JSON_ARRAY:
		json_open(reader, false);
		break;
	case JSON_OBJECT:
		json_open(reader, true);
		break;
	}
}

/* The next value to skip within the containers opened since `depth`; false when they end. */
static bool
json_skip_on(struct json_reader *reader, uint32_t depth)
{
	while (reader->status == STATUS_OK && reader->depth > depth) {
		struct bytes name;

		if (json_level(reader)->is_object ? json_next_member(reader, &name)
						  : json_next_element(reader)) {
			return true;
		}
	}
	return false;
}

struct bytes
json_skip(struct json_reader *reader)
{
	const uint32_t depth = reader->depth;
	const uint8_t *start;

	if (reader->status != STATUS_OK) {
		return (struct bytes){NULL, 0};
	}
	json_skip_space(reader);
	start = reader->next;
	do {
		json_skip_one(reader);
	} while (json_skip_on(reader, depth));
	if (reader->status != STATUS_OK) {
		return (struct bytes){NULL, 0};
	}
	return bytes_over(start, (size_t)(reader->next - start));
}

enum status
json_reader_end(struct json_reader *reader)
{
	if (reader->status != STATUS_OK) {
		return reader->status;
	}
	json_skip_space(reader);
	if (reader->depth > 0 || reader->is_value_due) {
		json_fail_octet(reader, reader->next);
	} else if (reader->next < reader->end) {
		json_fail_at(reader, reader->next, STATUS_MALFORMED);
	}
	return reader->status;
}
