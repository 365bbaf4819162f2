/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/code/code_expect.h"

static void
every_wrong_character_is_found(void **state)
{
	(void)state;
	static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	const char *good = "91350100M000100Y43";
	for (size_t place = 0; place < 18; place++) {
		for (const char *other = alphabet; *other != '\0'; other++) {
			char text[19] = "91350100M000100Y43";
			const struct code_candidate *candidate;
			text[place] = *other;
			candidate = find_kind(text, "USCC");
			if (*other != good[place] && candidate != NULL) {
				assert_true(has_reason(candidate, CODE_REASON_CHECK_WRONG));
			}
		}
	}
	expect_valid(good, "USCC", good);
}

static void
neighbours_that_changed_places_are_found(void **state)
{
	(void)state;
	for (size_t place = 0; place + 1 < 17; place++) {
		char text[19] = "91110108589104047H";
		char left = text[place];
		text[place] = text[place + 1];
		text[place + 1] = left;
		assert_int_equal(find_kind(text, "USCC")->is_valid, text[place] == left);
	}
}

static void
the_subject_has_a_check_of_its_own(void **state)
{
	(void)state;
	const struct code_candidate *candidate = find_kind("91110108589104048H", "USCC");
	assert_true(has_reason(candidate, CODE_REASON_SUBJECT_WRONG));
	assert_int_equal(candidate->reasons[2].found, '8');
	assert_int_equal(candidate->reasons[2].expected, '7');
}

static void
a_subject_may_end_in_x_or_0(void **state)
{
	(void)state;
	expect_valid("9114090010000018XC", "USCC", "9114090010000018XC");
	expect_valid("91140900100000040Q", "USCC", "91140900100000040Q");
}

static void
letters_that_look_like_digits_are_none_of_it(void **state)
{
	(void)state;
	expect_none("91110108589104O47H", "USCC");
	expect_none("91110108589104I47H", "USCC");
	expect_none("9111010858910404SH", "USCC");
	expect_none("91A10108589104047H", "USCC");
	expect_none("9111010858910404H", "USCC");
	expect_none("91110108589104047H1", "USCC");
}

static void
small_letters_are_told_and_capitals_are_normal(void **state)
{
	(void)state;
	assert_true(has_reason(expect_valid("91110108589104047h", "USCC", "91110108589104047H"),
		CODE_REASON_CAPITALS));
	assert_false(has_reason(expect_valid("91110108589104047H", "USCC", "91110108589104047H"),
		CODE_REASON_CAPITALS));
}

/* GB 32100-2015, 5: the weight of place i is 3 to the power of i - 1, modulo 31. */
static void
each_place_has_its_weight(void **state)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	unsigned weight = 1;

	(void)state;
	for (size_t place = 0; place < 17; place++) {
		char text[] = "000000000000000000";

		text[place] = '1';
		assert_int_equal(
			find_kind(text, "USCC")->reasons[1].expected, alphabet[(31 - weight) % 31]);
		weight = weight * 3 % 31;
	}
}

/* GB 11714: the weight of place i is 2 to the power of 9 - i, modulo 11. */
static void
each_place_of_the_subject_has_its_weight(void **state)
{
	(void)state;
	for (size_t place = 0; place < 8; place++) {
		char text[] = "000000000000000000";
		unsigned check = 11 - (1U << (8 - place)) % 11;

		text[8 + place] = '1';
		assert_int_equal(find_kind(text, "USCC")->reasons[2].expected,
			check == 10 ? 'X' : (char)('0' + check));
	}
}

static void
assert_part(
	const struct code_candidate *candidate, size_t number, const char *name, const char *value)
{
	assert_true(bytes_equal(candidate->parts[number].name, bytes_from_string(name)));
	assert_true(bytes_equal(candidate->parts[number].value, bytes_from_string(value)));
}

static void
its_parts_are_told(void **state)
{
	const struct code_candidate *candidate =
		expect_valid("91350100M000100Y43", "USCC", "91350100M000100Y43");

	(void)state;
	assert_int_equal(candidate->part_count, 4);
	assert_part(candidate, 0, "department", "9");
	assert_part(candidate, 1, "kind", "1");
	assert_part(candidate, 2, "region", "350100");
	assert_part(candidate, 3, "subject", "M000100Y4");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrong_character_is_found),
		cmocka_unit_test(neighbours_that_changed_places_are_found),
		cmocka_unit_test(the_subject_has_a_check_of_its_own),
		cmocka_unit_test(a_subject_may_end_in_x_or_0),
		cmocka_unit_test(letters_that_look_like_digits_are_none_of_it),
		cmocka_unit_test(small_letters_are_told_and_capitals_are_normal),
		cmocka_unit_test(each_place_has_its_weight),
		cmocka_unit_test(each_place_of_the_subject_has_its_weight),
		cmocka_unit_test(its_parts_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
