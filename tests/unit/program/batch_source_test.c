/* SPDX-License-Identifier: Apache-2.0 */
#include "program/batch/batch.h"
#include "support/cmocka_all.h"

#include "handle/handle_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Batch files as people write them: what each item is, and what is said of what is none. */
struct scene {
	char path[64];
	struct batch_source source;
	struct batch_item item;
	struct problem problem;
};

static void
scene_begin(struct scene *scene, struct bytes text)
{
	int fd;

	snprintf(scene->path, sizeof(scene->path), "/dev/shm/batch_test.XXXXXX");
	fd = mkstemp(scene->path);
	assert_true(fd >= 0);
	for (size_t at = 0; at < text.size;) {
		ssize_t written = write(fd, text.at + at, text.size - at);

		assert_true(written > 0);
		at += (size_t)written;
	}
	close(fd);
	assert_int_equal(
		batch_source_open(&scene->source, scene->path, &scene->problem), STATUS_OK);
}

static void
scene_end(struct scene *scene)
{
	batch_source_close(&scene->source);
	unlink(scene->path);
}

static enum status
next(struct scene *scene)
{
	scene->problem.text[0] = '\0';
	return batch_next(&scene->source, &scene->item, &scene->problem);
}

static void
assert_operation(struct scene *scene, uint64_t line, uint32_t opcode, const char *handle)
{
	if (next(scene) != STATUS_OK) {
		fail_msg("%s", scene->problem.text);
	}
	assert_int_equal(scene->item.kind, BATCH_OPERATION);
	assert_int_equal(scene->item.line, line);
	assert_int_equal(scene->item.opcode, opcode);
	assert_true(bytes_equal(scene->item.handle, bytes_from_string(handle)));
}

static void
assert_wrong(struct scene *scene, const char *problem)
{
	enum status status = next(scene);

	assert_int_not_equal(status, STATUS_OK);
	assert_int_not_equal(status, STATUS_NOT_FOUND);
	assert_string_equal(scene->problem.text, problem);
}

static struct handle_value
value_at(const struct scene *scene, unsigned number)
{
	struct wire_reader walk = handle_value_list_walk(&scene->item.values);
	struct handle_value value = {0};

	for (unsigned i = 0; i <= number; i++) {
		assert_true(handle_value_next(&walk, &value));
	}
	return value;
}

static void
blocks_of_handle_net_are_read_as_it_reads_them(void **state)
{
	struct scene scene;
	struct handle_value value;
	struct handle_admin admin;
	struct handle_vlist list;
	(void)state;

	scene_begin(&scene,
		TEXT("\n"
		     "CREATE 88.100/A b\n"
		     "100 HS_ADMIN 86400 1110 ADMIN 300:011111110011:0.NA/88.100\n"
		     "1 URL 3600 1111 UTF8 https://example.org/a b\r\n"
		     "2 HS_VLIST 86400 1110 LIST 300:0.NA/88.1;301:0.NA/88.2;\n"
		     "\n"
		     "\n"
		     "ADD 88.100/B\n"
		     "7 X 86400 0000 UTF8 \n"
		     "MODIFY 88.100/C\n"
		     "7 X 86400 1110 UTF8 y\n"
		     "\n"
		     "REMOVE 1,22:88.100/D\n"
		     "DELETE 88.100/E"));
	assert_operation(&scene, 2, OPCODE_CREATE_HANDLE, "88.100/A b");
	assert_int_equal(scene.item.values.count, 3);
	value = value_at(&scene, 0);
	assert_int_equal(handle_admin_decode(value.data, &admin), STATUS_OK);
	assert_int_equal(admin.rights, 0x7f3);
	assert_int_equal(admin.index, 300);
	value = value_at(&scene, 1);
	assert_int_equal(value.ttl, 3600);
	assert_int_equal(value.permissions, 0x0f);
	assert_true(bytes_equal(value.data, TEXT("https://example.org/a b")));
	value = value_at(&scene, 2);
	assert_int_equal(handle_vlist_decode(value.data, &list), STATUS_OK);
	assert_int_equal(list.count, 2);
	assert_operation(&scene, 8, OPCODE_ADD_VALUE, "88.100/B");
	assert_int_equal(value_at(&scene, 0).data.size, 0);
	assert_operation(&scene, 10, OPCODE_MODIFY_VALUE, "88.100/C");
	assert_operation(&scene, 13, OPCODE_REMOVE_VALUE, "88.100/D");
	assert_int_equal(scene.item.index_count, 2);
	assert_memory_equal(scene.item.indexes.at, "\0\0\0\1\0\0\0\26", 8);
	assert_operation(&scene, 14, OPCODE_DELETE_HANDLE, "88.100/E");
	assert_int_equal(next(&scene), STATUS_NOT_FOUND);
	assert_int_equal(next(&scene), STATUS_NOT_FOUND);
	scene_end(&scene);
}

