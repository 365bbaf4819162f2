/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

#include <assert.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <pthread.h>

/*
 * Why EVP and not SHA256_Update(): the ledger digests two runs of 150 to 300 octets for each
 * record, and with the algorithm fetched once and a context kept per thread EVP costs 200 and
 * 235 ns for those sizes where the bare functions (deprecated since OpenSSL 3.0) cost 130 and
 * 200 ns (OpenSSL 3.0.22, SHA-NI). A fetch per call, as EVP_Q_digest() does, costs 400 to
 * 600 ns.
 */
enum { DIGEST_COUNT = CRYPTO_SM3 + 1 };

static const struct {
	const char *name;
	size_t size;
} digests[DIGEST_COUNT] = {
	[CRYPTO_MD5] = {"MD5", 16},
	[CRYPTO_SHA1] = {"SHA1", 20},
	[CRYPTO_SHA256] = {"SHA256", 32},
	[CRYPTO_SM3] = {"SM3", 32},
};

static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static EVP_MD *algorithms[DIGEST_COUNT];
static EVP_MAC *hmac_algorithm;
static pthread_key_t thread_end;

static _Thread_local EVP_MD_CTX *contexts[DIGEST_COUNT];

static void
contexts_free(void *context)
{
	(void)context;
	for (size_t i = 0; i < DIGEST_COUNT; i++) {
		EVP_MD_CTX_free(contexts[i]);
		contexts[i] = NULL;
	}
}

static void
algorithms_fetch(void)
{
	for (size_t i = 0; i < DIGEST_COUNT; i++) {
		algorithms[i] = EVP_MD_fetch(NULL, digests[i].name, NULL);
		assert(algorithms[i] != NULL);
	}
	hmac_algorithm = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	assert(hmac_algorithm != NULL);

	int error = pthread_key_create(&thread_end, contexts_free);

	assert(error == 0);
}

const EVP_MD *
crypto_digest_algorithm(enum crypto_digest kind)
{
	int error = pthread_once(&fetched, algorithms_fetch);

	assert(error == 0);
	assert((size_t)kind < DIGEST_COUNT);
	return algorithms[kind];
}

const char *
crypto_digest_openssl_name(enum crypto_digest kind)
{
	assert((size_t)kind < DIGEST_COUNT);
	return digests[kind].name;
}

size_t
crypto_digest_size(enum crypto_digest kind)
{
	assert((size_t)kind < DIGEST_COUNT);
	return digests[kind].size;
}

/* This thread's context for `kind`, made on first use and freed when the thread ends. */
static EVP_MD_CTX *
digest_context(enum crypto_digest kind, const EVP_MD *algorithm)
{
	if (contexts[kind] == NULL) {
		contexts[kind] = EVP_MD_CTX_new();
		assert(contexts[kind] != NULL);

		int ok = EVP_DigestInit_ex2(contexts[kind], algorithm, NULL);
		/* Any value but NULL makes the destructor run. */
		int error = pthread_setspecific(thread_end, contexts);

		assert(ok == 1 && error == 0);
	}
	return contexts[kind];
}

void
crypto_digest_runs(
	enum crypto_digest kind, const struct bytes *runs, size_t run_count, uint8_t *ret_digest)
{
	const EVP_MD *algorithm = crypto_digest_algorithm(kind);
	EVP_MD_CTX *context = digest_context(kind, algorithm);
	int ok = EVP_DigestInit_ex2(context, NULL, NULL);

	for (size_t i = 0; ok == 1 && i < run_count; i++) {
		ok = EVP_DigestUpdate(context, runs[i].at, runs[i].size);
	}
	ok = ok == 1 && EVP_DigestFinal_ex(context, ret_digest, NULL) == 1;
	assert(ok == 1);
}

void
crypto_digest(enum crypto_digest kind, struct bytes run, uint8_t *ret_digest)
{
	crypto_digest_runs(kind, &run, 1, ret_digest);
}

void
crypto_hmac_runs(enum crypto_digest kind, struct bytes key, const struct bytes *runs,
	size_t run_count, uint8_t *ret_mac)
{
	const EVP_MD *algorithm = crypto_digest_algorithm(kind);
	/* OpenSSL takes the name as it takes a text to write to, but only reads it. */
	char *name = (char *)(uintptr_t)EVP_MD_get0_name(algorithm);
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac_algorithm);
	/* No pointer means "the key of before" to OpenSSL, so an empty key needs one too. */
	const uint8_t *key_at = key.size > 0 ? key.at : (const uint8_t *)"";
	int ok = context != NULL && EVP_MAC_init(context, key_at, key.size, parameters) == 1;

	for (size_t i = 0; ok == 1 && i < run_count; i++) {
		ok = EVP_MAC_update(context, runs[i].at, runs[i].size);
	}

	size_t size = 0;

	ok = ok == 1 && EVP_MAC_final(context, ret_mac, &size, digests[kind].size) == 1;
	EVP_MAC_CTX_free(context);
	assert(ok == 1 && size == digests[kind].size);
}

enum status
crypto_pbkdf2(enum crypto_digest kind, struct bytes secret, struct bytes salt, uint32_t iterations,
	size_t key_size, uint8_t *ret_key)
{
	if (iterations > PBKDF2_ITERATION_COUNT_MAX || secret.size > INT_MAX ||
		salt.size > INT_MAX || key_size > INT_MAX) {
		return STATUS_TOO_LARGE;
	}
	if (iterations == 0 || key_size == 0) {
		return STATUS_INVALID;
	}

	int ok = PKCS5_PBKDF2_HMAC((const char *)secret.at, (int)secret.size, salt.at,
		(int)salt.size, (int)iterations, crypto_digest_algorithm(kind), (int)key_size,
		ret_key);

	return ok == 1 ? STATUS_OK : crypto_refuse(STATUS_NO_MEMORY);
}
