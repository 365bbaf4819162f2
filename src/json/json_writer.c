/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_writer.h"

#include "base/base64.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "json/json_scan.h"

#include <assert.h>

struct json_writer
json_writer_over(char *characters, size_t capacity)
{
	return (struct json_writer){
		.start = characters, .next = characters, .end = characters + capacity};
}

void
json_writer_fail(struct json_writer *writer, enum status status)
{
	if (writer->status == STATUS_OK) {
		writer->status = status;
	}
}

static char *
json_take(struct json_writer *writer, size_t size)
{
	char *at = writer->next;

	if (writer->status != STATUS_OK || (size_t)(writer->end - writer->next) < size) {
		json_writer_fail(writer, STATUS_NO_SPACE);
		return NULL;
	}
	writer->next += size;
	return at;
}

static void
json_put(struct json_writer *writer, struct bytes run)
{
	char *at = json_take(writer, run.size);

	if (at != NULL && run.size > 0) {
		memcpy(at, run.at, run.size);
	}
}

static void
json_put_line(struct json_writer *writer)
{
	char *at = writer->is_pretty ? json_take(writer, 1 + 2 * (size_t)writer->depth) : NULL;

	if (at != NULL) {
		at[0] = '\n';
		memset(at + 1, ' ', 2 * (size_t)writer->depth);
	}
}

static bool
json_is_in_object(const struct json_writer *writer)
{
	return (writer->objects >> writer->depth & 1) != 0;
}

/* What stands between the last item of this container and the next. */
static void
json_put_separator(struct json_writer *writer)
{
	uint64_t level = (uint64_t)1 << writer->depth;

	if ((writer->used & level) != 0) {
		json_put(writer, TEXT(","));
	}
	writer->used |= level;
	if (writer->depth > 0) {
		json_put_line(writer);
	}
}

/* Comes before every value; false if nothing more can be written. */
static bool
json_value_open(struct json_writer *writer)
{
	if (writer->status != STATUS_OK) {
		return false;
	}
	assert(json_is_in_object(writer) == writer->is_after_name);
	assert(writer->depth > 0 || (writer->used & 1) == 0);
	if (writer->is_after_name) {
		writer->is_after_name = false;
	} else {
		json_put_separator(writer);
	}
	return writer->status == STATUS_OK;
}

static void
json_container_open(struct json_writer *writer, bool is_object)
{
	uint64_t level;

	if (!json_value_open(writer)) {
		return;
	}
	if (writer->depth == JSON_DEPTH_MAX) {
		json_writer_fail(writer, STATUS_TOO_LARGE);
		return;
	}
	json_put(writer, is_object ? TEXT("{") : TEXT("["));
	writer->depth++;
	level = (uint64_t)1 << writer->depth;
	writer->used &= ~level;
	writer->objects = is_object ? writer->objects | level : writer->objects & ~level;
}

static void
json_container_close(struct json_writer *writer, bool is_object)
{
	bool is_empty;

	if (writer->status != STATUS_OK) {
		return;
	}
	assert(writer->depth > 0 && json_is_in_object(writer) == is_object);
	assert(!writer->is_after_name);
	is_empty = (writer->used >> writer->depth & 1) == 0;
	writer->depth--;
	if (!is_empty) {
		json_put_line(writer);
	}
	json_put(writer, is_object ? TEXT("}") : TEXT("]"));
}

void
json_write_object(struct json_writer *writer)
{
	json_container_open(writer, true);
}

void
json_write_object_end(struct json_writer *writer)
{
	json_container_close(writer, true);
}

void
json_write_array(struct json_writer *writer)
{
	json_container_open(writer, false);
}

void
json_write_array_end(struct json_writer *writer)
{
	json_container_close(writer, false);
}

/* Puts the character that cannot stand in a string as it is. */
static void
json_put_escape(struct json_writer *writer, uint8_t octet)
{
	static const char letters[] = "btn?fr"; /* From U+0008 on; U+000B has none. */
	char escape[6] = {'\\', 'u', '0', '0', 0, 0};

	if (octet == '"' || octet == '\\') {
		escape[1] = (char)octet;
		json_put(writer, bytes_over(escape, 2));
	} else if (octet >= '\b' && octet <= '\r' && octet != '\v') {
		escape[1] = letters[octet - '\b'];
		json_put(writer, bytes_over(escape, 2));
	} else {
		escape[4] = (char)('0' + (octet >> 4));
		escape[5] = "0123456789abcdef"[octet & 0x0f];
		json_put(writer, bytes_over(escape, 6));
	}
}

/* Puts a run without quotes, backslashes or controls. */
static void
json_put_plain(struct json_writer *writer, struct bytes run, bool is_ascii)
{
	while (run.size > 0 && writer->status == STATUS_OK) {
		size_t good = is_ascii ? run.size : bytes_utf8_size(run);

		json_put(writer, bytes_slice(run, 0, good));
		if (good < run.size) {
			json_put(writer, TEXT("\xef\xbf\xbd"));
			good++;
		}
		run = bytes_slice(run, good, run.size);
	}
}

/* Mostly nothing is to be escaped: then all of it goes at once. */
static void
json_put_quoted(struct json_writer *writer, struct bytes text)
{
	char *at = json_take(writer, text.size + 2);

	if (at != NULL) {
		at[0] = '"';
		if (text.size > 0) {
			memcpy(at + 1, text.at, text.size);
		}
		at[text.size + 1] = '"';
	}
}

