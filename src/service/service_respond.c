/* SPDX-License-Identifier: Apache-2.0 */
#include "service/service.h"

#include "service/service_private.h"

/* How long an answer may be believed (Handle.net 9: half a day). */
enum { EXPIRATION_S = 43200 };

enum response_code
service_response_code(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return RESPONSE_SUCCESS;
	case STATUS_TRUNCATED:
	case STATUS_MALFORMED:
	case STATUS_TOO_LARGE:
		return RESPONSE_PROTOCOL_ERROR;
	case STATUS_INVALID:
		return RESPONSE_INVALID_HANDLE;
	case STATUS_UNSUPPORTED:
	case STATUS_UNKNOWN_VERSION:
		return RESPONSE_OPERATION_NOT_SUPPORTED;
	case STATUS_NOT_FOUND:
		return RESPONSE_HANDLE_NOT_FOUND;
	case STATUS_VALUE_NOT_FOUND:
		return RESPONSE_VALUES_NOT_FOUND;
	case STATUS_EXISTS:
		return RESPONSE_HANDLE_ALREADY_EXISTS;
	case STATUS_VALUE_EXISTS:
		return RESPONSE_VALUE_ALREADY_EXISTS;
	case STATUS_CONFLICT:
		return RESPONSE_VALUE_ALREADY_EXISTS;
	case STATUS_DENIED:
		return RESPONSE_INSUFFICIENT_PERMISSIONS;
	case STATUS_UNAUTHENTICATED:
		return RESPONSE_AUTHENTICATION_NEEDED;
	case STATUS_NO_SESSION:
		return RESPONSE_SESSION_TIMEOUT;
	case STATUS_NOT_RESPONSIBLE:
		return RESPONSE_SERVER_NOT_RESPONSIBLE;
	case STATUS_ELSEWHERE: /* Who cannot wait is told that it is not ours. */
		return RESPONSE_SERVER_NOT_RESPONSIBLE;
	case STATUS_TOO_DEEP:
		return RESPONSE_RECURSION_COUNT_TOO_HIGH;
	case STATUS_REFERRED:
		return RESPONSE_PREFIX_REFERRAL;
	case STATUS_INVALID_VALUE:
		return RESPONSE_INVALID_VALUE;
	case STATUS_NOT_ADMIN:
		return RESPONSE_INVALID_ADMIN;
	case STATUS_WRONG_PROOF:
		return RESPONSE_AUTHENTICATION_FAILED;
	case STATUS_NO_PROOF:
		return RESPONSE_INVALID_CREDENTIAL;
	case STATUS_CHALLENGE_GONE:
		return RESPONSE_AUTHENTICATION_TIMEOUT;
	case STATUS_UNPROVABLE:
		return RESPONSE_AUTHENTICATION_ERROR;
	case STATUS_SESSION_FAILED:
		return RESPONSE_SESSION_FAILED;
	case STATUS_WRONG_MAC:
		return RESPONSE_INVALID_SESSION_KEY;
	case STATUS_REPLAYED:
		return RESPONSE_SESSION_MESSAGE_REJECTED;
	case STATUS_BUSY:
	case STATUS_NO_MEMORY:
		return RESPONSE_SERVER_TOO_BUSY;
	case STATUS_READ_ONLY:
	case STATUS_NO_SPACE:
		return RESPONSE_SERVER_BACKUP;
	case STATUS_TIMED_OUT:
	case STATUS_IN_USE:
	case STATUS_CORRUPT:
	case STATUS_CLOSED:
	case STATUS_SYSTEM:
		return RESPONSE_ERROR;
	}
	return RESPONSE_ERROR;
}

uint32_t
service_expiration(const struct service *service)
{
	return (uint32_t)(service->now_s + EXPIRATION_S);
}

static void
response_fill(struct response *response, const struct request *request, enum status status,
	const struct service_answer *answer)
{
	if (status == STATUS_OK && request->message.header.opcode == OPCODE_RESOLUTION) {
		response->values.name = answer->name;
		response->values.list = answer->values;
	} else if (status == STATUS_OK) {
		response->site = answer->site;
	} else if (status == STATUS_REFERRED) {
		response->referral.name = (struct bytes){NULL, 0};
		response->referral.has_values = true;
		response->referral.list = answer->values;
	} else {
		response->error.text = answer->text;
		response->error.has_indexes = false;
		response->error.tail = (struct bytes){NULL, 0};
	}
}

