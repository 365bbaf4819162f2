/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The log of refused changes: who tried what, and why it was not done. What was done is in the
 * ledger.
 *
 *     {"time":"2026-11-27T16:40:00Z","source":"192.0.2.1","identity":"300:0.NA/88.1",
 *      "operation":"CREATE_HANDLE","handle":"88.1/x","code":400,"why":"..."}
 *
 * One JSON object a line, at most AUDIT_LINE_SIZE_MAX octets; long names are cut. What a peer
 * sent is escaped twice - controls and what could mislead a reader's terminal, then as JSON -
 * and is never more than a name: no data, no secret, no proof comes here.
 *
 * A flood of refusals must not fill the disk or hold up the workers. AUDIT_PER_SECOND_MAX lines
 * are written in a second; the first line after a gap says in "dropped" how many were not. At
 * AUDIT_SIZE_MAX the file is renamed to NAME.1, in the place of the one before it.
 *
 * Any thread may write; a line is one write(2) under a lock.
 *
 * A node may keep a second one of the same form: a sample of all questions, whoever asked.
 */
struct audit;

/* Appends to the file, or makes it (mode 0600). NULL: see the problem. */
struct audit *audit_open(const char *path, struct problem *problem);
/* The same for a file that is made with its first line. */
struct audit *audit_open_later(const char *path, struct problem *problem);
void audit_close(struct audit *audit); /* NULL is fine. */

struct audit_refusal {
	int64_t now_s; /* Since 1970. */
	const uint8_t *source; /* 16 octets: address_octets(). */
	struct bytes identity_name; /* Claimed; empty: nobody in particular. */
	uint32_t identity_index;
	struct bytes token; /* Its name, if one was shown for the identity. */
	const char *operation; /* Its name. */
	struct bytes handle;
	uint32_t code; /* Response code. */
	struct bytes why; /* For people; may be empty. */
};

/* False if it was dropped: too many, or the disk does not take it. */
bool audit_note(struct audit *audit, const struct audit_refusal *refusal);
