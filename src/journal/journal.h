/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The journal: every change ever made, in order, appended once and never moved.
 *
 * It is the one durable truth of a node. An entry is durable when journal_flush()
 * returned; everything else on disk (records' places, the ordered view) can be made again
 * from it. Files are segments of JOURNAL_SEGMENT_SIZE octets, allocated whole before use,
 * mapped read-only side by side, so that a *place* - an octet offset into the journal - is
 * one addition away from its entry, and a resolution reads the record where it was written.
 *
 *     entry = head | key | record | digests | actor            (8-octet aligned)
 *
 * Two checksums (XXH3): one over key and record, verified at every read; one over the whole
 * entry, seeded with its place, verified when the journal is opened, walked or replayed.
 * The SHA-256 chain makes any later change of history visible. It covers a record by its
 * digest only, so that records that retention no longer wants are pruned without breaking it
 * (journal_prune.h): then an entry reads as ever, but for its record.
 *
 *     journal_add(journal, &change, &place);           any number of times
 *     journal_flush(journal, &problem);                one write, one fdatasync
 *     journal_peek(journal, place, &key, &record, &kind);
 *
 * One writer thread; any number of reading threads. Numbers are stored as the machine has
 * them; a journal from a machine of the other byte order is refused. The octets of a segment
 * are laid out in journal_format.h.
 */
struct journal;

enum journal_kind {
	JOURNAL_PAD = 1, /* Fills a segment's end; readers never see one. */
	JOURNAL_PUT = 2, /* key: folded handle; record: name and values. */
	JOURNAL_DELETE = 3, /* key: folded handle. */
	JOURNAL_HOME = 4, /* key: the 0.NA handle. */
	JOURNAL_UNHOME = 5,
};

const char *journal_kind_name(
	enum journal_kind kind); /* "put", "delete", "home", ...: for people. */

enum {
	JOURNAL_DIGEST_SIZE = 32,
	JOURNAL_SEGMENT_SIZE = 64 << 20,
	JOURNAL_SEGMENT_SIZE_MIN = 8192,
};

/* What the ledger gives for a new entry. */
struct journal_change {
	enum journal_kind kind;
	int64_t time_ms;
	uint64_t previous; /* Place of this key's previous entry, 0 if none. */
	struct bytes key; /* HANDLE_KEY_SIZE_MAX at the most. */
	struct bytes record; /* MESSAGE_SIZE_MAX at the most. */
	struct bytes actor; /* LEDGER_ACTOR_SIZE_MAX at the most. */
	uint8_t before[JOURNAL_DIGEST_SIZE]; /* Digest of the record before; zeros if none. */
};

/* What a reader sees; runs point into the mapping and live as long as the journal. */
struct journal_entry {
	enum journal_kind kind;
	uint64_t place;
	uint64_t next; /* Where to read on: behind this entry. */
	uint64_t batch; /* Place at which its batch begins. */
	uint64_t sequence; /* 1 for the first entry, then without a gap. */
	int64_t time_ms;
	uint64_t previous;
	struct bytes key;
	struct bytes record;
	struct bytes actor;
	struct bytes before, after, chain; /* JOURNAL_DIGEST_SIZE each. */
	bool is_pruned; /* The record is gone: only record.size and its digest are known. */
};

/* Opens or makes DIR/ledger (DIR exists). Everything before `known_place` (0: nothing known;
 * else what journal_end() once returned) is taken as checked earlier and as acknowledged;
 * from there on entries are verified, and a torn tail - a batch that was never acknowledged -
 * is cut when writable, ignored when not.
 *
 * NOT_FOUND if there is none and it is not writable. CORRUPT when something acknowledged is
 * damaged or a file is missing, cut or misnamed; UNKNOWN_VERSION for another layout. Opening
 * read-only writes nothing. The caller keeps a second writer away. */
enum status journal_open(const char *directory, bool is_writable, uint64_t known_place,
	struct journal **ret_journal, struct problem *problem) MUST_CHECK;

/* The same, with what else may be known: that the journal once went on to `reached_place`, and
 * that it had `reached_count` entries, though nothing of it is taken as checked. CORRUPT, and
 * nothing was changed, if the sound entries end before. A new journal gets segments of
 * `segment_size` octets: a power of two, JOURNAL_SEGMENT_SIZE_MIN or more; one that exists keeps
 * its size. */
struct journal_opening {
	bool is_writable;
	uint64_t known_place, reached_place, reached_count;
	uint64_t segment_size;
};
enum status journal_open_as(const char *directory, const struct journal_opening *opening,
	struct journal **ret_journal, struct problem *problem) MUST_CHECK;
void journal_close(struct journal *journal); /* What was not flushed is dropped. NULL is fine. */

/* Batches: add entries, then one write and one fdatasync make them durable together. Added
 * entries can be read by place only after the flush.
 *
 * add: BUSY when LEDGER_BATCH_SIZE_MAX is reached: flush, then add again. TOO_LARGE past a
 * limit of struct journal_change or for an entry that no segment could hold, INVALID for a
 * kind that is not a change, NO_SPACE past the largest journal (512 GiB), READ_ONLY.
 *
 * flush: after a failed write, sync or new segment the status of the failure, and the journal
 * is READ_ONLY for good: what it holds is what was acknowledged. (Whether the lost batch
 * comes back at the next opening is unknown, as with any database.) */
enum status journal_add(struct journal *journal, const struct journal_change *change,
	uint64_t *ret_place) MUST_CHECK;
enum status journal_flush(struct journal *journal, struct problem *problem) MUST_CHECK;
/* For one opened read-only beside its writer, whose last batch may be on its way to the disk:
 * makes durable all that it holds for this process. */
enum status journal_sync(const struct journal *journal, struct problem *problem) MUST_CHECK;

uint64_t journal_first(const struct journal *journal); /* Place of the first entry. */
uint64_t journal_end(const struct journal *journal); /* Place behind the last durable entry. */
uint64_t journal_last_sequence(const struct journal *journal); /* Of that entry; 0 if none. */
uint64_t journal_cut_size(const struct journal *journal); /* Octets of torn tail met by opening. */

/* The hash of the last entry added: what the next one will carry as `chain`. */
void journal_head(const struct journal *journal, uint8_t ret_hash[JOURNAL_DIGEST_SIZE]);

/* The entry at `place`, or the first one behind it when a segment ends there: so
 * `place = entry.next` walks the journal. Full check: whole-entry checksum. CORRUPT;
 * NOT_FOUND at the end. Sequence and chain are for the caller to compare. */
enum status journal_read(
	struct journal *journal, uint64_t place, struct journal_entry *ret_entry) MUST_CHECK;

/* The resolve path: key and record, their checksum verified; nothing else is touched. A record
 * that was pruned is empty.
 * `place` must have come from places or from an entry; with any other number the answer is
 * CORRUPT, and nothing outside the journal is read. */
enum status journal_peek(const struct journal *journal, uint64_t place, struct bytes *ret_key,
	struct bytes *ret_record, enum journal_kind *ret_kind) MUST_CHECK;

/* The sequence of the entry at a place that journal_peek() took; 0 for what cannot be a place. */
uint64_t journal_sequence_at(const struct journal *journal, uint64_t place);

/* When it was made, of the same; 0. */
int64_t journal_time_ms_at(const struct journal *journal, uint64_t place);

/* To have an entry at hand before it is looked at; any number is a fine place. Touching every
 * entry of a batch in one loop overlaps their misses, also those of addresses, for which a
 * prefetch would be given up; prefetching then fetches the rest of each. */
uint8_t journal_touch(const struct journal *journal, uint64_t place);
void journal_prefetch(const struct journal *journal, uint64_t place);

/* The hash that the entry behind this one must carry as `chain`. */
void journal_entry_hash(const struct journal_entry *entry, uint8_t ret_hash[JOURNAL_DIGEST_SIZE]);

/* What was replaced at this time or earlier may be gone from the segment of this place, in ms;
 * 0 if nothing of it was pruned. */
int64_t journal_pruned_before(const struct journal *journal, uint64_t place);

/* True if the record is the one whose digest the chain covers; one that was pruned passes. */
bool journal_record_is_authentic(const struct journal_entry *entry);
