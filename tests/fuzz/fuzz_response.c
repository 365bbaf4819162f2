/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "message/response.h"

/* Version, flags, operation, code and body of a response. Bodies that decode are written back
 * to the same octets, behind the same header. */
static uint8_t room[2 * MESSAGE_SIZE_MAX];

static const uint32_t opcodes[] = {
#define X(name, number, text, class) number,
#include "message/opcodes.def"
#undef X
	107,
};
static const uint32_t codes[] = {
#define X(name, number, text) number,
#include "message/responses.def"
#undef X
	506,
};

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes input = bytes_over(octets, size);
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct message message = {.envelope = {.version = {2, fuzz_take_octet(&input) & 15}},
		.has_credential_size = true};
	struct response response;
	struct bytes whole;

	message.header.flags = (uint32_t)fuzz_take_octet(&input) << 20;
	message.header.opcode =
		opcodes[fuzz_take_octet(&input) % (sizeof(opcodes) / sizeof(opcodes[0]))];
	message.header.response_code =
		codes[fuzz_take_octet(&input) % (sizeof(codes) / sizeof(codes[0]))];
	message.body = input;
	message_write(&writer, &message);
	whole = wire_written(&writer);
	if (wire_writer_end(&writer) != STATUS_OK || whole.size > MESSAGE_SIZE_MAX ||
		response_decode(&message, &response) != STATUS_OK) {
		return 0;
	}
	writer = wire_writer_over(room + whole.size, sizeof(room) - whole.size);
	response_write(&writer, &response);
	FUZZ_CHECK(wire_writer_end(&writer) == STATUS_OK);
	FUZZ_CHECK(bytes_equal(wire_written(&writer), whole));
	return 0;
}
