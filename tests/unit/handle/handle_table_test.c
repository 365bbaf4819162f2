/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_table.h"

#include "base/limits.h"
#include "support/cmocka_all.h"
#include "support/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static int
arena_is_made(void **state)
{
	(void)state;
	arena = arena_new(65536, 64 * 1048576);
	return arena == NULL;
}

static int
arena_is_freed(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct handle_table *
decode(const char *text)
{
	const struct handle_table *table = NULL;
	struct problem problem = {.text = ""};

	if (handle_table_decode(bytes_from_string(text), "config.dct", arena, &table, &problem) !=
		STATUS_OK) {
		fail_msg("%s: %s", text, problem.text);
	}
	return table;
}

/* The last one of that name, as Handle.net takes it; NULL in what is no object. */
static const struct handle_table *
find(const struct handle_table *object, const char *name)
{
	const struct handle_table *found = NULL;

	if (object == NULL || object->kind != HANDLE_TABLE_OBJECT) {
		return NULL;
	}
	for (const struct handle_table *item = object->first; item != NULL; item = item->next) {
		if (bytes_equal(item->name, bytes_from_string(name))) {
			found = item;
		}
	}
	return found;
}

static void
assert_text(const struct handle_table *item, const char *text)
{
	assert_non_null(item);
	assert_int_equal(item->kind, HANDLE_TABLE_TEXT);
	assert_true(bytes_equal(item->text, bytes_from_string(text)));
}

static void
objects_lists_and_texts_are_read_with_their_lines(void **state)
{
	const struct handle_table *table = decode("{\n"
						  "  \"interfaces\" = (\n"
						  "    \"hdl_udp\"\n"
						  "    \"hdl_tcp\")\n"
						  "  \"server_config\" = {\n"
						  "    \"this_server_id\" = \"1\"\n"
						  "    \"admins\"=(\"300:0.NA/1\" \"a/b\")}\n"
						  "}\n");
	const struct handle_table *list = find(table, "interfaces");
	const struct handle_table *inner = find(table, "server_config");
	(void)state;

	assert_int_equal(list->kind, HANDLE_TABLE_LIST);
	assert_int_equal(list->line, 2);
	assert_text(list->first, "hdl_udp");
	assert_text(list->first->next, "hdl_tcp");
	assert_int_equal(list->first->next->line, 4);
	assert_null(list->first->next->next);
	assert_int_equal(inner->kind, HANDLE_TABLE_OBJECT);
	assert_ptr_equal(inner->parent, table);
	assert_text(find(inner, "this_server_id"), "1");
	assert_int_equal(find(inner, "admins")->line, 7);
	assert_null(find(inner, "this_server"));
	assert_null(find(list, "hdl_udp"));
}

static void
quotes_may_be_left_out_and_escapes_are_undone(void **state)
{
	const struct handle_table *table = decode(
		"{a=b,c = \"d=e {f}\";g = \"\\\"x\\\\y\\nz\\t\\q\" \"h i\"=j/k:l h=\"标识\"}");
	(void)state;

	assert_text(find(table, "a"), "b");
	assert_text(find(table, "c"), "d=e {f}");
	assert_text(find(table, "g"), "\"x\\y\nz\tq");
	assert_text(find(table, "h i"), "j/k:l");
	assert_text(find(table, "h"), "标识");
}

static void
empty_things_and_lists_of_objects_are_taken(void **state)
{
	const struct handle_table *table = decode("{\"\"=\"\" l=() o={} m=({a=1}(2 3))}");
	const struct handle_table *mixed = find(table, "m");
	(void)state;

	assert_text(find(table, ""), "");
	assert_null(find(table, "l")->first);
	assert_null(find(table, "o")->first);
	assert_text(find(mixed->first, "a"), "1");
	assert_text(mixed->first->next->first->next, "3");
	assert_null(decode(" \n{ }\n\n")->first);
}

static void
of_a_name_that_comes_twice_the_last_counts(void **state)
{
	(void)state;
	assert_text(find(decode("{a=1 b=2 a=3}"), "a"), "3");
}

static void
what_is_wrong_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text;
		enum status status;
		const char *told;
	} cases[] = {
		{"", STATUS_TRUNCATED, "config.dct:1: expected {"},
		{"\n\na = b", STATUS_MALFORMED, "config.dct:3: expected {"},
		{"{\n\"a\" \"b\"}", STATUS_MALFORMED, "config.dct:2: a name has no ="},
		{"{a=}", STATUS_MALFORMED, "config.dct:1: a value is due"},
		{"{a==b}", STATUS_MALFORMED, "a value is due"},
		{"{=b}", STATUS_MALFORMED, "a name is due"},
		{"{(b)}", STATUS_MALFORMED, "a name is due"},
		{"{a=(b}", STATUS_MALFORMED, "a } closes a list"},
		{"{a=b)", STATUS_MALFORMED, "a ) closes an object"},
		{"{a=b\n\n", STATUS_TRUNCATED, "config.dct:3: it ends before the closing }"},
		{"{a=(b", STATUS_TRUNCATED, "it ends before the closing )"},
		{"{a=", STATUS_TRUNCATED, "ends where a value"},
		{"{a", STATUS_TRUNCATED, "no = behind"},
		{"{a=\"b\n", STATUS_TRUNCATED, "config.dct:1: a text has no closing quote"},
		{"{a=\"b\\", STATUS_TRUNCATED, "no closing quote"},
		{"{a=\"b\\\"", STATUS_TRUNCATED, "no closing quote"},
		{"{}\n}", STATUS_MALFORMED, "config.dct:2: text follows"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes copy = heap_copy(bytes_from_string(cases[i].text));
		const struct handle_table *table = NULL;
		struct problem problem = {.text = ""};

		assert_int_equal(handle_table_decode(copy, "config.dct", arena, &table, &problem),
			cases[i].status);
		assert_null(table);
		if (strncmp(problem.text, "config.dct:", 11) != 0 ||
			strstr(problem.text, cases[i].told) == NULL) {
			fail_msg("%s\n  told: %s", cases[i].text, problem.text);
		}
		heap_free(copy);
	}
}

