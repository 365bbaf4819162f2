/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_scene.h"

/*
 * Judges see the state that their change would change, whatever is still on its way, and may
 * make the new record from it.
 */

/* The value of a record as text, or "" without one. */
static void
text_of(const struct record *record, char ret_text[64])
{
	struct handle_value value = {0};

	ret_text[0] = '\0';
	if (record != NULL) {
		struct wire_reader walk = handle_value_list_walk(&record->values);

		assert_true(handle_value_next(&walk, &value));
		snprintf(ret_text, 64, "%.*s", (int)value.data.size, (const char *)value.data.at);
	}
}

struct witness {
	uint8_t octets[512];
	char before[64];
	char other[64];
	const char *other_name;
	enum status other_status;
	bool is_homed;
	unsigned asked;
};

/* Looks at another record, and appends one letter to its own. */
static enum status
append_letter(void *context, struct ledger_state *state, struct ledger_change *change,
	const struct record *before)
{
	struct witness *witness = context;
	struct record other = {0};
	char text[66];

	witness->asked++;
	text_of(before, witness->before);
	witness->other_status =
		ledger_state_find(state, bytes_from_string(witness->other_name), &other);
	if (witness->other_status == STATUS_BUSY) {
		return STATUS_BUSY;
	}
	text_of(witness->other_status == STATUS_OK ? &other : NULL, witness->other);
	snprintf(text, sizeof(text), "%sx", witness->before);
	change->values = one_value(text, HANDLE_PERMISSION_DEFAULT, witness->octets);
	return STATUS_OK;
}

static struct ledger_change
appending(const char *name, struct witness *witness, const char *other)
{
	witness->other_name = other;
	return (struct ledger_change){
		.kind = JOURNAL_PUT,
		.name = bytes_from_string(name),
		.judge = append_letter,
		.context = witness,
	};
}

static void
count_down(void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	(void)change;
	(void)sequence;
	assert_int_equal(status, STATUS_OK);
	assert_non_null(context);
}

static void
assert_text(struct ledger *ledger, const char *name, const char *expected)
{
	struct records_reader *reader = records_reader_new(ledger_records(ledger));
	struct record record;
	char text[64];

	assert_non_null(reader);
	records_enter(reader);
	assert_int_equal(records_get(reader, bytes_from_string(name), &record), STATUS_OK);
	text_of(&record, text);
	assert_string_equal(text, expected);
	records_leave(reader);
	records_reader_free(reader);
}

static void
a_judge_makes_the_record_from_the_one_before(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct witness witness = {.asked = 0};
	struct ledger_change change = appending("88.100/A", &witness, "88.100/NONE");

	assert_int_equal(put_text(ledger, "88.100/A", "a"), STATUS_OK);
	assert_int_equal(ledger_commit(ledger, &change), STATUS_OK);
	assert_int_equal(witness.other_status, STATUS_NOT_FOUND);
	assert_text(ledger, "88.100/A", "ax");
	ledger_scene_close(ledger);
}

/* All in one chain: what stands in front is seen, though nothing of it is durable yet. */
static void
a_judge_sees_every_change_in_front_of_its_own(void **state)
{
	enum { COUNT = 6 };
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	static struct witness witnesses[COUNT];
	static struct ledger_change changes[COUNT];
	const char *names[COUNT] = {
		"88.100/A", "88.100/B", "88.100/A", "88.100/B", "88.100/C", "88.100/C"};
	const char *others[COUNT] = {
		"88.100/B", "88.100/A", "88.100/B", "88.100/A", "88.100/B", "88.100/C"};
	const char *seen[COUNT] = {"", "x", "x", "xx", "xx", "x"};
	struct problem problem;

	memset(witnesses, 0, sizeof(witnesses));
	for (size_t i = 0; i < COUNT; i++) {
		changes[i] = appending(names[i], &witnesses[i], others[i]);
		changes[i].committed = count_down;
		changes[i].next = i + 1 < COUNT ? &changes[i + 1] : NULL;
	}
	assert_int_equal(ledger_submit(ledger, changes), STATUS_OK);
	assert_int_equal(ledger_settle(ledger, &problem), STATUS_OK);
	for (size_t i = 0; i < COUNT; i++) {
		assert_string_equal(witnesses[i].other, seen[i]);
	}
	assert_text(ledger, "88.100/B", "xx");
	assert_text(ledger, "88.100/C", "xx");
	ledger_scene_close(ledger);
}

static enum status
only_where_homed(void *context, struct ledger_state *state, struct ledger_change *change,
	const struct record *before)
{
	struct witness *witness = context;
	enum status status =
		ledger_state_prefix_is_homed(state, TEXT("0.NA/88.100"), &witness->is_homed);

	(void)before;
	witness->asked++;
	change->text = TEXT("nobody lives here");
	return status != STATUS_OK  ? status
		: witness->is_homed ? STATUS_OK
				    : STATUS_NOT_RESPONSIBLE;
}

static void
a_judge_sees_a_prefix_homed_in_front_of_it(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct witness witness = {.asked = 0};
	uint8_t octets[512];
	struct ledger_change put = {
		.kind = JOURNAL_PUT,
		.name = TEXT("88.100/A"),
		.values = one_value("a", HANDLE_PERMISSION_DEFAULT, octets),
		.judge = only_where_homed,
		.context = &witness,
	};
	struct ledger_change home = {.kind = JOURNAL_HOME, .name = TEXT("0.NA/88.100")};
	struct problem problem;

	assert_int_equal(ledger_commit(ledger, &put), STATUS_NOT_RESPONSIBLE);
	assert_true(bytes_equal(put.text, TEXT("nobody lives here")));
	home.next = &put;
	assert_int_equal(ledger_submit(ledger, &home), STATUS_OK);
	assert_int_equal(ledger_settle(ledger, &problem), STATUS_OK);
	assert_true(witness.is_homed);
	assert_int_equal(put.status, STATUS_OK);
	ledger_scene_close(ledger);
}

