/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"
#include "service/operation.h"

/*
 * Requests that wait: whatever needs an identity or the ledger becomes an operation of the
 * service, exactly as over the Handle protocol, and its answer is translated. Until it comes the
 * connection is suspended.
 *
 * `answered` makes the answer to the request. What it needs of the request it takes again - the
 * target is still there, the arena is not. A list comes in parts: `is_last` is false for all but
 * the last, and whoever is called answers with the last.
 */
typedef void http_operation_answered(
	struct http_request *request, const struct response *response, bool is_last);

/* `claim` may be NULL: nobody. Everything is copied. */
void http_operation_start(struct http_request *request, const struct request *question,
	const struct operation_claim *claim, http_operation_answered *answered);

/* The same with what only this front can say: which version a record must have, or that somebody
 * asks whether they may (operation.h). `answered` is then told NULL when they may. */
struct http_operation_order {
	const struct request *question;
	const struct operation_claim *claim;
	http_operation_answered *answered;
	const struct ledger_condition *condition;
	bool is_asking;
	void (*work)(void *request); /* On a helper thread: of the request only `own` is its. */
};
void http_operation_begin(struct http_request *request, const struct http_operation_order *order);
/* Suspends the connection until its answer, or a part of one, is there. */
void http_operation_wait(struct http_request *request);
void http_operation_answered_now(struct http_request *request);
/* It is over: called when the request is. */
void http_operation_end(struct http_request *request);

/* Of what the service wrote: views into `octets`, which begin with an envelope. */
enum status http_response_read(struct bytes octets, struct response *ret_response) MUST_CHECK;
/* What a response says: its values, or why not. */
enum response_code http_response_code(const struct response *response);
struct bytes http_response_text(const struct response *response); /* Of NULL: empty. */
