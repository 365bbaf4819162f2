/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_scope.h"
#include "base/limits.h"
#include "message/message.h"
#include "support/cmocka_all.h"

static const struct bytes prefixes[] = {
	{(const uint8_t *)"88.995", 6},
	{(const uint8_t *)"20.500", 6},
};

static bool
allows(bool may_read, bool may_write, size_t prefix_count, uint32_t opcode, const char *handle)
{
	const struct access_scope scope = {TEXT("t"), may_read, may_write, prefix_count, prefixes};

	return access_scope_allows(&scope, opcode, bytes_from_string(handle));
}

static void
changes_need_write_and_everything_else_read(void **state)
{
	static const uint32_t changes[] = {OPCODE_CREATE_HANDLE, OPCODE_DELETE_HANDLE,
		OPCODE_ADD_VALUE, OPCODE_REMOVE_VALUE, OPCODE_MODIFY_VALUE, OPCODE_HOME_PREFIX,
		OPCODE_UNHOME_PREFIX};
	static const uint32_t questions[] = {OPCODE_RESOLUTION, OPCODE_LIST_HANDLES,
		OPCODE_LIST_DERIVED_PREFIXES, OPCODE_LIST_HOMED_PREFIXES,
		OPCODE_RETRIEVE_TRANSACTION_LOG, OPCODE_DUMP_HANDLES};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		assert_true(allows(false, true, 0, changes[i], "1.2/x"));
		assert_false(allows(true, false, 0, changes[i], "1.2/x"));
	}
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		assert_true(allows(true, false, 0, questions[i], "1.2/x"));
		assert_false(allows(false, true, 0, questions[i], "1.2/x"));
	}
	assert_false(allows(false, false, 0, OPCODE_RESOLUTION, "1.2/x"));
	/* What everybody may needs no scope. */
	assert_true(allows(false, false, 0, OPCODE_GET_SITE_INFO, ""));
}

static void
a_prefix_reaches_its_handles_its_record_and_what_is_derived(void **state)
{
	(void)state;
	assert_true(allows(true, true, 1, OPCODE_ADD_VALUE, "88.995/x"));
	assert_true(allows(true, true, 1, OPCODE_ADD_VALUE, "88.995.1/x/y"));
	assert_true(allows(true, true, 1, OPCODE_ADD_VALUE, "0.NA/88.995"));
	assert_true(allows(true, true, 1, OPCODE_ADD_VALUE, "0.na/88.995.7"));
	assert_true(allows(true, true, 2, OPCODE_ADD_VALUE, "20.500/x"));
	assert_false(allows(true, true, 1, OPCODE_ADD_VALUE, "20.500/x"));
	assert_false(allows(true, true, 1, OPCODE_ADD_VALUE, "88.9951/x"));
	assert_false(allows(true, true, 1, OPCODE_ADD_VALUE, "88.99/x"));
	assert_false(allows(true, true, 1, OPCODE_ADD_VALUE, "0.NA/88.99"));
	assert_false(allows(true, true, 1, OPCODE_ADD_VALUE, "0.NA/88"));
	assert_false(allows(true, true, 1, OPCODE_ADD_VALUE, "1.2/88.995/x"));
}

static void
what_is_about_no_handle_is_beyond_a_prefix(void **state)
{
	(void)state;
	assert_true(allows(true, true, 0, OPCODE_DUMP_HANDLES, ""));
	assert_false(allows(true, true, 2, OPCODE_DUMP_HANDLES, ""));
	assert_false(allows(true, true, 2, OPCODE_LIST_HOMED_PREFIXES, ""));
}

static void
a_copy_has_all_of_it_or_is_none(void **state)
{
	const struct access_scope scope = {TEXT("name"), true, false, 2, prefixes};
	struct arena *arena = arena_new(64, REQUEST_MEMORY_MAX), *small = arena_new(64, 96);
	struct access_scope *copy = access_scope_copy(arena, &scope);

	(void)state;
	assert_non_null(copy);
	assert_true(bytes_equal(copy->token, TEXT("name")) && copy->token.at != scope.token.at);
	assert_true(copy->may_read && !copy->may_write);
	assert_int_equal(copy->prefix_count, 2);
	assert_true(bytes_equal(copy->prefixes[1], prefixes[1]));
	assert_null(access_scope_copy(small, &scope));
	arena_free(small);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_need_write_and_everything_else_read),
		cmocka_unit_test(a_prefix_reaches_its_handles_its_record_and_what_is_derived),
		cmocka_unit_test(what_is_about_no_handle_is_beyond_a_prefix),
		cmocka_unit_test(a_copy_has_all_of_it_or_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
