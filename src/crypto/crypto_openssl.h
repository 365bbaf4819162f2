/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/*
 * What the files of this folder share and nobody else sees.
 *
 * OpenSSL explains failures in a queue of the thread. Nobody reads it here: a status says
 * enough, and a queue left behind would be blamed on the next call. So every refusal goes
 * through crypto_refuse(), which empties it.
 */
struct crypto_key {
	EVP_PKEY *key;
	enum crypto_key_kind kind;
	bool is_private;
};

static inline enum status
crypto_refuse(enum status status)
{
	ERR_clear_error();
	return status;
}

/* The algorithm, fetched once for the process: a fetch costs more than a short digest. */
const EVP_MD *crypto_digest_algorithm(enum crypto_digest kind);
const char *crypto_digest_openssl_name(enum crypto_digest kind);

/* `run` as a number, NULL for an empty run. INVALID for zero, which is nowhere a number of a
 * key and must not pass for one that is left out; TOO_LARGE past `size_max` octets without
 * leading zeros. The caller frees it with BN_clear_free(). */
enum status crypto_number_read(struct bytes run, size_t size_max, BIGNUM **ret_number) MUST_CHECK;

/* A number of a key under construction, by OpenSSL's name for it; NULL is left out. */
struct crypto_part {
	const char *name;
	const BIGNUM *number;
};

/* Nothing is checked: the callers have. */
enum status crypto_key_assemble(enum crypto_key_kind kind, bool is_private,
	const struct crypto_part *parts, size_t part_count, struct crypto_key **ret_key) MUST_CHECK;

/* Takes over `key`, also when it fails. */
enum status crypto_key_take(EVP_PKEY *key, enum crypto_key_kind kind, bool is_private,
	struct crypto_key **ret_key) MUST_CHECK;

/* A key that OpenSSL read, made again from its numbers, so that it meets the checks that all keys
 * meet; `key` stays the caller's. UNSUPPORTED for a kind that is none of ours. */
enum status crypto_key_rebuild(
	EVP_PKEY *key, bool is_private, struct crypto_key **ret_key) MUST_CHECK;
