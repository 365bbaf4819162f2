/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "base/base64.h"
#include "base/limits.h"
#include "http/identity/http_credentials.h"

#include <stdlib.h>

static struct arena *arena;

static enum status
read_header(const char *text, struct http_credentials *credentials)
{
	size_t size = strlen(text);
	uint8_t *exact = malloc(size + 1);
	enum status status;

	memcpy(exact, text, size);
	exact = realloc(exact, size == 0 ? 1 : size);
	status = http_credentials_read(bytes_over(exact, size), arena, credentials);
	if (status == STATUS_OK) {
		/* What is no copy must not be looked at behind the text. */
		status = http_credentials_read(bytes_from_string(text), arena, credentials);
	}
	free(exact);
	return status;
}

static void
assert_says(struct bytes got, const char *text)
{
	assert_true(bytes_equal(got, bytes_from_string(text)));
}

static void
items_are_read_with_and_without_quotes(void **state)
{
	struct http_credentials credentials;
	(void)state;

	assert_int_equal(
		read_header("sessionId=\"a\\\"b\\\\c\" , ID = 300:0.NA/88.1,cnonce=AA==  , "
			    "unknown=\"x, y\", alg=\"\"",
			&credentials),
		STATUS_OK);
	assert_says(credentials.session_id, "a\"b\\c");
	assert_says(credentials.id, "300:0.NA/88.1");
	assert_says(credentials.cnonce, "AA==");
	assert_says(credentials.alg, "");
	assert_null(credentials.signature.at);
	assert_int_equal(read_header("", &credentials), STATUS_OK);
	assert_int_equal(read_header(" \tid=300:1/a", &credentials), STATUS_OK);
	assert_says(credentials.id, "300:1/a");
	/* Names are tokens (RFC 9110, 5.6.2), whatever signs they have. */
	assert_int_equal(read_header("!#$%&'*+-.^_`|~09azAZ=x,id=1/b", &credentials), STATUS_OK);
	assert_says(credentials.id, "1/b");
	assert_int_equal(read_header("clientCert=\"true\"", &credentials), STATUS_OK);
	assert_says(credentials.client_certificate, "true");
}

static void
what_is_no_list_of_items_is_refused(void **state)
{
	static const char *const texts[] = {"id", "id=", "=x", "id=\"open", "id=\"open\\",
		"id=\"a\" x", "id=a,id=b", "id=a,ID=b", "id=\"a\"\"b\"", ",id=a", "id=a,,x=y",
		"\"id\"=a", "i(d=a", "i/d=a", "\x01=a"};
	struct http_credentials credentials;
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(read_header(texts[i], &credentials), STATUS_MALFORMED);
	}
}

static struct http_credentials
good_credentials(void)
{
	return (struct http_credentials){.id = TEXT("301%3A0.NA/88.1"),
		.type = TEXT("HS_SECKEY"),
		.cnonce = TEXT("AAEC"),
		.alg = TEXT("SHA256"),
		.signature = TEXT("BQYH")};
}

static void
a_proof_becomes_an_answer_to_a_challenge(void **state)
{
	static const struct {
		const char *type;
		const char *alg;
		uint8_t front[24];
		size_t size;
	} cases[] = {
		{"HS_SECKEY", "SHA256", {3, 5, 6, 7}, 4},
		{"hs_seckey", "HMAC-SHA256", {0x13, 5, 6, 7}, 4},
		{"HS_SECKEY", "sha-1", {2, 5, 6, 7}, 4},
		{"HS_SECKEY", "HmacSHA1", {0x12, 5, 6, 7}, 4},
		{"HS_SECKEY", "MD5", {1, 5, 6, 7}, 4},
		{"HS_SECKEY", "PBKDF2WithHmacSHA1",
			{0x22, 0, 0, 0, 2, 9, 9, 0, 0, 3, 0xe8, 0, 0, 0, 160, 0, 0, 0, 3, 5, 6, 7},
			22},
		{"HS_PUBKEY", "SHA256",
			{0, 0, 0, 7, 'S', 'H', 'A', '-', '2', '5', '6', 0, 0, 0, 3, 5, 6, 7}, 18},
	};
	uint8_t nonce[16] = {1};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_credentials credentials = good_credentials();
		struct operation_claim claim = {.index = 0};
		const char *fault;

		credentials.type = bytes_from_string(cases[i].type);
		credentials.alg = bytes_from_string(cases[i].alg);
		credentials.salt = TEXT("CQk=");
		credentials.iterations = TEXT("1000");
		credentials.length = TEXT("160");
		assert_true(http_credentials_prove(
			&credentials, bytes_over(nonce, sizeof(nonce)), arena, &claim, &fault));
		assert_says(claim.name, "0.NA/88.1");
		assert_int_equal(claim.index, 301);
		assert_true(bytes_equal(claim.digest, BYTES(0, 1, 2)));
		assert_true(bytes_equal(claim.response, bytes_over(cases[i].front, cases[i].size)));
	}
}

