/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "handle/handle_name.h"
#include "handle/handle_value.h"
#include "journal/journal.h"
#include "places/places.h"
#include "records/record.h"
#include "store/store.h"

/*
 * The view: records as they stand now, made from the ledger's journal.
 *
 * A record's octets are in the journal only, once. The view knows where: `places` for the
 * exact name (the resolve path), an ordered LMDB table for lists and dumps, and the set of
 * homed prefixes. Both tables know the journal place they stand at.
 *
 * Reading threads own a records_reader: enter once a wake-up, look up, leave before
 * sleeping. What a lookup returned is valid until the reader leaves.
 *
 * Two threads write, one for each table, and only the ledger starts them: the committer
 * finds and applies (places, homed prefixes), the applier brings the ordered table after it
 * (records_order.h). Looking up takes no lock, no memory and no system call.
 */
struct records;
struct records_reader;

/* The three stay the caller's and must outlive the records. UNKNOWN_VERSION when the ordered
 * table was laid out by another program. */
enum status records_open(struct journal *journal, struct places *places, struct store *store,
	struct records **ret_records, struct problem *problem) MUST_CHECK;
void records_close(struct records *records); /* NULL is fine. */

struct records_reader *records_reader_new(struct records *records);
void records_reader_free(struct records_reader *reader);
void records_enter(struct records_reader *reader);
void records_leave(struct records_reader *reader);

/* A lookup in three steps, so that a batch overlaps its cache misses; or all at once. */
struct records_lookup {
	struct places_probe probe;
	uint64_t place;
	uint16_t key_size; /* 0: no such name can exist. */
	uint8_t key[HANDLE_KEY_SIZE_MAX];
};
enum status records_lookup_begin(struct records_reader *reader, struct bytes name,
	struct records_lookup *ret_lookup) MUST_CHECK; /* INVALID: no such name can exist. */
/* The first place where the record may be, 0: nowhere. Instead of the next, for one alone. */
void records_lookup_first(struct records_reader *reader, struct records_lookup *lookup);
/* For a whole batch: what each of them needs is brought near at the same time. */
void records_look_ahead(
	struct records_reader *reader, struct records_lookup *const *lookups, size_t count);
/* NOT_FOUND (also for deleted handles), CORRUPT. */
enum status records_lookup_end(struct records_reader *reader, struct records_lookup *lookup,
	struct record *ret_record) MUST_CHECK;
enum status records_get(
	struct records_reader *reader, struct bytes name, struct record *ret_record) MUST_CHECK;

/* True if the 0.NA handle (as handle_name_prefix_handle() writes it) is homed here. */
bool records_prefix_is_homed(struct records_reader *reader, struct bytes prefix_handle);

/* True if the handle lives here: its prefix is homed, or, for a 0.NA handle of a derived prefix,
 * a prefix above it is. `key` is folded (handle_name_key). If not, `ret_missing` is the 0.NA
 * handle that would have to be homed; it may be NULL. */
struct records_missing {
	size_t size;
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
};
bool records_key_is_homed(
	struct records_reader *reader, struct bytes key, struct records_missing *ret_missing);
uint64_t records_prefix_count(const struct records *records); /* Homed now. */

/* The committer's side. */

/* Brings near what the next records_find() of this key will read first. */
uint64_t records_warm(const struct records *records, struct bytes key);

/* The newest entry of `key`: a record or a delete. NOT_FOUND if there never was one; CORRUPT.
 * `ret_record` is filled for JOURNAL_PUT only. */
struct records_newest {
	enum journal_kind kind;
	uint64_t place;
	struct bytes run; /* The record's octets. */
	struct record record;
};
enum status records_find(
	struct records *records, struct bytes key, struct records_newest *ret_newest) MUST_CHECK;

/* Place of the newest home or unhome entry of a prefix; 0 if there is none. */
uint64_t records_prefix_find(
	const struct records *records, struct bytes prefix_handle, bool *ret_is_homed);

/* One durable entry, to be seen by readers from now on. After a failure of memory the entry
 * is not seen, and the ledger must stop writing. */
struct records_change {
	enum journal_kind kind;
	struct bytes key;
	uint64_t place;
};
enum status records_apply(struct records *records, const struct records_change *change) MUST_CHECK;
