/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Digests, MACs, keys and signatures: the only folder that knows OpenSSL.
 *
 * Nothing of OpenSSL shows in these signatures. Big integers are unsigned, big-endian,
 * leading zeros allowed. Weak algorithms are here because old messages must be verified;
 * who may still use them is decided above.
 */
enum crypto_digest {
	CRYPTO_MD5,
	CRYPTO_SHA1,
	CRYPTO_SHA256,
	CRYPTO_SM3,
};

enum { CRYPTO_DIGEST_SIZE_MAX = 32 };

size_t crypto_digest_size(enum crypto_digest kind);
void crypto_digest(enum crypto_digest kind, struct bytes run, uint8_t *ret_digest);

/* Over several runs, as if they stood behind each other. */
void crypto_digest_runs(
	enum crypto_digest kind, const struct bytes *runs, size_t run_count, uint8_t *ret_digest);
void crypto_hmac_runs(enum crypto_digest kind, struct bytes key, const struct bytes *runs,
	size_t run_count, uint8_t *ret_mac);

/* PBKDF2 with HMAC-`kind` (RFC 8018). TOO_LARGE past PBKDF2_ITERATION_COUNT_MAX. */
enum status crypto_pbkdf2(enum crypto_digest kind, struct bytes secret, struct bytes salt,
	uint32_t iterations, size_t key_size, uint8_t *ret_key) MUST_CHECK;

bool crypto_equal(struct bytes one, struct bytes other); /* In constant time. */
void crypto_random(void *at, size_t size); /* From the kernel; aborts if it cannot. */
void crypto_forget(void *at, size_t size); /* Overwrites, never optimised away. */

/* Block ciphers of private-key files and old sessions. */
enum crypto_cipher {
	CRYPTO_DES_ECB,
	CRYPTO_DES_CBC,
	CRYPTO_3DES_ECB,
	CRYPTO_3DES_CBC,
	CRYPTO_AES128_ECB,
	CRYPTO_AES128_CBC,
};
/* PKCS#5 padding. `ret_octets` holds run.size + 16. UNSUPPORTED if this OpenSSL has none. */
enum status crypto_encrypt(enum crypto_cipher cipher, struct bytes key, struct bytes iv,
	struct bytes run, uint8_t *ret_octets, size_t *ret_size) MUST_CHECK;
enum status crypto_decrypt(enum crypto_cipher cipher, struct bytes key, struct bytes iv,
	struct bytes run, uint8_t *ret_octets, size_t *ret_size) MUST_CHECK;

/* Keys. A key may be shared by threads; it is freed by its owner. */
struct crypto_key;

enum crypto_key_kind {
	CRYPTO_KEY_RSA,
	CRYPTO_KEY_DSA,
	CRYPTO_KEY_ED25519,
	CRYPTO_KEY_SM2,
};

/* Public keys and private ones by their numbers; an empty run for what is not known (a
 * private key without CRT parts). INVALID when the numbers make no key, TOO_LARGE and
 * UNSUPPORTED past RSA_BITS_MIN and RSA_BITS_MAX. */
struct crypto_rsa {
	struct bytes n, e, d, p, q, dp, dq, qi;
};
struct crypto_dsa {
	struct bytes p, q, g, y, x;
};
enum status crypto_key_from_rsa(
	const struct crypto_rsa *numbers, struct crypto_key **ret_key) MUST_CHECK;
enum status crypto_key_from_dsa(
	const struct crypto_dsa *numbers, struct crypto_key **ret_key) MUST_CHECK;
enum status crypto_key_from_ed25519(struct bytes public_octets, struct bytes private_octets,
	struct crypto_key **ret_key) MUST_CHECK;

enum status crypto_key_new(enum crypto_key_kind kind, struct crypto_key **ret_key) MUST_CHECK;
void crypto_key_free(struct crypto_key *key);
enum crypto_key_kind crypto_key_kind(const struct crypto_key *key);
bool crypto_key_is_private(const struct crypto_key *key);

/* One number of the key by its letter(s): "n" "e" "d" "p" "q" "dp" "dq" "qi" "g" "y" "x", or
 * "public"/"private" for Ed25519. Writes at most `capacity` octets; NO_SPACE, NOT_FOUND. */
enum status crypto_key_number(const struct crypto_key *key, const char *name, uint8_t *ret_octets,
	size_t capacity, size_t *ret_size) MUST_CHECK;

/* PKCS#8 / SPKI PEM. Files are made with mode 0600 and never overwritten (EXISTS). */
enum status crypto_key_read_pem(
	const char *path, struct crypto_key **ret_key, struct problem *problem) MUST_CHECK;
enum status crypto_key_write_pem(
	const char *path, const struct crypto_key *key, struct problem *problem) MUST_CHECK;

/* RSA: PKCS#1 v1.5; DSA: DER of r and s; Ed25519: digest is ignored (RFC 8032). */
enum { CRYPTO_SIGNATURE_SIZE_MAX = 1024 };
enum status crypto_sign(const struct crypto_key *key, enum crypto_digest digest,
	const struct bytes *runs, size_t run_count,
	uint8_t ret_signature[CRYPTO_SIGNATURE_SIZE_MAX], size_t *ret_size) MUST_CHECK;
/* DENIED when the signature is not by this key over these octets. */
enum status crypto_verify(const struct crypto_key *key, enum crypto_digest digest,
	const struct bytes *runs, size_t run_count, struct bytes signature) MUST_CHECK;

/* Finite-field Diffie-Hellman: shared = peer^x mod p, padded to the length of p. INVALID
 * unless 1 < peer < p - 1 and p has 1024 bits or more. `ret_shared` holds p.size. */
enum status crypto_dh_shared(struct bytes p, struct bytes x, struct bytes peer, uint8_t *ret_shared,
	size_t *ret_size) MUST_CHECK;
