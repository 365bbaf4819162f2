/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <string.h>

enum { ED25519_SIZE = 32, SM2_SCALAR_SIZE = 32, SM2_POINT_SIZE = 65 };

enum status
crypto_key_from_ed25519(
	struct bytes public_octets, struct bytes private_octets, struct crypto_key **ret_key)
{
	bool is_private = private_octets.size > 0;

	if ((is_private && private_octets.size != ED25519_SIZE) ||
		(public_octets.size > 0 && public_octets.size != ED25519_SIZE) ||
		(!is_private && public_octets.size == 0)) {
		return STATUS_INVALID;
	}

	EVP_PKEY *key = is_private ? EVP_PKEY_new_raw_private_key_ex(
					     NULL, "ED25519", NULL, private_octets.at, ED25519_SIZE)
				   : EVP_PKEY_new_raw_public_key_ex(
					     NULL, "ED25519", NULL, public_octets.at, ED25519_SIZE);

	if (key == NULL) {
		return crypto_refuse(STATUS_NO_MEMORY);
	}
	if (is_private && public_octets.size > 0) {
		uint8_t computed[ED25519_SIZE];
		size_t size = sizeof(computed);

		if (EVP_PKEY_get_raw_public_key(key, computed, &size) != 1 ||
			!bytes_equal(bytes_over(computed, size), public_octets)) {
			EVP_PKEY_free(key);
			return crypto_refuse(STATUS_INVALID);
		}
	}
	return crypto_key_take(key, CRYPTO_KEY_ED25519, is_private, ret_key);
}

/* The point that belongs to a scalar, and whether the scalar is one: 0 < scalar < n - 1
 * (GB/T 32918.1, 6.1). */
static enum status
sm2_point_compute(const BIGNUM *scalar, uint8_t ret_point[SM2_POINT_SIZE])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_sm2);
	EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
	BIGNUM *most = group != NULL ? BN_dup(EC_GROUP_get0_order(group)) : NULL;
	enum status status = STATUS_NO_MEMORY;

	if (point == NULL || most == NULL || BN_sub_word(most, 1) != 1) {
		goto done;
	}
	if (BN_cmp(scalar, most) >= 0) {
		status = STATUS_INVALID;
		goto done;
	}
	if (EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
		EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, ret_point,
			SM2_POINT_SIZE, NULL) == SM2_POINT_SIZE) {
		status = STATUS_OK;
	}

done:
	BN_free(most);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return status;
}

static enum status
sm2_assemble(const uint8_t *point, const BIGNUM *scalar, struct crypto_key **ret_key)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *parameters = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	EVP_PKEY *key = NULL;
	enum status status = STATUS_NO_MEMORY;

	if (build == NULL || context == NULL ||
		OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) != 1 ||
		OSSL_PARAM_BLD_push_octet_string(
			build, OSSL_PKEY_PARAM_PUB_KEY, point, SM2_POINT_SIZE) != 1 ||
		(scalar != NULL &&
			OSSL_PARAM_BLD_push_BN_pad(
				build, OSSL_PKEY_PARAM_PRIV_KEY, scalar, SM2_SCALAR_SIZE) != 1)) {
		goto done;
	}
	parameters = OSSL_PARAM_BLD_to_param(build);
	if (parameters == NULL || EVP_PKEY_fromdata_init(context) != 1) {
		goto done;
	}
	/* A point that is not on the curve stops here. */
	if (EVP_PKEY_fromdata(context, &key,
		    scalar != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
		status = STATUS_INVALID;
		goto done;
	}
	status = crypto_key_take(key, CRYPTO_KEY_SM2, scalar != NULL, ret_key);

done:
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build);
	return status;
}

enum status
crypto_key_from_sm2(
	struct bytes public_octets, struct bytes private_octets, struct crypto_key **ret_key)
{
	if (public_octets.size > 0 &&
		(public_octets.size != SM2_POINT_SIZE ||
			public_octets.at[0] != POINT_CONVERSION_UNCOMPRESSED)) {
		return STATUS_INVALID;
	}

	uint8_t point[SM2_POINT_SIZE];
	BIGNUM *scalar = NULL;
	enum status status = crypto_number_read(private_octets, SM2_SCALAR_SIZE, &scalar);

	if (status != STATUS_OK) {
		return STATUS_INVALID;
	}
	if (scalar == NULL) {
		if (public_octets.size == 0) {
			return STATUS_INVALID;
		}
		memcpy(point, public_octets.at, SM2_POINT_SIZE);
	} else {
		BN_set_flags(scalar, BN_FLG_CONSTTIME);
		status = sm2_point_compute(scalar, point);
		if (status == STATUS_OK && public_octets.size > 0 &&
			!bytes_equal(public_octets, bytes_over(point, SM2_POINT_SIZE))) {
			status = STATUS_INVALID;
		}
	}
	if (status == STATUS_OK) {
		status = sm2_assemble(point, scalar, ret_key);
	}
	BN_clear_free(scalar);
	return status == STATUS_OK ? status : crypto_refuse(status);
}
