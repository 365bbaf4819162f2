/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_link_private.h"

#include "client/client_signature.h"

#include <string.h>

/*
 * What comes back: decrypted, matched with what was asked, its HS_MAC checked; a challenge is
 * answered, a lost session opened again, everything else handed to who asked.
 */
enum { CHALLENGE_COUNT_MAX = 2 /* A verifier older than 2.7 is asked again (13). */ };

static struct client_call *
call_find(struct client_link *link, uint32_t request_id)
{
	struct client_call *call = link->sent.first;

	/* Errors before the request was understood carry the id 0xffffffff. */
	while (call != NULL && call->request_id != request_id && request_id != UINT32_MAX) {
		call = call->next;
	}
	return call;
}

/* The message in clear: as it came, or decrypted into the link's room. */
static enum status
message_open(struct client_link *link, const struct envelope *envelope, struct bytes octets,
	struct message *ret_message)
{
	struct envelope plain = *envelope;
	enum status status = STATUS_OK;
	size_t size;

	if (envelope->is_encrypted) {
		if (link->session.id == 0 || octets.size > CLIENT_LINK_ROOM) {
			return STATUS_MALFORMED;
		}
		status = session_decrypt(
			&link->session.key, link->session.version, octets, link->plain, &size);
		octets = bytes_over(link->plain, size);
		plain.is_encrypted = false;
	}
	if (status == STATUS_OK) {
		status = message_decode(&plain, octets, ret_message);
	}
	/* What is signed is the envelope as it was sent. */
	ret_message->envelope.is_encrypted = false;
	return status;
}

/* Whether the answer is from whom it should be. */
static enum status
answer_check(
	struct client_link *link, const struct client_call *call, const struct response *response)
{
	const struct message *message = &response->message;

	if (call->is_setup) {
		return link->settings.server_key == NULL
			? STATUS_OK
			: client_signature_verify(
				  &message->envelope, message, link->settings.server_key);
	}
	/* Neither a session that the server has forgotten nor one that it could not read the
	 * name of vouches for an answer. */
	if (link->session.id == 0 || message->header.response_code >= RESPONSE_SESSION_TIMEOUT ||
		message->header.opcode == OPCODE_RESERVED) {
		return STATUS_OK;
	}
	return client_session_check(&link->session, message);
}

static enum status
answer_challenge(
	struct client_link *link, struct client_call *call, const struct response *response)
{
	const struct client_identity *identity = link->settings.identity;
	struct request request = {.message.header = response->message.header};
	uint8_t proof[CLIENT_PROOF_SIZE_MAX];
	uint8_t octets[HEADER_SIZE + CLIENT_PROOF_SIZE_MAX + HANDLE_NAME_SIZE_MAX + 64];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct wire_reader reader = wire_reader_over(bytes_over(call->run, call->run_size));
	uint32_t session_id = response->message.envelope.session_id;
	struct header asked;
	enum status status;

	header_read(&reader, &asked);
	if (++call->challenge_count > CHALLENGE_COUNT_MAX ||
		!client_challenge_is_about(response, bytes_over(call->run, call->run_size))) {
		return STATUS_UNAUTHENTICATED;
	}
	request.message.header = (struct header){
		.opcode = OPCODE_CHALLENGE_RESPONSE,
		.flags = asked.flags,
		.site_serial = asked.site_serial,
	};
	status = client_identity_prove(identity, response, proof, &request.challenge_response);
	if (status == STATUS_OK) {
		request_write(&writer, &request);
		status = wire_writer_end(&writer);
	}
	if (status == STATUS_OK && !link->facts.is_kept) {
		/* The server closes behind its challenge. */
		client_link_drop_carrier(link);
		status = client_link_connect(link) ? STATUS_OK : STATUS_SYSTEM;
	}
	if (status == STATUS_OK) {
		link->facts.challenges++;
		status = client_link_write(link, call,
			bytes_over(octets, wire_writer_size(&writer) - sizeof(uint32_t)),
			session_id);
	}
	crypto_forget(proof, sizeof(proof));
	return status;
}

