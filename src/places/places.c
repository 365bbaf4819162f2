/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "crypto/crypto.h"
#include "places/places_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Why a crash at any moment, which may lose any of the pages written since the checkpoint and
 * keep any other, is repaired by putting the journal's entries from the checkpoint's position
 * again, in order:
 *
 * 1. A slot is one aligned word, so on disk it has a value that it had in memory at or after
 *    the checkpoint. Once taken, a slot belongs to its key for ever; only its place changes.
 *    The table on disk does not grow: a larger one is another file, which takes the name only
 *    when it is whole.
 * 2. A key that was in the table at the checkpoint is found as before: the slots between its
 *    home and its own were taken then and still are. Its place may be any it had since.
 * 3. A key that came later may be there, or not, or be there behind a slot that is empty
 *    again, where no search finds it. But when it was first put, the slots on its way had been
 *    taken by keys that came before it, and the replay puts those before it again. So when its
 *    turn comes, the first slot on its way that is empty or its own is the one it had: it is
 *    found there or goes there. No key ever has two slots.
 * 4. Each key that changed since the checkpoint is put at least once in the replay, last with
 *    its newest place. So when the replay is over, every key leads to its newest entry.
 *    Nothing in this depends on how far an earlier replay got, so a crash in the replay is one
 *    more crash.
 * 5. The replay may make the table grow earlier than it grew before, as it meets keys of later
 *    entries. The sweep puts them into the new table where searches find them, and from then
 *    on 3 holds for the new one.
 *
 * A key that the crash kept is found by its replay and not counted by it. Therefore the count
 * of taken slots, which decides when the table grows, is made by counting when the last end
 * was not clean.
 */

struct places_reader {
	/* What one lookup touches. */
	_Atomic uint64_t *slots; /* NULL outside. */
	uint64_t mask;
	uint64_t seed;
	uint32_t home_shift; /* Tag to home slot. */

	_Atomic uint64_t epoch; /* 0 outside; else the epoch in which it entered. */
	struct places *places;
	struct places_reader *next;
};

static uint64_t
tag_of(uint64_t hash)
{
	return hash >> PLACES_PLACE_BITS;
}

static uint64_t
word_make(uint64_t hash, uint64_t place)
{
	return tag_of(hash) << PLACES_PLACE_BITS | place >> 3;
}

static uint64_t
word_place(uint64_t word)
{
	return (word & ((UINT64_C(1) << PLACES_PLACE_BITS) - 1)) << 3;
}

static char *
path_with(const char *path, const char *suffix)
{
	size_t size = strlen(path);
	size_t suffix_size = strlen(suffix) + 1;
	char *joined = malloc(size + suffix_size);

	if (joined != NULL) {
		memcpy(joined, path, size);
		memcpy(joined + size, suffix, suffix_size);
	}
	return joined;
}

enum status
places_open(const char *path, bool is_writable, struct places **ret_places, bool *ret_is_new,
	struct problem *problem)
{
	struct places *places = calloc(1, sizeof(*places));
	struct places_table *table = NULL;
	enum status status = STATUS_NO_MEMORY;
	bool is_new = false;

	if (places == NULL) {
		return problem_set(problem, status, "no memory for the table of places");
	}
	places->is_writable = is_writable;
	places->path = path_with(path, "");
	places->path_unfinished = path_with(path, ".tmp");
	atomic_store(&places->epoch, 1);
	pthread_mutex_init(&places->table_lock, NULL);
	pthread_mutex_init(&places->readers_lock, NULL);
	if (places->path == NULL || places->path_unfinished == NULL) {
		problem_set(problem, status, "no memory for the table of places");
	} else {
		status = places_file_open(places, &table, problem);
	}
	if (status == STATUS_NOT_FOUND) {
		is_new = true;
		crypto_random(&places->seed, sizeof(places->seed));
		status = places_table_new(places, PLACES_BITS_MIN, &table, problem);
	} else if (status == STATUS_OK && is_writable) {
		/* What a crash left of a table that had grown. */
		unlink(places->path_unfinished);
	}
	atomic_store(&places->table, table);
	if (status != STATUS_OK) {
		places_close(places);
		return status;
	}
	*ret_places = places;
	*ret_is_new = is_new;
	return STATUS_OK;
}

