/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"
#include "message/message.h"

/*
 * The cryptography of sessions, as functions over octets: a key from what Diffie-Hellman
 * yielded, messages encrypted with it, and the HS_MAC that stands in credentials. Who may
 * open a session, and which counter comes next, is decided elsewhere.
 *
 *     crypto_dh_shared(p, x, peer, shared, &shared_size);
 *     session_key_derive(SESSION_CIPHER_AES, bytes_over(shared, shared_size), &key);
 *     session_mac_make(&key, &message, counter, &mac);
 *
 * The rules changed with the protocol version of the message, and those up to 2.6 carry the
 * mistakes of the programs that set them; they are followed to the octet, for reading and
 * writing, and doubted above.
 */
enum session_cipher {
	SESSION_CIPHER_DES = 1,
	SESSION_CIPHER_3DES = 2,
	SESSION_CIPHER_AES = 3,
};

enum { SESSION_KEY_SIZE_MAX = 32, SESSION_IV_SIZE_MAX = 16 };

/* Forget it with crypto_forget() when the session ends. */
struct session_key {
	enum session_cipher cipher;
	uint8_t size;
	uint8_t octets[SESSION_KEY_SIZE_MAX];
};

/* `cipher` is the number in the answer of the server; UNSUPPORTED if it is none of the above,
 * INVALID if the secret is shorter than the key. Peers that suggest less than 2.4 name no
 * cipher: they mean DES. */
enum status session_key_derive(
	uint32_t cipher, struct bytes shared, struct session_key *ret_key) MUST_CHECK;

/* Header, body and credential, to what follows the envelope instead: from 2.4 on a random IV
 * and CBC, before that ECB. `version` is that of the session. `ret_octets` holds plain.size +
 * SESSION_OVERHEAD_SIZE_MAX. AES uses the first 16 octets of the key only. */
enum { SESSION_OVERHEAD_SIZE_MAX = SESSION_IV_SIZE_MAX + CRYPTO_BLOCK_SIZE_MAX };
enum status session_encrypt(const struct session_key *key, struct version version,
	struct bytes plain, uint8_t *ret_octets, size_t *ret_size) MUST_CHECK;

/* The inverse; `ret_octets` holds encrypted.size. MALFORMED for wrong padding, TRUNCATED when
 * the IV does not fit. Peers must see no difference between these and a wrong HS_MAC. */
enum status session_decrypt(const struct session_key *key, struct version version,
	struct bytes encrypted, uint8_t *ret_octets, size_t *ret_size) MUST_CHECK;

/* An HS_MAC: `digest_name` and `signature` of a struct credential. */
struct session_mac {
	struct bytes digest_name; /* Static. */
	uint8_t size;
	uint8_t octets[CRYPTO_DIGEST_SIZE_MAX];
};

/* What is authenticated. The counter is that of the credential. */
struct session_signed {
	const struct envelope *envelope;
	uint32_t session_counter;
	struct bytes run; /* Header and body: message.signed_run. */
};

void session_mac_make(const struct session_key *key, const struct session_signed *what,
	struct session_mac *ret_mac);

/* DENIED when the MAC is not by this key over this message, UNSUPPORTED when `digest_name`
 * is not what this version uses. */
enum status session_mac_verify(const struct session_key *key, const struct session_signed *what,
	struct bytes digest_name, struct bytes mac) MUST_CHECK;
