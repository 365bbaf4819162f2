/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_remote.h"
#include "base/limits.h"
#include "support/cmocka_all.h"

static const uint8_t octets[1];
static const struct handle_value_list values = {.count = 1, .octets = {octets, 1}};

static void
what_was_not_fetched_is_missing_and_then_asked_for_once(void **state)
{
	struct access_remote remote = {.count = 0};
	struct record record;

	(void)state;
	assert_false(access_remote_is_wanted(&remote));
	assert_int_equal(
		access_remote_want(&remote, TEXT("x.2/a"), &record), STATUS_NOT_RESPONSIBLE);
	assert_int_equal(
		access_remote_want(&remote, TEXT("x.2/b"), &record), STATUS_NOT_RESPONSIBLE);
	assert_true(bytes_equal(remote.missing, TEXT("x.2/a")));
	assert_true(access_remote_is_wanted(&remote));
	access_remote_add(&remote, &(struct access_remote_record){TEXT("x.2/a"), true, values});
	remote.missing = (struct bytes){NULL, 0};
	assert_int_equal(access_remote_want(&remote, TEXT("X.2/a"), &record), STATUS_OK);
	assert_int_equal(record.values.count, 1);
	assert_true(record.values.octets.at == octets);
	assert_false(access_remote_is_wanted(&remote));
	assert_int_equal(
		access_remote_find(&remote, TEXT("x.2/b"), &record), STATUS_NOT_RESPONSIBLE);
	assert_false(access_remote_is_wanted(&remote));
}

/* Not that it does not exist: somebody may only have kept the answer away. */
static void
of_what_could_not_be_had_nothing_is_known_and_nobody_asks_twice(void **state)
{
	struct access_remote remote = {.count = 0};
	struct record record;

	(void)state;
	access_remote_add(&remote, &(struct access_remote_record){.name = TEXT("x.2/a")});
	assert_int_equal(
		access_remote_want(&remote, TEXT("x.2/a"), &record), STATUS_NOT_RESPONSIBLE);
	assert_false(access_remote_is_wanted(&remote));
}

static void
no_more_are_fetched_than_there_is_room_for(void **state)
{
	struct access_remote remote = {.count = 0};
	struct record record;

	(void)state;
	for (size_t i = 0; i < GROUP_REMOTE_COUNT_MAX; i++) {
		remote.missing = TEXT("x.2/next");
		assert_true(access_remote_is_wanted(&remote));
		access_remote_add(
			&remote, &(struct access_remote_record){TEXT("x.2/a"), true, values});
	}
	assert_int_equal(
		access_remote_want(&remote, TEXT("x.2/b"), &record), STATUS_NOT_RESPONSIBLE);
	assert_false(access_remote_is_wanted(&remote));
	access_remote_add(&remote, &(struct access_remote_record){TEXT("x.2/b"), true, values});
	assert_int_equal(remote.count, GROUP_REMOTE_COUNT_MAX);
	assert_int_equal(
		access_remote_find(&remote, TEXT("x.2/b"), &record), STATUS_NOT_RESPONSIBLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_fetched_is_missing_and_then_asked_for_once),
		cmocka_unit_test(of_what_could_not_be_had_nothing_is_known_and_nobody_asks_twice),
		cmocka_unit_test(no_more_are_fetched_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
