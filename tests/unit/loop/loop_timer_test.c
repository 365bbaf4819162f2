/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TIMER_COUNT = 10000, TIME_MS_MAX = 3000 };

/* A timer with what the model knows of it. */
struct known {
	struct loop_timer timer;
	int64_t at_ms;
	uint64_t order;
	bool is_set;
};

struct world {
	struct loop_timers timers;
	struct known known[TIMER_COUNT];
	struct known *fired[TIMER_COUNT];
	size_t fired_count;
	uint64_t order;
	uint32_t random;
};

static struct world world;

static uint32_t
random_below(uint32_t limit)
{
	world.random = world.random * 1664525u + 1013904223u;
	return (world.random >> 8) % limit;
}

static void
note_fired(void *context)
{
	struct known *known = context;

	assert_false(known->timer.is_set);
	assert_true(known->is_set);
	known->is_set = false;
	world.fired[world.fired_count++] = known;
}

static void
known_set(struct known *known, int64_t at_ms)
{
	loop_timers_set(&world.timers, &known->timer, at_ms, note_fired, known);
	known->at_ms = at_ms;
	known->order = world.order++;
	known->is_set = true;
}

static void
known_clear(struct known *known)
{
	loop_timers_clear(&world.timers, &known->timer);
	assert_false(known->timer.is_set);
	known->is_set = false;
}

static int
known_compare(const void *one_at, const void *other_at)
{
	const struct known *one = *(struct known *const *)one_at;
	const struct known *other = *(struct known *const *)other_at;

	if (one->at_ms != other->at_ms) {
		return one->at_ms < other->at_ms ? -1 : 1;
	}
	return one->order < other->order ? -1 : 1;
}

/* Fires up to `now_ms`, and compares with what sorting says. */
static void
fire_and_compare(int64_t now_ms)
{
	static struct known *expected[TIMER_COUNT];
	size_t expected_count = 0;
	size_t left_count = 0;

	for (size_t i = 0; i < TIMER_COUNT; i++) {
		if (world.known[i].is_set && world.known[i].at_ms <= now_ms) {
			expected[expected_count++] = &world.known[i];
		} else if (world.known[i].is_set) {
			left_count++;
		}
	}
	if (expected_count > 0) {
		qsort(expected, expected_count, sizeof(struct known *), known_compare);
	}
	world.fired_count = 0;
	assert_int_equal(loop_timers_fire(&world.timers, now_ms), expected_count);
	assert_int_equal(world.fired_count, expected_count);
	for (size_t i = 0; i < expected_count; i++) {
		assert_ptr_equal(world.fired[i], expected[i]);
	}
	assert_int_equal(world.timers.count, left_count);
}

static int
begin(void **state)
{
	(void)state;
	world = (struct world){.random = 20231114};
	return 0;
}

static void
ten_thousand_timers_fire_in_the_order_that_sorting_gives(void **state)
{
	(void)state;
	for (size_t i = 0; i < TIMER_COUNT; i++) {
		known_set(&world.known[i], random_below(TIME_MS_MAX));
	}
	for (int64_t now_ms = 0; now_ms < TIME_MS_MAX; now_ms += 100) {
		/* Some are moved, some cleared, some set again after they fired. */
		for (size_t i = 0; i < TIMER_COUNT / 20; i++) {
			struct known *known = &world.known[random_below(TIMER_COUNT)];

			if (random_below(3) == 0) {
				known_clear(known);
			} else {
				known_set(known, random_below(TIME_MS_MAX));
			}
		}
		fire_and_compare(now_ms);
	}
	fire_and_compare(TIME_MS_MAX);
	assert_null(world.timers.first);
}

static void
timers_of_one_millisecond_fire_in_the_order_of_setting(void **state)
{
	(void)state;
	for (size_t i = 0; i < 100; i++) {
		known_set(&world.known[i], 7);
	}
	known_set(&world.known[50], 7);
	loop_timers_fire(&world.timers, 7);
	assert_int_equal(world.fired_count, 100);
	assert_ptr_equal(world.fired[0], &world.known[0]);
	assert_ptr_equal(world.fired[50], &world.known[51]);
	assert_ptr_equal(world.fired[99], &world.known[50]);
}

