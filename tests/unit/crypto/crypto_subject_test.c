/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_subject.h"

#include "crypto/crypto_openssl.h"
#include "support/cmocka_all.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	const char *kind;
	const char *text;
	int size; /* -1: up to its end. */
};

/* A certificate with these entries in its subject, signed by its own key, in memory of its own. */
static struct bytes
certificate(const struct crypto_key *key, const struct entry *entries, size_t count)
{
	X509 *made = X509_new();
	X509_NAME *name = X509_get_subject_name(made);
	unsigned char *at = NULL;
	int size;

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(
			X509_NAME_add_entry_by_txt(name, entries[i].kind, MBSTRING_UTF8,
				(const unsigned char *)entries[i].text, entries[i].size, -1, 0),
			1);
	}
	assert_int_equal(
		ASN1_TIME_set_string_X509(X509_getm_notBefore(made), "20200101000000Z"), 1);
	assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notAfter(made), "21000101000000Z"), 1);
	assert_int_equal(X509_set_pubkey(made, key->key), 1);
	assert_int_not_equal(X509_sign(made, key->key, NULL), 0);
	size = i2d_X509(made, &at);
	assert_true(size > 0);
	X509_free(made);
	return bytes_over(at, (size_t)size);
}

static void
bytes_free(struct bytes octets)
{
	OPENSSL_free((void *)(uintptr_t)octets.at);
}

static struct crypto_key *
new_key(void)
{
	struct crypto_key *key = NULL;

	assert_int_equal(crypto_key_new(CRYPTO_KEY_ED25519, &key), STATUS_OK);
	return key;
}

static void
expect(const struct entry *entries, size_t count, enum status status, const char *name)
{
	struct crypto_key *key = new_key();
	struct bytes der = certificate(key, entries, count);
	struct crypto_subject subject;

	assert_int_equal(crypto_subject_read(der, &subject), status);
	if (status == STATUS_OK) {
		assert_int_equal(subject.name_size, strlen(name));
		assert_memory_equal(subject.name, name, subject.name_size);
		assert_int_equal(EVP_PKEY_eq(subject.key->key, key->key), 1);
		assert_int_equal(subject.from_s, 1577836800);
		assert_int_equal(subject.until_s, 4102444800);
	} else {
		assert_null(subject.key);
	}
	crypto_subject_clear(&subject);
	bytes_free(der);
	crypto_key_free(key);
}

static void
the_uid_is_the_name_and_the_cn_only_without_one(void **state)
{
	(void)state;
	expect((struct entry[]){{"CN", "other", -1}, {"UID", "300:0.NA/1", -1}}, 2, STATUS_OK,
		"300:0.NA/1");
	expect((struct entry[]){{"O", "somebody", -1}, {"CN", "88.1/\u6807\u8bc6", -1}}, 2,
		STATUS_OK, "88.1/\u6807\u8bc6");
	expect((struct entry[]){{"O", "somebody", -1}}, 1, STATUS_OK, "");
	expect(NULL, 0, STATUS_OK, "");
}

static void
a_name_that_comes_twice_means_nobody(void **state)
{
	(void)state;
	expect((struct entry[]){{"UID", "1:a/b", -1}, {"UID", "1:c/d", -1}}, 2, STATUS_INVALID, "");
	expect((struct entry[]){{"CN", "1:a/b", -1}, {"CN", "1:a/b", -1}}, 2, STATUS_INVALID, "");
	expect((struct entry[]){{"CN", "1:a/b", -1}, {"CN", "x", -1}, {"UID", "1:a/b", -1}}, 3,
		STATUS_OK, "1:a/b");
}

static void
names_have_a_limit(void **state)
{
	static char text[CRYPTO_SUBJECT_NAME_SIZE_MAX + 2];

	(void)state;
	for (int more = -1; more <= 1; more++) {
		int size = CRYPTO_SUBJECT_NAME_SIZE_MAX + more;

		memset(text, 'a', sizeof(text));
		text[size] = '\0';
		expect((struct entry[]){{"UID", text, size}}, 1,
			more > 0 ? STATUS_TOO_LARGE : STATUS_OK, text);
	}
}

/* Each in an allocation of its own, so that reading past its end is seen. */
static void
every_truncation_and_every_tail_is_malformed(void **state)
{
	struct crypto_key *key = new_key();
	struct bytes der = certificate(key, (struct entry[]){{"UID", "300:0.NA/1", -1}}, 1);
	struct crypto_subject subject;

	(void)state;
	for (size_t size = 0; size <= der.size + 1; size++) {
		uint8_t *copy = malloc(size > 0 ? size : 1);

		if (size == der.size) {
			free(copy);
			continue;
		}
		memcpy(copy, der.at, size < der.size ? size : der.size);
		if (size > der.size) {
			copy[der.size] = 0;
		}
		assert_int_equal(
			crypto_subject_read(bytes_over(copy, size), &subject), STATUS_MALFORMED);
		assert_null(subject.key);
		crypto_subject_clear(&subject);
		free(copy);
	}
	bytes_free(der);
	crypto_key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_uid_is_the_name_and_the_cn_only_without_one),
		cmocka_unit_test(a_name_that_comes_twice_means_nobody),
		cmocka_unit_test(names_have_a_limit),
		cmocka_unit_test(every_truncation_and_every_tail_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
