/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/client_identity.h"
#include "message/session_crypto.h"

/*
 * The client's half of a session (Handle.net 9, 14): set up by Diffie-Hellman, then a counter
 * and an HS_MAC in every message. Numbers and octets only; who sends them is client_link.h.
 *
 *     client_session_ask(&session, &identity, timeout, &setup);     body of operation 400
 *     client_session_open(&session, &response);                     its answer
 *     ... client_session_seal(), client_session_check() ...
 *     client_session_forget(&session);
 */
enum { CLIENT_DH_SIZE = 256 };

struct client_session {
	uint32_t id; /* 0: not open. */
	struct version version;
	struct session_key key;
	uint32_t sent_count; /* Counter of the last message sent. */
	uint32_t received_count; /* Counter of the last answer taken. */
	uint8_t secret[CLIENT_DH_SIZE]; /* Our half, while the set-up is under way. */
	uint8_t public_key[KEY_SIZE_MAX];
};

/* `ret_setup` points into the session and the identity. */
enum status client_session_ask(struct client_session *session,
	const struct client_identity *identity, uint32_t timeout_s,
	struct request_session_setup *ret_setup) MUST_CHECK;

/* Takes the server's half. MALFORMED, UNSUPPORTED, INVALID: no session. */
enum status client_session_open(
	struct client_session *session, const struct response *response) MUST_CHECK;

/* Writes u32 size and the HS_MAC credential of the next message; `run` is its header and body. */
void client_session_seal(struct client_session *session, const struct envelope *envelope,
	struct bytes run, struct wire_writer *writer);

/* OK when the answer carries this session's HS_MAC and a counter that was not seen before;
 * DENIED otherwise. */
enum status client_session_check(
	struct client_session *session, const struct message *message) MUST_CHECK;

void client_session_forget(struct client_session *session); /* And its key. */
