/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "loop/loop_help.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREAD_COUNT = 4, POST_COUNT = 5000 };

static struct loop *loop;

static int
begin(void **state)
{
	struct problem problem;

	(void)state;
	loop = loop_new(&problem);
	assert_non_null(loop);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void
note_time(void *context)
{
	*(int64_t *)context = clock_monotonic_ms();
}

static bool
has_time(void *context)
{
	return *(int64_t *)context != 0;
}

static void
a_timer_wakes_a_sleeping_loop_in_its_time(void **state)
{
	struct loop_timer timer = {0};
	int64_t fired_ms = 0;
	int64_t start_ms = clock_monotonic_ms();

	(void)state;
	loop_timer_set(loop, &timer, loop_now_ms(loop) + 30, note_time, &fired_ms);
	run_until(loop, has_time, &fired_ms);
	assert_true(fired_ms >= start_ms + 29);
}

struct poster {
	struct loop_post posts[POST_COUNT];
	size_t number;
	size_t expected; /* The post of this thread that must come next. */
	struct ticket {
		struct poster *poster;
		size_t number;
	} tickets[POST_COUNT];
	pthread_t thread;
};

static size_t posted_count;

static void
note_posted(void *context)
{
	struct ticket *ticket = context;

	assert_int_equal(ticket->number, ticket->poster->expected);
	ticket->poster->expected++;
	posted_count++;
}

static void *
post_all(void *context)
{
	struct poster *poster = context;

	for (size_t i = 0; i < POST_COUNT; i++) {
		poster->tickets[i] = (struct ticket){poster, i};
		poster->posts[i] =
			(struct loop_post){.posted = note_posted, .context = &poster->tickets[i]};
		loop_post(loop, &poster->posts[i]);
	}
	return NULL;
}

static bool
all_are_posted(void *context)
{
	(void)context;
	return posted_count == THREAD_COUNT * POST_COUNT;
}

static void
posts_of_four_threads_all_arrive_each_thread_in_order(void **state)
{
	struct poster *posters = calloc(THREAD_COUNT, sizeof(*posters));

	(void)state;
	assert_non_null(posters);
	posted_count = 0;
	for (size_t i = 0; i < THREAD_COUNT; i++) {
		assert_int_equal(
			pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
	}
	run_until(loop, all_are_posted, NULL);
	for (size_t i = 0; i < THREAD_COUNT; i++) {
		pthread_join(posters[i].thread, NULL);
	}
	free(posters);
}

static void *
stop_soon(void *context)
{
	usleep(20000);
	loop_stop(context);
	return NULL;
}

static void
another_thread_stops_a_loop_that_sleeps(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, loop), 0);
	assert_int_equal(loop_run(loop), STATUS_OK);
	pthread_join(thread, NULL);
}

static void
post_stops(void *context)
{
	loop_stop(context);
}

static void *
post_soon(void *context)
{
	usleep(20000);
	loop_post(loop, context);
	return NULL;
}

static void
a_post_wakes_a_loop_that_sleeps(void **state)
{
	struct loop_post post = {.posted = post_stops, .context = loop};
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, post_soon, &post), 0);
	assert_int_equal(loop_run(loop), STATUS_OK);
	pthread_join(thread, NULL);
}

static void
a_loop_stopped_before_it_runs_returns_at_once_and_can_run_again(void **state)
{
	(void)state;
	loop_stop(loop);
	assert_int_equal(loop_run(loop), STATUS_OK);
	run_for_ms(loop, 1);
}

static struct loop *signalled_loop;

static void
stop_on_signal(int number)
{
	(void)number;
	loop_stop(signalled_loop);
}

static void
raise_alarm(void *context)
{
	(void)context;
	raise(SIGUSR1);
}

static void
a_signal_handler_may_stop_the_loop(void **state)
{
	struct sigaction action = {.sa_handler = stop_on_signal};
	struct sigaction before;
	struct loop_timer timer = {0};

	(void)state;
	signalled_loop = loop;
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	loop_timer_set(loop, &timer, loop_now_ms(loop) + 5, raise_alarm, NULL);
	assert_int_equal(loop_run(loop), STATUS_OK);
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

static char order[64];
static size_t order_size;

static void
note_order(char what)
{
	if (order_size < sizeof(order) - 1) {
		order[order_size++] = what;
		order[order_size] = 0;
	}
}

static void
note_woken(void *context)
{
	(void)context;
	note_order('w');
}

static void
note_sleeping(void *context)
{
	(void)context;
	note_order('s');
}

static void
note_post(void *context)
{
	note_order('p');
	loop_stop(context);
}

static void
note_timer(void *context)
{
	(void)context;
	note_order('t');
}

/* What happens in one wake-up with a timer that is due and `posted`, in its order. */
static void
assert_wake_up(void (*posted)(void *context), const char *expected)
{
	struct loop_timer timer = {0};
	struct loop_post post = {.posted = posted, .context = loop};

	order_size = 0;
	loop_on_wake(loop, note_woken, NULL);
	loop_on_sleep(loop, note_sleeping, NULL);
	loop_post(loop, &post);
	loop_timer_set(loop, &timer, loop_now_ms(loop), note_timer, NULL);
	assert_int_equal(loop_run(loop), STATUS_OK);
	assert_string_equal(order, expected);
}

static void
a_wake_up_goes_woken_timers_posts_sleeping(void **state)
{
	(void)state;
	assert_wake_up(note_post, "wtps");
}

static void
note_soon(void *context)
{
	static struct loop_timer next;

	note_order('n');
	if (context != NULL) {
		loop_timer_set_soon(context, &next, note_soon, NULL);
	}
}

static void
posted_and_soon(void *context)
{
	static struct loop_timer timer;

	note_order('p');
	loop_timer_set_soon(context, &timer, note_soon, context);
	loop_stop(context);
}

static void
what_is_set_soon_fires_before_the_wake_up_ends(void **state)
{
	(void)state;
	assert_wake_up(posted_and_soon, "wtpnns");
}

static size_t wake_count;

static void
count_wake(void *context)
{
	(void)context;
	wake_count++;
}

static void
an_idle_loop_sleeps(void **state)
{
	(void)state;
	wake_count = 0;
	loop_on_wake(loop, count_wake, NULL);
	run_for_ms(loop, 100);
	assert_true(wake_count <= 4);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(a_timer_wakes_a_sleeping_loop_in_its_time),
		LOOP_TEST(posts_of_four_threads_all_arrive_each_thread_in_order),
		LOOP_TEST(another_thread_stops_a_loop_that_sleeps),
		LOOP_TEST(a_post_wakes_a_loop_that_sleeps),
		LOOP_TEST(a_loop_stopped_before_it_runs_returns_at_once_and_can_run_again),
		LOOP_TEST(a_signal_handler_may_stop_the_loop),
		LOOP_TEST(a_wake_up_goes_woken_timers_posts_sleeping),
		LOOP_TEST(what_is_set_soon_fires_before_the_wake_up_ends),
		LOOP_TEST(an_idle_loop_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
