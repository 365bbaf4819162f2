/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "message/request.h"
#include "message/response.h"
#include "service/service.h"

/*
 * From a request's octets to its answer, whatever carried it: UDP, TCP, HTTP.
 *
 *     exchange_decode -> exchange_begin -> service_look_ahead -> exchange_answer
 *
 * Each step is taken for a whole batch before the next, so that the cache misses of one
 * request hide behind the work for the others.
 */
struct exchange {
	struct request request;
	struct bytes octets; /* The message without envelope. */
	bool is_operation; /* It cannot be answered at once. */
	struct service_query query;
	struct response response;
	uint8_t digest[REQUEST_DIGEST_SIZE_MAX];
};

/* `octets`: the message without envelope. A status other than OK: no request that could be
 * answered; ret_exchange->request.message holds what was understood. */
enum status exchange_decode(const struct envelope *envelope, struct bytes octets,
	struct exchange *ret_exchange) MUST_CHECK;

/* The queries of a batch that look something up. */
struct look_ahead {
	size_t count;
	struct service_query *queries[UDP_BATCH_MAX];
};
/* `source` is who asks (address_octets()), and stays until the answer was made. */
void exchange_begin(struct service *service, struct exchange *exchange, const uint8_t *source,
	struct look_ahead *ahead);

/* Fills exchange->response, or false: it must become an operation (operation.h). */
bool exchange_answer(struct service *service, struct exchange *exchange, struct arena *arena);

/* An answer without body text for a message that could not be decoded or served. */
void exchange_refuse(
	struct service *service, struct exchange *exchange, enum status status, struct bytes text);
