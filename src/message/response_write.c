/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "message/response.h"

#include <string.h>

static void
error_write(struct wire_writer *writer, const struct response *response)
{
	wire_write_blob(writer, response->error.text);
	if (response->error.has_indexes) {
		wire_write_u32(writer, response->error.index_count);
		wire_write_bytes(writer, response->error.indexes);
	}
	wire_write_bytes(writer, response->error.tail);
}

static void
challenge_write(struct wire_writer *writer, const struct response *response)
{
	wire_write_blob(writer, response->nonce);
	if (response->is_digest_2_0) {
		wire_write_blob(writer, response->digest);
	}
}

static void
referral_write(struct wire_writer *writer, const struct response *response)
{
	wire_write_blob(writer, response->referral.name);
	if (response->referral.has_values) {
		handle_value_list_write(writer, &response->referral.list);
	}
}

static void
success_write(
	struct wire_writer *writer, enum response_shape shape, const struct response *response)
{
	switch (shape) {
	case RESPONSE_VALUES:
		wire_write_blob(writer, response->values.name);
		handle_value_list_write(writer, &response->values.list);
		return;
	case RESPONSE_SITE:
		wire_write_bytes(writer, response->site);
		return;
	case RESPONSE_CREATED:
		if (!response->created.is_absent) {
			wire_write_blob(writer, response->created.name);
		}
		return;
	case RESPONSE_NAMES:
		wire_write_u32(writer, response->names.count);
		wire_write_bytes(writer, response->names.blobs);
		return;
	case RESPONSE_VERDICT:
		wire_write_u8(writer, response->verdict);
		return;
	case RESPONSE_SESSION:
		wire_write_u16(writer, response->session.mode);
		wire_write_blob(writer, response->session.data);
		wire_write_bytes(writer, response->session.tail);
		return;
	case RESPONSE_NUMBER:
		wire_write_u64(writer, response->number);
		return;
	case RESPONSE_STREAM:
		wire_write_u8(writer, response->stream_flags);
		return;
	case RESPONSE_EMPTY:
	case RESPONSE_MESSAGE:
	case RESPONSE_REFERRAL:
	case RESPONSE_CHALLENGE:
		return;
	}
}

void
response_body_write(struct wire_writer *writer, const struct response *response)
{
	const struct header *header = &response->message.header;
	enum response_shape shape = response_shape(header->opcode, header->response_code);

	if (response->digest_code != 0) {
		wire_write_u8(writer, response->digest_code);
		wire_write_bytes(writer, response->digest);
	}
	if (shape == RESPONSE_MESSAGE) {
		error_write(writer, response);
	} else if (shape == RESPONSE_REFERRAL) {
		referral_write(writer, response);
	} else if (shape == RESPONSE_CHALLENGE) {
		challenge_write(writer, response);
	} else {
		success_write(writer, shape, response);
	}
}

void
response_write(struct wire_writer *writer, const struct response *response)
{
	struct header header = response->message.header;
	struct wire_length body;

	if (!version_at_least(response->message.envelope.version, 2, 5)) {
		if (header.response_code == RESPONSE_SERVER_BACKUP) {
			header.response_code = RESPONSE_PREFIX_REFERRAL;
		} else if (header.response_code == RESPONSE_INVALID_VALUE) {
			header.response_code = RESPONSE_VALUE_ALREADY_EXISTS;
		}
	}
	header.flags &= ~MESSAGE_FLAG_REQUEST_DIGEST;
	if (response->digest_code != 0) {
		header.flags |= MESSAGE_FLAG_REQUEST_DIGEST;
	}
	body = message_begin(writer, &header);
	response_body_write(writer, response);
	message_end(writer, body, response->message.credential);
}

/* Everything but the body: no digest, no credential. The body is set empty where a caller
 * may well leave it so. */
static void
response_clear(struct response *response)
{
	memset(response, 0, sizeof(*response));
	response->message.has_credential_size = true;
}

void
response_begin(const struct request *request, uint32_t code, uint16_t site_serial, bool is_primary,
	uint32_t expiration, struct response *ret_response)
{
	const struct message *asked = &request->message;
	const uint32_t copied = MESSAGE_FLAG_AUTHORITATIVE | MESSAGE_FLAG_CERTIFY |
		MESSAGE_FLAG_ENCRYPT | MESSAGE_FLAG_CACHE_CERTIFY | MESSAGE_FLAG_PUBLIC_ONLY |
		MESSAGE_FLAG_MINT | MESSAGE_FLAG_DO_NOT_REFER;

	response_clear(ret_response);
	ret_response->message.envelope = (struct envelope){
		.version = version_to_answer(&asked->envelope),
		.suggested = VERSION_OURS,
		.session_id = asked->envelope.session_id,
		.request_id = asked->envelope.request_id,
	};
	ret_response->message.header = (struct header){
		.opcode = asked->header.opcode,
		.response_code = code,
		.flags = (asked->header.flags & copied) | MESSAGE_FLAG_RECURSIVE |
			(is_primary ? MESSAGE_FLAG_AUTHORITATIVE : 0),
		.site_serial = site_serial,
		.recursion_count = asked->header.recursion_count,
		.expiration = expiration,
	};
}

void
response_begin_unread(
	struct bytes received, uint32_t code, uint32_t expiration, struct response *ret_response)
{
	struct wire_reader reader = wire_reader_over(bytes_slice(received, 8, 4));
	uint32_t request_id = wire_read_u32(&reader);

	response_clear(ret_response);
	ret_response->message.envelope = (struct envelope){
		.version = {2, 3},
		.suggested = VERSION_OURS,
		.request_id = wire_reader_ok(&reader) ? request_id : UINT32_MAX,
	};
	ret_response->message.header = (struct header){
		.response_code = code,
		.flags = MESSAGE_FLAG_RECURSIVE | MESSAGE_FLAG_CACHE_CERTIFY |
			MESSAGE_FLAG_PUBLIC_ONLY,
		.site_serial = UINT16_MAX,
		.expiration = expiration,
	};
}

void
response_digest(const struct request *request, bool is_forced,
	uint8_t ret_octets[REQUEST_DIGEST_SIZE_MAX], struct response *response)
{
	struct version version = response->message.envelope.version;
	enum crypto_digest kind = CRYPTO_MD5;

	if (!is_forced && (request->message.header.flags & MESSAGE_FLAG_REQUEST_DIGEST) == 0) {
		return;
	}
	if (version_at_least(version, 2, 7)) {
		kind = CRYPTO_SHA256;
		response->digest_code = 3;
	} else if (version_at_least(version, 2, 1)) {
		kind = CRYPTO_SHA1;
		response->digest_code = 2;
	} else if (is_forced) {
		response->is_digest_2_0 = true;
	} else {
		return;
	}
	crypto_digest(kind, request->message.signed_run, ret_octets);
	response->digest = bytes_over(ret_octets, crypto_digest_size(kind));
}
