/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/problem.h"
#include "handle/handle_key.h"
#include "handle/handle_site.h"
#include "handle/handle_value.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

/*
 * What the JSON forms of values, sites and keys share. Only handle_*json*.c use this.
 *
 * All reading is sticky: the reader carries the verdict, `fault` which member it is about.
 * Memory comes from the reader's arena.
 */
struct handle_json_fault {
	const char *member; /* The one being read, or "". */
	const char *why; /* NULL: what the member takes says enough. */
	uint32_t value; /* Which of a record's, from 1; 0: none. */
};

/* Refuses `member` for a reason that only the decoder knows. */
void handle_json_refuse(struct json_reader *reader, struct handle_json_fault *fault,
	const char *member, enum status status, const char *why);

/* The reader's status; if it failed, told to people: where, which member of which value, what it
 * takes, and of what kind the text there is. */
enum status handle_json_verdict(const struct json_reader *reader,
	const struct handle_json_fault *fault, struct problem *problem);

/* {"format": ..., "value": ...} in either order, or a bare string. */
enum handle_json_format {
	HANDLE_JSON_STRING,
	HANDLE_JSON_BASE64,
	HANDLE_JSON_HEX,
	HANDLE_JSON_KEY,
	HANDLE_JSON_ADMIN,
	HANDLE_JSON_VLIST,
	HANDLE_JSON_SITE,
	HANDLE_JSON_FORMAT_COUNT,
};

/* Octets that one format's value stands for. */
typedef struct bytes handle_json_format_read(struct json_reader *reader,
	enum handle_json_format format, struct handle_json_fault *fault);

struct bytes handle_json_read_formatted(struct json_reader *reader, enum handle_json_format bare,
	handle_json_format_read *read, struct handle_json_fault *fault);

/* Reads string, base64, hex and key; INVALID for the others. */
struct bytes handle_json_read_plain(struct json_reader *reader, enum handle_json_format format,
	struct handle_json_fault *fault);

/* Names and types are text, which JSON holds as it is; the octets of the rare one that is no
 * UTF-8 or has a NUL are written as {"format":"base64",...}, so that they come back. */
bool handle_json_is_text(struct bytes run);
void handle_json_write_text(struct json_writer *writer, struct bytes run);
struct bytes handle_json_read_text(
	struct json_reader *reader, size_t size_max, struct handle_json_fault *fault);
void handle_json_write_format(
	struct json_writer *writer, enum handle_json_format format, struct bytes run);

/* [{"handle": ..., "index": ...}] as values and groups have it, `count_max` at the most.
 * Reading takes "300:0.NA/88" too. */
void handle_json_write_references(struct json_writer *writer, struct bytes references);
struct bytes handle_json_read_references(struct json_reader *reader, uint32_t count_max,
	uint32_t *ret_count, struct handle_json_fault *fault);

void handle_json_key_write(struct json_writer *writer, const struct handle_key *key);
/* True for a public key that comes back from JSON as exactly these octets. */
bool handle_json_key_is_exact(struct bytes octets, struct handle_key *ret_key);
void handle_json_key_read(
	struct json_reader *reader, struct handle_key *ret_key, struct handle_json_fault *fault);

/* The same for a site. */
bool handle_json_site_is_exact(struct bytes octets, struct handle_site *ret_site);
void handle_json_site_read(
	struct json_reader *reader, struct handle_site *ret_site, struct handle_json_fault *fault);

/* Octets of unknown number, in an arena: a wire writer that moves to a larger place. */
struct handle_json_octets {
	struct arena *arena;
	struct wire_writer writer;
};

/* Makes room for `size` more octets. Fails the reader when the arena is full. */
bool handle_json_reserve(
	struct json_reader *reader, struct handle_json_octets *octets, size_t size);
