/* SPDX-License-Identifier: Apache-2.0 */
#include "replication/replication.h"
#include "replication/replication_follower_private.h"

#include <string.h>

enum { START_HANDLE = 2, PROTOCOL_MAJOR = 2, PROTOCOL_MINOR = 11 };

/* Envelope and message, the credential's size left out of what is signed. */
static bool
question_write(const struct replication_follower *follower, const struct request *request,
	uint32_t session_id, uint8_t room[QUESTION_SIZE_MAX], size_t *ret_size)
{
	struct wire_writer writer = wire_writer_over(room, QUESTION_SIZE_MAX);
	struct envelope envelope = {
		.version = {PROTOCOL_MAJOR, PROTOCOL_MINOR},
		.suggested = {PROTOCOL_MAJOR, PROTOCOL_MINOR},
		.request_id = follower->request_id,
		.session_id = session_id,
	};

	envelope_write(&writer, &envelope);
	request_write(&writer, request);
	if (wire_writer_end(&writer) != STATUS_OK) {
		return false;
	}
	envelope.message_size = (uint32_t)(wire_writer_size(&writer) - ENVELOPE_SIZE);
	*ret_size = wire_writer_size(&writer);
	writer = wire_writer_over(room, QUESTION_SIZE_MAX);
	envelope_write(&writer, &envelope);
	return true;
}

static uint32_t
follower_opcode(const struct replication_follower *follower)
{
	return follower->is_dump ? OPCODE_DUMP_HANDLES : OPCODE_RETRIEVE_TRANSACTION_LOG;
}

static struct request
question_make(const struct replication_follower *follower)
{
	const struct replication_follower_settings *settings = &follower->settings;
	const struct replication_position *position = &follower->position;
	struct request request = {
		.message.header = {.opcode = follower_opcode(follower),
			.site_serial = UINT16_MAX,
			.flags = MESSAGE_FLAG_AUTHORITATIVE | MESSAGE_FLAG_CERTIFY |
				MESSAGE_FLAG_KEEP_ALIVE},
	};

	request.message.envelope.version = (struct version){PROTOCOL_MAJOR, PROTOCOL_MINOR};
	if (follower->is_dump) {
		request.dump = (struct request_dump){.hash_kind = settings->hash_option,
			.server_count = settings->server_count,
			.server_number = settings->server_number,
			.has_start = position->dump_name_size > 0,
			.start = bytes_over(position->dump_name, position->dump_name_size),
			.start_kind = START_HANDLE};
		return request;
	}
	request.transactions = (struct request_transactions){.last_id = position->last_id,
		.last_date = position->last_date,
		.hash_kind = settings->hash_option,
		.server_count = settings->server_count,
		.server_number = settings->server_number};
	return request;
}

bool
follower_ask(struct replication_follower *follower)
{
	struct request request = question_make(follower);
	struct bytes octets;

	if (follower->talk == TALK_PROVING) {
		octets = bytes_over(follower->proof, follower->proof_size);
		follower->talk = TALK_PROVED;
	} else {
		crypto_random(&follower->request_id, sizeof(follower->request_id));
		follower->request_id &= INT32_MAX;
		if (!question_write(
			    follower, &request, 0, follower->question, &follower->question_size)) {
			follower_fail(follower,
				problem_set(&follower->fault, STATUS_TOO_LARGE,
					"the question is too large"));
			return false;
		}
		octets = bytes_over(follower->question, follower->question_size);
		follower->talk = TALK_ASKED;
	}
	if (loop_channel_write(follower->channel, octets) != STATUS_OK) {
		follower_fail(follower, problem_set(&follower->fault, STATUS_CLOSED, "cannot ask"));
		return false;
	}
	return true;
}

/* Header and body of the question: what the challenge must be about. */
static struct bytes
signed_run(const struct replication_follower *follower)
{
	return bytes_over(follower->question + ENVELOPE_SIZE,
		follower->question_size - ENVELOPE_SIZE - sizeof(uint32_t));
}

