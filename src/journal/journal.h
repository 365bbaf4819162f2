/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The journal: every change ever made, in order, appended once and never moved.
 *
 * It is the one durable truth of a node. An entry is durable when journal_append()
 * returned; everything else on disk (records' places, the ordered view) can be made again
 * from it. Files are segments of JOURNAL_SEGMENT_SIZE octets, allocated whole before use,
 * mapped read-only side by side, so that a *place* - an octet offset into the journal - is
 * one addition away from its entry, and a resolution reads the record where it was written.
 *
 *     entry = head | key | record | actor | digests            (8-octet aligned)
 *
 * Two checksums (XXH3): one over key and record, verified at every read; one over the whole
 * entry, seeded with its place, verified when the journal is opened, walked or replayed.
 * The SHA-256 chain makes any later change of history visible.
 *
 * One writer thread; any number of reading threads. Numbers are stored as the machine has
 * them (little-endian; a journal from the other kind is refused by its magic).
 */
struct journal;

enum journal_kind {
	JOURNAL_PAD = 1, /* Fills a segment's end. */
	JOURNAL_PUT = 2, /* key: folded handle; record: name and values (records/record.h). */
	JOURNAL_DELETE = 3, /* key: folded handle. */
	JOURNAL_HOME = 4, /* key: the 0.NA handle. */
	JOURNAL_UNHOME = 5,
};

enum { JOURNAL_DIGEST_SIZE = 32, JOURNAL_SEGMENT_SIZE = 256 << 20 };

/* What the ledger gives for a new entry. */
struct journal_change {
	enum journal_kind kind;
	int64_t time_ms;
	uint64_t previous; /* Place of this key's previous entry, 0 if none. */
	struct bytes key;
	struct bytes record;
	struct bytes actor;
	uint8_t before[JOURNAL_DIGEST_SIZE]; /* Digest of the record before; zeros if none. */
};

/* What a reader sees; runs point into the mapping and live as long as the journal. */
struct journal_entry {
	enum journal_kind kind;
	uint64_t place;
	uint64_t next; /* Place behind this entry. */
	uint64_t sequence;
	int64_t time_ms;
	uint64_t previous;
	struct bytes key;
	struct bytes record;
	struct bytes actor;
	struct bytes before, after, chain; /* JOURNAL_DIGEST_SIZE each. */
};

/* Opens or makes DIR/ledger. Everything before `known_place` (0: nothing known) is taken as
 * checked earlier; from there on entries are verified, and a torn tail - a batch that was
 * never acknowledged - is cut. CORRUPT when something acknowledged is damaged;
 * UNKNOWN_VERSION for another layout. */
enum status journal_open(const char *directory, bool is_writable, uint64_t known_place,
	struct journal **ret_journal, struct problem *problem) MUST_CHECK;
void journal_close(struct journal *journal);

/* Batches: add entries, then one write and one fdatasync make them durable together. Added
 * entries can be read by place only after the flush. After a failed write or sync the
 * journal is READ_ONLY for good: what it holds is what was acknowledged. */
enum status journal_add(struct journal *journal, const struct journal_change *change,
	uint64_t *ret_place) MUST_CHECK;
enum status journal_flush(struct journal *journal, struct problem *problem) MUST_CHECK;
size_t journal_unflushed(const struct journal *journal); /* Octets added since. */

uint64_t journal_first(const struct journal *journal); /* Place of the first entry. */
uint64_t journal_end(const struct journal *journal); /* Place behind the last durable entry. */
uint64_t journal_last_sequence(const struct journal *journal);

/* Full check: whole-entry checksum. CORRUPT, NOT_FOUND at the end. */
enum status journal_read(
	struct journal *journal, uint64_t place, struct journal_entry *ret_entry) MUST_CHECK;

/* The resolve path: key and record, their checksum verified; nothing else is touched.
 * `place` must have come from places or from an entry. */
enum status journal_peek(const struct journal *journal, uint64_t place, struct bytes *ret_key,
	struct bytes *ret_record, enum journal_kind *ret_kind) MUST_CHECK;
void journal_prefetch(const struct journal *journal, uint64_t place);

/* The hash that the entry behind this one must carry as `chain`. */
void journal_entry_hash(const struct journal_entry *entry, uint8_t ret_hash[JOURNAL_DIGEST_SIZE]);