static void
what_a_derived_key_needs_is_named(void **state)
{
	static const struct {
		const char *salt, *iterations, *length, *fault;
	} cases[] = {
		{"", "1000", "160", "salt"},
		{"!", "1000", "160", "salt"},
		{"CQk=", "", "160", "iterations"},
		{"CQk=", "2147483648", "160", "iterations"},
		{"CQk=", "-1", "160", "iterations"},
		{"CQk=", "1000", "", "length"},
		{"CQk=", "1000", "2147483648", "length"},
	};
	struct bytes nonce = BYTES(1);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_credentials credentials = good_credentials();
		struct operation_claim claim = {.index = 0};
		const char *fault = NULL;

		credentials.alg = TEXT("PBKDF2");
		credentials.salt = bytes_from_string(cases[i].salt);
		credentials.iterations = bytes_from_string(cases[i].iterations);
		credentials.length = bytes_from_string(cases[i].length);
		assert_false(http_credentials_prove(&credentials, nonce, arena, &claim, &fault));
		assert_memory_equal(fault, cases[i].fault, strlen(cases[i].fault));
	}
}

/* Nonces and signatures as long as allowed, and one octet more. */
static void
what_is_base64_has_its_sizes(void **state)
{
	enum { NONCE_MAX = 256 };
	static char text[4 * CRYPTO_SIGNATURE_SIZE_MAX];
	struct bytes nonce = BYTES(1);

	(void)state;
	for (size_t more = 0; more <= 1; more++) {
		static const size_t sizes[] = {NONCE_MAX, CRYPTO_SIGNATURE_SIZE_MAX};

		for (size_t i = 0; i < 2; i++) {
			struct http_credentials credentials = good_credentials();
			struct operation_claim claim = {.index = 0};
			uint8_t *zeros = calloc(1, sizes[i] + more);
			const char *fault = NULL;

			base64_encode(bytes_over(zeros, sizes[i] + more), BASE64_STANDARD, text);
			free(zeros);
			*(i == 0 ? &credentials.cnonce : &credentials.signature) = bytes_over(
				text, base64_encoded_size(sizes[i] + more, BASE64_STANDARD));
			assert_int_equal(
				http_credentials_prove(&credentials, nonce, arena, &claim, &fault),
				more == 0);
		}
	}
}

static void
what_is_wrong_with_a_proof_is_named(void **state)
{
	static const struct {
		size_t at;
		const char *text;
		const char *fault;
	} cases[] = {
#define AT(member) offsetof(struct http_credentials, member)
		{AT(id), "", "id"},
		{AT(id), "301:%zz", "id"},
		{AT(id), "%ff", "id"},
		{AT(type), "HS_ADMIN", "type"},
		{AT(type), "", "type"},
		{AT(cnonce), "A", "cnonce"},
		{AT(alg), "SHA512", "alg"},
		{AT(alg), "", "alg"},
		{AT(signature), "", "signature"},
		{AT(signature), "!", "signature"},
#undef AT
	};
	uint8_t nonce[16] = {1};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_credentials credentials = good_credentials();
		struct operation_claim claim = {.index = 0};
		const char *fault = NULL;

		*(struct bytes *)((char *)&credentials + cases[i].at) =
			bytes_from_string(cases[i].text);
		assert_false(http_credentials_prove(
			&credentials, bytes_over(nonce, sizeof(nonce)), arena, &claim, &fault));
		assert_memory_equal(fault, cases[i].fault, strlen(cases[i].fault));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_are_read_with_and_without_quotes),
		cmocka_unit_test(what_is_no_list_of_items_is_refused),
		cmocka_unit_test(a_proof_becomes_an_answer_to_a_challenge),
		cmocka_unit_test(what_a_derived_key_needs_is_named),
		cmocka_unit_test(what_is_base64_has_its_sizes),
		cmocka_unit_test(what_is_wrong_with_a_proof_is_named),
	};
	int failed;

	arena = arena_new(65536, REQUEST_MEMORY_MAX);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
