/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "handle/handle_key.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

#include <stdio.h>
#include <unistd.h>

static uint8_t scratch[KEY_SIZE_MAX + 64];

static void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	if (expected.size > 0) {
		assert_memory_equal(found.at, expected.at, expected.size);
	}
}

static struct bytes
without_leading_zeros(struct bytes run)
{
	while (run.size > 0 && run.at[0] == 0) {
		run = bytes_slice(run, 1, run.size);
	}
	return run;
}

static struct handle_key
decoded(struct bytes octets)
{
	struct handle_key key;

	assert_int_equal(handle_key_decode(octets, &key), STATUS_OK);
	return key;
}

/* Members of a JWK in the order of the integers. */
static const char *const members[][HANDLE_KEY_PART_COUNT_MAX] = {
	[HANDLE_KEY_RSA_PUBLIC] = {"e", "n"},
	[HANDLE_KEY_RSA_PRIVATE] = {"n", "d"},
	[HANDLE_KEY_RSA_PRIVATE_CRT] = {"n", "e", "d", "p", "q", "dp", "dq", "qi"},
	[HANDLE_KEY_DSA_PUBLIC] = {"q", "p", "g", "y"},
	[HANDLE_KEY_DSA_PRIVATE] = {"x", "p", "q", "g"},
};

static void
assert_numbers_are_those_of_the_json_form(const struct handle_key *key, const struct vector *vector)
{
	for (uint8_t i = 0; i < key->part_count; i++) {
		char path[32];
		uint8_t octets[KEY_SIZE_MAX];
		size_t size = 0;

		assert_true(snprintf(path, sizeof(path), "json.%s", members[key->kind][i]) > 0);
		assert_int_equal(
			base64_decode(vector_text(vector, path), BASE64_URL, octets, &size),
			STATUS_OK);
		assert_run(without_leading_zeros(key->parts[i]), bytes_over(octets, size));
	}
}

/* The octets inside a PEM file. */
static struct bytes
pem_octets(const char *path, uint8_t *octets)
{
	char line[256];
	char text[2 * KEY_SIZE_MAX];
	size_t text_size = 0;
	size_t size = 0;
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		size_t length = strcspn(line, "\n");

		if (line[0] != '-') {
			memcpy(text + text_size, line, length);
			text_size += length;
		}
	}
	fclose(file);
	assert_int_equal(base64_decode(bytes_over(text, text_size), BASE64_STANDARD, octets, &size),
		STATUS_OK);
	return bytes_over(octets, size);
}

static void
assert_crypto_key_is_that_of_the_vector(const struct handle_key *key, const struct vector *vector)
{
	char directory[] = "/tmp/houji-key-XXXXXX";
	char path[64];
	uint8_t octets[2 * KEY_SIZE_MAX];
	struct crypto_key *made = NULL;
	bool is_private = handle_key_is_private(key);

	assert_non_null(mkdtemp(directory));
	assert_true(snprintf(path, sizeof(path), "%s/key.pem", directory) > 0);
	assert_int_equal(handle_key_to_crypto(key, &made), STATUS_OK);
	assert_int_equal(crypto_key_is_private(made), is_private);
	assert_int_equal(crypto_key_write_pem(path, made, NULL), STATUS_OK);
	assert_run(pem_octets(path, octets),
		vector_octets(vector, is_private ? "pkcs8Der" : "spkiDer"));
	crypto_key_free(made);
	unlink(path);
	rmdir(directory);
}

static void
vectors_of_keys_are_read_written_back_and_turned_into_keys(void **state)
{
	struct vector vector;
	(void)state;

	assert_int_equal(vector_count("key"), 12);
	for (size_t at = 0; vector_next("key", &at, &vector);) {
		struct handle_key key = decoded(vector.octets);
		struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));

		handle_key_write(&writer, &key);
		assert_run(wire_written(&writer), vector.octets);
		assert_int_equal(key.tail.size, key.kind == HANDLE_KEY_RSA_PUBLIC ? 4 : 0);
		/* Without JSON and DER: the key without its primes, and Diffie-Hellman. */
		if (vector_has(&vector, "json")) {
			assert_numbers_are_those_of_the_json_form(&key, &vector);
			assert_crypto_key_is_that_of_the_vector(&key, &vector);
		}
	}
}

