/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"
#include "message/message.h"

/*
 * Bodies of requests, one struct a shape; `message.header.opcode` says which member
 * of the union is meant. All runs are views into the message; lists are checked when the
 * request is decoded and walked afterwards, so decoding allocates nothing.
 */
enum { REQUEST_DIGEST_SIZE_MAX = 32 };

struct request_resolution {
	struct bytes name;
	uint32_t index_count;
	struct bytes indexes; /* index_count x u32. */
	uint32_t type_count;
	struct bytes types; /* type_count x blob. */
};

struct request_name { /* 2 101 105 106 300 301 302 401 1000 1003; "/" where none is meant. */
	struct bytes name;
	bool is_absent; /* 2 302 401 1000 1003 only: the body is empty (RFC 3652, 3.4). */
};

struct request_values { /* 100 102 104 8800 */
	struct bytes name;
	struct handle_value_list values;
};

struct request_indexes { /* 103 */
	struct bytes name;
	uint32_t index_count;
	struct bytes indexes;
};

struct request_challenge_response { /* 200 */
	struct bytes authentication_type; /* HS_PUBKEY, HS_SECKEY */
	struct bytes name;
	uint32_t index;
	struct bytes response;
};

struct request_verify_challenge { /* 201 */
	struct bytes name;
	uint32_t index;
	struct bytes nonce;
	struct bytes request_digest; /* At most REQUEST_DIGEST_SIZE_MAX octets. */
	uint8_t digest_code; /* Not 0: the digest came in the old form, this code and raw octets. */
	struct bytes response;
};

struct request_session_setup { /* 400 */
	uint16_t mode; /* enum session_mode */
	uint32_t timeout_s;
	struct bytes identity_name;
	uint32_t identity_index;
	struct bytes public_key; /* Modes 1 and 4. */
	struct bytes key_name; /* Mode 3. */
	uint32_t key_index;
	struct bytes tail; /* Two zero octets from most senders; all of an unknown mode's part. */
};

enum session_mode {
	SESSION_MODE_NONE = 0,
	SESSION_MODE_CLIENT = 1,
	SESSION_MODE_SERVER = 2,
	SESSION_MODE_HANDLE = 3,
	SESSION_MODE_DH = 4,
};

struct request_exchange_key { /* 402 */
	struct bytes encrypted_key;
};

struct request_transactions { /* 1001 */
	uint8_t kind; /* 0 one source, 1 all sources; not on the wire below 2.9. */
	uint64_t last_id; /* Kind 0. */
	uint64_t last_date; /* Kind 0; ms since 1970. */
	struct bytes state; /* Kind 1: JSON. */
	uint8_t hash_kind;
	uint32_t server_count;
	uint32_t server_number;
};

struct request_dump { /* 1002 */
	uint8_t hash_kind;
	uint32_t server_count;
	uint32_t server_number;
	bool has_start;
	struct bytes start;
	uint32_t start_kind;
};

struct request_login { /* 2001 */
	struct bytes name;
	uint32_t index;
};

struct request {
	struct message message;
	union {
		struct request_resolution resolution; /* Also 2000. */
		struct request_name name;
		struct request_values values;
		struct request_indexes indexes;
		struct request_challenge_response challenge_response;
		struct request_verify_challenge verify_challenge;
		struct request_session_setup session_setup;
		struct request_exchange_key exchange_key;
		struct request_transactions transactions;
		struct request_dump dump;
		struct request_login login;
	};
};

/* Which member of the union belongs to an operation. */
enum request_shape {
	REQUEST_UNKNOWN,
	REQUEST_RESOLUTION, /* 1 2000 */
	REQUEST_NAME, /* 101 105 106 300 301 */
	REQUEST_MAYBE_NAME, /* 2 302 401 1000 1003: `name`, where the body may be empty */
	REQUEST_VALUES, /* 100 102 104 8800 */
	REQUEST_INDEXES, /* 103 */
	REQUEST_CHALLENGE_RESPONSE, /* 200 */
	REQUEST_VERIFY_CHALLENGE, /* 201 */
	REQUEST_SESSION_SETUP, /* 400 */
	REQUEST_EXCHANGE_KEY, /* 402 */
	REQUEST_TRANSACTIONS, /* 1001 */
	REQUEST_DUMP, /* 1002 */
	REQUEST_LOGIN, /* 2001 */
};

enum request_shape request_shape(uint32_t opcode);

/*
 * INVALID when it is a response, MALFORMED for opcode 0, UNSUPPORTED for an opcode that is
 * not in opcodes.def or a kind of transaction request that nobody has defined. TOO_LARGE past
 * a limit of base/limits.h; TRUNCATED and MALFORMED when the body says so. Octets behind the
 * last field are MALFORMED.
 *
 * `ret_request->message` is set in every case, also when it is `message` itself, because a
 * refusal is built from it; the rest is meaningful only on success.
 */
enum status request_decode(const struct message *message, struct request *ret_request) MUST_CHECK;

/* How many octets a digest of code 1 (MD5), 2 (SHA-1) or 3 (SHA-256) has; 0 for other codes. */
size_t request_digest_size(uint8_t code);

/* The body alone; request_write() adds header (with body_size) and message.credential, whose
 * u32 size is always there. TOO_LARGE in the writer past MESSAGE_SIZE_MAX. */
void request_body_write(struct wire_writer *writer, const struct request *request);
void request_write(struct wire_writer *writer, const struct request *request);

/* The handle that the request is about; empty when it is about none (or only about who asks:
 * 200, 400). */
struct bytes request_handle(const struct request *request);
