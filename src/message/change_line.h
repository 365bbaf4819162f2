/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/problem.h"
#include "handle/handle_value.h"
#include "message/message.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A change as a line of JSON: what `houji batch` reads and what is sent to /v1/bulk.
 *
 *     {"op":"create","handle":"88.999/A","values":[...],"overwrite":true}
 *     {"op":"remove","handle":"88.999/A","indexes":[2,3]}
 *
 * op is create, add, modify, remove, delete, home or unhome; a line of `houji dump`, which has no
 * "op", is a create. A member that no operation has is refused, or a slip of the pen would be
 * a change that nobody meant.
 */
struct change_line {
	uint32_t opcode; /* 100 to 104, 300, 301. */
	bool is_overwriting, is_minting;
	struct bytes handle;
	struct handle_value_list values; /* 100, 102, 104 */
	uint32_t index_count; /* 103 */
	struct bytes indexes; /* index_count x u32 */
};

/* Room for what a line holds. */
enum { CHANGE_LINE_ROOM = MESSAGE_SIZE_MAX };

/* Values and indexes are written to `writer`, texts are in the line or in `arena`. `problem` says
 * what is wrong, and at which octet if it is no JSON. TOO_LARGE also when the writer is full. */
enum status change_line_read(struct bytes line, struct arena *arena, struct wire_writer *writer,
	struct change_line *ret_line, struct problem *problem) MUST_CHECK;

/* What any server would refuse: indexes, sizes, names; values and indexes that are missing. */
enum status change_line_check(const struct change_line *line, struct problem *problem) MUST_CHECK;

const char *change_line_operation(uint32_t opcode); /* "create" ... "?" */
