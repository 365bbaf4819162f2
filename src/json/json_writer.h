/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdint.h>

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
 * Strings must be UTF-8; octets that are not become U+FFFD. Non-ASCII is not escaped.
 */
enum { JSON_WRITER_DEPTH_MAX = 32 };

struct json_writer {
	char *start;
	char *next;
	char *end;
	enum status status;
	uint32_t depth;
	uint32_t used; /* One bit a level: something stands before in this container. */
	bool is_after_name;
	bool is_pretty; /* Two-space indent. */
};

struct json_writer json_writer_over(char *characters, size_t capacity);

void json_write_object(struct json_writer *writer);
void json_write_object_end(struct json_writer *writer);
void json_write_array(struct json_writer *writer);
void json_write_array_end(struct json_writer *writer);
void json_write_name(struct json_writer *writer, const char *name);
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

void json_writer_fail(struct json_writer *writer, enum status status);
struct bytes json_written(const struct json_writer *writer);
enum status json_writer_end(const struct json_writer *writer) MUST_CHECK;
