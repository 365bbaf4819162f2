/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"
#include "handle/handle_key.h"
#include "support/cmocka_all.h"
#include "vectors/vectors.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/houji-pem-XXXXXX";
static char path[64];

static int
directory_is_made(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL || snprintf(path, sizeof(path), "%s/key", directory) < 0;
}

static int
directory_is_removed(void **state)
{
	(void)state;
	return rmdir(directory);
}

static void
file_put(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
assert_refused(enum status status, const char *hint)
{
	struct problem problem = {0};
	struct crypto_key *key = NULL;

	assert_int_equal(crypto_key_read_pem(path, &key, &problem), status);
	assert_null(key);
	assert_non_null(strstr(problem.text, path));
	assert_non_null(strstr(problem.text, hint));
}

static struct crypto_key *
key_of(struct bytes octets)
{
	struct handle_key parts;
	struct crypto_key *key = NULL;

	assert_int_equal(handle_key_decode(octets, &parts), STATUS_OK);
	assert_int_equal(handle_key_to_crypto(&parts, &key), STATUS_OK);
	return key;
}

/* Handle octets of the key, private if it is. */
static struct bytes
octets_of(const struct crypto_key *key, uint8_t *octets)
{
	struct wire_writer writer = wire_writer_over(octets, KEY_SIZE_MAX);

	assert_int_equal(crypto_key_is_private(key) ? handle_key_write_private(&writer, key)
						    : handle_key_write_public(&writer, key),
		STATUS_OK);
	return wire_written(&writer);
}

static void
assert_comes_back(const struct crypto_key *key)
{
	uint8_t octets[KEY_SIZE_MAX];
	uint8_t back_octets[KEY_SIZE_MAX];
	struct crypto_key *back = NULL;
	struct problem problem;
	struct stat facts;

	assert_int_equal(crypto_key_write_pem(path, key, &problem), STATUS_OK);
	assert_int_equal(stat(path, &facts), 0);
	assert_int_equal(facts.st_mode & 07777, 0600);
	assert_int_equal(crypto_key_read_pem(path, &back, &problem), STATUS_OK);
	assert_int_equal(crypto_key_kind(back), crypto_key_kind(key));
	assert_true(bytes_equal(octets_of(back, back_octets), octets_of(key, octets)));
	crypto_key_free(back);

	/* Not a second time. */
	assert_int_equal(crypto_key_write_pem(path, key, &problem), STATUS_EXISTS);
	assert_non_null(strstr(problem.text, path));
	assert_int_equal(unlink(path), 0);
}

static void
every_kind_of_key_comes_back_from_its_file(void **state)
{
	static const char *const names[] = {"rsa1024.prv.bin", "rsa1024.pub.bin",
		"admin_rsa2048.prv.bin", "dsa2048.prv.bin", "dsa2048.pub.bin",
		"admin_dsa1024.prv.bin"};
	static const enum crypto_key_kind kinds[] = {CRYPTO_KEY_ED25519, CRYPTO_KEY_SM2};
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct crypto_key *key = key_of(vector_key(names[i]));

		assert_comes_back(key);
		crypto_key_free(key);
	}
	for (size_t i = 0; i < 2; i++) {
		struct crypto_key *key = NULL;
		uint8_t octets[KEY_SIZE_MAX];
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));

		assert_int_equal(crypto_key_new(kinds[i], &key), STATUS_OK);
		assert_comes_back(key);
		assert_int_equal(handle_key_write_public(&writer, key), STATUS_OK);
		crypto_key_free(key);
		key = key_of(wire_written(&writer));
		assert_comes_back(key);
		crypto_key_free(key);
	}
}

static void
what_is_no_key_is_refused_with_what_was_expected(void **state)
{
	(void)state;
	assert_refused(STATUS_SYSTEM, "No such file");
	file_put("");
	assert_refused(STATUS_MALFORMED, "BEGIN PRIVATE KEY");
	file_put("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
	assert_refused(STATUS_MALFORMED, "BEGIN PRIVATE KEY");
	assert_int_equal(unlink(path), 0);
}

/* openssl genpkey -algorithm ED25519 -aes-256-cbc */
static void
an_encrypted_key_is_refused_without_asking(void **state)
{
	(void)state;
	file_put("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
		 "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhjJU6R6DwnHgICCAAw\n"
		 "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEC3JhaJbh4dQs3kCig07klQEQLqZ\n"
		 "L5V+miILtrPLK/RtjDyz0Wci+68NDHRgOEMV01IAGMjPe9zK/dEdVRjXWzee2lpb\n"
		 "cvtoZWatV9hKn3Zgjdw=\n"
		 "-----END ENCRYPTED PRIVATE KEY-----\n");
	assert_refused(STATUS_UNSUPPORTED, "encrypted");
	assert_int_equal(unlink(path), 0);
}

/* openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256; RSA of 512 bits. */
static void
other_kinds_and_weak_keys_are_refused(void **state)
{
	(void)state;
	file_put("-----BEGIN PRIVATE KEY-----\n"
		 "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIKctVqruMLGe1Lz4\n"
		 "FlDCtohU+mq/NGLst9IgUsBGASOhRANCAASUS5cYWC4r9ZdiM6GkBsRDwOCED1vR\n"
		 "RXwOJyui2vaQ0D0dpN/OE9rBrTCnKzW/9wcRm9/Ac0ztvzm1Yg2ZLEly\n"
		 "-----END PRIVATE KEY-----\n");
	assert_refused(STATUS_UNSUPPORTED, "expected RSA of 1024 to 8192 bits");
	file_put("-----BEGIN PUBLIC KEY-----\n"
		 "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALIF06xdb+TSgdbR0OnX1dTgVEd6nl6R\n"
		 "0JCjx09bsfWjZrhRjMcDepuG70Onjeu1obXGmp7SiFIEiXYblpAfaAsCAwEAAQ==\n"
		 "-----END PUBLIC KEY-----\n");
	assert_refused(STATUS_UNSUPPORTED, "expected RSA of 1024 to 8192 bits");
	assert_int_equal(unlink(path), 0);
}

static void
a_file_beyond_the_limit_is_not_read(void **state)
{
	char *text = malloc(KEY_FILE_SIZE_MAX + 2);
	(void)state;

	memset(text, '\n', KEY_FILE_SIZE_MAX + 1);
	text[KEY_FILE_SIZE_MAX + 1] = '\0';
	file_put(text);
	assert_refused(STATUS_TOO_LARGE, "larger than 65536 octets");
	text[KEY_FILE_SIZE_MAX] = '\0';
	file_put(text);
	assert_refused(STATUS_MALFORMED, "no key");
	assert_int_equal(unlink(path), 0);
	free(text);
}

static void
a_file_that_cannot_be_made_is_named(void **state)
{
	struct crypto_key *key = key_of(vector_key("rsa1024.pub.bin"));
	struct problem problem = {0};
	(void)state;

	assert_int_equal(crypto_key_write_pem("/nonexistent/key", key, &problem), STATUS_SYSTEM);
	assert_non_null(strstr(problem.text, "/nonexistent/key"));
	crypto_key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_key_comes_back_from_its_file),
		cmocka_unit_test(what_is_no_key_is_refused_with_what_was_expected),
		cmocka_unit_test(an_encrypted_key_is_refused_without_asking),
		cmocka_unit_test(other_kinds_and_weak_keys_are_refused),
		cmocka_unit_test(a_file_beyond_the_limit_is_not_read),
		cmocka_unit_test(a_file_that_cannot_be_made_is_named),
	};

	return cmocka_run_group_tests(tests, directory_is_made, directory_is_removed);
}
