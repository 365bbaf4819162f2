/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_watch.h"

#include "base/limits.h"
#include "support/cmocka_all.h"

#include <stdio.h>

static struct node_watch_event
event_of(const char *line, enum status expected)
{
	static struct arena *arena; /* The last one lives as long as what it gave. */
	struct node_watch_event event = {.version = 0};

	arena_free(arena);
	arena = arena_new(4096, 65536);
	assert_int_equal(node_watch_read(bytes_from_string(line), arena, &event), expected);
	return event;
}

static void
a_change_names_its_handle_and_how_far_the_stream_is(void **state)
{
	struct node_watch_event event =
		event_of("{\"version\":8,\"action\":\"modify\",\"handle\":\"88.1/A\",\"timeMs\":1}",
			STATUS_OK);

	(void)state;
	assert_int_equal(event.version, 8);
	assert_true(bytes_equal(event.handle, TEXT("88.1/A")));
	assert_false(event.is_prefix);
	event = event_of("{\"heartbeat\":9}", STATUS_OK);
	assert_int_equal(event.version, 9);
	assert_int_equal(event.handle.size, 0);
}

static void
only_a_prefix_that_was_homed_or_is_not_any_more_takes_all_below_it(void **state)
{
	static const struct {
		const char *line;
		bool is_prefix;
	} rows[] = {
		{"{\"version\":1,\"action\":\"home\",\"handle\":\"0.NA/88.1\"}", true},
		{"{\"handle\":\"0.na/88.1\",\"action\":\"unhome\",\"version\":1}", true},
		{"{\"version\":1,\"action\":\"modify\",\"handle\":\"0.NA/88.1\"}", false},
		{"{\"version\":1,\"action\":\"home\",\"handle\":\"88.1/x\"}", false},
		{"{\"version\":1,\"handle\":\"0.NA/88.1\"}", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(event_of(rows[i].line, STATUS_OK).is_prefix, rows[i].is_prefix);
	}
}

static void
what_is_no_such_line_is_refused(void **state)
{
	(void)state;
	event_of("", STATUS_TRUNCATED);
	event_of("{\"version\":8", STATUS_TRUNCATED);
	event_of("[]", STATUS_INVALID);
	event_of("{\"handle\":\"88.1/A\"}", STATUS_INVALID);
	event_of("{\"version\":\"8\"}", STATUS_INVALID);
	event_of("{\"version\":9223372036854775808}", STATUS_TOO_LARGE);
	event_of("{\"version\":8} {}", STATUS_MALFORMED);
}

static void
a_handle_is_as_long_as_it_may_be(void **state)
{
	char line[HANDLE_NAME_SIZE_MAX + 64], name[HANDLE_NAME_SIZE_MAX + 2];

	(void)state;
	for (size_t size = HANDLE_NAME_SIZE_MAX - 1; size <= HANDLE_NAME_SIZE_MAX + 1; size++) {
		memset(name, 'a', size);
		name[size] = '\0';
		snprintf(line, sizeof(line), "{\"version\":1,\"handle\":\"%s\"}", name);
		event_of(line, size <= HANDLE_NAME_SIZE_MAX ? STATUS_OK : STATUS_INVALID);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_names_its_handle_and_how_far_the_stream_is),
		cmocka_unit_test(
			only_a_prefix_that_was_homed_or_is_not_any_more_takes_all_below_it),
		cmocka_unit_test(what_is_no_such_line_is_refused),
		cmocka_unit_test(a_handle_is_as_long_as_it_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
