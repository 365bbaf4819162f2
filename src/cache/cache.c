/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/cache.h"

#include "cache/cache_private.h"
#include "crypto/crypto.h"
#include "handle/handle_name.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	OCTETS_PER_WORD = 128, /* Of the rings, for each place of the index. */
	YOUNG_SHARE = 10,
	ITEM_SHARE = 4, /* An item takes no more than this part of the ring it begins in. */
	PAGE = 4096,
	TEND_COUNT = 16, /* Put-off work done with each new answer. */
	LINE = 64,
	LINES_AHEAD = 1024, /* Octets of an item that are fetched before they are read. */
};

/* Index and ghosts first, each from a page on; the rings share the rest. */
static void
cache_lay_out(struct cache *cache)
{
	uint64_t word_count = cache->size / (OCTETS_PER_WORD + sizeof(uint64_t) + sizeof(uint32_t));
	uint64_t at;

	cache->bucket_count = word_count / CACHE_BUCKET_COUNT;
	cache->buckets = (void *)(cache->base + PAGE); /* No item begins at 0. */
	at = PAGE + cache->bucket_count * sizeof(*cache->buckets);
	cache->ghosts = (void *)(cache->base + at);
	cache->ghost_count = word_count / 2;
	at += (cache->ghost_count * sizeof(uint32_t) + PAGE - 1) / PAGE * PAGE;
	cache->young.octets = cache->base + at;
	cache->young.size = (cache->size - at) / YOUNG_SHARE / 8 * 8;
	at += cache->young.size;
	cache->old.octets = cache->base + at;
	cache->old.size = (cache->size - at) / 8 * 8;
}

struct cache *
cache_new(const struct cache_limits *limits, struct monitor_row *row)
{
	struct cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL) {
		return NULL;
	}
	cache->limits = *limits;
	cache->row = row;
	cache->size = limits->size < CACHE_SIZE_MIN ? CACHE_SIZE_MIN : limits->size;
	crypto_random(&cache->seed, sizeof(cache->seed));
	cache->base = mmap(NULL, cache->size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (cache->base == MAP_FAILED) {
		free(cache);
		return NULL;
	}
	/* Look-ups are at random places: large pages spare most of the walks to them. */
	(void)madvise(cache->base, cache->size, MADV_HUGEPAGE);
	cache_lay_out(cache);
	return cache;
}

void
cache_free(struct cache *cache)
{
	if (cache != NULL) {
		monitor_subtract(cache->row, METRIC_CACHE_ENTRIES, cache->entry_count);
		munmap(cache->base, cache->size);
		free(cache);
	}
}

void
cache_use(struct cache *cache, const struct cache_limits *limits)
{
	cache->limits = *limits;
}

bool
cache_key_over(struct cache_key *key, struct bytes name, enum cache_question question)
{
	size_t prefix_size = bytes_find(name, '/');

	key->octets[0] = (uint8_t)question;
	key->size = 1 + handle_name_key(name, key->octets + 1);
	if (key->size == 1) {
		return false;
	}
	/* Names of the global service are folded as a whole; of others the suffix is as asked. */
	if (prefix_size < name.size && !bytes_start_with(name, TEXT("0."))) {
		memcpy(key->octets + 1 + prefix_size, name.at + prefix_size,
			name.size - prefix_size);
	}
	return true;
}

bool
cache_is_gone(const struct cache *cache, const struct cache_item *item)
{
	int64_t stale_ms = item->kind == CACHE_FAILURE ? 0 : cache->limits.stale_ms;

	return cache->now_ms >= item->expires_ms + stale_ms || cache_is_dropped(cache, item);
}

void
cache_entry_over(
	const struct cache *cache, const struct cache_item *item, struct cache_entry *ret_entry)
{
	int64_t late_ms = cache->now_ms - item->expires_ms;

	*ret_entry = (struct cache_entry){.kind = (enum cache_kind)item->kind,
		.response_code = item->response_code,
		.values = {item->value_count,
			bytes_over(item->octets + item->key_size, item->values_size)},
		.stored_ms = item->stored_ms,
		.expires_ms = item->expires_ms,
		.is_certified = (item->flags & CACHE_FLAG_CERTIFIED) != 0,
		.is_stale = late_ms >= 0,
		.is_held = late_ms >= 0 && late_ms < (int64_t)item->held_ms};
}

static bool
prefetch_is_due(const struct cache *cache, const struct cache_item *item)
{
	int64_t left_ms = item->expires_ms - cache->now_ms;

	return item->hits >= CACHE_HOT_COUNT && left_ms > 0 && item->kind != CACHE_FAILURE &&
		(item->flags & CACHE_FLAG_CLAIMED) == 0 &&
		left_ms * 100 <=
		(item->expires_ms - item->stored_ms) * (int64_t)cache->limits.prefetch_percent;
}

