/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "message/request.h"
#include "message/response.h"
#include "service/service.h"
#include "service/signer.h"

/*
 * From a request's octets to the octets of its answer, for both transports.
 *
 *     exchange_decode -> exchange_begin -> service_look_ahead -> exchange_answer
 *
 * Each step is taken for a whole batch before the next, so that the cache misses of one
 * request hide behind the work for the others.
 */
struct exchange {
	struct request request;
	struct service_query query;
	struct response response;
	uint8_t digest[REQUEST_DIGEST_SIZE_MAX];
};

/* The one translation from what happened to a Handle response code. */
enum response_code native_response_code(enum status status);

/* `octets`: the message without envelope. A status other than OK: no request that could be
 * answered by a look-up; ret_exchange->request.message holds what was understood. */
enum status exchange_decode(const struct envelope *envelope, struct bytes octets,
	struct exchange *ret_exchange) MUST_CHECK;

/* The queries of a batch that look something up. */
struct look_ahead {
	size_t count;
	struct service_query *queries[UDP_BATCH_MAX];
};
void exchange_begin(struct service *service, struct exchange *exchange, struct look_ahead *ahead);

/* Fills exchange->response. True if the answer must be signed before it is sent. */
bool exchange_answer(
	struct service *service, struct exchange *exchange, struct arena *arena, int64_t now_s);

/* An answer without body text for a message that could not be decoded or served. */
void exchange_refuse(struct service *service, struct exchange *exchange, enum status status,
	struct bytes text, int64_t now_s);

/* Writes envelope and message; the envelope's message_size is filled in. */
void exchange_write(struct wire_writer *writer, struct exchange *exchange);

/* Signing: how this answer is to be signed. UNSUPPORTED when this key may not sign for the
 * protocol version of the client. */
enum status exchange_signature_kind(const struct exchange *exchange, enum crypto_key_kind key,
	bool is_sha1_allowed, enum crypto_digest *ret_digest,
	struct bytes *ret_digest_name) MUST_CHECK;
