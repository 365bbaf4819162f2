/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "program/administer/administer.h"
#include "program/batch/batch.h"
#include "program/batch/batch_state.h"
#include "program/terminal/progress.h"

#include <stdio.h>

/*
 * Carries a batch out: items are read, sent over several links and forgotten when they are
 * answered, so that memory does not grow with the file. Items of one handle are never on their
 * way together, so they take effect in the order of the file; others may overtake each other.
 *
 * A connection that breaks stops the batch: what was under way then is without answer, and
 * --resume asks for it again.
 */
struct batch_options {
	struct administer administer;
	const char *path; /* "-": standard input. */
	const char *results; /* A file for a line of JSON for each item; NULL: none. */
	bool is_dry_run, is_resuming;
	bool is_without_admin; /* Records without HS_ADMIN stay so. */
	unsigned long link_count; /* Connections. */
	unsigned long depth; /* Items under way in each. */
	unsigned long errors_max; /* Stops after so many refusals; 0: goes on. */
};

struct batch_counts {
	uint64_t items; /* Operations in the file, as far as it was read. */
	uint64_t done; /* Carried out now. */
	uint64_t skipped; /* Carried out or refused by an earlier run. */
	uint64_t refused;
	uint64_t wrong; /* Lines that are no operation. */
	uint64_t unanswered;
	uint64_t foreign; /* Creates whose HS_ADMIN values do not name who asks. */
	uint64_t foreign_line; /* The first of them. */
	double seconds;
	bool is_resumable; /* Something is noted, or may have been done: FILE.batch is kept. */
};

/* From a handler of signals: what is under way is finished, nothing more is sent. */
void batch_interrupt(int number);

/* OK when the whole file was read and every item answered, whatever the answers; CLOSED when
 * it was stopped before that. `problem` says why. */
enum status batch_run(struct batch_options *options, struct batch_counts *ret_counts,
	struct problem *problem) MUST_CHECK;
