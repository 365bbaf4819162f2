/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_guess.h"

#include "support/cmocka_all.h"

#include <stdio.h>

static int
begin(void **state)
{
	*state = access_guesses_new();
	assert_non_null(*state);
	return 0;
}

static int
end(void **state)
{
	access_guesses_free(*state);
	return 0;
}

static struct access_guess
guess_of(enum access_guess_kind kind, const char *name, uint8_t network, uint8_t host,
	int64_t now_ms)
{
	return (struct access_guess){.kind = kind,
		.name = bytes_from_string(name),
		.source = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, network, host},
		.now_ms = now_ms};
}

static size_t
allowed_of(struct access_guesses *guesses, struct access_guess guess, size_t tries)
{
	size_t allowed = 0;

	for (size_t i = 0; i < tries; i++) {
		allowed += access_guess_begin(guesses, &guess);
	}
	return allowed;
}

static void
a_network_is_wrong_so_often_a_minute(void **state)
{
	for (uint8_t host = 1; host <= 10; host++) {
		char name[16];
		bool is_allowed;

		snprintf(name, sizeof(name), "88.1/%u", host);

		struct access_guess guess = guess_of(ACCESS_GUESS_ANSWER, name, 2, host, 0);

		is_allowed = access_guess_begin(*state, &guess);
		assert_int_equal(is_allowed, host <= GUESS_PER_MINUTE_MAX);
	}
	/* One try is earned in a fifth of a minute. */
	assert_int_equal(
		allowed_of(*state, guess_of(ACCESS_GUESS_ANSWER, "88.1/x", 2, 1, 11999), 2), 0);
	assert_int_equal(
		allowed_of(*state, guess_of(ACCESS_GUESS_ANSWER, "88.1/x", 2, 1, 12000), 2), 1);
	assert_int_equal(
		allowed_of(*state, guess_of(ACCESS_GUESS_ANSWER, "88.1/x", 2, 1, 600000), 99),
		GUESS_PER_MINUTE_MAX);
}

static void
a_hundred_thousand_guesses_an_hour_from_everywhere_are_few_about_one_key(void **state)
{
	size_t allowed = 0;

	for (int64_t i = 0; i < 100000; i++) {
		struct access_guess guess = guess_of(ACCESS_GUESS_VERIFY,
			i % 2 == 0 ? "88.1/li" : "88.1/LI", (uint8_t)i, (uint8_t)(i >> 8), i * 36);

		allowed += access_guess_begin(*state, &guess);
	}
	/* Five at once; the next after 12, 24, 48, 96 and then always 192 seconds. */
	assert_in_range(allowed, 5 + 4 + 3420 / 192, 5 + 5 + 3420 / 192);
}

static void
strangers_cannot_lock_an_administrator_out(void **state)
{
	for (uint8_t network = 1; network < 100; network++) {
		(void)allowed_of(
			*state, guess_of(ACCESS_GUESS_ANSWER, "88.1/li", network, 1, 0), 9);
	}
	assert_int_equal(allowed_of(*state, guess_of(ACCESS_GUESS_ANSWER, "88.1/li", 200, 1, 0), 9),
		GUESS_PER_MINUTE_MAX);
}

static void
who_is_right_pays_nothing_but_the_work(void **state)
{
	struct access_guess answer = guess_of(ACCESS_GUESS_ANSWER, "88.1/li", 2, 1, 0);
	struct access_guess verify = guess_of(ACCESS_GUESS_VERIFY, "88.1/wang", 3, 1, 0);
	size_t allowed = 0;

	for (int i = 0; i < 1000; i++) {
		assert_true(access_guess_begin(*state, &answer));
		access_guess_right(*state, &answer);
	}
	for (int i = 0; i < 1000 && access_guess_begin(*state, &verify); i++) {
		access_guess_right(*state, &verify);
		allowed++;
	}
	assert_int_equal(allowed, VERIFY_PER_MINUTE_MAX);
	/* Being right gives back one try each time, never more than there were. */
	access_guess_right(*state, &answer);
	assert_int_equal(allowed_of(*state, answer, 99), GUESS_PER_MINUTE_MAX);
}

