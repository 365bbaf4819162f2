/* SPDX-License-Identifier: Apache-2.0 */
#include "program/bench/bench.h"

#include "base/limits.h"
#include "support/cmocka_all.h"

static void
so_many_handles_are_kept_and_the_others_counted(void **state)
{
	struct bench_handles handles = {.name_size_max = 2};

	(void)state;
	for (size_t i = 0; i < BENCH_HANDLE_COUNT_MAX; i++) {
		assert_int_equal(bench_handles_add(&handles, TEXT("n")), STATUS_OK);
	}
	assert_int_equal(handles.count, BENCH_HANDLE_COUNT_MAX);
	assert_int_equal(handles.left_out, 0);
	assert_int_equal(bench_handles_add(&handles, TEXT("m")), STATUS_OK);
	assert_int_equal(handles.count, BENCH_HANDLE_COUNT_MAX);
	assert_int_equal(handles.left_out, 1);
	assert_true(bytes_equal(bench_handle_at(&handles, BENCH_HANDLE_COUNT_MAX - 1), TEXT("n")));
	bench_handles_free(&handles);
}

static void
names_are_as_long_as_a_question_may_have_them(void **state)
{
	struct bench_handles handles = {.name_size_max = 2};

	(void)state;
	assert_int_equal(bench_handles_add(&handles, TEXT("")), STATUS_OK);
	assert_int_equal(bench_handles_add(&handles, TEXT("n")), STATUS_OK);
	assert_int_equal(bench_handles_add(&handles, TEXT("nn")), STATUS_OK);
	assert_int_equal(bench_handles_add(&handles, TEXT("nnn")), STATUS_OK);
	assert_int_equal(handles.count, 2);
	assert_int_equal(handles.left_out, 1);
	assert_true(bytes_equal(bench_handle_at(&handles, 0), TEXT("n")));
	assert_true(bytes_equal(bench_handle_at(&handles, 1), TEXT("nn")));
	bench_handles_free(&handles);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_handles_are_kept_and_the_others_counted),
		cmocka_unit_test(names_are_as_long_as_a_question_may_have_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
