/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_private.h"
#include "unit/code/code_expect.h"

static void
the_best_candidate_comes_first_and_valid_ones_before_others(void **state)
{
	(void)state;
	assert_non_null(find_kind("9521234543213", "GLN"));
	assert_string_equal(expect_result.candidates[0].kind, "GTIN-13");
	assert_ptr_equal(code_best(&expect_result), &expect_result.candidates[0]);
	assert_non_null(find_kind("15NVAA08810000000042A", "VAA 15N"));
	assert_int_equal(expect_result.count, 2);
	assert_true(
		expect_result.candidates[0].confidence > expect_result.candidates[1].confidence);
	assert_non_null(find_kind("10901234567892", "GTIN-14"));
	assert_string_equal(expect_result.candidates[0].kind, "Ecode");
	assert_false(expect_result.candidates[1].is_valid);
}

static void
what_nobody_knows_has_no_candidate(void **state)
{
	(void)state;
	assert_null(find_kind("hello", "GTIN-8"));
	assert_int_equal(expect_result.count, 0);
	assert_null(code_best(&expect_result));
}

static void
a_wrong_check_digit_is_told_with_the_right_one_in_both_languages(void **state)
{
	(void)state;
	char room[128];
	struct text_writer writer = text_writer_over(room, sizeof(room));
	const struct code_candidate *candidate =
		expect_invalid("09521234543217", "GTIN-14", CODE_REASON_CHECK_WRONG);
	code_reason_write(&writer, &candidate->reasons[0], false);
	assert_true(bytes_equal(text_written(&writer), TEXT("check digit is 7, should be 3")));
	writer = text_writer_over(room, sizeof(room));
	code_reason_write(&writer, &candidate->reasons[0], true);
	assert_true(bytes_equal(text_written(&writer), TEXT("校验位为 7，应为 3")));
	assert_null(code_best(&expect_result));
}

static void
sizes_are_held_at_their_limit(void **state)
{
	(void)state;
	static char text[CODE_SIZE_MAX + 1];
	struct code_result *result = &expect_result;
	memset(text, '1', sizeof(text));
	assert_int_equal(code_identify(bytes_over(text, 0), result), STATUS_INVALID);
	assert_int_equal(code_identify(bytes_over(text, CODE_SIZE_MAX - 1), result), STATUS_OK);
	assert_int_equal(code_identify(bytes_over(text, CODE_SIZE_MAX), result), STATUS_OK);
	assert_int_equal(
		code_identify(bytes_over(text, CODE_SIZE_MAX + 1), result), STATUS_TOO_LARGE);
	assert_int_equal(code_identify(BYTES(0xff), result), STATUS_MALFORMED);
}

static const char *
envelope(size_t count)
{
	static char text[CODE_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text) - 1);

	text_write_string(&writer,
		"[)>\x1e"
		"06");
	for (size_t i = 0; i < count; i++) {
		text_write_string(&writer,
			"\x1d"
			"25SUN1");
	}
	text[text_written(&writer).size] = '\0';
	return text;
}

static void
candidates_are_held_at_their_limit(void **state)
{
	(void)state;
	assert_non_null(find_kind(envelope(CODE_CANDIDATE_COUNT_MAX - 1), "item (25S)"));
	assert_int_equal(expect_result.count, CODE_CANDIDATE_COUNT_MAX - 1);
	assert_false(expect_result.is_full);
	assert_non_null(find_kind(envelope(CODE_CANDIDATE_COUNT_MAX), "item (25S)"));
	assert_int_equal(expect_result.count, CODE_CANDIDATE_COUNT_MAX);
	assert_false(expect_result.is_full);
	assert_non_null(find_kind(envelope(CODE_CANDIDATE_COUNT_MAX + 1), "item (25S)"));
	assert_int_equal(expect_result.count, CODE_CANDIDATE_COUNT_MAX);
	assert_true(expect_result.is_full);
}

static void
reasons_are_held_at_their_limit_and_the_verdict_stands(void **state)
{
	(void)state;
	struct code_candidate *candidate =
		code_propose(&expect_result, CODE_GS1, "x", CODE_CERTAIN);
	for (size_t i = 0; i < CODE_REASON_COUNT_MAX; i++) {
		code_reason(candidate, CODE_REASON_NO_CHECK, TEXT(""));
		assert_int_equal(candidate->reason_count, i + 1);
	}
	code_check(candidate, CODE_REASON_CHECK_RIGHT, CODE_REASON_CHECK_WRONG, '1', '2');
	assert_int_equal(candidate->reason_count, CODE_REASON_COUNT_MAX);
	assert_false(candidate->is_valid);
}

static void
systems_are_found_by_their_names(void **state)
{
	(void)state;
	enum code_system system;
	for (size_t i = 0; i < CODE_SYSTEM_COUNT; i++) {
		assert_true(code_system_find(
			bytes_from_string(code_system_name((enum code_system)i)), &system));
		assert_int_equal(system, i);
		assert_true(strlen(code_system_standard(system)) > 0);
	}
	assert_true(code_system_find(TEXT("GS1"), &system) && system == CODE_GS1);
	assert_false(code_system_find(TEXT("gs"), &system));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_candidate_comes_first_and_valid_ones_before_others),
		cmocka_unit_test(what_nobody_knows_has_no_candidate),
		cmocka_unit_test(a_wrong_check_digit_is_told_with_the_right_one_in_both_languages),
		cmocka_unit_test(sizes_are_held_at_their_limit),
		cmocka_unit_test(candidates_are_held_at_their_limit),
		cmocka_unit_test(reasons_are_held_at_their_limit_and_the_verdict_stands),
		cmocka_unit_test(systems_are_found_by_their_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
