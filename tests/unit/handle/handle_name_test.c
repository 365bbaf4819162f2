/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_name.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

#include <stdlib.h>

static void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	if (expected.size > 0) {
		assert_memory_equal(found.at, expected.at, expected.size);
	}
}

static void
vectors_of_case_folding_hold(void **state)
{
	struct vector vector;
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	(void)state;

	assert_int_equal(vector_count("case-folding"), 8);
	for (size_t at = 0; vector_next("case-folding", &at, &vector);) {
		struct bytes name = vector.octets;
		struct bytes parent = handle_name_parent_prefix(name);
		struct bytes folded = vector_text(&vector, "upperCasePrefix");
		struct bytes expanded = vector_text(&vector, "slashlessTo0NA");
		uint8_t expanded_key[HANDLE_KEY_SIZE_MAX];
		bool has_slash = bytes_find(name, '/') < name.size;

		assert_run(name, vector_text(&vector, "handle"));
		/* The key is the slashless form expanded, then folded as a whole. */
		assert_int_equal(
			handle_name_key(name, key), handle_name_key(expanded, expanded_key));
		assert_memory_equal(key, expanded_key, handle_name_key(name, key));
		if (has_slash) {
			assert_run(bytes_over(key, handle_name_key(name, key)),
				vector_text(&vector, "upperCase"));
		}
		assert_run(bytes_over(key, handle_name_prefix_handle(name, key)),
			vector_text(&vector, "zeroNaHandle"));
		assert_true(handle_name_equal(name, folded));
		if (has_slash) {
			assert_run(handle_name_prefix(name), vector_text(&vector, "prefixPart"));
			assert_run(handle_name_suffix(name), vector_text(&vector, "suffixPart"));
		}
		assert_int_equal(handle_name_is_derived_prefix(name),
			vector_bool(&vector, "isDerivedPrefixHandle"));
		if (json_is_null(vector_field(&vector, "parentNaOfNaHandle"))) {
			assert_int_equal(parent.size, 0);
		} else {
			assert_run(parent, vector_text(&vector, "parentNaOfNaHandle"));
		}
	}
}

static void
only_ascii_letters_are_folded_at_every_length_and_place(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 40; size++) {
		for (unsigned int octet = 0; octet < 256; octet++) {
			uint8_t octets[40];
			uint8_t key[HANDLE_KEY_SIZE_MAX + 1];
			struct bytes block;
			size_t lead = 0;

			/* Neighbours of the octet must neither help nor suffer. */
			for (size_t i = 0; i < size; i++) {
				octets[i] =
					i % 2 == octet % 2 ? (uint8_t)octet : (uint8_t)(~octet + i);
			}
			block = heap_copy(bytes_over(octets, size));
			memset(key, 0xee, sizeof(key));
			lead = bytes_find(block, '/') == size ? 5 : 0;
			assert_int_equal(handle_name_key(block, key), lead + size);
			for (size_t i = 0; i < size; i++) {
				assert_int_equal(key[lead + i], ascii_upper(octets[i]));
			}
			assert_int_equal(key[lead + size], 0xee);
			heap_free(block);
		}
	}
}

static void
names_up_to_their_limit_have_a_key(void **state)
{
	uint8_t name[HANDLE_NAME_SIZE_MAX + 1];
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	(void)state;

	memset(name, 'a', sizeof(name));
	assert_int_equal(handle_name_key(bytes_over(name, 0), key), 0);
	assert_int_equal(handle_name_key(bytes_over(name, 1), key), 6);
	assert_int_equal(handle_name_key(bytes_over(name, HANDLE_NAME_SIZE_MAX - 1), key),
		HANDLE_KEY_SIZE_MAX - 1);
	assert_int_equal(
		handle_name_key(bytes_over(name, HANDLE_NAME_SIZE_MAX), key), HANDLE_KEY_SIZE_MAX);
	assert_int_equal(handle_name_key(bytes_over(name, HANDLE_NAME_SIZE_MAX + 1), key), 0);

	name[HANDLE_NAME_SIZE_MAX - 1] = '/';
	name[HANDLE_NAME_SIZE_MAX] = '/';
	assert_int_equal(handle_name_prefix_handle(bytes_over(name, 0), key), 0);
	assert_int_equal(handle_name_prefix_handle(bytes_over(name, HANDLE_NAME_SIZE_MAX), key),
		HANDLE_KEY_SIZE_MAX - 1);
	assert_int_equal(
		handle_name_prefix_handle(bytes_over(name, HANDLE_NAME_SIZE_MAX + 1), key), 0);
}

static void
names_are_split_at_the_first_slash(void **state)
{
	(void)state;
	assert_run(handle_name_prefix(TEXT("a/b/c")), TEXT("a"));
	assert_run(handle_name_suffix(TEXT("a/b/c")), TEXT("b/c"));
	assert_run(handle_name_prefix(TEXT("/b")), TEXT(""));
	assert_run(handle_name_suffix(TEXT("/b")), TEXT("b"));
	assert_run(handle_name_prefix(TEXT("a/")), TEXT("a"));
	assert_run(handle_name_suffix(TEXT("a/")), TEXT(""));
	assert_run(handle_name_prefix(TEXT("slashless")), TEXT("slashless"));
	assert_run(handle_name_suffix(TEXT("slashless")), TEXT(""));
	assert_run(handle_name_prefix(TEXT("")), TEXT(""));
}

