/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_census.h"

#include "base/checksum.h"
#include "crypto/crypto.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * Open addressing with linear probing, twice as many slots as there can be connections.
 * A source whose count falls to zero is taken out by moving its followers up, so no
 * tombstones gather.
 */
struct source {
	uint8_t octets[16];
	uint32_t count; /* 0: free. */
};

struct native_census {
	pthread_mutex_t lock;
	uint64_t seed;
	size_t slot_count;
	struct source slots[];
};

struct native_census *
native_census_new(size_t connection_count_max)
{
	size_t slot_count = connection_count_max * 2 + 1;
	struct native_census *census =
		calloc(1, sizeof(*census) + slot_count * sizeof(census->slots[0]));

	if (census != NULL) {
		pthread_mutex_init(&census->lock, NULL);
		crypto_random(&census->seed, sizeof(census->seed));
		census->slot_count = slot_count;
	}
	return census;
}

void
native_census_free(struct native_census *census)
{
	if (census != NULL) {
		pthread_mutex_destroy(&census->lock);
		free(census);
	}
}

static void
source_key(const uint8_t source[16], uint8_t ret_key[16])
{
	static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	memcpy(ret_key, source, 16);
	if (memcmp(source, v4_mapped, sizeof(v4_mapped)) != 0) {
		memset(ret_key + 7, 0, 9);
	}
}

static size_t
home_of(const struct native_census *census, const uint8_t key[16])
{
	return checksum_over(bytes_over(key, 16), census->seed) % census->slot_count;
}

/* The key's slot, or the free one where it would go, or NULL when none is free. */
static struct source *
find(struct native_census *census, const uint8_t key[16])
{
	size_t at = home_of(census, key);

	for (size_t i = 0; i < census->slot_count; i++, at = (at + 1) % census->slot_count) {
		struct source *slot = &census->slots[at];

		if (slot->count == 0 || memcmp(slot->octets, key, 16) == 0) {
			return slot;
		}
	}
	return NULL;
}

/* Closes the gap at `gap`: whatever could have gone there moves there. */
static void
close_gap(struct native_census *census, size_t gap)
{
	size_t count = census->slot_count;

	for (size_t at = (gap + 1) % count; census->slots[at].count != 0; at = (at + 1) % count) {
		size_t home = home_of(census, census->slots[at].octets);

		if ((at + count - home) % count >= (at + count - gap) % count) {
			census->slots[gap] = census->slots[at];
			census->slots[at].count = 0;
			gap = at;
		}
	}
}

bool
native_census_enter(struct native_census *census, const uint8_t source[16], uint32_t per_source_max)
{
	uint8_t key[16];
	struct source *slot;
	bool is_let_in;

	source_key(source, key);
	pthread_mutex_lock(&census->lock);
	slot = find(census, key);
	is_let_in = slot != NULL && slot->count < per_source_max;
	if (is_let_in) {
		memcpy(slot->octets, key, 16);
		slot->count++;
	}
	pthread_mutex_unlock(&census->lock);
	return is_let_in;
}

void
native_census_leave(struct native_census *census, const uint8_t source[16])
{
	uint8_t key[16];
	struct source *slot;

	source_key(source, key);
	pthread_mutex_lock(&census->lock);
	slot = find(census, key);
	if (slot != NULL && slot->count > 0 && --slot->count == 0) {
		close_gap(census, (size_t)(slot - census->slots));
	}
	pthread_mutex_unlock(&census->lock);
}
