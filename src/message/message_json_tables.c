/* SPDX-License-Identifier: Apache-2.0 */
#include "message/message_json_tables.h"

#include "message/credential.h"
#include "message/request.h"
#include "message/response.h"

#include <stddef.h>

/* clang-format off */
#define FIELD(type, kind, name, member) \
	{JSON_FIELD_##kind, name, offsetof(type, member), 0, JSON_FIELD_ALWAYS, 0}
#define FIELD_FILLED(type, kind, name, member) \
	{JSON_FIELD_##kind, name, offsetof(type, member), 0, JSON_FIELD_IF_FILLED, 0}
#define FIELD_WHEN(type, kind, name, member, presence, flag) \
	{JSON_FIELD_##kind, name, offsetof(type, member), 0, JSON_FIELD_##presence, \
		offsetof(type, flag)}
#define FIELD_LIST(type, kind, name, count, member) \
	{JSON_FIELD_##kind, name, offsetof(type, member), offsetof(type, count), \
		JSON_FIELD_ALWAYS, 0}

const struct json_field message_json_envelope_fields[] = {
	FIELD(struct message_json_envelope, VERSION, "version", envelope.version),
	FIELD(struct message_json_envelope, VERSION, "suggested", envelope.suggested),
	FIELD(struct message_json_envelope, BOOL, "is_compressed", envelope.is_compressed),
	FIELD(struct message_json_envelope, BOOL, "is_encrypted", envelope.is_encrypted),
	FIELD(struct message_json_envelope, BOOL, "is_truncated", envelope.is_truncated),
	FIELD(struct message_json_envelope, U32, "session_id", envelope.session_id),
	FIELD(struct message_json_envelope, U32, "request_id", envelope.request_id),
	FIELD(struct message_json_envelope, U32, "sequence", envelope.sequence),
	FIELD_WHEN(struct message_json_envelope, U32, "message_size", envelope.message_size, IF_SET,
		has_message_size),
	{0},
};

const struct json_field message_json_header_fields[] = {
	FIELD(struct header, OPCODE, "opcode", opcode),
	FIELD(struct header, RESPONSE_CODE, "response_code", response_code),
	FIELD(struct header, FLAGS, "flags", flags),
	FIELD(struct header, U16, "site_serial", site_serial),
	FIELD(struct header, U8, "recursion_count", recursion_count),
	FIELD(struct header, U8, "reserved", reserved),
	FIELD(struct header, U32, "expiration", expiration),
	FIELD(struct header, U32, "body_size", body_size),
	{0},
};

const struct json_field message_json_credential_fields[] = {
	FIELD(struct credential, U8, "version", version),
	FIELD(struct credential, U8, "reserved", reserved),
	FIELD(struct credential, U16, "flags", flags),
	FIELD(struct credential, TEXT, "signer", signer),
	FIELD(struct credential, U32, "session_counter", session_counter),
	FIELD(struct credential, TEXT, "type", type),
	FIELD(struct credential, TEXT, "digest_name", digest_name),
	FIELD(struct credential, OCTETS, "signature", signature),
	{0},
};

static const struct json_field request_fields[][12] = {
	[REQUEST_RESOLUTION] = {
		FIELD(struct request, TEXT, "handle", resolution.name),
		FIELD_LIST(struct request, INDEXES, "indexes", resolution.index_count,
			resolution.indexes),
		FIELD_LIST(struct request, TEXTS, "types", resolution.type_count, resolution.types),
	},
	[REQUEST_NAME] = {
		FIELD(struct request, TEXT, "handle", name.name),
	},
	[REQUEST_MAYBE_NAME] = {
		FIELD_WHEN(struct request, TEXT, "handle", name.name, UNLESS_SET, name.is_absent),
	},
	[REQUEST_VALUES] = {
		FIELD(struct request, TEXT, "handle", values.name),
		FIELD(struct request, VALUES, "values", values.values),
	},
	[REQUEST_INDEXES] = {
		FIELD(struct request, TEXT, "handle", indexes.name),
		FIELD_LIST(struct request, INDEXES, "indexes", indexes.index_count,
			indexes.indexes),
	},
	[REQUEST_CHALLENGE_RESPONSE] = {
		FIELD(struct request, TEXT, "authentication_type",
			challenge_response.authentication_type),
		FIELD(struct request, TEXT, "handle", challenge_response.name),
		FIELD(struct request, U32, "index", challenge_response.index),
		FIELD(struct request, OCTETS, "response", challenge_response.response),
	},
	[REQUEST_VERIFY_CHALLENGE] = {
		FIELD(struct request, TEXT, "handle", verify_challenge.name),
		FIELD(struct request, U32, "index", verify_challenge.index),
		FIELD(struct request, OCTETS, "nonce", verify_challenge.nonce),
		FIELD_FILLED(struct request, U8, "digest_code", verify_challenge.digest_code),
		FIELD(struct request, OCTETS, "request_digest", verify_challenge.request_digest),
		FIELD(struct request, OCTETS, "response", verify_challenge.response),
	},
	[REQUEST_SESSION_SETUP] = {
		FIELD(struct request, U16, "mode", session_setup.mode),
		FIELD(struct request, U32, "timeout_s", session_setup.timeout_s),
		FIELD(struct request, TEXT, "identity_handle", session_setup.identity_name),
		FIELD(struct request, U32, "identity_index", session_setup.identity_index),
		FIELD_FILLED(struct request, OCTETS, "public_key", session_setup.public_key),
		FIELD_FILLED(struct request, TEXT, "key_handle", session_setup.key_name),
		FIELD_FILLED(struct request, U32, "key_index", session_setup.key_index),
		FIELD_FILLED(struct request, OCTETS, "tail", session_setup.tail),
	},
	[REQUEST_EXCHANGE_KEY] = {
		FIELD(struct request, OCTETS, "encrypted_key", exchange_key.encrypted_key),
	},
	[REQUEST_TRANSACTIONS] = {
		FIELD(struct request, U8, "kind", transactions.kind),
		FIELD_FILLED(struct request, U64, "last_id", transactions.last_id),
		FIELD_FILLED(struct request, U64, "last_date", transactions.last_date),
		FIELD_FILLED(struct request, TEXT, "state", transactions.state),
		FIELD(struct request, U8, "hash_kind", transactions.hash_kind),
		FIELD(struct request, U32, "server_count", transactions.server_count),
		FIELD(struct request, U32, "server_number", transactions.server_number),
	},
	[REQUEST_DUMP] = {
		FIELD(struct request, U8, "hash_kind", dump.hash_kind),
		FIELD(struct request, U32, "server_count", dump.server_count),
		FIELD(struct request, U32, "server_number", dump.server_number),
		FIELD_WHEN(struct request, TEXT, "start", dump.start, IF_SET, dump.has_start),
		FIELD_WHEN(struct request, U32, "start_kind", dump.start_kind, IF_SET,
			dump.has_start),
	},
	[REQUEST_LOGIN] = {
		FIELD(struct request, TEXT, "handle", login.name),
		FIELD(struct request, U32, "index", login.index),
	},
};

/* In front of every response body; only challenges of protocol 2.0 have the third. */
#define DIGEST_FIELDS \
	FIELD_FILLED(struct response, U8, "digest_code", digest_code), \
	FIELD_FILLED(struct response, OCTETS, "request_digest", digest)

static const struct json_field response_fields[][12] = {
	[RESPONSE_EMPTY] = {DIGEST_FIELDS},
	[RESPONSE_VALUES] = {
		DIGEST_FIELDS,
		FIELD(struct response, TEXT, "handle", values.name),
		FIELD(struct response, VALUES, "values", values.list),
	},
	[RESPONSE_SITE] = {
		DIGEST_FIELDS,
		FIELD(struct response, SITE, "site", site),
	},
	[RESPONSE_CREATED] = {
		DIGEST_FIELDS,
		FIELD_WHEN(struct response, TEXT, "handle", created.name, UNLESS_SET,
			created.is_absent),
	},
	[RESPONSE_NAMES] = {
		DIGEST_FIELDS,
		FIELD_LIST(struct response, TEXTS, "handles", names.count, names.blobs),
	},
	[RESPONSE_VERDICT] = {
		DIGEST_FIELDS,
		FIELD(struct response, U8, "verdict", verdict),
	},
	[RESPONSE_SESSION] = {
		DIGEST_FIELDS,
		FIELD(struct response, U16, "mode", session.mode),
		FIELD(struct response, OCTETS, "data", session.data),
		FIELD_FILLED(struct response, OCTETS, "tail", session.tail),
	},
	[RESPONSE_NUMBER] = {
		DIGEST_FIELDS,
		FIELD(struct response, U64, "number", number),
	},
	[RESPONSE_STREAM] = {
		DIGEST_FIELDS,
		FIELD(struct response, U8, "stream_flags", stream_flags),
	},
	[RESPONSE_MESSAGE] = {
		DIGEST_FIELDS,
		FIELD(struct response, TEXT, "text", error.text),
		{JSON_FIELD_INDEXES, "indexes", offsetof(struct response, error.indexes),
			offsetof(struct response, error.index_count), JSON_FIELD_IF_SET,
			offsetof(struct response, error.has_indexes)},
		FIELD_FILLED(struct response, OCTETS, "tail", error.tail),
	},
	[RESPONSE_REFERRAL] = {
		DIGEST_FIELDS,
		FIELD(struct response, TEXT, "handle", referral.name),
		FIELD_WHEN(struct response, VALUES, "values", referral.list, IF_SET,
			referral.has_values),
	},
	[RESPONSE_CHALLENGE] = {
		DIGEST_FIELDS,
		FIELD(struct response, OCTETS, "nonce", nonce),
		FIELD_FILLED(struct response, BOOL, "is_digest_2_0", is_digest_2_0),
	},
};
/* clang-format on */

const struct json_field *
message_json_request_fields(uint32_t opcode)
{
	enum request_shape shape = request_shape(opcode);

	return shape == REQUEST_UNKNOWN ? NULL : request_fields[shape];
}

const struct json_field *
message_json_response_fields(uint32_t opcode, uint32_t code_meant)
{
	return response_fields[response_shape(opcode, code_meant)];
}
