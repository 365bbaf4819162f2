/* SPDX-License-Identifier: Apache-2.0 */
#include "message/response.h"

static enum response_shape
success_shape(uint32_t opcode)
{
	switch (opcode) {
	case OPCODE_RESOLUTION:
	case OPCODE_LOGIN:
		return RESPONSE_VALUES;
	case OPCODE_GET_SITE_INFO:
		return RESPONSE_SITE;
	case OPCODE_CREATE_HANDLE:
		return RESPONSE_CREATED;
	case OPCODE_LIST_HANDLES:
	case OPCODE_LIST_DERIVED_PREFIXES:
	case OPCODE_LIST_HOMED_PREFIXES:
		return RESPONSE_NAMES;
	case OPCODE_VERIFY_CHALLENGE:
		return RESPONSE_VERDICT;
	case OPCODE_SESSION_SETUP:
		return RESPONSE_SESSION;
	case OPCODE_GET_NEXT_TRANSACTION_ID:
		return RESPONSE_NUMBER;
	case OPCODE_RETRIEVE_TRANSACTION_LOG:
		return RESPONSE_STREAM;
	}
	return RESPONSE_EMPTY;
}

enum response_shape
response_shape(uint32_t opcode, uint32_t response_code)
{
	switch (response_code) {
	case RESPONSE_SUCCESS:
		return success_shape(opcode);
	case RESPONSE_SERVICE_REFERRAL:
	case RESPONSE_PREFIX_REFERRAL:
		return RESPONSE_REFERRAL;
	case RESPONSE_AUTHENTICATION_NEEDED:
		return RESPONSE_CHALLENGE;
	}
	return RESPONSE_MESSAGE;
}

bool
response_may_answer(const struct header *header, uint32_t opcode)
{
	return header->opcode == opcode ||
		(header->opcode == OPCODE_RESERVED &&
			response_shape(opcode, header->response_code) == RESPONSE_MESSAGE);
}

static void
names_read(struct wire_reader *reader, struct response *response)
{
	const uint8_t *start;

	response->names.count = wire_read_count(reader, 4);
	start = reader->next;
	for (uint32_t i = 0; i < response->names.count && wire_reader_ok(reader); i++) {
		wire_read_blob(reader, HANDLE_NAME_SIZE_MAX);
	}
	response->names.blobs = wire_read_since(reader, start);
}

/* DO-IRP 3.0 appends the indexes at fault. Anything else behind the text is kept as found:
 * an error that says too much is still an error. */
static void
error_read(struct wire_reader *reader, struct response *response)
{
	struct wire_reader after;
	uint32_t count;

	response->error.text = wire_read_blob(reader, MESSAGE_SIZE_MAX);
	after = *reader;
	count = wire_read_u32(&after);
	response->error.has_indexes =
		wire_reader_ok(&after) && wire_reader_left(&after) == (size_t)count * 4;
	response->error.index_count = response->error.has_indexes ? count : 0;
	response->error.indexes = (struct bytes){NULL, 0};
	if (response->error.has_indexes) {
		*reader = after;
		response->error.indexes = wire_read_rest(reader);
	}
	response->error.tail = wire_read_rest(reader);
}

static void
referral_read(struct wire_reader *reader, struct response *response)
{
	response->referral.name = wire_read_blob(reader, HANDLE_NAME_SIZE_MAX);
	response->referral.has_values = wire_reader_left(reader) > 0;
	response->referral.list = (struct handle_value_list){0};
	if (response->referral.has_values) {
		response->referral.list = handle_value_list_read(reader);
	}
}

static void
challenge_read(struct wire_reader *reader, struct response *response)
{
	response->nonce = wire_read_blob(reader, KEY_SIZE_MAX);
	if (response->digest_code == 0 && wire_reader_left(reader) > 0) {
		response->is_digest_2_0 = true;
		response->digest = wire_read_blob(reader, REQUEST_DIGEST_SIZE_MAX);
	}
}

static void
session_read(struct wire_reader *reader, struct response *response)
{
	response->session.mode = wire_read_u16(reader);
	response->session.data = wire_read_blob(reader, KEY_SIZE_MAX);
	response->session.tail = wire_read_rest(reader);
}

static void
body_read(struct wire_reader *reader, enum response_shape shape, struct response *response)
{
	switch (shape) {
	case RESPONSE_EMPTY:
		return;
	case RESPONSE_VALUES:
		response->values.name = wire_read_blob(reader, HANDLE_NAME_SIZE_MAX);
		response->values.list = handle_value_list_read(reader);
		return;
	case RESPONSE_SITE:
		response->site = wire_read_rest(reader);
		return;
	case RESPONSE_CREATED:
		response->created.is_absent = wire_reader_left(reader) == 0;
		response->created.name = response->created.is_absent
			? (struct bytes){NULL, 0}
			: wire_read_blob(reader, HANDLE_NAME_SIZE_MAX);
		return;
	case RESPONSE_NAMES:
		names_read(reader, response);
		return;
	case RESPONSE_VERDICT:
		response->verdict = wire_read_u8(reader);
		return;
	case RESPONSE_SESSION:
		session_read(reader, response);
		return;
	case RESPONSE_NUMBER:
		response->number = wire_read_u64(reader);
		return;
	case RESPONSE_STREAM:
		response->stream_flags = wire_read_u8(reader);
		return;
	case RESPONSE_MESSAGE:
		error_read(reader, response);
		return;
	case RESPONSE_REFERRAL:
		referral_read(reader, response);
		return;
	case RESPONSE_CHALLENGE:
		challenge_read(reader, response);
		return;
	}
}

static void
digest_read(struct wire_reader *reader, struct response *response)
{
	response->digest_code = 0;
	response->is_digest_2_0 = false;
	response->digest = (struct bytes){NULL, 0};
	if ((response->message.header.flags & MESSAGE_FLAG_REQUEST_DIGEST) == 0) {
		return;
	}
	response->digest_code = wire_read_u8(reader);
	if (request_digest_size(response->digest_code) == 0) {
		wire_reader_fail(reader, STATUS_MALFORMED);
	}
	response->digest = wire_read_bytes(reader, request_digest_size(response->digest_code));
}

uint32_t
response_code_meant(struct version version, uint32_t code)
{
	if (code == RESPONSE_PREFIX_REFERRAL && !version_at_least(version, 2, 5)) {
		return RESPONSE_SERVER_BACKUP;
	}
	return code;
}

static bool
code_is_expected(struct version version, uint32_t code)
{
	if (version_at_least(version, 2, 5)) {
		return code != RESPONSE_RESERVED;
	}
	return code != RESPONSE_RESERVED && code != RESPONSE_SERVER_BACKUP &&
		code != RESPONSE_INVALID_VALUE;
}

enum status
response_decode(const struct message *message, struct response *ret_response)
{
	struct wire_reader reader = wire_reader_over(message->body);
	struct header *header = &ret_response->message.header;

	ret_response->message = *message;
	if (!code_is_expected(message->envelope.version, header->response_code)) {
		return STATUS_INVALID;
	}
	header->response_code =
		response_code_meant(message->envelope.version, header->response_code);
	digest_read(&reader, ret_response);
	body_read(&reader, response_shape(header->opcode, header->response_code), ret_response);
	return wire_reader_end(&reader);
}
