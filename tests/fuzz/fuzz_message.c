/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "message/credential.h"
#include "message/message_json.h"
#include "message/request.h"
#include "message/response.h"

/* A datagram or frame: what decodes is written back to the same octets, and any octets come
 * back from JSON. */
enum { JSON_ROOM = 4 * JSON_TEXT_SIZE_MAX };

static uint8_t room[2 * MESSAGE_SIZE_MAX];
static char text[JSON_ROOM];

static void
check_body(const struct message *message)
{
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct request request;
	struct response response;

	if (request_decode(message, &request) == STATUS_OK) {
		request_body_write(&writer, &request);
		FUZZ_CHECK(request_handle(&request).size <= HANDLE_NAME_SIZE_MAX);
	} else if (response_decode(message, &response) == STATUS_OK) {
		response_body_write(&writer, &response);
	} else {
		return;
	}
	FUZZ_CHECK(wire_writer_end(&writer) == STATUS_OK);
	FUZZ_CHECK(bytes_equal(wire_written(&writer), message->body));
}

static void
check_message(struct bytes octets)
{
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct wire_reader reader = wire_reader_over(octets);
	struct credential credential;
	struct envelope envelope;
	struct message message;

	envelope_read(&reader, &envelope);
	if (!wire_reader_ok(&reader)) {
		return;
	}
	envelope_write(&writer, &envelope);
	octets = wire_read_rest(&reader);
	envelope.is_encrypted = false; /* As if decrypted. */
	if (message_decode(&envelope, octets, &message) != STATUS_OK) {
		return;
	}
	message_write(&writer, &message);
	FUZZ_CHECK(wire_writer_end(&writer) == STATUS_OK);
	FUZZ_CHECK(
		bytes_equal(bytes_slice(wire_written(&writer), ENVELOPE_SIZE, SIZE_MAX), octets));
	check_body(&message);
	if (credential_decode(message.credential, &credential) == STATUS_OK) {
		writer = wire_writer_over(room, sizeof(room));
		credential_write(&writer, &credential);
		FUZZ_CHECK(bytes_equal(wire_written(&writer), message.credential));
	}
}

static void
check_json(struct bytes octets)
{
	struct arena *arena = arena_new(4096, MESSAGE_JSON_MEMORY_MAX);
	struct json_writer json = json_writer_over(text, sizeof(text));
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct json_reader reader;

	json_write_object(&json);
	message_write_json(&json, octets);
	json_write_object_end(&json);
	FUZZ_CHECK(json_writer_end(&json) == STATUS_OK);
	reader = json_reader_over(json_written(&json), arena);
	FUZZ_CHECK(message_read_json(&reader, arena, &writer, NULL) == STATUS_OK);
	FUZZ_CHECK(json_reader_end(&reader) == STATUS_OK);
	FUZZ_CHECK(bytes_equal(wire_written(&writer), octets));
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	check_message(bytes_over(octets, size));
	check_json(bytes_over(octets, size));
	return 0;
}