static enum status
decode_status(const char *text, size_t size)
{
	const struct handle_table *table;
	struct problem problem;
	enum status status =
		handle_table_decode(bytes_over(text, size), "config.dct", arena, &table, &problem);

	arena_reset(arena);
	return status;
}

static void
depth_items_and_size_have_their_limits(void **state)
{
	char *text = calloc(1, CONFIGURATION_SIZE_MAX + 2);
	(void)state;

	/* The whole is the first level. */
	for (int levels = HANDLE_TABLE_DEPTH_MAX - 1; levels <= HANDLE_TABLE_DEPTH_MAX + 1;
		levels++) {
		int size = snprintf(text, 64, "{a=%.*s%.*s}", levels - 1, "((((((((((((((((((((",
			levels - 1, "))))))))))))))))))))");

		assert_int_equal(decode_status(text, (size_t)size),
			levels <= HANDLE_TABLE_DEPTH_MAX ? STATUS_OK : STATUS_TOO_LARGE);
	}
	for (int items = HANDLE_TABLE_ITEM_COUNT_MAX - 1; items <= HANDLE_TABLE_ITEM_COUNT_MAX + 1;
		items++) {
		size_t size = (size_t)snprintf(text, 8, "{a=(");

		for (int i = 0; i < items - 1; i++) {
			text[size++] = 'x';
			text[size++] = ' ';
		}
		text[size++] = ')';
		text[size++] = '}';
		assert_int_equal(decode_status(text, size),
			items <= HANDLE_TABLE_ITEM_COUNT_MAX ? STATUS_OK : STATUS_TOO_LARGE);
	}
	for (int size = CONFIGURATION_SIZE_MAX - 1; size <= CONFIGURATION_SIZE_MAX + 1; size++) {
		memset(text, ' ', (size_t)size);
		text[0] = '{';
		text[size - 1] = '}';
		assert_int_equal(decode_status(text, (size_t)size),
			size <= CONFIGURATION_SIZE_MAX ? STATUS_OK : STATUS_TOO_LARGE);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_lists_and_texts_are_read_with_their_lines),
		cmocka_unit_test(quotes_may_be_left_out_and_escapes_are_undone),
		cmocka_unit_test(empty_things_and_lists_of_objects_are_taken),
		cmocka_unit_test(of_a_name_that_comes_twice_the_last_counts),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(depth_items_and_size_have_their_limits),
	};

	return cmocka_run_group_tests(tests, arena_is_made, arena_is_freed);
}
