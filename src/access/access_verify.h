/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "access/access.h"
#include "message/challenge_crypto.h"
#include "message/request.h"

/*
 * Is the answer to a challenge by the key that it names? (Handle.net 9, 13.)
 *
 *     access_verification_new(&proof, &reach, &budget, &verification);   finds the keys
 *     status = access_verification_run(verification);                    the slow part
 *     index  = access_verification_index(verification);                  which key it was
 *     access_verification_free(verification);
 *
 * Finding reads records, so it runs where they may be read. It copies the keys and the answer,
 * so that run() needs nothing else and may be called on any thread, later; free() overwrites
 * the copies.
 *
 * HS_PUBKEY holds RSA, DSA or, as our extension, Ed25519 and SM2 (with SM3, always). HS_SECKEY
 * holds a secret; all forms of the protocol are taken but MD5, and PBKDF2 within limits. SHA-1
 * counts only from clients whose protocol has nothing better (before 2.7; DSA before 2.11), and
 * only where the policy allows it; HMAC-SHA1 under a PBKDF2 key, the form since 2.7, is not
 * meant by that.
 *
 * Index 0 tries the values of that type in the order of their indexes, at most
 * SIGNATURE_CHECK_COUNT_MAX. A key that does not exist and a key that does not fit are told
 * apart neither by status nor by text.
 */
struct access_verification;

struct access_proof {
	struct bytes kind; /* "HS_PUBKEY" or "HS_SECKEY": exactly. */
	struct access_identity identity;
	struct bytes response;
	/* `response` is a public key in Handle encoding, whose private half the peer was seen to
	 * have (TLS); there is nothing else to be verified. */
	bool is_held;
	struct challenge_input input; /* What was to be signed. */
	struct version version; /* In which the answer is written: access_taken_version(). */
	bool allows_sha1;
};

/*
 *   OK           keys were found, or none: run() tells
 *   NO_PROOF     the kind is none of the two (404)
 *   UNPROVABLE   the handle lives elsewhere and is not known here (406)
 *   BUSY, CORRUPT from the look-up; NO_MEMORY
 */
enum status access_verification_new(const struct access_proof *proof,
	const struct access_reach *reach, struct access_budget *budget,
	struct access_verification **ret_verification) MUST_CHECK;

/* OK or WRONG_PROOF. */
enum status access_verification_run(struct access_verification *verification) MUST_CHECK;

/* The index of the value that proved it, after OK. */
uint32_t access_verification_index(const struct access_verification *verification);
void access_verification_free(struct access_verification *verification); /* NULL is fine. */
