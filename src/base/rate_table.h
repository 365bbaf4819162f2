/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

#include <stdint.h>

/*
 * How much somebody has left, for anybody: token buckets in a table of fixed size, keyed by a
 * hash - of an address, a network, a prefix.
 *
 * A bucket earns `rate` a second, up to `burst`; who was not met before has a full one. Sets of
 * four; the bucket not touched for the longest gives way, so a flood of strangers displaces itself
 * before anybody else.
 *
 *     uint32_t *left = rate_table_left(table, rate_table_hash(table, run), now_ms, budget);
 *     if (*left >= cost) {
 *             *left -= cost;
 *
 * One thread's. The seed is a random number, so that nobody can choose whom to displace.
 */
struct rate_table;

struct rate_budget {
	uint32_t rate; /* Earned in a second. */
	uint32_t burst; /* Had at once. */
};

/* NULL if memory is short: 16 octets a bucket, all of them from the start. */
struct rate_table *rate_table_new(size_t bucket_count, uint64_t seed);
void rate_table_free(struct rate_table *table); /* NULL is fine. */

uint64_t rate_table_hash(const struct rate_table *table, struct bytes run);

/* What the bucket holds at `now_ms`; to be lowered by who takes from it. Until the next call. */
uint32_t *rate_table_left(
	struct rate_table *table, uint64_t hash, int64_t now_ms, struct rate_budget budget);

/* The network of an address as a run of 16 octets, the rest zero: IPv4 of `v4_bits`, IPv6 of
 * `v6_bits`, both multiples of eight. IPv4 is ::ffff:a.b.c.d (address_octets()). */
struct bytes rate_network(
	const uint8_t source[16], unsigned v4_bits, unsigned v6_bits, uint8_t ret_octets[17]);
