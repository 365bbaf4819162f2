/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
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
 * read or skipped. Strings without escapes are views into the text; others live in the
 * arena. `at` is where reading stopped: the place of the first fault for messages.
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
	enum status status;
	uint32_t depth;
	bool is_first; /* The container just opened has no member yet. */
	struct json_frame *frame; /* Names met in the open objects, for duplicates. */
};

struct json_reader json_reader_over(struct bytes text, struct arena *arena);

enum json_kind json_peek(struct json_reader *reader); /* What comes next. */

void json_read_object(struct json_reader *reader);
bool json_next_member(struct json_reader *reader, struct bytes *ret_name);
void json_read_array(struct json_reader *reader);
bool json_next_element(struct json_reader *reader);

struct bytes json_read_string(struct json_reader *reader);
uint64_t json_read_u64(struct json_reader *reader, uint64_t max); /* Whole, >= 0, <= max. */
int64_t json_read_i64(struct json_reader *reader);
bool json_read_bool(struct json_reader *reader);

/* The text of the next value, whatever it is, checked as strictly as if it were read. */
struct bytes json_skip(struct json_reader *reader);

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
