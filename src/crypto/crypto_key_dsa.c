/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

#include <openssl/core_names.h>

/* DSA keys from their numbers (FIPS 186-4, 4.1). Handle.net's private keys lack y. */
enum { SIZE_MAX_DSA = DSA_BITS_MAX / 8, Q_BITS_MIN = 160, Q_BITS_MAX = 256, NUMBER_COUNT = 5 };

struct dsa_numbers {
	BIGNUM *p, *q, *g, *y, *x;
};

static enum status
dsa_numbers_read(const struct crypto_dsa *from, struct dsa_numbers *to)
{
	struct {
		struct bytes from;
		BIGNUM **to;
	} const rows[NUMBER_COUNT] = {
		{from->p, &to->p},
		{from->q, &to->q},
		{from->g, &to->g},
		{from->y, &to->y},
		{from->x, &to->x},
	};

	for (size_t i = 0; i < NUMBER_COUNT; i++) {
		enum status status = crypto_number_read(rows[i].from, SIZE_MAX_DSA, rows[i].to);

		if (status != STATUS_OK) {
			return status;
		}
	}
	if (to->x != NULL) {
		BN_set_flags(to->x, BN_FLG_CONSTTIME);
	}
	return STATUS_OK;
}

static enum status
dsa_sizes_check(const struct dsa_numbers *numbers)
{
	if (numbers->p == NULL || numbers->q == NULL || numbers->g == NULL) {
		return STATUS_INVALID;
	}
	if (BN_num_bits(numbers->p) < DSA_BITS_MIN) {
		return STATUS_UNSUPPORTED;
	}
	if (BN_num_bits(numbers->p) > DSA_BITS_MAX) {
		return STATUS_TOO_LARGE;
	}

	int q_bits = BN_num_bits(numbers->q);
	bool is_sound = BN_is_odd(numbers->p) && BN_is_odd(numbers->q) && q_bits >= Q_BITS_MIN &&
		q_bits <= Q_BITS_MAX && (numbers->y != NULL || numbers->x != NULL) &&
		(numbers->x == NULL || BN_cmp(numbers->x, numbers->q) < 0);

	return is_sound ? STATUS_OK : STATUS_INVALID;
}

/* True if `number` lies in the group: 1 < number < p, and its order divides q. */
static bool
dsa_number_is_in_group(const struct dsa_numbers *numbers, const BIGNUM *number, BN_CTX *context)
{
	BIGNUM *power = BN_new();
	bool is_in = power != NULL && !BN_is_one(number) && BN_cmp(number, numbers->p) < 0 &&
		BN_mod_exp(power, number, numbers->q, numbers->p, context) == 1 && BN_is_one(power);

	BN_free(power);
	return is_in;
}

/* Computes y from x where it is missing, and compares where it is not. */
static enum status
dsa_public_settle(struct dsa_numbers *numbers, BN_CTX *context)
{
	BIGNUM *y = BN_new();

	if (y == NULL ||
		BN_mod_exp_mont_consttime(y, numbers->g, numbers->x, numbers->p, context, NULL) !=
			1) {
		BN_free(y);
		return STATUS_NO_MEMORY;
	}
	if (numbers->y == NULL) {
		numbers->y = y;
		return STATUS_OK;
	}

	bool is_same = BN_cmp(numbers->y, y) == 0;

	BN_free(y);
	return is_same ? STATUS_OK : STATUS_INVALID;
}

static enum status
dsa_check(struct dsa_numbers *numbers)
{
	enum status status = dsa_sizes_check(numbers);

	if (status != STATUS_OK) {
		return status;
	}

	BN_CTX *context = BN_CTX_secure_new();

	if (context == NULL) {
		return STATUS_NO_MEMORY;
	}
	if (!dsa_number_is_in_group(numbers, numbers->g, context)) {
		status = STATUS_INVALID;
	}
	if (status == STATUS_OK && numbers->x != NULL) {
		status = dsa_public_settle(numbers, context);
	}
	if (status == STATUS_OK && !dsa_number_is_in_group(numbers, numbers->y, context)) {
		status = STATUS_INVALID;
	}
	BN_CTX_free(context);
	return status;
}

enum status
crypto_key_from_dsa(const struct crypto_dsa *from, struct crypto_key **ret_key)
{
	struct dsa_numbers numbers = {0};
	enum status status = dsa_numbers_read(from, &numbers);

	if (status == STATUS_OK) {
		status = dsa_check(&numbers);
	}
	if (status == STATUS_OK) {
		const struct crypto_part parts[NUMBER_COUNT] = {
			{OSSL_PKEY_PARAM_FFC_P, numbers.p},
			{OSSL_PKEY_PARAM_FFC_Q, numbers.q},
			{OSSL_PKEY_PARAM_FFC_G, numbers.g},
			{OSSL_PKEY_PARAM_PUB_KEY, numbers.y},
			{OSSL_PKEY_PARAM_PRIV_KEY, numbers.x},
		};

		status = crypto_key_assemble(
			CRYPTO_KEY_DSA, numbers.x != NULL, parts, NUMBER_COUNT, ret_key);
	}
	BN_free(numbers.p);
	BN_free(numbers.q);
	BN_free(numbers.g);
	BN_free(numbers.y);
	BN_clear_free(numbers.x);
	return status == STATUS_OK ? status : crypto_refuse(status);
}
