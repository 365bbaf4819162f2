/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the three above. */
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct scene {
	char directory[64];
	char path[96];
};

static int
scene_begin(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	snprintf(scene->directory, sizeof(scene->directory), "/tmp/store_test.XXXXXX");
	assert_non_null(mkdtemp(scene->directory));
	snprintf(scene->path, sizeof(scene->path), "%s/ordered.mdb", scene->directory);
	*state = scene;
	return 0;
}

static int
scene_end(void **state)
{
	struct scene *scene = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", scene->directory);
	assert_int_equal(system(command), 0);
	free(scene);
	return 0;
}

static struct store *
open_for_writing(const struct scene *scene)
{
	struct store *store = NULL;
	struct problem problem = {0};

	if (store_open(scene->path, true, &store, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return store;
}

static void
put_many(struct store *store, unsigned first, unsigned count)
{
	struct store_transaction *transaction;
	char key[32];
	int size;

	assert_int_equal(store_transaction_begin(store, &transaction), STATUS_OK);
	for (unsigned i = first; i < first + count; i++) {
		size = snprintf(key, sizeof(key), "88.100/%010u", i * 2654435761u);
		assert_int_equal(store_put(transaction, STORE_HANDLES,
					 bytes_over(key, (size_t)size), bytes_over(&i, sizeof(i))),
			STATUS_OK);
	}
	assert_int_equal(store_transaction_commit(transaction, NULL), STATUS_OK);
}

static void
what_was_committed_is_there_after_reopening(void **state)
{
	struct scene *scene = *state;
	struct store *store = open_for_writing(scene);
	struct store_snapshot *snapshot;
	struct bytes value;

	put_many(store, 0, 1000);
	store_close(store);
	assert_int_equal(store_open(scene->path, false, &store, NULL), STATUS_OK);
	assert_int_equal(store_snapshot_begin(store, &snapshot), STATUS_OK);
	assert_int_equal(
		store_get(snapshot, STORE_HANDLES, TEXT("88.100/0000000000"), &value), STATUS_OK);
	assert_int_equal(value.size, 4);
	assert_int_equal(store_get(snapshot, STORE_HANDLES, TEXT("88.100/0000000001"), &value),
		STATUS_NOT_FOUND);
	assert_int_equal(store_get(snapshot, STORE_PREFIXES, TEXT("88.100/0000000000"), &value),
		STATUS_NOT_FOUND);
	store_snapshot_end(snapshot);
	store_close(store);
}

static void
a_missing_file_is_made_only_for_a_writer(void **state)
{
	struct scene *scene = *state;
	struct store *store;
	struct problem problem;

	assert_int_equal(store_open(scene->path, false, &store, &problem), STATUS_NOT_FOUND);
	assert_non_null(strstr(problem.text, scene->path));
	store = open_for_writing(scene);
	store_close(store);
	assert_int_equal(store_check(scene->path, &problem), STATUS_OK);
}

static void
an_aborted_transaction_leaves_nothing(void **state)
{
	struct store *store = open_for_writing(*state);
	struct store_transaction *transaction;
	struct store_snapshot *snapshot;
	struct bytes value;

	assert_int_equal(store_transaction_begin(store, &transaction), STATUS_OK);
	assert_int_equal(store_put(transaction, STORE_META, TEXT("layout"), BYTES(1)), STATUS_OK);
	store_transaction_abort(transaction);
	assert_int_equal(store_snapshot_begin(store, &snapshot), STATUS_OK);
	assert_int_equal(store_get(snapshot, STORE_META, TEXT("layout"), &value), STATUS_NOT_FOUND);
	store_snapshot_end(snapshot);
	store_close(store);
}

static void
a_snapshot_does_not_see_later_changes(void **state)
{
	struct store *store = open_for_writing(*state);
	struct store_snapshot *before, *after;
	struct store_transaction *transaction;
	struct bytes value;

	assert_int_equal(store_snapshot_begin(store, &before), STATUS_OK);
	assert_int_equal(store_transaction_begin(store, &transaction), STATUS_OK);
	assert_int_equal(store_put(transaction, STORE_META, TEXT("k"), BYTES(1)), STATUS_OK);
	assert_int_equal(store_transaction_commit(transaction, NULL), STATUS_OK);
	assert_int_equal(store_snapshot_begin(store, &after), STATUS_OK);
	assert_int_equal(store_get(before, STORE_META, TEXT("k"), &value), STATUS_NOT_FOUND);
	assert_int_equal(store_get(after, STORE_META, TEXT("k"), &value), STATUS_OK);
	store_snapshot_end(after);
	store_snapshot_end(before);
	store_close(store);
}

static void
a_cursor_walks_in_key_order_from_where_it_is_told(void **state)
{
	struct store *store = open_for_writing(*state);
	struct store_snapshot *snapshot;
	struct store_cursor *cursor;
	struct bytes key, value;
	uint8_t last[32];
	size_t last_size = 0, count = 0;

	put_many(store, 0, 500);
	assert_int_equal(store_snapshot_begin(store, &snapshot), STATUS_OK);
	assert_int_equal(store_cursor_open(snapshot, STORE_HANDLES, TEXT(""), &cursor), STATUS_OK);
	while (store_cursor_next(cursor, &key, &value)) {
		assert_true(bytes_compare(bytes_over(last, last_size), key) < 0);
		memcpy(last, key.at, key.size);
		last_size = key.size;
		count++;
	}
	assert_int_equal(store_cursor_status(cursor), STATUS_OK);
	assert_int_equal(count, 500);
	store_cursor_close(cursor);
	assert_int_equal(
		store_cursor_open(snapshot, STORE_HANDLES, TEXT("88.100/2"), &cursor), STATUS_OK);
	assert_true(store_cursor_next(cursor, &key, &value));
	assert_true(bytes_compare(key, TEXT("88.100/2")) >= 0);
	store_cursor_close(cursor);
	assert_int_equal(store_cursor_open(snapshot, STORE_HANDLES, TEXT("9"), &cursor), STATUS_OK);
	assert_false(store_cursor_next(cursor, &key, &value));
	assert_int_equal(store_cursor_status(cursor), STATUS_OK);
	store_cursor_close(cursor);
	store_snapshot_end(snapshot);
	store_close(store);
}

static void
removing_what_is_not_there_is_no_fault(void **state)
{
	struct store *store = open_for_writing(*state);
	struct store_transaction *transaction;
	struct store_snapshot *snapshot;
	struct bytes value;

	put_many(store, 0, 3);
	assert_int_equal(store_transaction_begin(store, &transaction), STATUS_OK);
	assert_int_equal(store_remove(transaction, STORE_HANDLES, TEXT("nobody")), STATUS_OK);
	assert_int_equal(
		store_remove(transaction, STORE_HANDLES, TEXT("88.100/0000000000")), STATUS_OK);
	assert_int_equal(store_transaction_commit(transaction, NULL), STATUS_OK);
	assert_int_equal(store_snapshot_begin(store, &snapshot), STATUS_OK);
	assert_int_equal(store_get(snapshot, STORE_HANDLES, TEXT("88.100/0000000000"), &value),
		STATUS_NOT_FOUND);
	store_snapshot_end(snapshot);
	store_close(store);
}

static void
keys_at_their_limit_are_stored_and_longer_ones_refused(void **state)
{
	struct store *store = open_for_writing(*state);
	struct store_transaction *transaction;
	uint8_t key[STORE_KEY_SIZE_MAX + 1];

	memset(key, 'K', sizeof(key));
	assert_int_equal(store_transaction_begin(store, &transaction), STATUS_OK);
	assert_int_equal(store_put(transaction, STORE_HANDLES,
				 bytes_over(key, STORE_KEY_SIZE_MAX - 1), BYTES(1)),
		STATUS_OK);
	assert_int_equal(store_put(transaction, STORE_HANDLES, bytes_over(key, STORE_KEY_SIZE_MAX),
				 BYTES(1)),
		STATUS_OK);
	assert_int_equal(
		store_put(transaction, STORE_HANDLES, bytes_over(key, sizeof(key)), BYTES(1)),
		STATUS_TOO_LARGE);
	assert_int_equal(store_transaction_commit(transaction, NULL), STATUS_TOO_LARGE);
	assert_int_equal(store_transaction_begin(store, &transaction), STATUS_OK);
	assert_int_equal(
		store_put(transaction, STORE_HANDLES, TEXT(""), BYTES(1)), STATUS_TOO_LARGE);
	store_transaction_abort(transaction);
	store_close(store);
}

static void
a_transaction_takes_as_many_changes_as_it_promises(void **state)
{
	struct store *store = open_for_writing(*state);
	struct store_transaction *transaction;
	uint32_t key = 0;

	assert_int_equal(store_transaction_begin(store, &transaction), STATUS_OK);
	for (; key < STORE_TRANSACTION_CHANGE_COUNT_MAX; key++) {
		assert_int_equal(store_put(transaction, STORE_HANDLES,
					 bytes_over(&key, sizeof(key)), BYTES(1)),
			STATUS_OK);
	}
	assert_int_equal(
		store_put(transaction, STORE_HANDLES, bytes_over(&key, sizeof(key)), BYTES(1)),
		STATUS_TOO_LARGE);
	store_transaction_abort(transaction);
	store_close(store);
}

static void *
hold_a_snapshot_for_a_while(void *context)
{
	struct store_snapshot *snapshot;
	struct bytes value;

	assert_int_equal(store_snapshot_begin(context, &snapshot), STATUS_OK);
	usleep(50000);
	assert_int_equal(
		store_get(snapshot, STORE_HANDLES, TEXT("88.100/0000000000"), &value), STATUS_OK);
	store_snapshot_end(snapshot);
	return NULL;
}

static void
the_map_grows_between_transactions_and_waits_for_readers(void **state)
{
	struct scene *scene = *state;
	struct store *store;
	pthread_t reader;
	struct stat file;

	assert_int_equal(store_open_with_room(scene->path, true, 4 << 20, &store, NULL), STATUS_OK);
	put_many(store, 0, 1);
	for (unsigned round = 0; round < 12; round++) {
		if (round % 4 == 0) {
			assert_int_equal(
				pthread_create(&reader, NULL, hold_a_snapshot_for_a_while, store),
				0);
			usleep(10000);
		}
		put_many(store, 1 + round * 20000, 20000);
		if (round % 4 == 0) {
			pthread_join(reader, NULL);
		}
	}
	store_close(store);
	/* More than a map of twice the room, which it began with, can hold. */
	assert_int_equal(stat(scene->path, &file), 0);
	assert_true(file.st_size > 3 * (4 << 20));
	assert_int_equal(store_check(scene->path, NULL), STATUS_OK);
}

static void
a_half_made_file_of_an_earlier_start_is_no_obstacle(void **state)
{
	struct scene *scene = *state;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s.new", scene->path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("half", file);
	fclose(file);
	store_close(open_for_writing(scene));
	assert_int_equal(access(path, F_OK), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)
		T(what_was_committed_is_there_after_reopening),
		T(a_missing_file_is_made_only_for_a_writer),
		T(an_aborted_transaction_leaves_nothing),
		T(a_snapshot_does_not_see_later_changes),
		T(a_cursor_walks_in_key_order_from_where_it_is_told),
		T(removing_what_is_not_there_is_no_fault),
		T(keys_at_their_limit_are_stored_and_longer_ones_refused),
		T(a_transaction_takes_as_many_changes_as_it_promises),
		T(the_map_grows_between_transactions_and_waits_for_readers),
		T(a_half_made_file_of_an_earlier_start_is_no_obstacle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
