/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
any_host_and_path_may_stand_in_front(void **state)
{
	(void)state;
	expect_valid("http://example.com:8080/a/b/01/09521234543213", "GTIN", "01/09521234543213");
	expect_valid("https://example.com/01/01/09521234543213", "GTIN", "01/09521234543213");
	expect_valid("https://example.com/8004/0614141AB%2F1", "GIAI", "8004/0614141AB%2F1");
}

static void
attributes_are_not_part_of_the_normal_form(void **state)
{
	(void)state;
	const struct code_candidate *candidate = expect_valid(
		"https://example.com/01/09521234543213?17=251231&linkType=gs1:pip&3103=000195#x",
		"GTIN", "01/09521234543213");
	assert_true(bytes_equal(candidate->link,
		TEXT("https://id.gs1.org/01/09521234543213?17=251231&3103=000195")));
	assert_int_equal(candidate->part_count, 3);
}

static void
qualifiers_keep_their_order(void **state)
{
	(void)state;
	expect_valid("https://e.org/01/09521234543213/22/A/10/B/21/C", "GTIN",
		"01/09521234543213/22/A/10/B/21/C");
	expect_valid(
		"https://e.org/01/09521234543213/22/A/21/C", "GTIN", "01/09521234543213/22/A/21/C");
	expect_valid("https://e.org/01/09521234543213/235/A", "GTIN", "01/09521234543213/235/A");
	expect_invalid(
		"https://e.org/01/09521234543213/21/C/22/A", "GTIN", CODE_REASON_ELEMENT_ORDER);
	expect_invalid(
		"https://e.org/01/09521234543213/17/251231", "GTIN", CODE_REASON_ELEMENT_ORDER);
	expect_invalid(
		"https://e.org/01/09521234543213/21/C/235/A", "GTIN", CODE_REASON_ELEMENT_ORDER);
	expect_invalid(
		"https://e.org/00/106141411234567897/21/C", "SSCC", CODE_REASON_ELEMENT_ORDER);
}

static void
a_short_gtin_is_padded_and_told(void **state)
{
	(void)state;
	assert_true(has_reason(
		expect_valid("https://e.org/01/9521234543213", "GTIN", "01/09521234543213"),
		CODE_REASON_PADDED));
	assert_false(has_reason(
		expect_valid("https://e.org/01/09521234543213", "GTIN", "01/09521234543213"),
		CODE_REASON_PADDED));
}

static void
a_path_without_a_key_and_pairs_is_none(void **state)
{
	(void)state;
	expect_none("https://e.org/10/ABC", "GS1 Digital Link");
	assert_int_equal(expect_result.count, 0);
	expect_none("https://e.org/01", "GTIN");
	expect_none("https://e.org/01/", "GTIN");
	expect_none("https://e.org/01/09521234543213/10", "GTIN");
	expect_none("https://e.org/01/09521234543213//", "GTIN");
	assert_int_equal(expect_result.count, 0);
}

static void
a_value_that_is_no_text_is_against_it(void **state)
{
	(void)state;
	assert_non_null(find_kind("https://e.org/01/09521234543213/10/%ff", "GTIN"));
	assert_false(find_kind("https://e.org/01/09521234543213/10/%0a", "GTIN")->is_valid);
	expect_invalid("https://e.org/01/%ff/22/A/21/B", "GS1 Digital Link", CODE_REASON_NO_KEY);
	expect_invalid(
		"https://e.org/01/%zz/10/A/21/B", "GS1 Digital Link", CODE_REASON_ELEMENT_TEXT);
	expect_invalid("https://e.org/01/%00/22/A/414/B", "GLN", CODE_REASON_ELEMENT_TEXT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_host_and_path_may_stand_in_front),
		cmocka_unit_test(attributes_are_not_part_of_the_normal_form),
		cmocka_unit_test(qualifiers_keep_their_order),
		cmocka_unit_test(a_short_gtin_is_padded_and_told),
		cmocka_unit_test(a_path_without_a_key_and_pairs_is_none),
		cmocka_unit_test(a_value_that_is_no_text_is_against_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