static void
prefix_handles_are_those_of_the_prefix_in_upper_case(void **state)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	static const char *const cases[][2] = {
		{"20.500.12345/x", "0.NA/20.500.12345"},
		{"cnri.test/a/b", "0.NA/CNRI.TEST"},
		{"slashless", "0.NA/0.NA"},
		{"0.na/88.166", "0.NA/0.NA"},
		{"/x", "0.NA/"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes name = bytes_from_string(cases[i][0]);

		assert_run(bytes_over(key, handle_name_prefix_handle(name, key)),
			bytes_from_string(cases[i][1]));
	}
}

static void
identities_are_equal_without_case_in_the_prefix_only(void **state)
{
	(void)state;
	assert_true(handle_name_equal(TEXT("cnri.test/x"), TEXT("CNRI.Test/x")));
	assert_false(handle_name_equal(TEXT("cnri.test/x"), TEXT("cnri.test/X")));
	assert_true(handle_name_equal(TEXT("0.NA/cnri"), TEXT("0.na/CNRI")));
	assert_true(handle_name_equal(TEXT("0.NA/a/b"), TEXT("0.na/A/B")));
	assert_true(handle_name_equal(TEXT("slashless"), TEXT("SLASHLESS")));
	assert_false(handle_name_equal(TEXT("a/b"), TEXT("a/bc")));
	assert_false(handle_name_equal(TEXT("a/bc"), TEXT("ab/c")));
	assert_false(handle_name_equal(TEXT("ab/c"), TEXT("a/bc")));
	assert_false(handle_name_equal(TEXT("a@b"), TEXT("a`b"))); /* 0x20 apart, no letters. */
	assert_true(handle_name_equal(TEXT(""), TEXT("")));
}

static void
derived_prefixes_climb_to_their_parents(void **state)
{
	struct bytes name = TEXT("0.NA/88.166.32");
	(void)state;

	assert_true(handle_name_is_derived_prefix(name));
	name = handle_name_parent_prefix(name);
	assert_run(name, TEXT("0.NA/88.166"));
	assert_true(handle_name_is_derived_prefix(name));
	name = handle_name_parent_prefix(name);
	assert_run(name, TEXT("0.NA/88"));
	assert_false(handle_name_is_derived_prefix(name));
	assert_run(handle_name_parent_prefix(name), TEXT(""));
	assert_run(handle_name_parent_prefix(TEXT("0.NA/")), TEXT(""));
	assert_run(handle_name_parent_prefix(TEXT("0.NA/.88")), TEXT(""));
	assert_run(handle_name_parent_prefix(TEXT("0.NA/88.")), TEXT("0.NA/88"));
	assert_run(handle_name_parent_prefix(TEXT("88.166/x.y")), TEXT(""));
	assert_run(handle_name_parent_prefix(TEXT("0.na/a.b")), TEXT("0.na/a"));
	assert_false(handle_name_is_derived_prefix(TEXT("88.166/x.y")));
	assert_true(handle_name_is_prefix_handle(TEXT("0.na/x")));
	assert_false(handle_name_is_prefix_handle(TEXT("0.NA")));
}

static void
global_names_are_zero_dot_zero_slash_and_slashless(void **state)
{
	(void)state;
	assert_true(handle_name_is_global(TEXT("0.NA/88")));
	assert_true(handle_name_is_global(TEXT("0.SITE/status")));
	assert_true(handle_name_is_global(TEXT("0/x")));
	assert_true(handle_name_is_global(TEXT("slashless")));
	assert_false(handle_name_is_global(TEXT("00/x")));
	assert_false(handle_name_is_global(TEXT("10.1000/0.NA")));
}

static void
references_are_read_as_index_colon_handle(void **state)
{
	static const char *const refused[] = {"", ":", "300", "300:", ":0.NA/88", "x:0.NA/88",
		"-1:0.NA/88", "+1:0.NA/88", " 1:0.NA/88", "3 :0.NA/88", "4294967296:0.NA/88",
		"99999999999999999999999999:a/b"};
	uint8_t large[2 + HANDLE_NAME_SIZE_MAX + 1] = "1:";
	struct bytes name = TEXT("untouched");
	uint32_t index = 7;
	(void)state;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(
			handle_reference_parse(bytes_from_string(refused[i]), &index, &name),
			STATUS_MALFORMED);
	}
	assert_int_equal(index, 7);
	assert_run(name, TEXT("untouched"));

	assert_int_equal(handle_reference_parse(TEXT("300:0.NA/20.500"), &index, &name), STATUS_OK);
	assert_int_equal(index, 300);
	assert_run(name, TEXT("0.NA/20.500"));
	assert_int_equal(handle_reference_parse(TEXT("4294967295:a:b"), &index, &name), STATUS_OK);
	assert_int_equal(index, UINT32_MAX);
	assert_run(name, TEXT("a:b"));

	memset(large + 2, 'n', sizeof(large) - 2);
	assert_int_equal(handle_reference_parse(bytes_over(large, sizeof(large)), &index, &name),
		STATUS_MALFORMED);
	assert_int_equal(
		handle_reference_parse(bytes_over(large, sizeof(large) - 1), &index, &name),
		STATUS_OK);
	assert_int_equal(name.size, HANDLE_NAME_SIZE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_case_folding_hold),
		cmocka_unit_test(only_ascii_letters_are_folded_at_every_length_and_place),
		cmocka_unit_test(names_up_to_their_limit_have_a_key),
		cmocka_unit_test(names_are_split_at_the_first_slash),
		cmocka_unit_test(prefix_handles_are_those_of_the_prefix_in_upper_case),
		cmocka_unit_test(identities_are_equal_without_case_in_the_prefix_only),
		cmocka_unit_test(derived_prefixes_climb_to_their_parents),
		cmocka_unit_test(global_names_are_zero_dot_zero_slash_and_slashless),
		cmocka_unit_test(references_are_read_as_index_colon_handle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
