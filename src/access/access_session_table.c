/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_session_table.h"

#include "base/checksum.h"

#include <stdlib.h>

enum { SWEEP_SHARE = 8 };

static struct access_queue *
list_of(struct access_sessions *sessions, const struct session_slot *slot)
{
	return slot->is_proven ? &sessions->proven : &sessions->unproven;
}

struct access_sessions *
access_sessions_new(const struct access_session_limits *limits)
{
	struct access_sessions *sessions = calloc(1, sizeof(*sessions));
	uint32_t bucket_count = 16;

	if (sessions == NULL) {
		return NULL;
	}
	while (bucket_count < limits->count) {
		bucket_count *= 2;
	}
	sessions->limits = *limits;
	sessions->slots = calloc(limits->count, sizeof(sessions->slots[0]));
	sessions->links = calloc(limits->count, sizeof(sessions->links[0]));
	sessions->buckets = malloc(bucket_count * sizeof(sessions->buckets[0]));
	sessions->bucket_mask = bucket_count - 1;
	pthread_mutex_init(&sessions->lock, NULL);
	if (sessions->slots == NULL || sessions->links == NULL || sessions->buckets == NULL) {
		access_sessions_free(sessions);
		return NULL;
	}
	crypto_random(&sessions->seed, sizeof(sessions->seed));
	memset(sessions->buckets, 0xff, bucket_count * sizeof(sessions->buckets[0]));
	sessions->free = sessions->unproven = sessions->proven = access_queue_empty();
	for (uint32_t i = 0; i < limits->count; i++) {
		access_queue_add(&sessions->free, sessions->links, i);
	}
	return sessions;
}

/* Overwrites what was secret and frees what was kept. */
static void
slot_clear(struct session_slot *slot)
{
	crypto_forget(&slot->key, sizeof(slot->key));
	free((void *)(uintptr_t)slot->setup.name.at);
	free(slot->results);
	slot->setup.name = (struct bytes){NULL, 0};
	slot->results = NULL;
}

void
access_sessions_free(struct access_sessions *sessions)
{
	if (sessions == NULL) {
		return;
	}
	for (uint32_t i = 0; sessions->slots != NULL && i < sessions->limits.count; i++) {
		if (sessions->slots[i].id != 0) {
			slot_clear(&sessions->slots[i]);
		}
	}
	pthread_mutex_destroy(&sessions->lock);
	free(sessions->buckets);
	free(sessions->links);
	free(sessions->slots);
	free(sessions);
}

static uint32_t *
bucket_of(struct access_sessions *sessions, uint32_t id)
{
	return &sessions->buckets[(id >> 1) & sessions->bucket_mask];
}

static uint32_t *
source_count(struct access_sessions *sessions, const struct access_source_key *source)
{
	uint64_t hash =
		checksum_over(bytes_over(source->octets, sizeof(source->octets)), sessions->seed);

	return &sessions->sources[hash % ACCESS_SOURCE_COUNT];
}

struct session_slot *
session_find_any(struct access_sessions *sessions, uint32_t id)
{
	uint32_t number = *bucket_of(sessions, id);

	while (number != SESSION_NO_SLOT && sessions->slots[number].id != id) {
		number = sessions->slots[number].chain;
	}
	return number == SESSION_NO_SLOT || id == 0 ? NULL : &sessions->slots[number];
}

static bool
slot_has_expired(const struct session_slot *slot, int64_t now_ms)
{
	return now_ms >= slot->ends_ms || now_ms - slot->seen_ms >= slot->idle_ms;
}

struct session_slot *
session_find(struct access_sessions *sessions, uint32_t id, int64_t now_ms)
{
	struct session_slot *slot = session_find_any(sessions, id);

	if (slot != NULL && slot_has_expired(slot, now_ms)) {
		sessions->counts.expired++;
		session_end(sessions, slot);
		return NULL;
	}
	return slot;
}

void
session_touch(struct access_sessions *sessions, struct session_slot *slot, int64_t now_ms)
{
	uint32_t number = (uint32_t)(slot - sessions->slots);

	slot->seen_ms = now_ms;
	access_queue_remove(list_of(sessions, slot), sessions->links, number);
	access_queue_add(list_of(sessions, slot), sessions->links, number);
}

void
session_set_proven(struct access_sessions *sessions, struct session_slot *slot)
{
	uint32_t number = (uint32_t)(slot - sessions->slots);

	access_queue_remove(list_of(sessions, slot), sessions->links, number);
	slot->is_proven = true;
	access_queue_add(list_of(sessions, slot), sessions->links, number);
}

