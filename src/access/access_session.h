/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"
#include "access/access_result.h"
#include "message/credential.h"
#include "message/request.h"
#include "message/session_crypto.h"

/*
 * Sessions, the server's side (Handle.net 9, 14).
 *
 *     operation 400   access_session_offer_new()   cheap checks, on the worker
 *                     access_session_offer_run()   Diffie-Hellman, on a pool thread
 *                     access_session_open()        the id, and what the answer carries
 *     any message     access_session_find()        is there one: version, key
 *                     access_session_check()       HS_MAC and counter: once for each message
 *                     access_session_prove()       the identity, after a right answer
 *     its answer      access_session_sign()        the next counter of ours, and the HS_MAC
 *     operation 401   access_session_end()
 *
 * Only Diffie-Hellman (mode 4) opens a session: the other modes fail with SESSION_FAILED, as
 * they do in Handle.net. Groups have DH_BITS_MIN to DH_BITS_MAX bits and 1 < y < p - 1. From
 * protocol 2.7 on the cipher is AES; older protocols, whose MACs are broken or SHA-1 and whose
 * cipher may be DES, are taken only where the policy allows old ciphers.
 *
 * The table is shared by all workers under one lock, held for a copy of a key or a few
 * comparisons, never while anything is computed. It never grows: sessions are bounded in number
 * and per source. When it is full, a session that was opened but never proved an identity gives
 * way to a new one, the longest silent first; proven ones stay.
 *
 * A session ends when it was silent for its time-out (what the client asked for, within
 * SESSION_IDLE_S_MIN and the setting), when its life is over, or when it is told to. Its key is
 * overwritten then.
 *
 * Counters: the client counts its messages from 1. A counter is taken once; the table remembers
 * the last SESSION_WINDOW_COUNT and refuses what is older than all of them (REPLAYED), as
 * Handle.net does. Counter 0 is refused, too: Handle.net never checks it, which makes its
 * messages replayable for ever.
 *
 * A lost answer: a client that sends a change again signs it with a new counter, but request id,
 * header and body stay. access_session_recall() finds the result of the first one.
 */
struct access_sessions;

struct access_session_limits {
	uint32_t count;
	uint32_t count_per_source;
	uint32_t idle_s;
	uint32_t life_s;
};

/* NULL if memory is short. */
struct access_sessions *access_sessions_new(const struct access_session_limits *limits);
void access_sessions_free(struct access_sessions *sessions);

/* A session on its way; owns copies of all it needs. Its owner frees it. */
struct access_session_offer;

/* Checks what can be told without computing. SESSION_FAILED, with a text for people. */
enum status access_session_offer_new(const struct request *request,
	const struct access_policy *policy, const uint8_t source[16],
	struct access_session_offer **ret_offer, struct bytes *ret_text) MUST_CHECK;

/* The slow part: two powers in the client's group. Any thread. SESSION_FAILED. */
enum status access_session_offer_run(struct access_session_offer *offer) MUST_CHECK;

/* `data` of the answer (response.session): cipher and our public key; lives as long as the
 * offer. */
struct bytes access_session_offer_data(const struct access_session_offer *offer);
void access_session_offer_free(struct access_session_offer *offer); /* NULL is fine. */

/* BUSY when there are too many. */
enum status access_session_open(struct access_sessions *sessions,
	const struct access_session_offer *offer, int64_t now_ms, uint32_t *ret_id) MUST_CHECK;

/* A session as it was found: a copy. */
struct access_session {
	uint32_t id;
	uint64_t instance; /* The table's. */
	struct version version; /* In which the session was set up: that of its ciphertexts. */
	struct session_key key; /* access_session_forget() when done. */
	bool is_proven;
	uint32_t index; /* Proven: the value that proved it, never 0. */
	uint16_t name_size; /* Of both. */
	uint8_t name[HANDLE_NAME_SIZE_MAX];
};

static inline struct access_identity
access_session_identity(const struct access_session *session)
{
	return session->is_proven
		? (struct access_identity){bytes_over(session->name, session->name_size),
			  session->index}
		: (struct access_identity){{NULL, 0}, 0};
}

void access_session_forget(struct access_session *session);

/* NO_SESSION for an id that is none, or has expired. A message that is found does not keep the
 * session alive; one that passes its check does. */
enum status access_session_find(struct access_sessions *sessions, uint32_t id, int64_t now_ms,
	struct access_session *ret_session) MUST_CHECK;

/*
 * The HS_MAC of a message of this session, then its counter.
 *
 *   OK          the message is by the session, for the first time
 *   NO_PROOF    it carries no MAC ("Session request missing MAC code.")
 *   WRONG_MAC   it is by somebody else, or was changed ("Session authentication failed.")
 *   REPLAYED    the counter was seen before, or is too old
 *   NO_SESSION  it ended meanwhile
 */
enum status access_session_check(struct access_sessions *sessions,
	const struct access_session *session, const struct message *message,
	int64_t now_ms) MUST_CHECK;

/* A right answer to a challenge within the session, by value `index` of the identity's handle.
 * True if it is the identity named at set-up (octet by octet; index 0 there takes any), which
 * makes the session proven; false if it is another, which proves that one operation only. */
bool access_session_prove(struct access_sessions *sessions, uint32_t id,
	const struct access_identity *claimed, uint32_t index);

/* The counter for the next answer of ours. 0 when the session has ended. */
uint32_t access_session_next_counter(struct access_sessions *sessions, uint32_t id);

/* HS_MAC for an answer: `what.session_counter` from access_session_next_counter(). */
void access_session_sign(const struct access_session *session, const struct session_signed *what,
	struct session_mac *ret_mac);

/*
 * Before a change of a session is carried out: has it been, under this request id?
 *
 *   OK      no: from now on it is under way
 *   EXISTS  yes: `ret_result`
 *   BUSY    it is under way, or SESSION_RESULT_COUNT others are
 *   NO_SESSION, NO_MEMORY
 *
 * Whatever becomes of it is settled.
 */
enum status access_session_recall(struct access_sessions *sessions, uint32_t id,
	const struct message *message, struct access_result *ret_result) MUST_CHECK;
/* And after: nothing if it has ended, or if SESSION_RESULT_COUNT came after it. */
void access_session_settle(struct access_sessions *sessions, uint32_t id,
	const struct message *message, const struct access_result *result);

void access_session_end(struct access_sessions *sessions, uint32_t id);

/* Ends those that have expired, a part of the table at a time: call it once a second. */
void access_sessions_sweep(struct access_sessions *sessions, int64_t now_ms);

struct access_session_counts {
	uint32_t open, proven;
	uint64_t opened, expired, displaced, replayed, forged;
};
void access_sessions_count(
	struct access_sessions *sessions, struct access_session_counts *ret_counts);
