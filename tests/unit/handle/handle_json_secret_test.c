/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_json.h"
#include "support/cmocka_all.h"

#include <string.h>

static void
secrets_are_left_out_where_the_writer_hides_them(void **state)
{
	static const char *const types[] = {
		"HS_SECKEY", "hs_seckey", "HS_SECKEY.old", "HS_SECKEYS", "URL"};
	static const char masked[] = "\"data\":{\"format\":\"masked\",\"value\":\"\"}";
	struct arena *arena = arena_new(4096, 1048576);
	char room[1024];
	(void)state;

	assert_non_null(arena);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct handle_value value = {.index = 301,
			.ttl = HANDLE_TTL_DEFAULT,
			.type = bytes_from_string(types[i]),
			.data = TEXT("open sesame")};
		struct json_writer open_writer = json_writer_over(room, sizeof(room));
		struct json_writer writer = json_writer_over(room, sizeof(room));
		struct json_reader reader;
		struct problem problem = {.text = ""};
		struct handle_value again;
		struct bytes text;
		bool is_secret = i < 3;

		handle_value_write_json(&open_writer, &value);
		text = json_written(&open_writer);
		assert_non_null(memmem(text.at, text.size, "open sesame", 11));
		writer.hides_secrets = true;
		handle_value_write_json(&writer, &value);
		assert_int_equal(json_writer_end(&writer), STATUS_OK);
		text = json_written(&writer);
		reader = json_reader_over(text, arena);
		assert_int_equal(memmem(text.at, text.size, "open sesame", 11) == NULL, is_secret);
		assert_int_equal(
			memmem(text.at, text.size, masked, strlen(masked)) != NULL, is_secret);
		assert_int_equal(
			handle_value_read_json(&reader, &again, &problem) == STATUS_OK, !is_secret);
		assert_int_equal(
			strstr(problem.text, "the secret was left out") != NULL, is_secret);
	}
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_left_out_where_the_writer_hides_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
