/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "loop/loop.h"
#include "message/request.h"
#include "message/response.h"

/*
 * One question to one server, and its answer: the client's side of both transports.
 *
 * Over UDP the question is sent again after NATIVE_CLIENT_WAITS_MS, from a port of its own
 * and with a request id nobody can guess; only an answer from the address asked, to this id
 * and operation, is taken. When UDP stays silent, TCP is tried. The answer may come in many
 * datagrams; it is put together within MESSAGE_SIZE_MAX.
 *
 *     struct native_question question = {.request = &request, .server = address};
 *     ask = native_ask(loop, &question, answered, context, &problem);
 *
 * `answered` is called once, from the loop, unless native_ask_cancel() came first.
 */
struct native_ask;

enum native_transport {
	NATIVE_TRANSPORT_UDP,
	NATIVE_TRANSPORT_TCP,
};

struct native_question {
	const struct request *request; /* Envelope's request id is chosen here. Copied. */
	struct address server;
	bool is_tcp_only;
	uint32_t deadline_ms; /* For everything together; 0: 10 seconds. */
};

/* What happened on the way, for those who want to see it. */
struct native_reply {
	enum native_transport transport;
	uint32_t tries; /* Datagrams or connections. */
	uint32_t elapsed_ms;
	struct bytes octets; /* The message without envelope; valid during the call. */
	struct envelope envelope;
	struct response response;
};

/* TIMED_OUT, CLOSED, MALFORMED, SYSTEM or OK; `reply` is NULL unless OK. */
typedef void native_answered(void *context, enum status status, const struct native_reply *reply);

struct native_ask *native_ask(struct loop *loop, const struct native_question *question,
	native_answered *answered, void *context, struct problem *problem);
void native_ask_cancel(struct native_ask *ask);

/* Whether the answer's credential is a signature by `key` over these octets: OK, DENIED, or
 * NOT_FOUND when it carries none. */
struct crypto_key;
enum status native_reply_verify(
	const struct native_reply *reply, const struct crypto_key *key) MUST_CHECK;
