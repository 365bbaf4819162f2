/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_openssl.h"

#include <openssl/core_names.h>

/*
 * RSA keys from their numbers. OpenSSL would take any numbers; a key that is wrong then shows
 * as a signature that nobody can verify, so what is given is checked here, where the file or
 * the record that it came from is still known.
 */
enum { SIZE_MAX_RSA = RSA_BITS_MAX / 8, NUMBER_COUNT = 8 };

struct rsa_numbers {
	BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qi;
};

static void
rsa_numbers_free(struct rsa_numbers *numbers)
{
	BIGNUM *all[] = {numbers->n, numbers->e, numbers->d, numbers->p, numbers->q, numbers->dp,
		numbers->dq, numbers->qi};

	for (size_t i = 0; i < NUMBER_COUNT; i++) {
		BN_clear_free(all[i]);
	}
}

static enum status
rsa_numbers_read(const struct crypto_rsa *from, struct rsa_numbers *to)
{
	struct {
		struct bytes from;
		BIGNUM **to;
		bool is_secret;
	} const rows[] = {
		{from->n, &to->n, false},
		{from->e, &to->e, false},
		{from->d, &to->d, true},
		{from->p, &to->p, true},
		{from->q, &to->q, true},
		{from->dp, &to->dp, true},
		{from->dq, &to->dq, true},
		{from->qi, &to->qi, true},
	};

	for (size_t i = 0; i < NUMBER_COUNT; i++) {
		enum status status = crypto_number_read(rows[i].from, SIZE_MAX_RSA, rows[i].to);

		if (status != STATUS_OK) {
			return status;
		}
		if (rows[i].is_secret && *rows[i].to != NULL) {
			BN_set_flags(*rows[i].to, BN_FLG_CONSTTIME);
		}
	}
	return STATUS_OK;
}

static enum status
rsa_modulus_check(const BIGNUM *n)
{
	if (n == NULL || !BN_is_odd(n)) {
		return STATUS_INVALID;
	}
	if (BN_num_bits(n) < RSA_BITS_MIN) {
		return STATUS_UNSUPPORTED;
	}
	return BN_num_bits(n) > RSA_BITS_MAX ? STATUS_TOO_LARGE : STATUS_OK;
}

static enum status
rsa_exponent_check(const BIGNUM *e)
{
	if (e == NULL || !BN_is_odd(e) || BN_is_one(e)) {
		return STATUS_INVALID;
	}
	return BN_num_bits(e) > RSA_EXPONENT_BITS_MAX ? STATUS_UNSUPPORTED : STATUS_OK;
}

/* True if e undoes d: 2 comes back from (2^d)^e mod n. */
static bool
rsa_exponents_match(const BIGNUM *power_of_d, const BIGNUM *e, const BIGNUM *n, BN_CTX *context)
{
	BIGNUM *back = BN_new();
	bool is_match = back != NULL && BN_mod_exp(back, power_of_d, e, n, context) == 1 &&
		BN_is_word(back, 2);

	BN_free(back);
	return is_match;
}

/* e from the key, or one of those in use when the key has none. */
static enum status
rsa_exponents_check(struct rsa_numbers *numbers, BN_CTX *context)
{
	static const BN_ULONG in_use[] = {65537, 3, 17, 257, 5, 7, 35, 37, 41};

	if (BN_cmp(numbers->d, numbers->n) >= 0) {
		return STATUS_INVALID;
	}

	BIGNUM *two = BN_new();
	BIGNUM *power_of_d = BN_new();
	enum status status = STATUS_NO_MEMORY;

	if (two == NULL || power_of_d == NULL || BN_set_word(two, 2) != 1 ||
		BN_mod_exp_mont_consttime(power_of_d, two, numbers->d, numbers->n, context, NULL) !=
			1) {
		goto done;
	}
	if (numbers->e != NULL) {
		status = rsa_exponents_match(power_of_d, numbers->e, numbers->n, context)
			? STATUS_OK
			: STATUS_INVALID;
		goto done;
	}
	numbers->e = BN_new();
	for (size_t i = 0; i < sizeof(in_use) / sizeof(in_use[0]); i++) {
		if (numbers->e == NULL || BN_set_word(numbers->e, in_use[i]) != 1) {
			goto done;
		}
		if (rsa_exponents_match(power_of_d, numbers->e, numbers->n, context)) {
			status = STATUS_OK;
			goto done;
		}
	}
	status = STATUS_UNSUPPORTED;

done:
	BN_free(power_of_d);
	BN_free(two);
	return status;
}

/* Puts `computed` where the key has nothing; INVALID if it has something else. Takes over
 * `computed`, also when it fails. */
