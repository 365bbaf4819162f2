/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "handle/handle_key.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

enum { RSA_SIZE_MAX = RSA_BITS_MAX / 8, DSA_SIZE_MAX = DSA_BITS_MAX / 8 };

static const struct bytes nothing = {NULL, 0};

static struct handle_key
parts_of(const char *name)
{
	struct handle_key key;

	assert_int_equal(handle_key_decode(vector_key(name), &key), STATUS_OK);
	return key;
}

static struct crypto_rsa
rsa_numbers(void)
{
	struct handle_key key = parts_of("rsa1024.prv.bin");

	return (struct crypto_rsa){key.parts[0], key.parts[1], key.parts[2], key.parts[3],
		key.parts[4], key.parts[5], key.parts[6], key.parts[7]};
}

static struct crypto_dsa
dsa_numbers(void)
{
	struct handle_key private_half = parts_of("admin_dsa1024.prv.bin");
	struct handle_key public_half = parts_of("admin_dsa1024.pub.bin");

	return (struct crypto_dsa){private_half.parts[1], private_half.parts[2],
		private_half.parts[3], public_half.parts[3], private_half.parts[0]};
}

static enum status
rsa_try(const struct crypto_rsa *numbers)
{
	struct crypto_key *key = NULL;
	enum status status = crypto_key_from_rsa(numbers, &key);

	assert_int_equal(key == NULL, status != STATUS_OK);
	crypto_key_free(key);
	return status;
}

static enum status
dsa_try(const struct crypto_dsa *numbers)
{
	struct crypto_key *key = NULL;
	enum status status = crypto_key_from_dsa(numbers, &key);

	assert_int_equal(key == NULL, status != STATUS_OK);
	crypto_key_free(key);
	return status;
}

/* The number with its last octet changed by two: still odd, still of the same size. */
static struct bytes
spoilt(struct bytes number)
{
	static uint8_t octets[KEY_SIZE_MAX];

	memcpy(octets, number.at, number.size);
	octets[number.size - 1] ^= 2;
	return bytes_over(octets, number.size);
}

static void
each_number_of_an_rsa_key_must_agree_with_the_others(void **state)
{
	struct crypto_rsa whole = rsa_numbers();
	struct bytes *const numbers[] = {
		&whole.n, &whole.e, &whole.d, &whole.p, &whole.q, &whole.dp, &whole.dq, &whole.qi};
	(void)state;

	assert_int_equal(rsa_try(&whole), STATUS_OK);
	for (size_t i = 0; i < 8; i++) {
		struct bytes kept = *numbers[i];

		*numbers[i] = spoilt(kept);
		assert_int_equal(rsa_try(&whole), STATUS_INVALID);
		*numbers[i] = kept;
	}
	assert_int_equal(rsa_try(&whole), STATUS_OK);
}

static void
what_an_rsa_key_lacks_is_computed_where_it_can_be(void **state)
{
	struct crypto_rsa numbers = rsa_numbers();
	struct bytes qi = numbers.qi;
	struct crypto_key *key = NULL;
	uint8_t found[CRYPTO_NUMBER_SIZE_MAX];
	size_t size = 0;
	(void)state;

	numbers.dp = numbers.dq = numbers.qi = nothing;
	assert_int_equal(crypto_key_from_rsa(&numbers, &key), STATUS_OK);
	assert_int_equal(crypto_key_number(key, "qi", found, sizeof(found), &size), STATUS_OK);
	assert_true(bytes_equal(bytes_over(found, size), bytes_slice(qi, qi.size - size, qi.size)));
	crypto_key_free(key);

	/* Primes alone must be those of n: what is computed from them cannot disagree. */
	struct bytes p = numbers.p;

	numbers.p = spoilt(p);
	assert_int_equal(rsa_try(&numbers), STATUS_INVALID);
	numbers.p = p;
	numbers.q = nothing;
	assert_int_equal(rsa_try(&numbers), STATUS_INVALID);
	numbers.p = nothing;
	assert_int_equal(rsa_try(&numbers), STATUS_OK);
	numbers.qi = qi;
	assert_int_equal(rsa_try(&numbers), STATUS_INVALID);
	numbers.qi = nothing;
	numbers.e = nothing;
	assert_int_equal(crypto_key_from_rsa(&numbers, &key), STATUS_OK);
	assert_int_equal(crypto_key_number(key, "e", found, sizeof(found), &size), STATUS_OK);
	assert_true(bytes_equal(bytes_over(found, size), BYTES(1, 0, 1)));
	crypto_key_free(key);
	numbers.d = nothing;
	assert_int_equal(rsa_try(&numbers), STATUS_INVALID);
}

