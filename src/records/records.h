/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "handle/handle_name.h"
#include "handle/handle_value.h"
#include "journal/journal.h"
#include "places/places.h"
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
 */
struct records;
struct records_reader;

/* One record as stored: name as first written, then the wire form of its values. */
struct record {
	uint64_t sequence_place; /* Journal place: the record's version, for compare-and-set. */
	struct bytes name;
	bool is_all_public; /* Each value has HANDLE_PUBLIC_READ: the answer is a copy. */
	struct handle_value_list values;
};

struct records_reader *records_reader_new(struct records *records);
void records_reader_free(struct records_reader *reader);
void records_enter(struct records_reader *reader);
void records_leave(struct records_reader *reader);

/* A lookup in three steps, so that a batch overlaps its cache misses; or all at once. */
struct records_lookup {
	uint16_t key_size;
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	struct places_probe probe;
	uint64_t place;
};
enum status records_lookup_begin(struct records_reader *reader, struct bytes name,
	struct records_lookup *ret_lookup) MUST_CHECK; /* INVALID: no such name can exist. */
void records_lookup_prefetch(struct records_reader *reader, struct records_lookup *lookup);
/* NOT_FOUND (also for deleted handles), CORRUPT. */
enum status records_lookup_end(struct records_reader *reader, struct records_lookup *lookup,
	struct record *ret_record) MUST_CHECK;
enum status records_get(
	struct records_reader *reader, struct bytes name, struct record *ret_record) MUST_CHECK;

/* True if the 0.NA handle (as handle_name_prefix_handle() writes it) is homed here. */
bool records_prefix_is_homed(struct records_reader *reader, struct bytes prefix_handle);
