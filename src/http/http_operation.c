/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_operation.h"

#include "http/http_answer.h"
#include "http/http_v1.h"
#include "http/identity/http_identity.h"

enum response_code
http_response_code(const struct response *response)
{
	return (enum response_code)response->message.header.response_code;
}

struct bytes
http_response_text(const struct response *response)
{
	const struct header *header;

	if (response == NULL) {
		return (struct bytes){NULL, 0};
	}
	header = &response->message.header;
	return response_shape(header->opcode, header->response_code) == RESPONSE_MESSAGE
		? response->error.text
		: (struct bytes){NULL, 0};
}

/* An identity that could not be proven: the status alone says so (http-api, 10). */
static bool
proof_has_failed(enum response_code code)
{
	return code == RESPONSE_AUTHENTICATION_FAILED || code == RESPONSE_INVALID_CREDENTIAL ||
		code == RESPONSE_AUTHENTICATION_ERROR;
}

/* Of what the service wrote itself: what is not well formed carries a code all the same. */
enum status
http_response_read(struct bytes octets, struct response *ret_response)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct envelope envelope;
	struct message message;
	enum status status;

	envelope_read(&reader, &envelope);
	status = message_decode(
		&envelope, bytes_slice(octets, ENVELOPE_SIZE, octets.size), &message);
	if (status == STATUS_OK && response_decode(&message, ret_response) != STATUS_OK) {
		/* A challenge that challenges nobody: it has a header and no body. */
		ret_response->message = message;
	}
	return status;
}

static void
response_translate(struct http_request *request, bool is_last)
{
	struct bytes octets;
	struct response response;
	enum response_code code;

	if (operation_is_identified(request->operation)) {
		struct access_identity identity = operation_identity(request->operation);

		http_identity_remember(request, HTTP_KNOWN_LIFE_MS);
		http_identity_prove(request, &identity);
	}
	if (request->is_asking && operation_outcome(request->operation) == STATUS_OK) {
		request->answered(request, NULL, is_last);
		return;
	}
	octets = operation_octets(request->operation);

	if (octets.size == 0 || http_response_read(octets, &response) != STATUS_OK) {
		http_answer_code(request, 500, RESPONSE_ERROR, TEXT("The answer was lost"),
			(struct bytes){NULL, 0});
		return;
	}
	code = http_response_code(&response);
	if (request->has_claim && !request->tells_proof && proof_has_failed(code)) {
		request->fault = "Identity not verified";
	}
	if (request->fault != NULL && http_is_v1(request)) {
		http_problem(request,
			&(struct http_problem){.status = 401,
				.code = code,
				.detail = TEXT("The proof of identity is wrong")});
	} else if (request->fault != NULL) {
		http_answer(request, &(struct http_answer){.status = 401}, (struct bytes){NULL, 0});
	} else {
		request->answered(request, &response, is_last);
	}
}

void
http_operation_wait(struct http_request *request)
{
	if (!request->is_suspended) {
		request->is_suspended = true;
		MHD_suspend_connection(request->transport);
	}
}

void
http_operation_answered_now(struct http_request *request)
{
	request->is_answered = true;
	if (request->is_suspended) {
		request->is_suspended = false;
		MHD_resume_connection(request->transport);
		http_face_wake(request->connection->face);
	}
}

static void
operation_is_answered(void *context, bool is_last)
{
	struct http_request *request = context;

	if (http_parameters_take(request)) {
		response_translate(request, is_last);
	}
	if (!is_last && request->response == NULL) {
		arena_reset(request->http->arena);
		operation_go_on(request->operation);
		return;
	}
	arena_reset(request->http->arena);
	http_operation_answered_now(request);
}

static void
order_fill(struct http_request *request, const struct http_operation_order *from,
	struct operation_order *order)
{
	*order = (struct operation_order){
		.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
		.claim = from->claim,
		.is_unchallenged = true,
		.condition = from->condition,
		.is_asking = from->is_asking,
		.work = from->work,
		.answered = operation_is_answered,
		.context = request,
	};
	address_octets(request->asker, order->source);
}

void
http_operation_start(struct http_request *request, const struct request *question,
	const struct operation_claim *claim, http_operation_answered *answered)
{
	http_operation_begin(request,
		&(struct http_operation_order){
			.question = question, .claim = claim, .answered = answered});
}

void
http_operation_begin(struct http_request *request, const struct http_operation_order *from)
{
	struct http *http = request->http;
	struct operation_order order;
	struct wire_writer writer = wire_writer_over((uint8_t *)http->out, MESSAGE_SIZE_MAX);
	enum status status;

	request->link = NULL;
	order_fill(request, from, &order);
	request_write(&writer, from->question);
	status = wire_writer_end(&writer);
	if (status == STATUS_OK) {
		order.message = wire_written(&writer);
		order.envelope.message_size = (uint32_t)order.message.size;
		status = operation_new(http->service, &order, &request->operation);
	}
	if (status != STATUS_OK) {
		enum response_code code = status == STATUS_NO_SPACE || status == STATUS_TOO_LARGE
			? RESPONSE_INVALID_VALUE
			: service_response_code(status);

		http_answer_code(request, http_status_of(code, HTTP_OUTCOME_DONE, request->is_tls),
			code,
			code == RESPONSE_INVALID_VALUE ? TEXT("The record is too large")
						       : (struct bytes){NULL, 0},
			(struct bytes){NULL, 0});
		return;
	}
	request->has_claim = from->claim != NULL;
	request->is_asking = from->is_asking;
	request->answered = from->answered;
	operation_start(request->operation);
	if (!request->is_answered) {
		http_operation_wait(request);
	}
}

void
http_operation_end(struct http_request *request)
{
	operation_free(request->operation);
	request->operation = NULL;
}
