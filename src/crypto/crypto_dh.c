/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

/* base^x mod p for one of the two exported forms; the rules are the same. */
static enum status
dh_compute(
	const BIGNUM *p, const BIGNUM *x, const BIGNUM *base, uint8_t *ret_octets, size_t *ret_size)
{
	if (p == NULL || x == NULL || base == NULL) {
		return STATUS_INVALID;
	}
	if (BN_num_bits(p) < DH_BITS_MIN) {
		return STATUS_UNSUPPORTED;
	}
	if (BN_num_bits(p) > DH_BITS_MAX) {
		return STATUS_TOO_LARGE;
	}
	if (!BN_is_odd(p)) {
		return STATUS_INVALID;
	}

	BN_CTX *context = BN_CTX_secure_new();
	BIGNUM *most = BN_dup(p);
	BIGNUM *power = BN_secure_new();
	int size = BN_num_bytes(p);
	enum status status = STATUS_NO_MEMORY;

	if (context == NULL || most == NULL || power == NULL || BN_sub_word(most, 1) != 1) {
		goto done;
	}
	/* p - 1 has two powers only: the "secret" would be known to all. */
	if (BN_cmp(base, most) >= 0) {
		status = STATUS_INVALID;
		goto done;
	}
	if (BN_mod_exp_mont_consttime(power, base, x, p, context, NULL) != 1) {
		goto done;
	}
	/* So has 1 its one, and worse come with a p that is no prime. */
	if (BN_is_zero(power) || BN_is_one(power)) {
		status = STATUS_INVALID;
		goto done;
	}
	if (BN_bn2binpad(power, ret_octets, size) == size) {
		*ret_size = (size_t)size;
		status = STATUS_OK;
	}

done:
	BN_clear_free(power);
	BN_free(most);
	BN_CTX_free(context);
	return status == STATUS_OK ? status : crypto_refuse(status);
}

enum status
crypto_dh_shared(
	struct bytes p, struct bytes x, struct bytes peer, uint8_t *ret_shared, size_t *ret_size)
{
	BIGNUM *prime = NULL;
	BIGNUM *secret = NULL;
	BIGNUM *base = NULL;
	/* One octet more than the limit, so that a group just above it is told from nonsense. */
	size_t size_max = DH_BITS_MAX / 8 + 1;
	enum status status = crypto_number_read(p, size_max, &prime);

	if (status == STATUS_OK) {
		status = crypto_number_read(x, size_max, &secret);
	}
	if (status == STATUS_OK) {
		status = crypto_number_read(peer, size_max, &base);
	}
	if (status == STATUS_OK) {
		status = dh_compute(prime, secret, base, ret_shared, ret_size);
	}
	BN_free(base);
	BN_clear_free(secret);
	BN_free(prime);
	return status;
}

enum status
crypto_dh_public(
	struct bytes p, struct bytes x, struct bytes g, uint8_t *ret_public, size_t *ret_size)
{
	return crypto_dh_shared(p, x, g, ret_public, ret_size);
}
