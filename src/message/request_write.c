/* SPDX-License-Identifier: Apache-2.0 */
#include "message/request.h"

/* The count of a list whose items are encoded already, then the items. */
static void
list_write(struct wire_writer *writer, uint32_t count, struct bytes items)
{
	wire_write_u32(writer, count);
	wire_write_bytes(writer, items);
}

static void
resolution_write(struct wire_writer *writer, const struct request_resolution *resolution)
{
	wire_write_blob(writer, resolution->name);
	list_write(writer, resolution->index_count, resolution->indexes);
	list_write(writer, resolution->type_count, resolution->types);
}

static void
verify_challenge_write(struct wire_writer *writer, const struct request_verify_challenge *verify)
{
	wire_write_blob(writer, verify->name);
	wire_write_u32(writer, verify->index);
	wire_write_blob(writer, verify->nonce);
	if (verify->digest_code == 0) {
		wire_write_blob(writer, verify->request_digest);
	} else {
		wire_write_u8(writer, verify->digest_code);
		wire_write_bytes(writer, verify->request_digest);
	}
	wire_write_blob(writer, verify->response);
}

static void
session_setup_write(struct wire_writer *writer, const struct request_session_setup *setup)
{
	wire_write_u16(writer, setup->mode);
	wire_write_u32(writer, setup->timeout_s);
	wire_write_blob(writer, setup->identity_name);
	wire_write_u32(writer, setup->identity_index);
	if (setup->mode == SESSION_MODE_CLIENT || setup->mode == SESSION_MODE_DH) {
		wire_write_blob(writer, setup->public_key);
	} else if (setup->mode == SESSION_MODE_HANDLE) {
		wire_write_blob(writer, setup->key_name);
		wire_write_u32(writer, setup->key_index);
	}
	wire_write_bytes(writer, setup->tail);
}

static void
transactions_write(struct wire_writer *writer, struct version version,
	const struct request_transactions *transactions)
{
	if (version_at_least(version, 2, 9)) {
		wire_write_u8(writer, transactions->kind);
	} else if (transactions->kind != 0) {
		wire_writer_fail(writer, STATUS_UNSUPPORTED);
	}
	if (transactions->kind == 0) {
		wire_write_u64(writer, transactions->last_id);
		wire_write_u64(writer, transactions->last_date);
	} else {
		wire_write_blob(writer, transactions->state);
	}
	wire_write_u8(writer, transactions->hash_kind);
	wire_write_u32(writer, transactions->server_count);
	wire_write_u32(writer, transactions->server_number);
}

static void
dump_write(struct wire_writer *writer, const struct request_dump *dump)
{
	wire_write_u8(writer, dump->hash_kind);
	wire_write_u32(writer, dump->server_count);
	wire_write_u32(writer, dump->server_number);
	if (dump->has_start) {
		wire_write_blob(writer, dump->start);
		wire_write_u32(writer, dump->start_kind);
	}
}

static void
challenge_response_write(
	struct wire_writer *writer, const struct request_challenge_response *answer)
{
	wire_write_blob(writer, answer->authentication_type);
	wire_write_blob(writer, answer->name);
	wire_write_u32(writer, answer->index);
	wire_write_blob(writer, answer->response);
}

void
request_body_write(struct wire_writer *writer, const struct request *request)
{
	enum request_shape shape = request_shape(request->message.header.opcode);

	switch (shape) {
	case REQUEST_RESOLUTION:
		resolution_write(writer, &request->resolution);
		return;
	case REQUEST_NAME:
	case REQUEST_MAYBE_NAME:
		if (shape == REQUEST_NAME || !request->name.is_absent) {
			wire_write_blob(writer, request->name.name);
		}
		return;
	case REQUEST_VALUES:
		wire_write_blob(writer, request->values.name);
		handle_value_list_write(writer, &request->values.values);
		return;
	case REQUEST_INDEXES:
		wire_write_blob(writer, request->indexes.name);
		list_write(writer, request->indexes.index_count, request->indexes.indexes);
		return;
	case REQUEST_CHALLENGE_RESPONSE:
		challenge_response_write(writer, &request->challenge_response);
		return;
	case REQUEST_VERIFY_CHALLENGE:
		verify_challenge_write(writer, &request->verify_challenge);
		return;
	case REQUEST_SESSION_SETUP:
		session_setup_write(writer, &request->session_setup);
		return;
	case REQUEST_EXCHANGE_KEY:
		wire_write_blob(writer, request->exchange_key.encrypted_key);
		return;
	case REQUEST_TRANSACTIONS:
		transactions_write(
			writer, request->message.envelope.version, &request->transactions);
		return;
	case REQUEST_DUMP:
		dump_write(writer, &request->dump);
		return;
	case REQUEST_LOGIN:
		wire_write_blob(writer, request->login.name);
		wire_write_u32(writer, request->login.index);
		return;
	case REQUEST_UNKNOWN:
		break;
	}
	wire_writer_fail(writer, STATUS_UNSUPPORTED);
}

void
request_write(struct wire_writer *writer, const struct request *request)
{
	struct wire_length body = message_begin(writer, &request->message.header);

	request_body_write(writer, request);
	message_end(writer, body, request->message.credential);
}
