/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "program/code/mapping.h"
#include "support/cmocka_all.h"

#include <stdio.h>

static struct arena *arena;

static char room[CODE_MAP_DATA_SIZE_MAX];

static int
arena_is_made(void **state)
{
	(void)state;
	arena = arena_new(1 << 20, 1 << 30);
	return arena == NULL;
}

static int
arena_is_freed(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct code_mapping
mapping_of(const char *handle, const char *from, const char *status)
{
	struct code_mapping mapping = {0};

	mapping.fields[CODE_FIELD_SCHEME] = TEXT("oid");
	mapping.fields[CODE_FIELD_CODE] = TEXT("2.999");
	mapping.fields[CODE_FIELD_HANDLE] = bytes_from_string(handle);
	mapping.fields[CODE_FIELD_FROM] = bytes_from_string(from);
	mapping.fields[CODE_FIELD_STATUS] = bytes_from_string(status);
	return mapping;
}

static enum status
merge(struct handle_value_list *values, bool is_reverse, const struct code_mapping *mapping)
{
	struct mapping_merge order = {
		.room = room,
		.mapping = mapping,
		.is_reverse = is_reverse,
		.arena = arena,
		.timestamp = 7,
	};

	return mapping_merge(&order, values, values);
}

/* "9000 9001 " and so on. */
static const char *
indexes_of(const struct handle_value_list *values)
{
	static char text[128];
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	size_t size = 0;

	text[0] = '\0';
	while (handle_value_next(&walk, &value)) {
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%u ", value.index);
	}
	return text;
}

static void
a_mapping_is_added_once(void **state)
{
	struct code_mapping mapping = mapping_of("88.1/a", "", "active");
	struct mapping_merge order = {.mapping = &mapping, .arena = arena, .room = room};
	struct handle_value_list values;
	(void)state;

	assert_int_equal(mapping_merge(&order, NULL, &values), STATUS_OK);
	assert_string_equal(indexes_of(&values), "9000 ");
	assert_int_equal(merge(&values, false, &mapping), STATUS_EXISTS);
	assert_string_equal(indexes_of(&values), "9000 ");
}

static void
what_is_said_anew_takes_the_place_of_the_old(void **state)
{
	struct code_mapping mapping = mapping_of("88.1/a", "", "active");
	struct handle_value_list values = {0};
	struct wire_reader walk;
	struct handle_value value;
	(void)state;

	assert_int_equal(merge(&values, false, &mapping), STATUS_OK);
	mapping.fields[CODE_FIELD_SOURCE] = TEXT("ERP");
	assert_int_equal(merge(&values, false, &mapping), STATUS_OK);
	assert_int_equal(values.count, 1);
	assert_string_equal(indexes_of(&values), "9000 ");
	walk = handle_value_list_walk(&values);
	assert_true(handle_value_next(&walk, &value));
	assert_true(bytes_find(value.data, 'E') < value.data.size);
	assert_int_equal(value.timestamp, 7);
}

static void
a_code_has_one_handle_at_a_time(void **state)
{
	struct code_mapping one = mapping_of("88.1/a", "", "active");
	struct code_mapping other = mapping_of("88.1/b", "", "active");
	struct handle_value_list values = {0};
	(void)state;

	assert_int_equal(merge(&values, false, &one), STATUS_OK);
	assert_int_equal(merge(&values, false, &other), STATUS_CONFLICT);
	assert_int_equal(values.count, 1);
	other.fields[CODE_FIELD_STATUS] = TEXT("review");
	assert_int_equal(merge(&values, false, &other), STATUS_OK);
	other = mapping_of("88.1/b", "2026-01-01", "active");
	assert_int_equal(merge(&values, false, &other), STATUS_OK);
	assert_string_equal(indexes_of(&values), "9000 9001 9002 ");
	one.fields[CODE_FIELD_STATUS] = TEXT("withdrawn");
	assert_int_equal(merge(&values, false, &one), STATUS_OK);
	assert_int_equal(merge(&values, false,
				 &(struct code_mapping){{TEXT("oid"), TEXT("2.999"), TEXT("88.1/c"),
					 TEXT(""), TEXT(""), TEXT(""), TEXT(""), TEXT("active")}}),
		STATUS_OK);
	assert_int_equal(values.count, 4);
}

static void
a_handle_may_have_many_codes(void **state)
{
	struct code_mapping one = mapping_of("88.1/a", "", "active");
	struct code_mapping other = mapping_of("88.1/A", "", "active");
	struct handle_value_list values = {0};
	(void)state;

	assert_int_equal(merge(&values, true, &one), STATUS_OK);
	assert_int_equal(merge(&values, true, &other), STATUS_OK);
	other.fields[CODE_FIELD_CODE] = TEXT("2.999.1");
	assert_int_equal(merge(&values, true, &other), STATUS_OK);
	assert_string_equal(indexes_of(&values), "9000 9001 9002 ");
}

static void
other_values_of_the_record_stay(void **state)
{
	struct handle_value url = {.index = 1, .type = TEXT("URL"), .data = TEXT("http://x")};
	struct handle_value high = {.index = 9005, .type = TEXT("CODE_MAP"), .data = TEXT("{")};
	uint8_t octets[256];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct code_mapping mapping = mapping_of("88.1/a", "", "active");
	struct handle_value_list values;
	(void)state;

	handle_value_write(&writer, &url);
	handle_value_write(&writer, &high);
	values = (struct handle_value_list){2, wire_written(&writer)};
	assert_int_equal(merge(&values, false, &mapping), STATUS_OK);
	assert_string_equal(indexes_of(&values), "1 9005 9006 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mapping_is_added_once),
		cmocka_unit_test(what_is_said_anew_takes_the_place_of_the_old),
		cmocka_unit_test(a_code_has_one_handle_at_a_time),
		cmocka_unit_test(a_handle_may_have_many_codes),
		cmocka_unit_test(other_values_of_the_record_stay),
	};
	return cmocka_run_group_tests(tests, arena_is_made, arena_is_freed);
}
