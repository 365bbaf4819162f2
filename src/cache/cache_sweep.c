/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/cache_private.h"

#include <string.h>

/*
 * A prefix is dropped by a mark that every look-up minds; the marks go when both rings were
 * searched once. What moves meanwhile is looked at when it moves (cache_is_gone).
 */
enum { PREFIX_HANDLE_SIZE = 5 }; /* "0.NA/" */

/* `name` is under the prefix or one below it, or is the prefix handle of one of them. */
bool
cache_name_is_below(struct bytes name, struct bytes prefix)
{
	bool is_prefix_handle = bytes_start_with(name, TEXT("0.NA/"));
	struct bytes rest;

	if (bytes_start_with_fold(name, prefix)) {
		rest = bytes_slice(name, prefix.size, 1);
		return rest.size == 1 && (rest.at[0] == '/' || rest.at[0] == '.');
	}
	rest = bytes_slice(name, PREFIX_HANDLE_SIZE, SIZE_MAX);
	if (!is_prefix_handle || !bytes_start_with_fold(rest, prefix)) {
		return false;
	}
	return rest.size == prefix.size || rest.at[prefix.size] == '.';
}

bool
cache_is_dropped(const struct cache *cache, const struct cache_item *item)
{
	for (size_t i = 0; i < cache->mark_count; i++) {
		const struct cache_mark *mark = &cache->marks[i];

		if (item->stored_ms <= mark->dropped_ms &&
			cache_name_is_below(bytes_over(item->octets + 1, item->key_size - 1u),
				bytes_over(mark->prefix, mark->size))) {
			return true;
		}
	}
	return false;
}

static void
sweep_begin(struct cache *cache)
{
	cache->sweep_young = cache->young.tail;
	cache->sweep_young_end = cache->young.head;
	cache->sweep_old = cache->old.tail;
	cache->sweep_old_end = cache->old.head;
}

void
cache_drop_prefix(struct cache *cache, struct bytes prefix, int64_t now_ms)
{
	struct cache_mark *mark;

	if (prefix.size == 0 || prefix.size > HANDLE_NAME_SIZE_MAX) {
		return;
	}
	while (cache->mark_count == CACHE_MARK_COUNT && cache_tend(cache, SIZE_MAX)) {
	}
	mark = &cache->marks[cache->mark_count++];
	mark->dropped_ms = now_ms;
	mark->size = prefix.size;
	for (size_t i = 0; i < prefix.size; i++) {
		mark->prefix[i] = ascii_upper(prefix.at[i]);
	}
	sweep_begin(cache);
}

/* One item; false when the ring was searched. */
static bool
sweep_one(struct cache *cache, const struct cache_ring *ring, uint64_t *position, uint64_t end)
{
	struct cache_item *item;

	if (*position < ring->tail) {
		*position = ring->tail;
	}
	if (*position >= end) {
		return false;
	}
	item = cache_ring_item(ring, *position);
	*position = cache_ring_skip(ring, *position + item->size);
	if ((item->flags & CACHE_FLAG_DEAD) == 0 && cache_is_dropped(cache, item)) {
		cache_forget(cache, item);
		monitor_add(cache->row, METRIC_CACHE_DROPPED, 1);
	}
	return true;
}

bool
cache_tend(struct cache *cache, size_t count)
{
	if (cache->mark_count == 0) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!sweep_one(cache, &cache->young, &cache->sweep_young, cache->sweep_young_end) &&
			!sweep_one(cache, &cache->old, &cache->sweep_old, cache->sweep_old_end)) {
			cache->mark_count = 0;
			return false;
		}
	}
	return true;
}

/* The old ring's positions are told apart by the top bit. */
#define CURSOR_OLD (UINT64_C(1) << 63)

static struct cache_item *
item_next(const struct cache *cache, uint64_t *cursor)
{
	bool is_old = (*cursor & CURSOR_OLD) != 0;
	const struct cache_ring *ring = is_old ? &cache->old : &cache->young;
	uint64_t position = *cursor & ~CURSOR_OLD;
	struct cache_item *item;

	position = position < ring->tail ? ring->tail : position;
	if (position >= ring->head) {
		if (is_old) {
			return NULL;
		}
		*cursor = CURSOR_OLD;
		return item_next(cache, cursor);
	}
	item = cache_ring_item(ring, position);
	*cursor = cache_ring_skip(ring, position + item->size) | (*cursor & CURSOR_OLD);
	return item;
}

bool
cache_next(struct cache *cache, uint64_t *cursor, int64_t now_ms, struct cache_seen *ret_seen)
{
	struct cache_item *item;

	cache->now_ms = now_ms;
	while ((item = item_next(cache, cursor)) != NULL) {
		if ((item->flags & CACHE_FLAG_DEAD) == 0 && !cache_is_gone(cache, item)) {
			ret_seen->question = (enum cache_question)item->octets[0];
			ret_seen->name = bytes_over(item->octets + 1, item->key_size - 1u);
			cache_entry_over(cache, item, &ret_seen->entry);
			return true;
		}
	}
	return false;
}
