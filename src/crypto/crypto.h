/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
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

/* Nothing here can fail for what is digested; it aborts when memory is short for the context
 * that a thread keeps from its first digest on. A run may be empty, an HMAC key too. */
size_t crypto_digest_size(enum crypto_digest kind);
void crypto_digest(enum crypto_digest kind, struct bytes run, uint8_t *ret_digest);

/* Over several runs, as if they stood behind each other. */
void crypto_digest_runs(
	enum crypto_digest kind, const struct bytes *runs, size_t run_count, uint8_t *ret_digest);

/* Over runs that come one after another, as for a file. NULL when memory is short. */
struct crypto_stream;
struct crypto_stream *crypto_stream_new(enum crypto_digest kind);
void crypto_stream_add(struct crypto_stream *stream, struct bytes run);
/* Of all added so far; more may be added afterwards. */
void crypto_stream_digest(const struct crypto_stream *stream, uint8_t *ret_digest);
void crypto_stream_free(struct crypto_stream *stream); /* NULL is fine. */

void crypto_hmac_runs(enum crypto_digest kind, struct bytes key, const struct bytes *runs,
	size_t run_count, uint8_t *ret_mac);

/* PBKDF2 with HMAC-`kind` (RFC 8018). TOO_LARGE past PBKDF2_ITERATION_COUNT_MAX, INVALID for
 * no rounds or no key. */
enum status crypto_pbkdf2(enum crypto_digest kind, struct bytes secret, struct bytes salt,
	uint32_t iterations, size_t key_size, uint8_t *ret_key) MUST_CHECK;

bool crypto_equal(struct bytes one, struct bytes other); /* In constant time. */
void crypto_random(void *at, size_t size); /* From the kernel; aborts if it cannot. */
void crypto_forget(void *at, size_t size); /* Overwrites, never optimised away. */

/* Block ciphers of private-key files and old sessions. Keys have 8, 24 or 16 octets, an IV
 * one block (8 or 16) in CBC mode and none in ECB mode; INVALID otherwise. */
enum crypto_cipher {
	CRYPTO_DES_ECB,
	CRYPTO_DES_CBC,
	CRYPTO_3DES_ECB,
	CRYPTO_3DES_CBC,
	CRYPTO_AES128_ECB,
	CRYPTO_AES128_CBC,
};
enum { CRYPTO_BLOCK_SIZE_MAX = 16 };

/* PKCS#5 padding. `ret_octets` holds run.size + 16 and does not overlap the run. To decrypt
 * is MALFORMED when the run is no whole number of blocks or the padding is wrong; who lets a
 * peer see the difference from a wrong MAC lets it decrypt. UNSUPPORTED if this OpenSSL
 * lacks the cipher. */
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

/* Public keys and private ones by their numbers; an empty run for what is not known: `d` or
 * `x` in a public key, the CRT parts in a private one. What follows from the rest is computed:
 * y, the CRT parts from p and q, and e from d if it is one of those in use (Handle.net's
 * RSA_PRIV_KEY has none). What is given must agree: INVALID when the numbers make no key.
 * Below RSA_BITS_MIN or DSA_BITS_MIN a key is UNSUPPORTED, above the _MAX TOO_LARGE. */
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

/* The point as 0x04 || x || y and the scalar; either may be empty, not both (GB/T 32918). */
enum status crypto_key_from_sm2(struct bytes public_octets, struct bytes private_octets,
	struct crypto_key **ret_key) MUST_CHECK;

/* A fresh private key: RSA of 2048 bits with e = 65537, Ed25519, SM2. UNSUPPORTED for DSA,
 * which is only kept for those who have it. */
enum status crypto_key_new(enum crypto_key_kind kind, struct crypto_key **ret_key) MUST_CHECK;

/* The same with the bits of an RSA key: INVALID below RSA_BITS_NEW_MIN, above
 * RSA_BITS_NEW_MAX, or for another kind unless `bits` is 0. */
enum { RSA_BITS_NEW_MIN = 2048, RSA_BITS_NEW_MAX = 4096 };
enum status crypto_key_new_sized(
	enum crypto_key_kind kind, unsigned bits, struct crypto_key **ret_key) MUST_CHECK;
