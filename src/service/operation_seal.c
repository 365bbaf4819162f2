/* SPDX-License-Identifier: Apache-2.0 */
#include "message/credential.h"
#include "service/service_private.h"

#include <stdlib.h>

/*
 * From the answer as a struct to its octets (Handle.net 9, 12 and 14): encoded; if the request
 * asks for proof (CERTIFY), with the HS_MAC of its session or signed by the node's key; within a
 * session encrypted, if the request asks for it or the answer holds what not everybody may
 * read.
 */
enum {
	CREDENTIAL_SIZE_MAX = CRYPTO_SIGNATURE_SIZE_MAX + 128,
	SEAL_SIZE_MAX = CREDENTIAL_SIZE_MAX + SESSION_OVERHEAD_SIZE_MAX,
};

/* How this answer is to be signed. UNSUPPORTED when this key may not sign for the protocol
 * version of the client. */
static enum status
signature_kind(struct operation *operation)
{
	struct version asked = operation->order.envelope.suggested;
	struct version spoken = operation->response.message.envelope.version;
	enum crypto_key_kind key = signer_key_kind(operation->face->signer);
	bool is_sha256 = version_at_least(spoken, 2, 11) ||
		(key == CRYPTO_KEY_RSA && version_at_least(spoken, 2, 7));

	operation->signing.digest = CRYPTO_SHA256;
	switch (key) {
	case CRYPTO_KEY_ED25519:
		operation->signature_digest_name = TEXT("ED25519");
		return version_at_least(asked, 3, 0) && asked.major != 5 ? STATUS_OK
									 : STATUS_UNSUPPORTED;
	case CRYPTO_KEY_RSA:
	case CRYPTO_KEY_DSA:
		operation->signing.digest = is_sha256 ? CRYPTO_SHA256 : CRYPTO_SHA1;
		operation->signature_digest_name = is_sha256 ? TEXT("SHA-256") : TEXT("SHA1");
		return is_sha256 || operation->face->is_sha1_allowed ? STATUS_OK
								     : STATUS_UNSUPPORTED;
	case CRYPTO_KEY_SM2:
		break;
	}
	return STATUS_UNSUPPORTED;
}

/* The message grew behind its body: its size in the envelope follows. */
static void
out_set_size(struct operation *operation, size_t size)
{
	struct wire_writer writer = wire_writer_over(operation->out, ENVELOPE_SIZE);

	operation->out_size = size;
	operation->response.message.envelope.message_size = (uint32_t)size - ENVELOPE_SIZE;
	envelope_write(&writer, &operation->response.message.envelope);
}

/* Puts a credential in the place of the u32 that says there is none. */
static enum status
out_append(struct operation *operation, const struct credential *credential)
{
	size_t size = operation->out_size - 4;
	struct wire_writer writer =
		wire_writer_over(operation->out + size, operation->out_capacity - size);
	struct wire_length length = wire_write_length_open(&writer);
	enum status status;

	credential_write(&writer, credential);
	wire_write_length_close(&writer, length);
	status = wire_writer_end(&writer);
	if (status == STATUS_OK) {
		out_set_size(operation, size + wire_writer_size(&writer));
	}
	return status;
}

/* The answer's octets so far, with room for what seals them. */
static enum status
out_make(struct operation *operation)
{
	struct wire_writer writer = wire_writer_over(operation->service->out, SERVICE_OUT_SIZE);
	enum status status;

	service_write(&writer, &operation->response);
	status = wire_writer_end(&writer);
	if (status != STATUS_OK) {
		return status == STATUS_NO_SPACE ? STATUS_TOO_LARGE : status;
	}
	operation->out_size = wire_writer_size(&writer);
	operation->out_capacity = operation->out_size + SEAL_SIZE_MAX;
	free(operation->out);
	operation->out = malloc(operation->out_capacity);
	if (operation->out == NULL) {
		return STATUS_NO_MEMORY;
	}
	memcpy(operation->out, operation->service->out, operation->out_size);
	return STATUS_OK;
}

/* Values that not everybody may read leave a session only encrypted, since 2.8. */
static bool
answer_is_private(const struct operation *operation)
{
	const struct response *response = &operation->response;
	const struct header *header = &response->message.header;
	struct wire_reader walk;
	struct handle_value value;

	if (!version_at_least(response->message.envelope.version, 2, 8) ||
		response_shape(header->opcode, header->response_code) != RESPONSE_VALUES) {
		return false;
	}
	walk = handle_value_list_walk(&response->values.list);
	while (handle_value_next(&walk, &value)) {
		if ((value.permissions & HANDLE_PUBLIC_READ) == 0) {
			return true;
		}
	}
	return false;
}

static bool
answer_is_encrypted(const struct operation *operation)
{
	const struct header *header = &operation->response.message.header;

	return operation->has_session && header->opcode != OPCODE_SESSION_SETUP &&
		((header->flags & MESSAGE_FLAG_ENCRYPT) != 0 || answer_is_private(operation));
}

