/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_gs1.h"
#include "unit/code/code_expect.h"

static void
identifiers_are_known_in_their_ranges(void **state)
{
	(void)state;
	assert_non_null(code_gs1_row(TEXT("01")));
	assert_null(code_gs1_row(TEXT("03")));
	assert_null(code_gs1_row(TEXT("014")));
	assert_non_null(code_gs1_row(TEXT("3105")));
	assert_null(code_gs1_row(TEXT("3106")));
	assert_null(code_gs1_row(TEXT("310")));
	assert_non_null(code_gs1_row(TEXT("3370")));
	assert_null(code_gs1_row(TEXT("3380")));
	assert_non_null(code_gs1_row(TEXT("3943")));
	assert_null(code_gs1_row(TEXT("3944")));
	assert_null(code_gs1_row(TEXT("0x")));
	assert_null(code_gs1_row(TEXT("")));
}

static void
no_identifier_begins_another(void **state)
{
	(void)state;
	for (unsigned number = 0; number < 10000; number++) {
		char text[5];
		unsigned count = 0;
		snprintf(text, sizeof(text), "%04u", number);
		for (size_t size = 2; size <= 4; size++) {
			count += code_gs1_row(bytes_over(text, size)) != NULL;
		}
		assert_true(count <= 1);
		assert_int_equal(code_gs1_name(bytes_over(text, 4)).size > 0, count);
	}
}

static void
elements_of_predefined_length_have_the_length_of_their_format(void **state)
{
	(void)state;
	assert_int_equal(code_gs1_fixed_size(TEXT("00")), 18);
	assert_int_equal(code_gs1_fixed_size(TEXT("01")), 14);
	assert_int_equal(code_gs1_fixed_size(TEXT("17")), 6);
	assert_int_equal(code_gs1_fixed_size(TEXT("20")), 2);
	assert_int_equal(code_gs1_fixed_size(TEXT("3103")), 6);
	assert_int_equal(code_gs1_fixed_size(TEXT("414")), 13);
	assert_int_equal(code_gs1_fixed_size(TEXT("10")), 0);
	assert_int_equal(code_gs1_fixed_size(TEXT("21")), 0);
	assert_int_equal(code_gs1_fixed_size(TEXT("402")), 0);
	assert_int_equal(code_gs1_fixed_size(TEXT("37")), 0);
}

static void
values_are_held_to_their_sizes(void **state)
{
	(void)state;
	expect_valid("(01)09521234543213(10)A", "GTIN", "01/09521234543213/10/A");
	expect_valid("(01)09521234543213(10)ABCDEFGHIJKLMNOPQRS", "GTIN",
		"01/09521234543213/10/ABCDEFGHIJKLMNOPQRS");
	expect_valid("(01)09521234543213(10)ABCDEFGHIJKLMNOPQRST", "GTIN",
		"01/09521234543213/10/ABCDEFGHIJKLMNOPQRST");
	expect_invalid(
		"(01)09521234543213(10)ABCDEFGHIJKLMNOPQRSTU", "GTIN", CODE_REASON_ELEMENT_SIZE);
	expect_invalid("(01)09521234543213(10)", "GTIN", CODE_REASON_ELEMENT_SIZE);
	expect_invalid("(01)9521234543213", "GTIN", CODE_REASON_ELEMENT_SIZE);
	expect_invalid("(01)095212345432130", "GTIN", CODE_REASON_ELEMENT_SIZE);
	expect_valid("(253)9521234543213", "GDTI", "253/9521234543213");
	expect_valid("(253)952123454321312345678901234567", "GDTI",
		"253/952123454321312345678901234567");
	expect_invalid("(253)9521234543213123456789012345678", "GDTI", CODE_REASON_ELEMENT_SIZE);
}

static void
values_are_held_to_their_characters(void **state)
{
	(void)state;
	expect_valid("(01)09521234543213(21)!%&'*+,-./:;<=>?_a", "GTIN",
		"01/09521234543213/21/%21%25%26%27%2A%2B%2C-.%2F%3A%3B%3C%3D%3E%3F_a");
	expect_invalid("(01)09521234543213(21)a b", "GTIN", CODE_REASON_ELEMENT_TEXT);
	expect_invalid("(01)09521234543213(21)a$", "GTIN", CODE_REASON_ELEMENT_TEXT);
	expect_invalid("(01)0952123454321X", "GTIN", CODE_REASON_ELEMENT_TEXT);
	expect_invalid("(8010)0614141abc", "CPID", CODE_REASON_ELEMENT_TEXT);
	expect_invalid("(8003)10614141123452", "GRAI", CODE_REASON_ELEMENT_TEXT);
}

