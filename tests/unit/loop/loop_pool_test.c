/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_pool.h"

#include "loop_help.h"
#include "support/cmocka_all.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { JOBS = 200, THREADS = 3 };

static struct loop *loop;
static pthread_t loop_thread;
static size_t done_count;
static atomic_size_t run_count;
static atomic_size_t on_loop_count;
static sem_t gate;

struct counted {
	struct loop_job job;
	bool has_run;
};

static void
count_run(struct loop_job *job)
{
	struct counted *counted = (struct counted *)job;

	on_loop_count += pthread_equal(pthread_self(), loop_thread) != 0;
	counted->has_run = true;
	run_count++;
}

static void
wait_run(struct loop_job *job)
{
	while (sem_wait(&gate) != 0) {
	}
	count_run(job);
}

static void
count_done(struct loop_job *job)
{
	assert_true(((struct counted *)job)->has_run);
	assert_true(pthread_equal(pthread_self(), loop_thread));
	if (++done_count == JOBS) {
		loop_stop(loop);
	}
}

static int
set_up(void **state)
{
	struct problem problem;

	(void)state;
	loop = loop_new(&problem);
	loop_thread = pthread_self();
	done_count = 0;
	run_count = 0;
	on_loop_count = 0;
	return loop == NULL || sem_init(&gate, 0, 0) != 0;
}

static int
tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	return sem_destroy(&gate);
}

static void
jobs_run_on_helpers_and_are_done_on_their_loop(void **state)
{
	struct loop_pool *pool = loop_pool_new(THREADS, JOBS);
	static struct counted jobs[JOBS];

	(void)state;
	assert_non_null(pool);
	for (size_t i = 0; i < JOBS; i++) {
		jobs[i] = (struct counted){
			{.loop = loop, .run = count_run, .done = count_done}, false};
		assert_int_equal(loop_pool_submit(pool, &jobs[i].job), STATUS_OK);
	}
	assert_int_equal(loop_run(loop), STATUS_OK);
	assert_int_equal(done_count, JOBS);
	assert_int_equal(run_count, JOBS);
	assert_int_equal(on_loop_count, 0);
	loop_pool_free(pool);
}

/* One thread that is kept busy: one job runs, `most` wait, and the next is refused. */
static void
what_waits_is_bounded_and_what_was_taken_is_run(void **state)
{
	for (size_t most = 0; most < 3; most++) {
		struct loop_pool *pool = loop_pool_new(1, most + 1);
		struct counted jobs[5] = {0};
		size_t taken = 0;

		for (size_t i = 0; i < 5; i++) {
			jobs[i].job = (struct loop_job){
				.loop = loop, .run = wait_run, .done = count_done};
		}
		run_count = 0;
		/* The first is let through, so that the thread is known to hold the second. */
		assert_int_equal(loop_pool_submit(pool, &jobs[taken++].job), STATUS_OK);
		sem_post(&gate);
		while (run_count < 1) {
			sched_yield();
		}
		while (taken < 5 && loop_pool_submit(pool, &jobs[taken].job) == STATUS_OK) {
			taken++;
		}
		/* The thread may have taken one of them meanwhile. */
		assert_in_range(taken, most + 2, most + 3);
		for (size_t i = 1; i < taken; i++) {
			sem_post(&gate);
		}
		loop_pool_free(pool);
		assert_int_equal(run_count, taken);
		for (size_t i = 0; i < 5; i++) {
			assert_int_equal(jobs[i].has_run, i < taken);
		}
		loop_stop(loop);
		done_count = 0;
		assert_int_equal(loop_run(loop), STATUS_OK);
		assert_int_equal(done_count, taken);
	}
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			jobs_run_on_helpers_and_are_done_on_their_loop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_waits_is_bounded_and_what_was_taken_is_run, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("loop_pool", tests, NULL, NULL);
}