static enum status
out_encrypt(struct operation *operation)
{
	size_t size = operation->out_size - ENVELOPE_SIZE;
	size_t capacity = ENVELOPE_SIZE + size + SESSION_OVERHEAD_SIZE_MAX;
	uint8_t *octets = malloc(capacity);
	size_t encrypted_size = 0;
	enum status status;

	if (octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	status = session_encrypt(&operation->session.key, operation->session.version,
		bytes_over(operation->out + ENVELOPE_SIZE, size), octets + ENVELOPE_SIZE,
		&encrypted_size);
	if (status == STATUS_OK && encrypted_size > MESSAGE_SIZE_MAX) {
		status = STATUS_TOO_LARGE;
	}
	if (status != STATUS_OK) {
		free(octets);
		return status;
	}
	crypto_forget(operation->out, operation->out_size);
	free(operation->out);
	operation->out = octets;
	operation->out_capacity = capacity;
	operation->response.message.envelope.is_encrypted = true;
	out_set_size(operation, ENVELOPE_SIZE + encrypted_size);
	return STATUS_OK;
}

static void
out_signed(struct signer_job *job)
{
	struct operation *operation = (struct operation *)job;
	struct credential credential = {
		.type = TEXT("HS_SIGNED"),
		.digest_name = operation->signature_digest_name,
		.signature = bytes_over(job->signature, job->signature_size),
	};
	enum status status = job->status;

	if (status == STATUS_OK) {
		status = out_append(operation, &credential);
	}
	monitor_add(operation->service->row,
		status == STATUS_OK ? METRIC_SIGNATURES_MADE : METRIC_SIGNATURES_FAILED, 1);
	if (status != STATUS_OK) {
		operation_fall_silent(operation);
		return;
	}
	operation_tell(operation);
}

static enum status
sign(struct operation *operation)
{
	struct signer_job *job = &operation->signing;
	size_t front_size;
	enum status status;

	if (operation->face->signer == NULL) {
		return STATUS_UNSUPPORTED;
	}
	status = signature_kind(operation);
	if (status != STATUS_OK) {
		return status;
	}
	front_size = credential_signed_front(
		&operation->response.message.envelope, 0, operation->signed_front);
	job->runs[0] = bytes_over(operation->signed_front, front_size);
	job->runs[1] =
		bytes_over(operation->out + ENVELOPE_SIZE, operation->out_size - ENVELOPE_SIZE - 4);
	job->run_count = 2;
	job->job.loop = operation->service->loop;
	job->told = out_signed;
	return signer_submit(operation->face->signer, job);
}

/* NO_SESSION when it has ended meanwhile. */
static enum status
out_mac(struct operation *operation)
{
	struct session_mac code;
	struct session_signed what = {
		.envelope = &operation->response.message.envelope,
		.session_counter = operation->counter,
		.run = bytes_over(
			operation->out + ENVELOPE_SIZE, operation->out_size - ENVELOPE_SIZE - 4),
	};
	struct credential credential = {.type = TEXT("HS_MAC")};

	if (what.session_counter == 0) {
		what.session_counter = access_session_next_counter(
			operation->service->access->sessions, operation->session.id);
	}
	if (what.session_counter == 0) {
		return STATUS_NO_SESSION;
	}
	access_session_sign(&operation->session, &what, &code);
	credential.session_counter = what.session_counter;
	credential.digest_name = code.digest_name;
	credential.signature = bytes_over(code.octets, code.size);
	return out_append(operation, &credential);
}

struct bytes
operation_octets(struct operation *operation)
{
	enum status status = operation->out_size > 0 ? STATUS_OK : STATUS_CLOSED;

	if (status == STATUS_OK && operation->is_mac_due) {
		status = out_mac(operation);
	}
	if (status == STATUS_OK && answer_is_encrypted(operation)) {
		status = out_encrypt(operation);
	}
	if (status != STATUS_OK) {
		return (struct bytes){NULL, 0};
	}
	service_count_answer(operation->service, &operation->response);
	return bytes_over(operation->out, operation->out_size);
}

/* What cannot be signed or written is refused instead, without a signature: never is the answer
 * itself sent unsigned. */
static void
seal_refusal(struct operation *operation, enum status status)
{
	struct service_answer answer = {.text = TEXT("the answer is larger than a message can be")};

	if (status == STATUS_UNSUPPORTED) {
		answer.text = TEXT("this server cannot sign for your protocol version");
	} else if (status == STATUS_BUSY) {
		answer.text = TEXT("too many signatures are waiting");
	}
	operation_response(operation, status, &answer);
	operation->feed = NULL;
	operation->is_mac_due = false;
	if (out_make(operation) == STATUS_OK) {
		operation_tell(operation);
	} else {
		operation_fall_silent(operation);
	}
}

static bool
opcode_is_of_session(uint32_t opcode)
{
	return opcode != OPCODE_SESSION_SETUP && opcode != OPCODE_SESSION_EXCHANGE_KEY;
}

void
operation_seal(struct operation *operation)
{
	const struct header *header = &operation->response.message.header;
	enum status status = out_make(operation);

	operation->is_mac_due = false;
	if (status == STATUS_OK && (header->flags & MESSAGE_FLAG_CERTIFY) != 0) {
		operation->is_mac_due =
			operation->has_session && opcode_is_of_session(header->opcode);
		if (!operation->is_mac_due) {
			status = sign(operation);
			if (status == STATUS_OK) {
				return;
			}
			monitor_add(operation->service->row,
				status == STATUS_BUSY ? METRIC_SIGNATURES_QUEUE_FULL
						      : METRIC_SIGNATURES_FAILED,
				1);
		}
	}
	if (status != STATUS_OK) {
		seal_refusal(operation, status);
		return;
	}
	operation_tell(operation);
}