static void
dates_are_dates(void **state)
{
	(void)state;
	expect_valid("(01)09521234543213(17)240229", "GTIN", "01/09521234543213");
	expect_valid("(01)09521234543213(17)250200", "GTIN", "01/09521234543213");
	expect_invalid("(01)09521234543213(17)250229", "GTIN", CODE_REASON_ELEMENT_DATE);
	expect_invalid("(01)09521234543213(17)251301", "GTIN", CODE_REASON_ELEMENT_DATE);
	expect_invalid("(01)09521234543213(17)250001", "GTIN", CODE_REASON_ELEMENT_DATE);
	expect_invalid("(01)09521234543213(17)250431", "GTIN", CODE_REASON_ELEMENT_DATE);
}

static void
each_month_has_its_days(void **state)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	(void)state;
	for (int month = 1; month <= 12; month++) {
		char text[48];

		snprintf(text, sizeof(text), "(01)09521234543213(17)24%02d%02d", month,
			days[month - 1]);
		expect_valid(text, "GTIN", "01/09521234543213");
		snprintf(text, sizeof(text), "(01)09521234543213(17)24%02d%02d", month,
			days[month - 1] + 1);
		expect_invalid(text, "GTIN", CODE_REASON_ELEMENT_DATE);
	}
}

/* GS1 Digital Link URI Syntax: what a path may begin with. */
static void
keys_are_told_in_their_order(void **state)
{
	static const char *const keys[] = {"00", "01", "253", "255", "401", "402", "414", "415",
		"417", "8003", "8004", "8006", "8010", "8013", "8017", "8018"};
	struct bytes name = {NULL, 0};
	size_t count = 0;

	(void)state;
	for (; code_gs1_key(count, &name); count++) {
		assert_true(count < sizeof(keys) / sizeof(keys[0]));
		assert_true(bytes_equal(name, bytes_from_string(keys[count])));
		assert_true(code_gs1_is_key(name));
	}
	assert_int_equal(count, sizeof(keys) / sizeof(keys[0]));
	assert_false(code_gs1_is_key(TEXT("10")));
	assert_false(code_gs1_is_key(TEXT("9999")));
	assert_false(code_gs1_is_key(TEXT("")));
}

static void
a_model_number_has_one_character_at_least_before_its_pair(void **state)
{
	char text[] = "(8013)1xx";
	char pair[2];

	(void)state;
	assert_true(code_gs1_check_pair(TEXT("1"), pair));
	memcpy(text + 7, pair, 2);
	assert_true(find_kind(text, "GMN")->is_valid);
	expect_invalid("(8013)22", "GMN", CODE_REASON_ELEMENT_SIZE);
}

static void
every_wrong_character_of_a_check_pair_is_found(void **state)
{
	(void)state;
	const char *good = "(8013)1987654Ad4X4bL5ttr2310c2K";
	for (size_t place = 6; place < strlen(good); place++) {
		char text[32];
		snprintf(text, sizeof(text), "%s", good);
		text[place] = text[place] == '3' ? '4' : '3';
		expect_invalid(text, "GMN", CODE_REASON_PAIR_WRONG);
	}
}

static void
a_check_pair_takes_23_characters(void **state)
{
	(void)state;
	char pair[2];
	assert_true(code_gs1_check_pair(TEXT("1234567890123456789012"), pair));
	assert_true(code_gs1_check_pair(TEXT("12345678901234567890123"), pair));
	assert_false(code_gs1_check_pair(TEXT("123456789012345678901234"), pair));
	assert_false(code_gs1_check_pair(TEXT("a b"), pair));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identifiers_are_known_in_their_ranges),
		cmocka_unit_test(no_identifier_begins_another),
		cmocka_unit_test(elements_of_predefined_length_have_the_length_of_their_format),
		cmocka_unit_test(values_are_held_to_their_sizes),
		cmocka_unit_test(values_are_held_to_their_characters),
		cmocka_unit_test(dates_are_dates),
		cmocka_unit_test(each_month_has_its_days),
		cmocka_unit_test(keys_are_told_in_their_order),
		cmocka_unit_test(a_model_number_has_one_character_at_least_before_its_pair),
		cmocka_unit_test(every_wrong_character_of_a_check_pair_is_found),
		cmocka_unit_test(a_check_pair_takes_23_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
