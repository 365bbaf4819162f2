/* SPDX-License-Identifier: Apache-2.0 */
#include "message/request.h"

enum request_shape
request_shape(uint32_t opcode)
{
	switch (opcode) {
	case OPCODE_RESOLUTION:
	case OPCODE_LOGIN:
		return REQUEST_RESOLUTION;
	case OPCODE_DELETE_HANDLE:
	case OPCODE_LIST_HANDLES:
	case OPCODE_LIST_DERIVED_PREFIXES:
	case OPCODE_HOME_PREFIX:
	case OPCODE_UNHOME_PREFIX:
		return REQUEST_NAME;
	case OPCODE_GET_SITE_INFO:
	case OPCODE_LIST_HOMED_PREFIXES:
	case OPCODE_SESSION_TERMINATE:
	case OPCODE_GET_NEXT_TRANSACTION_ID:
	case OPCODE_BACKUP_SERVER:
		return REQUEST_MAYBE_NAME;
	case OPCODE_CREATE_HANDLE:
	case OPCODE_ADD_VALUE:
	case OPCODE_MODIFY_VALUE:
	case OPCODE_DOCK:
		return REQUEST_VALUES;
	case OPCODE_REMOVE_VALUE:
		return REQUEST_INDEXES;
	case OPCODE_CHALLENGE_RESPONSE:
		return REQUEST_CHALLENGE_RESPONSE;
	case OPCODE_VERIFY_CHALLENGE:
		return REQUEST_VERIFY_CHALLENGE;
	case OPCODE_SESSION_SETUP:
		return REQUEST_SESSION_SETUP;
	case OPCODE_SESSION_EXCHANGE_KEY:
		return REQUEST_EXCHANGE_KEY;
	case OPCODE_RETRIEVE_TRANSACTION_LOG:
		return REQUEST_TRANSACTIONS;
	case OPCODE_DUMP_HANDLES:
		return REQUEST_DUMP;
	case OPCODE_LOGIN_ID_SYSTEM:
		return REQUEST_LOGIN;
	}
	return REQUEST_UNKNOWN;
}

size_t
request_digest_size(uint8_t code)
{
	static const uint8_t sizes[] = {0, 16, 20, 32};

	return code < sizeof(sizes) ? sizes[code] : 0;
}

static struct bytes
name_read(struct wire_reader *reader)
{
	return wire_read_blob(reader, HANDLE_NAME_SIZE_MAX);
}

/* A count and that many indexes. */
static struct bytes
indexes_read(struct wire_reader *reader, uint32_t *ret_count)
{
	uint32_t count = wire_read_count(reader, 4);

	if (count > QUERY_FILTER_COUNT_MAX) {
		wire_reader_fail(reader, STATUS_TOO_LARGE);
	}
	*ret_count = count;
	return wire_read_bytes(reader, (size_t)count * 4);
}

static void
resolution_read(struct wire_reader *reader, struct request_resolution *resolution)
{
	const uint8_t *start;

	resolution->name = name_read(reader);
	resolution->indexes = indexes_read(reader, &resolution->index_count);
	resolution->type_count = wire_read_count(reader, 4);
	if (resolution->type_count > QUERY_FILTER_COUNT_MAX) {
		wire_reader_fail(reader, STATUS_TOO_LARGE);
	}
	start = reader->next;
	for (uint32_t i = 0; i < resolution->type_count && wire_reader_ok(reader); i++) {
		wire_read_blob(reader, HANDLE_TYPE_SIZE_MAX);
	}
	resolution->types = wire_read_since(reader, start);
}

static void
maybe_name_read(struct wire_reader *reader, struct request_name *name, bool may_be_absent)
{
	name->is_absent = may_be_absent && wire_reader_left(reader) == 0;
	name->name = name->is_absent ? (struct bytes){NULL, 0} : name_read(reader);
}

static void
challenge_response_read(struct wire_reader *reader, struct request_challenge_response *answer)
{
	answer->authentication_type = wire_read_blob(reader, HANDLE_TYPE_SIZE_MAX);
	answer->name = name_read(reader);
	answer->index = wire_read_u32(reader);
	answer->response = wire_read_blob(reader, KEY_SIZE_MAX);
}

/* The digest is a blob today; old senders wrote a code and raw octets. The first octet tells:
 * in a blob it is the highest of a length, and so zero. */
static void
verify_challenge_read(struct wire_reader *reader, struct request_verify_challenge *verify)
{
	verify->name = name_read(reader);
	verify->index = wire_read_u32(reader);
	verify->nonce = wire_read_blob(reader, KEY_SIZE_MAX);
	verify->digest_code = wire_reader_left(reader) > 0 ? reader->next[0] : 0;
	if (verify->digest_code == 0) {
		verify->request_digest = wire_read_blob(reader, REQUEST_DIGEST_SIZE_MAX);
	} else if (request_digest_size(verify->digest_code) > 0) {
		wire_read_u8(reader);
		verify->request_digest =
			wire_read_bytes(reader, request_digest_size(verify->digest_code));
	} else {
		wire_reader_fail(reader, STATUS_MALFORMED);
	}
	verify->response = wire_read_blob(reader, KEY_SIZE_MAX);
}

