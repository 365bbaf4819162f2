/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

/*
 * Single DES lives in OpenSSL's legacy provider, a module that a confined process may not be
 * able to load. Triple DES with one key three times is single DES (encrypt, decrypt and
 * encrypt again with the same key), and that one is in the default provider.
 */
enum { DES_KEY_SIZE = 8, KEY_OCTETS_MAX = 24 };

static const struct {
	const char *name;
	size_t key_size;
	size_t block_size;
	bool is_chained;
} ciphers[] = {
	[CRYPTO_DES_ECB] = {"DES-EDE3-ECB", DES_KEY_SIZE, 8, false},
	[CRYPTO_DES_CBC] = {"DES-EDE3-CBC", DES_KEY_SIZE, 8, true},
	[CRYPTO_3DES_ECB] = {"DES-EDE3-ECB", 24, 8, false},
	[CRYPTO_3DES_CBC] = {"DES-EDE3-CBC", 24, 8, true},
	[CRYPTO_AES128_ECB] = {"AES-128-ECB", 16, 16, false},
	[CRYPTO_AES128_CBC] = {"AES-128-CBC", 16, 16, true},
};

/* A context ready for `run`, or NULL and why. */
static EVP_CIPHER_CTX *
cipher_begin(enum crypto_cipher kind, struct bytes key, struct bytes iv, bool is_encryption,
	enum status *ret_status)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, ciphers[kind].name, NULL);

	if (cipher == NULL) {
		*ret_status = crypto_refuse(STATUS_UNSUPPORTED);
		return NULL;
	}

	uint8_t whole_key[KEY_OCTETS_MAX];

	assert(key.size <= sizeof(whole_key));
	memcpy(whole_key, key.at, key.size);
	if (key.size == DES_KEY_SIZE) {
		memcpy(whole_key + DES_KEY_SIZE, key.at, DES_KEY_SIZE);
		memcpy(whole_key + 2 * DES_KEY_SIZE, key.at, DES_KEY_SIZE);
	}

	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	if (context == NULL ||
		EVP_CipherInit_ex2(context, cipher, whole_key,
			ciphers[kind].is_chained ? iv.at : NULL, is_encryption, NULL) != 1) {
		*ret_status = crypto_refuse(STATUS_NO_MEMORY);
		EVP_CIPHER_CTX_free(context);
		context = NULL;
	}
	crypto_forget(whole_key, sizeof(whole_key));
	EVP_CIPHER_free(cipher);
	return context;
}

static enum status
cipher_check(enum crypto_cipher kind, struct bytes key, struct bytes iv, struct bytes run)
{
	assert((size_t)kind < sizeof(ciphers) / sizeof(ciphers[0]));

	size_t iv_size = ciphers[kind].is_chained ? ciphers[kind].block_size : 0;

	if (key.size != ciphers[kind].key_size || iv.size != iv_size) {
		return STATUS_INVALID;
	}
	return run.size > INT_MAX - CRYPTO_BLOCK_SIZE_MAX ? STATUS_TOO_LARGE : STATUS_OK;
}

/* The whole run through a context, which goes with it; `refusal` is what a failure means. */
static enum status
cipher_run(EVP_CIPHER_CTX *context, struct bytes run, enum status refusal, uint8_t *ret_octets,
	size_t *ret_size)
{
	enum status status = STATUS_OK;
	int size = 0;
	int last_size = 0;

	if (EVP_CipherUpdate(context, ret_octets, &size, run.at, (int)run.size) == 1 &&
		EVP_CipherFinal_ex(context, ret_octets + size, &last_size) == 1) {
		*ret_size = (size_t)size + (size_t)last_size;
	} else {
		crypto_forget(ret_octets, (size_t)size);
		status = crypto_refuse(refusal);
	}
	EVP_CIPHER_CTX_free(context);
	return status;
}

enum status
crypto_encrypt(enum crypto_cipher cipher, struct bytes key, struct bytes iv, struct bytes run,
	uint8_t *ret_octets, size_t *ret_size)
{
	enum status status = cipher_check(cipher, key, iv, run);

	if (status != STATUS_OK) {
		return status;
	}

	EVP_CIPHER_CTX *context = cipher_begin(cipher, key, iv, true, &status);

	if (context == NULL) {
		return status;
	}

	return cipher_run(context, run, STATUS_NO_MEMORY, ret_octets, ret_size);
}

enum status
crypto_decrypt(enum crypto_cipher cipher, struct bytes key, struct bytes iv, struct bytes run,
	uint8_t *ret_octets, size_t *ret_size)
{
	enum status status = cipher_check(cipher, key, iv, run);

	if (status != STATUS_OK) {
		return status;
	}
	if (run.size == 0 || run.size % ciphers[cipher].block_size != 0) {
		return STATUS_MALFORMED;
	}

	EVP_CIPHER_CTX *context = cipher_begin(cipher, key, iv, false, &status);

	if (context == NULL) {
		return status;
	}

	return cipher_run(context, run, STATUS_MALFORMED, ret_octets, ret_size);
}
