/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RATE = 16384, BURST = 65536, REQUEST = 77, ANSWER = 300 };

static const struct rate_budget budget = {RATE, BURST};

static void
source_v4(uint32_t number, uint8_t ret_source[16])
{
	memset(ret_source, 0, 10);
	ret_source[10] = ret_source[11] = 0xff;
	ret_source[12] = (uint8_t)(number >> 24);
	ret_source[13] = (uint8_t)(number >> 16);
	ret_source[14] = (uint8_t)(number >> 8);
	ret_source[15] = (uint8_t)number;
}

static bool
ask(struct native_limit *limit, uint32_t number, int64_t now_ms, size_t answer)
{
	uint8_t source[16];

	source_v4(number, source);
	return native_limit_allows(limit, source, now_ms, budget, REQUEST, answer);
}

static void
small_answers_are_free_for_ever(void **state)
{
	struct native_limit *limit = native_limit_new();

	(void)state;
	for (int i = 0; i < 100000; i++) {
		assert_true(ask(limit, 1, 0, 3 * REQUEST));
	}
	native_limit_free(limit);
}

static void
large_answers_are_paid_for_from_the_bucket(void **state)
{
	struct native_limit *limit = native_limit_new();
	size_t given = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		given += ask(limit, 1, 1000, ANSWER) ? ANSWER : 0;
	}
	assert_in_range(given, BURST - ANSWER, BURST);
	/* A second later it may have as much as a second earns. */
	for (int i = 0; i < 10000; i++) {
		given += ask(limit, 1, 2000, ANSWER) ? ANSWER : 0;
	}
	assert_in_range(given, BURST + RATE - 2 * ANSWER, BURST + RATE);
	native_limit_free(limit);
}

static void
many_short_waits_earn_as_much_as_a_long_one(void **state)
{
	struct native_limit *limit = native_limit_new();
	size_t given = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)ask(limit, 1, 0, ANSWER);
	}
	for (int64_t now_ms = 1; now_ms <= 10000; now_ms++) {
		given += ask(limit, 1, now_ms, ANSWER) ? ANSWER : 0;
	}
	assert_in_range(given, 10 * RATE * 95 / 100, 10 * RATE + ANSWER);
	native_limit_free(limit);
}

static void
a_victim_gets_at_most_three_times_what_was_sent(void **state)
{
	static const uint32_t source_counts[] = {1, 256, 65536};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct native_limit *limit = native_limit_new();
		double sent = 0;
		double got = 0;

		/* 100,000 requests a second for ten seconds, with forged sources. */
		for (uint32_t n = 0; n < 1000000; n++) {
			sent += REQUEST;
			got += ask(limit, 0x0a000000 + n % source_counts[i], n / 100, ANSWER)
				? ANSWER
				: 0;
		}
		assert_true(got / sent <= 3.0);
		native_limit_free(limit);
	}
}

static void
an_honest_client_elsewhere_is_answered_during_a_flood(void **state)
{
	struct native_limit *limit = native_limit_new();
	int asked = 0;
	int answered = 0;

	(void)state;
	for (uint32_t n = 0; n < 1000000; n++) {
		(void)ask(limit, 0x0a000000 + n % 65536, n / 100, ANSWER);
		if (n % 5000 == 0) { /* 20 a second. */
			asked++;
			answered += ask(limit, 0xc6336401, n / 100, ANSWER);
		}
	}
	assert_true(answered * 100 >= asked * 99);
	native_limit_free(limit);
}

static void
an_ipv6_network_shares_one_bucket(void **state)
{
	struct native_limit *limit = native_limit_new();
	uint8_t source[16] = {0x20, 0x01, 0x0d, 0xb8};
	size_t given = 0;

	(void)state;
	for (uint8_t i = 0; i < 255; i++) {
		source[7] = i; /* Below the /56. */
		source[15] = i;
		for (int n = 0; n < 100; n++) {
			given += native_limit_allows(limit, source, 0, budget, REQUEST, ANSWER)
				? ANSWER
				: 0;
		}
	}
	assert_in_range(given, BURST - ANSWER, BURST);
	native_limit_free(limit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_answers_are_free_for_ever),
		cmocka_unit_test(large_answers_are_paid_for_from_the_bucket),
		cmocka_unit_test(many_short_waits_earn_as_much_as_a_long_one),
		cmocka_unit_test(a_victim_gets_at_most_three_times_what_was_sent),
		cmocka_unit_test(an_honest_client_elsewhere_is_answered_during_a_flood),
		cmocka_unit_test(an_ipv6_network_shares_one_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