void
session_end(struct access_sessions *sessions, struct session_slot *slot)
{
	uint32_t number = (uint32_t)(slot - sessions->slots);
	uint32_t *link = bucket_of(sessions, slot->id);

	while (*link != number) {
		link = &sessions->slots[*link].chain;
	}
	*link = slot->chain;
	access_queue_remove(list_of(sessions, slot), sessions->links, number);
	--*source_count(sessions, &slot->source);
	slot_clear(slot);
	slot->id = 0;
	access_queue_add(&sessions->free, sessions->links, number);
}

/* Even: odd ones are those of challenges. */
static uint32_t
draw_id(struct access_sessions *sessions)
{
	uint32_t id;

	do {
		crypto_random(&id, sizeof(id));
		id &= INT32_MAX & ~1;
	} while (id == 0 || session_find_any(sessions, id) != NULL);
	return id;
}

/* One slot free: what has expired goes first, then who proved nothing for the longest. */
static bool
make_room(struct access_sessions *sessions, int64_t now_ms)
{
	const uint32_t firsts[] = {sessions->unproven.first, sessions->proven.first};

	if (sessions->free.count > 0) {
		return true;
	}
	for (size_t i = 0; i < 2; i++) {
		if (firsts[i] != SESSION_NO_SLOT &&
			slot_has_expired(&sessions->slots[firsts[i]], now_ms)) {
			sessions->counts.expired++;
			session_end(sessions, &sessions->slots[firsts[i]]);
			return true;
		}
	}
	if (sessions->unproven.first == SESSION_NO_SLOT) {
		return false;
	}
	sessions->counts.displaced++;
	session_end(sessions, &sessions->slots[sessions->unproven.first]);
	return true;
}

struct session_slot *
session_begin(
	struct access_sessions *sessions, const struct access_source_key *source, int64_t now_ms)
{
	uint32_t *count = source_count(sessions, source);

	if (*count >= sessions->limits.count_per_source || !make_room(sessions, now_ms)) {
		return NULL;
	}

	uint32_t number = sessions->free.first;
	struct session_slot *slot = &sessions->slots[number];
	uint32_t id = draw_id(sessions);
	uint32_t *bucket = bucket_of(sessions, id);

	access_queue_remove(&sessions->free, sessions->links, number);
	*slot = (struct session_slot){.id = id,
		.instance = ++sessions->instance,
		.chain = *bucket,
		.source = *source,
		.seen_ms = now_ms};
	*bucket = number;
	access_queue_add(&sessions->unproven, sessions->links, number);
	++*count;
	sessions->counts.opened++;
	return slot;
}

bool
session_window_takes(struct session_window *window, uint32_t counter)
{
	uint32_t place = window->count;

	while (place > 0 && window->counters[place - 1] > counter) {
		place--;
	}
	if (place > 0 && window->counters[place - 1] == counter) {
		return false;
	}
	if (window->count < SESSION_WINDOW_COUNT) {
		memmove(window->counters + place + 1, window->counters + place,
			(window->count - place) * sizeof(window->counters[0]));
		window->counters[place] = counter;
		window->count++;
		return true;
	}
	if (place == 0) {
		return false;
	}
	memmove(window->counters, window->counters + 1, (place - 1) * sizeof(window->counters[0]));
	window->counters[place - 1] = counter;
	return true;
}

void
access_sessions_sweep(struct access_sessions *sessions, int64_t now_ms)
{
	uint32_t count = sessions->limits.count;

	pthread_mutex_lock(&sessions->lock);
	for (uint32_t i = 0; i < count / SWEEP_SHARE + 1; i++) {
		struct session_slot *slot = &sessions->slots[sessions->swept];

		if (slot->id != 0 && slot_has_expired(slot, now_ms)) {
			sessions->counts.expired++;
			session_end(sessions, slot);
		}
		sessions->swept = (sessions->swept + 1) % count;
	}
	pthread_mutex_unlock(&sessions->lock);
}

void
access_sessions_count(struct access_sessions *sessions, struct access_session_counts *ret_counts)
{
	pthread_mutex_lock(&sessions->lock);
	*ret_counts = sessions->counts;
	ret_counts->open = sessions->proven.count + sessions->unproven.count;
	ret_counts->proven = sessions->proven.count;
	pthread_mutex_unlock(&sessions->lock);
}
