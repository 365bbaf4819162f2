/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "crypto/crypto.h"
#include "handle/handle_name.h"
#include "handle/handle_value.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

#include <stdlib.h>

enum { SCRATCH_SIZE = 1 << 20 };

static uint8_t scratch[SCRATCH_SIZE];

static void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	if (expected.size > 0) {
		assert_memory_equal(found.at, expected.at, expected.size);
	}
}

static struct bytes
written(const struct handle_value *value)
{
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));

	handle_value_write(&writer, value);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	assert_int_equal(wire_writer_size(&writer), handle_value_size(value));
	return wire_written(&writer);
}

static enum status
read_whole(struct bytes octets, struct handle_value *ret_value)
{
	struct wire_reader reader = wire_reader_over(octets);

	handle_value_read(&reader, ret_value);
	return wire_reader_end(&reader);
}

static uint8_t
permissions_of(struct bytes text)
{
	uint8_t permissions = 0;

	assert_int_equal(text.size, 4);
	for (size_t i = 0; i < 4; i++) {
		permissions = (uint8_t)(permissions << 1 | (text.at[i] != '-'));
	}
	return permissions;
}

static void
assert_references(const struct handle_value *value, const struct vector *vector)
{
	json_t *expected =
		vector_has(vector, "references") ? vector_field(vector, "references") : NULL;
	struct wire_reader walk = wire_reader_over(value->references);
	struct handle_reference reference;
	size_t count = 0;

	for (; handle_reference_next(&walk, &reference); count++) {
		json_t *text = json_array_get(expected, count);
		struct bytes name;
		uint32_t index;

		assert_int_equal(handle_reference_parse(
					 bytes_from_string(json_string_value(text)), &index, &name),
			STATUS_OK);
		assert_int_equal(reference.index, index);
		assert_run(reference.name, name);
	}
	assert_int_equal(count, json_array_size(expected));
	assert_int_equal(value->reference_count, count);
}

static void
vectors_of_values_are_read_and_written_back(void **state)
{
	struct handle_value value;
	struct vector vector;
	(void)state;

	assert_int_equal(vector_count("handle-value"), 22);
	for (size_t at = 0; vector_next("handle-value", &at, &vector);) {
		assert_int_equal(read_whole(vector.octets, &value), STATUS_OK);
		assert_int_equal(value.index, vector_number(&vector, "index"));
		assert_int_equal(value.timestamp, vector_number(&vector, "timestamp"));
		assert_int_equal(value.ttl_kind, vector_number(&vector, "ttlType"));
		assert_int_equal(value.ttl, vector_number(&vector, "ttl"));
		assert_int_equal(
			value.permissions, permissions_of(vector_text(&vector, "permissions")));
		if (vector_has(&vector, "permByte")) {
			assert_int_equal(value.permissions, vector_number(&vector, "permByte"));
		}
		assert_run(value.type, vector_text(&vector, "type"));
		assert_run(value.data, vector_octets(&vector, "data"));
		assert_references(&value, &vector);
		assert_run(written(&value), vector.octets);
	}
}

static void
vectors_of_types_match_as_handle_net_does(void **state)
{
	struct vector vector;
	(void)state;

	assert_int_equal(vector_count("type-match"), 8);
	for (size_t at = 0; vector_next("type-match", &at, &vector);) {
		struct bytes asked = vector_text(&vector, "queryType");
		struct bytes type = vector_text(&vector, "valueType");

		assert_int_equal(handle_type_matches(asked, type), vector_bool(&vector, "matches"));
		assert_int_equal(handle_type_is(type, asked), vector_bool(&vector, "hasTypeTest"));
	}
}

static void
types_match_without_case_and_by_their_dot(void **state)
{
	(void)state;
	assert_true(handle_type_matches(TEXT("url."), TEXT("URL")));
	assert_true(handle_type_matches(TEXT("url."), TEXT("URL.")));
	assert_true(handle_type_matches(TEXT("url."), TEXT("Url.x.y")));
	assert_false(handle_type_matches(TEXT("URL.X"), TEXT("URL")));
	assert_false(handle_type_matches(TEXT("URL"), TEXT("URL.X")));
	assert_false(handle_type_matches(TEXT(""), TEXT("")));
	assert_true(handle_type_is(TEXT("hs_admin.x"), TEXT("HS_ADMIN")));
	assert_false(handle_type_is(TEXT("HS_ADMINX"), TEXT("HS_ADMIN")));
	assert_false(handle_type_is(TEXT("HS_ADMI"), TEXT("HS_ADMIN")));
}

