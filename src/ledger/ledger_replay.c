/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_private.h"

#include <string.h>

/*
 * What the view missed: the journal from the earlier of the two places at which the tables
 * stand. An entry before a table's own place is in it already. The applier is given groups
 * that end where a flush of the journal ended, because only such a place may be told to
 * journal_open() as known.
 */
struct replay {
	struct ledger *ledger;
	uint64_t places_from, order_from;
	uint64_t batch; /* Of the entries gathered in ledger->batch. */
};

static void
replay_hand_over(struct replay *replay, uint64_t position)
{
	struct ledger_batch *batch = &replay->ledger->batch;

	if (batch->count > 0) {
		ledger_view_append(replay->ledger, batch->changes, batch->count, position);
	}
	batch->count = 0;
}

static enum status
replay_entry(struct replay *replay, const struct journal_entry *entry)
{
	struct ledger *ledger = replay->ledger;
	struct records_change change = {entry->kind, entry->key, entry->place};
	bool is_prefix = entry->kind == JOURNAL_HOME || entry->kind == JOURNAL_UNHOME;
	enum status status = STATUS_OK;

	if (entry->place >= (is_prefix ? replay->order_from : replay->places_from)) {
		status = records_apply(ledger->records, &change);
	}
	if (status != STATUS_OK || entry->place < replay->order_from) {
		return status;
	}
	if (entry->batch != replay->batch) {
		replay_hand_over(replay, entry->batch);
		replay->batch = entry->batch;
	}
	if (ledger->batch.count == LEDGER_BATCH_COUNT_MAX) {
		return STATUS_CORRUPT;
	}
	ledger->batch.changes[ledger->batch.count++] = change;
	return STATUS_OK;
}

enum status
ledger_replay(
	struct ledger *ledger, ledger_progress *progress, void *context, struct problem *problem)
{
	struct replay replay = {
		.ledger = ledger,
		.places_from = places_position(ledger->places),
		.order_from = records_order_position(ledger->records),
	};
	uint64_t end = journal_end(ledger->journal), place, shown = 0;
	struct journal_entry entry;
	enum status status = STATUS_OK;

	place = replay.places_from < replay.order_from ? replay.places_from : replay.order_from;
	place = place == 0 ? journal_first(ledger->journal) : place;
	while (status == STATUS_OK && place < end && !ledger_has_failed(ledger)) {
		status = journal_read(ledger->journal, place, &entry);
		if (status == STATUS_NOT_FOUND) {
			status = STATUS_OK;
			break;
		}
		if (status == STATUS_OK) {
			status = replay_entry(&replay, &entry);
			place = entry.next;
		}
		if (progress != NULL && place - shown >= (1 << 20)) {
			(void)progress(context, place, end);
			shown = place;
		}
	}
	if (status != STATUS_OK) {
		ledger->batch.count = 0;
		return problem_set(problem, status,
			"the journal cannot be replayed at place %llu: %s; restore it from a copy",
			(unsigned long long)place, status_text(status));
	}
	replay_hand_over(&replay, end);
	return ledger_fault(ledger, problem);
}
