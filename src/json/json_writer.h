/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Writes compact JSON (RFC 8259) into a buffer the caller owns: no tree, no allocation.
 * Commas and colons come by themselves; the first text that does not fit sets NO_SPACE
 * once, and what is half-written can be taken back with json_writer_rewind().
 *
 *     json_write_object(&writer);
 *     json_write_name(&writer, "handle");
 *     json_write_string(&writer, name);
 *     json_write_object_end(&writer);
 *
 * To take back a member or element, keep a copy of the writer from before it:
 *
 *     struct json_writer before = writer;
 *     value_write_json(&writer, value);
 *     if (!json_writer_ok(&writer)) {
 *             json_writer_rewind(&writer, &before);
 *     }
 *
 * Strings must be UTF-8; octets that are not become U+FFFD, one each. Non-ASCII is not
 * escaped. Members without a name, names without a value, two values at the top and ends
 * without a beginning are bugs of the caller and assert; nesting too deep is TOO_LARGE.
 */
struct json_writer {
	char *start;
	char *next;
	char *end;
	enum status status;
	uint32_t depth;
	uint64_t used; /* One bit a level, 0 the top: something stands before in this container. */
	uint64_t objects; /* One bit a level: it is an object. */
	bool is_after_name;
	bool is_pretty; /* Two-space indent; set it before the first write. */
	bool hides_secrets; /* For those who write what may be one: it is left out. */
};

struct json_writer json_writer_over(char *characters, size_t capacity);

void json_write_object(struct json_writer *writer);
void json_write_object_end(struct json_writer *writer);
void json_write_array(struct json_writer *writer);
void json_write_array_end(struct json_writer *writer);
void json_write_plain_name(struct json_writer *writer, const char *name, size_t size);
/* A name of the program's own, with nothing in it to escape. */
static inline void
json_write_name(struct json_writer *writer, const char *name)
{
	json_write_plain_name(writer, name, strlen(name));
}

void json_write_name_bytes(struct json_writer *writer, struct bytes name);

void json_write_string(struct json_writer *writer, struct bytes text);
void json_write_u64(struct json_writer *writer, uint64_t number);
void json_write_i64(struct json_writer *writer, int64_t number);
void json_write_bool(struct json_writer *writer, bool truth);
void json_write_null(struct json_writer *writer);
void json_write_base64(struct json_writer *writer, struct bytes run); /* RFC 4648, 4: padded. */
void json_write_base64url(struct json_writer *writer, struct bytes run); /* 5: not padded. */
void json_write_hex(struct json_writer *writer, struct bytes run);
void json_write_raw(struct json_writer *writer, struct bytes json); /* One value, already JSON. */

/* For those who write a whole value of compact JSON at once: room for `size` characters, or NULL,
 * with nothing written and no fault, when there is none or the text is to be pretty. How much of
 * it was used is told at the end. */
char *json_raw_begin(struct json_writer *writer, size_t size);
void json_raw_end(struct json_writer *writer, size_t used);

void json_writer_fail(struct json_writer *writer, enum status status);

static inline bool
json_writer_ok(const struct json_writer *writer)
{
	return writer->status == STATUS_OK;
}

/* Goes back to an `earlier` copy of this writer. Forgives NO_SPACE, keeps any other fault. */
void json_writer_rewind(struct json_writer *writer, const struct json_writer *earlier);

struct bytes json_written(const struct json_writer *writer);
enum status json_writer_end(const struct json_writer *writer) MUST_CHECK;
