/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "journal/journal.h"

/*
 * Reads the octets of a journal's files, segment by segment, without a journal being open:
 * how copies of one are made and proven. Nothing that a file says is believed before it was
 * checked, and nothing behind the octets given is read.
 *
 *     journal_walk_begin(&walk, NULL, 0);
 *     do {
 *             ... fill `octets` from the file journal_walk_base(&walk) names ...
 *             journal_walk_take(&walk, octets, &problem);
 *             while ((status = journal_walk_next(&walk, &entry)) == STATUS_OK) { ... }
 *     } while (status == STATUS_NOT_FOUND && walk.is_segment_over);
 *
 * Each entry was proven whole, the one that follows the one before it (sequence, chain), and
 * its record, unless it was pruned, the one of its digest.
 */
struct journal_point {
	uint64_t place; /* Behind the last entry. */
	uint64_t last; /* Of that entry; 0 if there is none. */
	uint64_t sequence;
	int64_t time_ms;
	uint8_t head[JOURNAL_DIGEST_SIZE]; /* What the next entry must carry as `chain`. */
};

struct journal_walk {
	uint64_t segment_size; /* 0 until the first header was read. */
	struct journal_point at;
	bool is_segment_over; /* The next entry is in another segment. */
	uint64_t base;
	struct bytes octets; /* Of the segment alone. */
	/* What the header says of what was pruned; zeros if nothing was. */
	int64_t pruned_ms, cutoff_ms;
	struct bytes husks;
	uint64_t husk_count;
};

/* From the start of a journal, or from a point that an earlier walk of segments of this size
 * reached. */
void journal_walk_begin(
	struct journal_walk *walk, const struct journal_point *from, uint64_t segment_size);

/* Place at which the segment begins that is to be taken next: the one with the next entry, or
 * with the few octets before it that can hold none. */
uint64_t journal_walk_base(const struct journal_walk *walk);

/* The octets of that segment, from its header on, as far as they are there; they stay the
 * caller's. A pruned segment's are whole, what stands behind it included. CORRUPT,
 * UNKNOWN_VERSION. */
enum status journal_walk_take(
	struct journal_walk *walk, struct bytes octets, struct problem *problem) MUST_CHECK;

/* NOT_FOUND when these octets hold no further entry: they are used up or zeros, or the segment
 * is over. CORRUPT for anything else that is not the entry that must follow; `at` stays. */
enum status journal_walk_next(struct journal_walk *walk, struct journal_entry *ret_entry,
	struct problem *problem) MUST_CHECK;

/* What a segment's file is called. */
enum { JOURNAL_FILE_NAME_SIZE = 20 };
void journal_file_name(uint64_t base, char ret_name[JOURNAL_FILE_NAME_SIZE + 1]);

/* What the first octets of a segment's file say of the file; zeros when they say nothing. */
struct journal_file {
	uint64_t segment_size;
	uint64_t size; /* Of all of the file. */
	int64_t pruned_ms; /* 0: never. */
};
enum { JOURNAL_FILE_HEADER_SIZE = 4096 };
void journal_file_read(
	const uint8_t header[JOURNAL_FILE_HEADER_SIZE], struct journal_file *ret_file);
