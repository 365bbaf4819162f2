/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_key_file.h"

#include "fake/random_fake.h"
#include "handle/handle_key.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"
#include "wire/wire_reader.h"

static uint8_t scratch[KEY_FILE_SIZE_MAX + 64];

static void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	assert_memory_equal(found.at, expected.at, expected.size);
}

/* What a file of this type drew at random, in the order in which it is drawn. */
static struct bytes
random_octets_of(struct bytes file)
{
	static uint8_t octets[64];
	struct wire_writer drawn = wire_writer_over(octets, sizeof(octets));
	struct wire_reader reader = wire_reader_over(file);
	uint32_t type = wire_read_u32(&reader);

	if (type == HANDLE_KEY_FILE_DES) {
		wire_write_bytes(&drawn, wire_read_bytes(&reader, 8));
	} else if (type > HANDLE_KEY_FILE_DES) {
		wire_write_bytes(&drawn, wire_read_blob(&reader, 16));
		(void)wire_read_u64(&reader);
		wire_write_bytes(&drawn, wire_read_blob(&reader, 16));
	}
	return wire_written(&drawn);
}

static void
vectors_of_key_files_are_opened_and_written_again(void **state)
{
	struct vector vector;
	(void)state;

	assert_int_equal(vector_count("private-key-file"), 4);
	for (size_t at = 0; vector_next("private-key-file", &at, &vector);) {
		/* Unencrypted files have no passphrase, so any will do. */
		struct bytes passphrase = vector_number(&vector, "encType") == 1
			? TEXT("any")
			: vector_text(&vector, "passphrase");
		struct bytes plain = vector_octets(&vector, "plain");
		enum handle_key_file_type type = HANDLE_KEY_FILE_OLD_DES;
		struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
		uint8_t *opened = malloc(vector.octets.size);
		size_t size = 0;

		assert_int_equal(handle_key_file_type(vector.octets, &type), STATUS_OK);
		assert_int_equal(type, vector_number(&vector, "encType"));
		assert_int_equal(handle_key_file_open(vector.octets, passphrase, opened,
					 vector.octets.size, &size),
			STATUS_OK);
		assert_run(bytes_over(opened, size), plain);
		free(opened);

		/* With the salt and the IV of the vector the file is the same to the octet. */
		random_fake_next(random_octets_of(vector.octets));
		assert_int_equal(
			handle_key_file_write(&writer, type, passphrase, plain), STATUS_OK);
		assert_run(wire_written(&writer), vector.octets);
		assert_int_equal(random_fake_left(), 0);
	}
}

/* No vector: Handle.net stopped to write this type. MD5("passphrase") begins with the key. */
static void
the_oldest_files_are_opened_and_no_longer_written(void **state)
{
	struct bytes plain = vector_key("rsa1024.prv.bin");
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	uint8_t key[16];
	uint8_t octets[2048];
	uint8_t opened[2048];
	size_t size = 0;
	(void)state;

	crypto_digest(CRYPTO_MD5, TEXT("passphrase"), key);
	assert_int_equal(crypto_encrypt(CRYPTO_DES_ECB, bytes_over(key, 8), (struct bytes){0},
				 plain, octets, &size),
		STATUS_OK);
	wire_write_u32(&writer, 0);
	wire_write_bytes(&writer, bytes_over(octets, size));
	assert_int_equal(handle_key_file_open(wire_written(&writer), TEXT("passphrase"), opened,
				 sizeof(opened), &size),
		STATUS_OK);
	assert_run(bytes_over(opened, size), plain);
	assert_int_equal(handle_key_file_open(wire_written(&writer), TEXT("other"), opened,
				 sizeof(opened), &size),
		STATUS_DENIED);
	assert_int_equal(
		handle_key_file_write(&writer, HANDLE_KEY_FILE_OLD_DES, TEXT("passphrase"), plain),
		STATUS_UNSUPPORTED);
}

/* Of a thousand wrong passphrases about four leave padding that looks right. */
static void
wrong_passphrases_are_refused_also_when_the_padding_fits(void **state)
{
	struct vector vector = vector_named("privkey-file-enc2");
	uint8_t *opened = malloc(vector.octets.size);
	size_t size = 99;
	(void)state;

	for (uint16_t i = 0; i < 1000; i++) {
		assert_int_equal(handle_key_file_open(vector.octets, bytes_over(&i, sizeof(i)),
					 opened, vector.octets.size, &size),
			STATUS_DENIED);
	}
	assert_int_equal(size, 99);
	free(opened);
}

