/* SPDX-License-Identifier: Apache-2.0 */
#include "message/session_crypto.h"

#include "fake/random_fake.h"
#include "handle/handle_key.h"
#include "handle/handle_mac.h"
#include "message/credential.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

#include <stdlib.h>

static void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	assert_memory_equal(found.at, expected.at, expected.size);
}

static bool
starts_with(const struct vector *vector, const char *start)
{
	return strncmp(vector->name, start, strlen(start)) == 0;
}

static void
vectors_of_session_keys_are_derived_from_both_sides(void **state)
{
	struct vector vector;
	size_t seen = 0;
	(void)state;

	for (size_t at = 0; vector_next("session", &at, &vector);) {
		if (!starts_with(&vector, "dh-session-key-alg")) {
			continue;
		}

		struct bytes p = vector_octets(&vector, "p");
		struct session_key key;
		uint8_t peer[128];
		uint8_t shared[128];
		size_t size = 0;

		assert_int_equal(crypto_dh_public(p, vector_octets(&vector, "serverX"), BYTES(2),
					 peer, &size),
			STATUS_OK);
		assert_int_equal(crypto_dh_shared(p, vector_octets(&vector, "clientX"),
					 bytes_over(peer, size), shared, &size),
			STATUS_OK);
		assert_int_equal(session_key_derive((uint32_t)(vector.name[18] - '0'),
					 bytes_over(shared, size), &key),
			STATUS_OK);
		assert_run(bytes_over(key.octets, key.size), vector.octets);
		seen++;
	}
	assert_int_equal(seen, 2);
}

/* No vector for DES alone; its key is where that of 3DES begins. */
static void
a_des_key_is_the_beginning_with_odd_parity(void **state)
{
	struct vector vector = vector_named("dh-session-key-alg2");
	struct session_key key;
	(void)state;

	assert_int_equal(
		session_key_derive(1, vector_octets(&vector, "sharedSecret"), &key), STATUS_OK);
	assert_run(bytes_over(key.octets, key.size), bytes_slice(vector.octets, 0, 8));
	assert_int_equal(
		session_key_derive(1, BYTES(0, 1, 2, 3, 0xfe, 0xff, 0x80, 0x7f), &key), STATUS_OK);
	assert_run(bytes_over(key.octets, key.size), BYTES(1, 1, 2, 2, 0xfe, 0xfe, 0x80, 0x7f));
}

static void
an_aes_key_skips_leading_zeros_while_enough_is_left(void **state)
{
	uint8_t shared[35] = {0};
	struct session_key key;
	(void)state;

	for (uint8_t i = 0; i < sizeof(shared); i++) {
		shared[i] = i < 2 ? 0 : i;
	}
	assert_int_equal(session_key_derive(3, bytes_over(shared, 35), &key), STATUS_OK);
	assert_run(bytes_over(key.octets, key.size), bytes_over(shared + 2, 32));
	assert_int_equal(session_key_derive(3, bytes_over(shared, 33), &key), STATUS_OK);
	assert_run(bytes_over(key.octets, key.size), bytes_over(shared + 1, 32));
	assert_int_equal(session_key_derive(3, bytes_over(shared, 32), &key), STATUS_OK);
	assert_run(bytes_over(key.octets, key.size), bytes_over(shared, 32));
}

static void
keys_need_a_known_cipher_and_a_long_enough_secret(void **state)
{
	static const uint8_t shared[32] = {1};
	static const size_t sizes[] = {0, 8, 24, 32};
	struct session_key key;
	(void)state;

	for (uint32_t cipher = 1; cipher <= 3; cipher++) {
		assert_int_equal(
			session_key_derive(cipher, bytes_over(shared, sizes[cipher]), &key),
			STATUS_OK);
		assert_int_equal(
			session_key_derive(cipher, bytes_over(shared, sizes[cipher] - 1), &key),
			STATUS_INVALID);
	}
	assert_int_equal(session_key_derive(0, bytes_over(shared, 32), &key), STATUS_UNSUPPORTED);
	assert_int_equal(session_key_derive(4, bytes_over(shared, 32), &key), STATUS_UNSUPPORTED);
	assert_int_equal(
		session_key_derive(UINT32_MAX, bytes_over(shared, 32), &key), STATUS_UNSUPPORTED);
}

static struct session_key
key_of(const struct vector *vector, enum session_cipher cipher)
{
	struct bytes octets = vector_octets(vector, "sessionKey");
	struct session_key key = {.cipher = cipher, .size = (uint8_t)octets.size};

	assert_true(octets.size <= sizeof(key.octets));
	memcpy(key.octets, octets.at, octets.size);
	return key;
}

static struct version
version_of(const struct vector *vector)
{
	const char *start = strrchr(vector->name, '-') + 1;

	return (struct version){2, (uint8_t)strtoul(start + 2, NULL, 10)};
}

/* The IV is random from 2.4 on: it is drawn here as the vector has it, and then all octets
 * must agree. */
