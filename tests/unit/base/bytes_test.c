/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "support/cmocka_all.h"
#include "support/heap.h"

static const struct bytes nothing = {NULL, 0};

static void
runs_are_equal_by_size_and_octets(void **state)
{
	(void)state;
	assert_true(bytes_equal(TEXT("abc"), BYTES('a', 'b', 'c')));
	assert_false(bytes_equal(TEXT("abc"), TEXT("abd")));
	assert_false(bytes_equal(TEXT("abc"), TEXT("ab")));
	assert_true(bytes_equal(nothing, TEXT("")));
	assert_true(bytes_equal(bytes_from_string("x"), bytes_over("xy", 1)));
}

static void
order_is_by_octets_and_a_run_comes_before_its_extensions(void **state)
{
	(void)state;
	assert_true(bytes_compare(TEXT("a"), TEXT("b")) < 0);
	assert_true(bytes_compare(BYTES(0x80), BYTES(0x7f)) > 0);
	assert_true(bytes_compare(TEXT("ab"), TEXT("abc")) < 0);
	assert_true(bytes_compare(TEXT("abc"), TEXT("ab")) > 0);
	assert_true(bytes_compare(nothing, TEXT("a")) < 0);
	assert_int_equal(bytes_compare(nothing, TEXT("")), 0);
	assert_int_equal(bytes_compare(TEXT("ab"), TEXT("ab")), 0);
}

static void
folding_covers_the_26_letters_and_nothing_else(void **state)
{
	(void)state;
	for (unsigned one = 0; one < 256; one++) {
		for (unsigned other = 0; other < 256; other++) {
			bool is_pair = (one | 0x20) == (other | 0x20) && (one | 0x20) >= 'a' &&
				(one | 0x20) <= 'z';

			assert_int_equal(
				bytes_equal_fold(BYTES((uint8_t)one), BYTES((uint8_t)other)),
				one == other || is_pair);
		}
	}
	assert_true(bytes_equal_fold(TEXT("hs_ADMIN"), TEXT("HS_admin")));
	assert_false(bytes_equal_fold(TEXT("abc"), TEXT("ab")));
	assert_false(bytes_equal_fold(TEXT("ab"), TEXT("abc")));
}

static void
a_start_is_found_with_and_without_case(void **state)
{
	(void)state;
	assert_true(bytes_start_with(TEXT("0.NA/10"), TEXT("0.NA/")));
	assert_false(bytes_start_with(TEXT("0.na/10"), TEXT("0.NA/")));
	assert_true(bytes_start_with_fold(TEXT("0.na/10"), TEXT("0.NA/")));
	assert_true(bytes_start_with(TEXT("x"), nothing));
	assert_true(bytes_start_with(nothing, nothing));
	assert_false(bytes_start_with(TEXT("0.N"), TEXT("0.NA/")));
	assert_false(bytes_start_with_fold(TEXT("0.N"), TEXT("0.NA/")));
}

static void
the_first_octet_is_found_or_the_size_returned(void **state)
{
	(void)state;
	assert_int_equal(bytes_find(TEXT("a/b/c"), '/'), 1);
	assert_int_equal(bytes_find(TEXT("abc"), '/'), 3);
	assert_int_equal(bytes_find(nothing, '/'), 0);
}

static void
slices_never_leave_the_run(void **state)
{
	struct bytes whole = TEXT("abcdef");

	(void)state;
	assert_true(bytes_equal(bytes_slice(whole, 0, 6), whole));
	assert_true(bytes_equal(bytes_slice(whole, 2, 3), TEXT("cde")));
	assert_true(bytes_equal(bytes_slice(whole, 2, SIZE_MAX), TEXT("cdef")));
	assert_true(bytes_equal(bytes_slice(whole, 5, 1), TEXT("f")));
	assert_int_equal(bytes_slice(whole, 6, 1).size, 0);
	assert_int_equal(bytes_slice(whole, SIZE_MAX, SIZE_MAX).size, 0);
	assert_int_equal(bytes_slice(whole, 3, 0).size, 0);
}

/* An independent judge: encodes the character and compares. */
static size_t
utf8_encode(uint32_t character, uint8_t ret_octets[4])
{
	if (character < 0x80) {
		ret_octets[0] = (uint8_t)character;
		return 1;
	}
	if (character < 0x800) {
		ret_octets[0] = (uint8_t)(0xc0 + character / 64);
		ret_octets[1] = (uint8_t)(0x80 + character % 64);
		return 2;
	}
	if (character < 0x10000) {
		ret_octets[0] = (uint8_t)(0xe0 + character / 4096);
		ret_octets[1] = (uint8_t)(0x80 + character / 64 % 64);
		ret_octets[2] = (uint8_t)(0x80 + character % 64);
		return 3;
	}
	ret_octets[0] = (uint8_t)(0xf0 + character / 262144);
	ret_octets[1] = (uint8_t)(0x80 + character / 4096 % 64);
	ret_octets[2] = (uint8_t)(0x80 + character / 64 % 64);
	ret_octets[3] = (uint8_t)(0x80 + character % 64);
	return 4;
}