void
service_respond(struct service *service, const struct request *request, enum status status,
	const struct service_answer *answer, uint8_t digest[REQUEST_DIGEST_SIZE_MAX],
	struct response *ret_response)
{
	const struct service_site *site = service_site(service);

	response_begin(request, service_response_code(status), site->serial, site->is_primary,
		service_expiration(service), ret_response);
	response_fill(ret_response, request, status, answer);
	if ((request->message.header.flags & MESSAGE_FLAG_VERIFY) != 0) {
		ret_response->message.header.flags |=
			MESSAGE_FLAG_VERIFY | (answer->is_verified ? MESSAGE_FLAG_VERIFIED : 0);
	}
	if ((request->message.header.flags & MESSAGE_FLAG_REQUEST_DIGEST) != 0) {
		response_digest(request, false, digest, ret_response);
	}
}

void
service_write(struct wire_writer *writer, struct response *response)
{
	struct envelope *envelope = &response->message.envelope;
	uint8_t *start = wire_writer_take(writer, ENVELOPE_SIZE);
	struct wire_writer front;

	response_write(writer, response);
	if (wire_writer_end(writer) != STATUS_OK) {
		return;
	}
	envelope->message_size = (uint32_t)(writer->next - start) - ENVELOPE_SIZE;
	front = wire_writer_over(start, ENVELOPE_SIZE);
	envelope_write(&front, envelope);
}

static enum metric
answer_metric(uint32_t code)
{
	switch (code) {
	case RESPONSE_SUCCESS:
		return METRIC_ANSWERS_SUCCESS;
	case RESPONSE_HANDLE_NOT_FOUND:
		return METRIC_ANSWERS_NOT_FOUND;
	case RESPONSE_VALUES_NOT_FOUND:
		return METRIC_ANSWERS_VALUES_NOT_FOUND;
	case RESPONSE_PREFIX_REFERRAL:
		return METRIC_ANSWERS_REFERRAL;
	case RESPONSE_SERVER_NOT_RESPONSIBLE:
		return METRIC_ANSWERS_NOT_RESPONSIBLE;
	case RESPONSE_PROTOCOL_ERROR:
		return METRIC_ANSWERS_PROTOCOL_ERROR;
	case RESPONSE_SERVER_TOO_BUSY:
		return METRIC_ANSWERS_BUSY;
	case RESPONSE_AUTHENTICATION_NEEDED:
		return METRIC_ANSWERS_CHALLENGE;
	case RESPONSE_INVALID_ADMIN:
	case RESPONSE_INSUFFICIENT_PERMISSIONS:
	case RESPONSE_AUTHENTICATION_FAILED:
	case RESPONSE_INVALID_CREDENTIAL:
	case RESPONSE_AUTHENTICATION_TIMEOUT:
	case RESPONSE_AUTHENTICATION_ERROR:
		return METRIC_ANSWERS_DENIED;
	case RESPONSE_SESSION_TIMEOUT:
	case RESPONSE_SESSION_FAILED:
	case RESPONSE_INVALID_SESSION_KEY:
	case RESPONSE_SESSION_MESSAGE_REJECTED:
		return METRIC_ANSWERS_SESSION;
	default:
		return METRIC_ANSWERS_OTHER;
	}
}

void
service_note_query(struct service *service, const uint8_t *source, const struct request *request,
	uint32_t code)
{
	const uint32_t one_in = service->face->query_log_one_in;
	struct audit_refusal question = {.now_s = service->now_s, .source = source, .code = code};

	if (one_in == 0 || service->query_log == NULL || source == NULL ||
		++service->query_log_count < one_in) {
		return;
	}
	service->query_log_count = 0;
	question.operation = opcode_name(request->message.header.opcode);
	question.handle = request_handle(request);
	if (!audit_note(service->query_log, &question)) {
		monitor_add(service->row, METRIC_QUERY_LOG_DROPPED, 1);
	}
}

void
service_count_answer(struct service *service, const struct response *response)
{
	monitor_add(service->row, answer_metric(response->message.header.response_code), 1);
}
