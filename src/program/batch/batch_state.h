/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Which items of a batch were answered: one bit each, in FILE.batch beside the batch file,
 * mapped, so that whatever was answered is noted even if the program is killed in the next
 * instant. The file begins with what the batch file was (size and time of change): another
 * file is not resumed.
 */
struct batch_state;

/* `is_resuming` keeps what an earlier run noted: NOT_FOUND when there is none, CONFLICT when
 * the batch file has changed since. Otherwise begins anew; EXISTS when an earlier run of the same
 * file is not done, because to begin anew would ask for all of it again. */
enum status batch_state_open(const char *path, bool is_resuming, struct batch_state **ret_state,
	struct problem *problem) MUST_CHECK;
bool batch_state_has(const struct batch_state *state, uint64_t number); /* From 0. */
/* NO_SPACE when the file cannot grow. */
enum status batch_state_note(struct batch_state *state, uint64_t number) MUST_CHECK;
/* Removes the file when the batch `is_done`, or nothing of it was. NULL is fine. */
void batch_state_close(struct batch_state *state, bool is_done);
