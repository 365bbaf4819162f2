/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"
#include "wire/wire_reader.h"
#include "wire/wire_writer.h"

#include <stdint.h>

/*
 * One value of a record, and the list of them, in the encoding that the wire and the
 * store share (RFC 3651, 3.1; field order as Handle.net has it):
 *
 *     u32 index, u32 timestamp, u8 ttl kind, u32 ttl, u8 permissions,
 *     blob type, blob data, u32 n, n x (blob handle, u32 index)
 *
 * Decoding copies nothing and allocates nothing: a value is a view into the octets it
 * was read from. References stay encoded and are walked with handle_reference_next().
 *
 *     struct handle_value_list list;
 *     struct handle_value value;
 *     list = handle_value_list_read(&reader);
 *     for (struct wire_reader walk = handle_value_list_walk(&list);
 *             handle_value_next(&walk, &value);) ...
 */
enum handle_permission {
	HANDLE_PUBLIC_WRITE = 0x01,
	HANDLE_PUBLIC_READ = 0x02,
	HANDLE_ADMIN_WRITE = 0x04,
	HANDLE_ADMIN_READ = 0x08,
	HANDLE_PERMISSION_DEFAULT = 0x0e,
};

enum handle_ttl_kind {
	HANDLE_TTL_RELATIVE = 0, /* Seconds from now. */
	HANDLE_TTL_ABSOLUTE = 1, /* Seconds since 1970. */
};

enum {
	HANDLE_TTL_DEFAULT = 86400,
	HANDLE_VALUE_SIZE_MIN = 26, /* Encoded, with empty type, data and references. */
	HANDLE_VALUE_DIGEST_SKIP = 8 /* Index and timestamp: left out of signatures of values. */
};

struct handle_value {
	uint32_t index;
	uint32_t timestamp; /* Last change, seconds since 1970. */
	uint8_t ttl_kind;
	uint32_t ttl;
	uint8_t permissions;
	struct bytes type;
	struct bytes data;
	uint32_t reference_count;
	struct bytes references; /* reference_count x (blob handle, u32 index). */
};

struct handle_reference {
	struct bytes name;
	uint32_t index;
};

/* Reads one value; all limits of base/limits.h apply. The verdict is the reader's; once it
 * failed, the value is all zero. */
void handle_value_read(struct wire_reader *reader, struct handle_value *ret_value);
void handle_value_write(struct wire_writer *writer, const struct handle_value *value);
size_t handle_value_size(const struct handle_value *value); /* Octets that writing takes. */

/* `walk` starts at wire_reader_over(value->references). */
bool handle_reference_next(struct wire_reader *walk, struct handle_reference *ret_reference);
void handle_reference_write(struct wire_writer *writer, const struct handle_reference *reference);

/* A u32 count and that many values; `octets` holds the values without the count. */
struct handle_value_list {
	uint32_t count;
	struct bytes octets;
};

/* Reads and checks every value. */
struct handle_value_list handle_value_list_read(struct wire_reader *reader);
void handle_value_list_write(struct wire_writer *writer, const struct handle_value_list *list);
struct wire_reader handle_value_list_walk(const struct handle_value_list *list);

/* False at the end of the list (or of what could be read). */
bool handle_value_next(struct wire_reader *walk, struct handle_value *ret_value);

/* A record may hold this list: indexes unique and from 1 to 2^31 - 1 (they are signed in
 * Handle.net), sizes within limits. INVALID or VALUE_EXISTS, and the index at fault;
 * TOO_LARGE for the record as a whole; what reading says for octets that do not decode.
 * `ret_index` is always set: 0 when no index is at fault. */
enum status handle_value_list_check(
	const struct handle_value_list *list, uint32_t *ret_index) MUST_CHECK;
/* The same, told to people: which index, and what is allowed. */
enum status handle_value_list_explain(
	const struct handle_value_list *list, struct problem *problem) MUST_CHECK;

/* The query rule: `asked` matches without case, or ends in "." and is followed by more, or
 * equals the type with that "." added. "" matches nothing. */
bool handle_type_matches(struct bytes asked, struct bytes type);

/* The "is a" rule of administrator checks: equal without case, or type begins with asked + ".". */
bool handle_type_is(struct bytes type, struct bytes asked);