static enum status
rsa_number_settle(BIGNUM **number, BIGNUM *computed)
{
	enum status status = STATUS_OK;

	if (computed == NULL) {
		return STATUS_NO_MEMORY;
	}
	if (*number == NULL) {
		*number = computed;
		return STATUS_OK;
	}
	if (BN_cmp(*number, computed) != 0) {
		status = STATUS_INVALID;
	}
	BN_clear_free(computed);
	return status;
}

/* d mod (prime - 1), or NULL. */
static BIGNUM *
rsa_exponent_of_prime(const BIGNUM *d, const BIGNUM *prime, BN_CTX *context)
{
	BIGNUM *order = BN_dup(prime);
	BIGNUM *exponent = BN_secure_new();

	if (order != NULL) {
		BN_set_flags(order, BN_FLG_CONSTTIME);
	}
	if (order == NULL || exponent == NULL || BN_sub_word(order, 1) != 1 ||
		BN_mod(exponent, d, order, context) != 1) {
		BN_clear_free(exponent);
		exponent = NULL;
	}
	BN_clear_free(order);
	return exponent;
}

/* All of p, q, dp, dq, qi, or none. */
static enum status
rsa_primes_check(struct rsa_numbers *numbers, BN_CTX *context)
{
	if (numbers->p == NULL && numbers->q == NULL) {
		bool has_rest = numbers->dp != NULL || numbers->dq != NULL || numbers->qi != NULL;

		return has_rest ? STATUS_INVALID : STATUS_OK;
	}
	if (numbers->p == NULL || numbers->q == NULL || BN_is_one(numbers->p) ||
		BN_is_one(numbers->q)) {
		return STATUS_INVALID;
	}

	BIGNUM *product = BN_new();

	if (product == NULL || BN_mul(product, numbers->p, numbers->q, context) != 1) {
		BN_clear_free(product);
		return STATUS_NO_MEMORY;
	}

	bool is_product = BN_cmp(product, numbers->n) == 0;

	BN_clear_free(product);
	if (!is_product) {
		return STATUS_INVALID;
	}

	enum status status = rsa_number_settle(
		&numbers->dp, rsa_exponent_of_prime(numbers->d, numbers->p, context));

	if (status == STATUS_OK) {
		status = rsa_number_settle(
			&numbers->dq, rsa_exponent_of_prime(numbers->d, numbers->q, context));
	}
	if (status == STATUS_OK) {
		BIGNUM *inverse = BN_mod_inverse(NULL, numbers->q, numbers->p, context);

		/* No inverse means that p and q share a factor. */
		status =
			inverse == NULL ? STATUS_INVALID : rsa_number_settle(&numbers->qi, inverse);
	}
	return status;
}

static enum status
rsa_check(struct rsa_numbers *numbers)
{
	bool is_private = numbers->d != NULL;
	enum status status = rsa_modulus_check(numbers->n);

	if (status == STATUS_OK && (!is_private || numbers->e != NULL)) {
		status = rsa_exponent_check(numbers->e);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (!is_private) {
		bool has_primes = numbers->p != NULL || numbers->q != NULL || numbers->dp != NULL ||
			numbers->dq != NULL || numbers->qi != NULL;

		return has_primes ? STATUS_INVALID : STATUS_OK;
	}

	BN_CTX *context = BN_CTX_secure_new();

	if (context == NULL) {
		return STATUS_NO_MEMORY;
	}
	status = rsa_exponents_check(numbers, context);
	if (status == STATUS_OK) {
		status = rsa_primes_check(numbers, context);
	}
	BN_CTX_free(context);
	return status;
}

enum status
crypto_key_from_rsa(const struct crypto_rsa *from, struct crypto_key **ret_key)
{
	struct rsa_numbers numbers = {0};
	enum status status = rsa_numbers_read(from, &numbers);

	if (status == STATUS_OK) {
		status = rsa_check(&numbers);
	}
	if (status == STATUS_OK) {
		const struct crypto_part parts[] = {
			{OSSL_PKEY_PARAM_RSA_N, numbers.n},
			{OSSL_PKEY_PARAM_RSA_E, numbers.e},
			{OSSL_PKEY_PARAM_RSA_D, numbers.d},
			{OSSL_PKEY_PARAM_RSA_FACTOR1, numbers.p},
			{OSSL_PKEY_PARAM_RSA_FACTOR2, numbers.q},
			{OSSL_PKEY_PARAM_RSA_EXPONENT1, numbers.dp},
			{OSSL_PKEY_PARAM_RSA_EXPONENT2, numbers.dq},
			{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, numbers.qi},
		};

		status = crypto_key_assemble(
			CRYPTO_KEY_RSA, numbers.d != NULL, parts, NUMBER_COUNT, ret_key);
	}
	rsa_numbers_free(&numbers);
	return status == STATUS_OK ? status : crypto_refuse(status);
}