/* Found by fuzzing: a private key whose d is zero passed for a public one. */
static void
zero_does_not_pass_for_a_number_left_out(void **state)
{
	struct crypto_rsa rsa = rsa_numbers();
	struct crypto_dsa dsa = dsa_numbers();
	(void)state;

	rsa.p = rsa.q = rsa.dp = rsa.dq = rsa.qi = nothing;
	assert_int_equal(rsa_try(&rsa), STATUS_OK);
	rsa.d = BYTES(0, 0);
	assert_int_equal(rsa_try(&rsa), STATUS_INVALID);
	dsa.x = BYTES(0);
	assert_int_equal(dsa_try(&dsa), STATUS_INVALID);
}

static void
a_public_rsa_key_has_no_private_numbers(void **state)
{
	struct crypto_rsa numbers = rsa_numbers();
	(void)state;

	numbers.d = nothing;
	assert_int_equal(rsa_try(&numbers), STATUS_INVALID);
	numbers.p = numbers.q = numbers.dp = numbers.dq = numbers.qi = nothing;
	assert_int_equal(rsa_try(&numbers), STATUS_OK);
	numbers.n = nothing;
	assert_int_equal(rsa_try(&numbers), STATUS_INVALID);
}

/* An odd number of so many bits. */
static struct bytes
odd_number(uint8_t *octets, size_t bits)
{
	size_t size = (bits + 7) / 8;

	memset(octets, 0xff, size);
	octets[0] = (uint8_t)(0xff >> (size * 8 - bits));
	return bytes_over(octets, size);
}

static void
rsa_sizes_stop_at_their_limits(void **state)
{
	uint8_t n[RSA_SIZE_MAX + 2];
	uint8_t e[16];
	struct crypto_rsa numbers = {.e = BYTES(1, 0, 1)};
	const struct {
		size_t bits;
		enum status status;
	} rows[] = {
		{RSA_BITS_MIN - 1, STATUS_UNSUPPORTED},
		{RSA_BITS_MIN, STATUS_OK},
		{RSA_BITS_MIN + 1, STATUS_OK},
		{RSA_BITS_MAX - 1, STATUS_OK},
		{RSA_BITS_MAX, STATUS_OK},
		{RSA_BITS_MAX + 1, STATUS_TOO_LARGE},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		numbers.n = odd_number(n, rows[i].bits);
		assert_int_equal(rsa_try(&numbers), rows[i].status);
	}
	numbers.n = odd_number(n, 2048);
	n[255] = 0xfe;
	assert_int_equal(rsa_try(&numbers), STATUS_INVALID);
	numbers.n = odd_number(n, 2048);
	numbers.e = odd_number(e, RSA_EXPONENT_BITS_MAX);
	assert_int_equal(rsa_try(&numbers), STATUS_OK);
	numbers.e = odd_number(e, RSA_EXPONENT_BITS_MAX + 1);
	assert_int_equal(rsa_try(&numbers), STATUS_UNSUPPORTED);
	numbers.e = BYTES(1);
	assert_int_equal(rsa_try(&numbers), STATUS_INVALID);
	numbers.e = BYTES(4);
	assert_int_equal(rsa_try(&numbers), STATUS_INVALID);
}

