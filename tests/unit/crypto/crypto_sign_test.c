/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "crypto/crypto.h"
#include "handle/handle_key.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

#include <pthread.h>

enum { THREAD_COUNT = 4, ROUND_COUNT = 10 };

static const struct bytes nothing = {NULL, 0};

static struct crypto_key *
key_named(const char *name)
{
	struct handle_key parts;
	struct crypto_key *key = NULL;

	assert_int_equal(handle_key_decode(vector_key(name), &parts), STATUS_OK);
	assert_int_equal(handle_key_to_crypto(&parts, &key), STATUS_OK);
	return key;
}

static struct crypto_key *
key_new(enum crypto_key_kind kind)
{
	struct crypto_key *key = NULL;

	assert_int_equal(crypto_key_new(kind, &key), STATUS_OK);
	return key;
}

/* What this key signs, altered in every way, and by whom. */
static void
assert_signs_and_verifies(const struct crypto_key *key, enum crypto_digest digest)
{
	const struct bytes runs[] = {TEXT("mess"), nothing, TEXT("age")};
	const struct bytes whole = TEXT("message");
	const struct bytes altered = TEXT("messagf");
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
	size_t size = 0;

	assert_int_equal(crypto_sign(key, digest, runs, 3, signature, &size), STATUS_OK);
	assert_int_equal(
		crypto_verify(key, digest, runs, 3, bytes_over(signature, size)), STATUS_OK);
	assert_int_equal(
		crypto_verify(key, digest, &whole, 1, bytes_over(signature, size)), STATUS_OK);
	assert_int_equal(crypto_verify(key, digest, &altered, 1, bytes_over(signature, size)),
		STATUS_DENIED);
	for (size_t cut = 0; cut < size; cut++) {
		struct bytes part = heap_copy(bytes_over(signature, cut));

		assert_int_equal(crypto_verify(key, digest, &whole, 1, part), STATUS_DENIED);
		heap_free(part);
	}
	for (size_t at = 0; at < size; at++) {
		signature[at] ^= 1;
		assert_int_equal(crypto_verify(key, digest, &whole, 1, bytes_over(signature, size)),
			STATUS_DENIED);
		signature[at] ^= 1;
	}
}

static void
each_kind_of_key_verifies_what_it_signs_and_nothing_else(void **state)
{
	static const enum crypto_key_kind kinds[] = {CRYPTO_KEY_ED25519, CRYPTO_KEY_SM2};
	static const char *const names[] = {"rsa1024.prv.bin", "admin_rsa2048.prv.bin",
		"admin_dsa1024.prv.bin", "dsa2048.prv.bin"};
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct crypto_key *key = key_new(kinds[i]);

		assert_signs_and_verifies(key, CRYPTO_SHA256);
		crypto_key_free(key);
	}
	for (size_t i = 0; i < 4; i++) {
		struct crypto_key *key = key_named(names[i]);

		assert_signs_and_verifies(key, CRYPTO_SHA256);
		assert_signs_and_verifies(key, CRYPTO_SHA1);
		crypto_key_free(key);
	}
}

static void
another_key_or_another_digest_does_not_verify(void **state)
{
	const struct bytes run = TEXT("message");
	struct crypto_key *key = key_named("admin_rsa2048.prv.bin");
	struct crypto_key *other = key_named("server_rsa2048.pub.bin");
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
	size_t size = 0;
	(void)state;

	assert_int_equal(crypto_sign(key, CRYPTO_SHA256, &run, 1, signature, &size), STATUS_OK);
	assert_int_equal(crypto_verify(other, CRYPTO_SHA256, &run, 1, bytes_over(signature, size)),
		STATUS_DENIED);
	assert_int_equal(crypto_verify(key, CRYPTO_SHA1, &run, 1, bytes_over(signature, size)),
		STATUS_DENIED);
	crypto_key_free(other);
	crypto_key_free(key);
}