static void
crypto_keys_are_written_as_handle_net_writes_them(void **state)
{
	static const char *const names[][2] = {
		{"admin_rsa2048.prv.bin", "admin_rsa2048.pub.bin"},
		{"server_rsa2048.prv.bin", "server_rsa2048.pub.bin"},
		{"rsa1024.prv.bin", "rsa1024.pub.bin"},
		{"admin_dsa1024.prv.bin", "admin_dsa1024.pub.bin"},
		{"server_dsa1024.prv.bin", "server_dsa1024.pub.bin"},
		{"dsa2048.prv.bin", "dsa2048.pub.bin"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct handle_key read = decoded(vector_key(names[i][0]));
		struct crypto_key *key = NULL;
		struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));

		assert_int_equal(handle_key_to_crypto(&read, &key), STATUS_OK);
		assert_int_equal(handle_key_write_private(&writer, key), STATUS_OK);
		assert_run(wire_written(&writer), vector_key(names[i][0]));
		wire_writer_rewind(&writer, 0);
		assert_int_equal(handle_key_write_public(&writer, key), STATUS_OK);
		assert_run(wire_written(&writer), vector_key(names[i][1]));
		crypto_key_free(key);
	}
}

static void
an_rsa_key_without_its_primes_keeps_its_form(void **state)
{
	struct vector vector = vector_named("privkey-rsa1024-nocrt");
	struct handle_key read = decoded(vector.octets);
	struct crypto_key *key = NULL;
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	(void)state;

	assert_int_equal(handle_key_to_crypto(&read, &key), STATUS_OK);
	assert_int_equal(handle_key_write_private(&writer, key), STATUS_OK);
	assert_run(wire_written(&writer), vector.octets);
	wire_writer_rewind(&writer, 0);
	assert_int_equal(handle_key_write_public(&writer, key), STATUS_OK);
	assert_run(wire_written(&writer), vector_key("rsa1024.pub.bin"));
	crypto_key_free(key);
}

static void
keys_of_the_curves_go_there_and_back(void **state)
{
	static const enum crypto_key_kind kinds[] = {CRYPTO_KEY_ED25519, CRYPTO_KEY_SM2};
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		uint8_t octets[256];
		struct crypto_key *key = NULL;
		struct crypto_key *back = NULL;
		struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
		struct wire_writer again = wire_writer_over(octets, sizeof(octets));

		assert_int_equal(crypto_key_new(kinds[i], &key), STATUS_OK);
		assert_int_equal(handle_key_write_private(&writer, key), STATUS_OK);

		struct handle_key read = decoded(wire_written(&writer));

		assert_true(handle_key_is_private(&read));
		assert_int_equal(read.parts[0].size, 32);
		assert_int_equal(handle_key_to_crypto(&read, &back), STATUS_OK);
		assert_int_equal(handle_key_write_public(&again, back), STATUS_OK);
		wire_writer_rewind(&writer, 0);
		assert_int_equal(handle_key_write_public(&writer, key), STATUS_OK);
		assert_run(wire_written(&again), wire_written(&writer));
		crypto_key_free(back);

		read = decoded(wire_written(&writer));
		assert_false(handle_key_is_private(&read));
		assert_int_equal(handle_key_to_crypto(&read, &back), STATUS_OK);
		wire_writer_rewind(&writer, 0);
		assert_int_equal(handle_key_write_private(&writer, back), STATUS_INVALID);
		assert_int_equal(wire_writer_size(&writer), 0);
		crypto_key_free(back);
		crypto_key_free(key);
	}
}

static void
keys_cut_anywhere_are_refused(void **state)
{
	struct vector vector;
	(void)state;

	for (size_t at = 0; vector_next("key", &at, &vector);) {
		struct handle_key key = decoded(vector.octets);
		size_t whole = vector.octets.size - key.tail.size;

		for (size_t size = 0; size < whole; size++) {
			struct bytes part = heap_copy(bytes_slice(vector.octets, 0, size));

			key.part_count = 99;
			assert_int_equal(handle_key_decode(part, &key), STATUS_TRUNCATED);
			assert_int_equal(key.part_count, 99);
			heap_free(part);
		}
	}
}

static void
keys_are_written_into_exactly_their_size_and_no_less(void **state)
{
	struct bytes expected = vector_key("rsa1024.pub.bin");
	struct handle_key read = decoded(expected);
	struct crypto_key *key = NULL;
	(void)state;

	assert_int_equal(handle_key_to_crypto(&read, &key), STATUS_OK);
	for (size_t capacity = 0; capacity <= expected.size; capacity++) {
		uint8_t *octets = malloc(capacity > 0 ? capacity : 1);
		struct wire_writer writer = wire_writer_over(octets, capacity);

		assert_int_equal(handle_key_write_public(&writer, key),
			capacity == expected.size ? STATUS_OK : STATUS_NO_SPACE);
		free(octets);
	}
	crypto_key_free(key);
}

