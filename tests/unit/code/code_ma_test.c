/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
the_frame_is_checked_and_no_more(void **state)
{
	(void)state;
	expect_valid("MA.156.1234.5678/1", "MA", "MA.156.1234.5678/1");
	expect_valid("ma.156.1", "MA", "ma.156.1");
	expect_invalid("MA.15.1", "MA", CODE_REASON_SIZE);
	expect_invalid("MA.156.", "MA", CODE_REASON_SIZE);
	expect_invalid("MA.156", "MA", CODE_REASON_SIZE);
	expect_invalid("MA.CN1.1", "MA", CODE_REASON_SIZE);
	expect_invalid("MA.156..1", "MA", CODE_REASON_SIZE);
	expect_none("MA156", "MA");
	expect_invalid("MA.156.a\nb", "MA", CODE_REASON_SIZE);
	assert_true(has_reason(expect_valid("MA.156.1", "MA", "MA.156.1"), CODE_REASON_NO_CHECK));
	assert_int_equal(expect_result.candidates[0].part_count, 1);
	assert_true(bytes_equal(expect_result.candidates[0].parts[0].value, TEXT("156")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_frame_is_checked_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
