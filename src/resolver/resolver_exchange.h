/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "message/response.h"
#include "resolver/resolver_budget.h"
#include "resolver/resolver_service.h"

/*
 * One question to one service, whichever of its servers answers.
 *
 * Servers are asked in the order of what they are expected to take, those that were silent last;
 * an IPv6 address goes before an IPv4 one of which no more is known. Who does not answer within
 * its patience gets company: the next is asked, too, and the first to answer counts. A server
 * that answers with an error of its own (2 3 4 5 7), that it is not responsible (301), or without
 * the signature that was asked for, is passed over. So a dead server costs its patience, once; a
 * dead service costs RESOLVER_TRY_COUNT_MAX attempts.
 *
 * Attempts are paid from the budget. Of one server at most RESOLVER_PER_HOST_MAX questions are
 * under way; who comes later waits in line.
 */
struct resolver;
struct resolver_exchange;

struct resolver_reply {
	struct response response; /* In the budget's arena. */
	const struct resolver_server *server;
	bool is_certified; /* Signed by the key of its site record. */
	bool is_about_it; /* It carries a digest of the request, as was asked for. */
};

/* `reply` is set for OK only. Otherwise
 *   TIMED_OUT        nobody answered
 *   NOT_RESPONSIBLE  who answered says that it is not theirs
 *   CLOSED           who answered would or could not serve: busy, in error, unsigned
 *   NO_MEMORY
 * The exchange is over, and gone when this returns. */
typedef void resolver_replied(
	void *context, enum status status, const struct resolver_reply *reply);

struct resolver_exchange_order {
	struct resolver *resolver;
	struct resolver_budget *budget;
	struct bytes name; /* As it is to be asked for; lives as long as the budget. */
	bool is_sites; /* HS_SITE values alone. */
	const struct request_verify_challenge *proof; /* To be verified; NULL: values. */
	uint32_t flags; /* Of the request. */
	uint8_t recursion_count;
	uint32_t patience_ms; /* 0: as long as the budget's deadline allows. */
	const struct resolver_server *servers; /* In the budget's arena. */
	size_t server_count;
	resolver_replied *replied;
	void *context;
};

/* NULL if memory is short. `replied` is never called before this returns. */
struct resolver_exchange *resolver_exchange_new(const struct resolver_exchange_order *order);
void resolver_exchange_cancel(struct resolver_exchange *exchange); /* NULL is fine. */