static void
a_timer_fires_at_its_millisecond_and_not_before(void **state)
{
	(void)state;
	known_set(&world.known[0], 10);
	assert_int_equal(loop_timers_fire(&world.timers, 9), 0);
	assert_int_equal(loop_timers_fire(&world.timers, 10), 1);
	assert_int_equal(loop_timers_fire(&world.timers, 11), 0);
}

static void
clearing_a_timer_that_is_not_set_changes_nothing(void **state)
{
	struct loop_timer never = {0};

	(void)state;
	known_set(&world.known[0], 10);
	loop_timers_clear(&world.timers, &never);
	assert_int_equal(world.timers.count, 1);
	known_clear(&world.known[0]);
	known_clear(&world.known[0]);
	assert_int_equal(world.timers.count, 0);
	assert_null(world.timers.first);
}

static size_t again_count;

static void
set_again_in_the_past(void *context)
{
	again_count++;
	loop_timers_set(&world.timers, context, 0, set_again_in_the_past, context);
}

static void
a_timer_that_sets_itself_to_the_past_does_not_hold_the_loop(void **state)
{
	struct loop_timer timer = {0};

	(void)state;
	again_count = 0;
	loop_timers_set(&world.timers, &timer, 0, set_again_in_the_past, &timer);
	assert_int_equal(loop_timers_fire(&world.timers, 100), 1);
	assert_int_equal(again_count, 1);
	assert_true(timer.is_set);
}

static void
clear_the_other(void *context)
{
	loop_timers_clear(&world.timers, context);
}

static void
a_due_timer_cleared_by_an_earlier_one_does_not_fire(void **state)
{
	struct loop_timer first = {0};

	(void)state;
	loop_timers_set(&world.timers, &first, 1, clear_the_other, &world.known[0].timer);
	known_set(&world.known[0], 2);
	assert_int_equal(loop_timers_fire(&world.timers, 5), 1);
	assert_int_equal(world.fired_count, 0);
}

static size_t soon_count;

static void
note_soon(void *context)
{
	soon_count++;
	assert_int_equal(world.fired_count, 0); /* None that has a time comes before. */
	if (context != NULL) {
		loop_timers_set_soon(&world.timers, context, note_soon, context);
	}
}

static void
what_is_set_soon_comes_first_and_without_the_clock(void **state)
{
	struct loop_timer one = {0}, other = {0};

	(void)state;
	soon_count = 0;
	known_set(&world.known[0], 0);
	loop_timers_set_soon(&world.timers, &one, note_soon, NULL);
	loop_timers_set_soon(&world.timers, &other, note_soon, NULL);
	loop_timers_fire_soon(&world.timers);
	assert_int_equal(soon_count, 2);
	assert_false(one.is_set);
	assert_false(other.is_set);
	assert_true(world.known[0].timer.is_set);
	loop_timers_set_soon(&world.timers, &one, note_soon, NULL);
	assert_int_equal(loop_timers_fire(&world.timers, 0), 2);
	assert_int_equal(soon_count, 3);
}

static void
what_sets_itself_soon_again_and_again_gives_way(void **state)
{
	struct loop_timer again = {0};

	(void)state;
	soon_count = 0;
	loop_timers_set_soon(&world.timers, &again, note_soon, &again);
	loop_timers_fire_soon(&world.timers);
	assert_int_equal(soon_count, LOOP_SOON_ROUND_MAX);
	assert_true(again.is_set);
	loop_timers_clear(&world.timers, &again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			ten_thousand_timers_fire_in_the_order_that_sorting_gives, begin),
		cmocka_unit_test_setup(
			timers_of_one_millisecond_fire_in_the_order_of_setting, begin),
		cmocka_unit_test_setup(a_timer_fires_at_its_millisecond_and_not_before, begin),
		cmocka_unit_test_setup(clearing_a_timer_that_is_not_set_changes_nothing, begin),
		cmocka_unit_test_setup(
			a_timer_that_sets_itself_to_the_past_does_not_hold_the_loop, begin),
		cmocka_unit_test_setup(a_due_timer_cleared_by_an_earlier_one_does_not_fire, begin),
		cmocka_unit_test_setup(what_is_set_soon_comes_first_and_without_the_clock, begin),
		cmocka_unit_test_setup(what_sets_itself_soon_again_and_again_gives_way, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
