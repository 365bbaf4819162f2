/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_limit.h"

#include "base/checksum.h"
#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

enum {
	SET_COUNT = 8192, /* 32768 buckets, 512 KiB. */
	WAY_COUNT = 4,
	FREE_RATIO = 3,
	NEIGHBOURHOOD_SHARE = 2,
};

struct bucket {
	uint32_t tag; /* 0: never used. */
	uint32_t octets;
	int64_t at_ms;
};

struct native_limit {
	uint64_t seed;
	struct bucket sources[SET_COUNT][WAY_COUNT];
	/* Apart, so that a flood of sources cannot make their networks forgotten. */
	struct bucket networks[SET_COUNT][WAY_COUNT];
};

struct native_limit *
native_limit_new(void)
{
	struct native_limit *limit = calloc(1, sizeof(*limit));

	if (limit != NULL) {
		crypto_random(&limit->seed, sizeof(limit->seed));
	}
	return limit;
}

void
native_limit_free(struct native_limit *limit)
{
	free(limit);
}

static void
bucket_fill(struct bucket *bucket, int64_t now_ms, struct native_budget budget)
{
	uint64_t earned = (uint64_t)(now_ms - bucket->at_ms) * budget.rate / 1000;

	if (earned > 0) { /* A wait too short to earn an octet goes on counting. */
		bucket->at_ms = now_ms;
	}
	earned += bucket->octets;
	bucket->octets = earned < budget.burst ? (uint32_t)earned : budget.burst;
}

static uint64_t
network_hash(const struct native_limit *limit, const uint8_t source[16], uint8_t bits)
{
	uint8_t network[16] = {0};

	memcpy(network, source, bits / 8);
	return checksum_over(bytes_over(network, sizeof(network)), limit->seed + bits);
}

/* The bucket with this hash, filled up to now; a new one is full. */
static struct bucket *
bucket_of(struct bucket table[SET_COUNT][WAY_COUNT], uint64_t hash, int64_t now_ms,
	struct native_budget budget)
{
	uint32_t tag = (uint32_t)(hash >> 32) | 1;
	struct bucket *set = table[hash % SET_COUNT];
	struct bucket *found = &set[0];

	for (size_t i = 0; i < WAY_COUNT; i++) {
		if (set[i].tag == tag) {
			bucket_fill(&set[i], now_ms, budget);
			return &set[i];
		}
		if (set[i].tag == 0 || (found->tag != 0 && set[i].at_ms < found->at_ms)) {
			found = &set[i];
		}
	}
	*found = (struct bucket){tag, budget.burst, now_ms};
	return found;
}

bool
native_limit_allows(struct native_limit *limit, const uint8_t source[16], int64_t now_ms,
	struct native_budget budget, size_t request_size, size_t answer_size)
{
	static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	bool is_v4 = memcmp(source, v4_mapped, sizeof(v4_mapped)) == 0;
	struct bucket *own;
	struct bucket *around;

	if (answer_size <= FREE_RATIO * request_size) {
		return true;
	}
	own = bucket_of(
		limit->sources, network_hash(limit, source, is_v4 ? 128 : 56), now_ms, budget);
	budget.rate *= NEIGHBOURHOOD_SHARE;
	budget.burst *= NEIGHBOURHOOD_SHARE;
	around = bucket_of(
		limit->networks, network_hash(limit, source, is_v4 ? 120 : 48), now_ms, budget);
	if (own->octets < answer_size || around->octets < answer_size) {
		return false;
	}
	own->octets -= (uint32_t)answer_size;
	around->octets -= (uint32_t)answer_size;
	return true;
}