static void
a_public_key_does_not_sign(void **state)
{
	const struct bytes run = TEXT("message");
	struct crypto_key *key = key_named("rsa1024.pub.bin");
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
	size_t size = 99;
	(void)state;

	assert_int_equal(
		crypto_sign(key, CRYPTO_SHA256, &run, 1, signature, &size), STATUS_INVALID);
	assert_int_equal(size, 99);
	crypto_key_free(key);
}

/* RFC 8032, 7.1, tests 1 and 2: these signatures have no random part. */
static void
ed25519_signatures_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *secret;
		const char *message;
		const char *signature;
	} rows[] = {
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
			"5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
	};
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct bytes message = vector_from_hex(rows[i].message);
		struct bytes expected = vector_from_hex(rows[i].signature);
		struct crypto_key *key = NULL;
		uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
		size_t size = 0;

		assert_int_equal(
			crypto_key_from_ed25519(nothing, vector_from_hex(rows[i].secret), &key),
			STATUS_OK);
		assert_int_equal(
			crypto_sign(key, CRYPTO_SHA256, &message, 1, signature, &size), STATUS_OK);
		assert_int_equal(size, expected.size);
		assert_memory_equal(signature, expected.at, size);
		assert_int_equal(crypto_verify(key, CRYPTO_MD5, &message, 1, expected), STATUS_OK);
		crypto_key_free(key);
	}
}

/* GB/T 32918.5, A.2: message, key and identity of the standard, with r and s as DER. */
static void
sm2_verifies_the_signature_of_the_standard(void **state)
{
	const struct bytes message = TEXT("message digest");
	struct bytes signature =
		vector_from_hex("3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eac"
				"eee720b3022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b"
				"69c485bbc1aa");
	struct crypto_key *key = NULL;
	(void)state;

	assert_int_equal(
		crypto_key_from_sm2(
			vector_from_hex("0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff3"
					"56f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a66"
					"32f6072da9ad13"),
			nothing, &key),
		STATUS_OK);
	assert_int_equal(crypto_verify(key, CRYPTO_SM3, &message, 1, signature), STATUS_OK);
	assert_int_equal(crypto_verify(key, CRYPTO_SHA256, &message, 1, signature), STATUS_OK);
	crypto_key_free(key);
}

/* RSA signatures have no random part: the key with its primes and the one without agree. */
static void
an_rsa_key_without_its_primes_signs_alike(void **state)
{
	const struct bytes run = TEXT("message");
	struct handle_key parts;
	struct crypto_key *with = key_named("rsa1024.prv.bin");
	struct crypto_key *without = NULL;
	uint8_t one[CRYPTO_SIGNATURE_SIZE_MAX];
	uint8_t other[CRYPTO_SIGNATURE_SIZE_MAX];
	size_t size = 0;
	(void)state;

	assert_int_equal(
		handle_key_decode(vector_named("privkey-rsa1024-nocrt").octets, &parts), STATUS_OK);
	assert_int_equal(handle_key_to_crypto(&parts, &without), STATUS_OK);
	assert_int_equal(crypto_sign(with, CRYPTO_SHA256, &run, 1, one, &size), STATUS_OK);
	assert_int_equal(crypto_sign(without, CRYPTO_SHA256, &run, 1, other, &size), STATUS_OK);
	assert_memory_equal(one, other, size);
	crypto_key_free(without);
	crypto_key_free(with);
}

/* "trust": a JWS is header.payload.signature in base64url; header.payload is signed. RS256 is
 * deterministic and signed again to the same octets; DS256 draws a random number each time. */
