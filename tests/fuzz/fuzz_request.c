/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "message/request.h"

/* Version, operation and body of a request. Bodies that decode are written back to the same
 * octets, and all that was decoded lies within them. */
static uint8_t room[2 * MESSAGE_SIZE_MAX];

static const uint32_t opcodes[] = {
#define X(name, number, text, class) number,
#include "message/opcodes.def"
#undef X
	107,
};

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes input = bytes_over(octets, size);
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct message message = {.envelope = {.version = {2, fuzz_take_octet(&input) & 15}}};
	struct request request;
	struct bytes handle;

	message.header.opcode =
		opcodes[fuzz_take_octet(&input) % (sizeof(opcodes) / sizeof(opcodes[0]))];
	message.body = input;
	if (request_decode(&message, &request) != STATUS_OK) {
		FUZZ_CHECK(request.message.header.opcode == message.header.opcode);
		return 0;
	}
	handle = request_handle(&request);
	FUZZ_CHECK(handle.size == 0 ||
		(handle.at >= input.at && handle.at + handle.size <= input.at + input.size));
	request_body_write(&writer, &request);
	FUZZ_CHECK(wire_writer_end(&writer) == STATUS_OK);
	FUZZ_CHECK(bytes_equal(wire_written(&writer), input));
	return 0;
}
