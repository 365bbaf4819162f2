/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "service/service.h"

/*
 * A request that is answered later, because it needs a signature, an identity, a session or
 * the ledger. It owns a copy of its message and an arena with REQUEST_MEMORY_MAX, and lives
 * until its answer has left.
 *
 *     status = operation_new(service, &order, &operation);    BUSY: too many are under way
 *     operation_start(operation);
 *     ... answered(context, octets) ...
 *     operation_free(operation);
 *
 * `answered` is called on the service's loop, maybe before operation_start() returns: the
 * answer with its envelope, or no octets when there can be none (better no answer than an
 * unsigned one). The octets are the operation's. Only then may it be freed: who is not
 * interested any more, because a connection has gone, waits and throws the answer away; what
 * was asked for is done all the same.
 */
struct operation;

typedef void operation_answered(void *context, struct bytes octets);

struct operation_order {
	struct envelope envelope;
	struct bytes message; /* Without envelope; copied. */
	uint8_t source[16]; /* address_octets() of the asker. */
	bool is_datagram; /* Came over UDP. */
	bool is_kept_alive; /* What the answer says about its connection. */
	size_t request_size; /* UDP: octets that came, which a refusal must not exceed. */
	operation_answered *answered;
	void *context;
};

enum status operation_new(struct service *service, const struct operation_order *order,
	struct operation **ret_operation) MUST_CHECK;
void operation_start(struct operation *operation);
void operation_free(struct operation *operation);
