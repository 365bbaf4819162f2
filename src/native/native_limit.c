/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_limit.h"

#include "crypto/crypto.h"

#include <stdlib.h>

enum {
	BUCKET_COUNT = 32768, /* 512 KiB a table. */
	FREE_RATIO = 3,
	NEIGHBOURHOOD_SHARE = 2,
	NAME_SIZE_MAX = 255, /* Longer ones count by their beginning. */
};

struct native_limit {
	struct rate_table *sources;
	/* Apart, so that a flood of sources cannot make their networks forgotten. */
	struct rate_table *networks;
	struct rate_table *answers;
};

struct native_limit *
native_limit_new(void)
{
	struct native_limit *limit = calloc(1, sizeof(*limit));
	uint64_t seeds[3];

	if (limit == NULL) {
		return NULL;
	}
	crypto_random(seeds, sizeof(seeds));
	limit->sources = rate_table_new(BUCKET_COUNT, seeds[0]);
	limit->networks = rate_table_new(BUCKET_COUNT, seeds[1]);
	limit->answers = rate_table_new(BUCKET_COUNT, seeds[2]);
	if (limit->sources == NULL || limit->networks == NULL || limit->answers == NULL) {
		native_limit_free(limit);
		return NULL;
	}
	return limit;
}

void
native_limit_free(struct native_limit *limit)
{
	if (limit != NULL) {
		rate_table_free(limit->sources);
		rate_table_free(limit->networks);
		rate_table_free(limit->answers);
		free(limit);
	}
}

/* What the network that holds the source has left. */
static uint32_t *
left_of(struct rate_table *table, struct bytes network, int64_t now_ms, struct rate_budget budget)
{
	return rate_table_left(table, rate_table_hash(table, network), now_ms, budget);
}

bool
native_limit_allows(struct native_limit *limit, const uint8_t source[16], int64_t now_ms,
	struct rate_budget budget, size_t request_size, size_t answer_size)
{
	struct rate_budget wider = {
		budget.rate * NEIGHBOURHOOD_SHARE, budget.burst * NEIGHBOURHOOD_SHARE};
	uint8_t octets[17];
	uint32_t *own, *around;

	if (answer_size <= FREE_RATIO * request_size) {
		return true;
	}
	own = left_of(limit->sources, rate_network(source, 32, 56, octets), now_ms, budget);
	around = left_of(limit->networks, rate_network(source, 24, 48, octets), now_ms, wider);
	if (*own < answer_size || *around < answer_size) {
		return false;
	}
	*own -= (uint32_t)answer_size;
	*around -= (uint32_t)answer_size;
	return true;
}

bool
native_limit_repeats(struct native_limit *limit, const uint8_t source[16], int64_t now_ms,
	struct rate_budget budget, struct bytes name)
{
	uint8_t octets[17 + NAME_SIZE_MAX];
	struct bytes network = rate_network(source, 24, 56, octets);
	size_t size = network.size;
	uint32_t *left;

	for (size_t i = 0; i < name.size && i < NAME_SIZE_MAX; i++) {
		octets[size++] = ascii_upper(name.at[i]);
	}
	left = left_of(limit->answers, bytes_over(octets, size), now_ms, budget);
	if (*left == 0) {
		return false;
	}
	--*left;
	return true;
}
