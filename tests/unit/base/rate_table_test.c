/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rate_table.h"

#include "support/cmocka_all.h"

static const struct rate_budget ten_a_second = {10, 20};

static uint32_t
take_all(struct rate_table *table, struct bytes whom, int64_t now_ms, struct rate_budget budget)
{
	uint32_t *left = rate_table_left(table, rate_table_hash(table, whom), now_ms, budget);
	uint32_t taken = *left;

	*left = 0;
	return taken;
}

static void
a_stranger_has_all_and_earns_anew_what_was_taken(void **state)
{
	struct rate_table *table = rate_table_new(64, 1);

	(void)state;
	assert_int_equal(take_all(table, TEXT("a"), 1000, ten_a_second), 20);
	assert_int_equal(take_all(table, TEXT("a"), 1000, ten_a_second), 0);
	assert_int_equal(take_all(table, TEXT("a"), 1099, ten_a_second), 0);
	assert_int_equal(take_all(table, TEXT("a"), 1100, ten_a_second), 1);
	assert_int_equal(take_all(table, TEXT("a"), 3099, ten_a_second), 19);
	assert_int_equal(take_all(table, TEXT("a"), 90000, ten_a_second), 20);
	assert_int_equal(take_all(table, TEXT("b"), 90000, ten_a_second), 20);
	rate_table_free(table);
}

static void
parts_of_a_unit_are_not_lost_by_asking_often(void **state)
{
	struct rate_table *table = rate_table_new(64, 1);
	uint32_t taken = 0;

	(void)state;
	take_all(table, TEXT("a"), 0, ten_a_second);
	for (int64_t now_ms = 1; now_ms <= 10000; now_ms += 7) {
		taken += take_all(table, TEXT("a"), now_ms, ten_a_second);
	}
	assert_in_range(taken, 99, 100);
	rate_table_free(table);
}

static void
a_smaller_budget_counts_from_the_next_question_on(void **state)
{
	struct rate_table *table = rate_table_new(64, 1);

	(void)state;
	assert_int_equal(*rate_table_left(table, 7, 0, ten_a_second), 20);
	assert_int_equal(*rate_table_left(table, 7, 1, (struct rate_budget){1, 2}), 2);
	assert_int_equal(*rate_table_left(table, 7, 1, (struct rate_budget){0, 2}), 2);
	rate_table_free(table);
}

static void
of_a_full_set_the_one_not_met_for_the_longest_gives_way(void **state)
{
	struct rate_table *table = rate_table_new(4, 1); /* One set. */

	(void)state;
	for (uint64_t i = 1; i <= 4; i++) {
		*rate_table_left(table, i << 33, (int64_t)i, ten_a_second) = 5;
	}
	assert_int_equal(*rate_table_left(table, UINT64_C(5) << 33, 5, ten_a_second), 20);
	assert_int_equal(*rate_table_left(table, UINT64_C(2) << 33, 6, ten_a_second), 5);
	assert_int_equal(*rate_table_left(table, UINT64_C(3) << 33, 6, ten_a_second), 5);
	assert_int_equal(*rate_table_left(table, UINT64_C(4) << 33, 6, ten_a_second), 5);
	assert_int_equal(*rate_table_left(table, UINT64_C(1) << 33, 6, ten_a_second), 20);
	rate_table_free(table);
}

static void
networks_are_what_their_bits_say(void **state)
{
	uint8_t v4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 77};
	uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	uint8_t one[17], other[17];
	struct bytes network = rate_network(v4, 24, 48, one);

	(void)state;
	assert_int_equal(network.size, 17);
	assert_int_equal(network.at[14], 2);
	assert_int_equal(network.at[15], 0);
	v4[15] = 78;
	assert_true(bytes_equal(network, rate_network(v4, 24, 48, other)));
	assert_false(bytes_equal(network, rate_network(v4, 32, 48, other)));
	network = rate_network(v6, 24, 48, one);
	assert_int_equal(network.at[5], 2);
	assert_int_equal(network.at[6], 0);
	v6[6] = 99;
	assert_true(bytes_equal(network, rate_network(v6, 24, 48, other)));
	v6[5] = 99;
	assert_false(bytes_equal(network, rate_network(v6, 24, 48, other)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stranger_has_all_and_earns_anew_what_was_taken),
		cmocka_unit_test(parts_of_a_unit_are_not_lost_by_asking_often),
		cmocka_unit_test(a_smaller_budget_counts_from_the_next_question_on),
		cmocka_unit_test(of_a_full_set_the_one_not_met_for_the_longest_gives_way),
		cmocka_unit_test(networks_are_what_their_bits_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
