/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

static const struct {
	enum crypto_cipher kind;
	size_t key_size;
	size_t iv_size;
	size_t block_size;
} ciphers[] = {
	{CRYPTO_DES_ECB, 8, 0, 8},
	{CRYPTO_DES_CBC, 8, 8, 8},
	{CRYPTO_3DES_ECB, 24, 0, 8},
	{CRYPTO_3DES_CBC, 24, 8, 8},
	{CRYPTO_AES128_ECB, 16, 0, 16},
	{CRYPTO_AES128_CBC, 16, 16, 16},
};

enum { CIPHER_COUNT = sizeof(ciphers) / sizeof(ciphers[0]), PLAIN_SIZE_MAX = 40 };

static const uint8_t octets[64] = {7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67,
	71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149};

/* Key, octets, what they become (without the block of padding behind): J. Orlin
 * Grabbe, The DES Algorithm Illustrated; NIST SP 800-67, B.1; NIST SP 800-38A, F.1.1 and
 * F.2.1. */
static const struct {
	enum crypto_cipher kind;
	const char *key;
	const char *iv;
	const char *plain;
	const char *encrypted;
} known[] = {
	{CRYPTO_DES_ECB, "133457799bbcdff1", "", "0123456789abcdef", "85e813540f0ab405"},
	{CRYPTO_3DES_ECB, "0123456789abcdef23456789abcdef01456789abcdef0123", "",
		"5468652071756663", "a826fd8ce53b855f"},
	{CRYPTO_AES128_ECB, "2b7e151628aed2a6abf7158809cf4f3c", "",
		"6bc1bee22e409f96e93d7e117393172a", "3ad77bb40d7a3660a89ecaf32466ef97"},
	{CRYPTO_AES128_CBC, "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
		"6bc1bee22e409f96e93d7e117393172a", "7649abac8119b246cee98e9b12e9197d"},
};

static void
ciphers_are_those_of_the_standards(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct bytes plain = vector_from_hex(known[i].plain);
		struct bytes expected = vector_from_hex(known[i].encrypted);
		uint8_t found[PLAIN_SIZE_MAX];
		size_t size = 0;

		assert_int_equal(crypto_encrypt(known[i].kind, vector_from_hex(known[i].key),
					 vector_from_hex(known[i].iv), plain, found, &size),
			STATUS_OK);
		assert_int_equal(size, 2 * expected.size);
		assert_memory_equal(found, expected.at, expected.size);
	}
}

static void
what_is_encrypted_comes_back_at_every_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < CIPHER_COUNT; i++) {
		struct bytes key = bytes_over(octets, ciphers[i].key_size);
		struct bytes iv = bytes_over(octets + 30, ciphers[i].iv_size);

		for (size_t size = 0; size <= PLAIN_SIZE_MAX; size++) {
			struct bytes plain = heap_copy(bytes_over(octets, size));
			uint8_t *encrypted = malloc(size + CRYPTO_BLOCK_SIZE_MAX);
			size_t encrypted_size = 0;
			size_t plain_size = 0;

			assert_int_equal(crypto_encrypt(ciphers[i].kind, key, iv, plain, encrypted,
						 &encrypted_size),
				STATUS_OK);
			assert_int_equal(encrypted_size,
				(size / ciphers[i].block_size + 1) * ciphers[i].block_size);

			uint8_t *back = malloc(encrypted_size + CRYPTO_BLOCK_SIZE_MAX);

			assert_int_equal(
				crypto_decrypt(ciphers[i].kind, key, iv,
					bytes_over(encrypted, encrypted_size), back, &plain_size),
				STATUS_OK);
			assert_int_equal(plain_size, size);
			assert_memory_equal(back, octets, size);
			free(back);
			free(encrypted);
			heap_free(plain);
		}
	}
}

static void
keys_and_ivs_of_another_size_are_refused(void **state)
{
	uint8_t found[64];
	size_t size = 99;
	(void)state;

	for (size_t i = 0; i < CIPHER_COUNT; i++) {
		for (size_t key_size = 0; key_size <= 32; key_size++) {
			for (size_t iv_size = 0; iv_size <= 17; iv_size++) {
				bool fits = key_size == ciphers[i].key_size &&
					iv_size == ciphers[i].iv_size;
				struct bytes key = bytes_over(octets, key_size);
				struct bytes iv = bytes_over(octets, iv_size);

				assert_int_equal(crypto_encrypt(ciphers[i].kind, key, iv,
							 bytes_over(octets, 16), found, &size),
					fits ? STATUS_OK : STATUS_INVALID);
				if (!fits) {
					assert_int_equal(
						crypto_decrypt(ciphers[i].kind, key, iv,
							bytes_over(octets, 16), found, &size),
						STATUS_INVALID);
				}
			}
		}
	}
}

static void
encrypted_octets_cut_or_altered_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < CIPHER_COUNT; i++) {
		struct bytes key = bytes_over(octets, ciphers[i].key_size);
		struct bytes iv = bytes_over(octets + 30, ciphers[i].iv_size);
		uint8_t encrypted[PLAIN_SIZE_MAX + CRYPTO_BLOCK_SIZE_MAX];
		size_t size = 0;

		assert_int_equal(crypto_encrypt(ciphers[i].kind, key, iv,
					 bytes_over(octets, PLAIN_SIZE_MAX - 1), encrypted, &size),
			STATUS_OK);
		for (size_t cut = 0; cut < size; cut++) {
			struct bytes part = heap_copy(bytes_over(encrypted, cut));
			uint8_t *back = malloc(cut + CRYPTO_BLOCK_SIZE_MAX);
			size_t back_size = 99;

			assert_int_equal(
				crypto_decrypt(ciphers[i].kind, key, iv, part, back, &back_size),
				STATUS_MALFORMED);
			assert_int_equal(back_size, 99);
			free(back);
			heap_free(part);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ciphers_are_those_of_the_standards),
		cmocka_unit_test(what_is_encrypted_comes_back_at_every_size),
		cmocka_unit_test(keys_and_ivs_of_another_size_are_refused),
		cmocka_unit_test(encrypted_octets_cut_or_altered_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