static void
blocks_name_servers_identities_and_sessions(void **state)
{
	struct scene scene;
	(void)state;

	scene_begin(&scene,
		TEXT("AUTHENTICATE PUBKEY:300:0.NA/88.100\n"
		     "/keys/admpriv.bin|open sesame\n"
		     "\n"
		     "SESSIONSETUP\n"
		     "USESESSION:0\n"
		     "PUBEXNGKEYFILE:/x\n"
		     "\n"
		     "HOME 192.0.2.1:2641:TCP\n"
		     "0.NA/88.100\n"
		     "0.NA/88.101\n"
		     "\n"
		     "AUTHENTICATE SECKEY:301:0.NA/88.100\n"
		     "a | secret\n"
		     "UNHOME\n"
		     "0.NA/88.100\n"));
	assert_int_equal(next(&scene), STATUS_OK);
	assert_int_equal(scene.item.kind, BATCH_AUTHENTICATE);
	assert_string_equal(scene.item.user, "300:0.NA/88.100");
	assert_string_equal(scene.item.key_file, "/keys/admpriv.bin");
	assert_true(bytes_equal(scene.item.secret, TEXT("open sesame")));
	assert_int_equal(next(&scene), STATUS_OK);
	assert_int_equal(scene.item.kind, BATCH_SESSION);
	assert_false(scene.item.is_session);
	assert_operation(&scene, 9, OPCODE_HOME_PREFIX, "0.NA/88.100");
	assert_string_equal(scene.item.server, "192.0.2.1:2641");
	assert_operation(&scene, 10, OPCODE_HOME_PREFIX, "0.NA/88.101");
	assert_int_equal(next(&scene), STATUS_OK);
	assert_int_equal(scene.item.kind, BATCH_AUTHENTICATE);
	assert_null(scene.item.key_file);
	assert_true(bytes_equal(scene.item.secret, TEXT("a | secret")));
	assert_operation(&scene, 15, OPCODE_UNHOME_PREFIX, "0.NA/88.100");
	assert_null(scene.item.server);
	assert_int_equal(next(&scene), STATUS_NOT_FOUND);
	scene_end(&scene);
}

#define VALUE_WRONG                                                           \
	"a value is INDEX TYPE TTL PERMISSIONS FORM DATA, like `1 URL 86400 " \
	"1110 UTF8 https://example.org/`"

static void
a_wrong_block_is_told_by_its_line_and_the_next_is_read(void **state)
{
	struct scene scene;
	(void)state;

	scene_begin(&scene,
		TEXT("CREATE 88.100/A\n"
		     "1 URL 86400 1110 UTF8 x\n"
		     "2 URL 86400 111 UTF8 x\n"
		     "3 URL 86400 1110 UTF8 x\n"
		     "\n"
		     "CREATE 88.100/B\n"
		     "0 URL 86400 1110 UTF8 x\n"
		     "\n"
		     "CREATE 88.100/C\n"
		     "1 URL 86400 1110 HEX 00\n"
		     "\n"
		     "CREATE 88.100/D\n"
		     "\n"
		     "MAKE 88.100/E\n"
		     "1 URL 86400 1110 UTF8 x\n"
		     "\n"
		     "REMOVE one:88.100/F\n"
		     "CREATE 88.100/G\n"
		     "1 URL 86400 1110 UTF8 x\n"
		     "1 URL 86400 1110 UTF8 x\n"
		     "DELETE 88.100/H\n"
		     "DELETE\n"
		     "CREATE 88.100/I\n"
		     "1 HS_ADMIN 86400 1110 ADMIN 300:0111:0.NA/88.100\n"));
	assert_wrong(&scene, "3: " VALUE_WRONG);
	assert_wrong(&scene, "7: " VALUE_WRONG);
	assert_wrong(&scene, "10: data begins with ADMIN, UTF8, FILE or LIST, not 'HEX'");
	assert_wrong(&scene, "12: create: no value is given");
	assert_wrong(&scene, "14: 'MAKE 88.100/E' begins no operation");
	assert_wrong(&scene, "17: REMOVE takes INDEX,INDEX,...:HANDLE");
	assert_wrong(&scene, "18: index 1 stands at two values: in a record each has its own");
	assert_operation(&scene, 21, OPCODE_DELETE_HANDLE, "88.100/H");
	assert_wrong(&scene, "22: delete: a handle has 1 to 2048 octets");
	assert_wrong(&scene, "24: ADMIN takes INDEX:RIGHTS:HANDLE, RIGHTS being 12 ones and zeros");
	assert_int_equal(next(&scene), STATUS_NOT_FOUND);
	scene_end(&scene);
}

