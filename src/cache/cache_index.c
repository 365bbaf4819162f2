/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "cache/cache_private.h"

#include <string.h>

#define PLACE_MASK ((UINT64_C(1) << CACHE_PLACE_BITS) - 1)

uint64_t
cache_hash(const struct cache *cache, const struct cache_key *key)
{
	return checksum_over(bytes_over(key->octets, key->size), cache->seed);
}

/* The bits that choose buckets are mixed once more, or they would say nothing new. */
static uint64_t
word_of(uint64_t hash, uint64_t place)
{
	uint64_t tag = hash * UINT64_C(0x9e3779b97f4a7c15);

	return (tag & ~PLACE_MASK) | place;
}

/* A half of the hash, scaled to the number of buckets. */
static uint64_t *
bucket_of(const struct cache *cache, uint64_t hash, unsigned number)
{
	uint32_t half = (uint32_t)(number == 0 ? hash : hash >> 32);

	return cache->buckets[(half * cache->bucket_count) >> 32];
}

struct cache_item *
cache_index_find(const struct cache *cache, uint64_t hash, const struct cache_key *key)
{
	uint64_t wanted = word_of(hash, 0);

	for (unsigned number = 0; number < 2; number++) {
		const uint64_t *bucket = bucket_of(cache, hash, number);

		for (size_t i = 0; i < CACHE_BUCKET_COUNT; i++) {
			struct cache_item *item;

			if ((bucket[i] & ~PLACE_MASK) != wanted || bucket[i] == 0) {
				continue;
			}
			item = cache_item_at(cache, bucket[i] & PLACE_MASK);
			if (item->key_size == key->size &&
				memcmp(item->octets, key->octets, key->size) == 0) {
				return item;
			}
		}
	}
	return NULL;
}

uint64_t
cache_index_touch(const struct cache *cache, uint64_t hash)
{
	return *bucket_of(cache, hash, 0) ^ *bucket_of(cache, hash, 1);
}

const struct cache_item *
cache_index_guess(const struct cache *cache, uint64_t hash)
{
	uint64_t wanted = word_of(hash, 0);

	for (unsigned number = 0; number < 2; number++) {
		const uint64_t *bucket = bucket_of(cache, hash, number);

		for (size_t i = 0; i < CACHE_BUCKET_COUNT; i++) {
			if ((bucket[i] & ~PLACE_MASK) == wanted && bucket[i] != 0) {
				return cache_item_at(cache, bucket[i] & PLACE_MASK);
			}
		}
	}
	return NULL;
}

static uint64_t *
word_find(const struct cache *cache, uint64_t hash, uint64_t word)
{
	for (unsigned number = 0; number < 2; number++) {
		uint64_t *bucket = bucket_of(cache, hash, number);

		for (size_t i = 0; i < CACHE_BUCKET_COUNT; i++) {
			if (bucket[i] == word) {
				return &bucket[i];
			}
		}
	}
	return NULL;
}

static uint64_t *
word_least_asked(const struct cache *cache, uint64_t *bucket)
{
	uint64_t *least = &bucket[0];
	unsigned frequency = CACHE_FREQUENCY_MAX + 1;

	for (size_t i = 0; i < CACHE_BUCKET_COUNT; i++) {
		const struct cache_item *item = cache_item_at(cache, bucket[i] & PLACE_MASK);

		if (item->frequency < frequency) {
			frequency = item->frequency;
			least = &bucket[i];
		}
	}
	return least;
}

void
cache_index_add(struct cache *cache, struct cache_item *item)
{
	uint64_t *free_word = word_find(cache, item->hash, 0);

	if (free_word == NULL) {
		free_word = word_least_asked(cache, bucket_of(cache, item->hash, 0));
		monitor_add(cache->row, METRIC_CACHE_EVICTED, 1);
		cache_forget(cache, cache_item_at(cache, *free_word & PLACE_MASK));
	}
	*free_word = word_of(item->hash, cache_place(cache, item));
	cache->entry_count++;
	monitor_add(cache->row, METRIC_CACHE_ENTRIES, 1);
}

void
cache_index_move(struct cache *cache, const struct cache_item *from, const struct cache_item *to)
{
	uint64_t *word = word_find(cache, to->hash, word_of(to->hash, cache_place(cache, from)));

	*word = word_of(to->hash, cache_place(cache, to));
}

void
cache_forget(struct cache *cache, struct cache_item *item)
{
	uint64_t *word =
		word_find(cache, item->hash, word_of(item->hash, cache_place(cache, item)));

	*word = 0;
	item->flags |= CACHE_FLAG_DEAD;
	cache->entry_count--;
	monitor_subtract(cache->row, METRIC_CACHE_ENTRIES, 1);
}

/* One word for each hash: a newer name takes the place of an older one. */
static uint32_t *
ghost_of(const struct cache *cache, uint64_t hash)
{
	return &cache->ghosts[((uint32_t)hash * cache->ghost_count) >> 32];
}

void
cache_ghost_add(struct cache *cache, uint64_t hash)
{
	*ghost_of(cache, hash) = (uint32_t)(hash >> 32) | 1;
}

bool
cache_ghost_take(struct cache *cache, uint64_t hash)
{
	uint32_t *ghost = ghost_of(cache, hash);

	if (*ghost != ((uint32_t)(hash >> 32) | 1)) {
		return false;
	}
	*ghost = 0;
	return true;
}
