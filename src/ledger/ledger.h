/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "journal/journal.h"
#include "records/records.h"

/*
 * The ledger orders: every change of a node becomes one journal entry, in one order, and
 * then shows in the view.
 *
 *     submit (any thread) -> queue -> committer thread:
 *       judge each change on the state it would change, add it to the batch,
 *       one write + one fdatasync, apply to places, call back; LMDB follows behind.
 *
 * A batch is whatever queued while the last one was being made durable, so it grows with
 * load by itself (group commit). `committed` is called only when the change is durable and
 * visible to records_lookup. After a failed write or sync the ledger is read-only: every
 * later change is answered READ_ONLY, reads go on.
 */
struct ledger;
struct ledger_change;

/* Decides on the committer's thread, in order: OK lets the change through; anything else
 * refuses it. `before` is NULL when the handle does not exist. */
typedef enum status ledger_judge(
	void *context, const struct ledger_change *change, const struct record *before);
typedef void ledger_committed(
	void *context, struct ledger_change *change, enum status status, uint64_t sequence);

struct ledger_change {
	struct ledger_change *next; /* The ledger's. */
	enum journal_kind kind;
	struct bytes name; /* The handle; for JOURNAL_HOME the 0.NA handle. */
	struct handle_value_list values; /* JOURNAL_PUT. */
	struct bytes actor;
	ledger_judge *judge; /* NULL: let it through. */
	ledger_committed *committed;
	void *context;
	uint64_t place; /* Set by the ledger. */
	enum status status; /* Set by the ledger before `committed`. */
};

enum ledger_open_mode {
	LEDGER_READ, /* dump, verify: nothing is written, nothing replayed to disk. */
	LEDGER_WRITE,
	LEDGER_CREATE, /* EXISTS if there is one. */
};

/* Opens DIR: takes the lock (IN_USE names the holder), checks, replays what the view missed. */
enum status ledger_open(const char *directory, enum ledger_open_mode mode,
	struct ledger **ret_ledger, struct problem *problem) MUST_CHECK;
/* Waits for what is queued, brings the view up to date, writes the checkpoint. */
enum status ledger_close(struct ledger *ledger, struct problem *problem);

struct records *ledger_records(struct ledger *ledger);
struct journal *ledger_journal(struct ledger *ledger);

/* The change and all it points to stay the caller's, untouched, until `committed`. BUSY when
 * LEDGER_QUEUE_COUNT_MAX wait. Several changes chained by `next` enter together, in order. */
enum status ledger_submit(struct ledger *ledger, struct ledger_change *changes) MUST_CHECK;

/* Submits and waits; for tools and start-up. */
enum status ledger_commit(struct ledger *ledger, struct ledger_change *change) MUST_CHECK;

/* Waits until the ordered view shows everything submitted so far. */
enum status ledger_settle(struct ledger *ledger, struct problem *problem) MUST_CHECK;

/* Walks the whole journal (checksums, sequence, chain) and proves that places and the ordered
 * view are what the journal says. `progress` may be NULL; false from it stops (ABORTED is
 * BUSY). Every fault found goes to `problem`, the first one in full. */
struct ledger_report {
	uint64_t entry_count;
	uint64_t handle_count; /* Existing now. */
	uint64_t deleted_count;
	uint64_t prefix_count;
	uint8_t head[JOURNAL_DIGEST_SIZE]; /* Hash of the last entry. */
};
typedef bool ledger_progress(void *context, uint64_t done, uint64_t total);
enum status ledger_verify(struct ledger *ledger, ledger_progress *progress, void *context,
	struct ledger_report *ret_report, struct problem *problem) MUST_CHECK;