/* A load where an address may have to be looked up, too: for that a prefetch would be given up. */
void
cache_look_ahead(struct cache *cache, const struct bytes *names, size_t count)
{
	const struct cache_item *items[UDP_BATCH_MAX];
	uint64_t hashes[UDP_BATCH_MAX];
	volatile uint64_t seen; /* So that no touch is left out for want of use. */
	struct cache_key key __attribute__((uninitialized));

	assert(count <= UDP_BATCH_MAX);
	for (size_t i = 0; i < count; i++) {
		hashes[i] =
			cache_key_over(&key, names[i], CACHE_NORMAL) ? cache_hash(cache, &key) : 0;
	}
	for (size_t i = 0; i < count; i++) {
		seen = cache_index_touch(cache, hashes[i]);
	}
	for (size_t i = 0; i < count; i++) {
		items[i] = cache_index_guess(cache, hashes[i]);
	}
	for (size_t i = 0; i < count; i++) {
		seen = items[i] == NULL ? 0 : items[i]->size;
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t at = LINE; items[i] != NULL && at < items[i]->size && at < LINES_AHEAD;
			at += LINE) {
			__builtin_prefetch((const uint8_t *)items[i] + at);
		}
	}
	(void)seen;
}

bool
cache_find(struct cache *cache, const struct cache_key *key, int64_t now_ms,
	struct cache_entry *ret_entry)
{
	struct cache_item *item = cache_index_find(cache, cache_hash(cache, key), key);

	cache->now_ms = now_ms;
	if (item == NULL || cache_is_gone(cache, item)) {
		if (item != NULL) {
			cache_forget(cache, item);
		}
		monitor_add(cache->row, METRIC_CACHE_MISSES, 1);
		return false;
	}
	if (item->frequency < CACHE_FREQUENCY_MAX) {
		item->frequency++;
	}
	if (item->hits < UINT8_MAX) {
		item->hits++;
	}
	cache_entry_over(cache, item, ret_entry);
	if (prefetch_is_due(cache, item)) {
		item->flags |= CACHE_FLAG_CLAIMED;
		ret_entry->is_prefetch_due = true;
	}
	monitor_add(cache->row, ret_entry->is_stale ? METRIC_CACHE_STALE : METRIC_CACHE_HITS, 1);
	return true;
}

bool
cache_look(struct cache *cache, const struct cache_key *key, int64_t now_ms,
	struct cache_entry *ret_entry)
{
	const struct cache_item *item = cache_index_find(cache, cache_hash(cache, key), key);

	cache->now_ms = now_ms;
	if (item == NULL || cache_is_gone(cache, item)) {
		return false;
	}
	cache_entry_over(cache, item, ret_entry);
	return true;
}

static int64_t
smaller(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

static int64_t
values_lifetime_ms(
	const struct cache_limits *limits, const struct handle_value_list *values, int64_t wall_ms)
{
	struct wire_reader walk = handle_value_list_walk(values);
	int64_t lifetime_ms = limits->ttl_max_ms;
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		int64_t value_ms = (int64_t)value.ttl * 1000;

		if (value.ttl_kind == HANDLE_TTL_ABSOLUTE) {
			value_ms -= wall_ms;
		} else if (value_ms < limits->ttl_min_ms) {
			value_ms = limits->ttl_min_ms;
		}
		lifetime_ms = smaller(lifetime_ms, value_ms);
	}
	return lifetime_ms;
}

int64_t
cache_lifetime_ms(
	const struct cache_limits *limits, const struct cache_answer *answer, int64_t wall_ms)
{
	int64_t lifetime_ms = limits->negative_ms;

	if (answer->kind == CACHE_FAILURE) {
		lifetime_ms = answer->lifetime_ms > 0 ? answer->lifetime_ms : limits->failure_ms;
		return smaller(lifetime_ms, CACHE_FAILURE_MS_MAX);
	}
	if (answer->kind == CACHE_VALUES && answer->values.count > 0) {
		lifetime_ms = values_lifetime_ms(limits, &answer->values, wall_ms);
	}
	if (answer->lifetime_ms > 0) {
		lifetime_ms = smaller(lifetime_ms, answer->lifetime_ms);
	}
	return lifetime_ms > 0 ? lifetime_ms : 0;
}

/* A failure where something may still be given: that stays, and upstream is left alone. */
static bool
failure_is_held(struct cache_item *item, int64_t now_ms, int64_t lifetime_ms)
{
	if (item->kind == CACHE_FAILURE) {
		return false;
	}
	if (now_ms >= item->expires_ms) {
		item->held_ms =
			(uint32_t)smaller(now_ms - item->expires_ms + lifetime_ms, UINT32_MAX);
	}
	return true;
}

static size_t
item_size(const struct cache_key *key, const struct cache_answer *answer)
{
	return (sizeof(struct cache_item) + key->size + answer->values.octets.size + 7) / 8 * 8;
}