static void
tries_under_way_count(void **state)
{
	struct access_guess guess = guess_of(ACCESS_GUESS_VERIFY, "88.1/li", 2, 1, 0);

	assert_int_equal(allowed_of(*state, guess, 99), GUESS_PER_MINUTE_MAX);
	access_guess_right(*state, &guess);
	assert_int_equal(allowed_of(*state, guess, 99), 1);
}

/* Takes tries until one is refused, then waits; how long until one more is allowed. */
static int64_t
wait_ms(struct access_guesses *guesses, struct access_guess *guess)
{
	int64_t began_ms = guess->now_ms;

	while (!access_guess_begin(guesses, guess)) {
		guess->now_ms += 100;
		assert_true(guess->now_ms - began_ms < 600000);
	}
	return guess->now_ms - began_ms;
}

static void
who_stays_wrong_waits_twice_as_long_each_time(void **state)
{
	static const enum access_guess_kind kinds[] = {ACCESS_GUESS_ANSWER, ACCESS_GUESS_VERIFY};

	for (uint8_t kind = 0; kind < 2; kind++) {
		struct access_guess guess =
			guess_of(kinds[kind], kind == 0 ? "88.1/li" : "88.1/wang", kind, 1, 0);
		int64_t expected_ms = 60000 / GUESS_PER_MINUTE_MAX;

		assert_int_equal(allowed_of(*state, guess, 99), GUESS_PER_MINUTE_MAX);
		for (int i = 0; i <= GUESS_DOUBLING_COUNT_MAX + 1; i++) {
			assert_in_range(wait_ms(*state, &guess), expected_ms, expected_ms + 200);
			expected_ms *= i < GUESS_DOUBLING_COUNT_MAX ? 2 : 1;
		}
		/* Silence for as long as it takes to earn them all is forgiveness. */
		guess.now_ms += expected_ms * GUESS_PER_MINUTE_MAX;
		assert_int_equal(allowed_of(*state, guess, 99), GUESS_PER_MINUTE_MAX);
		assert_in_range(wait_ms(*state, &guess), 11800, 12200);
	}
}

/* A right answer takes back its own try, and forgives no wrong one. */
static void
being_right_between_does_not_help_who_is_wrong(void **state)
{
	struct access_guess wrong = guess_of(ACCESS_GUESS_ANSWER, "88.1/li", 2, 1, 0);
	struct access_guess right = guess_of(ACCESS_GUESS_ANSWER, "88.1/wang", 2, 1, 0);

	assert_int_equal(allowed_of(*state, wrong, 99), GUESS_PER_MINUTE_MAX);
	assert_in_range(wait_ms(*state, &wrong), 12000, 12200);
	right.now_ms = wrong.now_ms;
	assert_in_range(wait_ms(*state, &right), 24000, 24200);
	access_guess_right(*state, &right);
	wrong.now_ms = right.now_ms;
	assert_int_equal(wait_ms(*state, &wrong), 0);
	assert_in_range(wait_ms(*state, &wrong), 47800, 48200);
}

/* Whoever has a /48 has 2^80 addresses to guess from. */
static void
an_ipv6_network_is_its_48(void **state)
{
	struct access_guess guess = {.kind = ACCESS_GUESS_ANSWER,
		.name = TEXT("88.1/li"),
		.source = {0x20, 1, 0xd, 0xb8, 0, 1}};
	size_t allowed = 0;

	for (uint8_t host = 0; host < 20; host++) {
		guess.source[6] = host;
		guess.source[15] = host;
		allowed += access_guess_begin(*state, &guess);
	}
	assert_int_equal(allowed, GUESS_PER_MINUTE_MAX);
	guess.source[5] = 2;
	assert_true(access_guess_begin(*state, &guess));
}

