/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "service/service.h"

struct ledger_condition;

/*
 * A request that is answered later, because it needs a signature, an identity, a session or
 * the ledger. It owns a copy of its message and an arena with REQUEST_MEMORY_MAX, and lives
 * until its answer has left.
 *
 *     status = operation_new(service, &order, &operation);    BUSY: too many are under way
 *     operation_start(operation);
 *     ... answered(context, is_last) ...
 *     octets = operation_octets(operation);                   when it is the answer's turn
 *     operation_free(operation);
 *
 * `answered` is called on the service's loop, maybe before operation_start() returns. The answer
 * is asked for when it may leave, because the counters of a session must follow the order in
 * which its answers leave. Lists come in several messages: unless it was the last, the owner
 * calls operation_go_on() when this one has left, or gives the list up.
 *
 * An operation may be freed once `answered` was called, also from within that call, and not
 * before: who is not interested any more, because a connection has gone, waits and throws the
 * answer away. What was asked for is done all the same.
 */
struct operation;

typedef void operation_answered(void *context, bool is_last);

/* Who asks, where a front was told together with the request (HTTP), and not in answer to a
 * challenge of ours. It is verified before anything else is done: nothing is told or changed for
 * somebody whose proof is wrong. */
struct operation_claim {
	struct bytes kind; /* "HS_SECKEY" or "HS_PUBKEY". */
	struct bytes name;
	uint32_t index; /* 0: any of that kind. */
	struct bytes response; /* In the form of an answer to a challenge. */
	struct bytes nonce; /* What it answers, in two parts. */
	struct bytes digest;
	/* The very same proof was right before: it is verified as ever, but counts as no guess, or
	 * who sends its secret with each request could not send many at once. */
	bool is_known;
	/* `response` is a public key whose private half the front saw the peer have
	 * (access_verify.h). */
	bool is_held;
	/* The front has had the identity proven before, in a session of its own: it is believed. */
	bool is_proven;
	const struct access_scope *scope; /* What may be done at the most; NULL: everything. */
};

struct operation_order {
	struct envelope envelope;
	struct bytes message; /* Without envelope; copied. */
	uint8_t source[16]; /* address_octets() of the asker. */
	bool is_datagram; /* Came over UDP. */
	/* What the answer says about its connection. If the message is encrypted, only the
	 * operation can tell what it asked for: true then means "if it asks for it". */
	bool is_kept_alive;
	size_t request_size; /* UDP: octets that came, which a refusal must not exceed. */
	const struct operation_claim *claim; /* NULL: nobody. Copied. */
	bool is_unchallenged; /* Nobody could answer a challenge: who must be known is told so. */
	/* A change is made only if this holds (ledger.h), else CONFLICT; NULL: in any case. Copied. */
	const struct ledger_condition *condition;
	/* Nothing is carried out: it is asked whether somebody known may. There is no answer in
	 * octets but for a refusal. RESOLUTION then means to look at what the handle was. */
	bool is_asking;
	/* Until it is known what others say, if they must be asked; 0: RESOLVER_DEADLINE_MS. */
	uint32_t deadline_ms;
	/* Where it is allowed this runs first, on a helper thread; NULL: nothing does. */
	void (*work)(void *context);
	operation_answered *answered;
	void *context;
};

enum status operation_new(struct service *service, const struct operation_order *order,
	struct operation **ret_operation) MUST_CHECK;

/* True if `operation` may be started while `before`, which came before it on the same
 * connection, is not done: each is carried out as if it were alone. Changes run beside changes
 * of other handles, look-ups beside look-ups, proofs beside proofs; what touches prefixes,
 * sessions or lists runs alone. */
bool operation_may_run_beside(const struct operation *operation, const struct operation *before);
void operation_start(struct operation *operation);
/* One message with its envelope, the operation's; none when there can be no answer, because none
 * is better than an unsigned one. Once for each `answered`. */
struct bytes operation_octets(struct operation *operation);
bool operation_is_kept_alive(const struct operation *operation); /* Known when answered. */
/* True if what follows the answer on its connection is not ours any more: the answer to a mirror
 * (replication.h). Known when answered. */
bool operation_takes_stream(const struct operation *operation);
/* When the answer was written. NO_MEMORY: the stream was closed and stays its owner's. */
enum status operation_take_stream(
	struct operation *operation, struct loop_stream *stream) MUST_CHECK;
bool operation_is_identified(const struct operation *operation); /* Its claim was right. */
struct access_identity operation_identity(const struct operation *operation); /* Then. */
/* Of its claim; NULL: everything. */
const struct access_scope *operation_scope(const struct operation *operation);
/* What became of it, once answered, more exactly than a response code can say. */
enum status operation_outcome(const struct operation *operation);
/* Of the record as it was read or has been changed; 0: there is none. */
uint64_t operation_version(const struct operation *operation);
void operation_go_on(struct operation *operation); /* After an answer that was not the last. */
void operation_free(struct operation *operation); /* NULL is fine. */
