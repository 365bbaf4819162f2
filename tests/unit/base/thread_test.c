/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include "support/cmocka_all.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

static int
nice_now(void)
{
	return getpriority(PRIO_PROCESS, (id_t)gettid());
}

static void *
patient(void *context)
{
	int *ret_nice = context;

	thread_be_patient();
	*ret_nice = nice_now();
	return NULL;
}

static void *
prompt(void *context)
{
	int *ret_nice = context;

	thread_be_prompt();
	*ret_nice = nice_now();
	return NULL;
}

static int
in_a_thread(void *(*run)(void *context))
{
	pthread_t thread;
	int nice = -100;

	assert_int_equal(pthread_create(&thread, NULL, run, &nice), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	return nice;
}

static void
a_patient_thread_steps_back_alone(void **state)
{
	int before = nice_now();
	int wanted = before + 10 < 19 ? before + 10 : 19;

	(void)state;
	assert_int_equal(in_a_thread(patient), wanted);
	assert_int_equal(nice_now(), before);
}

static void
a_prompt_thread_takes_no_more_than_its_share(void **state)
{
	(void)state;
	assert_int_equal(in_a_thread(prompt), nice_now());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_patient_thread_steps_back_alone),
		cmocka_unit_test(a_prompt_thread_takes_no_more_than_its_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