static void
each_number_of_a_dsa_key_must_agree_with_the_others(void **state)
{
	struct crypto_dsa whole = dsa_numbers();
	struct bytes *const numbers[] = {&whole.p, &whole.q, &whole.g, &whole.y, &whole.x};
	(void)state;

	assert_int_equal(dsa_try(&whole), STATUS_OK);
	for (size_t i = 0; i < 5; i++) {
		struct bytes kept = *numbers[i];

		*numbers[i] = spoilt(kept);
		assert_int_equal(dsa_try(&whole), STATUS_INVALID);
		*numbers[i] = kept;
	}
	for (size_t i = 0; i < 3; i++) {
		struct bytes kept = *numbers[i];

		*numbers[i] = nothing;
		assert_int_equal(dsa_try(&whole), STATUS_INVALID);
		*numbers[i] = kept;
	}
	whole.x = whole.q;
	assert_int_equal(dsa_try(&whole), STATUS_INVALID);
	whole.x = nothing;
	assert_int_equal(dsa_try(&whole), STATUS_OK);
	whole.y = nothing;
	assert_int_equal(dsa_try(&whole), STATUS_INVALID);
}

/* x + q has the same y as x and would pass if only y were compared. */
static void
a_private_dsa_number_is_below_q(void **state)
{
	struct crypto_dsa numbers = dsa_numbers();
	struct bytes q = bytes_slice(numbers.q, 1, 20); /* Behind the zero that Java writes. */
	uint8_t sum[21] = {0};
	unsigned carry = 0;
	(void)state;

	assert_int_equal(numbers.x.size, 20);
	for (size_t i = 20; i > 0; i--) {
		carry += (unsigned)numbers.x.at[i - 1] + q.at[i - 1];
		sum[i] = (uint8_t)carry;
		carry >>= 8;
	}
	sum[0] = (uint8_t)carry;
	numbers.x = bytes_over(sum, sizeof(sum));
	assert_int_equal(dsa_try(&numbers), STATUS_INVALID);
}

static void
a_dsa_key_gets_its_public_number_from_the_private_one(void **state)
{
	struct crypto_dsa numbers = dsa_numbers();
	struct bytes y = numbers.y;
	struct crypto_key *key = NULL;
	uint8_t found[CRYPTO_NUMBER_SIZE_MAX];
	size_t size = 0;
	(void)state;

	numbers.y = nothing;
	assert_int_equal(crypto_key_from_dsa(&numbers, &key), STATUS_OK);
	assert_int_equal(crypto_key_number(key, "y", found, sizeof(found), &size), STATUS_OK);
	assert_true(bytes_equal(bytes_over(found, size), bytes_slice(y, y.size - size, y.size)));
	crypto_key_free(key);
}

static void
dsa_sizes_stop_at_their_limits(void **state)
{
	struct crypto_dsa numbers = dsa_numbers();
	uint8_t p[DSA_SIZE_MAX + 2];
	(void)state;

	/* These are no primes with a group in them, so even the right sizes are INVALID. */
	numbers.p = odd_number(p, DSA_BITS_MIN - 1);
	assert_int_equal(dsa_try(&numbers), STATUS_UNSUPPORTED);
	numbers.p = odd_number(p, DSA_BITS_MIN);
	assert_int_equal(dsa_try(&numbers), STATUS_INVALID);
	numbers.p = odd_number(p, DSA_BITS_MAX);
	assert_int_equal(dsa_try(&numbers), STATUS_INVALID);
	numbers.p = odd_number(p, DSA_BITS_MAX + 1);
	assert_int_equal(dsa_try(&numbers), STATUS_TOO_LARGE);
}

/* GB/T 32918.5, A.2: a key of the standard. */
#define SM2_PRIVATE "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
#define SM2_PUBLIC                                                         \
	"0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f350" \
	"20ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"

