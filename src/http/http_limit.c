/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_limit.h"

#include "base/address.h"
#include "base/checksum.h"

#include <stdlib.h>

enum { SET_COUNT = 1024, SET_SIZE = 4, TOKEN = 1000, NETWORK_V6_SIZE = 7 };

struct bucket {
	uint8_t network[16];
	int64_t at_ms; /* Of the last look; 0: never used. */
	uint64_t tokens; /* In thousandths. */
};

struct http_limit {
	struct bucket all;
	struct bucket sets[SET_COUNT][SET_SIZE];
};

struct http_limit *
http_limit_new(void)
{
	return calloc(1, sizeof(struct http_limit));
}

void
http_limit_free(struct http_limit *limit)
{
	free(limit);
}

static void
network_of(const uint8_t source[16], uint8_t ret_network[16])
{
	static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(ret_network, source, 16);
	if (memcmp(source, v4, sizeof(v4)) == 0) {
		ret_network[15] = 0;
	} else {
		memset(ret_network + NETWORK_V6_SIZE, 0, 16 - NETWORK_V6_SIZE);
	}
}

/* Its bucket, or the place of the one that gives way. */
static struct bucket *
bucket_find(struct http_limit *limit, const uint8_t network[16])
{
	struct bucket *set = limit->sets[checksum_over(bytes_over(network, 16), 0) % SET_COUNT];
	struct bucket *oldest = &set[0];

	for (size_t i = 0; i < SET_SIZE; i++) {
		if (set[i].at_ms != 0 && memcmp(set[i].network, network, 16) == 0) {
			return &set[i];
		}
		oldest = set[i].at_ms < oldest->at_ms ? &set[i] : oldest;
	}
	*oldest = (struct bucket){.at_ms = 0};
	memcpy(oldest->network, network, 16);
	return oldest;
}

static bool
bucket_take(struct bucket *bucket, int64_t now_ms, uint32_t per_second)
{
	uint64_t capacity = (uint64_t)per_second * TOKEN;

	if (bucket->at_ms == 0) {
		bucket->tokens = capacity;
	} else if (now_ms > bucket->at_ms) {
		/* Thousandths a millisecond are units a second. */
		bucket->tokens += (uint64_t)(now_ms - bucket->at_ms) * per_second;
	}
	bucket->tokens = bucket->tokens < capacity ? bucket->tokens : capacity;
	bucket->at_ms = now_ms > 0 ? now_ms : 1;
	if (bucket->tokens < TOKEN) {
		return false;
	}
	bucket->tokens -= TOKEN;
	return true;
}

bool
http_limit_allows(
	struct http_limit *limit, const uint8_t source[16], int64_t now_ms, uint32_t per_second)
{
	uint8_t network[16];

	if (source == NULL) {
		return bucket_take(&limit->all, now_ms, per_second);
	}
	network_of(source, network);
	return bucket_take(bucket_find(limit, network), now_ms, per_second);
}
