/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"
#include "wire/wire_reader.h"
#include "wire/wire_writer.h"

/*
 * Keys in Handle encoding: the data of HS_PUBKEY, the key in HS_SITE, the inside of a
 * private-key file. A blob names the algorithm, then its big integers follow as blobs.
 *
 * Integers are kept as found (a leading zero octet before a high bit, or not). Public keys
 * carry a u16 of flags behind the name. Octets behind the last integer are kept in `tail`:
 * Handle.net ends its RSA public keys with four zeros, and keys are compared as octets.
 *
 * "ED25519_PUB_KEY"/"ED25519_PRIV_KEY" (one blob: the 32 octets of RFC 8032) and
 * "SM2_PUB_KEY"/"SM2_PRIV_KEY" (0x04 || x || y, and the scalar) are extensions.
 */
enum handle_key_kind {
	HANDLE_KEY_RSA_PUBLIC,
	HANDLE_KEY_RSA_PRIVATE, /* n, d */
	HANDLE_KEY_RSA_PRIVATE_CRT, /* n, e, d, p, q, dP, dQ, qInv */
	HANDLE_KEY_DSA_PUBLIC, /* q, p, g, y */
	HANDLE_KEY_DSA_PRIVATE, /* x, p, q, g */
	HANDLE_KEY_DH_PUBLIC, /* y, p, g */
	HANDLE_KEY_ED25519_PUBLIC,
	HANDLE_KEY_ED25519_PRIVATE,
	HANDLE_KEY_SM2_PUBLIC,
	HANDLE_KEY_SM2_PRIVATE,
};

enum { HANDLE_KEY_PART_COUNT_MAX = 8 };

struct handle_key {
	enum handle_key_kind kind;
	uint16_t flags; /* Public keys only. */
	uint8_t part_count;
	struct bytes parts[HANDLE_KEY_PART_COUNT_MAX]; /* In the order written above. */
	struct bytes tail;
};

/* A view: the parts point into `octets`. UNSUPPORTED for an algorithm not listed, TOO_LARGE
 * past KEY_SIZE_MAX. Whether the numbers make a key is asked by handle_key_to_crypto(). */
enum status handle_key_decode(struct bytes octets, struct handle_key *ret_key) MUST_CHECK;
void handle_key_write(struct wire_writer *writer, const struct handle_key *key);
bool handle_key_is_private(const struct handle_key *key);

/* The same kind with the same numbers, however these are padded; flags and tail aside. */
bool handle_key_is_same(const struct handle_key *one, const struct handle_key *other);

/* The key that signs or verifies. UNSUPPORTED for Diffie-Hellman, which does neither;
 * otherwise as crypto_key_from_rsa() and its kin. The caller frees it. */
enum status handle_key_to_crypto(
	const struct handle_key *key, struct crypto_key **ret_key) MUST_CHECK;

/* The same octets that Handle.net writes for that key: integers with a zero octet before a
 * high bit, four zeros behind an RSA public key. INVALID for the private half of a public
 * key; NO_SPACE. Room for KEY_SIZE_MAX octets is enough for every key. */
enum status handle_key_write_public(
	struct wire_writer *writer, const struct crypto_key *key) MUST_CHECK;
enum status handle_key_write_private(
	struct wire_writer *writer, const struct crypto_key *key) MUST_CHECK;
