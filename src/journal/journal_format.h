/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "journal/journal.h"

#include <assert.h>

/*
 * How a journal lies on disk; for this folder and its tests only.
 *
 * DIR/ledger holds segments, each named by its base place in 16 hex digits: "<base>.seg". A
 * segment is a header page and then entries, none of which crosses its end:
 *
 *     head (40) | key | record | 0-7 zeros | tail (120) | actor | zeros | size (4)
 *
 * The head stands in front of key and record so that a resolution touches one run of octets.
 * The size is repeated as the last four octets: from the end of an entry one finds its start.
 * Where the next entry does not fit, a JOURNAL_PAD fills the segment (head, zeros, size);
 * less than JOURNAL_PAD_SIZE_MIN octets are left as zeros.
 *
 * What was not written yet reads as zeros.
 *
 * A pruned segment (layout 2; journal_prune.h) has the same places. Where an entry was taken
 * out it reads as zeros, whole blocks of which are holes, and behind the segment's octets
 * stands what the chain of hashes needs of it, its *husk*:
 *
 *     segment | directory: place and husk of each (4 + 4), by place | husks
 *     husk = head (40) | key | tail (120) | actor | 0-7 zeros
 *
 * Its head is the entry's with JOURNAL_FLAG_HUSK; `record_checksum` is zero and `checksum`
 * covers the husk. Entries that had no record lose nothing.
 */
enum {
	JOURNAL_LAYOUT_VERSION = 1,
	JOURNAL_LAYOUT_VERSION_PRUNED = 2,
	JOURNAL_FLAG_HUSK = 1,
	JOURNAL_DIRECTORY_ROW_SIZE = 8,
	JOURNAL_BYTE_ORDER_MARK = 0x01020304,
	JOURNAL_HEADER_SIZE = 4096,
	JOURNAL_HEAD_SIZE = 40,
	JOURNAL_TAIL_SIZE = 120,
	JOURNAL_ALIGNMENT = 8,
	JOURNAL_ENTRY_SIZE_MIN = JOURNAL_HEAD_SIZE + JOURNAL_TAIL_SIZE + JOURNAL_ALIGNMENT,
	JOURNAL_PAD_SIZE_MIN = JOURNAL_HEAD_SIZE + JOURNAL_ALIGNMENT,
	JOURNAL_NAME_SIZE = 20, /* 16 hex digits and ".seg". */
};

#define JOURNAL_MAGIC "HOUJIJNL"

struct journal_head {
	uint64_t checksum; /* All of the entry behind this field, seeded with its place. */
	uint64_t record_checksum; /* From `size` to the record's end. */
	uint32_t size; /* The whole entry. */
	uint16_t kind;
	uint16_t flags; /* Zero; JOURNAL_FLAG_HUSK in a husk, which no hash covers. */
	uint32_t record_size;
	uint16_t key_size;
	uint16_t actor_size;
	uint64_t sequence;
};

struct journal_tail {
	int64_t time_ms;
	uint64_t previous;
	uint64_t batch;
	uint8_t before[JOURNAL_DIGEST_SIZE];
	uint8_t after[JOURNAL_DIGEST_SIZE]; /* SHA-256 of the record; zeros if it is empty. */
	uint8_t chain[JOURNAL_DIGEST_SIZE]; /* Hash of the entry before; zeros for the first. */
};

/* The first page of a segment. It repeats what its first entry must carry, so that checking
 * can begin at any segment. */
struct journal_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t byte_order;
	uint64_t segment_size;
	uint64_t base;
	uint64_t first_sequence;
	int64_t created_ms;
	uint8_t chain[JOURNAL_DIGEST_SIZE];
	/* Zeros unless the segment was pruned. */
	int64_t pruned_ms; /* When. */
	int64_t cutoff_ms; /* What went was replaced at this time or earlier. */
	uint64_t husk_count;
	uint64_t husk_size; /* Octets behind the segment: directory and husks. */
	uint64_t removed_count; /* Records. */
	uint64_t removed_size; /* Their octets. */
	uint8_t unused[JOURNAL_HEADER_SIZE - 136];
	uint64_t checksum; /* All of the page before this field. */
};

static_assert(sizeof(struct journal_head) == JOURNAL_HEAD_SIZE, "no holes");
static_assert(sizeof(struct journal_tail) == JOURNAL_TAIL_SIZE, "no holes");
static_assert(sizeof(struct journal_header) == JOURNAL_HEADER_SIZE, "no holes");

/* Whole size of an entry with runs of these sizes. */
uint64_t journal_entry_size(uint64_t key_size, uint64_t record_size, uint64_t actor_size);

/* Writes the entry into zeroed octets and returns the hash that the next one must carry. */
struct journal_stamp {
	uint64_t place;
	uint64_t sequence;
	uint64_t batch;
	const uint8_t *chain; /* JOURNAL_DIGEST_SIZE */
};
void journal_entry_encode(uint8_t *octets, const struct journal_change *change,
	const struct journal_stamp *stamp, uint8_t ret_hash[JOURNAL_DIGEST_SIZE]);
void journal_pad_encode(uint8_t *octets, uint32_t size, uint64_t place, uint64_t sequence);

/* Everything that can be checked without the neighbours: sizes, both checksums. `octets` may
 * be read for `limit` octets and no further. False if this is not a whole, sound entry. */
bool journal_entry_decode(
	const uint8_t *octets, uint64_t limit, uint64_t place, struct journal_entry *ret_entry);

/* Cheap: whether the sizes in this head agree with each other and fit into `limit`. */
bool journal_head_is_plausible(const struct journal_head *head, uint64_t limit);

/* Key and record after bounds and checksum; no other octet is touched. */
bool journal_entry_peek(const uint8_t *octets, uint64_t limit, struct bytes *ret_key,
	struct bytes *ret_record, enum journal_kind *ret_kind);

/* When the entry was made, of one that journal_entry_peek() took. */
bool journal_entry_time(const uint8_t *octets, uint64_t limit, int64_t *ret_time_ms);

void journal_header_encode(
	uint8_t octets[JOURNAL_HEADER_SIZE], const struct journal_header *header);
/* CORRUPT or UNKNOWN_VERSION; `name` is the file's, for the problem. */
enum status journal_header_decode(const uint8_t octets[JOURNAL_HEADER_SIZE], const char *name,
	struct journal_header *ret_header, struct problem *problem) MUST_CHECK;

/* journal_husk.c: what stands behind a pruned segment. Nothing of it is believed before it was
 * checked; `octets` NULL: the segment is whole. */
struct journal_husks {
	const uint8_t *octets;
	uint64_t size;
	uint64_t count;
	uint64_t base;
	uint64_t segment_size;
	int64_t cutoff_ms;
};

uint64_t journal_husk_size(uint64_t key_size, uint64_t actor_size);
/* Into zeroed octets. */
void journal_husk_encode(uint8_t *octets, const struct journal_entry *entry);
bool journal_husk_find(
	const struct journal_husks *husks, uint64_t place, struct journal_entry *ret_entry);

/* An entry where it was written or, if it is not there any more, its husk. */
bool journal_entry_find(const uint8_t *octets, uint64_t limit, uint64_t place,
	const struct journal_husks *husks, struct journal_entry *ret_entry);
