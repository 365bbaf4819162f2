/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "journal/journal.h"
#include "loop/loop.h"
#include "monitor/monitor.h"
#include "records/records.h"

#include <stdatomic.h>

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
 * visible to records_lookup. Two changes of one handle never share a batch, so that each is
 * judged on what the one before it left.
 *
 * After a failed write or sync the ledger is read-only: every later change is answered
 * READ_ONLY, reads go on, and ledger_fault() says why. The changes of the batch that failed
 * are answered with the failure; whether they are there after the next start is unknown.
 *
 *     DIR/lock              who has the ledger open
 *     DIR/ledger/           the journal: the truth
 *     DIR/view/places       where each handle's newest entry is; checkpoint of the journal
 *     DIR/view/ordered.mdb  the same in key order, and the homed prefixes
 *     DIR/view/tree         where each sequence lies; Merkle tree of the journal
 *
 * All of view/ can be made again from the journal (ledger_rebuild). When it lags behind -
 * after a crash - opening for writing replays what it missed.
 */
struct ledger;
struct ledger_change;
struct ledger_tree;

/*
 * Decides on the committer's thread, in order, on the state that the change would change: OK
 * lets it through, anything else refuses it. `before` is NULL when the handle does not exist,
 * and for prefixes. What else it must know (the prefix's administrators, a group) it asks
 * ledger_state_find(); BUSY from there is handed on, and the judge is asked again when the
 * changes in front of this one are visible. So it may be called more than once, and leaves
 * nothing behind but these: it may set `values` of a JOURNAL_PUT - a record made from
 * `before`, whose octets live as long as the ledger - and `text`, why it refuses.
 *
 * After it: DELETE of a missing handle is NOT_FOUND, HOME of a homed prefix EXISTS, UNHOME of
 * one that is not homed NOT_FOUND; a PUT writes a new record or replaces the one there is,
 * which keeps its name as first written.
 */
struct ledger_state;
typedef enum status ledger_judge(void *context, struct ledger_state *state,
	struct ledger_change *change, const struct record *before);
typedef void ledger_committed(
	void *context, struct ledger_change *change, enum status status, uint64_t sequence);

/* For `expected`: a record's version is the sequence of its newest entry. */
#define LEDGER_EXPECT_ANY  0
#define LEDGER_EXPECT_NONE UINT64_MAX /* There must be no such record. */
#define LEDGER_EXPECT_SOME (UINT64_MAX - 1) /* There must be one, whatever its version. */

/* Some versions, or any: there is a record. */
struct ledger_versions {
	bool is_given;
	bool is_any;
	uint32_t count;
	uint64_t items[LEDGER_VERSION_COUNT_MAX];
};

/* What more may be asked of the record as it is when the change comes to be made (RFC 9110, 13). */
struct ledger_condition {
	struct ledger_versions match; /* It has one of these. */
	bool has_time; /* If `match` is not given: it was made then or earlier. */
	int64_t time_s;
	struct ledger_versions none; /* It has none of these. */
};

struct ledger_change {
	struct ledger_change *next; /* The ledger's. */
	enum journal_kind kind;
	struct bytes name; /* The handle; for JOURNAL_HOME and JOURNAL_UNHOME the 0.NA handle. */
	struct handle_value_list values; /* JOURNAL_PUT. */
	struct bytes actor;
	uint64_t expected; /* Version the record must have, else CONFLICT; asked before `judge`. */
	const struct ledger_condition *condition; /* The same; NULL: none. Stays the caller's. */
	ledger_judge *judge; /* NULL: let it through. */
	ledger_committed *committed;
	void *context;
	struct bytes text; /* The judge's, when it refuses: for people. */
	uint64_t place; /* Set by the ledger. */
	enum status status; /* Set by the ledger before `committed`. */
};

/* For judges. A record as it is when the change comes to be made: of the handle that a PUT or
 * DELETE changes the `before` of the judge, of a prefix that is homed its 0.NA record. Valid as
 * long as the ledger. NOT_FOUND, CORRUPT, INVALID (no such name can be), or BUSY: a change in front
 * of this one may concern it. */
enum status ledger_state_find(
	struct ledger_state *state, struct bytes name, struct record *ret_record) MUST_CHECK;
/* Whether the 0.NA handle (as handle_name_prefix_handle() writes it) is homed. OK or BUSY. */
enum status ledger_state_prefix_is_homed(
	struct ledger_state *state, struct bytes prefix_handle, bool *ret_is_homed) MUST_CHECK;

/* Tells a loop that the journal has grown. Its owner sets `loop`, `grown` and `context`, and
 * after ledger_watch_arm() is told once, on that loop, behind the next batch that is durable;
 * it then looks and arms again. To miss nothing it arms first and looks afterwards. */
struct ledger_watch {
	struct ledger_watch *next; /* The ledger's, as all but the three. */
	struct loop_post post;
	atomic_bool is_wanted;
	struct loop *loop;
	loop_posted *grown;
	void *context;
};
void ledger_watch_begin(struct ledger *ledger, struct ledger_watch *watch);
void ledger_watch_arm(struct ledger_watch *watch);
/* A call that is on its way may still come, unless the loop has ended. */
void ledger_watch_end(struct ledger *ledger, struct ledger_watch *watch);

