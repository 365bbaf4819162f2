/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/problem.h"
#include "handle/handle_value.h"
#include "message/message.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A batch file: operations for an administrator, one after the other.
 *
 *     batch_source_open(&source, path, &problem);
 *     while ((status = batch_next(&source, &item, &problem)) != STATUS_NOT_FOUND) {
 *             ... an item, or a problem with the line it stands in; then the next ...
 *     }
 *     batch_source_close(&source);
 *
 * Two forms, told apart by the first octet that is no blank:
 *
 * - JSON, an object a line (batch_json.c): {"op":"create","handle":...,"values":[...]}; op is
 *   create (also without "op"), add, modify, remove, delete, home or unhome. A create without
 *   HS_ADMIN gets one for `admin_name`, or nobody could ever change the record.
 * - Handle.net's GenericBatch (batch_generic.c): blocks that end with an empty line.
 *
 * Only the item in hand is in memory. Its views are gone with the next call.
 */
enum batch_kind {
	BATCH_OPERATION,
	BATCH_AUTHENTICATE, /* From here on another identity asks. */
	BATCH_SESSION, /* From here on inside a session, or not. */
};

struct batch_item {
	enum batch_kind kind;
	uint64_t line; /* Where it begins, counted from 1. */

	/* BATCH_OPERATION */
	uint32_t opcode; /* 100 to 104, 300, 301. */
	bool is_overwriting, is_minting;
	struct bytes handle;
	struct handle_value_list values; /* 100, 102, 104 */
	uint32_t index_count; /* 103 */
	struct bytes indexes; /* index_count x u32 */
	const char *server; /* HOST:PORT that this operation is for; NULL: the batch's. */

	/* BATCH_AUTHENTICATE: a private key's file, or a secret. */
	const char *user; /* INDEX:HANDLE */
	const char *key_file; /* NULL: `secret`. */
	struct bytes secret; /* Of the key, or what opens the file; may be empty there. */

	bool is_session; /* BATCH_SESSION */
};

/* Room for a line and for what is read at once. */
enum { BATCH_LINES_SIZE = JSON_TEXT_SIZE_MAX + 262144 };

/* Lines of a file or pipe, at most JSON_TEXT_SIZE_MAX octets each, without their ends. */
struct batch_lines {
	int fd;
	uint8_t *octets;
	size_t begin, end;
	uint64_t number; /* Of the line given last. */
	uint64_t offset; /* In the file, behind that line. */
	bool is_at_end; /* Nothing more can be read. */
	bool is_back; /* The last line is given once more. */
	struct bytes last;
};

struct batch_source {
	struct batch_lines lines;
	struct arena *arena; /* Of the item in hand. */
	uint8_t *octets; /* Values of the item in hand. */
	bool is_known; /* The form has been looked at. */
	bool is_json;
	/* JSON: who administers the records created without an HS_ADMIN value; empty: nobody. */
	struct bytes admin_name;
	uint32_t admin_index;
	uint64_t block_line; /* HOME, UNHOME: a block of several items is open. */
	uint32_t block_opcode;
	const char *block_server;
	char block_octets[256];
};

/* "-" is standard input. SYSTEM, NO_MEMORY. */
enum status batch_source_open(
	struct batch_source *source, const char *path, struct problem *problem) MUST_CHECK;
void batch_source_close(struct batch_source *source);

/* NOT_FOUND at the end. Any other failure is about one item, and `problem` says "LINE: why";
 * the next call goes on behind it. SYSTEM: the file cannot be read; there is no next. */
enum status batch_next(struct batch_source *source, struct batch_item *ret_item,
	struct problem *problem) MUST_CHECK;

/* Octets of the file; 0 for what is no regular file. */
uint64_t batch_source_size(const struct batch_source *source);

/* True if the next call would wait for a writer on the other side of a pipe. */
bool batch_would_wait(const struct batch_source *source);

const char *batch_operation_name(uint32_t opcode); /* "create" ... */

/* batch_lines.c */
/* OK, NOT_FOUND at the end, TOO_LARGE (the line is passed over), SYSTEM. */
enum status batch_line_next(struct batch_lines *lines, struct bytes *ret_line) MUST_CHECK;
void batch_line_back(struct batch_lines *lines);

/* batch_json.c, batch_generic.c: one item, as batch_next(). */
enum status batch_json_next(struct batch_source *source, struct batch_item *ret_item,
	struct problem *problem) MUST_CHECK;
enum status batch_generic_next(struct batch_source *source, struct batch_item *ret_item,
	struct problem *problem) MUST_CHECK;

/* What the server would refuse anyway: indexes, sizes, names. */
enum status batch_item_check(const struct batch_item *item, struct problem *problem) MUST_CHECK;
