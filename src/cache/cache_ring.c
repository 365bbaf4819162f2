/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/cache_private.h"

#include <string.h>

struct cache_item *
cache_ring_item(const struct cache_ring *ring, uint64_t position)
{
	return (struct cache_item *)(void *)(ring->octets + position % ring->size);
}

uint64_t
cache_ring_skip(const struct cache_ring *ring, uint64_t position)
{
	uint64_t left = ring->size - position % ring->size;

	return left < sizeof(struct cache_item) ? position + left : position;
}

/* What is lost at the end of the lap, so that `size` octets are in one piece. */
static uint64_t
ring_gap(const struct cache_ring *ring, uint64_t size)
{
	uint64_t left = ring->size - ring->head % ring->size;

	return left < size ? left : 0;
}

bool
cache_ring_has_room(const struct cache_ring *ring, uint64_t size)
{
	return ring->head + ring_gap(ring, size) + size - ring->tail <= ring->size;
}

/* Only when there is room. The octets are still those that were there before. */
static struct cache_item *
ring_take(struct cache_ring *ring, uint64_t size)
{
	uint64_t gap = ring_gap(ring, size);
	struct cache_item *item;

	if (gap > 0) {
		item = cache_ring_item(ring, ring->head);
		item->size = (uint32_t)gap;
		item->flags = CACHE_FLAG_DEAD;
		ring->head += gap;
	}
	item = cache_ring_item(ring, ring->head);
	ring->head = cache_ring_skip(ring, ring->head + size);
	return item;
}

static void
ring_pass(struct cache_ring *ring, uint32_t size)
{
	ring->tail = cache_ring_skip(ring, ring->tail + size);
}

static void
item_evict(struct cache *cache, struct cache_item *item)
{
	if (!cache_is_gone(cache, item)) {
		monitor_add(cache->row, METRIC_CACHE_EVICTED, 1);
	}
	cache_forget(cache, item);
}

/* The oldest of the old: goes, or goes round once more if it was asked for. */
static void
old_pass(struct cache *cache, bool may_stay)
{
	struct cache_ring *ring = &cache->old;
	struct cache_item *item = cache_ring_item(ring, ring->tail);
	uint32_t size = item->size;
	struct cache_item *again;

	if ((item->flags & CACHE_FLAG_DEAD) != 0) {
		ring_pass(ring, size);
		return;
	}
	if (!may_stay || item->frequency == 0 || cache_is_gone(cache, item)) {
		item_evict(cache, item);
		ring_pass(ring, size);
		return;
	}
	ring_pass(ring, size);
	if (!cache_ring_has_room(ring, size)) {
		item_evict(cache, item);
		return;
	}
	again = ring_take(ring, size);
	memmove(again, item, size); /* They may overlap: it moves down into the gap before it. */
	cache_index_move(cache, item, again);
	again->frequency--;
}

struct cache_item *
cache_old_take(struct cache *cache, uint32_t size)
{
	for (size_t count = 0; !cache_ring_has_room(&cache->old, size); count++) {
		old_pass(cache, count < CACHE_KEEP_COUNT);
	}
	return ring_take(&cache->old, size);
}

/* The oldest of the young: joins the old if it was asked for again, or if they have room. */
static void
young_pass(struct cache *cache)
{
	struct cache_ring *ring = &cache->young;
	struct cache_item *item = cache_ring_item(ring, ring->tail);
	struct cache_item *joined;

	if ((item->flags & CACHE_FLAG_DEAD) != 0) {
		ring_pass(ring, item->size);
		return;
	}
	if (cache_is_gone(cache, item)) {
		cache_forget(cache, item);
		ring_pass(ring, item->size);
		return;
	}
	if (item->frequency == 0 && !cache_ring_has_room(&cache->old, item->size)) {
		cache_ghost_add(cache, item->hash);
		item_evict(cache, item);
		ring_pass(ring, item->size);
		return;
	}
	joined = cache_old_take(cache, item->size);
	memcpy(joined, item, item->size);
	cache_index_move(cache, item, joined);
	joined->frequency = 0;
	ring_pass(ring, joined->size);
}

struct cache_item *
cache_young_take(struct cache *cache, uint32_t size)
{
	while (!cache_ring_has_room(&cache->young, size)) {
		young_pass(cache);
	}
	return ring_take(&cache->young, size);
}

bool
cache_is_old(const struct cache *cache, const struct cache_item *item)
{
	const uint8_t *at = (const uint8_t *)item;

	return at >= cache->old.octets && at < cache->old.octets + cache->old.size;
}
