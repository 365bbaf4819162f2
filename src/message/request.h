/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"
#include "message/message.h"

/*
 * Bodies of requests, one struct a shape; `message.header.opcode` says which member
 * of the union is meant. All runs are views into the message; lists are checked when the
 * request is decoded and walked afterwards, so decoding allocates nothing.
 */
struct request_resolution {
	struct bytes name;
	uint32_t index_count;
	struct bytes indexes; /* index_count x u32. */
	uint32_t type_count;
	struct bytes types; /* type_count x blob. */
};

struct request_name { /* 2 101 105 106 300 301 302 401 1000 1003; "/" where none is meant. */
	struct bytes name;
};

struct request_values { /* 100 102 104 */
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
	struct bytes request_digest;
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
	struct bytes tail; /* Two zero octets from most senders. */
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

/* UNSUPPORTED for an opcode not in opcodes.def; INVALID when it is a response. */
enum status request_decode(const struct message *message, struct request *ret_request) MUST_CHECK;

/* The body alone; request_write() adds header and (empty) credential. */
void request_body_write(struct wire_writer *writer, const struct request *request);
void request_write(struct wire_writer *writer, const struct request *request);

/* The handle that the request is about; empty when it is about none. */
struct bytes request_handle(const struct request *request);
