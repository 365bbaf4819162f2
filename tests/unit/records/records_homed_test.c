/* SPDX-License-Identifier: Apache-2.0 */
#include "records/records_homed.h"

#include "base/limits.h"
#include "support/cmocka_all.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static struct bytes
prefix(unsigned number, char text[32])
{
	return bytes_over(text, (size_t)snprintf(text, 32, "0.NA/88.%u", number));
}

static void
a_prefix_is_homed_until_it_is_given_up(void **state)
{
	struct records_homed *homed = records_homed_new();
	bool is_homed = true;

	(void)state;
	assert_int_equal(records_homed_find(homed, TEXT("0.NA/88"), &is_homed), 0);
	assert_false(is_homed);
	assert_int_equal(records_homed_put(homed, TEXT("0.NA/88"), 64, true), STATUS_OK);
	assert_int_equal(records_homed_find(homed, TEXT("0.NA/88"), &is_homed), 64);
	assert_true(is_homed);
	assert_int_equal(records_homed_count(homed), 1);
	assert_int_equal(records_homed_put(homed, TEXT("0.NA/88"), 128, false), STATUS_OK);
	assert_int_equal(records_homed_find(homed, TEXT("0.NA/88"), &is_homed), 128);
	assert_false(is_homed);
	assert_int_equal(records_homed_count(homed), 0);
	assert_int_equal(records_homed_find(homed, TEXT("0.NA/8"), &is_homed), 0);
	assert_int_equal(records_homed_find(homed, TEXT("0.NA/888"), &is_homed), 0);
	records_homed_free(homed);
}

static void
it_holds_as_many_as_it_promises(void **state)
{
	struct records_homed *homed = records_homed_new();
	char text[32];
	bool is_homed;

	(void)state;
	for (unsigned i = 0; i < HOMED_PREFIX_COUNT_MAX; i++) {
		assert_int_equal(
			records_homed_put(homed, prefix(i, text), 8 * (i + 1), true), STATUS_OK);
	}
	assert_int_equal(records_homed_put(homed, prefix(HOMED_PREFIX_COUNT_MAX, text), 8, true),
		STATUS_TOO_LARGE);
	assert_int_equal(records_homed_count(homed), HOMED_PREFIX_COUNT_MAX);
	for (unsigned i = 0; i < HOMED_PREFIX_COUNT_MAX; i++) {
		assert_int_equal(
			records_homed_find(homed, prefix(i, text), &is_homed), 8 * (i + 1));
	}
	records_homed_free(homed);
}

struct race {
	struct records_homed *homed;
	_Atomic unsigned ready; /* Prefixes below are in. */
	atomic_bool has_missed;
};

static void *
look_up_what_is_in(void *context)
{
	struct race *race = context;
	char text[32];
	unsigned ready;
	bool is_homed;

	do {
		ready = atomic_load(&race->ready);
		for (unsigned i = 0; i < ready; i += 1 + ready / 64) {
			(void)records_homed_find(race->homed, prefix(i, text), &is_homed);
			if (!is_homed) {
				atomic_store(&race->has_missed, true);
			}
		}
	} while (ready < 20000);
	return NULL;
}

static void
readers_miss_nothing_while_it_grows(void **state)
{
	struct race race = {.homed = records_homed_new()};
	pthread_t readers[2];
	char text[32];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&readers[i], NULL, look_up_what_is_in, &race), 0);
	}
	for (unsigned i = 0; i < 20000; i++) {
		assert_int_equal(
			records_homed_put(race.homed, prefix(i, text), 8, true), STATUS_OK);
		atomic_store(&race.ready, i + 1);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(readers[i], NULL);
	}
	assert_false(atomic_load(&race.has_missed));
	records_homed_free(race.homed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_is_homed_until_it_is_given_up),
		cmocka_unit_test(it_holds_as_many_as_it_promises),
		cmocka_unit_test(readers_miss_nothing_while_it_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