static void
digests_of_values_leave_out_index_and_timestamp(void **state)
{
	struct vector vector;
	size_t count = 0;
	(void)state;

	for (size_t at = 0; vector_next("trust", &at, &vector);) {
		if (bytes_start_with(bytes_from_string(vector.name), TEXT("value-digest-"))) {
			struct handle_value value;
			uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];

			assert_int_equal(read_whole(vector.octets, &value), STATUS_OK);
			crypto_digest(CRYPTO_SHA256,
				bytes_slice(written(&value), HANDLE_VALUE_DIGEST_SKIP, SIZE_MAX),
				digest);
			assert_run(bytes_over(digest, 32),
				vector_octets(&vector, "sha256OfBytesFrom8"));
			count++;
		}
	}
	assert_int_equal(count, 1);
}

static void
every_truncation_is_told_apart_from_damage(void **state)
{
	struct vector vector = vector_named("value-with-references");
	struct handle_value value;
	(void)state;

	for (size_t size = 0; size < vector.octets.size; size++) {
		struct bytes block = heap_copy(bytes_slice(vector.octets, 0, size));
		enum status status = read_whole(block, &value);

		/* A count of references that cannot fit is a lie, not a beginning. */
		assert_true(status == STATUS_TRUNCATED || status == STATUS_MALFORMED);
		assert_int_equal(value.index, 0);
		assert_int_equal(value.type.size, 0);
		assert_int_equal(value.references.size, 0);
		heap_free(block);
	}
}

static void
a_failed_reader_yields_zero_and_moves_nothing(void **state)
{
	struct vector vector = vector_named("value-url");
	struct wire_reader reader = wire_reader_over(vector.octets);
	struct handle_value value = {.index = 99};
	(void)state;

	wire_reader_fail(&reader, STATUS_INVALID);
	handle_value_read(&reader, &value);
	assert_int_equal(value.index, 0);
	assert_int_equal(value.data.size, 0);
	assert_ptr_equal(reader.next, vector.octets.at);
	assert_int_equal(wire_reader_end(&reader), STATUS_INVALID);
}

static void
trailing_octets_are_malformed(void **state)
{
	struct vector vector = vector_named("value-url");
	struct bytes block;
	struct handle_value value;
	(void)state;

	memcpy(scratch, vector.octets.at, vector.octets.size);
	scratch[vector.octets.size] = 0;
	block = heap_copy(
		bytes_slice(bytes_over(scratch, sizeof(scratch)), 0, vector.octets.size + 1));
	assert_int_equal(read_whole(block, &value), STATUS_MALFORMED);
	heap_free(block);
}

static enum status
read_value_of(size_t type_size, size_t data_size)
{
	uint8_t *type = calloc(1, type_size);
	uint8_t *data = calloc(1, data_size);
	struct handle_value value = {
		.index = 1,
		.type = {type, type_size},
		.data = {data, data_size},
	};
	struct bytes octets = written(&value);

	free(type);
	free(data);
	return read_whole(octets, &value);
}

static void
types_and_data_are_read_up_to_their_limits(void **state)
{
	(void)state;
	assert_int_equal(read_value_of(HANDLE_TYPE_SIZE_MAX - 1, 1), STATUS_OK);
	assert_int_equal(read_value_of(HANDLE_TYPE_SIZE_MAX, 1), STATUS_OK);
	assert_int_equal(read_value_of(HANDLE_TYPE_SIZE_MAX + 1, 1), STATUS_TOO_LARGE);
	assert_int_equal(read_value_of(1, HANDLE_VALUE_DATA_SIZE_MAX - 1), STATUS_OK);
	assert_int_equal(read_value_of(1, HANDLE_VALUE_DATA_SIZE_MAX), STATUS_OK);
	assert_int_equal(read_value_of(1, HANDLE_VALUE_DATA_SIZE_MAX + 1), STATUS_TOO_LARGE);
}

/* A value whose references are `count` names of `name_size` octets, and one that says
 * `claimed` before them. */
static enum status
read_references(uint32_t claimed, uint32_t count, size_t name_size)
{
	static uint8_t octets[SCRATCH_SIZE];
	static uint8_t name[HANDLE_NAME_SIZE_MAX + 1];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_reference reference = {{name, name_size}, 1};
	struct handle_value value = {.index = 1, .reference_count = claimed};

	for (uint32_t i = 0; i < count; i++) {
		handle_reference_write(&writer, &reference);
	}
	value.references = wire_written(&writer);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return read_whole(written(&value), &value);
}