static void
files_cut_anywhere_are_refused(void **state)
{
	static const char *const names[] = {
		"privkey-file-enc2", "privkey-file-enc3", "privkey-file-enc4"};
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		struct bytes whole = vector_named(names[i]).octets;
		size_t size = 99;

		for (size_t cut = 0; cut < whole.size; cut += cut < 80 ? 1 : 37) {
			struct bytes part = heap_copy(bytes_slice(whole, 0, cut));
			uint8_t *opened = malloc(cut + 1);
			enum status status =
				handle_key_file_open(part, TEXT("passphrase"), opened, cut, &size);

			assert_true(status == STATUS_TRUNCATED || status == STATUS_DENIED);
			assert_int_equal(size, 99);
			free(opened);
			heap_free(part);
		}
	}
}

static void
limits_hold_for_files_and_what_they_make_us_compute(void **state)
{
	struct bytes file = vector_named("privkey-file-enc4").octets;
	uint8_t *altered = malloc(file.size);
	uint8_t *opened = malloc(file.size);
	size_t size = 99;
	enum handle_key_file_type type;
	(void)state;

	assert_int_equal(
		handle_key_file_open(file, TEXT("passphrase"), opened, file.size - 1, &size),
		STATUS_NO_SPACE);
	memcpy(altered, file.at, file.size);
	/* The rounds stand behind type and salt, the bits of the key behind them. */
	altered[4 + 20] = 0xff;
	assert_int_equal(handle_key_file_open(bytes_over(altered, file.size), TEXT("passphrase"),
				 opened, file.size, &size),
		STATUS_TOO_LARGE);
	memcpy(altered, file.at, file.size);
	altered[4 + 20 + 4 + 2] = 1;
	assert_int_equal(handle_key_file_open(bytes_over(altered, file.size), TEXT("passphrase"),
				 opened, file.size, &size),
		STATUS_UNSUPPORTED);
	assert_int_equal(handle_key_file_type(BYTES(0, 0, 0, 5), &type), STATUS_UNSUPPORTED);
	assert_int_equal(handle_key_file_type(BYTES(0xff, 0, 0, 1), &type), STATUS_UNSUPPORTED);
	assert_int_equal(handle_key_file_type(BYTES(0, 0, 0), &type), STATUS_TRUNCATED);
	free(opened);
	free(altered);
}

static void
a_file_that_should_be_encrypted_needs_a_passphrase(void **state)
{
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	(void)state;

	assert_int_equal(handle_key_file_write(
				 &writer, HANDLE_KEY_FILE_AES, (struct bytes){NULL, 0}, BYTES(1)),
		STATUS_INVALID);
	assert_int_equal(wire_writer_size(&writer), 0);
}

static void
secrets_beyond_ascii_are_encoded_twice(void **state)
{
	struct vector vector = vector_named("mac-code-0x22-500-256");
	struct bytes expected = vector_octets(&vector, "derivedKey");
	uint8_t key[32];
	(void)state;

	assert_int_equal(handle_secret_derive(vector_octets(&vector, "key"),
				 vector_octets(&vector, "salt"), 500, sizeof(key), key),
		STATUS_OK);
	assert_run(bytes_over(key, sizeof(key)), expected);
}

static void
secrets_salts_and_keys_have_their_limits(void **state)
{
	static const uint8_t octets[SECRET_SIZE_MAX + 1] = {0xff, 0x7f, 0x80};
	struct bytes salt = bytes_over(octets, SALT_SIZE_MAX);
	uint8_t *key = malloc(DERIVED_KEY_BITS_MAX / 8);
	(void)state;

	assert_int_equal(handle_secret_derive(bytes_over(octets, SECRET_SIZE_MAX), salt, 1,
				 DERIVED_KEY_BITS_MAX / 8, key),
		STATUS_OK);
	assert_int_equal(
		handle_secret_derive(bytes_over(octets, SECRET_SIZE_MAX + 1), salt, 1, 8, key),
		STATUS_TOO_LARGE);
	salt.size++;
	assert_int_equal(handle_secret_derive(salt, salt, 1, 8, key), STATUS_TOO_LARGE);
	assert_int_equal(
		handle_secret_derive(salt, TEXT("salt"), 1, DERIVED_KEY_BITS_MAX / 8 + 1, key),
		STATUS_TOO_LARGE);
	free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_key_files_are_opened_and_written_again),
		cmocka_unit_test(the_oldest_files_are_opened_and_no_longer_written),
		cmocka_unit_test(wrong_passphrases_are_refused_also_when_the_padding_fits),
		cmocka_unit_test(files_cut_anywhere_are_refused),
		cmocka_unit_test(limits_hold_for_files_and_what_they_make_us_compute),
		cmocka_unit_test(a_file_that_should_be_encrypted_needs_a_passphrase),
		cmocka_unit_test(secrets_beyond_ascii_are_encoded_twice),
		cmocka_unit_test(secrets_salts_and_keys_have_their_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
