/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_gs1.h"
#include "unit/code/code_expect.h"

static void
order_of_elements_does_not_matter(void **state)
{
	(void)state;
	expect_valid("(10)A(01)09521234543213(21)B", "GTIN", "01/09521234543213/10/A/21/B");
	expect_valid(
		"(17)251231(21)B(10)A(01)09521234543213", "GTIN", "01/09521234543213/10/A/21/B");
}

static void
a_bracket_within_a_value_stays_there(void **state)
{
	(void)state;
	expect_valid("(01)09521234543213(21)A(B)(1)C(", "GTIN",
		"01/09521234543213/21/A%28B%29%281%29C%28");
}

static void
fixed_lengths_need_no_separator_and_may_have_one(void **state)
{
	(void)state;
	expect_valid("]C101095212345432131725123110A", "GTIN", "01/09521234543213/10/A");
	expect_valid("]C10109521234543213\x1d"
		     "17251231\x1d"
		     "10A",
		"GTIN", "01/09521234543213/10/A");
	expect_valid("\x1d"
		     "0109521234543213",
		"GTIN", "01/09521234543213");
	expect_valid("]Q30109521234543213", "GTIN", "01/09521234543213");
	expect_valid("]e00109521234543213", "GTIN", "01/09521234543213");
	expect_valid("]J10109521234543213", "GTIN", "01/09521234543213");
}

static void
without_a_mark_only_what_is_right_is_taken(void **state)
{
	(void)state;
	assert_true(
		has_reason(expect_valid("010952123454321321AB", "GTIN", "01/09521234543213/21/AB"),
			CODE_REASON_NO_FNC1));
	expect_none("010952123454321421AB", "GTIN");
	expect_none("1725123110ABCDEFGH", "");
}

static void
what_is_wrong_with_a_message_is_told(void **state)
{
	(void)state;
	expect_invalid("(10)A", "element string", CODE_REASON_NO_KEY);
	expect_invalid("(01)09521234543213(05)1", "GTIN", CODE_REASON_ELEMENT_UNKNOWN);
	assert_true(has_reason_at(
		expect_invalid("]C1010952123454321305", "GTIN", CODE_REASON_ELEMENT_UNKNOWN),
		CODE_REASON_ELEMENT_UNKNOWN, "05"));
	expect_invalid("(01)09521234543213(10)A(10)B", "GTIN", CODE_REASON_ELEMENT_TWICE);
	expect_invalid("(01)09521234543213(21)A(235)B", "GTIN", CODE_REASON_ELEMENT_ORDER);
}

static void
an_identifier_without_a_value_is_told(void **state)
{
	(void)state;
	expect_invalid("(01)", "GTIN", CODE_REASON_ELEMENT_SIZE);
	expect_invalid("(01)09521234543213(10)", "GTIN", CODE_REASON_ELEMENT_SIZE);
	assert_int_equal(expect_result.candidates[0].part_count, 2);
}

static void
the_item_comes_before_the_place(void **state)
{
	(void)state;
	expect_valid("(414)9521234543213(01)09521234543213", "GTIN", "01/09521234543213");
	expect_valid("(414)9521234543213(254)7", "GLN", "414/9521234543213/254/7");
	expect_valid("(415)9521234543213(8020)X", "PAY TO", "415/9521234543213/8020/X");
}

static const char *
message(size_t count)
{
	static char text[CODE_SIZE_MAX];
	size_t size = (size_t)snprintf(text, sizeof(text), "(01)09521234543213");

	for (size_t i = 1; i < count; i++) {
		size_t number = i < 10 ? 90 + i : 3100 + (i - 10) / 6 * 10 + (i - 10) % 6;

		size += (size_t)snprintf(text + size, sizeof(text) - size, "(%zu)123456", number);
	}
	return text;
}

static void
elements_are_held_at_their_limit(void **state)
{
	(void)state;
	const char *normal = "01/09521234543213";
	assert_int_equal(expect_valid(message(CODE_PART_COUNT_MAX - 1), "GTIN", normal)->part_count,
		CODE_PART_COUNT_MAX - 1);
	assert_int_equal(expect_valid(message(CODE_PART_COUNT_MAX), "GTIN", normal)->part_count,
		CODE_PART_COUNT_MAX);
	assert_int_equal(
		expect_invalid(message(CODE_PART_COUNT_MAX + 1), "GTIN", CODE_REASON_ELEMENT_COUNT)
			->part_count,
		CODE_PART_COUNT_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_of_elements_does_not_matter),
		cmocka_unit_test(a_bracket_within_a_value_stays_there),
		cmocka_unit_test(fixed_lengths_need_no_separator_and_may_have_one),
		cmocka_unit_test(without_a_mark_only_what_is_right_is_taken),
		cmocka_unit_test(what_is_wrong_with_a_message_is_told),
		cmocka_unit_test(an_identifier_without_a_value_is_told),
		cmocka_unit_test(the_item_comes_before_the_place),
		cmocka_unit_test(elements_are_held_at_their_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
