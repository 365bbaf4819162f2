/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"
#include "access/access_result.h"
#include "message/challenge_crypto.h"
#include "message/message.h"
#include "message/request.h"

/*
 * Challenges that wait for their answer (Handle.net 9, 13).
 *
 *     request            access_challenge_add()      402, nonce, id in the envelope
 *     operation 200      access_challenge_take()     the original request, once
 *                        access_challenge_settle()   what became of it
 *     operation 200 again, the answer was lost:
 *                        access_challenge_take()     EXISTS: the same result again
 *
 * The table keeps the octets of the request, because operation 200 does not carry them. It is
 * shared by all workers under one lock, which is held for a few pointers and never while octets
 * are copied or digested. It never grows: number of challenges, octets of their requests and
 * challenges of one source are bounded, and when something is full the oldest gives way - first
 * results, then challenges.
 *
 * Ids are 31 random bits. They share one space with those of sessions (access_session.h): ids
 * of challenges are odd, ids of sessions even, so that no id can be both. Within a session a
 * challenge has the session's id; there is one at a time, and a newer one takes its place.
 *
 * An answer consumes its challenge, right or wrong: one guess for each nonce. An answer from
 * another address than the request's (IPv6: another /56) is TIMED_OUT and consumes nothing, so
 * that nobody can spoil challenges of others by trying ids.
 *
 * A lost answer. UDP clients send the same operation 200 up to four times, and a connection may
 * break between commit and answer. So the result of an answer is kept for
 * CHALLENGE_RESULT_LIFE_MS and told again to whoever repeats that message octet by octet, from
 * the same address: a create is a success twice, not a success and an "exists". Repeating a
 * message does not repeat the deed. A read leaves no result worth keeping, so its request and the
 * identity that was proven are kept instead, and it is done again.
 */
struct access_challenges;

struct access_challenge_limits {
	uint32_t count;
	uint32_t count_per_source;
	size_t octets; /* Of the requests kept. */
	uint32_t life_ms;
};

/* NULL if memory is short. */
struct access_challenges *access_challenges_new(const struct access_challenge_limits *limits);
void access_challenges_free(struct access_challenges *challenges);

enum { ACCESS_NONCE_SIZE = 16 };

/* What is asked. */
struct access_challenge_order {
	const struct request *request; /* In the clear; envelope.session_id 0 outside a session. */
	uint8_t source[16]; /* address_octets() */
	int64_t now_ms; /* Monotonic. */
};

struct access_challenge {
	uint32_t id; /* For the envelope of the answer. */
	uint8_t nonce[ACCESS_NONCE_SIZE];
	uint8_t digest_code; /* As response_digest() fills it: nonce and digest are signed. */
	uint8_t digest_size;
	uint8_t digest[REQUEST_DIGEST_SIZE_MAX];
};

/* Keeps a copy of the request's header and body. Within a session the same request again gets
 * the same challenge. BUSY when the source has its share, NO_MEMORY. */
enum status access_challenge_add(struct access_challenges *challenges,
	const struct access_challenge_order *order,
	struct access_challenge *ret_challenge) MUST_CHECK;

/* A request whose challenge was answered. Its owner frees it. */
struct access_taken {
	struct access_challenge challenge;
	struct envelope envelope; /* Of the original request. */
	struct bytes message; /* Its header and body; message_decode() reads them. */
	/* Set when the answer was verified before and the request is one that only reads. */
	bool is_proven;
	struct access_identity identity;
	uint64_t ticket; /* For access_challenge_settle(). */
};

/* The version in which the answer to this challenge is written. */
struct version access_taken_version(const struct access_taken *taken);
void access_taken_free(struct access_taken *taken); /* NULL is fine. */

/*
 * `answer` is operation 200, decoded.
 *
 *   OK         `ret_taken`: verify it, carry it out, settle it
 *   EXISTS     `ret_result`: it was carried out before; tell the result again (`ret_taken`
 *              is the request, as for OK)
 *   BUSY       it is being carried out now; a second answer is on its way
 *   CHALLENGE_GONE  no such challenge: too late, answered before, or never made
 *   NO_MEMORY
 */
enum status access_challenge_take(struct access_challenges *challenges,
	const struct request *answer, const uint8_t source[16], int64_t now_ms,
	struct access_taken **ret_taken, struct access_result *ret_result) MUST_CHECK;

/* What became of a change whose challenge was taken. */
void access_challenge_settle(struct access_challenges *challenges, uint64_t ticket,
	const struct access_result *result, int64_t now_ms);

/* The same for a read: `taken` stays the caller's; the identity is copied. */
void access_challenge_settle_read(struct access_challenges *challenges,
	const struct access_taken *taken, const struct access_identity *identity, int64_t now_ms);

/* Drops what has expired. Once a second is enough: nothing that has expired is ever used. */
void access_challenges_sweep(struct access_challenges *challenges, int64_t now_ms);

struct access_challenge_counts {
	uint32_t waiting; /* For an answer. */
	uint32_t results;
	size_t octets;
	uint64_t made, answered, repeated, expired, displaced;
};
void access_challenges_count(
	struct access_challenges *challenges, struct access_challenge_counts *ret_counts);