static void
objects_are_operations_line_by_line(void **state)
{
	struct scene scene;
	(void)state;

	scene_begin(&scene,
		TEXT("{\"handle\":\"88.100/A\",\"values\":[{\"index\":1,\"type\":\"URL\","
		     "\"data\":\"x\"}]}\n"
		     "\n"
		     "{\"op\":\"add\",\"handle\":\"88.100/B\",\"overwrite\":true,\"values\":["
		     "{\"index\":2,\"type\":\"URL\",\"data\":\"y\"}]}\n"
		     "{\"op\":\"remove\",\"handle\":\"88.100/C\",\"indexes\":[3,4]}\n"
		     "{\"op\":\"create\",\"mint\":true,\"handle\":\"88.100/\",\"values\":["
		     "{\"index\":1,\"type\":\"URL\",\"data\":\"x\"}]}\n"
		     "{\"op\":\"unhome\",\"handle\":\"0.NA/88.100\"}"));
	assert_operation(&scene, 1, OPCODE_CREATE_HANDLE, "88.100/A");
	assert_false(scene.item.is_overwriting);
	assert_operation(&scene, 3, OPCODE_ADD_VALUE, "88.100/B");
	assert_true(scene.item.is_overwriting);
	assert_int_equal(value_at(&scene, 0).index, 2);
	assert_operation(&scene, 4, OPCODE_REMOVE_VALUE, "88.100/C");
	assert_memory_equal(scene.item.indexes.at, "\0\0\0\3\0\0\0\4", 8);
	assert_operation(&scene, 5, OPCODE_CREATE_HANDLE, "88.100/");
	assert_true(scene.item.is_minting);
	assert_operation(&scene, 6, OPCODE_UNHOME_PREFIX, "0.NA/88.100");
	assert_int_equal(next(&scene), STATUS_NOT_FOUND);
	scene_end(&scene);
}

static void
wrong_objects_are_told_by_line_and_octet(void **state)
{
	struct scene scene;
	(void)state;

	scene_begin(&scene,
		TEXT("{\"op\":\"destroy\",\"handle\":\"88.100/A\"}\n"
		     "{\"op\":\"delete\"}\n"
		     "{\"op\":\"delete\",\"handle\":\"88.100/A\",\"index\":1}\n"
		     "{\"op\":\"delete\",\"handle\":\"88.100/A\"} x\n"
		     "{\"op\":\"remove\",\"handle\":\"88.100/A\",\"indexes\":[]}\n"
		     "{\"op\":\"delete\",\"handle\":\"88.100/B\"}\n"));
	assert_wrong(&scene,
		"1: op is create, add, modify, remove, delete, home or unhome, not 'destroy'");
	assert_wrong(&scene, "2: delete: a handle has 1 to 2048 octets");
	assert_wrong(&scene, "3: no operation has a member 'index'");
	assert_wrong(
		&scene, "4: octet 36: no JSON from here on, or a member that was there before");
	assert_wrong(&scene, "5: remove: no index is given");
	assert_operation(&scene, 6, OPCODE_DELETE_HANDLE, "88.100/B");
	scene_end(&scene);
}

/* A line is whole up to the limit; a longer one is one wrong line, however long. */
static void
lines_end_at_their_limit(void **state)
{
	static const char front[] = "{\"op\":\"delete\",\"handle\":\"88.100/A\"}";
	const size_t sizes[] = {JSON_TEXT_SIZE_MAX - 1, JSON_TEXT_SIZE_MAX, JSON_TEXT_SIZE_MAX + 1,
		3 * JSON_TEXT_SIZE_MAX};
	(void)state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct scene scene;
		char *text = malloc(sizes[i] + sizeof(front) + 1);
		bool is_fine = sizes[i] <= JSON_TEXT_SIZE_MAX;

		assert_non_null(text);
		memset(text, ' ', sizes[i]);
		memcpy(text, front, sizeof(front) - 1);
		text[sizes[i]] = '\n';
		memcpy(text + sizes[i] + 1, front, sizeof(front) - 1);
		scene_begin(&scene, bytes_over(text, sizes[i] + sizeof(front)));
		if (is_fine) {
			assert_operation(&scene, 1, OPCODE_DELETE_HANDLE, "88.100/A");
		} else {
			assert_int_equal(next(&scene), STATUS_TOO_LARGE);
		}
		assert_operation(&scene, 2, OPCODE_DELETE_HANDLE, "88.100/A");
		assert_int_equal(next(&scene), STATUS_NOT_FOUND);
		scene_end(&scene);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_of_handle_net_are_read_as_it_reads_them),
		cmocka_unit_test(blocks_name_servers_identities_and_sessions),
		cmocka_unit_test(a_wrong_block_is_told_by_its_line_and_the_next_is_read),
		cmocka_unit_test(objects_are_operations_line_by_line),
		cmocka_unit_test(wrong_objects_are_told_by_line_and_octet),
		cmocka_unit_test(lines_end_at_their_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
