/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "support/disk_fault.h"
#include "unit/records/records_rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

enum { CHANGE_COUNT_MAX = 17000 };

struct scene {
	struct records_rig rig;
	struct records_change changes[CHANGE_COUNT_MAX];
	size_t count;
};

static int
scene_begin(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	records_rig_begin(&scene->rig);
	*state = scene;
	return 0;
}

static int
scene_end(void **state)
{
	struct scene *scene = *state;

	records_rig_end(&scene->rig);
	free(scene);
	return 0;
}

/* Adds an entry to the journal; scene_show() makes it and its neighbours seen. */
static void
add(struct scene *scene, enum journal_kind kind, struct bytes name)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX], record[HANDLE_NAME_SIZE_MAX + 64];
	struct wire_writer writer = wire_writer_over(record, sizeof(record));
	struct handle_value_list none = {0, {NULL, 0}};
	struct journal_change change = {
		.kind = kind, .key = bytes_over(key, handle_name_key(name, key))};

	if (kind == JOURNAL_PUT) {
		record_write(&writer, name, &none);
		change.record = wire_written(&writer);
	}
	scene->changes[scene->count].kind = kind;
	assert_int_equal(
		journal_add(scene->rig.journal, &change, &scene->changes[scene->count].place),
		STATUS_OK);
	scene->count++;
}

