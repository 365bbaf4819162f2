/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
main_codes_are_held_to_the_size_of_their_version(void **state)
{
	(void)state;
	expect_valid("ecode:100011", "Ecode", "100011");
	expect_invalid("ecode:10001", "Ecode", CODE_REASON_SIZE);
	expect_valid("ecode:1000112345678901234567890", "Ecode", "1000112345678901234567890");
	expect_invalid("ecode:10001123456789012345678901", "Ecode", CODE_REASON_SIZE);
	expect_valid("ecode:200011234567890123456789012345678", "Ecode",
		"200011234567890123456789012345678");
	expect_invalid("ecode:2000112345678901234567890123456789", "Ecode", CODE_REASON_SIZE);
	expect_valid("ecode:300001ABC", "Ecode", "300001ABC");
	expect_invalid("ecode:10001ABC", "Ecode", CODE_REASON_SIZE);
	expect_invalid("ecode:40001123", "Ecode", CODE_REASON_SIZE);
}

static void
without_its_name_it_is_a_weak_candidate(void **state)
{
	(void)state;
	const struct code_candidate *candidate =
		expect_valid("10001012345678", "Ecode", "10001012345678");
	assert_true(candidate->confidence < 20);
	assert_true(bytes_equal(candidate->parts[1].value, TEXT("0001")));
}

static void
what_has_not_its_form_is_none(void **state)
{
	(void)state;
	expect_none("40001123", "Ecode");
	expect_none("1000A123", "Ecode");
}

static void
its_parts_follow_its_version(void **state)
{
	const struct code_candidate *candidate = find_kind("ecode:10064123456", "Ecode");

	(void)state;
	assert_non_null(candidate);
	assert_true(has_reason(candidate, CODE_REASON_NO_CHECK));
	assert_true(has_reason_at(candidate, CODE_REASON_NO_TABLE, "0064"));
	assert_true(bytes_equal(candidate->parts[0].value, TEXT("1")));
	assert_true(bytes_equal(candidate->parts[1].value, TEXT("0064")));
	assert_true(bytes_equal(candidate->parts[2].value, TEXT("123456")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(main_codes_are_held_to_the_size_of_their_version),
		cmocka_unit_test(without_its_name_it_is_a_weak_candidate),
		cmocka_unit_test(what_has_not_its_form_is_none),
		cmocka_unit_test(its_parts_follow_its_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
