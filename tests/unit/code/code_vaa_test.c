/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
a_carrier_gives_the_handle_with_and_without_zeros(void **state)
{
	(void)state;
	assert_true(has_reason(
		expect_valid("15NVAA08810000000042SN-1", "VAA 15N", "88.100.00000042/SN-1"),
		CODE_REASON_ZEROS_KEPT));
	assert_int_equal(expect_result.count, 2);
	assert_true(bytes_equal(expect_result.candidates[1].normal, TEXT("88.100.42/SN-1")));
	assert_true(has_reason(&expect_result.candidates[1], CODE_REASON_ZEROS_CUT));
	assert_int_equal(expect_result.candidates[0].scheme, CODE_HANDLE);
	expect_valid("15NVAA08810012345678A", "VAA 15N", "88.100.12345678/A");
	assert_int_equal(expect_result.count, 1);
	expect_valid("15NVAA08810000000000A", "VAA 15N", "88.100.00000000/A");
	assert_true(bytes_equal(expect_result.candidates[1].normal, TEXT("88.100.0/A")));
}

static void
secondary_codes_keep_their_zeros(void **state)
{
	(void)state;
	expect_valid("15NVAA08800112345678A", "VAA 15N", "88.001.12345678/A");
}

static void
serial_numbers_are_held_to_their_size(void **state)
{
	(void)state;
	expect_valid("15NVAA08810012345678A", "VAA 15N", "88.100.12345678/A");
	expect_valid("15NVAA08810012345678ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", "VAA 15N",
		"88.100.12345678/ABCDEFGHIJKLMNOPQRSTUVWXYZ012345");
	expect_valid("15NVAA08810012345678ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456", "VAA 15N",
		"88.100.12345678/ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456");
	expect_invalid("15NVAA08810012345678ABCDEFGHIJKLMNOPQRSTUVWXYZ01234567", "VAA 15N",
		CODE_REASON_SIZE);
	expect_invalid("15NVAA08810012345678", "VAA 15N", CODE_REASON_SIZE);
}

static void
other_characters_are_told(void **state)
{
	(void)state;
	expect_valid("15NVAA08810012345678a*+-./()!", "VAA 15N", "88.100.12345678/a*+-./()!");
	expect_invalid("15NVAA08810012345678A_B", "VAA 15N", CODE_REASON_CHARACTER);
	expect_invalid("15NVAA0881001234567XA", "VAA 15N", CODE_REASON_CHARACTER);
	expect_invalid("15NVAA088100", "VAA 15N", CODE_REASON_SIZE);
}

static void
the_text_form_is_the_same_object(void **state)
{
	(void)state;
	expect_valid("VAA88.100.42/SN-1", "VAA", "88.100.42/SN-1");
	expect_none("VAA", "VAA");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_carrier_gives_the_handle_with_and_without_zeros),
		cmocka_unit_test(secondary_codes_keep_their_zeros),
		cmocka_unit_test(serial_numbers_are_held_to_their_size),
		cmocka_unit_test(other_characters_are_told),
		cmocka_unit_test(the_text_form_is_the_same_object),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