static void
blanks_at_both_ends_are_cut_and_no_others(void **state)
{
	static const struct {
		const char *whole, *left;
	} rows[] = {{"", ""}, {" ", ""}, {"\t \t", ""}, {"a", "a"}, {" \ta b\t ", "a b"},
		{"\na\r", "\na\r"}, {"\xa0 a", "\xa0 a"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes whole = heap_copy(bytes_from_string(rows[i].whole));

		assert_true(bytes_equal(bytes_trim(whole), bytes_from_string(rows[i].left)));
		heap_free(whole);
	}
}

static void
every_character_of_unicode_is_utf8_and_no_surrogate_is(void **state)
{
	(void)state;
	for (uint32_t character = 0; character <= 0x110400; character++) {
		uint8_t octets[4];
		size_t size = utf8_encode(character, octets);
		bool is_good =
			character <= 0x10ffff && !(character >= 0xd800 && character <= 0xdfff);
		uint32_t back = 0;

		assert_int_equal(bytes_are_utf8(bytes_over(octets, size)), is_good);
		assert_int_equal(
			bytes_utf8_first(bytes_over(octets, size), &back), is_good ? size : 0);
		assert_int_equal(back, is_good ? character : 0);
	}
}

static void
overlong_lone_and_foreign_octets_are_not_utf8(void **state)
{
	static const struct bytes bad[] = {
		{(const uint8_t *)"\x80", 1},
		{(const uint8_t *)"\xbf", 1},
		{(const uint8_t *)"\xc0\x80", 2},
		{(const uint8_t *)"\xc1\xbf", 2},
		{(const uint8_t *)"\xe0\x9f\xbf", 3},
		{(const uint8_t *)"\xed\xa0\x80", 3},
		{(const uint8_t *)"\xf0\x8f\xbf\xbf", 4},
		{(const uint8_t *)"\xf4\x90\x80\x80", 4},
		{(const uint8_t *)"\xf5\x80\x80\x80", 4},
		{(const uint8_t *)"\xff", 1},
		{(const uint8_t *)"\xc3(", 2},
		{(const uint8_t *)"\xe4\xb8(", 3},
		{(const uint8_t *)"\xf0\x9f\x98(", 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t character = 7;

		assert_false(bytes_are_utf8(bad[i]));
		assert_int_equal(bytes_utf8_first(bad[i], &character), 0);
		assert_int_equal(character, 7);
	}
	assert_true(bytes_are_utf8(nothing));
	assert_int_equal(bytes_utf8_first(nothing, &(uint32_t){0}), 0);
}

/* The fast way over ASCII must stop at the right octet, wherever the bad one stands. */
static void
the_place_of_the_first_bad_octet_is_exact_at_every_offset(void **state)
{
	(void)state;
	for (size_t size = 1; size < 40; size++) {
		for (size_t at = 0; at < size; at++) {
			uint8_t octets[40];
			struct bytes run;

			memset(octets, 'a', sizeof(octets));
			octets[at] = 0xff;
			run = heap_copy(bytes_over(octets, size));
			assert_int_equal(bytes_utf8_size(run), at);
			heap_free(run);
		}
	}
}

static void
text_cut_within_a_character_ends_before_it(void **state)
{
	struct bytes text = TEXT("0123456789\xe4\xb8\xad\xf0\x9f\x98\x80");

	(void)state;
	for (size_t size = 0; size <= text.size; size++) {
		size_t whole = size < 10 ? size : size < 13 ? 10 : size < 17 ? 13 : 17;
		struct bytes cut = heap_copy(bytes_slice(text, 0, size));

		assert_int_equal(bytes_utf8_size(cut), whole);
		assert_int_equal(bytes_are_utf8(cut), size == whole);
		heap_free(cut);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_equal_by_size_and_octets),
		cmocka_unit_test(order_is_by_octets_and_a_run_comes_before_its_extensions),
		cmocka_unit_test(folding_covers_the_26_letters_and_nothing_else),
		cmocka_unit_test(a_start_is_found_with_and_without_case),
		cmocka_unit_test(the_first_octet_is_found_or_the_size_returned),
		cmocka_unit_test(slices_never_leave_the_run),
		cmocka_unit_test(blanks_at_both_ends_are_cut_and_no_others),
		cmocka_unit_test(every_character_of_unicode_is_utf8_and_no_surrogate_is),
		cmocka_unit_test(overlong_lone_and_foreign_octets_are_not_utf8),
		cmocka_unit_test(the_place_of_the_first_bad_octet_is_exact_at_every_offset),
		cmocka_unit_test(text_cut_within_a_character_ends_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
