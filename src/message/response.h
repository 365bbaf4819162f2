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
	RESPONSE_CREATED, /* 100: the handle created */
	RESPONSE_NAMES, /* 105 106 302 */
	RESPONSE_VERDICT, /* 201 */
	RESPONSE_SESSION, /* 400 */
	RESPONSE_NUMBER, /* 1000 */
	RESPONSE_STREAM, /* 1001: flags octet, then a stream that is not part of the message */
	RESPONSE_MESSAGE, /* Errors: a text, maybe indexes */
	RESPONSE_REFERRAL, /* 302 303 */
	RESPONSE_CHALLENGE, /* 402 */
};

struct response {
	struct message message;
	uint8_t digest_code; /* 0 none, 1 MD5, 2 SHA-1, 3 SHA-256: in front of the body. */
	bool is_digest_2_0; /* Challenges of protocol 2.0: a blob behind the nonce instead. */
	struct bytes digest;
	union {
		struct {
			struct bytes name;
			struct handle_value_list list;
		} values;
		struct bytes site;
		struct {
			struct bytes name;
			bool is_absent; /* Old servers: the body is empty. */
		} created;
		struct {
			uint32_t count;
			struct bytes blobs; /* count x blob */
		} names;
		uint8_t verdict; /* Bit 0: the answer to the challenge is right. */
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

/* `response_code` as in struct response: see response_decode(). */
enum response_shape response_shape(uint32_t opcode, uint32_t response_code);

/* True if an answer with this header may be the one to operation `opcode`. Refusals of what a
 * server could not read carry no operation; anything else without it would have another body. */
bool response_may_answer(const struct header *header, uint32_t opcode);

/* What a code on the wire means in protocol `version`: 303 below 2.5 is 7. */
uint32_t response_code_meant(struct version version, uint32_t code);

/*
 * INVALID when it is a request. Peers below 2.5 knew neither 7 nor 202 and were sent 303 and
 * 201 for them: response_write() writes those, and response_decode() makes 303 into 7 again
 * (201 stays); 7 or 202 from such a peer are INVALID. TRUNCATED, MALFORMED, TOO_LARGE as for
 * requests. Unlike `message.body`, `message.header.response_code` is then the meaning.
 *
 * `ret_response->message` is set in every case, the rest is meaningful only on success.
 */
enum status response_decode(
	const struct message *message, struct response *ret_response) MUST_CHECK;

/* The body with its digest. response_write() adds header (with body_size; the digest flag
 * says whether one is there) and message.credential, whose u32 size is always there.
 * TOO_LARGE in the writer past MESSAGE_SIZE_MAX. */
void response_body_write(struct wire_writer *writer, const struct response *response);
void response_write(struct wire_writer *writer, const struct response *response);

/*
 * Header and envelope of the answer to `request`, as Handle.net 9 sets them: the version is
 * version_to_answer(), the suggested one ours; session id, request id, opcode, recursion count
 * and the flags AUTHORITATIVE (always from a primary), CERTIFY, ENCRYPT, CACHE_CERTIFY,
 * PUBLIC_ONLY, MINT and DO_NOT_REFER are copied, RECURSIVE is always set. KEEP_ALIVE is the
 * transport's to set, CONTINUOUS and OVERWRITE the service's, REQUEST_DIGEST follows the
 * digest, which is left to response_digest(). The caller fills the member of the union that
 * response_shape() names; for error bodies that is an empty text until then.
 *
 * Only request->message is read, so refusals of bodies that did not decode work too.
 */
void response_begin(const struct request *request, uint32_t code, uint16_t site_serial,
	bool is_primary, uint32_t expiration, struct response *ret_response);

/*
 * The answer to octets that are no message, as Handle.net 9 sends it: version 2.3, no session,
 * opcode 0, site serial unknown; but the request id is copied as soon as 12 octets of
 * `received` (envelope first) are there, where Handle.net has 0xffffffff.
 */
void response_begin_unread(
	struct bytes received, uint32_t code, uint32_t expiration, struct response *ret_response);

/*
 * Fills digest_code and digest if the request asks for one or `is_forced` (challenges). The
 * version of the answer decides: SHA-256 from 2.7, SHA-1 from 2.1, below only challenges have
 * one (MD5): what Handle.net 9 writes elsewhere it cannot read itself. `ret_octets` lives as
 * long as the response is used. Call it after response_begin().
 */
void response_digest(const struct request *request, bool is_forced,
	uint8_t ret_octets[REQUEST_DIGEST_SIZE_MAX], struct response *response);
