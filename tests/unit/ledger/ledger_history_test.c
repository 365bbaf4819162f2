/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_history.h"
#include "ledger_scene.h"

/* What one handle was, told from the newest entry back, in every way to open a ledger. */

static const char *
data_of(const struct journal_entry *entry, char ret_text[64])
{
	struct record record;
	struct handle_value value;
	struct wire_reader walk;

	if (entry->kind == JOURNAL_DELETE) {
		return "(deleted)";
	}
	assert_int_equal(ledger_entry_record(entry, &record), STATUS_OK);
	walk = handle_value_list_walk(&record.values);
	assert_true(handle_value_next(&walk, &value));
	snprintf(ret_text, 64, "%.*s", (int)value.data.size, (const char *)value.data.at);
	return ret_text;
}

static void
assert_history(struct ledger *ledger, const char *name, const char *const *expected)
{
	struct ledger_history history;
	struct journal_entry entry;
	struct problem problem = {0};
	uint64_t later = UINT64_MAX;
	char text[64];

	if (ledger_history_begin(ledger, bytes_from_string(name), &history, &problem) !=
		STATUS_OK) {
		fail_msg("%s: %s", name, problem.text);
	}
	for (; *expected != NULL; expected++) {
		assert_int_equal(ledger_history_next(&history, &entry), STATUS_OK);
		assert_string_equal(data_of(&entry, text), *expected);
		assert_true(entry.sequence < later);
		later = entry.sequence;
	}
	assert_int_equal(ledger_history_next(&history, &entry), STATUS_NOT_FOUND);
	assert_int_equal(ledger_history_next(&history, &entry), STATUS_NOT_FOUND);
}

static void
write_history(struct ledger *ledger)
{
	assert_int_equal(put_text(ledger, "88.100/A", "one"), STATUS_OK); /* 1 */
	assert_int_equal(put_text(ledger, "88.100/B", "other"), STATUS_OK);
	assert_int_equal(put_text(ledger, "88.100/a", "two"), STATUS_OK); /* 3 */
	assert_int_equal(change_text(ledger, JOURNAL_DELETE, "88.100/A"), STATUS_OK); /* 4 */
	assert_int_equal(put_text(ledger, "88.100/A", "three"), STATUS_OK); /* 5 */
	assert_int_equal(put_text(ledger, "88.100/C", "c"), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_DELETE, "88.100/C"), STATUS_OK); /* 7 */
	assert_int_equal(change_text(ledger, JOURNAL_HOME, "0.NA/88.100"), STATUS_OK);
	assert_int_equal(put_text(ledger, "0.NA/88.100", "prefix"), STATUS_OK); /* 9 */
}

static const char *const OF_A[] = {"three", "(deleted)", "two", "one", NULL};
static const char *const OF_C[] = {"(deleted)", "c", NULL};
static const char *const OF_PREFIX[] = {"prefix", NULL};

static void
assert_all(struct ledger *ledger)
{
	struct ledger_history history;
	struct problem problem;

	assert_history(ledger, "88.100/A", OF_A);
	assert_history(ledger, "88.100/a", OF_A);
	assert_history(ledger, "88.100/C", OF_C);
	assert_history(ledger, "0.NA/88.100", OF_PREFIX);
	assert_int_equal(ledger_history_begin(ledger, TEXT("88.100/D"), &history, &problem),
		STATUS_NOT_FOUND);
	assert_int_equal(
		ledger_history_begin(ledger, TEXT(""), &history, &problem), STATUS_INVALID);
}

static void
history_goes_from_the_newest_entry_to_the_oldest(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);

	write_history(ledger);
	assert_all(ledger);
	ledger_scene_close(ledger);
	ledger = ledger_scene_open(*state, LEDGER_READ);
	assert_all(ledger);
	ledger_scene_close(ledger);
	ledger = ledger_scene_open(*state, LEDGER_LOOK);
	assert_all(ledger);
	ledger_scene_close(ledger);
}