/* A try a second is what they may cost, for ever: to verify much is not to be wrong often. */
static void
right_verifications_are_not_slowed_down(void **state)
{
	struct access_guess guess = guess_of(ACCESS_GUESS_VERIFY, "88.1/li", 2, 1, 0);

	for (int i = 0; i < 4 * VERIFY_PER_MINUTE_MAX; i++) {
		/* All that there is at once, then as fast as it is earned. */
		int earned = i < VERIFY_PER_MINUTE_MAX ? 0 : i - VERIFY_PER_MINUTE_MAX + 1;

		guess.now_ms = (int64_t)earned * 60000 / VERIFY_PER_MINUTE_MAX;
		assert_true(access_guess_begin(*state, &guess));
		access_guess_right(*state, &guess);
	}
	assert_false(access_guess_begin(*state, &guess));
}

static struct access_guess
guess_from(uint32_t network, int64_t now_ms)
{
	return (struct access_guess){.kind = ACCESS_GUESS_ANSWER,
		.name = TEXT("88.1/li"),
		.source = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, (uint8_t)(network >> 16),
			(uint8_t)(network >> 8), (uint8_t)network, 1},
		.now_ms = now_ms};
}

/* More networks than there is room for push out those that were quiet for longest; where each
 * is kept is left to chance, so a few of a hundred may be unlucky. */
static void
who_guessed_lately_is_not_forgotten_for_who_did_long_ago(void **state)
{
	enum { FULL = 100000, LATE_COUNT = 100, MORE = 512 };
	size_t remembered = 0;

	for (uint32_t i = 0; i < FULL; i++) {
		(void)allowed_of(*state, guess_from(i, 0), 1);
	}
	for (uint32_t i = 0; i < LATE_COUNT; i++) {
		assert_int_equal(
			allowed_of(*state, guess_from(FULL + i, 1000), 9), GUESS_PER_MINUTE_MAX);
	}
	for (uint32_t i = 0; i < MORE; i++) {
		(void)allowed_of(*state, guess_from(2 * FULL + i, 1001), 1);
	}
	for (uint32_t i = 0; i < LATE_COUNT; i++) {
		remembered += allowed_of(*state, guess_from(FULL + i, 1002), 1) == 0;
	}
	assert_in_range(remembered, 95, LATE_COUNT);
}

static void
a_clock_read_earlier_earns_nothing(void **state)
{
	assert_int_equal(
		allowed_of(*state, guess_of(ACCESS_GUESS_VERIFY, "88.1/li", 2, 1, 5000), 99),
		GUESS_PER_MINUTE_MAX);
	assert_int_equal(
		allowed_of(*state, guess_of(ACCESS_GUESS_VERIFY, "88.1/li", 2, 1, 4999), 99), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_network_is_wrong_so_often_a_minute, begin, end),
		cmocka_unit_test_setup_teardown(
			a_hundred_thousand_guesses_an_hour_from_everywhere_are_few_about_one_key,
			begin, end),
		cmocka_unit_test_setup_teardown(
			strangers_cannot_lock_an_administrator_out, begin, end),
		cmocka_unit_test_setup_teardown(who_is_right_pays_nothing_but_the_work, begin, end),
		cmocka_unit_test_setup_teardown(tries_under_way_count, begin, end),
		cmocka_unit_test_setup_teardown(
			who_stays_wrong_waits_twice_as_long_each_time, begin, end),
		cmocka_unit_test_setup_teardown(
			being_right_between_does_not_help_who_is_wrong, begin, end),
		cmocka_unit_test_setup_teardown(a_clock_read_earlier_earns_nothing, begin, end),
		cmocka_unit_test_setup_teardown(an_ipv6_network_is_its_48, begin, end),
		cmocka_unit_test_setup_teardown(
			right_verifications_are_not_slowed_down, begin, end),
		cmocka_unit_test_setup_teardown(
			who_guessed_lately_is_not_forgotten_for_who_did_long_ago, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