static void
challenge_answer(struct replication_follower *follower, const struct response *challenge)
{
	struct request request = {.message.header = {.opcode = OPCODE_CHALLENGE_RESPONSE,
					  .site_serial = UINT16_MAX,
					  .flags = MESSAGE_FLAG_AUTHORITATIVE |
						  MESSAGE_FLAG_CERTIFY | MESSAGE_FLAG_KEEP_ALIVE}};
	uint8_t proof[CLIENT_PROOF_SIZE_MAX];
	bool is_kept = (challenge->message.header.flags & MESSAGE_FLAG_KEEP_ALIVE) != 0;
	enum status status;

	if (follower->talk != TALK_ASKED ||
		!client_challenge_is_about(challenge, signed_run(follower))) {
		follower_fail(follower,
			problem_set(&follower->fault, STATUS_UNAUTHENTICATED,
				"the server asks for proof of something else than was asked"));
		return;
	}
	status = client_identity_prove(
		follower->settings.identity, challenge, proof, &request.challenge_response);
	if (status == STATUS_OK &&
		!question_write(follower, &request, challenge->message.envelope.session_id,
			follower->proof, &follower->proof_size)) {
		status = STATUS_TOO_LARGE;
	}
	crypto_forget(proof, sizeof(proof));
	if (status != STATUS_OK) {
		follower_fail(follower,
			problem_set(
				&follower->fault, status, "this identity cannot be proven here"));
		return;
	}
	follower->talk = TALK_PROVING;
	if (is_kept) {
		(void)follower_ask(follower);
	} else {
		/* Handle.net closes behind each answer; the proof takes a connection of its own. */
		loop_channel_close(follower->channel, STATUS_OK);
	}
}

static void
refusal_tell(struct replication_follower *follower, const struct response *response)
{
	enum response_shape shape = response_shape(
		response->message.header.opcode, response->message.header.response_code);
	uint32_t code = response->message.header.response_code;
	struct bytes text = shape == RESPONSE_MESSAGE && response->error.text.size > 0
		? response->error.text
		: bytes_from_string(response_code_text(code));

	follower_fail(follower,
		problem_set(&follower->fault, STATUS_DENIED, "the primary refuses: code %u, %.*s",
			(unsigned)code, (int)(text.size < 200 ? text.size : 200),
			(const char *)text.at));
}

static void
answer_take(struct replication_follower *follower, const struct response *response)
{
	const struct header *header = &response->message.header;

	if (header->response_code == RESPONSE_AUTHENTICATION_NEEDED) {
		challenge_answer(follower, response);
	} else if (header->response_code != RESPONSE_SUCCESS) {
		refusal_tell(follower, response);
	} else {
		follower->is_kept = !follower->is_dump &&
			(header->flags & MESSAGE_FLAG_KEEP_ALIVE) != 0 &&
			(response->stream_flags & REPLICATION_FLAG_KEPT) != 0;
		follower_stream_begin(follower);
	}
}

size_t
follower_talk_received(struct replication_follower *follower, struct bytes octets)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct envelope envelope;
	struct message message;
	struct response response;
	struct bytes run;
	enum status status;

	envelope_read(&reader, &envelope);
	run = wire_read_bytes(&reader, envelope.message_size);
	if (reader.status == STATUS_TRUNCATED) {
		return 0;
	}
	status = reader.status;
	if (status == STATUS_OK) {
		status = message_decode(&envelope, run, &message);
	}
	if (status == STATUS_OK) {
		status = response_decode(&message, &response);
	}
	if (status == STATUS_OK &&
		((envelope.request_id != follower->request_id &&
			 envelope.request_id != UINT32_MAX) ||
			!response_may_answer(
				&response.message.header, follower_opcode(follower)))) {
		status = STATUS_MALFORMED;
	}
	if (status != STATUS_OK) {
		follower_fail(follower,
			problem_set(
				&follower->fault, status, "the answer %s", status_text(status)));
		return octets.size;
	}
	answer_take(follower, &response);
	return ENVELOPE_SIZE + run.size;
}