/* The table of places is as old as its checkpoint, or as new as the writer's last change. */
static void
looking_beside_the_writer_sees_what_was_durable(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger *looking;
	struct ledger_history history;
	struct journal_entry entry;
	struct problem problem = {0};
	char name[32], text[64];

	write_history(ledger);
	looking = ledger_scene_open(*state, LEDGER_LOOK);
	assert_all(looking);
	ledger_scene_close(looking);
	ledger_scene_close(ledger);

	ledger = ledger_scene_open(*state, LEDGER_WRITE);
	looking = ledger_scene_open(*state, LEDGER_LOOK);
	/* More than the first table holds: it is replaced behind our back. */
	for (unsigned i = 0; i < 4000; i++) {
		snprintf(name, sizeof(name), "88.100/MORE-%u", i);
		assert_int_equal(put_text(ledger, name, "m"), STATUS_OK);
	}
	assert_int_equal(put_text(ledger, "88.100/B", "newer"), STATUS_OK);
	if (ledger_history_begin(looking, TEXT("88.100/B"), &history, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	assert_int_equal(ledger_history_next(&history, &entry), STATUS_OK);
	data_of(&entry, text);
	assert_true(strcmp(text, "newer") == 0 || strcmp(text, "other") == 0);
	assert_history(looking, "88.100/A", OF_A);
	ledger_scene_close(looking);
	looking = ledger_scene_open(*state, LEDGER_LOOK);
	assert_history(looking, "88.100/B", (const char *const[]){"newer", "other", NULL});
	assert_history(looking, "88.100/MORE-3999", (const char *const[]){"m", NULL});
	ledger_scene_close(looking);
	ledger_scene_close(ledger);
}

/* The table leads to an entry behind the end that the journal had when we opened it. */
static void
a_change_made_while_looking_hides_nothing(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE), *looking;
	static const char *const newer[] = {"newer", "other", NULL};

	write_history(ledger);
	ledger_scene_close(ledger);
	ledger = ledger_scene_open(*state, LEDGER_WRITE);
	looking = ledger_scene_open(*state, LEDGER_LOOK);
	assert_int_equal(put_text(ledger, "88.100/B", "newer"), STATUS_OK);
	assert_history(looking, "88.100/B", newer);
	ledger_scene_close(looking);
	ledger_scene_close(ledger);
}

static void
looking_changes_nothing_and_takes_no_lock(void **state)
{
	const struct ledger_scene *scene = *state;
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE), *looking;
	char command[256];

	write_history(ledger);
	ledger_scene_close(ledger);
	snprintf(command, sizeof(command), "find %s -type f -exec sha256sum {} + | sort >%s.before",
		scene->directory, scene->directory);
	assert_int_equal(system(command), 0);
	looking = ledger_scene_open(scene, LEDGER_LOOK);
	assert_all(looking);
	snprintf(command, sizeof(command),
		"find %s -type f -exec sha256sum {} + | sort | cmp - %s.before", scene->directory,
		scene->directory);
	assert_int_equal(system(command), 0);
	assert_int_equal(ledger_submit(looking, NULL), STATUS_READ_ONLY);
	ledger = ledger_scene_open(scene, LEDGER_WRITE);
	ledger_scene_close(looking);
	ledger_scene_close(ledger);
	snprintf(command, sizeof(command), "rm %s.before", scene->directory);
	assert_int_equal(system(command), 0);
}

static void
a_record_is_found_as_it_was(void **state)
{
	static const char *const of_a[] = {
		NULL, "one", "one", "two", "(deleted)", "three", "three", "three"};
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct journal_entry entry;
	struct problem problem;
	char text[64];

	write_history(ledger);
	for (uint64_t sequence = 1; sequence < 8; sequence++) {
		struct ledger_moment moment = {.sequence = sequence};

		assert_int_equal(
			ledger_record_at(ledger, TEXT("88.100/A"), &moment, &entry, &problem),
			STATUS_OK);
		assert_string_equal(data_of(&entry, text), of_a[sequence]);
	}
	assert_int_equal(ledger_record_at(ledger, TEXT("88.100/B"),
				 &(struct ledger_moment){.sequence = 1}, &entry, &problem),
		STATUS_NOT_FOUND);
	ledger_scene_close(ledger);
}

static void
a_time_decides_among_the_entries_of_the_handle(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct ledger_moment moment = {.is_time = true, .time_ms = 1};
	struct journal_entry entry, first;
	struct problem problem;
	char text[64];

	assert_int_equal(put_text(ledger, "88.100/A", "one"), STATUS_OK);
	usleep(3000);
	assert_int_equal(put_text(ledger, "88.100/A", "two"), STATUS_OK);
	assert_int_equal(ledger_record_at(ledger, TEXT("88.100/A"), &moment, &entry, &problem),
		STATUS_NOT_FOUND);
	assert_int_equal(ledger_record_at(ledger, TEXT("88.100/A"),
				 &(struct ledger_moment){.sequence = 1}, &first, &problem),
		STATUS_OK);
	moment.time_ms = first.time_ms;
	assert_int_equal(
		ledger_record_at(ledger, TEXT("88.100/A"), &moment, &entry, &problem), STATUS_OK);
	assert_string_equal(data_of(&entry, text), "one");
	moment.time_ms = INT64_MAX;
	assert_int_equal(
		ledger_record_at(ledger, TEXT("88.100/A"), &moment, &entry, &problem), STATUS_OK);
	assert_string_equal(data_of(&entry, text), "two");
	ledger_scene_close(ledger);
}

static void
moments_are_times_or_sequences(void **state)
{
	static const char *const wrong[] = {"", "#", "#-1", "# 1", "yesterday", "-1", "1.5",
		"2023-11-14", "2023-11-14T22:13:20", "#9223372036854775808", "9223372036854775807"};
	struct ledger_moment moment = {0};

	(void)state;
	assert_int_equal(ledger_moment_read(TEXT("#42"), &moment), STATUS_OK);
	assert_false(moment.is_time);
	assert_int_equal(moment.sequence, 42);
	assert_int_equal(ledger_moment_read(TEXT("1700000000"), &moment), STATUS_OK);
	assert_true(moment.is_time);
	assert_int_equal(moment.time_ms, 1700000000999);
	assert_int_equal(ledger_moment_read(TEXT("2023-11-14T22:13:20Z"), &moment), STATUS_OK);
	assert_true(moment.is_time);
	assert_int_equal(moment.time_ms, 1700000000999);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(
			ledger_moment_read(bytes_from_string(wrong[i]), &moment), STATUS_INVALID);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_scene_begin, ledger_scene_end)
	const struct CMUnitTest tests[] = {
		TEST(history_goes_from_the_newest_entry_to_the_oldest),
		TEST(looking_beside_the_writer_sees_what_was_durable),
		TEST(a_change_made_while_looking_hides_nothing),
		TEST(looking_changes_nothing_and_takes_no_lock),
		TEST(a_record_is_found_as_it_was),
		TEST(a_time_decides_among_the_entries_of_the_handle),
		TEST(moments_are_times_or_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
