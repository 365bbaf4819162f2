/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"

/*
 * Retention: the room of states that nobody is to ask for any more.
 *
 * A state of a record lasts from its entry to the handle's next one. With a span of 400 days
 * every state that lasted into the last 400 days is kept, and so is the newest one, however
 * old. Of the others the record goes; number, time, who and the digest stay, and with them the
 * chain, the Merkle tree, every signed head and every proof (journal_prune.h).
 *
 * Room comes back in whole blocks of whole segments that have no entry younger than the span.
 * So an old state may outlast the span where removing it would free nothing: retention is
 * about room, and does not promise that something is forgotten.
 *
 * What went is written into each segment: that all of it was replaced at a certain time or
 * earlier. ledger_verify() proves that from the entries themselves.
 */

/* A span as people write it: "400d", "12h", "90m", "5s"; "forever" is LEDGER_SPAN_FOREVER.
 * INVALID past 1000 years. */
#define LEDGER_SPAN_FOREVER INT64_MAX
enum status ledger_span_read(struct bytes text, int64_t *ret_span_ms) MUST_CHECK;

struct ledger_prune_order {
	int64_t before_ms; /* States that were replaced at this time or earlier may go. */
	bool is_dry_run;
	ledger_progress
		*progress; /* Octets, the journal counted twice; false stops. May be NULL. */
	void *context;
};

struct ledger_pruned {
	uint64_t segment_count; /* Replaced, or in a dry run to be replaced. */
	uint64_t removed_count; /* Records. */
	uint64_t removed_size; /* Their octets. */
	uint64_t freed_size; /* Of the disk. */
};

/* With LEDGER_LOOK, also beside the node that serves DIR, whose memory keeps the room until it
 * starts anew. Interrupted at any point it can be run again and goes on. IN_USE when another
 * one runs, CLOSED when `progress` stopped it; what was done until then counts. */
enum status ledger_prune(struct ledger *ledger, const struct ledger_prune_order *order,
	struct ledger_pruned *ret_pruned, struct problem *problem) MUST_CHECK;
