/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint8_t scratch[4][MESSAGE_SIZE_MAX + 1024];

enum status
frame_split(struct bytes octets, struct frame *ret_frame)
{
	struct wire_reader reader = wire_reader_over(octets);

	envelope_read(&reader, &ret_frame->envelope);
	ret_frame->octets = wire_read_bytes(&reader, ret_frame->envelope.message_size);
	ret_frame->rest = wire_read_rest(&reader);
	return wire_reader_end(&reader);
}

struct bytes
frame_join(const struct envelope *envelope, struct bytes octets)
{
	struct wire_writer writer = wire_writer_over(scratch[0], sizeof(scratch[0]));

	envelope_write(&writer, envelope);
	wire_write_bytes(&writer, octets);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return wire_written(&writer);
}

struct bytes
message_octets(const struct message *message)
{
	struct wire_writer writer = wire_writer_over(scratch[1], sizeof(scratch[1]));

	message_write(&writer, message);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return wire_written(&writer);
}

struct bytes
request_octets(const struct request *request)
{
	struct wire_writer writer = wire_writer_over(scratch[2], sizeof(scratch[2]));

	request_write(&writer, request);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return wire_written(&writer);
}

struct bytes
response_octets(const struct response *response)
{
	struct wire_writer writer = wire_writer_over(scratch[3], sizeof(scratch[3]));

	response_write(&writer, response);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	return wire_written(&writer);
}

void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	if (expected.size > 0) {
		assert_memory_equal(found.at, expected.at, expected.size);
	}
}
