/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_answer.h"

#include "message/credential.h"

/* How long an answer may be believed (Handle.net 9: half a day). */
enum { EXPIRATION_S = 43200 };

enum response_code
native_response_code(enum status status)
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

enum status
exchange_decode(const struct envelope *envelope, struct bytes octets, struct exchange *ret_exchange)
{
	struct message *message = &ret_exchange->request.message;
	enum status status;

	message->envelope = *envelope;
	message->header = (struct header){0};
	message->body = message->credential = message->signed_run = (struct bytes){NULL, 0};
	if (envelope->is_encrypted) {
		return STATUS_NO_SESSION; /* Nothing was agreed on, so nothing can be read. */
	}
	status = message_decode(envelope, octets, message);
	if (status == STATUS_OK) {
		status = request_decode(message, &ret_exchange->request);
	}
	return status;
}

void
exchange_begin(struct service *service, struct exchange *exchange, struct look_ahead *ahead)
{
	if (service_begin(service, &exchange->request, &exchange->query)) {
		ahead->queries[ahead->count++] = &exchange->query;
	}
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

static void
exchange_respond(struct service *service, struct exchange *exchange, enum status status,
	const struct service_answer *answer, int64_t now_s)
{
	const struct service_site *site = service_site(service);
	const struct request *request = &exchange->request;
	struct response *response = &exchange->response;

	response_begin(request, native_response_code(status), site->serial, site->is_primary,
		(uint32_t)(now_s + EXPIRATION_S), response);
	response_fill(response, request, status, answer);
	if ((request->message.header.flags & MESSAGE_FLAG_REQUEST_DIGEST) != 0) {
		response_digest(request, false, exchange->digest, response);
	}
}

bool
exchange_answer(
	struct service *service, struct exchange *exchange, struct arena *arena, int64_t now_s)
{
	struct service_answer answer;
	enum status status =
		service_answer(service, &exchange->request, &exchange->query, arena, &answer);

	exchange_respond(service, exchange, status, &answer, now_s);
	return (exchange->request.message.header.flags & MESSAGE_FLAG_CERTIFY) != 0;
}

void
exchange_refuse(struct service *service, struct exchange *exchange, enum status status,
	struct bytes text, int64_t now_s)
{
	struct service_answer answer = {.text = text};

	exchange_respond(service, exchange, status, &answer, now_s);
}

void
exchange_write(struct wire_writer *writer, struct exchange *exchange)
{
	struct envelope *envelope = &exchange->response.message.envelope;
	uint8_t *start = wire_writer_take(writer, ENVELOPE_SIZE);
	struct wire_writer front;

	response_write(writer, &exchange->response);
	if (wire_writer_end(writer) != STATUS_OK) {
		return;
	}
	envelope->message_size = (uint32_t)(writer->next - start) - ENVELOPE_SIZE;
	front = wire_writer_over(start, ENVELOPE_SIZE);
	envelope_write(&front, envelope);
}

enum status
exchange_signature_kind(const struct exchange *exchange, enum crypto_key_kind key,
	bool is_sha1_allowed, enum crypto_digest *ret_digest, struct bytes *ret_digest_name)
{
	struct version asked = exchange->request.message.envelope.suggested;
	struct version spoken = exchange->response.message.envelope.version;
	bool is_sha256 = version_at_least(spoken, 2, 11) ||
		(key == CRYPTO_KEY_RSA && version_at_least(spoken, 2, 7));

	switch (key) {
	case CRYPTO_KEY_ED25519:
		*ret_digest = CRYPTO_SHA256;
		*ret_digest_name = TEXT("ED25519");
		return version_at_least(asked, 3, 0) && asked.major != 5 ? STATUS_OK
									 : STATUS_UNSUPPORTED;
	case CRYPTO_KEY_RSA:
	case CRYPTO_KEY_DSA:
		*ret_digest = is_sha256 ? CRYPTO_SHA256 : CRYPTO_SHA1;
		*ret_digest_name = is_sha256 ? TEXT("SHA-256") : TEXT("SHA1");
		return is_sha256 || is_sha1_allowed ? STATUS_OK : STATUS_UNSUPPORTED;
	case CRYPTO_KEY_SM2:
		break;
	}
	return STATUS_UNSUPPORTED;
}
