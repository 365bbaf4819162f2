/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "backup/backup_manifest.h"
#include "ledger/ledger.h"

/*
 * Copies of a ledger, and a ledger from a copy.
 *
 *     TO/ledger/<base>.seg   octets of the journal's segments, the last one up to the position
 *     TO/node/<hash>-<name>  heads.ndjson; with keys houji.yaml, keys and whatever else lies
 *                            in DIR
 *     TO/manifest            what counts of them (backup/backup_manifest.h); written last
 *
 * A journal only grows, so its octets up to a durable position are a consistent copy, and the
 * next backup into the same TO adds what came since. DIR may be in use by a running node: it
 * is read beside the writer without a lock. What is read is first made durable (fdatasync),
 * so that a copy never knows more than the disk of the node. The view is not copied; it is
 * made again from the journal.
 *
 * Each entry is proven while it is copied: checksum, sequence, chain, digest of its record.
 * kill -9 at any moment leaves the earlier backup in TO as it was. A TO that holds a backup of
 * another history (of another node, or from before a restore) is refused.
 *
 * A backup holds all records, secret keys among them: folders are 0700, files 0600.
 */
/* What it returns is ignored. */
typedef bool backup_progress(void *context, uint64_t done, uint64_t total);

struct backup_options {
	bool with_keys;
	backup_progress *progress; /* Octets; may be NULL. */
	void *context;
};

struct backup_report {
	struct journal_point end; /* Of the journal in the backup, or of the one restored. */
	uint64_t copied_size; /* Octets of the journal copied or proven now. */
	uint64_t total_size; /* Of the journal in the backup. */
	uint64_t node_file_count;
	bool is_incremental;
	/* backup_restore: entries behind those of the backup, from the ledger. */
	uint64_t from_ledger_count;
	/* backup_restore with a ledger: where it goes on with something that is no entry: a
	 * batch cut by a crash, or damage. 0 when it ended well. */
	uint64_t stopped_at;
};

/* IN_USE when another backup into TO runs, CONFLICT for a TO of another history, NOT_FOUND
 * when DIR holds no ledger, CORRUPT, NO_SPACE, SYSTEM. */
enum status backup_make(const char *directory, const char *to, const struct backup_options *options,
	struct backup_report *ret_report, struct problem *problem) MUST_CHECK;

/* Reads every octet that the manifest counts and proves it. CORRUPT says which file. */
enum status backup_check(const char *to, const struct backup_options *options,
	struct backup_report *ret_report, struct problem *problem) MUST_CHECK;

struct backup_restore_options {
	const char *ledger; /* A node's DIR whose journal goes on where the backup ends, or NULL. */
	bool has_time;
	int64_t time_ms; /* Up to the first entry made later than this; NOT_FOUND before all. */
	bool has_sequence;
	/* Up to this entry; NOT_FOUND if it is not there, or if records of that time are gone by
	 * retention. */
	uint64_t sequence;
	backup_progress *progress;
	void *context;
};

/* Makes DIR, which must be absent or empty (EXISTS), with the journal up to the point asked
 * for, its view, and node files if TO has them; then proves it (ledger_verify). A restore that
 * was interrupted leaves DIR without a ledger, and may be run again. */
enum status backup_restore(const char *to, const char *directory,
	const struct backup_restore_options *options, struct backup_report *ret_report,
	struct problem *problem) MUST_CHECK;
