/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_census.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
a_source_gets_as_many_as_allowed_and_no_more(void **state)
{
	struct native_census *census = native_census_new(100);
	uint8_t source[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		assert_true(native_census_enter(census, source, 10));
	}
	assert_false(native_census_enter(census, source, 10));
	native_census_leave(census, source);
	assert_true(native_census_enter(census, source, 10));
	assert_false(native_census_enter(census, source, 10));
	native_census_free(census);
}

static void
an_ipv6_source_is_its_56(void **state)
{
	struct native_census *census = native_census_new(100);
	uint8_t one[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 1, 2, 3};
	uint8_t same[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 1, 99, 98};
	uint8_t other[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 2, 2, 3};

	(void)state;
	assert_true(native_census_enter(census, one, 1));
	assert_false(native_census_enter(census, same, 1));
	assert_true(native_census_enter(census, other, 1));
	native_census_free(census);
}

static void
counts_are_those_of_a_plain_table_after_any_history(void **state)
{
	enum { SOURCES = 200, STEPS = 200000 };
	struct native_census *census = native_census_new(SOURCES * 4);
	uint32_t counts[SOURCES] = {0};
	uint64_t x = 20261124;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		uint8_t source[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10};
		uint32_t n;

		x = x * 6364136223846793005u + 1442695040888963407u;
		n = (uint32_t)(x >> 33) % SOURCES;
		source[15] = (uint8_t)n;
		if ((x >> 60 & 1) != 0) {
			bool is_let_in = native_census_enter(census, source, 4);

			assert_int_equal(is_let_in, counts[n] < 4);
			counts[n] += is_let_in;
		} else if (counts[n] > 0) {
			native_census_leave(census, source);
			counts[n]--;
		}
		/* As many as the table says, to one. */
		assert_false(native_census_enter(census, source, counts[n]));
		assert_true(native_census_enter(census, source, counts[n] + 1));
		native_census_leave(census, source);
	}
	native_census_free(census);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_gets_as_many_as_allowed_and_no_more),
		cmocka_unit_test(an_ipv6_source_is_its_56),
		cmocka_unit_test(counts_are_those_of_a_plain_table_after_any_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
