/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/random_fake.h"

#include "crypto/crypto.h"

#include <stdatomic.h>
#include <stdlib.h>

static struct bytes left;

/* splitmix64 (Steele and others, 2014) counts in steps of one odd number and stirs each
 * count, so threads need to share the count only. */
static atomic_uint_fast64_t count;
static atomic_bool is_seeded;

void
random_fake_next(struct bytes run)
{
	left = run;
}

size_t
random_fake_left(void)
{
	return left.size;
}

void
random_fake_seed(uint64_t seed)
{
	atomic_store(&count, seed);
	atomic_store(&is_seeded, true);
}

static uint64_t
random_stir(void)
{
	uint64_t number = atomic_fetch_add(&count, 0x9e3779b97f4a7c15u);

	number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
	number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
	return number ^ (number >> 31);
}

static void
random_from_seed(uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t number = random_stir();

		memcpy(octets + i, &number, size - i < sizeof(number) ? size - i : sizeof(number));
	}
}

void
crypto_random(void *at, size_t size)
{
	if (left.size == 0 && atomic_load(&is_seeded)) {
		random_from_seed(at, size);
		return;
	}
	if (size > left.size) {
		abort();
	}
	memcpy(at, left.at, size);
	left = bytes_slice(left, size, left.size);
}
