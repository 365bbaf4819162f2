/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "handle/handle_admin.h"
#include "handle/handle_name.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

#include <stdlib.h>

enum { SCRATCH_SIZE = 8 * (GROUP_MEMBER_COUNT_MAX + 2) };

static uint8_t scratch[SCRATCH_SIZE];

static void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	if (expected.size > 0) {
		assert_memory_equal(found.at, expected.at, expected.size);
	}
}

static void
assert_written_back(const struct handle_admin *admin, struct bytes expected)
{
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));

	handle_admin_write(&writer, admin);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	assert_run(wire_written(&writer), expected);
}

static void
vectors_of_administrators_are_read_and_written_back(void **state)
{
	struct handle_admin admin;
	struct vector vector;
	(void)state;

	assert_int_equal(vector_count("hs-admin"), 12);
	for (size_t at = 0; vector_next("hs-admin", &at, &vector);) {
		/* The one with a tail has all twelve rights and says so only in its JSON form. */
		struct bytes bits = vector_has(&vector, "permissionBits")
			? vector_text(&vector, "permissionBits")
			: TEXT("0x0fff");

		assert_int_equal(handle_admin_decode(vector.octets, &admin), STATUS_OK);
		assert_int_equal(admin.rights, strtoul((const char *)bits.at, NULL, 16));
		assert_run(admin.name, vector_text(&vector, "adminHandle"));
		assert_int_equal(admin.index, vector_number(&vector, "adminIndex"));
		assert_int_equal(admin.has_legacy_tail, vector_has(&vector, "legacyByteLength"));
		assert_written_back(&admin, vector.octets);
	}
}

static void
administrators_cut_short_or_followed_by_more_are_refused(void **state)
{
	struct vector vector = vector_named("admin-legacy-two-trailing-zero-bytes");
	size_t whole = vector.octets.size;
	struct handle_admin admin = {.index = 99};
	uint8_t longer[64] = {0};
	(void)state;

	for (size_t size = 0; size < whole; size++) {
		struct bytes block = heap_copy(bytes_slice(vector.octets, 0, size));

		if (size == whole - 2) {
			assert_int_equal(handle_admin_decode(block, &admin), STATUS_OK);
			assert_false(admin.has_legacy_tail);
			admin.index = 99;
		} else {
			assert_int_equal(handle_admin_decode(block, &admin),
				size == whole - 1 ? STATUS_MALFORMED : STATUS_TRUNCATED);
			assert_int_equal(admin.index, 99);
		}
		heap_free(block);
	}
	memcpy(longer, vector.octets.at, whole);
	assert_int_equal(
		handle_admin_decode(bytes_over(longer, whole + 1), &admin), STATUS_MALFORMED);
	/* A tail of two octets that are not zero would not be written back. */
	longer[whole - 1] = 1;
	assert_int_equal(handle_admin_decode(bytes_over(longer, whole), &admin), STATUS_MALFORMED);
}

static void
administrators_have_names_up_to_the_limit(void **state)
{
	static const uint8_t name[HANDLE_NAME_SIZE_MAX + 1];
	(void)state;

	for (size_t size = HANDLE_NAME_SIZE_MAX - 1; size <= HANDLE_NAME_SIZE_MAX + 1; size++) {
		struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
		struct handle_admin admin = {.name = {name, size}, .index = 1};

		handle_admin_write(&writer, &admin);
		assert_int_equal(handle_admin_decode(wire_written(&writer), &admin),
			size > HANDLE_NAME_SIZE_MAX ? STATUS_TOO_LARGE : STATUS_OK);
	}
}

