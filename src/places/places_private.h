/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "places/places.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

/* What the files of this folder share: the table as mapped, the file around it. */

enum {
	PLACES_LAYOUT_VERSION = 1,
	PLACES_BYTE_ORDER_MARK = 0x01020304,
	PLACES_HEADER_SIZE = 4096,
	PLACES_HEADER_COPY_SIZE = 2048, /* Two copies, written in turn: one is always whole. */
	PLACES_TAG_BITS = 28,
	PLACES_PLACE_BITS = 36,
	PLACES_BITS_MIN = 12, /* Of slots, as a power of two. */
	PLACES_BITS_MAX = PLACES_TAG_BITS,
	PLACES_LOAD_PERCENT_MAX = 65, /* Beyond, runs of full slots grow long. */
};

#define PLACES_MAGIC "HOUJIPLC"

struct places_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t byte_order;
	uint64_t seed; /* Of the hash, so that nobody outside can choose colliding keys. */
	uint64_t generation; /* The copy with the larger one counts. */
	uint64_t position;
	uint64_t count; /* Counts only if clean. */
	uint32_t bits;
	uint32_t is_clean; /* The count is that of the slots, or higher. */
	uint64_t checksum; /* All before this field. */
};

struct places_table {
	_Atomic uint64_t *slots;
	uint8_t *map;
	uint64_t map_size;
	uint32_t bits;
	int fd; /* -1: in memory only. */
	bool is_unfinished; /* Not yet the file: under its temporary name. */
	uint64_t retired_at; /* Epoch in which readers may last have taken it. */
	struct places_table *older; /* In the list of retired ones. */
};

struct places {
	char *path;
	char *path_unfinished;
	bool is_writable;
	bool has_failed; /* No checkpoint any more. */
	uint64_t seed;
	_Atomic uint64_t position;
	_Atomic uint64_t count;
	_Atomic uint64_t put_count;
	uint64_t checkpoint_put_count;
	_Atomic bool is_marked; /* The file says that it is not clean. */
	uint64_t generation;

	struct places_table *_Atomic table;
	pthread_mutex_t table_lock; /* Held to replace the table and to make a checkpoint. */
	struct places_table *retired;

	_Atomic uint64_t epoch;
	pthread_mutex_t readers_lock;
	struct places_reader *readers;
};

static inline uint64_t
places_slot_count(const struct places_table *table)
{
	return UINT64_C(1) << table->bits;
}

/* places_file.c */

/* An empty table: in the temporary file, or in memory when read-only. */
enum status places_table_new(struct places *places, uint32_t bits, struct places_table **ret_table,
	struct problem *problem) MUST_CHECK;
void places_table_free(struct places_table *table);

/* The file's table, seed, position and count. NOT_FOUND if there is none that is sound. */
enum status places_file_open(
	struct places *places, struct places_table **ret_table, struct problem *problem) MUST_CHECK;

/* Durably notes that the count is no longer exact. Does it once. */
enum status places_file_mark(struct places *places) MUST_CHECK;

/* Writes that nothing was put since the last checkpoint, if so. */
void places_file_finish(struct places *places);
