/* SPDX-License-Identifier: Apache-2.0 */
#include "service/operation.h"

#include "service/service_private.h"

#include <stdlib.h>

/* Small: most operations need little, and the message is copied into a block of its own size. */
enum { ARENA_BLOCK_SIZE = 4096 };

enum status
operation_new(struct service *service, const struct operation_order *order,
	struct operation **ret_operation)
{
	struct operation *operation;

	if (service->operation_count >= OPERATION_COUNT_MAX) {
		return STATUS_BUSY;
	}
	operation = calloc(1, sizeof(*operation));
	if (operation == NULL) {
		return STATUS_NO_MEMORY;
	}
	operation->arena = arena_new(ARENA_BLOCK_SIZE, REQUEST_MEMORY_MAX);
	if (operation->arena != NULL) {
		operation->order = *order;
		operation->order.message = arena_copy(operation->arena, order->message);
	}
	if (operation->order.message.at == NULL) {
		arena_free(operation->arena);
		free(operation);
		return STATUS_NO_MEMORY;
	}
	operation->service = service;
	operation->face = service->face;
	service_face_enter(operation->face);
	service->operation_count++;
	*ret_operation = operation;
	return STATUS_OK;
}

void
operation_free(struct operation *operation)
{
	if (operation != NULL) {
		operation->service->operation_count--;
		service_face_leave(operation->face);
		arena_free(operation->arena);
		free(operation->out);
		free(operation);
	}
}

void
operation_answer(struct operation *operation, struct bytes octets)
{
	if (octets.size > 0) {
		service_count_answer(operation->service, &operation->response);
	}
	operation->order.answered(operation->order.context, octets);
}

/* A refusal gives the sender of a datagram no more octets than it brought: its text is left
 * out if it would not fit. */
static void
refusal_trim(struct operation *operation)
{
	struct response *response = &operation->response;
	const struct header *header = &response->message.header;

	if (operation->order.is_datagram &&
		response_shape(header->opcode, header->response_code) == RESPONSE_MESSAGE &&
		ENVELOPE_SIZE + HEADER_SIZE + 8 + response->digest.size +
				response->error.text.size >
			operation->order.request_size) {
		response->error.text = (struct bytes){NULL, 0};
	}
}

void
operation_response(
	struct operation *operation, enum status status, const struct service_answer *answer)
{
	service_respond(operation->service, &operation->request, status, answer,
		operation->request_digest, &operation->response);
	refusal_trim(operation);
	if (operation->order.is_kept_alive) {
		operation->response.message.header.flags |= MESSAGE_FLAG_KEEP_ALIVE;
	}
}

void
operation_respond(
	struct operation *operation, enum status status, const struct service_answer *answer)
{
	operation_response(operation, status, answer);
	operation_seal(operation);
}

void
operation_refuse(struct operation *operation, enum status status, struct bytes text)
{
	struct service_answer answer = {.text = text};

	operation_respond(operation, status, &answer);
}

/* What a look-up answers, to be signed. */
static void
operation_look_up(struct operation *operation)
{
	struct service *service = operation->service;
	struct service_query *query = &operation->query;
	struct service_answer answer;
	enum status status;

	if (service_begin(service, &operation->request, query)) {
		service_look_ahead(service, &query, 1);
	}
	status = service_answer(service, &operation->request, query, operation->arena, &answer);
	if (status == STATUS_UNAUTHENTICATED) {
		/* No identity can be proven to this node yet, so no challenge is sent. */
		operation_refuse(operation, STATUS_UNSUPPORTED,
			TEXT("reading restricted values is not supported yet"));
		return;
	}
	operation_respond(operation, status, &answer);
}

static void
operation_dispatch(struct operation *operation)
{
	if (operation->request.message.envelope.session_id != 0) {
		operation_refuse(operation, STATUS_NO_SESSION,
			TEXT("Invalid session id or session time out. Please try again."));
		return;
	}
	switch ((enum opcode)operation->request.message.header.opcode) {
	case OPCODE_RESOLUTION:
	case OPCODE_GET_SITE_INFO:
		operation_look_up(operation);
		return;
	case OPCODE_RESERVED:
	case OPCODE_CREATE_HANDLE:
	case OPCODE_DELETE_HANDLE:
	case OPCODE_ADD_VALUE:
	case OPCODE_REMOVE_VALUE:
	case OPCODE_MODIFY_VALUE:
	case OPCODE_LIST_HANDLES:
	case OPCODE_LIST_DERIVED_PREFIXES:
	case OPCODE_CHALLENGE_RESPONSE:
	case OPCODE_VERIFY_CHALLENGE:
	case OPCODE_HOME_PREFIX:
	case OPCODE_UNHOME_PREFIX:
	case OPCODE_LIST_HOMED_PREFIXES:
	case OPCODE_SESSION_SETUP:
	case OPCODE_SESSION_TERMINATE:
	case OPCODE_SESSION_EXCHANGE_KEY:
	case OPCODE_GET_NEXT_TRANSACTION_ID:
	case OPCODE_RETRIEVE_TRANSACTION_LOG:
	case OPCODE_DUMP_HANDLES:
	case OPCODE_BACKUP_SERVER:
	case OPCODE_LOGIN:
	case OPCODE_LOGIN_ID_SYSTEM:
		break;
	}
	operation_refuse(operation, STATUS_UNSUPPORTED, TEXT("operation not supported yet"));
}

void
operation_start(struct operation *operation)
{
	struct message *message = &operation->request.message;
	enum status status;

	message->envelope = operation->order.envelope;
	if (message->envelope.is_encrypted) {
		if (operation->order.is_datagram) {
			/* Maybe no request at all. */
			monitor_add(operation->service->row, METRIC_UDP_DROPPED_MALFORMED, 1);
			operation_answer(operation, (struct bytes){NULL, 0});
			return;
		}
		operation_refuse(operation, STATUS_NO_SESSION,
			TEXT("no session for this encrypted message"));
		return;
	}
	status = message_decode(&operation->order.envelope, operation->order.message, message);
	if (status == STATUS_OK) {
		status = request_decode(message, &operation->request);
	}
	if (status != STATUS_OK) {
		operation_refuse(operation, STATUS_MALFORMED, TEXT("Invalid message"));
		return;
	}
	operation_dispatch(operation);
}