/* Homes a prefix only for whom its record names. */
static enum status
only_with_a_record(void *context, struct ledger_state *state, struct ledger_change *change,
	const struct record *before)
{
	struct witness *witness = context;
	struct record other;

	(void)change;
	assert_null(before);
	witness->asked++;
	witness->other_status =
		ledger_state_find(state, bytes_from_string(witness->other_name), &other);
	text_of(witness->other_status == STATUS_OK ? &other : NULL, witness->other);
	return witness->other_status;
}

/* The 0.NA record and the prefix that is homed share a key, and nothing else. */
static void
a_judge_of_a_prefix_sees_the_record_of_the_prefix(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct witness witness = {.other_name = "0.na/88.100"};
	uint8_t octets[512];
	struct ledger_change home = {
		.kind = JOURNAL_HOME,
		.name = TEXT("0.NA/88.100"),
		.judge = only_with_a_record,
		.context = &witness,
	};
	struct ledger_change put = {
		.kind = JOURNAL_PUT,
		.name = TEXT("0.NA/88.100"),
		.values = one_value("admin", HANDLE_PERMISSION_DEFAULT, octets),
		.next = &home,
	};
	struct ledger_change unhome = {
		.kind = JOURNAL_UNHOME,
		.name = TEXT("0.NA/88.100"),
		.judge = only_with_a_record,
		.context = &witness,
	};
	struct problem problem;

	assert_int_equal(ledger_commit(ledger, &home), STATUS_NOT_FOUND);
	assert_int_equal(ledger_submit(ledger, &put), STATUS_OK);
	assert_int_equal(ledger_settle(ledger, &problem), STATUS_OK);
	assert_int_equal(home.status, STATUS_OK);
	assert_string_equal(witness.other, "admin");
	witness.other[0] = '\0';
	assert_int_equal(ledger_commit(ledger, &unhome), STATUS_OK);
	assert_string_equal(witness.other, "admin");
	ledger_scene_close(ledger);
}

static enum status
make_two_of_one_index(void *context, struct ledger_state *state, struct ledger_change *change,
	const struct record *before)
{
	struct witness *witness = context;
	struct handle_value_list one = one_value("a", HANDLE_PERMISSION_DEFAULT, witness->octets);

	(void)state;
	(void)before;
	memcpy(witness->octets + one.octets.size, one.octets.at, one.octets.size);
	change->values =
		(struct handle_value_list){2, bytes_over(witness->octets, 2 * one.octets.size)};
	return STATUS_OK;
}

static void
what_a_judge_makes_is_checked_like_what_a_caller_gives(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct witness witness = {.asked = 0};
	struct ledger_change change = {
		.kind = JOURNAL_PUT,
		.name = TEXT("88.100/A"),
		.judge = make_two_of_one_index,
		.context = &witness,
	};

	assert_int_equal(ledger_commit(ledger, &change), STATUS_VALUE_EXISTS);
	ledger_scene_close(ledger);
}

static enum status
put_expecting(struct ledger *ledger, const char *data, uint64_t expected)
{
	uint8_t octets[512];
	struct ledger_change change = {
		.kind = JOURNAL_PUT,
		.name = TEXT("88.100/A"),
		.values = one_value(data, HANDLE_PERMISSION_DEFAULT, octets),
		.expected = expected,
	};

	return ledger_commit(ledger, &change);
}

static uint64_t
version_now(struct ledger *ledger)
{
	struct records_reader *reader = records_reader_new(ledger_records(ledger));
	struct record record;
	uint64_t version;

	assert_non_null(reader);
	records_enter(reader);
	assert_int_equal(records_get(reader, TEXT("88.100/A"), &record), STATUS_OK);
	version = ledger_record_version(ledger, &record);
	records_leave(reader);
	records_reader_free(reader);
	return version;
}

static void
a_change_of_a_version_that_is_no_more_is_a_conflict(void **state)
{
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);

	assert_int_equal(put_expecting(ledger, "a", 1), STATUS_CONFLICT);
	assert_int_equal(put_expecting(ledger, "a", LEDGER_EXPECT_NONE), STATUS_OK);
	assert_int_equal(put_expecting(ledger, "b", LEDGER_EXPECT_NONE), STATUS_CONFLICT);
	assert_int_equal(version_now(ledger), 1);
	assert_int_equal(put_text(ledger, "88.100/B", "x"), STATUS_OK);
	assert_int_equal(put_expecting(ledger, "b", 1), STATUS_OK);
	assert_int_equal(version_now(ledger), 3);
	assert_int_equal(put_expecting(ledger, "c", 1), STATUS_CONFLICT);
	assert_int_equal(put_expecting(ledger, "c", LEDGER_EXPECT_ANY), STATUS_OK);
	assert_int_equal(change_text(ledger, JOURNAL_DELETE, "88.100/A"), STATUS_OK);
	assert_int_equal(put_expecting(ledger, "d", 4), STATUS_CONFLICT);
	assert_int_equal(put_expecting(ledger, "d", LEDGER_EXPECT_NONE), STATUS_OK);
	ledger_scene_close(ledger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, ledger_scene_begin, ledger_scene_end)
		T(a_judge_makes_the_record_from_the_one_before),
		T(a_judge_sees_every_change_in_front_of_its_own),
		T(a_judge_sees_a_prefix_homed_in_front_of_it),
		T(a_judge_of_a_prefix_sees_the_record_of_the_prefix),
		T(what_a_judge_makes_is_checked_like_what_a_caller_gives),
		T(a_change_of_a_version_that_is_no_more_is_a_conflict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
