/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/status.h"

#include <stdint.h>

/*
 * Reads one JSON text (RFC 8259) as a stream of questions, without a tree.
 *
 * Strict: UTF-8 only, no duplicate members, no lone surrogates, no NUL in strings, no
 * trailing commas or text, depth and members within base/limits.h. Like the wire reader
 * it is sticky: the first fault sets `status`, and every later question answers zero or
 * empty. So a decoder is straight code with one check at the end:
 *
 *     struct json_reader reader = json_reader_over(line, arena);
 *     struct bytes name;
 *     json_read_object(&reader);
 *     while (json_next_member(&reader, &name)) {
 *             if (bytes_equal(name, TEXT("index"))) {
 *                     index = json_read_u64(&reader, UINT32_MAX);
 *             } else {
 *                     json_skip(&reader);
 *             }
 *     }
 *     return json_reader_end(&reader);
 *
 * After json_next_member() or json_next_element() returned true, exactly one value must be
 * read or skipped; anything else is a bug of the decoder and asserts. Strings without escapes
 * are views into the text; others live in the arena, as do the names of the open objects.
 * Memory: about 1.5 KiB of the arena for a text with a container, then 24 octets a member
 * for objects beyond 32 members. Time grows with the text alone, whatever names it brings.
 *
 * The status says what is wrong:
 *     TRUNCATED    the text ends within a value: more octets could mend it
 *     MALFORMED    not JSON, or one of the things refused above
 *     TOO_LARGE    a limit, or a number beyond what was asked for
 *     INVALID      good JSON of another kind than the one asked for
 *     NO_MEMORY    the arena is full
 * and json_reader_at() says where: at the octet, name or value at fault.
 */
enum json_kind {
	JSON_NONE, /* Fault or end. */
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_reader {
	const uint8_t *start;
	const uint8_t *next;
	const uint8_t *end;
	struct arena *arena;
	struct json_names *names; /* Names met in the open objects; NULL before the first. */
	enum status status;
	uint32_t depth;
	bool is_first; /* The container just opened has no member yet. */
	bool is_value_due; /* One value must be read before the next step. */
};

/* `text` of at most JSON_TEXT_SIZE_MAX octets, else TOO_LARGE. Text and arena outlive the
 * reader and all strings it returned. */
struct json_reader json_reader_over(struct bytes text, struct arena *arena);

/* What the value that is due begins like, without a verdict on it; JSON_NONE if that is no
 * value, or once the reader failed. */
enum json_kind json_peek(struct json_reader *reader);

void json_read_object(struct json_reader *reader);
bool json_next_member(struct json_reader *reader, struct bytes *ret_name);
void json_read_array(struct json_reader *reader);
bool json_next_element(struct json_reader *reader);

struct bytes json_read_string(struct json_reader *reader);

/* Whole numbers, written without fraction or exponent; no sign for u64. INVALID otherwise,
 * TOO_LARGE beyond `max` or the type. */
uint64_t json_read_u64(struct json_reader *reader, uint64_t max);
int64_t json_read_i64(struct json_reader *reader);
bool json_read_bool(struct json_reader *reader);

/* The octets that a string stands for, in the arena. INVALID if it is not base64 or hex. */
struct bytes json_read_base64(struct json_reader *reader, enum base64_alphabet alphabet);
struct bytes json_read_hex(struct json_reader *reader);

/* The text of the next value, whatever it is, checked as strictly as if it were read. */
struct bytes json_skip(struct json_reader *reader);

/* Refuses what was read for a reason only the caller can see. The first wins. */
void json_reader_fail(struct json_reader *reader, enum status status);

static inline bool
json_reader_ok(const struct json_reader *reader)
{
	return reader->status == STATUS_OK;
}

/* Octets read so far: where the fault is. */
static inline size_t
json_reader_at(const struct json_reader *reader)
{
	return (size_t)(reader->next - reader->start);
}

/* OK only if one whole value was read and nothing but space follows. */
enum status json_reader_end(struct json_reader *reader) MUST_CHECK;