static void
vectors_of_encryption_decrypt_and_encrypt_back(void **state)
{
	struct vector vector;
	size_t seen = 0;
	(void)state;

	for (size_t at = 0; vector_next("session", &at, &vector);) {
		if (!starts_with(&vector, "encrypt-alg")) {
			continue;
		}

		enum session_cipher cipher = (enum session_cipher)(vector.name[11] - '0');
		struct session_key key = key_of(&vector, cipher);
		struct version version = version_of(&vector);
		struct bytes plain = vector_octets(&vector, "plain");
		uint8_t *octets = malloc(plain.size + SESSION_OVERHEAD_SIZE_MAX);
		uint8_t *back = malloc(vector.octets.size);
		size_t size = 0;

		random_fake_next(bytes_slice(vector.octets, 0,
			version.minor < 4 ? 0 : (cipher == SESSION_CIPHER_AES ? 16 : 8)));
		assert_int_equal(session_encrypt(&key, version, plain, octets, &size), STATUS_OK);
		assert_run(bytes_over(octets, size), vector.octets);
		assert_int_equal(random_fake_left(), 0);
		assert_int_equal(
			session_decrypt(&key, version, vector.octets, back, &size), STATUS_OK);
		assert_run(bytes_over(back, size), plain);
		free(back);
		free(octets);
		seen++;
	}
	assert_int_equal(seen, 8);
}

static void
encrypted_messages_cut_anywhere_are_refused(void **state)
{
	struct vector vector;
	(void)state;

	for (size_t at = 0; vector_next("session", &at, &vector);) {
		if (!starts_with(&vector, "encrypt-alg")) {
			continue;
		}

		struct session_key key =
			key_of(&vector, (enum session_cipher)(vector.name[11] - '0'));

		for (size_t cut = 0; cut < vector.octets.size; cut++) {
			struct bytes part = heap_copy(bytes_slice(vector.octets, 0, cut));
			uint8_t *back = malloc(cut + 1);
			size_t size = 99;
			enum status status =
				session_decrypt(&key, version_of(&vector), part, back, &size);

			assert_true(status == STATUS_MALFORMED || status == STATUS_TRUNCATED);
			assert_int_equal(size, 99);
			free(back);
			heap_free(part);
		}
	}
}

/* A whole message of the vectors, with its credential. */
struct signed_message {
	struct message message;
	struct credential credential;
};

static struct signed_message
message_of(const struct vector *vector)
{
	struct wire_reader reader = wire_reader_over(vector->octets);
	struct signed_message found;

	envelope_read(&reader, &found.message.envelope);
	assert_int_equal(
		message_decode(&found.message.envelope, wire_read_rest(&reader), &found.message),
		STATUS_OK);
	assert_int_equal(credential_decode(found.message.credential, &found.credential), STATUS_OK);
	return found;
}

static void
vectors_of_session_macs_are_made_and_verified(void **state)
{
	struct vector vector;
	size_t seen = 0;
	(void)state;

	for (size_t at = 0; vector_next("credential", &at, &vector);) {
		if (!starts_with(&vector, "hs-mac-")) {
			continue;
		}

		struct session_key key = key_of(&vector, SESSION_CIPHER_AES);
		struct signed_message found = message_of(&vector);
		struct session_signed what = {&found.message.envelope,
			found.credential.session_counter, found.message.signed_run};
		struct session_mac mac;

		session_mac_make(&key, &what, &mac);
		assert_run(mac.digest_name, found.credential.digest_name);
		assert_run(bytes_over(mac.octets, mac.size), found.credential.signature);
		assert_int_equal(session_mac_verify(&key, &what, found.credential.digest_name,
					 found.credential.signature),
			STATUS_OK);
		key.octets[31] ^= 1;
		assert_int_equal(session_mac_verify(&key, &what, found.credential.digest_name,
					 found.credential.signature),
			STATUS_DENIED);
		seen++;
	}
	assert_int_equal(seen, 7);
}

static void
everything_in_a_message_counts_for_its_mac(void **state)
{
	struct vector vector = vector_named("hs-mac-2.11");
	struct session_key key = key_of(&vector, SESSION_CIPHER_AES);
	struct signed_message found = message_of(&vector);
	struct envelope envelope = found.message.envelope;
	struct session_signed what = {
		&envelope, found.credential.session_counter, found.message.signed_run};
	struct bytes name = found.credential.digest_name;
	struct bytes mac = found.credential.signature;
	(void)state;

	assert_int_equal(session_mac_verify(&key, &what, name, mac), STATUS_OK);
	what.session_counter++;
	assert_int_equal(session_mac_verify(&key, &what, name, mac), STATUS_DENIED);
	what.session_counter--;
	envelope.request_id++;
	assert_int_equal(session_mac_verify(&key, &what, name, mac), STATUS_DENIED);
	envelope.request_id--;
	envelope.session_id++;
	assert_int_equal(session_mac_verify(&key, &what, name, mac), STATUS_DENIED);
	envelope.session_id--;
	envelope.suggested.minor--;
	assert_int_equal(session_mac_verify(&key, &what, name, mac), STATUS_DENIED);
	envelope.suggested.minor++;
	what.run.size--;
	assert_int_equal(session_mac_verify(&key, &what, name, mac), STATUS_DENIED);
	what.run.size++;
	assert_int_equal(
		session_mac_verify(&key, &what, name, bytes_slice(mac, 0, 31)), STATUS_DENIED);
	assert_int_equal(session_mac_verify(&key, &what, name, mac), STATUS_OK);
}