static void
references_are_read_up_to_their_limits(void **state)
{
	const uint32_t most = HANDLE_REFERENCE_COUNT_MAX;
	(void)state;

	assert_int_equal(read_references(0, 0, 0), STATUS_OK);
	assert_int_equal(read_references(1, 1, 0), STATUS_OK);
	assert_int_equal(read_references(1, 1, 9), STATUS_OK);
	assert_int_equal(read_references(most - 1, most - 1, 0), STATUS_OK);
	assert_int_equal(read_references(most, most, 0), STATUS_OK);
	assert_int_equal(read_references(most + 1, most + 1, 0), STATUS_TOO_LARGE);
	assert_int_equal(read_references(2, 2, HANDLE_NAME_SIZE_MAX - 1), STATUS_OK);
	assert_int_equal(read_references(2, 2, HANDLE_NAME_SIZE_MAX), STATUS_OK);
	assert_int_equal(read_references(2, 2, HANDLE_NAME_SIZE_MAX + 1), STATUS_TOO_LARGE);
}

static void
counts_of_references_that_lie_are_refused(void **state)
{
	(void)state;
	assert_int_equal(read_references(3, 2, 0), STATUS_MALFORMED);
	assert_int_equal(read_references(1, 2, 0), STATUS_MALFORMED);
	assert_int_equal(read_references(UINT32_MAX, 2, 0), STATUS_MALFORMED);
	assert_int_equal(read_references(3, 2, 8), STATUS_TRUNCATED);
}

/* `count` values with the indexes first, first + step, ..., into `scratch`. */
static struct handle_value_list
list_of(uint32_t count, uint32_t first, uint32_t step, size_t data_size)
{
	static uint8_t data[HANDLE_VALUE_DATA_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));

	for (uint32_t i = 0; i < count; i++) {
		struct handle_value value = {
			.index = first + i * step,
			.data = {data, data_size},
		};

		handle_value_write(&writer, &value);
	}
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return (struct handle_value_list){count, wire_written(&writer)};
}

static enum status
read_list(struct handle_value_list list, uint32_t claimed, struct handle_value_list *ret_list)
{
	static uint8_t octets[SCRATCH_SIZE];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct wire_reader reader;
	struct bytes block;
	enum status status;

	list.count = claimed;
	handle_value_list_write(&writer, &list);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	block = heap_copy(wire_written(&writer));
	reader = wire_reader_over(block);
	*ret_list = handle_value_list_read(&reader);
	status = wire_reader_end(&reader);
	if (status == STATUS_OK) {
		assert_run(ret_list->octets, list.octets);
		ret_list->octets = list.octets;
	}
	heap_free(block);
	return status;
}

static void
lists_are_read_up_to_their_limit(void **state)
{
	const uint32_t most = HANDLE_VALUE_COUNT_MAX;
	struct handle_value_list list;
	(void)state;

	assert_int_equal(read_list(list_of(0, 1, 1, 0), 0, &list), STATUS_OK);
	assert_int_equal(list.count, 0);
	assert_int_equal(read_list(list_of(most - 1, 1, 1, 0), most - 1, &list), STATUS_OK);
	assert_int_equal(list.count, most - 1);
	assert_int_equal(read_list(list_of(most, 1, 1, 0), most, &list), STATUS_OK);
	assert_int_equal(list.count, most);
	assert_int_equal(read_list(list_of(most + 1, 1, 1, 0), most + 1, &list), STATUS_TOO_LARGE);
	assert_int_equal(list.count, 0);
}

static void
counts_of_values_that_lie_are_refused(void **state)
{
	struct handle_value_list list;
	(void)state;

	assert_int_equal(read_list(list_of(3, 1, 1, 0), 4, &list), STATUS_MALFORMED);
	assert_int_equal(read_list(list_of(3, 1, 1, 0), UINT32_MAX, &list), STATUS_MALFORMED);
	assert_int_equal(read_list(list_of(3, 1, 1, 30), 4, &list), STATUS_TRUNCATED);
	assert_int_equal(list.count, 0);
	assert_int_equal(list.octets.size, 0);
	assert_int_equal(read_list(list_of(3, 1, 1, 0), 2, &list), STATUS_MALFORMED);
}

static void
lists_are_walked_in_their_order(void **state)
{
	struct handle_value_list list = list_of(5, 9, (uint32_t)-2, 3);
	struct wire_reader walk = handle_value_list_walk(&list);
	struct handle_value value;
	uint32_t index = 9;
	(void)state;

	for (; handle_value_next(&walk, &value); index -= 2) {
		assert_int_equal(value.index, index);
		assert_int_equal(value.data.size, 3);
	}
	assert_int_equal(index, (uint32_t)-1);
	assert_int_equal(wire_reader_end(&walk), STATUS_OK);
	list.octets.size--;
	walk = handle_value_list_walk(&list);
	for (index = 0; handle_value_next(&walk, &value); index++) {
	}
	assert_int_equal(index, 4);
	assert_false(handle_value_next(&walk, &value));
}

static enum status
check(struct handle_value_list list, uint32_t expected_index)
{
	uint32_t index = 77;
	enum status status = handle_value_list_check(&list, &index);

	assert_int_equal(index, expected_index);
	return status;
}

