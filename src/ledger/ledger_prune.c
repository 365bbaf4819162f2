/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_prune.h"

#include "base/text_writer.h"
#include "journal/journal_prune.h"
#include "ledger/ledger_private.h"

#include <stdlib.h>

enum { SPAN_DAYS_MAX = 366000, PROGRESS_EVERY = 16384 };

/* First every entry is read and marks the one that it replaced, if that was long enough ago;
 * then segment by segment loses the records of entries that are marked. What is replaced once
 * is so for ever, so a writer may go on meanwhile. */
struct pruning {
	struct ledger *ledger;
	const struct ledger_prune_order *order;
	struct problem *problem;
	uint8_t *may_go; /* A bit for each sequence. */
	uint64_t count; /* Entries. */
	uint64_t end; /* Of what is read; segments before it may be pruned. */
	struct ledger_pruned pruned;
};

enum status
ledger_span_read(struct bytes text, int64_t *ret_span_ms)
{
	static const struct {
		char letter;
		int64_t ms;
	} units[] = {{'d', 86400000}, {'h', 3600000}, {'m', 60000}, {'s', 1000}};
	uint64_t number;

	if (bytes_equal(text, TEXT("forever"))) {
		*ret_span_ms = LEDGER_SPAN_FOREVER;
		return STATUS_OK;
	}
	if (text.size < 2) {
		return STATUS_INVALID;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t max = SPAN_DAYS_MAX * units[0].ms / units[i].ms;

		if (text.at[text.size - 1] == (uint8_t)units[i].letter &&
			text_read_u64(bytes_slice(text, 0, text.size - 1), (uint64_t)max,
				&number) == STATUS_OK) {
			*ret_span_ms = (int64_t)number * units[i].ms;
			return STATUS_OK;
		}
	}
	return STATUS_INVALID;
}

static enum status
progress_tell(struct pruning *pruning, uint64_t done)
{
	const struct ledger_prune_order *order = pruning->order;

	return order->progress == NULL || order->progress(order->context, done, 2 * pruning->end)
		? STATUS_OK
		: problem_set(pruning->problem, STATUS_CLOSED, "stopped");
}

static enum status
mark_previous(struct pruning *pruning, const struct journal_entry *entry)
{
	uint64_t sequence;

	if (entry->previous == 0 || entry->time_ms > pruning->order->before_ms) {
		return STATUS_OK;
	}
	sequence = journal_sequence_at(pruning->ledger->journal, entry->previous);
	if (sequence == 0 || sequence >= entry->sequence) {
		return problem_set(pruning->problem, STATUS_CORRUPT,
			"entry %llu does not lead to the one before it; nothing was pruned: try "
			"houji verify",
			(unsigned long long)entry->sequence);
	}
	if (sequence <= pruning->count) {
		pruning->may_go[sequence >> 3] |= (uint8_t)(1u << (sequence & 7));
	}
	return STATUS_OK;
}

static enum status
entries_mark(struct pruning *pruning)
{
	struct journal *journal = pruning->ledger->journal;
	uint64_t place = journal_first(journal), number = 0;
	struct journal_entry entry;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && place < pruning->end) {
		status = journal_read(journal, place, &entry);
		if (status == STATUS_NOT_FOUND) {
			return STATUS_OK;
		}
		if (status != STATUS_OK) {
			return problem_set(pruning->problem, status,
				"the journal is damaged at place %llu; nothing was pruned",
				(unsigned long long)place);
		}
		status = mark_previous(pruning, &entry);
		place = entry.next;
		if (status == STATUS_OK && ++number % PROGRESS_EVERY == 0) {
			status = progress_tell(pruning, place);
		}
	}
	return status;
}

static bool
entry_may_go(void *context, const struct journal_entry *entry)
{
	const struct pruning *pruning = context;

	return entry->sequence <= pruning->count &&
		(pruning->may_go[entry->sequence >> 3] >> (entry->sequence & 7) & 1) != 0;
}

static enum status
segments_prune(struct pruning *pruning)
{
	struct journal *journal = pruning->ledger->journal;
	struct journal_prune_order order = {
		.may_go = entry_may_go,
		.context = pruning,
		.cutoff_ms = pruning->order->before_ms,
		.is_dry_run = pruning->order->is_dry_run,
	};
	uint64_t end = journal_prune_end(journal), size = journal_segment_size(journal);
	enum status status = STATUS_OK;

	for (uint64_t base = 0; status == STATUS_OK && base < end; base += size) {
		struct journal_pruned segment;

		status = journal_prune_segment(journal, base, &order, &segment, pruning->problem);
		if (status != STATUS_OK) {
			break;
		}
		pruning->pruned.segment_count += segment.freed_size > 0;
		pruning->pruned.removed_count += segment.removed_count;
		pruning->pruned.removed_size += segment.removed_size;
		pruning->pruned.freed_size += segment.freed_size;
		status = progress_tell(pruning, pruning->end + base);
	}
	return status;
}

enum status
ledger_prune(struct ledger *ledger, const struct ledger_prune_order *order,
	struct ledger_pruned *ret_pruned, struct problem *problem)
{
	struct pruning pruning = {
		.ledger = ledger,
		.order = order,
		.problem = problem,
		.count = journal_last_sequence(ledger->journal),
		.end = journal_end(ledger->journal),
	};
	enum status status = journal_prune_begin(ledger->journal, problem);

	if (status != STATUS_OK) {
		return status;
	}
	pruning.may_go = calloc(1, (size_t)(pruning.count / 8 + 1));
	if (pruning.may_go == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to prune");
	}
	status = entries_mark(&pruning);
	if (status == STATUS_OK) {
		status = segments_prune(&pruning);
	}
	free(pruning.may_go);
	*ret_pruned = pruning.pruned;
	return status;
}
