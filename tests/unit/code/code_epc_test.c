/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
all_writings_of_one_item_have_one_normal_form(void **state)
{
	(void)state;
	const char *normal = "01/80614141123458/21/6789";
	expect_valid("urn:epc:id:sgtin:0614141.812345.6789", "sgtin", normal);
	expect_valid("URN:EPC:id:sgtin:0614141.812345.6789", "sgtin", normal);
	expect_valid("urn:epc:tag:sgtin-96:3.0614141.812345.6789", "sgtin", normal);
	expect_valid("(01)80614141123458(21)6789", "GTIN", normal);
	expect_valid("https://e.org/01/80614141123458/21/6789", "GTIN", normal);
	assert_int_equal(
		expect_valid("urn:epc:id:sgtin:0614141.812345.6789", "sgtin", normal)->scheme,
		CODE_GS1);
}

static void
company_and_reference_fill_the_key_wherever_they_are_parted(void **state)
{
	(void)state;
	expect_valid("urn:epc:id:sgtin:061414.1812345.1", "sgtin", "01/10614148123452/21/1");
	expect_valid("urn:epc:id:sgtin:061414112345.8.1", "sgtin", "01/80614141123458/21/1");
	expect_valid("urn:epc:id:sgln:061414112345..0", "sgln", "414/0614141123452");
}

static void
parts_of_a_wrong_size_are_told(void **state)
{
	(void)state;
	expect_invalid("urn:epc:id:sgtin:06141.12345678.1", "sgtin", CODE_REASON_SIZE);
	expect_invalid("urn:epc:id:sgtin:0614141123456..1", "sgtin", CODE_REASON_SIZE);
	expect_invalid("urn:epc:id:sgtin:0614141.81234.1", "sgtin", CODE_REASON_SIZE);
	expect_invalid("urn:epc:id:sgtin:0614141.8123456.1", "sgtin", CODE_REASON_SIZE);
	expect_invalid("urn:epc:id:sgtin:061414A.812345.1", "sgtin", CODE_REASON_SIZE);
	expect_invalid("urn:epc:id:sgtin:", "sgtin", CODE_REASON_SIZE);
}

static void
what_is_in_no_table_is_told(void **state)
{
	(void)state;
	expect_invalid("urn:epc:id:xyz:1.2.3", "EPC", CODE_REASON_NO_TABLE);
	expect_invalid("urn:epc:raw:96.x30", "EPC", CODE_REASON_NO_TABLE);
	expect_invalid("urn:epc:id:gid:", "gid", CODE_REASON_SIZE);
}

static void
a_reference_of_one_character_is_a_digit_too(void **state)
{
	(void)state;
	expect_valid("urn:epc:id:sgln:06141411234.5.0", "sgln", "414/0614141123452");
	expect_invalid("urn:epc:id:sgln:06141411234.A.0", "sgln", CODE_REASON_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_writings_of_one_item_have_one_normal_form),
		cmocka_unit_test(company_and_reference_fill_the_key_wherever_they_are_parted),
		cmocka_unit_test(parts_of_a_wrong_size_are_told),
		cmocka_unit_test(what_is_in_no_table_is_told),
		cmocka_unit_test(a_reference_of_one_character_is_a_digit_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