static void
a_mac_must_be_named_as_its_version_wants_it(void **state)
{
	struct vector modern = vector_named("hs-mac-2.11");
	struct vector old = vector_named("hs-mac-2.4");
	struct signed_message new_message = message_of(&modern);
	struct signed_message old_message = message_of(&old);
	struct session_key key = key_of(&modern, SESSION_CIPHER_AES);
	struct session_signed what = {
		&new_message.message.envelope, 3, new_message.message.signed_run};
	struct bytes mac = new_message.credential.signature;
	(void)state;

	assert_int_equal(session_mac_verify(&key, &what, TEXT("hmac sha256"), mac), STATUS_OK);
	assert_int_equal(session_mac_verify(&key, &what, BYTES(0x13), mac), STATUS_OK);
	assert_int_equal(session_mac_verify(&key, &what, TEXT("SHA-256"), mac), STATUS_UNSUPPORTED);
	assert_int_equal(session_mac_verify(&key, &what, BYTES(2), mac), STATUS_UNSUPPORTED);

	what = (struct session_signed){
		&old_message.message.envelope, 3, old_message.message.signed_run};
	mac = old_message.credential.signature;
	assert_int_equal(session_mac_verify(&key, &what, TEXT("SHA-1"), mac), STATUS_OK);
	assert_int_equal(session_mac_verify(&key, &what, BYTES(3), mac), STATUS_UNSUPPORTED);
	assert_int_equal(
		session_mac_verify(&key, &what, TEXT("HMAC-SHA256"), mac), STATUS_UNSUPPORTED);
}

static struct crypto_key *
key_decoded(struct bytes octets)
{
	struct handle_key parts;
	struct crypto_key *key = NULL;

	assert_int_equal(handle_key_decode(octets, &parts), STATUS_OK);
	assert_int_equal(handle_key_to_crypto(&parts, &key), STATUS_OK);
	return key;
}

static void
assert_rsa_signs_to(struct bytes expected, enum crypto_digest digest, const struct bytes *runs)
{
	struct crypto_key *key = key_decoded(vector_key("server_rsa2048.prv.bin"));
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
	size_t size = 0;

	assert_int_equal(crypto_sign(key, digest, runs, 2, signature, &size), STATUS_OK);
	assert_run(bytes_over(signature, size), expected);
	crypto_key_free(key);
}

/* The raw signature of each signed message. RSA signs again to the same octets; DSA draws a
 * random number for each signature and is only verified. */
static void
vectors_of_signed_messages_verify(void **state)
{
	struct vector vector;
	size_t seen = 0;
	(void)state;

	for (size_t at = 0; vector_next("credential", &at, &vector);) {
		if (!starts_with(&vector, "hs-signed-") || vector_has(&vector, "error")) {
			continue;
		}

		struct signed_message found = message_of(&vector);
		uint8_t front[SIGNED_FRONT_SIZE_MAX];
		size_t front_size = credential_signed_front(
			&found.message.envelope, found.credential.session_counter, front);
		const struct bytes runs[] = {
			bytes_over(front, front_size), found.message.signed_run};
		struct crypto_key *key = key_decoded(vector_octets(&vector, "publicKey"));
		enum crypto_digest digest;

		assert_int_equal(
			handle_digest_named(found.credential.digest_name, &digest), STATUS_OK);
		assert_run(handle_digest_name(digest), vector_text(&vector, "digestAlg"));
		assert_int_equal(
			crypto_verify(key, digest, runs, 2, found.credential.signature), STATUS_OK);
		if (crypto_key_kind(key) == CRYPTO_KEY_RSA) {
			assert_rsa_signs_to(found.credential.signature, digest, runs);
		}
		front[0] ^= 1;
		assert_int_equal(crypto_verify(key, digest, runs, 2, found.credential.signature),
			front_size > 0 ? STATUS_DENIED : STATUS_OK);
		crypto_key_free(key);
		seen++;
	}
	assert_int_equal(seen, 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_session_keys_are_derived_from_both_sides),
		cmocka_unit_test(a_des_key_is_the_beginning_with_odd_parity),
		cmocka_unit_test(an_aes_key_skips_leading_zeros_while_enough_is_left),
		cmocka_unit_test(keys_need_a_known_cipher_and_a_long_enough_secret),
		cmocka_unit_test(vectors_of_encryption_decrypt_and_encrypt_back),
		cmocka_unit_test(encrypted_messages_cut_anywhere_are_refused),
		cmocka_unit_test(vectors_of_session_macs_are_made_and_verified),
		cmocka_unit_test(everything_in_a_message_counts_for_its_mac),
		cmocka_unit_test(a_mac_must_be_named_as_its_version_wants_it),
		cmocka_unit_test(vectors_of_signed_messages_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
