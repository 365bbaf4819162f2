/* SPDX-License-Identifier: Apache-2.0 */
#include "message_text.h"

#include "message/message_json.h"

#include <assert.h>

static char text[2 * JSON_TEXT_SIZE_MAX];
static uint8_t read_back[2 * MESSAGE_SIZE_MAX];

enum status
json_in_space(struct bytes octets, size_t capacity, struct bytes *ret_json)
{
	struct json_writer writer = json_writer_over(text, capacity);

	json_write_object(&writer);
	message_write_json(&writer, octets);
	json_write_object_end(&writer);
	*ret_json = json_written(&writer);
	return json_writer_end(&writer);
}

struct bytes
json_of(struct bytes octets)
{
	struct bytes json;
	enum status status = json_in_space(octets, sizeof(text), &json);

	assert(status == STATUS_OK);
	return json;
}

enum status
octets_of(struct bytes json, struct bytes *ret_octets, struct problem *problem)
{
	struct arena *arena = arena_new(65536, MESSAGE_JSON_MEMORY_MAX);
	struct json_reader reader = json_reader_over(json, arena);
	struct wire_writer writer = wire_writer_over(read_back, sizeof(read_back));
	enum status status = message_read_json(&reader, arena, &writer, problem);

	if (status == STATUS_OK) {
		status = json_reader_end(&reader);
	}
	*ret_octets = wire_written(&writer);
	arena_free(arena);
	return status;
}
