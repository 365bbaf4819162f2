/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"
#include "message/message.h"

/*
 * What answers a challenge (response 402, operation 200): a signature with a private key
 * (HS_PUBKEY) or a MAC with a secret key (HS_SECKEY) over nonce and request digest, both as
 * in the challenge. Messages around it are in request.h and response.h.
 *
 * `version` is the one in which the answer is written: that of the challenge for a signature,
 * the lower of its version and its suggested version for a MAC.
 */
struct challenge_input {
	struct bytes nonce;
	struct bytes request_digest; /* Without the code in front of it. */
};

/* blob digest name, blob signature. signature_digest() chooses the digest: SHA-256 from
 * 2.7 on, with DSA from 2.11 on, else SHA-1.
 * INVALID without the private half, NO_SPACE. */
enum status challenge_sign(struct wire_writer *writer, const struct crypto_key *key,
	struct version version, const struct challenge_input *input) MUST_CHECK;

/* DENIED when the answer is not by this key; also when it is malformed or names a digest that
 * is no longer trusted: MD5. */
enum status challenge_verify_signature(const struct crypto_key *key,
	const struct challenge_input *input, struct bytes answer) MUST_CHECK;

/* Code and MAC (handle_mac.h): 0x22 from 2.7 on, 0x02 from 2.1 on, bare MD5 before.
 * INVALID for an empty secret, TOO_LARGE past SECRET_SIZE_MAX, NO_SPACE. */
enum status challenge_mac_write(struct wire_writer *writer, struct bytes secret,
	struct version version, const struct challenge_input *input) MUST_CHECK;

/* DENIED, UNSUPPORTED, TOO_LARGE as handle_mac_verify(). An answer of 16 octets without a
 * code, as 2.0 wrote it, counts only where `is_md5_allowed`. */
enum status challenge_verify_mac(struct bytes secret, const struct challenge_input *input,
	struct bytes answer, bool is_md5_allowed) MUST_CHECK;

/* The digest with which a key signs, here and in credentials. Ed25519 needs none and is named
 * like RSA; SM2 has its own. */
enum crypto_digest signature_digest(enum crypto_key_kind kind, struct version version);
