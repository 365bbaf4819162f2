/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cache/cache.h"

/*
 * A cache in a file, so that a node that starts again need not ask everybody anew.
 *
 *     struct cache_save *save;
 *     status = cache_save_begin(cache, path, &save, &problem);
 *     while (status == STATUS_OK && !is_done) {
 *             status = cache_save_step(save, 65536, &now, &is_done, &problem);
 *     }
 *     cache_save_free(save);
 *
 * Saving goes on in steps between the worker's other work. What changes meanwhile is in the file
 * as it was or as it is; each entry is whole. The file takes its name when it is complete; it is
 * not synced, as a cache is no promise, and blocks with checksums tell when it did not survive.
 *
 * Integers in network order:
 *
 *     header   8 octets "HOUJICHE", u32 version, u32 0, u64 wall clock in ms, u64 checksum
 *     block    u32 size, u32 count, u64 checksum (seed: number of the block), entries
 *     entry    u8 question, u8 kind, u8 is certified, u16 response code, u16 count of values,
 *              u64 age in ms, i64 time left in ms, blob name, blob values
 *     end      a block of size 0; its count is how many entries there were
 *
 * A file is believed about nothing but what it says that others said: entries are decoded in full,
 * and live no longer than the limits of today allow. Failures are not saved.
 */
enum {
	CACHE_SNAPSHOT_VERSION = 1,
	CACHE_SNAPSHOT_HEADER_SIZE = 32,
	CACHE_SNAPSHOT_BLOCK_SIZE = 16, /* Before its entries. */
	CACHE_SNAPSHOT_ENTRIES_SIZE_MAX = 524288, /* One entry, and what fits beside. */
};
#define CACHE_SNAPSHOT_FILE_SIZE_MAX (UINT64_C(1) << 38) /* More than any cache may be. */

struct cache_time {
	int64_t now_ms; /* The monotonic clock. */
	int64_t wall_ms;
};

struct cache_save;

/* Writes to PATH.new. One saving at a time; the cache outlives it. */
enum status cache_save_begin(struct cache *cache, const char *path, const struct cache_time *time,
	struct cache_save **ret_save, struct problem *problem) MUST_CHECK;
/* About `size` octets of entries more. */
enum status cache_save_step(struct cache_save *save, size_t size, const struct cache_time *time,
	bool *ret_is_done, struct problem *problem) MUST_CHECK;
/* Gives up what is not done. NULL is fine. */
void cache_save_free(struct cache_save *save);

/* Adds what a file holds. NOT_FOUND: there is none. UNKNOWN_VERSION, CORRUPT: what came before the
 * damage is there all the same, and counted. INVALID: saved later than it is now. */
enum status cache_load(struct cache *cache, const char *path, const struct cache_time *time,
	size_t *ret_count, struct problem *problem) MUST_CHECK;
/* The same for octets; the problem does not name a file. */
enum status cache_snapshot_read(struct cache *cache, struct bytes file,
	const struct cache_time *time, size_t *ret_count, struct problem *problem) MUST_CHECK;
