/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/authority_list.h"

#include "unit/authority/change_rig.h"

/* All names of a list, page by page, and how many pages. */
static size_t
listed(struct rig *rig, uint32_t opcode, const char *name, char text[], size_t capacity)
{
	struct request request = request_of(opcode, name, 0);
	struct authority_list *list = NULL;
	struct authority_page page = {.is_last = false};
	struct problem problem;
	size_t pages = 0;
	size_t size = 0;

	text[0] = '\0';
	asked_make(&rig->asked, &request);
	assert_int_equal(ledger_settle(rig->ledger, &problem), STATUS_OK);
	assert_int_equal(
		authority_list_new(ledger_records(rig->ledger), &rig->asked.request, &list),
		STATUS_OK);
	for (; !page.is_last; pages++) {
		struct wire_reader reader;

		arena_reset(rig->arena);
		assert_int_equal(authority_list_next(list, rig->arena, &page), STATUS_OK);
		assert_true(page.count <= LIST_HANDLE_COUNT_MAX);
		reader = wire_reader_over(page.blobs);
		for (uint32_t i = 0; i < page.count; i++) {
			struct bytes blob = wire_read_blob(&reader, HANDLE_KEY_SIZE_MAX);
			int added = snprintf(text + size, capacity - size, "%.*s ", (int)blob.size,
				(const char *)blob.at);

			assert_true(added > 0 && (size_t)added < capacity - size);
			size += (size_t)added;
		}
		assert_int_equal(wire_reader_end(&reader), STATUS_OK);
	}
	authority_list_free(list);
	return pages;
}

static void
lists_hold_the_handles_of_their_prefix_in_order(void **state)
{
	static const char *const names[] = {"88.1/b", "88.1/A", "88.1.2/x", "88.10/x",
		"0.NA/88.1.2", "0.NA/88.1.2.3", "0.NA/88.10", "88/x"};
	struct rig *rig = *state;
	static char text[65536];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(put_text(rig->ledger, names[i], "x"), STATUS_OK);
	}
	assert_int_equal(listed(rig, OPCODE_LIST_HANDLES, "0.NA/88.1", text, sizeof(text)), 1);
	assert_string_equal(text, "88.1/A 88.1/b ");
	(void)listed(rig, OPCODE_LIST_HANDLES, "88.1", text, sizeof(text));
	assert_string_equal(text, "88.1/A 88.1/b ");
	(void)listed(rig, OPCODE_LIST_HANDLES, "0.NA/0.NA/88.1", text, sizeof(text));
	assert_string_equal(text, "0.NA/88.1.2 0.NA/88.1.2.3 ");
	(void)listed(rig, OPCODE_LIST_DERIVED_PREFIXES, "0.NA/88.1", text, sizeof(text));
	assert_string_equal(text, "0.NA/88.1.2 0.NA/88.1.2.3 ");
	(void)listed(rig, OPCODE_LIST_HANDLES, "0.NA/77", text, sizeof(text));
	assert_string_equal(text, "");
	(void)listed(rig, OPCODE_LIST_HOMED_PREFIXES, "/", text, sizeof(text));
	assert_string_equal(text, "0.NA/0.NA 0.NA/88.1 ");
	assert_int_equal(change_text(rig->ledger, JOURNAL_UNHOME, "0.NA/0.NA"), STATUS_OK);
	(void)listed(rig, OPCODE_LIST_HOMED_PREFIXES, "/", text, sizeof(text));
	assert_string_equal(text, "0.NA/88.1 ");
}

static void
pages_hold_fifty_and_say_which_is_the_last(void **state)
{
	struct rig *rig = *state;
	static char text[65536];
	char name[32];

	for (unsigned i = 0; i < 2 * LIST_HANDLE_COUNT_MAX + 1; i++) {
		size_t count = 0;

		snprintf(name, sizeof(name), "88.1/%03u", i);
		assert_int_equal(put_text(rig->ledger, name, "x"), STATUS_OK);
		if ((i + 2) % LIST_HANDLE_COUNT_MAX > 2) {
			continue;
		}
		assert_int_equal(listed(rig, OPCODE_LIST_HANDLES, "0.NA/88.1", text, sizeof(text)),
			i / LIST_HANDLE_COUNT_MAX + 1);
		for (const char *at = text; (at = strchr(at, ' ')) != NULL; at++) {
			count++;
		}
		assert_int_equal(count, i + 1);
	}
}

/* Keys beyond the table's size stand in another order; each is listed once all the same. */
static void
long_names_are_listed_once_each(void **state)
{
	struct rig *rig = *state;
	static char text[262144];
	static char names[120][640];
	static char word[648];
	size_t found = 0;

	for (unsigned i = 0; i < 120; i++) {
		memset(names[i], 'L', 600);
		memcpy(names[i], "88.1/", 5);
		snprintf(names[i] + 600, 32, "%u", i);
		assert_int_equal(put_text(rig->ledger, names[i], "x"), STATUS_OK);
	}
	assert_int_equal(listed(rig, OPCODE_LIST_HANDLES, "0.NA/88.1", text, sizeof(text)), 3);
	for (unsigned i = 0; i < 120; i++) {
		snprintf(word, sizeof(word), "%s ", names[i]);
		found += strstr(text, word) != NULL;
	}
	assert_int_equal(found, 120);
}

static void
lists_are_refused_where_nothing_is_to_be_listed(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(
		name_only(rig, OPCODE_LIST_HANDLES, "0.NA/99", NOBODY), STATUS_NOT_RESPONSIBLE);
	assert_int_equal(
		name_only(rig, OPCODE_LIST_HANDLES, "88.1/x", NOBODY), STATUS_NOT_RESPONSIBLE);

	struct request request = request_of(OPCODE_LIST_HANDLES, "0.NA/88.1", 0);

	asked_make(&rig->asked, &request);
	assert_int_equal(precheck(rig), STATUS_UNAUTHENTICATED);
	assert_int_equal(may(rig, LI), STATUS_OK);
	assert_int_equal(may(rig, WANG), STATUS_NOT_ADMIN);
	rig->policy.lists_handles = false;
	assert_int_equal(precheck(rig), STATUS_UNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_begin, rig_end)
		TEST(lists_hold_the_handles_of_their_prefix_in_order),
		TEST(pages_hold_fifty_and_say_which_is_the_last),
		TEST(long_names_are_listed_once_each),
		TEST(lists_are_refused_where_nothing_is_to_be_listed),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