static void
keys_of_the_curves_are_those_of_the_standards(void **state)
{
	struct crypto_key *key = NULL;
	uint8_t found[65];
	size_t size = 0;
	(void)state;

	assert_int_equal(
		crypto_key_from_sm2(nothing, vector_from_hex(SM2_PRIVATE), &key), STATUS_OK);
	assert_int_equal(crypto_key_kind(key), CRYPTO_KEY_SM2);
	assert_int_equal(crypto_key_number(key, "public", found, 64, &size), STATUS_NO_SPACE);
	assert_int_equal(crypto_key_number(key, "public", found, 65, &size), STATUS_OK);
	assert_int_equal(size, 65);
	assert_memory_equal(found, vector_from_hex(SM2_PUBLIC).at, 65);
	assert_int_equal(crypto_key_number(key, "private", found, 31, &size), STATUS_NO_SPACE);
	assert_int_equal(crypto_key_number(key, "private", found, 32, &size), STATUS_OK);
	assert_memory_equal(found, vector_from_hex(SM2_PRIVATE).at, 32);
	crypto_key_free(key);

	/* RFC 8032, 7.1, test 1. */
	assert_int_equal(crypto_key_from_ed25519(nothing,
				 vector_from_hex("9d61b19deffd5a60ba844af492ec2cc4"
						 "4449c5697b326919703bac031cae7f60"),
				 &key),
		STATUS_OK);
	assert_int_equal(crypto_key_number(key, "public", found, 32, &size), STATUS_OK);
	assert_int_equal(size, 32);
	assert_memory_equal(found,
		vector_from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
			.at,
		32);
	crypto_key_free(key);
}

static enum status
sm2_try(struct bytes public_octets, struct bytes private_octets)
{
	struct crypto_key *key = NULL;
	enum status status = crypto_key_from_sm2(public_octets, private_octets, &key);

	assert_int_equal(key == NULL, status != STATUS_OK);
	crypto_key_free(key);
	return status;
}

static void
points_off_the_curve_and_scalars_out_of_range_are_refused(void **state)
{
	static const uint8_t zeros[32];
	/* The order of the curve (GB/T 32918.5) less one; a scalar must be smaller. */
	struct bytes most =
		vector_from_hex("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122");
	struct bytes largest =
		vector_from_hex("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54121");
	struct bytes point = vector_from_hex(SM2_PUBLIC);
	struct bytes scalar = vector_from_hex(SM2_PRIVATE);
	(void)state;

	assert_int_equal(sm2_try(point, nothing), STATUS_OK);
	assert_int_equal(sm2_try(point, scalar), STATUS_OK);
	assert_int_equal(sm2_try(spoilt(point), nothing), STATUS_INVALID);
	assert_int_equal(sm2_try(spoilt(point), scalar), STATUS_INVALID);
	assert_int_equal(sm2_try(bytes_slice(point, 0, 64), nothing), STATUS_INVALID);
	assert_int_equal(sm2_try(bytes_slice(point, 1, 64), nothing), STATUS_INVALID);
	assert_int_equal(sm2_try(nothing, nothing), STATUS_INVALID);
	assert_int_equal(sm2_try(nothing, largest), STATUS_OK);
	assert_int_equal(sm2_try(nothing, most), STATUS_INVALID);
	assert_int_equal(sm2_try(nothing, bytes_over(zeros, 32)), STATUS_INVALID);
	assert_int_equal(sm2_try(point, bytes_over(zeros, 32)), STATUS_INVALID);
}

static void
ed25519_halves_have_their_size_and_belong_together(void **state)
{
	static const uint8_t octets[33] = {1};
	uint8_t computed[32];
	size_t size = 0;
	struct crypto_key *key = NULL;
	struct crypto_key *other = NULL;
	(void)state;

	assert_int_equal(crypto_key_from_ed25519(nothing, bytes_over(octets, 32), &key), STATUS_OK);
	assert_int_equal(
		crypto_key_number(key, "public", computed, sizeof(computed), &size), STATUS_OK);
	crypto_key_free(key);
	assert_int_equal(
		crypto_key_from_ed25519(bytes_over(computed, 32), bytes_over(octets, 32), &key),
		STATUS_OK);
	assert_true(crypto_key_is_private(key));
	crypto_key_free(key);
	computed[5] ^= 1;
	assert_int_equal(
		crypto_key_from_ed25519(bytes_over(computed, 32), bytes_over(octets, 32), &other),
		STATUS_INVALID);
	for (size_t bad = 0; bad <= 33; bad += bad == 0 ? 31 : 2) {
		assert_int_equal(crypto_key_from_ed25519(bytes_over(octets, bad), nothing, &other),
			STATUS_INVALID);
		assert_int_equal(crypto_key_from_ed25519(nothing, bytes_over(octets, bad), &other),
			STATUS_INVALID);
	}
	assert_null(other);
}

