/* SPDX-License-Identifier: Apache-2.0 */
#include "records/record.h"

#include "base/limits.h"
#include "support/cmocka_all.h"
#include "support/heap.h"

#include <string.h>

static struct handle_value_list
two_values(uint8_t permissions, const char *type, uint8_t octets[512])
{
	struct wire_writer writer = wire_writer_over(octets, 512);
	struct handle_value value = {
		.index = 1,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("URL"),
		.data = TEXT("https://example.org/"),
	};

	handle_value_write(&writer, &value);
	value.index = 2;
	value.permissions = permissions;
	value.type = bytes_from_string(type);
	handle_value_write(&writer, &value);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return (struct handle_value_list){2, wire_written(&writer)};
}

static struct bytes
written(struct bytes name, const struct handle_value_list *values, uint8_t octets[4096])
{
	struct wire_writer writer = wire_writer_over(octets, 4096);

	record_write(&writer, name, values);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return wire_written(&writer);
}

static void
what_is_written_is_read_back(void **state)
{
	uint8_t value_octets[512], octets[4096];
	struct handle_value_list values = two_values(HANDLE_ADMIN_READ, "X", value_octets);
	struct bytes run = written(TEXT("88.100/Thing"), &values, octets);
	struct record record = {.sequence_place = 8};

	(void)state;
	assert_int_equal(run.size, record_size(TEXT("88.100/Thing"), &values));
	assert_int_equal(record_read(run, &record), STATUS_OK);
	assert_int_equal(record_check(run), STATUS_OK);
	assert_true(bytes_equal(record.name, TEXT("88.100/Thing")));
	assert_int_equal(record.values.count, 2);
	assert_true(bytes_equal(record.values.octets, values.octets));
	assert_int_equal(record.sequence_place, 8);
}

static void
the_octets_are_as_the_header_says(void **state)
{
	struct handle_value_list none = {0, {NULL, 0}};
	uint8_t octets[4096];

	(void)state;
	assert_true(bytes_equal(
		written(TEXT("1/2"), &none, octets), BYTES(1, 1, 0, 3, '1', '/', '2', 0, 0, 0, 0)));
}

static void
a_record_is_all_public_only_if_each_value_is_and_none_is_secret(void **state)
{
	uint8_t value_octets[512], octets[4096];
	struct record record;
	struct handle_value_list values = two_values(HANDLE_PUBLIC_READ, "X", value_octets);

	(void)state;
	assert_int_equal(record_read(written(TEXT("1/2"), &values, octets), &record), STATUS_OK);
	assert_true(record.is_all_public);
	values = two_values(HANDLE_ADMIN_READ | HANDLE_ADMIN_WRITE, "X", value_octets);
	assert_int_equal(record_read(written(TEXT("1/2"), &values, octets), &record), STATUS_OK);
	assert_false(record.is_all_public);
	values = two_values(HANDLE_PUBLIC_READ, "hs_seckey", value_octets);
	assert_int_equal(record_read(written(TEXT("1/2"), &values, octets), &record), STATUS_OK);
	assert_false(record.is_all_public);
}

static void
no_truncation_passes_the_check(void **state)
{
	uint8_t value_octets[512], octets[4096];
	struct handle_value_list values = two_values(HANDLE_PUBLIC_READ, "X", value_octets);
	struct bytes run = written(TEXT("88.100/Thing"), &values, octets);

	(void)state;
	for (size_t size = 0; size < run.size; size++) {
		struct bytes cut = heap_copy(bytes_slice(run, 0, size));

		assert_int_equal(record_check(cut), STATUS_CORRUPT);
		heap_free(cut);
	}
}

static void
other_forms_and_flags_are_refused(void **state)
{
	uint8_t octets[] = {1, 1, 0, 3, '1', '/', '2', 0, 0, 0, 0};
	struct record record;

	(void)state;
	octets[0] = 2;
	assert_int_equal(record_read(bytes_over(octets, sizeof(octets)), &record), STATUS_CORRUPT);
	octets[0] = 1;
	octets[1] = 2;
	assert_int_equal(record_read(bytes_over(octets, sizeof(octets)), &record), STATUS_CORRUPT);
	octets[1] = 0;
	assert_int_equal(record_check(bytes_over(octets, sizeof(octets))), STATUS_CORRUPT);
	octets[1] = 1;
	octets[10] = 1;
	assert_int_equal(record_check(bytes_over(octets, sizeof(octets))), STATUS_CORRUPT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(the_octets_are_as_the_header_says),
		cmocka_unit_test(a_record_is_all_public_only_if_each_value_is_and_none_is_secret),
		cmocka_unit_test(no_truncation_passes_the_check),
		cmocka_unit_test(other_forms_and_flags_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
