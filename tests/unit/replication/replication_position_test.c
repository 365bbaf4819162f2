/* SPDX-License-Identifier: Apache-2.0 */
#include "replication/replication_position.h"
#include "unit/ledger/ledger_scene.h"

static void
a_position_is_read_as_it_was_written(void **state)
{
	struct replication_position position = {.is_dumping = true,
		.last_id = 7,
		.last_date = 1700000000000,
		.ledger_sequence = 9,
		.has_dump_position = true,
		.dump_sequence = 3,
		.dump_name_size = 5,
		.dump_name = "8\xff/\"a"};
	const struct ledger_scene *scene = *state;
	struct replication_position found;
	struct problem problem;
	struct crypto_key *server_key;
	char position_path[128];
	FILE *file;

	snprintf(position_path, sizeof(position_path), "%s/mirror.json", scene->directory);
	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &server_key), STATUS_OK);
	replication_key_digest(server_key, position.server_key);
	crypto_key_free(server_key);
	assert_int_equal(
		replication_position_read(position_path, &found, &problem), STATUS_NOT_FOUND);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			replication_position_write(position_path, &position, &problem), STATUS_OK);
		assert_int_equal(
			replication_position_read(position_path, &found, &problem), STATUS_OK);
		assert_string_equal(found.server_key, position.server_key);
		assert_int_equal(found.is_dumping, position.is_dumping);
		assert_int_equal(found.last_id, 7);
		assert_int_equal(found.last_date, 1700000000000);
		assert_int_equal(found.ledger_sequence, 9);
		if (position.is_dumping) {
			assert_true(found.has_dump_position);
			assert_int_equal(found.dump_sequence, 3);
			assert_int_equal(found.dump_name_size, 5);
			assert_memory_equal(found.dump_name, position.dump_name, 5);
		}
		position.is_dumping = false;
	}
	file = fopen(position_path, "w");
	fputs("{\"last_id\":-1}", file);
	fclose(file);
	assert_int_equal(
		replication_position_read(position_path, &found, &problem), STATUS_MALFORMED);
	assert_non_null(strstr(problem.text, position_path));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_position_is_read_as_it_was_written, ledger_scene_begin, ledger_scene_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
