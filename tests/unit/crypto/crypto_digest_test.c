/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

#include <pthread.h>

enum { THREAD_COUNT = 4, ROUND_COUNT = 200 };

static void
assert_hex(const uint8_t *found, size_t size, const char *hex)
{
	struct bytes expected = vector_from_hex(hex);

	assert_int_equal(size, expected.size);
	assert_memory_equal(found, expected.at, size);
}

/* RFC 1321, A.5; FIPS 180-2, A.1 and B.1; GB/T 32905, A.1. */
static const struct {
	enum crypto_digest kind;
	const char *of_abc;
} known[] = {
	{CRYPTO_MD5, "900150983cd24fb0d6963f7d28e17f72"},
	{CRYPTO_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
	{CRYPTO_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{CRYPTO_SM3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
};

static void
digests_are_those_of_the_standards(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t size = crypto_digest_size(known[i].kind);
		uint8_t *digest = malloc(size);

		crypto_digest(known[i].kind, TEXT("abc"), digest);
		assert_hex(digest, size, known[i].of_abc);
		free(digest);
	}
}

static void
runs_count_as_if_they_stood_behind_each_other(void **state)
{
	const struct bytes runs[] = {TEXT("a"), {NULL, 0}, TEXT("b"), TEXT("c")};
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
	(void)state;

	crypto_digest_runs(CRYPTO_SHA256, runs, 4, digest);
	assert_hex(digest, 32, known[2].of_abc);
	crypto_digest_runs(CRYPTO_SHA256, runs, 0, digest);
	assert_hex(digest, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, 4.3; RFC 2202, 2 and 3. */
static void
hmacs_are_those_of_the_standards(void **state)
{
	const struct bytes runs[] = {TEXT("what do ya want "), TEXT("for nothing?")};
	uint8_t mac[CRYPTO_DIGEST_SIZE_MAX];
	(void)state;

	crypto_hmac_runs(CRYPTO_SHA256, TEXT("Jefe"), runs, 2, mac);
	assert_hex(mac, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	crypto_hmac_runs(CRYPTO_SHA1, TEXT("Jefe"), runs, 2, mac);
	assert_hex(mac, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	crypto_hmac_runs(CRYPTO_MD5, TEXT("Jefe"), runs, 2, mac);
	assert_hex(mac, 16, "750c783e6ab0b503eaa86e310a5db738");
}

static void
an_empty_hmac_key_is_a_key(void **state)
{
	uint8_t mac[CRYPTO_DIGEST_SIZE_MAX];
	(void)state;

	crypto_hmac_runs(CRYPTO_SHA256, (struct bytes){NULL, 0}, NULL, 0, mac);
	assert_hex(mac, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* RFC 6070, 2. */
static void
derived_keys_are_those_of_the_standard(void **state)
{
	uint8_t key[25];
	(void)state;

	assert_int_equal(
		crypto_pbkdf2(CRYPTO_SHA1, TEXT("password"), TEXT("salt"), 1, 20, key), STATUS_OK);
	assert_hex(key, 20, "0c60c80f961f0e71f3a9b524af6012062fe037a6");
	assert_int_equal(crypto_pbkdf2(CRYPTO_SHA1, TEXT("passwordPASSWORDpassword"),
				 TEXT("saltSALTsaltSALTsaltSALTsaltSALTsalt"), 4096, 25, key),
		STATUS_OK);
	assert_hex(key, 25, "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038");
}

static void
nobody_makes_us_compute_more_rounds_than_the_limit(void **state)
{
	uint8_t key[16] = {0};
	(void)state;

	assert_int_equal(crypto_pbkdf2(CRYPTO_SHA1, TEXT("x"), TEXT("y"),
				 PBKDF2_ITERATION_COUNT_MAX, 16, key),
		STATUS_OK);
	assert_int_equal(crypto_pbkdf2(CRYPTO_SHA1, TEXT("x"), TEXT("y"),
				 PBKDF2_ITERATION_COUNT_MAX + 1, 16, key),
		STATUS_TOO_LARGE);
	assert_int_equal(
		crypto_pbkdf2(CRYPTO_SHA1, TEXT("x"), TEXT("y"), 0, 16, key), STATUS_INVALID);
	assert_int_equal(
		crypto_pbkdf2(CRYPTO_SHA1, TEXT("x"), TEXT("y"), 1, 0, key), STATUS_INVALID);
	assert_int_equal(crypto_pbkdf2(CRYPTO_SHA1, (struct bytes){NULL, 0},
				 (struct bytes){NULL, 0}, 1, 16, key),
		STATUS_OK);
}

static struct bytes expected[4];

static void *
digest_often(void *context)
{
	bool *is_right = context;

	*is_right = true;
	for (size_t round = 0; round < ROUND_COUNT; round++) {
		uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
		size_t i = round % 4;

		crypto_digest(known[i].kind, TEXT("abc"), digest);
		*is_right =
			*is_right && bytes_equal(expected[i], bytes_over(digest, expected[i].size));
	}
	return NULL;
}

static void
threads_digest_without_disturbing_each_other(void **state)
{
	pthread_t threads[THREAD_COUNT];
	bool are_right[THREAD_COUNT] = {false};
	(void)state;

	for (size_t i = 0; i < 4; i++) {
		expected[i] = vector_from_hex(known[i].of_abc);
	}
	for (size_t i = 0; i < THREAD_COUNT; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, digest_often, &are_right[i]), 0);
	}
	for (size_t i = 0; i < THREAD_COUNT; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(are_right[i]);
	}
}

static void
equality_looks_at_every_octet_and_at_the_size(void **state)
{
	uint8_t one[33] = {0};
	(void)state;

	for (size_t i = 0; i < 32; i++) {
		uint8_t other[32] = {0};

		assert_true(crypto_equal(bytes_over(one, 32), bytes_over(other, 32)));
		other[i] = 0x80;
		assert_false(crypto_equal(bytes_over(one, 32), bytes_over(other, 32)));
	}
	assert_false(crypto_equal(bytes_over(one, 32), bytes_over(one, 33)));
	assert_true(crypto_equal((struct bytes){NULL, 0}, bytes_over(one, 0)));
}

static void
what_is_forgotten_is_gone_and_what_is_drawn_is_new(void **state)
{
	uint8_t one[300] = {0};
	uint8_t other[300] = {0};
	const uint8_t zeros[300] = {0};
	(void)state;

	/* Above 256 octets the kernel may yield less than was asked for. */
	crypto_random(one, sizeof(one));
	crypto_random(other, sizeof(other));
	assert_memory_not_equal(one, other, sizeof(one));
	assert_memory_not_equal(one + 270, zeros, 30);
	crypto_forget(one, sizeof(one));
	assert_memory_equal(one, zeros, sizeof(one));
	crypto_forget(NULL, 0);
	crypto_random(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_the_standards),
		cmocka_unit_test(runs_count_as_if_they_stood_behind_each_other),
		cmocka_unit_test(hmacs_are_those_of_the_standards),
		cmocka_unit_test(an_empty_hmac_key_is_a_key),
		cmocka_unit_test(derived_keys_are_those_of_the_standard),
		cmocka_unit_test(nobody_makes_us_compute_more_rounds_than_the_limit),
		cmocka_unit_test(threads_digest_without_disturbing_each_other),
		cmocka_unit_test(equality_looks_at_every_octet_and_at_the_size),
		cmocka_unit_test(what_is_forgotten_is_gone_and_what_is_drawn_is_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
