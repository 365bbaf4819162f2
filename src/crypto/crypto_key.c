/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

enum { SM2_NUMBER_SIZE = 32 };

static const char *const openssl_kinds[] = {
	[CRYPTO_KEY_RSA] = "RSA",
	[CRYPTO_KEY_DSA] = "DSA",
	[CRYPTO_KEY_ED25519] = "ED25519",
	[CRYPTO_KEY_SM2] = "SM2",
};

enum status
crypto_number_read(struct bytes run, size_t size_max, BIGNUM **ret_number)
{
	if (run.size == 0) {
		*ret_number = NULL;
		return STATUS_OK;
	}
	while (run.size > 0 && run.at[0] == 0) {
		run = bytes_slice(run, 1, run.size);
	}
	if (run.size > size_max) {
		return STATUS_TOO_LARGE;
	}
	if (run.size == 0) {
		return STATUS_INVALID;
	}

	BIGNUM *number = BN_bin2bn(run.at, (int)run.size, NULL);

	if (number == NULL) {
		return crypto_refuse(STATUS_NO_MEMORY);
	}
	*ret_number = number;
	return STATUS_OK;
}

enum status
crypto_key_take(
	EVP_PKEY *key, enum crypto_key_kind kind, bool is_private, struct crypto_key **ret_key)
{
	struct crypto_key *made = malloc(sizeof(*made));

	if (made == NULL) {
		EVP_PKEY_free(key);
		return STATUS_NO_MEMORY;
	}
	*made = (struct crypto_key){key, kind, is_private};
	*ret_key = made;
	return STATUS_OK;
}

enum status
crypto_key_assemble(enum crypto_key_kind kind, bool is_private, const struct crypto_part *parts,
	size_t part_count, struct crypto_key **ret_key)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *parameters = NULL;
	EVP_PKEY_CTX *context = NULL;
	EVP_PKEY *key = NULL;
	enum status status = STATUS_NO_MEMORY;

	for (size_t i = 0; build != NULL && i < part_count; i++) {
		if (parts[i].number != NULL &&
			OSSL_PARAM_BLD_push_BN(build, parts[i].name, parts[i].number) != 1) {
			goto done;
		}
	}
	parameters = build != NULL ? OSSL_PARAM_BLD_to_param(build) : NULL;
	context = EVP_PKEY_CTX_new_from_name(NULL, openssl_kinds[kind], NULL);
	if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1) {
		goto done;
	}
	if (EVP_PKEY_fromdata(context, &key, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
		    parameters) != 1) {
		status = STATUS_INVALID;
		goto done;
	}
	status = crypto_key_take(key, kind, is_private, ret_key);

done:
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	return status == STATUS_OK ? status : crypto_refuse(status);
}

enum status
crypto_key_new_sized(enum crypto_key_kind kind, unsigned bits, struct crypto_key **ret_key)
{
	EVP_PKEY *key = NULL;

	if (kind == CRYPTO_KEY_RSA ? bits < RSA_BITS_NEW_MIN || bits > RSA_BITS_NEW_MAX
				   : bits != 0) {
		return STATUS_INVALID;
	}
	switch (kind) {
	case CRYPTO_KEY_RSA:
		key = EVP_RSA_gen(bits);
		break;
	case CRYPTO_KEY_DSA:
		return STATUS_UNSUPPORTED;
	case CRYPTO_KEY_ED25519:
	case CRYPTO_KEY_SM2:
		key = EVP_PKEY_Q_keygen(NULL, NULL, openssl_kinds[kind]);
		break;
	}
	if (key == NULL) {
		return crypto_refuse(STATUS_NO_MEMORY);
	}
	return crypto_key_take(key, kind, true, ret_key);
}

enum status
crypto_key_new(enum crypto_key_kind kind, struct crypto_key **ret_key)
{
	return crypto_key_new_sized(kind, kind == CRYPTO_KEY_RSA ? RSA_BITS_NEW_MIN : 0, ret_key);
}

enum status
crypto_key_share(const struct crypto_key *key, struct crypto_key **ret_key)
{
	EVP_PKEY_up_ref(key->key);
	return crypto_key_take(key->key, key->kind, key->is_private, ret_key);
}

unsigned
crypto_key_bits(const struct crypto_key *key)
{
	return (unsigned)EVP_PKEY_get_bits(key->key);
}

void
crypto_key_free(struct crypto_key *key)
{
	if (key != NULL) {
		EVP_PKEY_free(key->key);
		free(key);
	}
}

enum crypto_key_kind
crypto_key_kind(const struct crypto_key *key)
{
	return key->kind;
}

bool
crypto_key_is_private(const struct crypto_key *key)
{
	return key->is_private;
}