/* Another owner for the same key: NO_MEMORY. */
enum status crypto_key_share(const struct crypto_key *key, struct crypto_key **ret_key) MUST_CHECK;
unsigned crypto_key_bits(const struct crypto_key *key); /* Of n, p, or the curve's field. */
void crypto_key_free(struct crypto_key *key);
enum crypto_key_kind crypto_key_kind(const struct crypto_key *key);
bool crypto_key_is_private(const struct crypto_key *key);

/* One number of the key by its letter(s): "n" "e" "d" "p" "q" "dp" "dq" "qi" "g" "y" "x",
 * without leading zeros; or "public"/"private" for Ed25519 (32 octets each) and SM2 (65 and
 * 32). Writes at most `capacity` octets; NO_SPACE, and NOT_FOUND for what this key has not. */
enum { CRYPTO_NUMBER_SIZE_MAX = RSA_BITS_MAX / 8 };
enum status crypto_key_number(const struct crypto_key *key, const char *name, uint8_t *ret_octets,
	size_t capacity, size_t *ret_size) MUST_CHECK;

/* PKCS#8 / SPKI PEM, not encrypted: a private key writes itself whole, a public one as SPKI.
 * Files are made with mode 0600 and never overwritten (EXISTS); on return they are on disk. */
enum status crypto_key_read_pem(
	const char *path, struct crypto_key **ret_key, struct problem *problem) MUST_CHECK;
enum status crypto_key_write_pem(
	const char *path, const struct crypto_key *key, struct problem *problem) MUST_CHECK;

/* The same for PEM in memory, and for one that is encrypted (PKCS#8 or the older form inside
 * the PEM): UNAUTHENTICATED when it needs a passphrase and none is given, DENIED when the one
 * given does not open it, MALFORMED when there is no key in it. Nothing is ever asked on a
 * terminal. */
enum status crypto_key_parse_pem(
	struct bytes text, struct bytes passphrase, struct crypto_key **ret_key) MUST_CHECK;

/* Writes PEM; with a passphrase as PKCS#8 with AES-256-CBC and PBKDF2-HMAC-SHA256 of
 * PEM_ITERATION_COUNT rounds (RFC 8018). INVALID for a public key with a passphrase, NO_SPACE
 * past `capacity`; KEY_PEM_SIZE_MAX is room for every key. */
enum { KEY_PEM_SIZE_MAX = 16384 };
enum status crypto_key_format_pem(const struct crypto_key *key, struct bytes passphrase,
	uint8_t *ret_text, size_t capacity, size_t *ret_size) MUST_CHECK;

/* RSA: PKCS#1 v1.5; DSA: DER of r and s; Ed25519: digest is ignored (RFC 8032); SM2: DER of
 * r and s over SM3 whatever `digest` says, with the identity 1234567812345678 (GB/T 32918.2,
 * GM/T 0009). UNSUPPORTED for a digest that OpenSSL does not sign with this kind of key,
 * INVALID without the private half. */
enum { CRYPTO_SIGNATURE_SIZE_MAX = 1024 };
enum status crypto_sign(const struct crypto_key *key, enum crypto_digest digest,
	const struct bytes *runs, size_t run_count,
	uint8_t ret_signature[CRYPTO_SIGNATURE_SIZE_MAX], size_t *ret_size) MUST_CHECK;
/* DENIED when the signature is not by this key over these octets. */
enum status crypto_verify(const struct crypto_key *key, enum crypto_digest digest,
	const struct bytes *runs, size_t run_count, struct bytes signature) MUST_CHECK;

/* Finite-field Diffie-Hellman: shared = peer^x mod p, padded to the length of p without its
 * leading zeros. INVALID unless 1 < peer < p - 1, x > 0 and p is odd; UNSUPPORTED below
 * DH_BITS_MIN, TOO_LARGE above DH_BITS_MAX. `ret_shared` holds p.size. */
enum status crypto_dh_shared(struct bytes p, struct bytes x, struct bytes peer, uint8_t *ret_shared,
	size_t *ret_size) MUST_CHECK;

/* The number to send to the peer, g^x mod p: same rules and same form. */
enum status crypto_dh_public(struct bytes p, struct bytes x, struct bytes g, uint8_t *ret_public,
	size_t *ret_size) MUST_CHECK;
