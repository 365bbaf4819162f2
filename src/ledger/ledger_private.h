/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"
#include "ledger/ledger_tree.h"
#include "records/records_order.h"
#include "records/records_search.h"

#include <pthread.h>
#include <stdatomic.h>

/*
 * Threads and locks. The committer owns the journal's end, places and `batch`; the applier
 * owns the ordered table. Between them stands `view` with its own lock; callers reach the
 * committer through the queue. No thread holds two locks.
 */
enum {
	/* Of the journal: replaying this much takes less than a second. */
	LEDGER_CHECKPOINT_SIZE = 256 << 20,
	LEDGER_BATCH_COUNT_MAX = 32768,
	LEDGER_BATCH_KEYS_SIZE = LEDGER_BATCH_SIZE_MAX + HANDLE_KEY_SIZE_MAX,
	LEDGER_MET_SLOT_COUNT = 131072,
	LEDGER_VIEW_KEYS_SIZE = 16 << 20,
	/* The applier waits until writing pauses for so long, but not longer than the second:
	 * large batches write each page once for many keys. */
	LEDGER_VIEW_PAUSE_MS = 50,
	LEDGER_VIEW_AGE_MAX_MS = 1000,
	LEDGER_SEARCH_STEP_COUNT = 4096, /* Entries in one transaction of the index of values. */
	LEDGER_TREE_STEP_COUNT = 16384, /* Entries: some milliseconds. */
	/* While changes keep coming the tree may be so many entries behind, less than a second's
	 * work; beyond, it takes its share of a processor from them. */
	LEDGER_TREE_LAG_MAX = 4 << 20,
};

/* Changes on their way to one flush. */
struct ledger_batch {
	struct records_change *changes; /* LEDGER_BATCH_COUNT_MAX; keys point into `keys`. */
	size_t count;
	uint8_t *keys;
	size_t keys_used;
	uint8_t *record; /* Room for one encoded record. */
	/* Which keys the batch has: hash and number of the batch in each slot. A false hit only
	 * ends the batch early. */
	struct ledger_met {
		uint32_t batch;
		uint32_t hash;
	} * met;
	uint32_t number;
	struct ledger_change *first; /* Taken from the queue, not answered yet. */
	struct ledger_change *last;
};

/* Durable changes on their way to the ordered table. */
struct ledger_view_batch {
	struct records_change *changes; /* RECORDS_ORDER_BATCH_COUNT_MAX. */
	size_t count;
	uint8_t *keys; /* LEDGER_VIEW_KEYS_SIZE. */
	size_t keys_used;
	uint64_t position;
	int64_t first_ms, last_ms; /* When the first and the last group came. */
};

struct ledger_view {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool is_running;
	bool is_closing;
	unsigned waiter_count; /* Settling, or a committer without room: apply now. */
	struct ledger_view_batch batches[2];
	struct ledger_view_batch *filling, *applying;
	bool is_applying;
	bool is_tree_behind; /* Of the journal; the applier brings it up when it has nothing to apply. */
};

/* Signed heads; guarded by the lock of the view. */
struct ledger_signing {
	const struct crypto_key *key; /* NULL: none are made. */
	uint32_t interval_ms;
	uint64_t last_size;
	atomic_uint_fast64_t shown_size; /* The same, for who has no lock. */
	int64_t last_ms; /* When the last one was tried. */
	bool is_signing; /* The applier has `key` in hand, without the lock. */
	struct problem fault; /* Of the last head that was due. */
	struct problem tree_fault; /* Of the last rows that were due. */
};

struct ledger {
	char *directory;
	int lock_fd;
	bool is_writable;
	bool is_looking; /* LEDGER_LOOK: neither lock nor store nor records. */
	struct journal *journal;
	struct places *places;
	struct store *store;
	struct records *records;
	struct ledger_tree *tree;
	/* The applier's, set with the lock of the view held; NULL: no index of values. */
	struct records_search *search;

	pthread_mutex_t lock; /* Guards the queue and the fault. */
	pthread_cond_t changed;
	struct ledger_change *queue_first, *queue_last;
	size_t queue_count;
	bool is_committing;
	bool is_closing;
	bool has_fault;
	struct problem fault;

	pthread_t committer;
	bool is_committer_running;
	struct ledger_batch batch;
	struct monitor_row *row; /* The committer's; NULL: nothing is counted. */
	uint64_t checkpoint; /* The applier's: where places was last made durable. */

	struct ledger_view view;
	struct ledger_signing signing;

	pthread_mutex_t watch_lock; /* Guards the list. */
	struct ledger_watch *watches;
};

/* Stops writing for good; the first fault stays. */
void ledger_fail(struct ledger *ledger, const struct problem *problem);
bool ledger_has_failed(struct ledger *ledger);

/* ledger_lock.c */
enum status ledger_lock(struct ledger *ledger, struct problem *problem) MUST_CHECK;

/* ledger.c */
/* Beside a writer: opens the journal once more, to see what it has got since. Entries read
 * before are gone. */
enum status ledger_look_again(struct ledger *ledger, struct problem *problem) MUST_CHECK;
/* What can be told from a change alone. */
enum status ledger_change_check(const struct ledger_change *change) MUST_CHECK;

/* ledger_judge.c */
/* Asks for everything that could refuse the change and fills `entry`: the place of the key's
 * entry before, its digest, the record (in the batch's room). */
enum status ledger_change_judge(struct ledger *ledger, struct ledger_change *change,
	struct journal_change *entry) MUST_CHECK;

/* ledger_commit.c */
/* True if a change of this key may be in the batch. */
bool ledger_batch_has(const struct ledger_batch *batch, struct bytes key);
enum status ledger_batch_make(struct ledger_batch *batch) MUST_CHECK;
void ledger_batch_free(struct ledger_batch *batch);
void *ledger_committer(void *context);

/* ledger_watch.c */
/* The committer's: a batch is durable and can be seen. */
void ledger_watches_tell(struct ledger *ledger);

/* ledger_view.c */
enum status ledger_view_start(struct ledger *ledger, struct problem *problem) MUST_CHECK;
/* Hands over the changes of one flush; waits while the applier is too far behind. */
void ledger_view_append(struct ledger *ledger, const struct records_change *changes, size_t count,
	uint64_t position);
/* Waits until the ordered table stands at `position`, or writing has failed. */
void ledger_view_wait(struct ledger *ledger, uint64_t position);
void ledger_view_stop(struct ledger *ledger); /* Applies what is left first. */

/* ledger_evidence.c; both with the lock of the view held. */
/* How long until a head is to be signed, in ms; -1 if none is. */
int64_t ledger_evidence_patience(const struct ledger *ledger);
void ledger_evidence_step(struct ledger *ledger); /* Lets go of the lock meanwhile. */

/* ledger_replay.c */
enum status ledger_replay(struct ledger *ledger, ledger_progress *progress, void *context,
	struct problem *problem) MUST_CHECK;