void
places_close(struct places *places)
{
	struct places_table *table;

	if (places == NULL) {
		return;
	}
	assert(places->readers == NULL);
	places_file_finish(places);
	table = atomic_load(&places->table);
	if (table != NULL && table->is_unfinished) {
		unlink(places->path_unfinished);
	}
	places_table_free(table);
	while (places->retired != NULL) {
		table = places->retired;
		places->retired = table->older;
		places_table_free(table);
	}
	pthread_mutex_destroy(&places->table_lock);
	pthread_mutex_destroy(&places->readers_lock);
	free(places->path);
	free(places->path_unfinished);
	free(places);
}

struct places_reader *
places_reader_new(struct places *places)
{
	struct places_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		return NULL;
	}
	reader->places = places;
	reader->seed = places->seed;
	pthread_mutex_lock(&places->readers_lock);
	reader->next = places->readers;
	places->readers = reader;
	pthread_mutex_unlock(&places->readers_lock);
	return reader;
}

void
places_reader_free(struct places_reader *reader)
{
	struct places_reader **link;

	if (reader == NULL) {
		return;
	}
	pthread_mutex_lock(&reader->places->readers_lock);
	link = &reader->places->readers;
	while (*link != reader) {
		link = &(*link)->next;
	}
	*link = reader->next;
	pthread_mutex_unlock(&reader->places->readers_lock);
	free(reader);
}

/* The epoch is announced before the table is taken: a writer that does not see the
 * announcement has replaced the table before, so the newer one is taken. All sequentially
 * consistent; the fence costs nothing once a wake-up. */
void
places_enter(struct places_reader *reader)
{
	struct places_table *table;

	atomic_store(&reader->epoch, atomic_load(&reader->places->epoch));
	table = atomic_load(&reader->places->table);
	reader->slots = table->slots;
	reader->mask = places_slot_count(table) - 1;
	reader->home_shift = PLACES_TAG_BITS - table->bits;
}

void
places_leave(struct places_reader *reader)
{
	reader->slots = NULL;
	atomic_store_explicit(&reader->epoch, 0, memory_order_release);
}

/* Frees the replaced tables that no reader can still hold. Returns whether any is left. */
static void
reclaim(struct places *places)
{
	uint64_t oldest = UINT64_MAX;
	struct places_table **link = &places->retired;

	if (places->retired == NULL) {
		return;
	}
	pthread_mutex_lock(&places->readers_lock);
	for (struct places_reader *reader = places->readers; reader != NULL;
		reader = reader->next) {
		uint64_t epoch = atomic_load(&reader->epoch);

		oldest = epoch != 0 && epoch < oldest ? epoch : oldest;
	}
	pthread_mutex_unlock(&places->readers_lock);
	while (*link != NULL) {
		struct places_table *table = *link;

		if (table->retired_at < oldest) {
			*link = table->older;
			places_table_free(table);
		} else {
			link = &table->older;
		}
	}
}

struct places_probe
places_probe(const struct places_reader *reader, struct bytes key)
{
	struct places_probe probe = {
		.hash = checksum_over(key, reader->seed),
		.left = reader->mask + 1,
	};

	assert(reader->slots != NULL);
	probe.slot = tag_of(probe.hash) >> reader->home_shift;
	return probe;
}

uint64_t
places_touch(const struct places_reader *reader, const struct places_probe *probe)
{
	return atomic_load_explicit(&reader->slots[probe->slot], memory_order_relaxed);
}

uint64_t
places_next(const struct places_reader *reader, struct places_probe *probe)
{
	/* A sound table has empty slots; a damaged one may have none. */
	while (probe->left > 0) {
		uint64_t word =
			atomic_load_explicit(&reader->slots[probe->slot], memory_order_acquire);

		if (word == 0) {
			probe->left = 0;
			return 0;
		}
		probe->slot = (probe->slot + 1) & reader->mask;
		probe->left--;
		if (tag_of(word) == tag_of(probe->hash)) {
			return word_place(word);
		}
	}
	return 0;
}

/* The slot of the key, or the empty one where it belongs, or NULL: no slot is empty. */
static _Atomic uint64_t *
slot_find(struct places_table *table, uint64_t hash, struct bytes key, places_matches *matches,
	void *context)
{
	uint64_t mask = places_slot_count(table) - 1;
	uint64_t home = tag_of(hash) >> (PLACES_TAG_BITS - table->bits);

	for (uint64_t i = 0; i <= mask; i++) {
		_Atomic uint64_t *slot = &table->slots[(home + i) & mask];
		uint64_t word = atomic_load_explicit(slot, memory_order_relaxed);

		if (word == 0 ||
			(tag_of(word) == tag_of(hash) && matches(context, word_place(word), key))) {
			return slot;
		}
	}
	return NULL;
}