enum ledger_open_mode {
	/* Nothing is written, nor replayed: READ_ONLY if the view lags behind the journal. */
	LEDGER_READ,
	LEDGER_WRITE,
	LEDGER_CREATE, /* EXISTS if there is one. */
	/* Without the lock, also beside the process that writes, and nothing is written: for
	 * history (ledger_history.h) and evidence (ledger_evidence.h) only. There are no records
	 * and no ordered table. One thread. */
	LEDGER_LOOK,
};

typedef bool ledger_progress(void *context, uint64_t done, uint64_t total);

/* Opens DIR: takes the lock (IN_USE names the holder), checks, replays what the view missed.
 * Readers share the lock. NOT_FOUND when DIR holds no ledger, CORRUPT, UNKNOWN_VERSION. */
enum status ledger_open(const char *directory, enum ledger_open_mode mode,
	struct ledger **ret_ledger, struct problem *problem) MUST_CHECK;

/* A new ledger whose journal has segments of another size (journal_open_as()). */
enum status ledger_create_sized(const char *directory, uint64_t segment_size,
	struct ledger **ret_ledger, struct problem *problem) MUST_CHECK;

/* How far the journal in DIR had come at the last checkpoint of its view: a place before which no
 * entry can be missing. 0 when that cannot be known. Also beside the process that writes. */
uint64_t ledger_reached_place(const char *directory);
/* How many entries the newest signed head in DIR covers: they were durable. 0 without one. */
uint64_t ledger_reached_count(const char *directory);

/* Throws the view away, makes it again from the journal, and leaves the ledger open for
 * writing. `progress` (may be NULL) gets octets of the journal; what it returns is ignored. */
enum status ledger_rebuild(const char *directory, ledger_progress *progress, void *context,
	struct ledger **ret_ledger, struct problem *problem) MUST_CHECK;

/* Counts batches and entries from now on in a row that nobody else writes; it outlives the
 * ledger. */
void ledger_count_in(struct ledger *ledger, struct monitor_row *row);

/* Waits for what is queued, brings the view up to date, writes the checkpoint. The ledger is
 * gone in every case; a failure means that the next opening has more to replay. */
enum status ledger_close(struct ledger *ledger, struct problem *problem);

struct records *ledger_records(struct ledger *ledger);
struct journal *ledger_journal(struct ledger *ledger);
struct store *ledger_store(struct ledger *ledger); /* The ordered table: to be read. */

/* Sequence to place, and proofs (ledger_tree.h). The rows of a large journal may still be on
 * their way: then answers take longer. */
const struct ledger_tree *ledger_tree(const struct ledger *ledger);

/* An index of values by these types (records_search.h), which follows the journal from now on; with
 * no types there is none, and what there was is removed. Once, before anybody asks. */
struct records_search;
struct records_search_types;
enum status ledger_index(struct ledger *ledger, const struct records_search_types *types,
	struct problem *problem) MUST_CHECK;
struct records_search *ledger_search(const struct ledger *ledger); /* NULL: there is none. */

/* The version of a record: the sequence of the entry it was read from. */
uint64_t ledger_record_version(const struct ledger *ledger, const struct record *record);

/* OK while changes are taken; else what stopped them. */
enum status ledger_fault(struct ledger *ledger, struct problem *problem) MUST_CHECK;

/* The change and all it points to stay the caller's, untouched, until `committed`. BUSY when
 * LEDGER_QUEUE_COUNT_MAX wait. Several changes chained by `next` enter together, in order; the
 * last one's `next` is NULL. READ_ONLY if the ledger was opened for reading. */
enum status ledger_submit(struct ledger *ledger, struct ledger_change *changes) MUST_CHECK;

/* Submits and waits; for tools and start-up. */
enum status ledger_commit(struct ledger *ledger, struct ledger_change *change) MUST_CHECK;

/* Waits until the ordered view shows everything submitted so far. */
enum status ledger_settle(struct ledger *ledger, struct problem *problem) MUST_CHECK;

/* Walks the whole journal (checksums, sequence, chain) and proves that places and the ordered
 * view are what the journal says: that each entry names its key's previous one, and that the
 * newest entry of each key is what both views lead to; that the rows of the tree are those of
 * the journal, and that every head in DIR/heads.ndjson is true: nothing that one covers was
 * removed or changed, but for records that retention may take, of which it proves that each
 * was replaced by the time that its segment names. Nothing else may be writing. `progress`
 * may be NULL; false from it stops (CLOSED). CORRUPT: `problem` holds the first fault in full. */
struct ledger_report {
	uint64_t entry_count;
	uint64_t handle_count; /* Existing now. */
	uint64_t deleted_count;
	uint64_t prefix_count;
	uint8_t head[JOURNAL_DIGEST_SIZE]; /* Hash of the last entry. */
	uint8_t root[JOURNAL_DIGEST_SIZE]; /* Of the Merkle tree over all entries. */
	uint64_t signed_count; /* Heads that are signed by the key of ledger_evidence_sign(). */
	uint64_t unknown_count; /* Those of other keys: what they say is right all the same. */
	uint64_t signed_size; /* Entries that the newest of them covers. */
	/* Records that retention took, each proven to have been replaced by `pruned_before_ms`, the
	 * latest time that a segment names; 0 if none were. */
	uint64_t pruned_count;
	int64_t pruned_before_ms;
};
enum status ledger_verify(struct ledger *ledger, ledger_progress *progress, void *context,
	struct ledger_report *ret_report, struct problem *problem) MUST_CHECK;
