/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "journal/journal_format.h"

#include <stdlib.h>

/*
 * A journal in a directory of its own, small enough to break octet by octet, and what was put
 * into it.
 */
enum {
	RIG_SEGMENT_SIZE = JOURNAL_SEGMENT_SIZE_MIN,
	RIG_ENTRY_COUNT_MAX = 256,
	RIG_PATH_SIZE = 160,
};

struct rig_entry {
	uint64_t place;
	uint64_t next;
	uint64_t batch_end; /* What journal_end() said when it had been flushed. */
	size_t size;
	uint8_t octets[2048]; /* Key, record and actor, one behind the other. */
};

struct rig {
	char directory[RIG_PATH_SIZE];
	struct journal *journal;
	struct problem problem;
	struct rig_entry entries[RIG_ENTRY_COUNT_MAX];
	size_t entry_count; /* Flushed ones. */
	size_t added_count; /* Others behind them. */
};

/* A new directory, in memory where there is such a file system; rig_free() removes it. */
struct rig *rig_new(void);
void rig_free(struct rig *rig);

enum status rig_open(struct rig *rig, bool is_writable, uint64_t known_place);
void rig_close(struct rig *rig);

/* Opens a new journal for writing with RIG_SEGMENT_SIZE. */
void rig_make(struct rig *rig);

/* Adds an entry whose content follows from its number. */
enum status rig_add(struct rig *rig, size_t record_size);
void rig_flush(struct rig *rig);

/* The journal holds exactly the first `count` entries, chained and numbered. */
void rig_assert_holds(struct rig *rig, size_t count);

/* How many entries the journal has; each must be the one added. */
size_t rig_count(struct rig *rig);

/* A segment's file, by number. */
void rig_path(const struct rig *rig, size_t segment, char ret_path[RIG_PATH_SIZE]);
size_t rig_segment_count(const struct rig *rig);
void rig_peek_file(const struct rig *rig, uint64_t place, void *at, size_t size);
void rig_poke_file(const struct rig *rig, uint64_t place, const void *at, size_t size);
void rig_flip(const struct rig *rig, uint64_t place, uint8_t mask);

/* The files and entries as they are, to be put back after an experiment. */
struct rig_files;
struct rig_files *rig_save(const struct rig *rig);
void rig_restore(struct rig *rig, const struct rig_files *files);
bool rig_files_are_equal(const struct rig_files *one, const struct rig_files *other);
void rig_files_free(struct rig_files *files);
