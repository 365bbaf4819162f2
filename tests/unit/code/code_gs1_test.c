/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
every_wrong_digit_of_a_gtin_is_found(void **state)
{
	(void)state;
	const char *good = "09521234543213";
	for (size_t place = 0; place < 14; place++) {
		for (char digit = '0'; digit <= '9'; digit++) {
			char text[15] = "09521234543213";
			text[place] = digit;
			if (digit != good[place]) {
				expect_invalid(text, "GTIN-14", CODE_REASON_CHECK_WRONG);
			}
		}
	}
	expect_valid(good, "GTIN-14", "01/09521234543213");
}

static void
neighbours_that_changed_places_are_found_unless_they_differ_by_five(void **state)
{
	(void)state;
	char text[15] = "09521234543213";
	for (size_t place = 0; place + 1 < 14; place++) {
		char left = text[place], right = text[place + 1];
		text[place] = right;
		text[place + 1] = left;
		assert_int_equal(find_kind(text, "GTIN-14")->is_valid,
			left == right || abs(left - right) == 5);
		text[place] = left;
		text[place + 1] = right;
	}
}

static void
keys_of_the_same_form_are_all_told(void **state)
{
	(void)state;
	assert_true(has_reason(
		expect_valid("9521234543213", "GLN", "414/9521234543213"), CODE_REASON_SHARED));
	assert_true(
		has_reason(expect_valid("106141411234567897", "GSRN", "8018/106141411234567897"),
			CODE_REASON_SHARED));
	expect_valid("106141411234567897", "SSCC", "00/106141411234567897");
	expect_valid("06141411234567890", "GSIN", "402/06141411234567890");
	expect_none("9521234543214", "GLN");
	expect_none("06141411234567891", "GSIN");
	expect_none("106141411234567898", "GSRN");
	expect_invalid("106141411234567898", "SSCC", CODE_REASON_CHECK_WRONG);
}

static void
sizes_beside_those_of_keys_are_none(void **state)
{
	(void)state;
	expect_none("9638507", "GTIN-8");
	expect_none("963850740", "GTIN-8");
	expect_none("9638507A", "GTIN-8");
}

static void
short_gtins_are_the_same_as_their_padded_forms(void **state)
{
	(void)state;
	expect_valid("96385074", "GTIN-8", "01/00000096385074");
	expect_valid("036000291452", "GTIN-12", "01/00036000291452");
	expect_valid("0036000291452", "GTIN-13", "01/00036000291452");
	expect_valid("00036000291452", "GTIN-14", "01/00036000291452");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrong_digit_of_a_gtin_is_found),
		cmocka_unit_test(
			neighbours_that_changed_places_are_found_unless_they_differ_by_five),
		cmocka_unit_test(keys_of_the_same_form_are_all_told),
		cmocka_unit_test(sizes_beside_those_of_keys_are_none),
		cmocka_unit_test(short_gtins_are_the_same_as_their_padded_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