/* The session's answer to our half: from now on there is a session, or nobody can go on. */
static void
take_setup(struct client_link *link, const struct response *response)
{
	struct client_answer answer = {*response, true};
	enum status status = STATUS_OK;

	if (response->message.header.response_code == RESPONSE_SUCCESS) {
		status = client_session_open(&link->session, response);
		link->facts.is_authenticated = false;
		if (status == STATUS_OK) {
			return;
		}
	} else if (response->message.header.response_code == RESPONSE_SERVER_TOO_BUSY &&
		link->waiting.first != NULL && client_link_pause(link, link->waiting.first)) {
		return;
	}
	/* Who waited for the session hears what the server said. */
	if (link->waiting.first != NULL) {
		client_link_tell(link, client_call_take(&link->waiting, link->waiting.first),
			status, status == STATUS_OK ? &answer : NULL);
	}
}

static bool
is_session_lost(const struct client_link *link, const struct client_call *call, uint32_t code)
{
	return link->session.id != 0 && !call->is_retried &&
		(code == RESPONSE_SESSION_TIMEOUT || code == RESPONSE_SESSION_FAILED);
}

/* Takes the call out of what was sent, whatever becomes of it. */
static void
call_finish(struct client_link *link, struct client_call *call, const struct response *response)
{
	struct client_answer answer = {*response, true};
	uint32_t code = response->message.header.response_code;
	enum status status = STATUS_OK;

	if (is_session_lost(link, call, code)) {
		client_session_forget(&link->session);
		link->facts.is_authenticated = false;
		call->is_retried = true;
		call->challenge_count = 0;
		client_call_append(&link->waiting, call);
		return;
	}
	if (code == RESPONSE_SERVER_TOO_BUSY && client_link_try_again(link, call)) {
		return;
	}
	if (code == RESPONSE_AUTHENTICATION_NEEDED && link->settings.identity != NULL) {
		status = answer_challenge(link, call, response);
		if (status == STATUS_OK) {
			return; /* Under way again. */
		}
	}
	if (status == STATUS_OK && call->challenge_count > 0 && link->session.id != 0 &&
		code != RESPONSE_AUTHENTICATION_FAILED && code != RESPONSE_INVALID_ADMIN) {
		link->facts.is_authenticated = true;
	}
	client_link_tell(link, call, status, status == STATUS_OK ? &answer : NULL);
}

/* A part of an answer that goes on: the call stays where it is. */
static void
call_go_on(struct client_link *link, struct client_call *call, const struct response *response)
{
	struct client_answer answer = {*response, false};

	call->sent_ms = loop_now_ms(link->loop);
	if (call->answered != NULL) {
		call->answered(call->context, STATUS_OK, &answer);
	}
}

static enum status
call_take_response(
	struct client_link *link, struct client_call *call, const struct response *response)
{
	const struct header *header = &response->message.header;
	enum status status;

	if (!response_may_answer(header, call->opcode)) {
		return STATUS_MALFORMED;
	}
	status = answer_check(link, call, response);
	if (status != STATUS_OK) {
		return status == STATUS_NOT_FOUND ? STATUS_DENIED : status;
	}
	link->facts.version = response->message.envelope.version;
	link->facts.is_kept = link->facts.is_kept || (header->flags & MESSAGE_FLAG_KEEP_ALIVE) != 0;
	if ((header->flags & MESSAGE_FLAG_CONTINUOUS) != 0) {
		call_go_on(link, call, response);
		return STATUS_OK;
	}
	client_call_take(&link->sent, call);
	if (call->is_setup) {
		take_setup(link, response);
		client_link_tell(link, call, STATUS_OK, NULL);
	} else {
		call_finish(link, call, response);
	}
	return STATUS_OK;
}

enum status
client_link_take(struct client_link *link, const struct envelope *envelope, struct bytes octets)
{
	struct client_call *call = call_find(link, envelope->request_id);
	struct response response;
	struct message message;
	enum status status;

	if (call == NULL) {
		return STATUS_MALFORMED;
	}
	status = message_open(link, envelope, octets, &message);
	if (status == STATUS_OK) {
		status = response_decode(&message, &response);
	}
	if (status == STATUS_OK) {
		link->is_taking = true;
		status = call_take_response(link, call, &response);
		link->is_taking = false;
	}
	return status;
}
