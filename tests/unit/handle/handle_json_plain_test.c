/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_admin.h"
#include "handle/handle_json.h"
#include "handle/handle_json_plain.h"
#include "support/cmocka_all.h"
#include "support/heap.h"

#include <stdlib.h>

/*
 * Where there is no more room than it takes, a value is written field by field; where there is, at
 * once if it is a plain one. Both must be the same octets.
 */
enum { ROOM = 1 << 16, SIZE_MAX_TRIED = 11 };

static char room[ROOM];

static struct handle_value
value_of(struct bytes type, struct bytes data)
{
	return (struct handle_value){.index = 1,
		.type = type,
		.data = data,
		.ttl = 86400,
		.permissions = HANDLE_PERMISSION_DEFAULT};
}

static bool
is_written_at_once(const struct handle_value *value)
{
	struct json_writer writer = json_writer_over(room, sizeof(room));

	return handle_json_write_plain(&writer, value);
}

static void
assert_same(const struct handle_value *value)
{
	struct json_writer writer = json_writer_over(room, sizeof(room));
	struct json_writer exact;
	char *little;

	handle_value_write_json(&writer, value);
	assert_int_equal(json_writer_end(&writer), STATUS_OK);
	little = malloc(json_written(&writer).size);
	exact = json_writer_over(little, json_written(&writer).size);
	assert_false(handle_json_write_plain(&exact, value));
	handle_value_write_json(&exact, value);
	assert_int_equal(json_writer_end(&exact), STATUS_OK);
	if (!bytes_equal(json_written(&writer), json_written(&exact))) {
		fail_msg("%.*s\nfield by field %.*s", (int)json_written(&writer).size, room,
			(int)json_written(&exact).size, little);
	}
	free(little);
}

/* Each octet, at each place of a word of each size up to 11, as type and as data. */
static void
what_must_be_escaped_is_seen_wherever_it_stands(void **state)
{
	char text[SIZE_MAX_TRIED];

	(void)state;
	for (size_t place = 0; place < SIZE_MAX_TRIED * SIZE_MAX_TRIED; place++) {
		size_t size = 1 + place / SIZE_MAX_TRIED;
		size_t at = place % SIZE_MAX_TRIED;

		for (int octet = 0; at < size && octet < 256; octet++) {
			struct bytes word = bytes_over(text, size);
			struct handle_value data = value_of(TEXT("X"), word);
			struct handle_value type = value_of(word, TEXT("x"));
			bool is_plain =
				octet >= 0x20 && octet < 0x7f && octet != '"' && octet != '\\';

			memset(text, 'a', size);
			text[at] = (char)octet;
			assert_int_equal(is_written_at_once(&data), is_plain);
			assert_int_equal(is_written_at_once(&type), is_plain);
			assert_same(&data);
			assert_same(&type);
		}
	}
}

static void
numbers_and_times_are_the_same_of_each_size(void **state)
{
	static const uint32_t numbers[] = {
		0, 1, 9, 10, 11, 99, 100, 86400, 999999999, 1000000000, 4294967294, 4294967295};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct handle_value value = value_of(TEXT("URL"), TEXT("https://example.org/a"));

		value.index = numbers[i];
		assert_same(&value);
		value.ttl = numbers[i];
		assert_same(&value);
		value.timestamp = numbers[i];
		assert_true(is_written_at_once(&value));
		assert_same(&value);
	}
}

static void
administrators_are_the_same_with_all_rights_and_names(void **state)
{
	static const struct bytes names[] = {{NULL, 0}, {(const uint8_t *)"0.NA/88.999", 11},
		{(const uint8_t *)"\x7f", 1}, {(const uint8_t *)"a\"b", 3},
		{(const uint8_t *)"88/\xe6\xb0\xb4", 6}};

	(void)state;
	for (uint32_t rights = 0; rights <= 0xffff; rights += 7) {
		struct handle_admin admin = {.rights = (uint16_t)rights,
			.name = names[rights % 5],
			.index = rights * 65537,
			.has_legacy_tail = rights % 3 == 0};
		uint8_t octets[64];
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct handle_value value;

		handle_admin_write(&writer, &admin);
		value = value_of(TEXT("HS_ADMIN"), wire_written(&writer));
		assert_int_equal(is_written_at_once(&value), rights % 5 < 2);
		assert_same(&value);
		value.data.size--;
		assert_false(is_written_at_once(&value));
		assert_same(&value);
	}
}

/* What is not said of a plain value must not be left out of another. */
static void
other_values_are_left_to_be_written_field_by_field(void **state)
{
	static const char *const types[] = {
		"HS_PUBKEY", "HS_SECKEY", "hs_seckey", "Hs_x", "HS_SITE", "HS_VLIST", "hS_ADMIN"};
	struct handle_value value = value_of(TEXT("URL"), TEXT("https://example.org/a"));
	struct json_writer pretty = json_writer_over(room, sizeof(room));

	(void)state;
	pretty.is_pretty = true;
	assert_true(is_written_at_once(&value));
	assert_false(handle_json_write_plain(&pretty, &value));
	value.permissions = HANDLE_PERMISSION_DEFAULT ^ HANDLE_PUBLIC_READ;
	assert_false(is_written_at_once(&value));
	assert_same(&value);
	value = value_of(TEXT("URL"), TEXT("x"));
	value.ttl_kind = HANDLE_TTL_ABSOLUTE;
	assert_false(is_written_at_once(&value));
	assert_same(&value);
	value = value_of(TEXT("URL"), TEXT("x"));
	value.reference_count = 1;
	value.references = BYTES(0, 0, 0, 3, '8', '/', 'x', 0, 0, 0, 1);
	assert_false(is_written_at_once(&value));
	assert_same(&value);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		value = value_of(bytes_from_string(types[i]), TEXT("x"));
		assert_false(is_written_at_once(&value));
		assert_same(&value);
	}
	value = value_of(TEXT("HS"), TEXT("x"));
	assert_true(is_written_at_once(&value));
	value = value_of((struct bytes){NULL, 0}, (struct bytes){NULL, 0});
	assert_true(is_written_at_once(&value));
	assert_same(&value);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_must_be_escaped_is_seen_wherever_it_stands),
		cmocka_unit_test(numbers_and_times_are_the_same_of_each_size),
		cmocka_unit_test(administrators_are_the_same_with_all_rights_and_names),
		cmocka_unit_test(other_values_are_left_to_be_written_field_by_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
