/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "markup/markup_pattern.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "support/cmocka_all.h"

#include <pcre2.h>

/*
 * What a match may cost. PCRE2 counts it its own way, so each limit is held against a twin: PCRE2 with
 * this one limit and no other. Where the twin gives up, we must, and not one octet earlier.
 */
enum { SUBJECT_SIZE_MAX = 8192 };

enum cost { STEPS, LEVELS };

static char subject[SUBJECT_SIZE_MAX];

static bool
twin_gives_up(const char *pattern, size_t size, enum cost cost, uint32_t limit)
{
	uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_CASELESS | PCRE2_UTF |
		PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	int error = 0;
	PCRE2_SIZE at = 0;
	pcre2_code *code = pcre2_compile(
		(PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &error, &at, NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create(MARKUP_GROUP_COUNT_MAX, NULL);
	int count;

	assert_non_null(code);
	assert_int_equal(cost == STEPS	 ? pcre2_set_match_limit(context, limit)
			: cost == LEVELS ? pcre2_set_depth_limit(context, limit)
					 : pcre2_set_heap_limit(context, limit),
		0);
	count = pcre2_match(code, (PCRE2_SPTR)subject, size, 0, 0, data, context);
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	pcre2_code_free(code);
	assert_true(count > 0 || count == PCRE2_ERROR_NOMATCH || count == PCRE2_ERROR_MATCHLIMIT ||
		count == PCRE2_ERROR_DEPTHLIMIT);
	return count < 0 && count != PCRE2_ERROR_NOMATCH;
}

static enum status
match(const char *pattern, size_t size)
{
	struct arena *arena = arena_new(65536, REQUEST_MEMORY_MAX);
	struct markup_patterns *patterns = markup_patterns_new(arena);
	const struct markup_groups *groups;
	enum status status = markup_match(
		patterns, pattern, bytes_from_string(pattern), bytes_over(subject, size), &groups);

	arena_free(arena);
	return status;
}

/* The size of the subject at which the twin gives up for the first time. */
static size_t
first_too_large(const char *pattern, enum cost cost, uint32_t limit)
{
	for (size_t size = 1; size < SUBJECT_SIZE_MAX; size++) {
		if (twin_gives_up(pattern, size, cost, limit)) {
			return size;
		}
	}
	fail_msg("%s never costs too much", pattern);
	return 0;
}

static void
assert_limit(const char *pattern, enum cost cost, uint32_t limit)
{
	size_t size;

	memset(subject, 'a', sizeof(subject));
	size = first_too_large(pattern, cost, limit);
	assert_int_not_equal(match(pattern, size - 1), STATUS_TOO_LARGE);
	assert_int_equal(match(pattern, size), STATUS_TOO_LARGE);
	assert_int_equal(match(pattern, size + 1), STATUS_TOO_LARGE);
}

static void
steps_end_where_their_limit_is(void **state)
{
	(void)state;
	assert_limit("(a|b|ab)*c", STEPS, MARKUP_MATCH_STEP_COUNT_MAX);
	assert_limit("(a+)+b", STEPS, MARKUP_MATCH_STEP_COUNT_MAX);
}

static void
levels_end_where_their_limit_is(void **state)
{
	(void)state;
	assert_limit("(?:a|b)*", LEVELS, MARKUP_MATCH_DEPTH_MAX);
	assert_limit("(a)*", LEVELS, MARKUP_MATCH_DEPTH_MAX);
}

static void
an_expression_nests_so_deep(void **state)
{
	struct arena *arena = arena_new(65536, REQUEST_MEMORY_MAX);
	struct problem problem;

	(void)state;
	for (int count = 31; count <= 33; count++) {
		char pattern[128];
		struct text_writer writer = text_writer_over(pattern, sizeof(pattern));

		for (int i = 0; i < count; i++) {
			text_write_char(&writer, '(');
		}
		text_write_char(&writer, 'a');
		for (int i = 0; i < count; i++) {
			text_write_char(&writer, ')');
		}
		assert_int_equal(markup_pattern_check(arena, text_written(&writer), &problem),
			count <= 32 ? STATUS_OK : STATUS_INVALID_VALUE);
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_end_where_their_limit_is),
		cmocka_unit_test(levels_end_where_their_limit_is),
		cmocka_unit_test(an_expression_nests_so_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