static void
records_hold_unique_indexes_from_1_to_2_31_less_1(void **state)
{
	struct handle_value_list list;
	(void)state;

	assert_int_equal(check(list_of(0, 1, 1, 0), 0), STATUS_OK);
	assert_int_equal(check(list_of(3, 1, 1, 0), 0), STATUS_OK);
	assert_int_equal(check(list_of(3, 0, 1, 0), 0), STATUS_INVALID);
	assert_int_equal(check(list_of(1, INT32_MAX, 1, 0), 0), STATUS_OK);
	assert_int_equal(check(list_of(2, INT32_MAX, 1, 0), 0x80000000u), STATUS_INVALID);
	assert_int_equal(check(list_of(2, 5, 0, 0), 5), STATUS_VALUE_EXISTS);
	assert_int_equal(check(list_of(HANDLE_VALUE_COUNT_MAX, 1, 1, 0), 0), STATUS_OK);
	assert_int_equal(check(list_of(HANDLE_VALUE_COUNT_MAX + 1, 1, 1, 0), 0), STATUS_TOO_LARGE);
	assert_int_equal(
		check(list_of(HANDLE_VALUE_COUNT_MAX, HANDLE_VALUE_COUNT_MAX, (uint32_t)-1, 0), 0),
		STATUS_OK);

	/* Out of order: the last one repeats the first. */
	list = list_of(HANDLE_VALUE_COUNT_MAX, HANDLE_VALUE_COUNT_MAX, (uint32_t)-1, 0);
	scratch[list.octets.size - HANDLE_VALUE_SIZE_MIN + 2] = HANDLE_VALUE_COUNT_MAX >> 8;
	scratch[list.octets.size - HANDLE_VALUE_SIZE_MIN + 3] = 0;
	assert_int_equal(check(list, HANDLE_VALUE_COUNT_MAX), STATUS_VALUE_EXISTS);
}

static void
records_fit_their_limit(void **state)
{
	const size_t first = HANDLE_VALUE_DATA_SIZE_MAX + HANDLE_VALUE_SIZE_MIN;
	const size_t rest = RECORD_SIZE_MAX - first - HANDLE_VALUE_SIZE_MIN;
	struct handle_value_list list = list_of(1, 1, 1, HANDLE_VALUE_DATA_SIZE_MAX);
	static uint8_t octets[RECORD_SIZE_MAX + 1];
	(void)state;

	assert_int_equal(list.octets.size, first);
	for (size_t over = 0; over < 3; over++) {
		static uint8_t data[RECORD_SIZE_MAX];
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct handle_value value = {
			.index = 1, .data = {data, HANDLE_VALUE_DATA_SIZE_MAX}};
		enum status expected = over == 2 ? STATUS_TOO_LARGE : STATUS_OK;

		handle_value_write(&writer, &value);
		value = (struct handle_value){.index = 2, .data = {data, rest - 1 + over}};
		handle_value_write(&writer, &value);
		assert_int_equal(wire_writer_end(&writer), STATUS_OK);
		assert_int_equal(
			check((struct handle_value_list){2, wire_written(&writer)}, 0), expected);
	}
}

static void
records_whose_count_and_octets_disagree_are_refused(void **state)
{
	struct handle_value_list list = list_of(3, 1, 1, 0);
	(void)state;

	list.count = 2;
	assert_int_equal(check(list, 0), STATUS_MALFORMED);
	list.count = 4;
	assert_int_equal(check(list, 0), STATUS_MALFORMED);
	list.count = 3;
	list.octets.size--;
	assert_int_equal(check(list, 0), STATUS_TRUNCATED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_values_are_read_and_written_back),
		cmocka_unit_test(vectors_of_types_match_as_handle_net_does),
		cmocka_unit_test(types_match_without_case_and_by_their_dot),
		cmocka_unit_test(digests_of_values_leave_out_index_and_timestamp),
		cmocka_unit_test(every_truncation_is_told_apart_from_damage),
		cmocka_unit_test(a_failed_reader_yields_zero_and_moves_nothing),
		cmocka_unit_test(trailing_octets_are_malformed),
		cmocka_unit_test(types_and_data_are_read_up_to_their_limits),
		cmocka_unit_test(references_are_read_up_to_their_limits),
		cmocka_unit_test(counts_of_references_that_lie_are_refused),
		cmocka_unit_test(lists_are_read_up_to_their_limit),
		cmocka_unit_test(counts_of_values_that_lie_are_refused),
		cmocka_unit_test(lists_are_walked_in_their_order),
		cmocka_unit_test(records_hold_unique_indexes_from_1_to_2_31_less_1),
		cmocka_unit_test(records_fit_their_limit),
		cmocka_unit_test(records_whose_count_and_octets_disagree_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
