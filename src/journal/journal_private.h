/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "journal/journal_format.h"

#include <stdatomic.h>

/*
 * What the files of this folder share: the open journal, its segments, the walk.
 *
 * Addresses: `octets + place` is the entry at a place. The range for the largest journal is
 * reserved once; segments are mapped into it as they come, so no pointer handed out moves.
 */

/* What places can express (36 bits of place / 8), and so the largest journal. */
#define JOURNAL_SIZE_MAX (UINT64_C(1) << 39)

struct journal {
	uint8_t *octets; /* The reserved range. */
	uint64_t segment_size;
	uint64_t segment_count; /* Mapped. */
	int directory_fd; /* DIR/ledger */
	int write_fd; /* Of the segment at `write_base`; -1 before the first write. */
	uint64_t write_base;
	bool is_writable;
	bool has_failed; /* A write or sync failed: nothing is written any more. */
	uint64_t zeroed; /* Up to this place blocks have been written already. */
	uint64_t cut_size;
	struct journal_husks *husks; /* Of the pruned segments, in order; set by opening. */
	size_t husks_count;

	/* Readers on other threads look at these two. */
	_Atomic uint64_t end;
	_Atomic uint64_t last_sequence;

	/* The batch: an image of the journal from `end` on, headers of segments included. */
	uint8_t *batch;
	uint64_t batch_size;
	uint64_t batch_sequence; /* Of the last entry added. */
	uint8_t head[JOURNAL_DIGEST_SIZE]; /* Its hash. */
};

static inline uint64_t
journal_base(const struct journal *journal, uint64_t place)
{
	return place & ~(journal->segment_size - 1);
}

/* Octets from `place` to the end of its segment. */
static inline uint64_t
journal_left(const struct journal *journal, uint64_t place)
{
	return journal->segment_size - (place & (journal->segment_size - 1));
}

static inline uint64_t
journal_mapped(const struct journal *journal)
{
	return journal->segment_count * journal->segment_size;
}

/* Those of the segment of `place`; NULL if it was not pruned. */
const struct journal_husks *journal_husks_of(const struct journal *journal, uint64_t place);
enum status journal_husks_map(struct journal *journal, int fd, const struct journal_header *header,
	struct problem *problem) MUST_CHECK;
void journal_husks_unmap(struct journal *journal);

/* Where the entry behind `end` starts if it is not a pad: steps over the few octets that
 * cannot hold one, and over a header. */
uint64_t journal_next_start(const struct journal *journal, uint64_t end);

/* journal_segment.c: files. */
void journal_segment_name(uint64_t base, char ret_name[JOURNAL_NAME_SIZE + 1]);
bool journal_segment_base(const char *name, uint64_t *ret_base); /* False: not a segment's name. */

/* Reserves the address range, and room for a batch when writable. */
enum status journal_reserve(struct journal *journal, struct problem *problem) MUST_CHECK;

/* Checks and maps the file behind those mapped so far. */
enum status journal_segment_attach(
	struct journal *journal, uint64_t base, struct problem *problem) MUST_CHECK;

/* Makes it with this header page, durable under its name, and maps it. */
enum status journal_segment_make(struct journal *journal, uint64_t base,
	const uint8_t header[JOURNAL_HEADER_SIZE], struct problem *problem) MUST_CHECK;

/* Makes `write_fd` that of the segment at `base`. */
enum status journal_segment_write_open(
	struct journal *journal, uint64_t base, struct problem *problem) MUST_CHECK;

/* Removes the last segment: it holds nothing acknowledged. */
enum status journal_segment_drop(struct journal *journal, struct problem *problem) MUST_CHECK;

/* Octets of the segment of `place`, from there on, that are not a hole: [from, to) in places.
 * False when none are left. */
bool journal_segment_data(
	struct journal *journal, int fd, uint64_t place, uint64_t *ret_from, uint64_t *ret_to);

/* journal_recovery.c: finds the end, cuts what was never acknowledged. */
enum status journal_recover(struct journal *journal, const struct journal_opening *opening,
	struct problem *problem) MUST_CHECK;