static void
item_fill(struct cache_item *item, const struct cache_key *key, const struct cache_answer *answer)
{
	item->values_size = (uint32_t)answer->values.octets.size;
	item->held_ms = 0;
	item->key_size = (uint16_t)key->size;
	item->value_count = (uint16_t)answer->values.count;
	item->response_code = answer->response_code;
	item->kind = (uint8_t)answer->kind;
	item->flags = answer->is_certified ? CACHE_FLAG_CERTIFIED : 0;
	item->hits = 0;
	memcpy(item->octets, key->octets, key->size);
	if (answer->values.octets.size > 0) {
		memcpy(item->octets + key->size, answer->values.octets.at,
			answer->values.octets.size);
	}
}

/* Room for a name that has none: among the old if it was there, or went too early. */
static struct cache_item *
item_take(struct cache *cache, uint64_t hash, uint32_t size, struct cache_item *before)
{
	bool is_old = cache_ghost_take(cache, hash);
	uint8_t frequency = 0;
	struct cache_item *item;

	if (before != NULL) {
		is_old = is_old || cache_is_old(cache, before);
		frequency = before->frequency;
		cache_forget(cache, before);
	}
	item = is_old ? cache_old_take(cache, size) : cache_young_take(cache, size);
	item->size = size;
	item->hash = hash;
	item->frequency = frequency;
	memset(item->reserved, 0, sizeof(item->reserved));
	cache_index_add(cache, item);
	return item;
}

void
cache_put(struct cache *cache, const struct cache_key *key, const struct cache_answer *answer,
	int64_t now_ms, int64_t wall_ms)
{
	int64_t lifetime_ms = cache_lifetime_ms(&cache->limits, answer, wall_ms);
	size_t size =
		(sizeof(struct cache_item) + key->size + answer->values.octets.size + 7) / 8 * 8;
	uint64_t hash = cache_hash(cache, key);
	struct cache_item *item;

	cache->now_ms = now_ms;
	cache_tend(cache, TEND_COUNT); /* First: it may take away what is looked for. */
	item = cache_index_find(cache, hash, key);
	if (item != NULL && cache_is_gone(cache, item)) {
		cache_forget(cache, item);
		item = NULL;
	}
	if (item != NULL && answer->kind == CACHE_FAILURE &&
		failure_is_held(item, now_ms, lifetime_ms)) {
		return;
	}
	if (lifetime_ms <= 0 || size > cache->young.size / ITEM_SHARE) {
		if (item != NULL) {
			cache_forget(cache, item);
		}
		return;
	}
	if (item == NULL || item->size < size || item->size / 2 > size) {
		item = item_take(cache, hash, (uint32_t)size, item);
	}
	item->stored_ms = now_ms;
	item->expires_ms = now_ms + lifetime_ms;
	item_fill(item, key, answer);
	monitor_add(cache->row, METRIC_CACHE_PUTS, 1);
}

void
cache_restore(struct cache *cache, const struct cache_key *key, const struct cache_answer *answer,
	int64_t stored_ms, int64_t expires_ms)
{
	const struct cache_limits *limits = &cache->limits;
	int64_t longest_ms = answer->kind == CACHE_VALUES && answer->values.count > 0
		? limits->ttl_max_ms
		: limits->negative_ms;
	uint64_t hash = cache_hash(cache, key);
	size_t size = item_size(key, answer);
	struct cache_item *item = cache_index_find(cache, hash, key);

	expires_ms = smaller(expires_ms, stored_ms + longest_ms);
	if (cache->now_ms >= expires_ms + limits->stale_ms ||
		size > cache->young.size / ITEM_SHARE ||
		(item != NULL && item->stored_ms >= stored_ms)) {
		return;
	}
	item = item_take(cache, hash, (uint32_t)size, item);
	item->stored_ms = stored_ms;
	item->expires_ms = expires_ms;
	item_fill(item, key, answer);
}

bool
cache_drop(struct cache *cache, struct bytes name)
{
	bool was_there = false;
	struct cache_key key __attribute__((uninitialized));

	for (int question = 0; question < CACHE_QUESTION_COUNT; question++) {
		struct cache_item *item = NULL;

		if (cache_key_over(&key, name, (enum cache_question)question)) {
			item = cache_index_find(cache, cache_hash(cache, &key), &key);
		}
		if (item != NULL) {
			cache_forget(cache, item);
			monitor_add(cache->row, METRIC_CACHE_DROPPED, 1);
			was_there = true;
		}
	}
	return was_there;
}

void
cache_drop_all(struct cache *cache)
{
	monitor_add(cache->row, METRIC_CACHE_DROPPED, cache->entry_count);
	monitor_subtract(cache->row, METRIC_CACHE_ENTRIES, cache->entry_count);
	memset(cache->buckets, 0, cache->bucket_count * sizeof(*cache->buckets));
	cache->young.head = cache->young.tail = 0;
	cache->old.head = cache->old.tail = 0;
	cache->entry_count = 0;
	cache->mark_count = 0;
}

void
cache_stats(const struct cache *cache, struct cache_stats *ret_stats)
{
	*ret_stats = (struct cache_stats){.size = cache->size,
		.used_size =
			cache->young.head - cache->young.tail + cache->old.head - cache->old.tail,
		.entry_count = cache->entry_count,
		.entry_count_max = cache->bucket_count * CACHE_BUCKET_COUNT};
}
