/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "message/message_json.h"

/* A JSON text as people may write it: what is read as a message comes back from its own JSON;
 * what is not has a reason. */
enum { JSON_ROOM = 4 * JSON_TEXT_SIZE_MAX };

static uint8_t rooms[2][2 * MESSAGE_SIZE_MAX];
static char text[JSON_ROOM];

static void
check_comes_back(struct bytes octets, struct arena *arena)
{
	struct json_writer json = json_writer_over(text, sizeof(text));
	struct wire_writer writer = wire_writer_over(rooms[1], sizeof(rooms[1]));
	struct json_reader reader;

	arena_reset(arena);
	json_write_object(&json);
	message_write_json(&json, octets);
	json_write_object_end(&json);
	FUZZ_CHECK(json_writer_end(&json) == STATUS_OK);
	reader = json_reader_over(json_written(&json), arena);
	FUZZ_CHECK(message_read_json(&reader, arena, &writer, NULL) == STATUS_OK);
	FUZZ_CHECK(bytes_equal(wire_written(&writer), octets));
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct arena *arena = arena_new(4096, MESSAGE_JSON_MEMORY_MAX);
	struct json_reader reader = json_reader_over(bytes_over(octets, size), arena);
	struct wire_writer writer = wire_writer_over(rooms[0], sizeof(rooms[0]));
	struct problem problem = {0};

	if (message_read_json(&reader, arena, &writer, &problem) == STATUS_OK) {
		FUZZ_CHECK(wire_writer_end(&writer) == STATUS_OK);
		check_comes_back(wire_written(&writer), arena);
	} else {
		FUZZ_CHECK(problem.text[0] != '\0' && problem.status != STATUS_OK);
	}
	arena_free(arena);
	return 0;
}
