/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"
#include "message/message.h"
#include "message/request.h"

/*
 * Bodies of responses. Which member of the union is meant follows from the operation and
 * the response code (response_shape()); every body may begin with a digest of the request.
 */
enum response_shape {
	RESPONSE_EMPTY,
	RESPONSE_VALUES, /* 1: handle and values */
	RESPONSE_SITE, /* 2: HS_SITE data */
	RESPONSE_NAME, /* 100: the handle created */
	RESPONSE_NAMES, /* 105 106 302 */
	RESPONSE_VERDICT, /* 201 */
	RESPONSE_SESSION, /* 400 */
	RESPONSE_NUMBER, /* 1000 */
	RESPONSE_STREAM, /* 1001: flags octet, then a stream that is not part of the message */
	RESPONSE_MESSAGE, /* Errors: a text, maybe indexes */
	RESPONSE_REFERRAL, /* 302 303 */
	RESPONSE_CHALLENGE, /* 402 */
};

enum { REQUEST_DIGEST_SIZE_MAX = 32 };

struct response {
	struct message message;
	uint8_t digest_code; /* 0 none, 1 MD5, 2 SHA-1, 3 SHA-256; see `is_digest_2_0`. */
	bool is_digest_2_0; /* Protocol 2.0: blob MD5 without code and flag. */
	struct bytes digest;
	union {
		struct {
			struct bytes name;
			struct handle_value_list list;
		} values;
		struct bytes site;
		struct bytes name;
		struct {
			uint32_t count;
			struct bytes blobs; /* count x blob */
		} names;
		uint8_t verdict; /* Bit 0. */
		struct {
			uint16_t mode;
			struct bytes data;
			struct bytes tail;
		} session;
		uint64_t number;
		uint8_t stream_flags;
		struct {
			struct bytes text;
			bool has_indexes; /* DO-IRP 3.0. */
			uint32_t index_count;
			struct bytes indexes;
			struct bytes tail;
		} error;
		struct {
			struct bytes name;
			bool has_values;
			struct handle_value_list list;
		} referral;
		struct bytes nonce;
	};
};

enum response_shape response_shape(uint32_t opcode, uint32_t response_code);

enum status response_decode(
	const struct message *message, struct response *ret_response) MUST_CHECK;
void response_body_write(struct wire_writer *writer, const struct response *response);
void response_write(struct wire_writer *writer, const struct response *response);

/* Header and envelope of the answer to `request`: version, flags, ids as Handle.net 9 sets
 * them; the digest is left to response_digest(). */
void response_begin(const struct request *request, uint32_t code, uint16_t site_serial,
	bool is_primary, uint32_t expiration, struct response *ret_response);

/* Fills digest_code and digest if the request asks for one (RRDG) or `is_forced`
 * (challenges). `ret_octets` lives as long as the response is used. */
void response_digest(const struct request *request, bool is_forced,
	uint8_t ret_octets[REQUEST_DIGEST_SIZE_MAX], struct response *response);
