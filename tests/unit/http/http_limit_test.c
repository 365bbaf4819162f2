/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "http/http_limit.h"

#include <stdlib.h>

static size_t
taken(struct http_limit *limit, const uint8_t *source, int64_t now_ms, size_t tries)
{
	size_t count = 0;

	for (size_t i = 0; i < tries; i++) {
		count += http_limit_allows(limit, source, now_ms, 50);
	}
	return count;
}

static void
a_network_has_its_rate_and_no_more(void **state)
{
	struct http_limit *limit = http_limit_new();
	uint8_t one[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1};
	uint8_t other[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 3, [15] = 1};
	(void)state;

	assert_int_equal(taken(limit, one, 1000, 60), 50);
	one[15] = 200; /* The same /24. */
	assert_int_equal(taken(limit, one, 1000, 60), 0);
	assert_int_equal(taken(limit, other, 1000, 60), 50);
	assert_int_equal(taken(limit, one, 1019, 60), 0);
	assert_int_equal(taken(limit, one, 1020, 60), 1);
	assert_int_equal(taken(limit, one, 1100, 60), 4);
	assert_int_equal(taken(limit, one, 9000, 60), 50);
	http_limit_free(limit);
}

static void
a_customer_of_ipv6_is_one_network(void **state)
{
	struct http_limit *limit = http_limit_new();
	uint8_t one[16] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4};
	uint8_t other[16] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 4, 4};
	(void)state;

	assert_int_equal(taken(limit, one, 5, 60), 50);
	one[7] = 9;
	one[15] = 9;
	assert_int_equal(taken(limit, one, 5, 60), 0);
	assert_int_equal(taken(limit, other, 5, 60), 50);
	http_limit_free(limit);
}

static void
all_together_have_a_rate_of_their_own(void **state)
{
	struct http_limit *limit = http_limit_new();
	uint8_t one[16] = {1};
	(void)state;

	assert_int_equal(taken(limit, NULL, 5, 60), 50);
	assert_int_equal(taken(limit, one, 5, 60), 50);
	http_limit_free(limit);
}

static void
a_flood_of_networks_displaces_itself(void **state)
{
	struct http_limit *limit = http_limit_new();
	uint8_t one[16] = {0xfd};
	uint8_t source[16] = {0};
	(void)state;

	for (int64_t i = 0; i < 100000; i++) {
		source[0] = (uint8_t)i;
		source[1] = (uint8_t)(i >> 8);
		source[2] = (uint8_t)(i >> 16);
		assert_true(http_limit_allows(limit, source, i, 50));
		/* Who is seen often stays. */
		if (i % 16 == 0) {
			(void)http_limit_allows(limit, one, i, 50);
		}
	}
	assert_true(taken(limit, one, 100000, 100) < 100);
	http_limit_free(limit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_has_its_rate_and_no_more),
		cmocka_unit_test(a_customer_of_ipv6_is_one_network),
		cmocka_unit_test(all_together_have_a_rate_of_their_own),
		cmocka_unit_test(a_flood_of_networks_displaces_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
