/* SPDX-License-Identifier: Apache-2.0 */
#include "service/exchange.h"

enum status
exchange_decode(const struct envelope *envelope, struct bytes octets, struct exchange *ret_exchange)
{
	struct message *message = &ret_exchange->request.message;
	enum status status;

	message->envelope = *envelope;
	message->header = (struct header){0};
	message->body = message->credential = message->signed_run = (struct bytes){NULL, 0};
	ret_exchange->octets = octets;
	if (envelope->is_encrypted) {
		ret_exchange->is_operation = true; /* Only its session can read it. */
		return STATUS_OK;
	}
	status = message_decode(envelope, octets, message);
	if (status == STATUS_OK) {
		status = request_decode(message, &ret_exchange->request);
	}
	ret_exchange->is_operation = service_needs_operation(&ret_exchange->request);
	return status;
}

void
exchange_begin(struct service *service, struct exchange *exchange, const uint8_t *source,
	struct look_ahead *ahead)
{
	exchange->query.source = source;
	exchange->query.is_counted = false;
	if (!exchange->is_operation &&
		service_begin(service, &exchange->request, &exchange->query)) {
		ahead->queries[ahead->count++] = &exchange->query;
	}
}

bool
exchange_answer(struct service *service, struct exchange *exchange, struct arena *arena)
{
	struct service_answer answer;
	enum status status;

	if (exchange->is_operation) {
		return false;
	}
	status = service_answer(service, &exchange->request, &exchange->query, arena, &answer);
	if (service_must_wait(status)) {
		return false;
	}
	service_respond(service, &exchange->request, status, &answer, exchange->digest,
		&exchange->response);
	service_note_query(service, exchange->query.source, &exchange->request,
		exchange->response.message.header.response_code);
	return true;
}

void
exchange_refuse(
	struct service *service, struct exchange *exchange, enum status status, struct bytes text)
{
	struct service_answer answer = {.text = text};

	service_respond(service, &exchange->request, status, &answer, exchange->digest,
		&exchange->response);
}
