/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rate_table.h"

#include "base/checksum.h"

#include <stdlib.h>

enum { WAY_COUNT = 4, MS_PER_S = 1000 };

struct bucket {
	uint32_t tag; /* 0: never used. */
	uint32_t left;
	int64_t at_ms; /* All that was earned until then is in `left`. */
};

struct rate_table {
	uint64_t seed;
	size_t set_count;
	struct bucket sets[][WAY_COUNT];
};

struct rate_table *
rate_table_new(size_t bucket_count, uint64_t seed)
{
	size_t set_count = (bucket_count + WAY_COUNT - 1) / WAY_COUNT;
	struct rate_table *table = calloc(1, sizeof(*table) + set_count * sizeof(table->sets[0]));

	if (table != NULL) {
		table->seed = seed;
		table->set_count = set_count;
	}
	return table;
}

void
rate_table_free(struct rate_table *table)
{
	free(table);
}

uint64_t
rate_table_hash(const struct rate_table *table, struct bytes run)
{
	return checksum_over(run, table->seed);
}

/* Only whole units are taken over; a part of one goes on being earned, down to a millisecond. */
static void
bucket_fill(struct bucket *bucket, int64_t now_ms, struct rate_budget budget)
{
	uint64_t earned = (uint64_t)(now_ms - bucket->at_ms) * budget.rate / MS_PER_S;

	if (earned >= budget.burst - (bucket->left < budget.burst ? bucket->left : budget.burst)) {
		bucket->left = budget.burst;
		bucket->at_ms = now_ms;
	} else if (earned > 0) {
		bucket->left += (uint32_t)earned;
		bucket->at_ms += (int64_t)((earned * MS_PER_S + budget.rate - 1) / budget.rate);
	}
}

uint32_t *
rate_table_left(struct rate_table *table, uint64_t hash, int64_t now_ms, struct rate_budget budget)
{
	uint32_t tag = (uint32_t)(hash >> 32) | 1;
	struct bucket *set = table->sets[(uint32_t)hash % table->set_count];
	struct bucket *found = &set[0];

	for (size_t i = 0; i < WAY_COUNT; i++) {
		if (set[i].tag == tag) {
			bucket_fill(&set[i], now_ms, budget);
			return &set[i].left;
		}
		if (set[i].tag == 0 || (found->tag != 0 && set[i].at_ms < found->at_ms)) {
			found = &set[i];
		}
	}
	*found = (struct bucket){tag, budget.burst, now_ms};
	return &found->left;
}

struct bytes
rate_network(const uint8_t source[16], unsigned v4_bits, unsigned v6_bits, uint8_t ret_octets[17])
{
	static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	bool is_v4 = memcmp(source, v4_mapped, sizeof(v4_mapped)) == 0;
	unsigned bits = is_v4 ? 96 + v4_bits : v6_bits;

	memset(ret_octets, 0, 16);
	memcpy(ret_octets, source, bits / 8);
	ret_octets[16] = (uint8_t)bits;
	return bytes_over(ret_octets, 17);
}
