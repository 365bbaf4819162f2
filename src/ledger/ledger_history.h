/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"

/*
 * What one handle was: every entry names its handle's previous one, so its history is a walk
 * through the journal from the newest entry back, and nothing but the journal and its index
 * is read.
 *
 * Any thread may ask, also while changes are made, and also another process: a ledger opened
 * with LEDGER_LOOK reads beside the node that serves it, without a lock and without writing.
 * What it sees is what was durable when it was opened, or a little more.
 *
 * An entry's runs live as long as the ledger; with LEDGER_LOOK until the next
 * ledger_history_begin(). Who may see what: the record of an earlier
 * state is no less private than the newest one, and that a handle was deleted is told only to
 * those who might have changed it. That is the caller's decision.
 */
struct ledger_history {
	struct ledger *ledger;
	uint64_t place; /* Of the next entry to tell; 0 behind the oldest. */
};

/* NOT_FOUND when there never was such a handle, INVALID when there can be none; CORRUPT. */
enum status ledger_history_begin(struct ledger *ledger, struct bytes name,
	struct ledger_history *ret_history, struct problem *problem) MUST_CHECK;

/* The same for a prefix: when its 0.NA handle was homed (JOURNAL_HOME) and unhomed, and by whom.
 * All of the journal is read for it. NOT_FOUND when it never was. */
enum status ledger_history_begin_homed(struct ledger *ledger, struct bytes prefix_handle,
	struct ledger_history *ret_history, struct problem *problem) MUST_CHECK;

/* From the newest to the oldest: JOURNAL_PUT, and JOURNAL_DELETE for a tombstone. NOT_FOUND
 * behind the oldest; CORRUPT. An entry that is_pruned tells when and who, but not what: its
 * record was removed by retention (ledger_prune.h), and ledger_entry_removed() says so. */
enum status ledger_history_next(
	struct ledger_history *history, struct journal_entry *ret_entry) MUST_CHECK;

/* A point of the past: as entry `sequence` left everything; or, if `is_time`, the state after
 * the last of the handle's entries whose time is not later than `time_ms`. */
struct ledger_moment {
	bool is_time;
	uint64_t sequence;
	int64_t time_ms;
};

/* "1700000000", "2023-11-14T22:13:20Z" (the whole second counts) or "#123", an entry's
 * sequence. INVALID. */
enum status ledger_moment_read(struct bytes text, struct ledger_moment *ret_moment) MUST_CHECK;

/* NOT_FOUND, with how far the ledger goes, if a sequence is beyond it (0 is none either). */
enum status ledger_moment_check(struct ledger *ledger, const struct ledger_moment *moment,
	struct problem *problem) MUST_CHECK;

/* The entry that a handle stood at: a JOURNAL_PUT with the record, or a JOURNAL_DELETE.
 * NOT_FOUND if there was no such handle yet. */
enum status ledger_record_at(struct ledger *ledger, struct bytes name,
	const struct ledger_moment *moment, struct journal_entry *ret_entry,
	struct problem *problem) MUST_CHECK;

/* "the record of entry 7 was removed by retention, as all that was replaced before TIME". */
enum status ledger_entry_removed(
	const struct ledger *ledger, const struct journal_entry *entry, struct problem *problem);

/* The record of a JOURNAL_PUT. CORRUPT; NOT_FOUND if it was removed. */
enum status ledger_entry_record(
	const struct journal_entry *entry, struct record *ret_record) MUST_CHECK;
