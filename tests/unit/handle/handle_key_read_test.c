/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_key_read.h"

#include "handle/handle_key.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"
#include "wire/wire_writer.h"

static const struct bytes none = {0};

static struct crypto_key *
key_of(struct bytes octets)
{
	struct handle_key parts;
	struct crypto_key *key = NULL;

	assert_int_equal(handle_key_decode(octets, &parts), STATUS_OK);
	assert_int_equal(handle_key_to_crypto(&parts, &key), STATUS_OK);
	return key;
}

static struct bytes
public_of(const struct crypto_key *key, uint8_t octets[KEY_SIZE_MAX])
{
	struct wire_writer writer = wire_writer_over(octets, KEY_SIZE_MAX);

	assert_int_equal(handle_key_write_public(&writer, key), STATUS_OK);
	return wire_written(&writer);
}

static void
assert_opens(struct bytes file, struct bytes passphrase, const struct crypto_key *expected)
{
	uint8_t one[KEY_SIZE_MAX], other[KEY_SIZE_MAX];
	struct crypto_key *key = NULL;
	struct problem problem = {.text = ""};

	assert_int_equal(handle_key_read(file, passphrase, "file", &key, &problem), STATUS_OK);
	assert_int_equal(crypto_key_is_private(key), crypto_key_is_private(expected));
	assert_true(bytes_equal(public_of(key, one), public_of(expected, other)));
	crypto_key_free(key);
}

static void
assert_refused(struct bytes file, struct bytes passphrase, enum status status, const char *told)
{
	struct crypto_key *key = NULL;
	struct problem problem = {.text = ""};

	assert_int_equal(handle_key_read(file, passphrase, "file", &key, &problem), status);
	assert_null(key);
	if (strncmp(problem.text, "file: ", 6) != 0 || strstr(problem.text, told) == NULL) {
		fail_msg("expected '%s', told '%s'", told, problem.text);
	}
}

static void
every_recorded_file_is_recognised_and_opens_with_its_passphrase_alone(void **state)
{
	static const char *const encryptions[] = {"old-des", "none", "des", "3des", "aes"};
	struct vector vector;
	(void)state;

	for (size_t at = 0; vector_next("private-key-file", &at, &vector);) {
		int64_t type = vector_number(&vector, "encType");
		struct handle_key_about about;
		struct problem problem;
		struct crypto_key *key = key_of(vector_octets(&vector, "plain"));

		assert_int_equal(
			handle_key_look(vector.octets, "file", &about, &problem), STATUS_OK);
		assert_int_equal(about.form, HANDLE_KEY_FORM_BIN);
		assert_true(about.is_private);
		assert_int_equal(about.is_encrypted, type != HANDLE_KEY_FILE_PLAIN);
		assert_string_equal(handle_key_encryption_name(&about), encryptions[type]);
		if (type == HANDLE_KEY_FILE_PLAIN) {
			assert_opens(vector.octets, none, key);
		} else {
			assert_opens(vector.octets, vector_text(&vector, "passphrase"), key);
			assert_refused(vector.octets, TEXT("another"), STATUS_DENIED,
				"the passphrase does not open it");
			assert_refused(vector.octets, none, STATUS_UNAUTHENTICATED, "is encrypted");
		}
		crypto_key_free(key);
	}
}

static void
public_keys_of_handle_net_are_recognised(void **state)
{
	static const char *const names[] = {
		"rsa1024.pub.bin", "dsa2048.pub.bin", "admin_rsa2048.pub.bin"};
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct handle_key_about about;
		struct problem problem;
		struct crypto_key *key = key_of(vector_key(names[i]));

		assert_int_equal(
			handle_key_look(vector_key(names[i]), "file", &about, &problem), STATUS_OK);
		assert_int_equal(about.form, HANDLE_KEY_FORM_BIN);
		assert_false(about.is_private);
		assert_false(about.is_encrypted);
		assert_opens(vector_key(names[i]), none, key);
		crypto_key_free(key);
	}
}