static void
assert_jws_verifies(const char *vector_name, const char *key_name, bool is_deterministic)
{
	struct vector vector = vector_named(vector_name);
	struct bytes compact = vector_text(&vector, "compact");
	size_t dot = compact.size;
	char private_name[64] = {0};
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
	uint8_t again[CRYPTO_SIGNATURE_SIZE_MAX];
	size_t size = 0;
	size_t again_size = 0;

	while (compact.at[dot - 1] != '.') {
		dot--;
	}

	struct bytes input = bytes_slice(compact, 0, dot - 1);
	struct crypto_key *key = key_named(key_name);

	assert_int_equal(base64_decode(bytes_slice(compact, dot, compact.size), BASE64_URL,
				 signature, &size),
		STATUS_OK);
	assert_int_equal(crypto_verify(key, CRYPTO_SHA256, &input, 1, bytes_over(signature, size)),
		STATUS_OK);
	signature[size / 2] ^= 4;
	assert_int_equal(crypto_verify(key, CRYPTO_SHA256, &input, 1, bytes_over(signature, size)),
		STATUS_DENIED);
	crypto_key_free(key);
	if (!is_deterministic) {
		return;
	}
	signature[size / 2] ^= 4;
	memcpy(private_name, key_name, strlen(key_name));
	memcpy(strchr(private_name, '.'), ".prv.bin", 8);
	key = key_named(private_name);
	assert_int_equal(crypto_sign(key, CRYPTO_SHA256, &input, 1, again, &again_size), STATUS_OK);
	assert_int_equal(again_size, size);
	assert_memory_equal(again, signature, size);
	crypto_key_free(key);
}

static void
vectors_of_trust_verify_as_raw_signatures(void **state)
{
	(void)state;
	assert_jws_verifies("hs-signature-jws-admin_rsa2048", "admin_rsa2048.pub.bin", true);
	assert_jws_verifies("hs-signature-jws-admin_dsa1024", "admin_dsa1024.pub.bin", false);
	assert_jws_verifies("hs-cert-jws", "server_rsa2048.pub.bin", true);
}

static void
the_digest_of_a_value_leaves_out_index_and_timestamp(void **state)
{
	struct vector vector = vector_named("value-digest-2");
	struct bytes expected = vector_octets(&vector, "sha256OfBytesFrom8");
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];
	(void)state;

	crypto_digest(CRYPTO_SHA256, bytes_slice(vector.octets, 8, vector.octets.size), digest);
	assert_int_equal(expected.size, 32);
	assert_memory_equal(digest, expected.at, expected.size);
}

static void *
sign_often(void *context)
{
	const struct crypto_key *key = context;
	const struct bytes run = TEXT("message");

	for (size_t i = 0; i < ROUND_COUNT; i++) {
		uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
		size_t size = 0;

		if (crypto_sign(key, CRYPTO_SHA256, &run, 1, signature, &size) != STATUS_OK ||
			crypto_verify(key, CRYPTO_SHA256, &run, 1, bytes_over(signature, size)) !=
				STATUS_OK) {
			return context;
		}
	}
	return NULL;
}

static void
threads_share_a_key(void **state)
{
	static const char *const names[] = {"rsa1024.prv.bin", "admin_dsa1024.prv.bin"};
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct crypto_key *key = key_named(names[i]);
		pthread_t threads[THREAD_COUNT];
		void *failed = NULL;

		for (size_t t = 0; t < THREAD_COUNT; t++) {
			assert_int_equal(pthread_create(&threads[t], NULL, sign_often, key), 0);
		}
		for (size_t t = 0; t < THREAD_COUNT; t++) {
			assert_int_equal(pthread_join(threads[t], &failed), 0);
			assert_null(failed);
		}
		crypto_key_free(key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_key_verifies_what_it_signs_and_nothing_else),
		cmocka_unit_test(another_key_or_another_digest_does_not_verify),
		cmocka_unit_test(a_public_key_does_not_sign),
		cmocka_unit_test(ed25519_signatures_are_those_of_the_standard),
		cmocka_unit_test(sm2_verifies_the_signature_of_the_standard),
		cmocka_unit_test(an_rsa_key_without_its_primes_signs_alike),
		cmocka_unit_test(vectors_of_trust_verify_as_raw_signatures),
		cmocka_unit_test(the_digest_of_a_value_leaves_out_index_and_timestamp),
		cmocka_unit_test(threads_share_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
