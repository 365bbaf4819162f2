/* SPDX-License-Identifier: Apache-2.0 */
#include "program/bench/bench.h"
#include "support/cmocka_all.h"

static void
nothing_noted_is_zero(void **state)
{
	static struct bench_times times;

	(void)state;
	assert_true(bench_times_at(&times, 0.5) == 0);
	assert_true(bench_times_at(&times, 1) == 0);
}

static void
every_time_is_kept_within_a_sixtyfourth(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 44; bit++) {
		for (int step = -1; step <= 1; step++) {
			struct bench_times times = {0};
			uint64_t ns = (UINT64_C(1) << bit) + (uint64_t)step;
			double found, wide;

			bench_times_note(&times, ns);
			bench_times_note(&times, UINT64_C(1) << 45);
			found = bench_times_at(&times, 0.25);
			wide = (double)ns / 64;
			assert_true(found >= (double)ns - wide && found <= (double)ns + wide);
		}
	}
}

static void
shares_are_those_of_the_times_noted(void **state)
{
	static struct bench_times times;

	(void)state;
	for (uint64_t ns = 1; ns <= 60; ns++) {
		bench_times_note(&times, ns);
	}
	assert_true(bench_times_at(&times, 0) == 1);
	assert_true(bench_times_at(&times, 0.5) == 31);
	assert_true(bench_times_at(&times, 0.9) == 55);
	assert_true(bench_times_at(&times, 1) == 60);
	assert_int_equal(times.count, 60);
}

static void
the_largest_is_exact_and_nothing_is_beyond_it(void **state)
{
	struct bench_times times = {0};

	(void)state;
	bench_times_note(&times, 1000003);
	assert_int_equal(times.max_ns, 1000003);
	assert_true(bench_times_at(&times, 1) <= 1000003);
	bench_times_note(&times, UINT64_MAX);
	assert_true(times.max_ns == UINT64_MAX);
	assert_int_equal(times.buckets[BENCH_TIMES_BUCKET_COUNT - 1], 1);
}

static void
draws_spread_over_all_residues(void **state)
{
	uint64_t seed = 1;
	unsigned counts[16] = {0};

	(void)state;
	for (int i = 0; i < 16000; i++) {
		counts[bench_draw(&seed) % 16]++;
	}
	for (int i = 0; i < 16; i++) {
		assert_in_range(counts[i], 800, 1200);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_noted_is_zero),
		cmocka_unit_test(every_time_is_kept_within_a_sixtyfourth),
		cmocka_unit_test(shares_are_those_of_the_times_noted),
		cmocka_unit_test(the_largest_is_exact_and_nothing_is_beyond_it),
		cmocka_unit_test(draws_spread_over_all_residues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