static void
session_setup_read(struct wire_reader *reader, struct request_session_setup *setup)
{
	*setup = (struct request_session_setup){.mode = wire_read_u16(reader)};
	setup->timeout_s = wire_read_u32(reader);
	setup->identity_name = name_read(reader);
	setup->identity_index = wire_read_u32(reader);
	if (setup->mode == SESSION_MODE_CLIENT || setup->mode == SESSION_MODE_DH) {
		setup->public_key = wire_read_blob(reader, KEY_SIZE_MAX);
	} else if (setup->mode == SESSION_MODE_HANDLE) {
		setup->key_name = name_read(reader);
		setup->key_index = wire_read_u32(reader);
	}
	setup->tail = wire_read_rest(reader);
}

static void
transactions_read(struct wire_reader *reader, struct version version,
	struct request_transactions *transactions)
{
	*transactions = (struct request_transactions){0};
	if (version_at_least(version, 2, 9)) {
		transactions->kind = wire_read_u8(reader);
	}
	if (transactions->kind == 0) {
		transactions->last_id = wire_read_u64(reader);
		transactions->last_date = wire_read_u64(reader);
	} else if (transactions->kind == 1) {
		transactions->state = wire_read_blob(reader, MESSAGE_SIZE_MAX);
	} else {
		wire_reader_fail(reader, STATUS_UNSUPPORTED);
	}
	transactions->hash_kind = wire_read_u8(reader);
	transactions->server_count = wire_read_u32(reader);
	transactions->server_number = wire_read_u32(reader);
}

static void
dump_read(struct wire_reader *reader, struct request_dump *dump)
{
	*dump = (struct request_dump){.hash_kind = wire_read_u8(reader)};
	dump->server_count = wire_read_u32(reader);
	dump->server_number = wire_read_u32(reader);
	dump->has_start = wire_reader_left(reader) > 0;
	if (dump->has_start) {
		dump->start = name_read(reader);
		dump->start_kind = wire_read_u32(reader);
	}
}

/* Bodies of what may change or prove something; the two that everybody asks are read above. */
static void
body_read(struct wire_reader *reader, enum request_shape shape, struct request *request)
{
	switch (shape) {
	case REQUEST_RESOLUTION:
		resolution_read(reader, &request->resolution);
		return;
	case REQUEST_NAME:
	case REQUEST_MAYBE_NAME:
		maybe_name_read(reader, &request->name, shape == REQUEST_MAYBE_NAME);
		return;
	case REQUEST_VALUES:
		request->values.name = name_read(reader);
		request->values.values = handle_value_list_read(reader);
		return;
	case REQUEST_INDEXES:
		request->indexes.name = name_read(reader);
		request->indexes.indexes = indexes_read(reader, &request->indexes.index_count);
		return;
	case REQUEST_CHALLENGE_RESPONSE:
		challenge_response_read(reader, &request->challenge_response);
		return;
	case REQUEST_VERIFY_CHALLENGE:
		verify_challenge_read(reader, &request->verify_challenge);
		return;
	case REQUEST_SESSION_SETUP:
		session_setup_read(reader, &request->session_setup);
		return;
	case REQUEST_EXCHANGE_KEY:
		request->exchange_key.encrypted_key = wire_read_blob(reader, KEY_SIZE_MAX);
		return;
	case REQUEST_TRANSACTIONS:
		transactions_read(
			reader, request->message.envelope.version, &request->transactions);
		return;
	case REQUEST_DUMP:
		dump_read(reader, &request->dump);
		return;
	case REQUEST_LOGIN:
		request->login.name = name_read(reader);
		request->login.index = wire_read_u32(reader);
		return;
	case REQUEST_UNKNOWN:
		break;
	}
	wire_reader_fail(reader, STATUS_UNSUPPORTED);
}

enum status
request_decode(const struct message *message, struct request *ret_request)
{
	struct wire_reader reader = wire_reader_over(message->body);

	ret_request->message = *message;
	if (message->header.response_code != RESPONSE_RESERVED) {
		return STATUS_INVALID;
	}
	if (message->header.opcode == OPCODE_RESERVED) {
		return STATUS_MALFORMED;
	}
	body_read(&reader, request_shape(message->header.opcode), ret_request);
	return wire_reader_end(&reader);
}

struct bytes
request_handle(const struct request *request)
{
	switch (request_shape(request->message.header.opcode)) {
	case REQUEST_RESOLUTION:
		return request->resolution.name;
	case REQUEST_NAME:
		return request->name.name;
	case REQUEST_VALUES:
		return request->values.name;
	case REQUEST_INDEXES:
		return request->indexes.name;
	case REQUEST_VERIFY_CHALLENGE:
		return request->verify_challenge.name;
	case REQUEST_LOGIN:
		return request->login.name;
	case REQUEST_UNKNOWN:
	case REQUEST_MAYBE_NAME:
	case REQUEST_CHALLENGE_RESPONSE:
	case REQUEST_SESSION_SETUP:
	case REQUEST_EXCHANGE_KEY:
	case REQUEST_TRANSACTIONS:
	case REQUEST_DUMP:
		break;
	}
	return (struct bytes){NULL, 0};
}