static void
json_put_string(struct json_writer *writer, struct bytes text)
{
	const uint8_t *at = text.at;
	const uint8_t *end = text.size == 0 ? at : at + text.size; /* Nothing may be nowhere. */
	uint8_t high = 0;
	const uint8_t *stop = json_scan_plain(at, end, &high);

	if (stop == end && high == 0) {
		json_put_quoted(writer, text);
		return;
	}
	json_put(writer, TEXT("\""));
	while (at < end && writer->status == STATUS_OK) {
		json_put_plain(writer, bytes_over(at, (size_t)(stop - at)), high == 0);
		if (stop < end) {
			json_put_escape(writer, *stop);
			stop++;
		}
		at = stop;
		high = 0;
		stop = json_scan_plain(at, end, &high);
	}
	json_put(writer, TEXT("\""));
}

void
json_write_plain_name(struct json_writer *writer, const char *name, size_t size)
{
	char *at;

	if (writer->status != STATUS_OK) {
		return;
	}
	assert(json_is_in_object(writer) && !writer->is_after_name);
	json_put_separator(writer);
	at = json_take(writer, size + (writer->is_pretty ? 4 : 3));
	if (at != NULL) {
		at[0] = '"';
		memcpy(at + 1, name, size);
		at[size + 1] = '"';
		at[size + 2] = ':';
		if (writer->is_pretty) {
			at[size + 3] = ' ';
		}
	}
	writer->is_after_name = true;
}

void
json_write_name_bytes(struct json_writer *writer, struct bytes name)
{
	if (writer->status != STATUS_OK) {
		return;
	}
	assert(json_is_in_object(writer) && !writer->is_after_name);
	json_put_separator(writer);
	json_put_string(writer, name);
	json_put(writer, writer->is_pretty ? TEXT(": ") : TEXT(":"));
	writer->is_after_name = true;
}

void
json_write_string(struct json_writer *writer, struct bytes text)
{
	if (json_value_open(writer)) {
		json_put_string(writer, text);
	}
}

void
json_write_u64(struct json_writer *writer, uint64_t number)
{
	char digits[20];
	struct text_writer text = text_writer_over(digits, sizeof(digits));

	text_write_u64(&text, number);
	json_write_raw(writer, text_written(&text));
}

void
json_write_i64(struct json_writer *writer, int64_t number)
{
	char digits[20];
	struct text_writer text = text_writer_over(digits, sizeof(digits));

	text_write_i64(&text, number);
	json_write_raw(writer, text_written(&text));
}

void
json_write_bool(struct json_writer *writer, bool truth)
{
	json_write_raw(writer, truth ? TEXT("true") : TEXT("false"));
}

void
json_write_null(struct json_writer *writer)
{
	json_write_raw(writer, TEXT("null"));
}

/* Room between two quotes for `size` characters that need no escape. */
static char *
json_take_quoted(struct json_writer *writer, size_t size)
{
	char *at = NULL;

	if (size > SIZE_MAX - 2) {
		json_writer_fail(writer, STATUS_NO_SPACE);
	}
	if (json_value_open(writer)) {
		at = json_take(writer, size + 2);
	}
	if (at == NULL) {
		return NULL;
	}
	at[0] = '"';
	at[size + 1] = '"';
	return at + 1;
}

static void
json_write_coded(struct json_writer *writer, struct bytes run, enum base64_alphabet alphabet)
{
	char *at = json_take_quoted(writer, base64_encoded_size(run.size, alphabet));

	if (at != NULL) {
		base64_encode(run, alphabet, at);
	}
}

void
json_write_base64(struct json_writer *writer, struct bytes run)
{
	json_write_coded(writer, run, BASE64_STANDARD);
}

void
json_write_base64url(struct json_writer *writer, struct bytes run)
{
	json_write_coded(writer, run, BASE64_URL);
}

void
json_write_hex(struct json_writer *writer, struct bytes run)
{
	size_t size = run.size > SIZE_MAX / 2 ? SIZE_MAX : run.size * 2;
	char *at = json_take_quoted(writer, size);
	struct text_writer text;

	if (at != NULL) {
		text = text_writer_over(at, size);
		text_write_hex(&text, run);
	}
}

void
json_write_raw(struct json_writer *writer, struct bytes json)
{
	if (json_value_open(writer)) {
		json_put(writer, json);
	}
}

char *
json_raw_begin(struct json_writer *writer, size_t size)
{
	if (writer->is_pretty || writer->status != STATUS_OK ||
		(size_t)(writer->end - writer->next) <= size || !json_value_open(writer)) {
		return NULL;
	}
	return writer->next;
}

void
json_raw_end(struct json_writer *writer, size_t used)
{
	assert(used > 0 && used <= (size_t)(writer->end - writer->next));
	writer->next += used;
}

void
json_writer_rewind(struct json_writer *writer, const struct json_writer *earlier)
{
	enum status status = writer->status;

	assert(earlier->start == writer->start && earlier->next <= writer->next);
	*writer = *earlier;
	if (status != STATUS_NO_SPACE) {
		json_writer_fail(writer, status);
	}
}

struct bytes
json_written(const struct json_writer *writer)
{
	return bytes_over(writer->start, (size_t)(writer->next - writer->start));
}

enum status
json_writer_end(const struct json_writer *writer)
{
	assert(writer->status != STATUS_OK || (writer->depth == 0 && !writer->is_after_name));
	return writer->status;
}