static void
numbers_are_given_out_by_their_letters_and_only_those_there_are(void **state)
{
	struct crypto_rsa numbers = rsa_numbers();
	struct crypto_key *key = NULL;
	uint8_t *found = malloc(128);
	size_t size = 99;
	(void)state;

	numbers.d = numbers.p = numbers.q = numbers.dp = numbers.dq = numbers.qi = nothing;
	assert_int_equal(crypto_key_from_rsa(&numbers, &key), STATUS_OK);
	assert_false(crypto_key_is_private(key));
	assert_int_equal(crypto_key_number(key, "d", found, 128, &size), STATUS_NOT_FOUND);
	assert_int_equal(crypto_key_number(key, "y", found, 128, &size), STATUS_NOT_FOUND);
	assert_int_equal(crypto_key_number(key, "public", found, 128, &size), STATUS_NOT_FOUND);
	assert_int_equal(crypto_key_number(key, "n", found, 127, &size), STATUS_NO_SPACE);
	assert_int_equal(size, 99);
	assert_int_equal(crypto_key_number(key, "n", found, 128, &size), STATUS_OK);
	assert_int_equal(size, 128);
	/* Java puts a zero before the high bit; the number itself has none. */
	assert_memory_equal(found, numbers.n.at + 1, 128);
	crypto_key_free(key);
	free(found);
}

static void
new_keys_are_private_and_of_their_kind(void **state)
{
	static const enum crypto_key_kind kinds[] = {
		CRYPTO_KEY_RSA, CRYPTO_KEY_ED25519, CRYPTO_KEY_SM2};
	struct crypto_key *key = NULL;
	uint8_t n[CRYPTO_NUMBER_SIZE_MAX];
	size_t size = 0;
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(crypto_key_new(kinds[i], &key), STATUS_OK);
		assert_int_equal(crypto_key_kind(key), kinds[i]);
		assert_true(crypto_key_is_private(key));
		if (kinds[i] == CRYPTO_KEY_RSA) {
			assert_int_equal(
				crypto_key_number(key, "n", n, sizeof(n), &size), STATUS_OK);
			assert_int_equal(size, 256);
		}
		crypto_key_free(key);
	}
	key = NULL;
	assert_int_equal(crypto_key_new(CRYPTO_KEY_DSA, &key), STATUS_UNSUPPORTED);
	assert_null(key);
	crypto_key_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_number_of_an_rsa_key_must_agree_with_the_others),
		cmocka_unit_test(what_an_rsa_key_lacks_is_computed_where_it_can_be),
		cmocka_unit_test(zero_does_not_pass_for_a_number_left_out),
		cmocka_unit_test(a_public_rsa_key_has_no_private_numbers),
		cmocka_unit_test(rsa_sizes_stop_at_their_limits),
		cmocka_unit_test(each_number_of_a_dsa_key_must_agree_with_the_others),
		cmocka_unit_test(a_private_dsa_number_is_below_q),
		cmocka_unit_test(a_dsa_key_gets_its_public_number_from_the_private_one),
		cmocka_unit_test(dsa_sizes_stop_at_their_limits),
		cmocka_unit_test(keys_of_the_curves_are_those_of_the_standards),
		cmocka_unit_test(points_off_the_curve_and_scalars_out_of_range_are_refused),
		cmocka_unit_test(ed25519_halves_have_their_size_and_belong_together),
		cmocka_unit_test(numbers_are_given_out_by_their_letters_and_only_those_there_are),
		cmocka_unit_test(new_keys_are_private_and_of_their_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
