/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether what several threads saw of one record can be told as a story in which everything
 * happened at one instant between question and answer (linearizability; the search of Wing
 * and Gong, with Lowe's memory of what was tried).
 *
 * An operation whose answer never came - the process was killed - may have happened at any
 * time after it was asked, or not at all.
 */
enum linear_kind {
	LINEAR_READ, /* `value`: what was found; 0: nothing. */
	LINEAR_PUT, /* Writes `value`, whatever was there. */
	LINEAR_CREATE, /* Writes `value` if nothing is there; is refused if something is. */
	LINEAR_REPLACE, /* Writes `value` if something is there; is refused if nothing is. */
	LINEAR_MODIFY, /* Writes `value` if `expected` is there; is refused if not. */
	LINEAR_DELETE, /* Is refused if nothing is there. */
};

struct linear_operation {
	enum linear_kind kind;
	uint64_t value, expected; /* Values are written once each, and never 0. */
	bool is_answered, is_refused;
	uint64_t asked, answered; /* Numbers that grow with time, each given once. */
};

enum { LINEAR_OPERATION_COUNT_MAX = 512 };

/* Operations in any order; what the record held before them all. */
bool linear_check(const struct linear_operation *operations, size_t count, uint64_t before);
