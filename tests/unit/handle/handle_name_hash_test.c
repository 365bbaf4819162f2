/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "handle/handle_name.h"
#include "support/cmocka_all.h"
#include "vectors/vectors.h"

#include <stdio.h>

static void
vectors_of_server_hashes_hold(void **state)
{
	static const uint32_t server_counts[] = {2, 3, 4, 5, 7, 16};
	struct vector vector;
	(void)state;

	assert_int_equal(vector_count("server-hash"), 60);
	for (size_t at = 0; vector_next("server-hash", &at, &vector);) {
		enum handle_hash_option option =
			(enum handle_hash_option)vector_number(&vector, "hashOption");
		uint32_t hash = handle_name_hash(vector.octets, option);

		assert_int_equal(hash, vector_number(&vector, "hash"));
		for (size_t i = 0; i < sizeof(server_counts) / sizeof(server_counts[0]); i++) {
			char field[16];

			snprintf(field, sizeof(field), "mod%u", server_counts[i]);
			assert_int_equal(hash % server_counts[i], vector_number(&vector, field));
		}
	}
}

static void
hashes_are_never_beyond_2_31(void **state)
{
	uint8_t name[] = "88.166/........";
	bool has_had_high_bit = false;
	(void)state;

	for (uint32_t i = 0; i < 4096; i++) {
		uint32_t hash;

		name[sizeof(name) - 2] = (uint8_t)('0' + (i & 63));
		name[sizeof(name) - 3] = (uint8_t)('0' + (i >> 6));
		hash = handle_name_hash(bytes_over(name, sizeof(name) - 1), HANDLE_HASH_BY_ALL);
		assert_true(hash <= 0x80000000u);
		has_had_high_bit = has_had_high_bit || hash > 0x40000000u;
	}
	assert_true(has_had_high_bit);
}

static void
the_longest_name_has_a_hash(void **state)
{
	static uint8_t name[HANDLE_NAME_SIZE_MAX];
	(void)state;

	memset(name, 'a', sizeof(name));
	assert_int_equal(handle_name_hash(bytes_over(name, sizeof(name)), HANDLE_HASH_BY_ALL),
		handle_name_hash(bytes_over(name, sizeof(name)), HANDLE_HASH_BY_SUFFIX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_server_hashes_hold),
		cmocka_unit_test(hashes_are_never_beyond_2_31),
		cmocka_unit_test(the_longest_name_has_a_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