/* Letters of a number, and what OpenSSL calls it. */
struct number_name {
	enum crypto_key_kind kind;
	bool is_private;
	const char *name;
	const char *openssl_name;
};

static const struct number_name number_names[] = {
	{CRYPTO_KEY_RSA, false, "n", OSSL_PKEY_PARAM_RSA_N},
	{CRYPTO_KEY_RSA, false, "e", OSSL_PKEY_PARAM_RSA_E},
	{CRYPTO_KEY_RSA, true, "d", OSSL_PKEY_PARAM_RSA_D},
	{CRYPTO_KEY_RSA, true, "p", OSSL_PKEY_PARAM_RSA_FACTOR1},
	{CRYPTO_KEY_RSA, true, "q", OSSL_PKEY_PARAM_RSA_FACTOR2},
	{CRYPTO_KEY_RSA, true, "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
	{CRYPTO_KEY_RSA, true, "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
	{CRYPTO_KEY_RSA, true, "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
	{CRYPTO_KEY_DSA, false, "p", OSSL_PKEY_PARAM_FFC_P},
	{CRYPTO_KEY_DSA, false, "q", OSSL_PKEY_PARAM_FFC_Q},
	{CRYPTO_KEY_DSA, false, "g", OSSL_PKEY_PARAM_FFC_G},
	{CRYPTO_KEY_DSA, false, "y", OSSL_PKEY_PARAM_PUB_KEY},
	{CRYPTO_KEY_DSA, true, "x", OSSL_PKEY_PARAM_PRIV_KEY},
	{CRYPTO_KEY_ED25519, false, "public", OSSL_PKEY_PARAM_PUB_KEY},
	{CRYPTO_KEY_ED25519, true, "private", OSSL_PKEY_PARAM_PRIV_KEY},
	{CRYPTO_KEY_SM2, false, "public", OSSL_PKEY_PARAM_PUB_KEY},
	{CRYPTO_KEY_SM2, true, "private", OSSL_PKEY_PARAM_PRIV_KEY},
};

/* The row for a number that this key has, or NULL. */
static const struct number_name *
number_name_find(const struct crypto_key *key, const char *name)
{
	for (size_t i = 0; i < sizeof(number_names) / sizeof(number_names[0]); i++) {
		const struct number_name *row = &number_names[i];

		if (row->kind == key->kind && strcmp(row->name, name) == 0 &&
			(key->is_private || !row->is_private)) {
			return row;
		}
	}
	return NULL;
}

static enum status
number_write(const struct crypto_key *key, const char *openssl_name, uint8_t *ret_octets,
	size_t capacity, size_t *ret_size)
{
	BIGNUM *number = NULL;

	if (EVP_PKEY_get_bn_param(key->key, openssl_name, &number) != 1) {
		return crypto_refuse(STATUS_NOT_FOUND);
	}

	/* The scalar of SM2 is written whole, as its kin on the curve of Ed25519 is. */
	size_t size = key->kind == CRYPTO_KEY_SM2 ? SM2_NUMBER_SIZE : (size_t)BN_num_bytes(number);
	enum status status = STATUS_OK;

	if (size > capacity) {
		status = STATUS_NO_SPACE;
	} else if (BN_bn2binpad(number, ret_octets, (int)size) < 0) {
		status = crypto_refuse(STATUS_NO_MEMORY);
	} else {
		*ret_size = size;
	}
	BN_clear_free(number);
	return status;
}

static enum status
octets_write(const struct crypto_key *key, const char *openssl_name, uint8_t *ret_octets,
	size_t capacity, size_t *ret_size)
{
	size_t size = 0;

	if (EVP_PKEY_get_octet_string_param(key->key, openssl_name, NULL, 0, &size) != 1) {
		return crypto_refuse(STATUS_NOT_FOUND);
	}
	if (size > capacity) {
		return STATUS_NO_SPACE;
	}
	if (EVP_PKEY_get_octet_string_param(key->key, openssl_name, ret_octets, capacity, &size) !=
		1) {
		return crypto_refuse(STATUS_NO_MEMORY);
	}
	*ret_size = size;
	return STATUS_OK;
}

enum status
crypto_key_number(const struct crypto_key *key, const char *name, uint8_t *ret_octets,
	size_t capacity, size_t *ret_size)
{
	const struct number_name *row = number_name_find(key, name);

	if (row == NULL) {
		return STATUS_NOT_FOUND;
	}
	if (key->kind == CRYPTO_KEY_ED25519 || (key->kind == CRYPTO_KEY_SM2 && !row->is_private)) {
		return octets_write(key, row->openssl_name, ret_octets, capacity, ret_size);
	}
	return number_write(key, row->openssl_name, ret_octets, capacity, ret_size);
}
