/* SPDX-License-Identifier: Apache-2.0 */
#include "program/bench/bench.h"

#include <time.h>

uint64_t
bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t
bench_draw(uint64_t *seed)
{
	uint64_t number = *seed;

	number ^= number >> 12;
	number ^= number << 25;
	number ^= number >> 27;
	*seed = number;
	return (number * UINT64_C(0x2545f4914f6cdd1d)) >> 16;
}

/* Times below BENCH_TIMES_STEPS have a bucket each; above, each doubling has as many. */
static size_t
bucket_of(uint64_t ns)
{
	unsigned doublings;
	size_t bucket;

	if (ns < BENCH_TIMES_STEPS) {
		return (size_t)ns;
	}
	doublings = 63 - 6 - (unsigned)__builtin_clzll(ns);
	bucket = (doublings + 1) * (size_t)BENCH_TIMES_STEPS + (size_t)(ns >> doublings) -
		BENCH_TIMES_STEPS;
	return bucket < BENCH_TIMES_BUCKET_COUNT ? bucket : BENCH_TIMES_BUCKET_COUNT - 1;
}

static double
bucket_middle(size_t bucket)
{
	size_t doublings = bucket / BENCH_TIMES_STEPS;

	if (doublings == 0) {
		return (double)bucket;
	}
	return ((double)(bucket % BENCH_TIMES_STEPS + BENCH_TIMES_STEPS) + 0.5) *
		(double)(UINT64_C(1) << (doublings - 1));
}

void
bench_times_note(struct bench_times *times, uint64_t ns)
{
	times->count++;
	times->max_ns = ns > times->max_ns ? ns : times->max_ns;
	times->buckets[bucket_of(ns)]++;
}

double
bench_times_at(const struct bench_times *times, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)times->count);
	uint64_t passed = 0;

	for (size_t i = 0; i < BENCH_TIMES_BUCKET_COUNT; i++) {
		passed += times->buckets[i];
		if (passed > wanted || (passed > 0 && passed == times->count)) {
			double middle = bucket_middle(i);

			return middle < (double)times->max_ns ? middle : (double)times->max_ns;
		}
	}
	return 0;
}
