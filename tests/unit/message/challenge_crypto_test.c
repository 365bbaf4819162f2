/* SPDX-License-Identifier: Apache-2.0 */
#include "message/challenge_crypto.h"

#include "fake/random_fake.h"
#include "handle/handle_key.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

#include <stdlib.h>

static uint8_t scratch[2048];

static void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	assert_memory_equal(found.at, expected.at, expected.size);
}

/* "seckey-response-2.11" ends with the version; those that fail in Java end with words. */
static struct version
version_of(const struct vector *vector)
{
	const char *start = strrchr(vector->name, '-') + 1;
	char *dot = NULL;
	unsigned long major = strtoul(start, &dot, 10);

	return (struct version){(uint8_t)major, (uint8_t)strtoul(dot + 1, NULL, 10)};
}

static bool
starts_with(const struct vector *vector, const char *start)
{
	return strncmp(vector->name, start, strlen(start)) == 0;
}

static struct crypto_key *
key_from(struct bytes octets)
{
	struct handle_key parts;
	struct crypto_key *key = NULL;

	assert_int_equal(handle_key_decode(octets, &parts), STATUS_OK);
	assert_int_equal(handle_key_to_crypto(&parts, &key), STATUS_OK);
	return key;
}

static struct challenge_input
input_of(const struct vector *vector)
{
	return (struct challenge_input){
		vector_octets(vector, "nonce"), vector_octets(vector, "requestDigest")};
}

/* The private half of the key with which the vector was signed; NULL if there is none. */
static struct crypto_key *
private_key_of(const struct vector *vector)
{
	static const char *const names[] = {"admin_rsa2048", "admin_dsa1024", "dsa2048"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char file[64] = {0};

		if (strncmp(vector->name + strlen("pubkey-response-"), names[i],
			    strlen(names[i])) == 0) {
			memcpy(file, names[i], strlen(names[i]));
			memcpy(file + strlen(names[i]), ".prv.bin", 8);
			return key_from(vector_key(file));
		}
	}
	fail_msg("%s: no such key", vector->name);
	return NULL;
}

/* RSA signs to the octets of the vector. DSA draws a random number for each signature, so there
 * only the digest is compared and our own signature verified with the public key. */
static void
assert_signs_as_in(const struct vector *vector, const struct crypto_key *public_key)
{
	struct challenge_input input = input_of(vector);
	struct crypto_key *key = private_key_of(vector);
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	struct bytes name = vector_text(vector, "hashAlg");

	assert_int_equal(challenge_sign(&writer, key, version_of(vector), &input), STATUS_OK);
	if (crypto_key_kind(key) == CRYPTO_KEY_RSA) {
		assert_run(wire_written(&writer), vector->octets);
	}
	assert_run(bytes_slice(wire_written(&writer), 4, name.size), name);
	assert_int_equal(
		challenge_verify_signature(public_key, &input, wire_written(&writer)), STATUS_OK);
	crypto_key_free(key);
}

static void
vectors_of_signed_answers_verify_and_are_signed_again(void **state)
{
	struct vector vector;
	size_t seen = 0;
	(void)state;

	for (size_t at = 0; vector_next("challenge", &at, &vector);) {
		/* Those with an error are what Java refuses: DSA of 2048 bits with SHA-1. */
		if (!starts_with(&vector, "pubkey-response-") || vector_has(&vector, "error")) {
			continue;
		}

		struct challenge_input input = input_of(&vector);
		struct crypto_key *key = key_from(vector_octets(&vector, "publicKey"));

		assert_int_equal(challenge_verify_signature(key, &input, vector.octets), STATUS_OK);
		assert_signs_as_in(&vector, key);
		input.nonce = bytes_slice(input.nonce, 1, 15);
		assert_int_equal(
			challenge_verify_signature(key, &input, vector.octets), STATUS_DENIED);
		crypto_key_free(key);
		seen++;
	}
	assert_int_equal(seen, 9);
}

static void
vectors_of_secret_answers_are_made_and_verified(void **state)
{
	struct vector vector;
	size_t seen = 0;
	(void)state;

	for (size_t at = 0; vector_next("challenge", &at, &vector);) {
		if (!starts_with(&vector, "seckey-response-")) {
			continue;
		}

		struct challenge_input input = input_of(&vector);
		struct bytes secret = vector_octets(&vector, "secretKey");
		struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
		bool is_md5 = vector.octets.size == 16;

		/* From 2.7 on a salt of 16 octets stands behind code and length. */
		random_fake_next(bytes_slice(vector.octets, 5, 16));
		assert_int_equal(challenge_mac_write(&writer, secret, version_of(&vector), &input),
			STATUS_OK);
		assert_run(wire_written(&writer), vector.octets);
		assert_int_equal(
			challenge_verify_mac(secret, &input, vector.octets, true), STATUS_OK);
		assert_int_equal(challenge_verify_mac(secret, &input, vector.octets, false),
			is_md5 ? STATUS_UNSUPPORTED : STATUS_OK);
		assert_int_equal(challenge_verify_mac(TEXT("other"), &input, vector.octets, true),
			STATUS_DENIED);
		seen++;
	}
	assert_int_equal(seen, 4);
}

