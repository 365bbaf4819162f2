/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_control.h"

#include "support/cmocka_all.h"

static struct arena *arena;

static enum status
read_line(const char *line, struct node_control_request *ret_request, struct problem *problem)
{
	arena_reset(arena);
	return node_control_read(bytes_from_string(line), arena, ret_request, problem);
}

static void
expect_refused(const char *line, const char *says)
{
	struct node_control_request request;
	struct problem problem;

	assert_int_not_equal(read_line(line, &request, &problem), STATUS_OK);
	if (strstr(problem.text, says) == NULL) {
		fail_msg("'%s' does not say '%s'", problem.text, says);
	}
}

static void
requests_say_what_is_to_be_done_with_what(void **state)
{
	struct node_control_request request;
	struct problem problem;

	(void)state;
	assert_int_equal(read_line("{\"do\":\"cache-stats\"}", &request, &problem), STATUS_OK);
	assert_int_equal(request.act, NODE_CONTROL_CACHE_STATS);
	assert_int_equal(read_line("{\"handle\":\"88.1/x\",\"do\":\"cache-show\",\"pretty\":true}",
				 &request, &problem),
		STATUS_OK);
	assert_int_equal(request.act, NODE_CONTROL_CACHE_SHOW);
	assert_true(bytes_equal(request.handle, TEXT("88.1/x")));
	assert_true(request.is_pretty && !request.is_all && request.prefix.size == 0);
	assert_int_equal(request.limit, 100);
	assert_int_equal(read_line("{\"do\":\"cache-drop\",\"prefix\":\"88.1\",\"limit\":10000}",
				 &request, &problem),
		STATUS_OK);
	assert_int_equal(request.act, NODE_CONTROL_CACHE_DROP);
	assert_true(bytes_equal(request.prefix, TEXT("88.1")));
	assert_int_equal(request.limit, 10000);
	assert_int_equal(
		read_line("{\"do\":\"cache-drop\",\"all\":true}", &request, &problem), STATUS_OK);
	assert_true(request.is_all);
}

static void
what_is_no_request_is_refused_with_a_sentence(void **state)
{
	(void)state;
	expect_refused("", "octet 1");
	expect_refused("cache stats", "octet 1");
	expect_refused("{}", "\"do\" is missing");
	expect_refused("{\"do\":\"stop\"}", "cache-stats, cache-show or cache-drop");
	expect_refused("{\"do\":7}", "octet");
	expect_refused("{\"do\":\"cache-show\"}", "take one of");
	expect_refused("{\"do\":\"cache-show\",\"handle\":\"\"}", "take one of");
	expect_refused("{\"do\":\"cache-drop\",\"all\":false}", "take one of");
	expect_refused("{\"do\":\"cache-stats\",\"all\":true}", "take one of");
	expect_refused("{\"do\":\"cache-drop\",\"all\":true,\"prefix\":\"88\"}", "take one of");
	expect_refused("{\"do\":\"cache-show\",\"all\":true,\"limit\":10001}", "octet");
	expect_refused("{\"do\":\"cache-stats\",\"why\":1}", "octet");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_say_what_is_to_be_done_with_what),
		cmocka_unit_test(what_is_no_request_is_refused_with_a_sentence),
	};
	int failed;

	arena = arena_new(4096, 1 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
