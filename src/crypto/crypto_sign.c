/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* GM/T 0009, 10: the identity of a signer who has agreed on no other. */
static const char sm2_identity[] = "1234567812345678";

/* Ed25519 reads the message twice, so it wants it in one piece. */
struct joined_run {
	struct bytes run;
	uint8_t *owned;
};

static enum status
runs_join(const struct bytes *runs, size_t run_count, struct joined_run *ret_joined)
{
	if (run_count == 1) {
		*ret_joined = (struct joined_run){runs[0], NULL};
		return STATUS_OK;
	}

	size_t size = 0;

	for (size_t i = 0; i < run_count; i++) {
		size += runs[i].size;
	}

	uint8_t *octets = calloc(1, size > 0 ? size : 1);
	uint8_t *next = octets;

	if (octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	for (size_t i = 0; i < run_count; i++) {
		if (runs[i].size > 0) {
			memcpy(next, runs[i].at, runs[i].size);
			next += runs[i].size;
		}
	}
	*ret_joined = (struct joined_run){bytes_over(octets, size), octets};
	return STATUS_OK;
}

/* A context that is ready to sign or to verify, or NULL and why. */
static EVP_MD_CTX *
signature_begin(const struct crypto_key *key, enum crypto_digest digest, bool is_signing,
	enum status *ret_status)
{
	const char *digest_name = crypto_digest_openssl_name(digest);
	EVP_PKEY_CTX *key_context = NULL; /* Of `context`, which frees it. */

	if (key->kind == CRYPTO_KEY_ED25519) {
		digest_name = NULL;
	} else if (key->kind == CRYPTO_KEY_SM2) {
		digest_name = crypto_digest_openssl_name(CRYPTO_SM3);
	}

	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (context == NULL) {
		*ret_status = crypto_refuse(STATUS_NO_MEMORY);
		return NULL;
	}

	int ok = is_signing ? EVP_DigestSignInit_ex(context, &key_context, digest_name, NULL, NULL,
				      key->key, NULL)
			    : EVP_DigestVerifyInit_ex(context, &key_context, digest_name, NULL,
				      NULL, key->key, NULL);

	/* Not as a parameter of the call above: OpenSSL 3.0.19 refuses it there. */
	if (ok == 1 && key->kind == CRYPTO_KEY_SM2) {
		ok = EVP_PKEY_CTX_set1_id(key_context, sm2_identity, (int)sizeof(sm2_identity) - 1);
	}
	if (ok != 1) {
		EVP_MD_CTX_free(context);
		*ret_status = crypto_refuse(STATUS_UNSUPPORTED);
		return NULL;
	}
	return context;
}

/* What OpenSSL cannot do with this key and digest, it says here. */
static bool
runs_feed(EVP_MD_CTX *context, bool is_signing, const struct bytes *runs, size_t run_count)
{
	for (size_t i = 0; i < run_count; i++) {
		int ok = is_signing ? EVP_DigestSignUpdate(context, runs[i].at, runs[i].size)
				    : EVP_DigestVerifyUpdate(context, runs[i].at, runs[i].size);

		if (ok != 1) {
			return false;
		}
	}
	return true;
}

enum status
crypto_sign(const struct crypto_key *key, enum crypto_digest digest, const struct bytes *runs,
	size_t run_count, uint8_t ret_signature[CRYPTO_SIGNATURE_SIZE_MAX], size_t *ret_size)
{
	if (!key->is_private) {
		return STATUS_INVALID;
	}

	enum status status = STATUS_OK;
	struct joined_run joined = {0};
	EVP_MD_CTX *context = signature_begin(key, digest, true, &status);

	if (context == NULL) {
		return status;
	}

	size_t size = CRYPTO_SIGNATURE_SIZE_MAX;
	bool is_signed = false;

	if (key->kind == CRYPTO_KEY_ED25519) {
		status = runs_join(runs, run_count, &joined);
		is_signed = status == STATUS_OK &&
			EVP_DigestSign(
				context, ret_signature, &size, joined.run.at, joined.run.size) == 1;
	} else {
		is_signed = runs_feed(context, true, runs, run_count) &&
			EVP_DigestSignFinal(context, ret_signature, &size) == 1;
	}
	if (is_signed) {
		*ret_size = size;
	} else if (status == STATUS_OK) {
		status = crypto_refuse(STATUS_UNSUPPORTED);
	}
	free(joined.owned);
	EVP_MD_CTX_free(context);
	return status;
}

enum status
crypto_verify(const struct crypto_key *key, enum crypto_digest digest, const struct bytes *runs,
	size_t run_count, struct bytes signature)
{
	enum status status = STATUS_OK;
	struct joined_run joined = {0};
	EVP_MD_CTX *context = signature_begin(key, digest, false, &status);

	if (context == NULL) {
		return status;
	}

	bool is_verified = false;

	if (key->kind == CRYPTO_KEY_ED25519) {
		status = runs_join(runs, run_count, &joined);
		is_verified = status == STATUS_OK &&
			EVP_DigestVerify(context, signature.at, signature.size, joined.run.at,
				joined.run.size) == 1;
	} else {
		is_verified = runs_feed(context, false, runs, run_count) &&
			EVP_DigestVerifyFinal(context, signature.at, signature.size) == 1;
	}
	if (!is_verified && status == STATUS_OK) {
		status = crypto_refuse(STATUS_DENIED);
	}
	free(joined.owned);
	EVP_MD_CTX_free(context);
	return status;
}
