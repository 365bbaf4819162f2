/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/access/asked.h"

void
asked_make(struct asked *asked, const struct request *request)
{
	struct wire_writer writer = wire_writer_over(asked->octets, sizeof(asked->octets));
	struct envelope envelope = request->message.envelope;
	struct message message;

	request_write(&writer, request);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	asked->size = wire_writer_size(&writer);
	envelope.message_size = (uint32_t)asked->size;
	assert_int_equal(message_decode(&envelope, wire_written(&writer), &message), STATUS_OK);
	assert_int_equal(request_decode(&message, &asked->request), STATUS_OK);
}

static struct request
request_of(uint32_t opcode, uint32_t session_id, uint32_t request_id)
{
	return (struct request){
		.message =
			{
				.envelope = {.version = {2, 11},
					.suggested = {2, 11},
					.session_id = session_id,
					.request_id = request_id},
				.header = {.opcode = opcode,
					.site_serial = 0xffff,
					.expiration = 1800000000},
			},
	};
}

void
asked_delete(struct asked *asked, const char *name, uint32_t session_id, uint32_t request_id)
{
	struct request request = request_of(OPCODE_DELETE_HANDLE, session_id, request_id);

	request.name.name = bytes_from_string(name);
	asked_make(asked, &request);
}

void
asked_answer(struct asked *asked, const char *response, uint32_t challenge_id, uint32_t request_id)
{
	struct request request = request_of(OPCODE_CHALLENGE_RESPONSE, challenge_id, request_id);

	request.challenge_response = (struct request_challenge_response){
		TEXT("HS_PUBKEY"), TEXT("88.1/li"), 300, bytes_from_string(response)};
	asked_make(asked, &request);
}
