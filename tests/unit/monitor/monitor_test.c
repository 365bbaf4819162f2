/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/monitor.h"
#include "support/cmocka_all.h"

#include <pthread.h>
#include <string.h>

static void
a_new_monitor_reads_zero_everywhere(void **state)
{
	struct monitor *monitor = monitor_new(3);

	(void)state;
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		assert_int_equal(monitor_read(monitor, (enum metric)i), 0);
	}
	monitor_free(monitor);
	monitor_free(NULL);
}

static void
a_metric_is_the_sum_of_all_rows_and_touches_no_other(void **state)
{
	struct monitor *monitor = monitor_new(3);

	(void)state;
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		for (size_t worker = 0; worker < 3; worker++) {
			monitor_add(
				monitor_row(monitor, worker), (enum metric)i, (i + 1) << worker);
		}
	}
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		assert_int_equal(monitor_read(monitor, (enum metric)i), (i + 1) * 7);
	}
	monitor_free(monitor);
}

static void
a_gauge_may_rise_in_one_row_and_sink_in_another(void **state)
{
	struct monitor *monitor = monitor_new(2);

	(void)state;
	monitor_add(monitor_row(monitor, 0), METRIC_TCP_OPEN, 3);
	monitor_subtract(monitor_row(monitor, 1), METRIC_TCP_OPEN, 2);
	assert_int_equal(monitor_read(monitor, METRIC_TCP_OPEN), 1);
	monitor_subtract(monitor_row(monitor, 1), METRIC_TCP_OPEN, 1);
	assert_int_equal(monitor_read(monitor, METRIC_TCP_OPEN), 0);
	monitor_free(monitor);
}

static void
rows_share_no_cache_line(void **state)
{
	struct monitor *monitor = monitor_new(2);

	(void)state;
	assert_int_equal((uintptr_t)monitor_row(monitor, 0) % MONITOR_ROW_ALIGNMENT, 0);
	assert_int_equal((uintptr_t)monitor_row(monitor, 1) % MONITOR_ROW_ALIGNMENT, 0);
	assert_ptr_not_equal(monitor_row(monitor, 0), monitor_row(monitor, 1));
	monitor_free(monitor);
}

static void
impossible_numbers_of_workers_are_refused(void **state)
{
	(void)state;
	assert_null(monitor_new(SIZE_MAX));
}

static void
every_metric_has_a_name_of_its_own_a_kind_and_a_help(void **state)
{
	(void)state;
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		const char *name = monitor_metric_name((enum metric)i);

		assert_int_equal(
			strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789"), strlen(name));
		assert_true(strlen(monitor_metric_help((enum metric)i)) > 0);
		for (unsigned other = 0; other < i; other++) {
			assert_string_not_equal(name, monitor_metric_name((enum metric)other));
		}
	}
	assert_string_equal(monitor_metric_name(METRIC_UDP_RECEIVED), "udp_received");
	assert_int_equal(monitor_metric_kind(METRIC_UDP_RECEIVED), METRIC_KIND_COUNTER);
	assert_int_equal(monitor_metric_kind(METRIC_TCP_OPEN), METRIC_KIND_GAUGE);
	assert_string_equal(monitor_metric_name(METRIC_COUNT), "?");
	assert_string_equal(monitor_metric_help(METRIC_COUNT), "?");
}

enum { COUNTED = 200000 };

static void *
count_alone(void *context)
{
	struct monitor_row *row = context;

	for (int i = 0; i < COUNTED; i++) {
		monitor_add(row, METRIC_UDP_RECEIVED, 1);
		monitor_add(row, METRIC_UDP_OCTETS_IN, 300);
	}
	return NULL;
}

static void
two_threads_lose_nothing_and_a_reader_never_sees_it_sink(void **state)
{
	struct monitor *monitor = monitor_new(2);
	pthread_t threads[2];
	uint64_t last = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			pthread_create(&threads[i], NULL, count_alone, monitor_row(monitor, i)), 0);
	}
	while (last < (uint64_t)2 * COUNTED) {
		uint64_t now = monitor_read(monitor, METRIC_UDP_RECEIVED);

		assert_true(now >= last);
		last = now;
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	assert_int_equal(monitor_read(monitor, METRIC_UDP_RECEIVED), 2 * COUNTED);
	assert_int_equal(monitor_read(monitor, METRIC_UDP_OCTETS_IN), 2 * COUNTED * 300);
	monitor_free(monitor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_monitor_reads_zero_everywhere),
		cmocka_unit_test(a_metric_is_the_sum_of_all_rows_and_touches_no_other),
		cmocka_unit_test(a_gauge_may_rise_in_one_row_and_sink_in_another),
		cmocka_unit_test(rows_share_no_cache_line),
		cmocka_unit_test(impossible_numbers_of_workers_are_refused),
		cmocka_unit_test(every_metric_has_a_name_of_its_own_a_kind_and_a_help),
		cmocka_unit_test(two_threads_lose_nothing_and_a_reader_never_sees_it_sink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