static void
a_passphrase_goes_around_every_kind_of_private_key_in_pem(void **state)
{
	static const char *const names[] = {"rsa1024.prv.bin", "dsa2048.prv.bin"};
	static const enum crypto_key_kind kinds[] = {CRYPTO_KEY_ED25519, CRYPTO_KEY_SM2};
	uint8_t text[KEY_PEM_SIZE_MAX];
	size_t size = 0;
	(void)state;

	for (size_t i = 0; i < 4; i++) {
		struct crypto_key *key = NULL;
		struct handle_key_about about;
		struct problem problem;

		if (i < 2) {
			key = key_of(vector_key(names[i]));
		} else {
			assert_int_equal(crypto_key_new(kinds[i - 2], &key), STATUS_OK);
		}
		assert_int_equal(
			crypto_key_format_pem(key, TEXT("密 phrase"), text, sizeof(text), &size),
			STATUS_OK);

		struct bytes pem = bytes_over(text, size);

		assert_int_equal(handle_key_look(pem, "file", &about, &problem), STATUS_OK);
		assert_int_equal(about.form, HANDLE_KEY_FORM_PEM);
		assert_true(about.is_private && about.is_encrypted);
		assert_string_equal(handle_key_encryption_name(&about), "pem");
		assert_opens(pem, TEXT("密 phrase"), key);
		if (i == 0) { /* 600000 rounds a try. */
			assert_refused(pem, TEXT("密 phras"), STATUS_DENIED, "does not open");
		}
		assert_refused(pem, none, STATUS_UNAUTHENTICATED, "passphrase is needed");

		assert_int_equal(
			crypto_key_format_pem(key, none, text, sizeof(text), &size), STATUS_OK);
		assert_int_equal(handle_key_look(bytes_over(text, size), "file", &about, &problem),
			STATUS_OK);
		assert_true(about.is_private && !about.is_encrypted);
		assert_opens(bytes_over(text, size), none, key);
		assert_int_equal(
			crypto_key_format_pem(key, none, text, size - 1, &size), STATUS_NO_SPACE);
		crypto_key_free(key);
	}
}

/* openssl genrsa -traditional -aes128 1024, with the passphrase "old form". */
static const char old_form[] = "-----BEGIN RSA PRIVATE KEY-----\n"
			       "Proc-Type: 4,ENCRYPTED\n"
			       "DEK-Info: AES-128-CBC,FA38832891F556E5AFD6404E09C6AF3E\n"
			       "\n"
			       "Km+wVujexgYzf8YwflZgO1ttINvg570qH7JWJfCEl6Dt27CmYnGi50V5VoRqap3W\n"
			       "+XAi7dd2fBtSOfBYwi9MdOTn8ItEDAitUhtZwlB0dt+offcyr/lmTtRYi8HErh8h\n"
			       "FVcMO+wzTj3G+KNlWXHL6LWdBYNE46dwX4+GgiHGNefRmUW4ZrXfZkO+3tJax0IU\n"
			       "g2jyu/Qy1Ftxd+M4IfYtq+p4D56Hp4xcM3hL8sQodJKFwHzJq3DCcTEVZen8Yw52\n"
			       "9Xh1kmorts7p940Yaax5Uq6yF1U10We7qqMvlLgqYv1DkBPicS0CQZ9Gvwr13f1L\n"
			       "vf9sw33MqYjBMhT1ESoc7o8PIKIcJmOOw04wgAQ87PKDvJQYZRwF04uKlARsd9Em\n"
			       "r+o2z0c1jzM7xMvXPFs0DiMFvucTxp5gr0d/FOOFhAYBIrmEu0cA0/l+NG0kDJOU\n"
			       "RD6fOUS5UM04RzBNWtYdZqTDloJ5RT97rjsINkXWGlujL5/4XGHIbwhQNh89Cz4u\n"
			       "b7wgC7JHGzYLLMjA9iMlF8btH6OyqaOK8o8Q7jXfYsRKawZOrF4dxiMqQwdmHGBC\n"
			       "QjO5V1YRgt/V2HllXcSg+YYO9cr/l5NCLmoI4s/A6XYT42myHM0MJE3d+A0goG5c\n"
			       "blHJ51cqBbGKtdlzxqJUTrnWhWGrwsTqP2Ys8RpZ8i5R/qE1Lod0X2UovmmyzRW4\n"
			       "d7DAKopaVJhYkpEvWpqcgSGXleAQlqfGdmldgtAm8XYFAg+C++zvSDrezFWJTSGd\n"
			       "XvxGv1mwKVi/n0tSlNXxNfdk96H5Gf3ct7uzrnVGh2LadbCWD7xiNvXmg46sH9Qr\n"
			       "-----END RSA PRIVATE KEY-----\n";