/* The digest in a challenge is that of the request it answers. */
static void
digests_of_requests_are_those_of_the_vectors(void **state)
{
	static const enum crypto_digest digests[] = {
		CRYPTO_MD5, CRYPTO_MD5, CRYPTO_SHA1, CRYPTO_SHA256};
	struct vector vector;
	(void)state;

	for (size_t at = 0; vector_next("challenge", &at, &vector);) {
		if (vector_has(&vector, "requestHeaderAndBody")) {
			enum crypto_digest digest = digests[vector_number(&vector, "rdHashType")];
			uint8_t found[CRYPTO_DIGEST_SIZE_MAX];

			crypto_digest(
				digest, vector_octets(&vector, "requestHeaderAndBody"), found);
			assert_run(bytes_over(found, crypto_digest_size(digest)),
				vector_octets(&vector, "requestDigest"));
		}
	}
}

static void
answers_cut_anywhere_are_denied(void **state)
{
	struct vector signed_answer = vector_named("pubkey-response-admin_dsa1024-2.11");
	struct vector secret_answer = vector_named("seckey-response-2.11");
	struct challenge_input input = input_of(&signed_answer);
	struct crypto_key *key = key_from(vector_octets(&signed_answer, "publicKey"));
	struct bytes secret = vector_octets(&secret_answer, "secretKey");
	(void)state;

	for (size_t size = 0; size < signed_answer.octets.size; size++) {
		struct bytes part = heap_copy(bytes_slice(signed_answer.octets, 0, size));

		assert_int_equal(challenge_verify_signature(key, &input, part), STATUS_DENIED);
		heap_free(part);
	}
	for (size_t size = 0; size < secret_answer.octets.size; size++) {
		struct bytes part = heap_copy(bytes_slice(secret_answer.octets, 0, size));

		assert_int_equal(challenge_verify_mac(secret, &input, part, true), STATUS_DENIED);
		heap_free(part);
	}
	crypto_key_free(key);
}

static void
a_signature_over_md5_is_denied_even_if_it_is_right(void **state)
{
	struct vector vector = vector_named("pubkey-response-admin_rsa2048-2.7");
	struct challenge_input input = input_of(&vector);
	const struct bytes runs[] = {input.nonce, input.request_digest};
	struct crypto_key *key = private_key_of(&vector);
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
	size_t size = 0;
	(void)state;

	assert_int_equal(crypto_sign(key, CRYPTO_MD5, runs, 2, signature, &size), STATUS_OK);
	wire_write_blob(&writer, TEXT("MD5"));
	wire_write_blob(&writer, bytes_over(signature, size));
	assert_int_equal(
		challenge_verify_signature(key, &input, wire_written(&writer)), STATUS_DENIED);
	crypto_key_free(key);
}

static void
answers_need_a_secret_a_private_key_and_room(void **state)
{
	const struct challenge_input input = {TEXT("nonce"), TEXT("digest")};
	struct crypto_key *key = key_from(vector_key("rsa1024.pub.bin"));
	struct wire_writer writer = wire_writer_over(scratch, 20);
	(void)state;

	assert_int_equal(challenge_sign(&writer, key, VERSION_OURS, &input), STATUS_INVALID);
	assert_int_equal(
		challenge_mac_write(&writer, (struct bytes){NULL, 0}, VERSION_OURS, &input),
		STATUS_INVALID);
	assert_int_equal(wire_writer_size(&writer), 0);
	assert_int_equal(
		challenge_mac_write(&writer, TEXT("secret"), (struct version){2, 6}, &input),
		STATUS_NO_SPACE);
	crypto_key_free(key);
}

static void
each_version_and_kind_of_key_has_its_digest(void **state)
{
	static const struct {
		enum crypto_key_kind kind;
		struct version version;
		enum crypto_digest digest;
	} rows[] = {
		{CRYPTO_KEY_RSA, {2, 6}, CRYPTO_SHA1},
		{CRYPTO_KEY_RSA, {2, 7}, CRYPTO_SHA256},
		{CRYPTO_KEY_RSA, {3, 0}, CRYPTO_SHA256},
		{CRYPTO_KEY_RSA, {5, 0}, CRYPTO_SHA1},
		{CRYPTO_KEY_DSA, {2, 7}, CRYPTO_SHA1},
		{CRYPTO_KEY_DSA, {2, 10}, CRYPTO_SHA1},
		{CRYPTO_KEY_DSA, {2, 11}, CRYPTO_SHA256},
		{CRYPTO_KEY_DSA, {3, 0}, CRYPTO_SHA256},
		{CRYPTO_KEY_SM2, {2, 11}, CRYPTO_SM3},
		{CRYPTO_KEY_ED25519, {2, 11}, CRYPTO_SHA256},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(signature_digest(rows[i].kind, rows[i].version), rows[i].digest);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_signed_answers_verify_and_are_signed_again),
		cmocka_unit_test(vectors_of_secret_answers_are_made_and_verified),
		cmocka_unit_test(digests_of_requests_are_those_of_the_vectors),
		cmocka_unit_test(answers_cut_anywhere_are_denied),
		cmocka_unit_test(a_signature_over_md5_is_denied_even_if_it_is_right),
		cmocka_unit_test(answers_need_a_secret_a_private_key_and_room),
		cmocka_unit_test(each_version_and_kind_of_key_has_its_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
