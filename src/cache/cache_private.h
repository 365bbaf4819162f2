/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cache/cache.h"

/*
 * The mapping: an index, the memory of names that had to go, and two rings of items.
 *
 * An item is a head, its key and its values, in one piece. A ring is written at its head and
 * emptied at its tail; both only grow, and their place in memory is the remainder by the ring's
 * size. What is left at the end of a lap and too small for the next item is a dead item, or,
 * if even a head does not fit, skipped by everybody (cache_ring_skip).
 *
 * The index has buckets of eight words, one line of memory each; an item is in one of the two
 * that its hash names. A word is 28 bits of the hash and the place of the item in the mapping,
 * counted in eights; 0 is free, as no item begins there.
 */
enum {
	CACHE_BUCKET_COUNT = 8,
	CACHE_PLACE_BITS = 36,
	CACHE_FREQUENCY_MAX = 3,
	CACHE_KEEP_COUNT = 32, /* Items that go round once more before one must go. */
	CACHE_MARK_COUNT = 16, /* Dropped prefixes that are not swept yet. */
	CACHE_FLAG_CERTIFIED = 1,
	CACHE_FLAG_DEAD = 2,
	CACHE_FLAG_CLAIMED = 4, /* Somebody was told to ask for it before its time is over. */
};

struct cache_item {
	uint32_t size; /* All of it; a multiple of eight. */
	uint32_t values_size;
	uint64_t hash;
	int64_t stored_ms;
	int64_t expires_ms;
	uint32_t held_ms; /* Held until that long after it expired. */
	uint16_t key_size;
	uint16_t value_count;
	uint16_t response_code;
	uint8_t kind;
	uint8_t flags;
	uint8_t hits;
	uint8_t frequency;
	uint8_t reserved[2];
	uint8_t octets[]; /* Key, values. */
};
_Static_assert(sizeof(struct cache_item) == 48, "what an item costs beside its octets");

struct cache_ring {
	uint8_t *octets;
	uint64_t size;
	uint64_t head;
	uint64_t tail;
};

struct cache_mark {
	int64_t dropped_ms; /* What was stored until then is no more. */
	size_t size;
	uint8_t prefix[HANDLE_NAME_SIZE_MAX];
};

struct cache {
	struct cache_limits limits;
	struct monitor_row *row;
	uint64_t seed;
	uint8_t *base; /* The mapping. */
	uint64_t size;
	uint64_t (*buckets)[CACHE_BUCKET_COUNT];
	uint64_t bucket_count;
	uint32_t *ghosts;
	uint64_t ghost_count;
	struct cache_ring young;
	struct cache_ring old;
	uint64_t entry_count;
	int64_t now_ms; /* Of the call under way. */
	/* Prefixes that were dropped, and how far both rings were searched for them. */
	struct cache_mark marks[CACHE_MARK_COUNT];
	size_t mark_count;
	uint64_t sweep_young, sweep_young_end;
	uint64_t sweep_old, sweep_old_end;
};

static inline uint64_t
cache_place(const struct cache *cache, const struct cache_item *item)
{
	return (uint64_t)((const uint8_t *)item - cache->base) / 8;
}

static inline struct cache_item *
cache_item_at(const struct cache *cache, uint64_t place)
{
	return (struct cache_item *)(void *)(cache->base + place * 8);
}

/* cache_index.c */
uint64_t cache_hash(const struct cache *cache, const struct cache_key *key);
struct cache_item *cache_index_find(
	const struct cache *cache, uint64_t hash, const struct cache_key *key);
/* To have the lines of the index at hand; the first item whose word is like the hash's, or NULL. */
uint64_t cache_index_touch(const struct cache *cache, uint64_t hash);
const struct cache_item *cache_index_guess(const struct cache *cache, uint64_t hash);
void cache_index_add(struct cache *cache, struct cache_item *item);
void cache_index_move(
	struct cache *cache, const struct cache_item *from, const struct cache_item *to);
/* Takes the item out of the index; its room is given back when its ring gets there. */
void cache_forget(struct cache *cache, struct cache_item *item);
void cache_ghost_add(struct cache *cache, uint64_t hash);
bool cache_ghost_take(struct cache *cache, uint64_t hash); /* True if it was there. */

/* cache_ring.c */
struct cache_item *cache_ring_item(const struct cache_ring *ring, uint64_t position);
uint64_t cache_ring_skip(const struct cache_ring *ring, uint64_t position);
bool cache_ring_has_room(const struct cache_ring *ring, uint64_t size);
/* Room for an item of that size, whatever must go for it. */
struct cache_item *cache_young_take(struct cache *cache, uint32_t size);
struct cache_item *cache_old_take(struct cache *cache, uint32_t size);
bool cache_is_old(const struct cache *cache, const struct cache_item *item);

/* cache_sweep.c */
bool cache_is_dropped(const struct cache *cache, const struct cache_item *item);

/* cache.c: puts what was known before, unless something newer is there; its time is cut by the
 * limits. */
void cache_restore(struct cache *cache, const struct cache_key *key,
	const struct cache_answer *answer, int64_t stored_ms, int64_t expires_ms);

/* Neither fresh nor to be given when stale, or dropped. */
bool cache_is_gone(const struct cache *cache, const struct cache_item *item);
void cache_entry_over(
	const struct cache *cache, const struct cache_item *item, struct cache_entry *ret_entry);
