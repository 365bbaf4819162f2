/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/client_carrier.h"
#include "client/client_kept.h"
#include "message/request.h"
#include "message/response.h"

/*
 * One question to one server, and its answer: the client's side of all transports.
 *
 * Over UDP the question is sent again after 0.5, 1 and 1.5 s, from a port of its own
 * and with a request id nobody can guess; only an answer from the address asked, to this id
 * and operation, is taken. When UDP stays silent, TCP is tried - at once when CLIENT_FORGERY_COUNT_MAX
 * datagrams came that were no answer, because somebody may be guessing - and when that fails, too,
 * or is silent for `tcp_wait_ms`, HTTP where it is known. The answer may come in many
 * datagrams; it is put together within MESSAGE_SIZE_MAX.
 *
 * A server that is too busy (3) has not done what it was asked: it is asked again, the way its
 * answer came, after the pauses of client_pause.h. When the next pause would not end before
 * the deadline, or with `is_busy_an_answer`, the answer 3 is handed on.
 *
 *     struct client_question question = {.request = &request, .server = address};
 *     ask = client_ask(loop, &question, answered, context, &problem);
 *
 * `answered` is called once, from the loop, unless client_ask_cancel() came first.
 */
struct client_ask;

struct client_question {
	const struct request *request; /* Envelope's request id is chosen here. Copied. */
	struct address server;
	uint16_t tcp_port; /* 0: the same as for UDP. */
	bool is_tcp_only;
	bool is_without_tcp; /* After UDP comes HTTP. */
	bool is_busy_an_answer; /* The caller has other servers to ask. */
	/* HTTP or HTTPS of the same server, which is asked when TCP fails; NULL: it has none. */
	const struct client_place *web;
	bool is_web_only;
	/* Connections that may be used, and to which one is given that the server keeps; NULL: none.
	 * Outlives the question. */
	struct client_kept *kept;
	uint32_t deadline_ms; /* For everything together; 0: 10 seconds. */
	/* The first wait for an answer over UDP; the second is twice as long, and so on. 0: as
	 * above. */
	uint32_t udp_wait_ms;
	uint32_t udp_try_count; /* Before TCP is tried; 0: 3. */
	uint32_t tcp_wait_ms; /* Before HTTP is tried; 0: CLIENT_TCP_PATIENCE_MS. */
};

/* What happened on the way, for those who want to see it. */
struct client_reply {
	enum client_transport transport;
	uint32_t tries; /* Datagrams or connections, since the last pause. */
	uint32_t pauses; /* Because the server was busy. */
	uint32_t elapsed_ms;
	bool is_about_it; /* It carries the SHA-256 or SHA-1 digest of this request. */
	struct bytes octets; /* The message without envelope; valid during the call. */
	struct envelope envelope;
	struct response response;
};

/* TIMED_OUT, CLOSED, MALFORMED, SYSTEM or OK; `reply` is NULL unless OK. */
typedef void client_answered(void *context, enum status status, const struct client_reply *reply);

struct client_ask *client_ask(struct loop *loop, const struct client_question *question,
	client_answered *answered, void *context, struct problem *problem);
void client_ask_cancel(struct client_ask *ask);