uint64_t
places_warm(const struct places *places, struct bytes key)
{
	const struct places_table *table = atomic_load(&places->table);
	uint64_t hash = checksum_over(key, places->seed);

	return atomic_load_explicit(&table->slots[tag_of(hash) >> (PLACES_TAG_BITS - table->bits)],
		memory_order_relaxed);
}

uint64_t
places_find(struct places *places, struct bytes key, places_matches *matches, void *context)
{
	_Atomic uint64_t *slot = slot_find(atomic_load(&places->table),
		checksum_over(key, places->seed), key, matches, context);

	return slot == NULL ? 0 : word_place(atomic_load_explicit(slot, memory_order_relaxed));
}

/* Both tables are ordered by tag, so this reads one and writes the other from end to end. */
static void
table_sweep(const struct places_table *from, struct places_table *to)
{
	uint64_t to_mask = places_slot_count(to) - 1;

	for (uint64_t i = 0; i < places_slot_count(from); i++) {
		uint64_t word = atomic_load_explicit(&from->slots[i], memory_order_relaxed);
		uint64_t at = word >> (PLACES_PLACE_BITS + PLACES_TAG_BITS - to->bits);

		if (word == 0) {
			continue;
		}
		while (atomic_load_explicit(&to->slots[at], memory_order_relaxed) != 0) {
			at = (at + 1) & to_mask;
		}
		atomic_store_explicit(&to->slots[at], word, memory_order_relaxed);
	}
}

static enum status
table_grow(struct places *places, uint32_t bits)
{
	struct places_table *old = atomic_load(&places->table);
	struct places_table *table;
	enum status status;

	pthread_mutex_lock(&places->table_lock);
	status = places_table_new(places, bits, &table, NULL);
	if (status == STATUS_OK) {
		table_sweep(old, table);
		atomic_store(&places->table, table);
		old->retired_at = atomic_fetch_add(&places->epoch, 1);
		old->older = places->retired;
		places->retired = old;
	}
	pthread_mutex_unlock(&places->table_lock);
	return status;
}

enum status
places_reserve(struct places *places, uint64_t count)
{
	uint64_t wanted = atomic_load(&places->count) + count;
	uint32_t bits = atomic_load(&places->table)->bits;
	uint32_t needed = bits;

	reclaim(places);
	if (wanted < count || wanted > UINT64_C(1) << PLACES_BITS_MAX) {
		return STATUS_NO_SPACE;
	}
	while (wanted * 100 > (UINT64_C(1) << needed) * PLACES_LOAD_PERCENT_MAX) {
		if (needed == PLACES_BITS_MAX) {
			return STATUS_NO_SPACE;
		}
		needed++;
	}
	return needed == bits ? STATUS_OK : table_grow(places, needed);
}

enum status
places_put(struct places *places, struct bytes key, uint64_t place, places_matches *matches,
	void *context)
{
	uint64_t hash = checksum_over(key, places->seed);
	_Atomic uint64_t *slot;
	enum status status;
	bool is_more;

	if (place == 0 || place % 8 != 0 || place >> (PLACES_PLACE_BITS + 3) != 0) {
		return STATUS_INVALID;
	}
	status = places_file_mark(places);
	if (status != STATUS_OK) {
		return status;
	}
	slot = slot_find(atomic_load(&places->table), hash, key, matches, context);
	is_more = slot == NULL || atomic_load_explicit(slot, memory_order_relaxed) == 0;
	if (is_more) {
		struct places_table *table = atomic_load(&places->table);

		status = places_reserve(places, 1);
		if (status != STATUS_OK) {
			return status;
		}
		if (table != atomic_load(&places->table)) {
			slot = slot_find(atomic_load(&places->table), hash, key, matches, context);
		}
	}
	if (slot == NULL) {
		return STATUS_CORRUPT; /* More slots are taken than were ever put. */
	}
	atomic_fetch_add_explicit(&places->count, is_more, memory_order_relaxed);
	atomic_fetch_add_explicit(&places->put_count, 1, memory_order_relaxed);
	/* Whoever reads the word may read the entry: it is durable and mapped. */
	atomic_store_explicit(slot, word_make(hash, place), memory_order_release);
	return STATUS_OK;
}

uint64_t
places_count(const struct places *places)
{
	return atomic_load_explicit(&places->count, memory_order_relaxed);
}

uint64_t
places_position(const struct places *places)
{
	return atomic_load(&places->position);
}
