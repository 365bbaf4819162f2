/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_guess.h"

#include "base/checksum.h"
#include "base/limits.h"
#include "crypto/crypto.h"
#include "handle/handle_name.h"

#include <pthread.h>
#include <stdlib.h>

/* Tries are counted in thousandths, so that a part of one can be earned. */
enum { WAY_COUNT = 4, TRY = 1000, MINUTE_MS = 60000 };

struct bucket {
	uint64_t tag; /* 0: never used. */
	int64_t at_ms;
	uint32_t left;
	uint32_t wrong; /* Tries since it was full that were not given back. */
};

struct access_guesses {
	pthread_mutex_t lock;
	uint64_t seed;
	struct bucket sets[GUESS_SET_COUNT][WAY_COUNT];
};

/* What a guess takes from. */
enum { PART_COUNT_MAX = 3 };

struct parts {
	size_t count;
	struct {
		uint64_t hash;
		uint32_t most; /* Tries a minute. */
	} items[PART_COUNT_MAX];
};

struct access_guesses *
access_guesses_new(void)
{
	struct access_guesses *guesses = calloc(1, sizeof(*guesses));

	if (guesses != NULL) {
		pthread_mutex_init(&guesses->lock, NULL);
		crypto_random(&guesses->seed, sizeof(guesses->seed));
	}
	return guesses;
}

void
access_guesses_free(struct access_guesses *guesses)
{
	if (guesses != NULL) {
		pthread_mutex_destroy(&guesses->lock);
		free(guesses);
	}
}

static uint64_t
network_hash(const struct access_guesses *guesses, const uint8_t source[16], uint64_t salt)
{
	static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	uint8_t network[16] = {0};

	memcpy(network, source, memcmp(source, v4_mapped, sizeof(v4_mapped)) == 0 ? 15 : 6);
	return checksum_over(bytes_over(network, sizeof(network)), guesses->seed + salt);
}

static void
parts_add(struct parts *parts, uint64_t hash, uint32_t most)
{
	parts->items[parts->count].hash = hash;
	parts->items[parts->count++].most = most;
}

static struct parts
parts_of(const struct access_guesses *guesses, const struct access_guess *guess)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));
	size_t size = handle_name_key(guess->name, key);
	uint64_t name = checksum_over(bytes_over(key, size), guesses->seed);
	struct parts parts = {.count = 0};

	parts_add(&parts, network_hash(guesses, guess->source, 1), GUESS_PER_MINUTE_MAX);
	if (guess->kind == ACCESS_GUESS_VERIFY) {
		parts_add(&parts, name, GUESS_PER_MINUTE_MAX);
		parts_add(&parts, network_hash(guesses, guess->source, 2), VERIFY_PER_MINUTE_MAX);
	} else {
		parts_add(&parts, name ^ network_hash(guesses, guess->source, 3),
			GUESS_PER_MINUTE_MAX);
	}
	return parts;
}

/* A full bucket has forgotten what was wrong. */
static void
bucket_fill(struct bucket *bucket, uint64_t tries, uint32_t most)
{
	uint64_t left = bucket->left + tries;

	bucket->left = left >= (uint64_t)most * TRY ? most * TRY : (uint32_t)left;
	if (bucket->left == most * TRY) {
		bucket->wrong = 0;
	}
}

/* In how long as many tries are earned as a bucket holds: a minute, and twice as long for each
 * wrong try beyond the first bucketful. What limits work only is always earned in a minute. */
static uint64_t
bucket_period_ms(const struct bucket *bucket, uint32_t most)
{
	uint32_t doublings = 0;

	if (most == GUESS_PER_MINUTE_MAX && bucket->wrong > most) {
		doublings = bucket->wrong - most;
	}
	return (uint64_t)MINUTE_MS
		<< (doublings > GUESS_DOUBLING_COUNT_MAX ? GUESS_DOUBLING_COUNT_MAX : doublings);
}

/* The bucket with this hash, filled up to now; a new one is full. */
static struct bucket *
bucket_of(struct access_guesses *guesses, uint64_t hash, uint32_t most, int64_t now_ms)
{
	struct bucket *set = guesses->sets[hash % GUESS_SET_COUNT];
	struct bucket *found = &set[0];
	uint64_t tag = hash | 1;

	for (size_t i = 0; i < WAY_COUNT; i++) {
		if (set[i].tag == tag) {
			/* The clocks of two threads may be read in the other order. */
			int64_t waited_ms = now_ms > set[i].at_ms ? now_ms - set[i].at_ms : 0;
			uint64_t period_ms = bucket_period_ms(&set[i], most);
			uint64_t earned = (uint64_t)waited_ms * most * TRY / period_ms;

			/* What was too short to earn anything goes on counting. */
			set[i].at_ms += (int64_t)(earned * period_ms / (most * TRY));
			bucket_fill(&set[i], earned, most);
			return &set[i];
		}
		if (set[i].tag == 0 || (found->tag != 0 && set[i].at_ms < found->at_ms)) {
			found = &set[i];
		}
	}
	*found = (struct bucket){tag, now_ms, most * TRY, 0};
	return found;
}

bool
access_guess_begin(struct access_guesses *guesses, const struct access_guess *guess)
{
	struct parts parts = parts_of(guesses, guess);
	bool is_allowed = true;

	pthread_mutex_lock(&guesses->lock);
	for (size_t i = 0; i < parts.count; i++) {
		is_allowed = is_allowed &&
			bucket_of(guesses, parts.items[i].hash, parts.items[i].most, guess->now_ms)
					->left >= TRY;
	}
	/* Two parts may lie in one set, so none is held while another is looked for. */
	for (size_t i = 0; i < parts.count && is_allowed; i++) {
		struct bucket *bucket =
			bucket_of(guesses, parts.items[i].hash, parts.items[i].most, guess->now_ms);

		bucket->left -= TRY;
		bucket->wrong++;
	}
	pthread_mutex_unlock(&guesses->lock);
	return is_allowed;
}

void
access_guess_right(struct access_guesses *guesses, const struct access_guess *guess)
{
	struct parts parts = parts_of(guesses, guess);

	pthread_mutex_lock(&guesses->lock);
	for (size_t i = 0; i < parts.count; i++) {
		uint32_t most = parts.items[i].most;
		struct bucket *bucket =
			bucket_of(guesses, parts.items[i].hash, most, guess->now_ms);

		/* What a verification costs stays paid: only being wrong is forgiven. */
		if (most == GUESS_PER_MINUTE_MAX) {
			bucket->wrong -= bucket->wrong > 0;
			bucket_fill(bucket, TRY, most);
		}
	}
	pthread_mutex_unlock(&guesses->lock);
}