static void
algorithms_and_sizes_beyond_the_known_are_refused(void **state)
{
	static uint8_t large[KEY_SIZE_MAX + 1];
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	struct handle_key key;
	struct crypto_key *made = NULL;
	(void)state;

	wire_write_blob(&writer, TEXT("RSA_PUB_KEZ"));
	assert_int_equal(handle_key_decode(wire_written(&writer), &key), STATUS_UNSUPPORTED);
	wire_writer_rewind(&writer, 0);
	wire_write_blob(&writer, TEXT("rsa_pub_key"));
	assert_int_equal(handle_key_decode(wire_written(&writer), &key), STATUS_UNSUPPORTED);

	memcpy(large, vector_key("rsa1024.pub.bin").at, vector_key("rsa1024.pub.bin").size);
	assert_int_equal(handle_key_decode(bytes_over(large, KEY_SIZE_MAX), &key), STATUS_OK);
	assert_int_equal(
		handle_key_decode(bytes_over(large, KEY_SIZE_MAX + 1), &key), STATUS_TOO_LARGE);

	key = decoded(vector_named("pubkey-dh1024").octets);
	assert_int_equal(handle_key_to_crypto(&key, &made), STATUS_UNSUPPORTED);
}

static void
numbers_that_make_no_key_are_refused(void **state)
{
	struct handle_key key = decoded(vector_key("admin_dsa1024.pub.bin"));
	struct crypto_key *made = NULL;
	(void)state;

	key.parts[3] = BYTES(1);
	assert_int_equal(handle_key_to_crypto(&key, &made), STATUS_INVALID);
	key.parts[3] = BYTES(2);
	assert_int_equal(handle_key_to_crypto(&key, &made), STATUS_INVALID);
	key.parts[3] = (struct bytes){NULL, 0};
	assert_int_equal(handle_key_to_crypto(&key, &made), STATUS_INVALID);

	key = decoded(vector_key("rsa1024.prv.bin"));
	key.parts[2] = BYTES(3);
	assert_int_equal(handle_key_to_crypto(&key, &made), STATUS_INVALID);
	for (size_t i = 2; i < 8; i++) {
		key.parts[i] = (struct bytes){NULL, 0};
	}
	/* Only n and e are left: a public key, but its name says that it is private. */
	assert_int_equal(handle_key_to_crypto(&key, &made), STATUS_INVALID);
	key = (struct handle_key){.kind = HANDLE_KEY_ED25519_PUBLIC, .part_count = 1};
	assert_int_equal(handle_key_to_crypto(&key, &made), STATUS_INVALID);
	assert_null(made);
}

static void
keys_are_the_same_by_kind_and_numbers_however_padded(void **state)
{
	struct handle_key key = {.kind = HANDLE_KEY_RSA_PUBLIC,
		.part_count = 2,
		.parts = {TEXT("\x00\x01\x00\x01"), TEXT("modulus")}};
	struct handle_key other = key;

	(void)state;
	other.parts[0] = TEXT("\x01\x00\x01");
	other.tail = TEXT("\x00\x00\x00\x00");
	other.flags = 7;
	assert_true(handle_key_is_same(&key, &other));
	other.parts[1] = TEXT("modulut");
	assert_false(handle_key_is_same(&key, &other));
	other.parts[1] = TEXT("modulus\x00");
	assert_false(handle_key_is_same(&key, &other));
	other = key;
	other.parts[0] = TEXT("\x00\x01\x00\x02");
	assert_false(handle_key_is_same(&key, &other));
	other = key;
	other.kind = HANDLE_KEY_RSA_PRIVATE;
	assert_false(handle_key_is_same(&key, &other));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_keys_are_read_written_back_and_turned_into_keys),
		cmocka_unit_test(crypto_keys_are_written_as_handle_net_writes_them),
		cmocka_unit_test(an_rsa_key_without_its_primes_keeps_its_form),
		cmocka_unit_test(keys_of_the_curves_go_there_and_back),
		cmocka_unit_test(keys_are_the_same_by_kind_and_numbers_however_padded),
		cmocka_unit_test(keys_cut_anywhere_are_refused),
		cmocka_unit_test(keys_are_written_into_exactly_their_size_and_no_less),
		cmocka_unit_test(algorithms_and_sizes_beyond_the_known_are_refused),
		cmocka_unit_test(numbers_that_make_no_key_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
