/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "support/cmocka_all.h"

#include <stdalign.h>

static void
memory_is_zeroed_and_aligned_also_after_a_reset(void **state)
{
	struct arena *arena = arena_new(256, 65536);

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t size = 0; size < 100; size++) {
			uint8_t *at = arena_alloc(arena, size);

			assert_non_null(at);
			assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
			for (size_t i = 0; i < size; i++) {
				assert_int_equal(at[i], 0);
			}
			memset(at, 0xa5, size);
		}
		arena_reset(arena);
	}
	arena_free(arena);
}

static void
the_limit_is_exact(void **state)
{
	const size_t unit = alignof(max_align_t);
	struct arena *arena = arena_new(64, 10 * unit);

	(void)state;
	assert_null(arena_alloc(arena, 10 * unit + 1));
	assert_non_null(arena_alloc(arena, 9 * unit));
	assert_null(arena_alloc(arena, unit + 1));
	assert_int_equal(arena_used(arena), 9 * unit);
	assert_non_null(arena_alloc(arena, 1));
	assert_int_equal(arena_used(arena), 10 * unit);
	assert_null(arena_alloc(arena, 1));
	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
	assert_non_null(arena_alloc(arena, 10 * unit));
	arena_free(arena);
}

static void
sizes_that_overflow_are_refused(void **state)
{
	struct arena *arena = arena_new(64, SIZE_MAX);

	(void)state;
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX - alignof(max_align_t) + 1));
	assert_null(arena_alloc_array(arena, SIZE_MAX / 8 + 1, 8));
	assert_non_null(arena_alloc_array(arena, 8, 8));
	assert_int_equal(arena_used(arena), 64);
	arena_free(arena);
}

static void
pieces_larger_than_a_block_get_their_own(void **state)
{
	struct arena *arena = arena_new(64, 65536);
	uint8_t *small = arena_alloc(arena, 16);
	uint8_t *large = arena_alloc(arena, 4096);
	uint8_t *next = arena_alloc(arena, 48);

	(void)state;
	assert_non_null(small);
	assert_non_null(large);
	assert_non_null(next);
	memset(large, 1, 4096);
	memset(next, 2, 48);
	memset(small, 3, 16);
	assert_int_equal(large[0], 1);
	assert_int_equal(large[4095], 1);
	arena_free(arena);
}

static void
a_copy_is_another_place_with_the_same_octets(void **state)
{
	struct arena *arena = arena_new(64, 128);
	struct bytes text = TEXT("88.100.1/x");
	struct bytes copy = arena_copy(arena, text);
	struct bytes empty = arena_copy(arena, (struct bytes){NULL, 0});

	(void)state;
	assert_true(bytes_equal(copy, text));
	assert_ptr_not_equal(copy.at, text.at);
	assert_non_null(empty.at);
	assert_int_equal(empty.size, 0);
	assert_null(arena_copy(arena, bytes_over(text.at, 1000)).at);
	arena_free(arena);
}

static size_t forgotten_size;

static void
forget(void *at, size_t size)
{
	memset(at, 0, size);
	forgotten_size += size;
}

static void
all_that_was_allocated_is_forgotten(void **state)
{
	struct arena *arena = arena_new(64, 4096);
	struct bytes small = arena_copy(arena, TEXT("open"));
	struct bytes large =
		arena_alloc(arena, 1000) == NULL ? TEXT("") : arena_copy(arena, TEXT("sesame"));

	(void)state;
	forgotten_size = 0;
	arena_forget(arena, forget);
	assert_int_equal(forgotten_size, arena_used(arena));
	assert_int_equal(small.at[0], 0);
	assert_int_equal(large.size, 6);
	assert_int_equal(large.at[5], 0);
	arena_reset(arena);
	forgotten_size = 0;
	arena_forget(arena, forget);
	assert_int_equal(forgotten_size, 0);
	arena_forget(NULL, forget);
	arena_free(arena);
}

static void
freeing_nothing_is_fine(void **state)
{
	(void)state;
	arena_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned_also_after_a_reset),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(sizes_that_overflow_are_refused),
		cmocka_unit_test(pieces_larger_than_a_block_get_their_own),
		cmocka_unit_test(a_copy_is_another_place_with_the_same_octets),
		cmocka_unit_test(all_that_was_allocated_is_forgotten),
		cmocka_unit_test(freeing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
