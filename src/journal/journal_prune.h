/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "journal/journal.h"

/*
 * Takes records out of a segment that nobody writes any more.
 *
 * What stays of an entry is all that its hash is made of: the chain, the Merkle tree, every
 * signed head and every proof stay as they are, and so do all places. The record's octets go,
 * and the segment's file gets holes where whole blocks are empty (journal_format.h).
 *
 * A segment is replaced as a whole: the new one is made beside it, proven entry by entry
 * against the old one, synced and renamed. So a crash leaves the one or the other; what it
 * leaves of an unfinished one (ledger/prune.tmp) the next pruning overwrites. Processes that
 * have the journal open keep the old file, and its room, until they open it anew.
 *
 * The journal may be open read-only, beside its writer: segments before the one in which the
 * last batch began are never written again.
 */
typedef bool journal_may_go(void *context, const struct journal_entry *entry);

struct journal_prune_order {
	/* An entry of a record that this allows is taken out. */
	journal_may_go *may_go;
	void *context;
	int64_t cutoff_ms; /* For the header. A segment with a later entry is left alone. */
	bool is_dry_run;
};

struct journal_pruned {
	uint64_t removed_count; /* Records. */
	uint64_t removed_size; /* Their octets. */
	uint64_t freed_size; /* Of the disk; 0 if the segment was left as it is. */
};

/* Keeps other prunings away as long as the journal is open. IN_USE. */
enum status journal_prune_begin(struct journal *journal, struct problem *problem) MUST_CHECK;

/* Place behind the last segment that may be pruned. */
uint64_t journal_prune_end(struct journal *journal);
uint64_t journal_segment_size(const struct journal *journal);

/* The segment at `base`, before journal_prune_end(). It is left as it is when that would not
 * give back a block of the disk. CORRUPT, NO_SPACE, SYSTEM: then it is what it was. What this
 * journal shows does not change. */
enum status journal_prune_segment(struct journal *journal, uint64_t base,
	const struct journal_prune_order *order, struct journal_pruned *ret_pruned,
	struct problem *problem) MUST_CHECK;