static void
the_older_form_of_encrypted_pem_opens_too(void **state)
{
	struct bytes pem = bytes_from_string(old_form);
	struct crypto_key *key = NULL;
	struct problem problem;
	(void)state;

	assert_int_equal(handle_key_read(pem, TEXT("old form"), "file", &key, &problem), STATUS_OK);
	assert_true(crypto_key_is_private(key));
	assert_int_equal(crypto_key_bits(key), 1024);
	crypto_key_free(key);
	assert_refused(pem, TEXT("new form"), STATUS_DENIED, "does not open");
	assert_refused(pem, none, STATUS_UNAUTHENTICATED, "is encrypted");
}

static void
what_is_no_key_is_called_by_its_name(void **state)
{
	static const struct {
		struct bytes octets;
		const char *told;
	} cases[] = {
		{{NULL, 0}, "is empty"},
		{{(const uint8_t *)"-----BEGIN CERTIFICATE-----\nAA", 30}, "is a certificate"},
		{{(const uint8_t *)"-----BEGIN OPENSSH PRIVATE KEY-----\nAA", 38}, "key of ssh"},
		{{(const uint8_t *)"-----BEGIN CERTIFICATE REQUEST-----", 35}, "something else"},
		{{(const uint8_t *)"ssh-ed25519 AAAA", 16}, "public key of ssh"},
		{{(const uint8_t *)"\xfe\xed\xfe\xed\0\0", 6}, "keystore"},
		{{(const uint8_t *)"PK\x03\x04zip", 7}, "zip archive"},
		{{(const uint8_t *)"\x30\x82\x04\xa4", 4}, "DER"},
		{{(const uint8_t *)"{\"version\":1}", 13}, "JSON or a configuration"},
		{{(const uint8_t *)"hello\n", 6}, "holds no key; expected PEM"},
		{{(const uint8_t *)"\0\0\0\x05zzzz", 8}, "holds no key"},
		{{(const uint8_t *)"\0\0\0\x01zzzz", 8}, "holds no key"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_refused(cases[i].octets, TEXT("x"), STATUS_MALFORMED, cases[i].told);
	}
}

static void
a_cut_file_is_never_taken_for_a_key(void **state)
{
	struct vector vector;
	(void)state;

	for (size_t at = 0; vector_next("private-key-file", &at, &vector);) {
		struct bytes passphrase = vector_number(&vector, "encType") == 1
			? none
			: vector_text(&vector, "passphrase");

		if (vector_number(&vector, "encType") > 2) {
			continue; /* 10000 rounds each; the fuzzer cuts these. */
		}
		for (size_t size = 0; size < vector.octets.size; size++) {
			struct bytes cut = heap_copy(bytes_slice(vector.octets, 0, size));
			struct crypto_key *key = NULL;
			struct problem problem;

			assert_int_not_equal(
				handle_key_read(cut, passphrase, "file", &key, &problem),
				STATUS_OK);
			assert_null(key);
			heap_free(cut);
		}
	}
}

static void
files_are_bounded(void **state)
{
	uint8_t *octets = calloc(1, KEY_FILE_SIZE_MAX + 1);
	(void)state;

	/* As many zeros would be a type of encryption, but no whole blocks. */
	assert_refused(bytes_over(octets, KEY_FILE_SIZE_MAX), none, STATUS_MALFORMED, "no key");
	assert_refused(
		bytes_over(octets, KEY_FILE_SIZE_MAX + 1), none, STATUS_TOO_LARGE, "larger than");
	free(octets);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_recorded_file_is_recognised_and_opens_with_its_passphrase_alone),
		cmocka_unit_test(public_keys_of_handle_net_are_recognised),
		cmocka_unit_test(a_passphrase_goes_around_every_kind_of_private_key_in_pem),
		cmocka_unit_test(the_older_form_of_encrypted_pem_opens_too),
		cmocka_unit_test(what_is_no_key_is_called_by_its_name),
		cmocka_unit_test(a_cut_file_is_never_taken_for_a_key),
		cmocka_unit_test(files_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