static void
show(struct scene *scene)
{
	struct problem problem;
	struct bytes run;
	enum journal_kind kind;

	assert_int_equal(journal_flush(scene->rig.journal, &problem), STATUS_OK);
	for (size_t i = 0; i < scene->count; i++) {
		struct records_change *change = &scene->changes[i];

		assert_int_equal(
			journal_peek(scene->rig.journal, change->place, &change->key, &run, &kind),
			STATUS_OK);
		assert_int_equal(records_apply(scene->rig.records, change), STATUS_OK);
	}
	if (records_order_apply(scene->rig.records, scene->changes, scene->count,
		    journal_end(scene->rig.journal), &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	scene->count = 0;
}

static enum status
get(struct scene *scene, struct bytes name, struct record *ret_record)
{
	struct records_reader *reader = records_reader_new(scene->rig.records);
	enum status status;

	records_enter(reader);
	status = records_get(reader, name, ret_record);
	records_leave(reader);
	records_reader_free(reader);
	return status;
}

static void
records_are_found_without_case_and_not_when_deleted(void **state)
{
	struct scene *scene = *state;
	struct record record;

	add(scene, JOURNAL_PUT, TEXT("88.100/a"));
	add(scene, JOURNAL_PUT, TEXT("88.100/b"));
	add(scene, JOURNAL_DELETE, TEXT("88.100/b"));
	show(scene);
	assert_int_equal(get(scene, TEXT("88.100/A"), &record), STATUS_OK);
	assert_true(bytes_equal(record.name, TEXT("88.100/a")));
	assert_int_equal(get(scene, TEXT("88.100/b"), &record), STATUS_NOT_FOUND);
	assert_int_equal(get(scene, TEXT("88.100/c"), &record), STATUS_NOT_FOUND);
	assert_int_equal(get(scene, TEXT(""), &record), STATUS_INVALID);
}

static void
the_newest_of_one_batch_wins_in_the_ordered_table(void **state)
{
	struct scene *scene = *state;
	struct records_cursor *cursor;
	struct record record;
	struct bytes key;
	uint64_t newest;

	add(scene, JOURNAL_PUT, TEXT("88.100/b"));
	add(scene, JOURNAL_PUT, TEXT("88.100/a"));
	add(scene, JOURNAL_PUT, TEXT("88.100/b"));
	newest = scene->changes[2].place;
	add(scene, JOURNAL_PUT, TEXT("88.100/c"));
	add(scene, JOURNAL_DELETE, TEXT("88.100/c"));
	show(scene);
	assert_int_equal(records_cursor_open(scene->rig.records, TEXT(""), &cursor), STATUS_OK);
	assert_true(records_cursor_next(cursor, &key, &record));
	assert_true(bytes_equal(key, TEXT("88.100/A")));
	assert_true(records_cursor_next(cursor, &key, &record));
	assert_true(bytes_equal(key, TEXT("88.100/B")));
	assert_int_equal(record.sequence_place, newest);
	assert_false(records_cursor_next(cursor, &key, &record));
	assert_int_equal(records_cursor_status(cursor), STATUS_OK);
	records_cursor_close(cursor);
}

/* Names around the size of a table key, alike in their first 500 octets. */
static void
names_longer_than_a_table_key_are_told_apart(void **state)
{
	static const size_t sizes[] = {STORE_KEY_SIZE_MAX - 1, STORE_KEY_SIZE_MAX,
		STORE_KEY_SIZE_MAX + 1, STORE_KEY_SIZE_MAX + 2, HANDLE_NAME_SIZE_MAX - 1,
		HANDLE_NAME_SIZE_MAX};
	enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
	struct scene *scene = *state;
	struct records_cursor *cursor;
	uint8_t name[HANDLE_NAME_SIZE_MAX];
	struct record record;
	struct bytes key;
	unsigned met = 0;

	memset(name, 'n', sizeof(name));
	memcpy(name, "88.100/", 7);
	for (unsigned i = 0; i < COUNT; i++) {
		add(scene, JOURNAL_PUT, bytes_over(name, sizes[i]));
	}
	show(scene);
	assert_int_equal(
		records_cursor_open(scene->rig.records, TEXT("88.100/NN"), &cursor), STATUS_OK);
	while (records_cursor_next(cursor, &key, &record)) {
		met++;
	}
	assert_int_equal(records_cursor_status(cursor), STATUS_OK);
	assert_int_equal(met, COUNT);
	records_cursor_close(cursor);
	for (unsigned i = 0; i < COUNT; i++) {
		add(scene, JOURNAL_DELETE, bytes_over(name, sizes[i]));
	}
	show(scene);
	assert_int_equal(records_cursor_open(scene->rig.records, TEXT(""), &cursor), STATUS_OK);
	assert_false(records_cursor_next(cursor, &key, &record));
	records_cursor_close(cursor);
}

static bool
is_homed(struct scene *scene, struct bytes name, struct records_missing *ret_missing)
{
	struct records_reader *reader = records_reader_new(scene->rig.records);
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	bool answer;

	records_enter(reader);
	answer = records_key_is_homed(
		reader, bytes_over(key, handle_name_key(name, key)), ret_missing);
	records_leave(reader);
	records_reader_free(reader);
	return answer;
}

static bool
is_missing(const struct records_missing *missing, const char *text)
{
	return bytes_equal(bytes_over(missing->octets, missing->size), bytes_from_string(text));
}

static void
a_prefix_brings_its_handles_and_the_prefixes_below_it(void **state)
{
	struct scene *scene = *state;
	struct records_missing missing;

	assert_false(is_homed(scene, TEXT("88.100/x"), &missing));
	assert_true(is_missing(&missing, "0.NA/88.100"));
	add(scene, JOURNAL_HOME, TEXT("0.NA/88.100"));
	show(scene);
	assert_true(is_homed(scene, TEXT("88.100/x"), NULL));
	assert_false(is_homed(scene, TEXT("88.1000/x"), NULL));
	assert_false(is_homed(scene, TEXT("88.100.1/x"), NULL));
	assert_true(is_homed(scene, TEXT("0.NA/88.100.1"), NULL));
	assert_true(is_homed(scene, TEXT("0.na/88.100.1.2"), NULL));
	assert_false(is_homed(scene, TEXT("0.NA/88.101"), &missing));
	assert_true(is_missing(&missing, "0.NA/88"));
	assert_false(is_homed(scene, TEXT("0.NA/10"), &missing));
	assert_true(is_missing(&missing, "0.NA/0.NA"));
}

static void
prefixes_of_any_length_are_known_after_reopening(void **state)
{
	struct scene *scene = *state;
	uint8_t name[1024];
	struct records_missing missing;

	memset(name, 'p', sizeof(name));
	memcpy(name, "0.NA/", 5);
	add(scene, JOURNAL_HOME, bytes_over(name, STORE_KEY_SIZE_MAX));
	add(scene, JOURNAL_HOME, bytes_over(name, STORE_KEY_SIZE_MAX + 1));
	add(scene, JOURNAL_HOME, bytes_over(name, sizeof(name)));
	add(scene, JOURNAL_HOME, TEXT("0.NA/88"));
	add(scene, JOURNAL_UNHOME, TEXT("0.NA/88"));
	show(scene);
	records_rig_close(&scene->rig);
	records_rig_open(&scene->rig);
	assert_int_equal(records_prefix_count(scene->rig.records), 3);
	assert_false(is_homed(scene, TEXT("88/x"), NULL));
	name[sizeof(name) - 2] = '/';
	assert_false(is_homed(scene, bytes_over(name + 5, sizeof(name) - 5), &missing));
	name[STORE_KEY_SIZE_MAX + 1] = '/';
	assert_true(is_homed(scene, bytes_over(name + 5, STORE_KEY_SIZE_MAX), &missing));
}

/* A batch of several transactions, the second of which fails. */
static void
the_ordered_table_stands_where_its_last_whole_batch_ended(void **state)
{
	struct scene *scene = *state;
	struct problem problem;
	struct bytes run;
	enum journal_kind kind;
	uint64_t position;
	char name[32];

	add(scene, JOURNAL_PUT, TEXT("88.100/first"));
	show(scene);
	position = records_order_position(scene->rig.records);
	for (unsigned i = 0; i < CHANGE_COUNT_MAX; i++) {
		add(scene, JOURNAL_PUT,
			bytes_over(name, (size_t)snprintf(name, sizeof(name), "88.100/%u", i)));
	}
	assert_int_equal(journal_flush(scene->rig.journal, &problem), STATUS_OK);
	for (size_t i = 0; i < scene->count; i++) {
		struct records_change *change = &scene->changes[i];

		assert_int_equal(
			journal_peek(scene->rig.journal, change->place, &change->key, &run, &kind),
			STATUS_OK);
	}
	disk_fault_arm_call(DISK_SYNC, 2, EIO);
	assert_int_equal(records_order_apply(scene->rig.records, scene->changes, scene->count,
				 journal_end(scene->rig.journal), &problem),
		STATUS_SYSTEM);
	assert_true(disk_fault_has_struck());
	disk_fault_disarm();
	assert_int_equal(records_order_position(scene->rig.records), position);
	records_rig_close(&scene->rig);
	records_rig_open(&scene->rig);
	assert_int_equal(records_order_position(scene->rig.records), position);
}

#if defined(__SANITIZE_ADDRESS__)
int __sanitizer_install_malloc_and_free_hooks(
	void (*taken)(const volatile void *, size_t), void (*given)(const volatile void *));
#endif

static volatile bool has_taken_memory;

#if defined(__SANITIZE_ADDRESS__)
static void
note_memory(const volatile void *memory, size_t size)
{
	(void)memory;
	(void)size;
	has_taken_memory = true;
}

static void
note_nothing(const volatile void *memory)
{
	(void)memory;
}
#endif

/* In a child that the kernel kills at its first system call other than its end. */
static void __attribute__((unused))
looking_up_takes_no_memory_and_asks_the_kernel_nothing(void **state)
{
	struct scene *scene = *state;
	struct records_reader *reader = records_reader_new(scene->rig.records);
	struct record record;
	int how;
	pid_t pid;

	add(scene, JOURNAL_PUT, TEXT("88.100/a"));
	add(scene, JOURNAL_HOME, TEXT("0.NA/88.100"));
	show(scene);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		bool is_well = true;

#if defined(__SANITIZE_ADDRESS__)
		__sanitizer_install_malloc_and_free_hooks(note_memory, note_nothing);
#endif
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		for (unsigned i = 0; i < 1000; i++) {
			records_enter(reader);
			is_well = is_well &&
				records_get(reader, TEXT("88.100/a"), &record) == STATUS_OK &&
				records_get(reader, TEXT("88.100/b"), &record) ==
					STATUS_NOT_FOUND &&
				records_prefix_is_homed(reader, TEXT("0.NA/88.100"));
			records_leave(reader);
		}
		syscall(SYS_exit, is_well && !has_taken_memory ? 42 : 43);
	}
	assert_int_equal(waitpid(pid, &how, 0), pid);
	assert_true(WIFEXITED(how));
	assert_int_equal(WEXITSTATUS(how), 42);
	records_reader_free(reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)
		T(records_are_found_without_case_and_not_when_deleted),
		T(the_newest_of_one_batch_wins_in_the_ordered_table),
		T(names_longer_than_a_table_key_are_told_apart),
		T(a_prefix_brings_its_handles_and_the_prefixes_below_it),
		T(prefixes_of_any_length_are_known_after_reopening),
		T(the_ordered_table_stands_where_its_last_whole_batch_ended),
#if !defined(__SANITIZE_THREAD__) /* Which asks the kernel itself. */
		T(looking_up_takes_no_memory_and_asks_the_kernel_nothing),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
