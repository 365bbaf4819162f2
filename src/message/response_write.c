/* SPDX-License-Identifier: Apache-2.0 */
#include "message/response.h"

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

/* Peers below 2.5 take 7 and 202 for something else or nothing. */
static uint32_t
code_before_2_5(uint32_t code)
{
	if (code == RESPONSE_SERVER_BACKUP) {
		return RESPONSE_PREFIX_REFERRAL;
	}
	return code == RESPONSE_INVALID_VALUE ? (uint32_t)RESPONSE_VALUE_ALREADY_EXISTS : code;
}

void
response_write(struct wire_writer *writer, const struct response *response)
{
	struct header header = response->message.header;
	struct wire_length body;

	if (!version_at_least(response->message.envelope.version, 2, 5)) {
		header.response_code = code_before_2_5(header.response_code);
	}
	header.flags &= ~MESSAGE_FLAG_REQUEST_DIGEST;
	if (response->digest_code != 0) {
		header.flags |= MESSAGE_FLAG_REQUEST_DIGEST;
	}
	body = message_begin(writer, &header);
	response_body_write(writer, response);
	message_end(writer, body, response->message.credential);
}