static void
vectors_of_groups_are_read_and_written_back(void **state)
{
	struct handle_vlist list;
	struct vector vector;
	(void)state;

	assert_int_equal(vector_count("hs-vlist"), 2);
	for (size_t at = 0; vector_next("hs-vlist", &at, &vector);) {
		json_t *expected =
			vector_has(&vector, "refs") ? vector_field(&vector, "refs") : NULL;
		struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
		struct handle_reference reference;
		struct wire_reader walk;
		size_t count = 0;

		assert_int_equal(handle_vlist_decode(vector.octets, &list), STATUS_OK);
		walk = wire_reader_over(list.references);
		for (; handle_reference_next(&walk, &reference); count++) {
			const char *text = json_string_value(json_array_get(expected, count));
			struct bytes name;
			uint32_t index;

			assert_int_equal(
				handle_reference_parse(bytes_from_string(text), &index, &name),
				STATUS_OK);
			assert_int_equal(reference.index, index);
			assert_run(reference.name, name);
		}
		assert_int_equal(count, json_array_size(expected));
		assert_int_equal(list.count, count);
		handle_vlist_write(&writer, &list);
		assert_run(wire_written(&writer), vector.octets);
	}
}

/* A group that says it has `claimed` members and has `count`. */
static enum status
decode_group(uint32_t claimed, uint32_t count, size_t name_size)
{
	static const uint8_t name[HANDLE_NAME_SIZE_MAX + 1];
	struct handle_reference reference = {{name, name_size}, 300};
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	struct handle_vlist list;
	struct bytes block;
	enum status status;

	wire_write_u32(&writer, claimed);
	for (uint32_t i = 0; i < count; i++) {
		handle_reference_write(&writer, &reference);
	}
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	block = heap_copy(wire_written(&writer));
	status = handle_vlist_decode(block, &list);
	heap_free(block);
	return status;
}

static void
groups_keep_their_limits_and_their_word(void **state)
{
	(void)state;
	assert_int_equal(
		decode_group(GROUP_MEMBER_COUNT_MAX - 1, GROUP_MEMBER_COUNT_MAX - 1, 0), STATUS_OK);
	assert_int_equal(
		decode_group(GROUP_MEMBER_COUNT_MAX, GROUP_MEMBER_COUNT_MAX, 0), STATUS_OK);
	assert_int_equal(decode_group(GROUP_MEMBER_COUNT_MAX + 1, GROUP_MEMBER_COUNT_MAX + 1, 0),
		STATUS_TOO_LARGE);
	assert_int_equal(decode_group(2, 2, HANDLE_NAME_SIZE_MAX - 1), STATUS_OK);
	assert_int_equal(decode_group(2, 2, HANDLE_NAME_SIZE_MAX), STATUS_OK);
	assert_int_equal(decode_group(2, 2, HANDLE_NAME_SIZE_MAX + 1), STATUS_TOO_LARGE);
	assert_int_equal(decode_group(3, 2, 0), STATUS_MALFORMED);
	assert_int_equal(decode_group(UINT32_MAX, 2, 0), STATUS_MALFORMED);
	assert_int_equal(decode_group(3, 2, 4), STATUS_TRUNCATED);
	assert_int_equal(decode_group(1, 2, 4), STATUS_MALFORMED);
}

static void
groups_cut_short_are_refused(void **state)
{
	struct vector vector = vector_named("vlist-two");
	struct handle_vlist list = {.count = 99};
	(void)state;

	for (size_t size = 0; size < vector.octets.size; size++) {
		struct bytes block = heap_copy(bytes_slice(vector.octets, 0, size));
		enum status status = handle_vlist_decode(block, &list);

		assert_true(status == STATUS_TRUNCATED || status == STATUS_MALFORMED);
		assert_int_equal(list.count, 99);
		heap_free(block);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_administrators_are_read_and_written_back),
		cmocka_unit_test(administrators_cut_short_or_followed_by_more_are_refused),
		cmocka_unit_test(administrators_have_names_up_to_the_limit),
		cmocka_unit_test(vectors_of_groups_are_read_and_written_back),
		cmocka_unit_test(groups_keep_their_limits_and_their_word),
		cmocka_unit_test(groups_cut_short_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
