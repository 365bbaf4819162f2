/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/client_carrier.h"
#include "client/client_identity.h"
#include "loop/loop.h"
#include "message/request.h"
#include "message/response.h"

/*
 * A kept connection to one server: requests in, answers out, the identity proven on the way.
 *
 *     link = client_link_new(loop, &settings);
 *     client_link_send(link, &request, answered, context);      any number of times
 *     ... loop_run(loop): `answered` for each, in the order of sending ...
 *     client_link_free(link);
 *
 * Requests are pipelined, up to `depth` on their way at once, as soon as the server shows that it
 * keeps the connection; a server that closes after each answer (Handle.net does) gets one
 * connection for each request. Over HTTP (client_carrier.h) one is on its way at a time. Requests
 * wait here without bound: their owner counts.
 *
 * With an identity, a server that asks for proof (402) gets it once it has shown the digest of
 * what was asked. With `is_session` a session is opened first (Diffie-Hellman over the group
 * of RFC 3526, 3): the identity is proven once, every message carries an HS_MAC, requests with
 * values that not everybody may read are encrypted. A session that the server has forgotten is
 * opened again, once for each request.
 *
 * A server that is too busy (3) has not done what it was asked: the request is sent again, after
 * pauses that double from CLIENT_PAUSE_MIN_MS to CLIENT_PAUSE_MAX_MS, each by chance up to half
 * shorter so that many clients do not come back at once. Meanwhile nothing else is sent, and the
 * order stays; a request that was refused goes alone. When the next pause would not end before the
 * request's deadline, counted from its first sending, the answer 3 is handed on.
 *
 * Everything runs on the loop's thread. A link is not freed from inside a callback.
 */
struct client_link;

enum {
	CLIENT_LINK_DEPTH_DEFAULT = 256,
	CLIENT_LINK_DEADLINE_DEFAULT_MS = 30000,
};

/* What the pointers lead to stays the caller's and outlives the link. */
struct client_link_settings {
	struct client_place server; /* Its host and path, too, outlive the link. */
	const struct client_identity
		*identity; /* NULL: asked for proof, the answer is handed on. */
	bool is_session;
	bool is_encrypted; /* Everything inside the session, both ways. */
	const struct crypto_key
		*server_key; /* Must have signed the session's set-up; NULL: not asked. */
	uint32_t depth; /* 0: CLIENT_LINK_DEPTH_DEFAULT. */
	uint32_t deadline_ms; /* From sending to the last part of the answer; 0: the default. */
};

/* Views into what was received: gone when the callback returns. */
struct client_answer {
	struct response response;
	bool is_last; /* False: this answer goes on (lists come in parts). */
};

/*
 * `answer` is set for OK only: the server has answered, whatever it said. Otherwise
 *   CLOSED           the connection ended first; the request may have been carried out or not
 *   TIMED_OUT        the same, and the server is silent
 *   SYSTEM           no connection could be made
 *   UNSUPPORTED      over HTTP: what answers there carries no Handle messages
 *   UNAUTHENTICATED  proof was asked for, of a request that was not ours, or too often
 *   DENIED           an answer was not signed by whom it should be
 *   MALFORMED, TOO_LARGE, NO_MEMORY
 */
typedef void client_link_answered(
	void *context, enum status status, const struct client_answer *answer);

struct client_link *client_link_new(
	struct loop *loop, const struct client_link_settings *settings); /* NULL: no memory. */
/* Nobody is told any more. */
void client_link_free(struct client_link *link);

/* Of `request` opcode, flags and body are used; the envelope is the link's. Copied. TOO_LARGE,
 * NO_MEMORY: nothing was sent and nobody will be told. */
enum status client_link_send(struct client_link *link, const struct request *request,
	client_link_answered *answered, void *context) MUST_CHECK;

struct client_link_facts {
	uint32_t session_id; /* 0: none is open. */
	bool is_authenticated; /* The identity was proven in this session. */
	bool is_kept; /* The server keeps connections. */
	uint32_t connections; /* Made so far. */
	uint32_t challenges; /* Answered so far. */
	uint32_t pauses; /* Because the server was busy, so far. */
	struct version version; /* Of the last answer. */
};
struct client_link_facts client_link_facts(const struct client_link *link);
