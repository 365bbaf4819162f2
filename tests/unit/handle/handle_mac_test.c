/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_mac.h"

#include "base/limits.h"
#include "fake/random_fake.h"
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "vectors/vectors.h"

#include <stdlib.h>

static uint8_t scratch[256];

static void
assert_run(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	assert_memory_equal(found.at, expected.at, expected.size);
}

/* "mac-code-0x12" and "mac-code-0x22-500-256" carry their code in their name. */
static uint8_t
code_of(const struct vector *vector)
{
	return (uint8_t)strtoul(vector->name + strlen("mac-code-0x"), NULL, 16);
}

static void
vectors_of_macs_are_made_and_verified(void **state)
{
	struct vector vector;
	(void)state;

	assert_int_equal(vector_count("mac"), 7);
	for (size_t at = 0; vector_next("mac", &at, &vector);) {
		struct bytes whole = vector_octets(&vector, "input");
		const struct bytes runs[] = {
			bytes_slice(whole, 0, 16), bytes_slice(whole, 16, whole.size)};
		struct handle_mac_input input = {vector_octets(&vector, "key"), runs, 2};
		struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
		uint8_t code = code_of(&vector);

		if (code == HANDLE_MAC_PBKDF2_HMAC_SHA1) {
			assert_int_equal(handle_mac_write_derived(&writer, &input,
						 vector_octets(&vector, "salt"),
						 (uint32_t)vector_number(&vector, "iterations"),
						 (uint32_t)vector_number(&vector, "keyLengthBits")),
				STATUS_OK);
		} else {
			assert_int_equal(
				handle_mac_write(&writer, (enum handle_mac_code)code, &input),
				STATUS_OK);
		}
		assert_run(wire_written(&writer), vector.octets);
		assert_int_equal(handle_mac_verify(code, vector.octets, &input, true), STATUS_OK);
		input.run_count = 1;
		assert_int_equal(
			handle_mac_verify(code, vector.octets, &input, true), STATUS_DENIED);
	}
}

static void
a_fresh_mac_has_the_sizes_that_handle_net_chooses(void **state)
{
	struct vector vector = vector_named("mac-code-0x22-fixed-salt");
	struct bytes whole = vector_octets(&vector, "input");
	struct handle_mac_input input = {vector_octets(&vector, "key"), &whole, 1};
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	(void)state;

	random_fake_next(vector_octets(&vector, "salt"));
	assert_int_equal(handle_mac_write(&writer, HANDLE_MAC_PBKDF2_HMAC_SHA1, &input), STATUS_OK);
	assert_run(wire_written(&writer), vector.octets);
}

static void
macs_cut_anywhere_or_altered_are_denied(void **state)
{
	struct vector vector;
	(void)state;

	for (size_t at = 0; vector_next("mac", &at, &vector);) {
		struct bytes whole = vector_octets(&vector, "input");
		struct handle_mac_input input = {vector_octets(&vector, "key"), &whole, 1};
		uint8_t *altered = malloc(vector.octets.size);

		for (size_t size = 0; size < vector.octets.size; size++) {
			struct bytes part = heap_copy(bytes_slice(vector.octets, 0, size));

			assert_int_equal(handle_mac_verify(code_of(&vector), part, &input, true),
				STATUS_DENIED);
			heap_free(part);
		}
		memcpy(altered, vector.octets.at, vector.octets.size);
		altered[vector.octets.size - 1] ^= 1;
		assert_int_equal(handle_mac_verify(code_of(&vector),
					 bytes_over(altered, vector.octets.size), &input, true),
			STATUS_DENIED);
		free(altered);
	}
}

static void
md5_is_verified_only_where_the_caller_says_so(void **state)
{
	struct vector vector = vector_named("mac-code-0x01");
	struct bytes whole = vector_octets(&vector, "input");
	struct handle_mac_input input = {vector_octets(&vector, "key"), &whole, 1};
	(void)state;

	assert_int_equal(handle_mac_verify(0, vector.octets, &input, false), STATUS_UNSUPPORTED);
	assert_int_equal(handle_mac_verify(1, vector.octets, &input, false), STATUS_UNSUPPORTED);
	assert_int_equal(handle_mac_verify(1, vector.octets, &input, true), STATUS_OK);
}

static void
codes_not_listed_are_refused(void **state)
{
	const struct bytes run = TEXT("octets");
	const struct handle_mac_input input = {TEXT("secret"), &run, 1};
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	size_t known = 0;
	(void)state;

	for (unsigned code = 0; code <= 0xff; code++) {
		enum status status = handle_mac_verify((uint8_t)code, BYTES(1), &input, true);

		assert_true(status == STATUS_DENIED || status == STATUS_UNSUPPORTED);
		known += status == STATUS_DENIED;
	}
	assert_int_equal(known, 7);
	assert_int_equal(
		handle_mac_write(&writer, (enum handle_mac_code)0x11, &input), STATUS_UNSUPPORTED);
}

static void
an_empty_secret_authenticates_nobody(void **state)
{
	const struct bytes run = TEXT("octets");
	const struct handle_mac_input input = {{NULL, 0}, &run, 1};
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	(void)state;

	assert_int_equal(handle_mac_write(&writer, HANDLE_MAC_HMAC_SHA256, &input), STATUS_OK);
	assert_int_equal(
		handle_mac_verify(HANDLE_MAC_HMAC_SHA256, wire_written(&writer), &input, true),
		STATUS_DENIED);
}

/* A derived MAC with sizes of the peer's choice: right but for its last blob. */
static enum status
verify_with(size_t salt_size, uint32_t iterations, uint32_t key_bits)
{
	static const uint8_t zeros[SALT_SIZE_MAX + 1];
	const struct bytes run = TEXT("octets");
	const struct handle_mac_input input = {TEXT("secret"), &run, 1};
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));

	wire_write_blob(&writer, bytes_over(zeros, salt_size));
	wire_write_u32(&writer, iterations);
	wire_write_u32(&writer, key_bits);
	wire_write_blob(&writer, bytes_over(zeros, 20));
	return handle_mac_verify(0x22, wire_written(&writer), &input, false);
}

static void
a_peer_cannot_make_us_compute_without_end(void **state)
{
	(void)state;
	assert_int_equal(verify_with(SALT_SIZE_MAX, 1, 160), STATUS_DENIED);
	assert_int_equal(verify_with(SALT_SIZE_MAX + 1, 1, 160), STATUS_TOO_LARGE);
	assert_int_equal(verify_with(16, PBKDF2_ITERATION_COUNT_MAX, 160), STATUS_DENIED);
	assert_int_equal(verify_with(16, PBKDF2_ITERATION_COUNT_MAX + 1, 160), STATUS_TOO_LARGE);
	assert_int_equal(verify_with(16, UINT32_MAX, 160), STATUS_TOO_LARGE);
	assert_int_equal(verify_with(16, 1, DERIVED_KEY_BITS_MAX), STATUS_DENIED);
	assert_int_equal(verify_with(16, 1, DERIVED_KEY_BITS_MAX + 8), STATUS_TOO_LARGE);
	assert_int_equal(verify_with(16, 1, UINT32_MAX - 7), STATUS_TOO_LARGE);
	assert_int_equal(verify_with(16, 0, 160), STATUS_DENIED);
	assert_int_equal(verify_with(16, 1, 0), STATUS_DENIED);
	assert_int_equal(verify_with(16, 1, 161), STATUS_DENIED);
}

static void
a_derived_key_has_whole_octets(void **state)
{
	const struct bytes run = TEXT("octets");
	const struct handle_mac_input input = {TEXT("secret"), &run, 1};
	struct wire_writer writer = wire_writer_over(scratch, sizeof(scratch));
	(void)state;

	assert_int_equal(
		handle_mac_write_derived(&writer, &input, TEXT("salt"), 1, 161), STATUS_INVALID);
	assert_int_equal(
		handle_mac_write_derived(&writer, &input, TEXT("salt"), 1, 0), STATUS_INVALID);
	assert_int_equal(wire_writer_size(&writer), 0);
	assert_int_equal(
		handle_mac_write_derived(&writer, &input, TEXT("salt"), 1, 168), STATUS_OK);
}

static void
digests_are_known_by_all_their_names(void **state)
{
	static const struct {
		const char *name;
		enum crypto_digest digest;
	} rows[] = {
		{"MD5", CRYPTO_MD5},
		{"\x01", CRYPTO_MD5},
		{"SHA1", CRYPTO_SHA1},
		{"SHA-1", CRYPTO_SHA1},
		{"sha-1", CRYPTO_SHA1},
		{"\x02", CRYPTO_SHA1},
		{"SHA256", CRYPTO_SHA256},
		{"SHA-256", CRYPTO_SHA256},
		{"\x03", CRYPTO_SHA256},
		{"SM3", CRYPTO_SM3},
	};
	static const char *const others[] = {
		"", "SHA", "SHA-2567", "SHA-25", "\x04", "SHA512", "HMAC-SHA1", "\x02\x02"};
	enum crypto_digest digest;
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			handle_digest_named(bytes_from_string(rows[i].name), &digest), STATUS_OK);
		assert_int_equal(digest, rows[i].digest);
		assert_int_equal(
			handle_digest_named(handle_digest_name(digest), &digest), STATUS_OK);
		assert_int_equal(digest, rows[i].digest);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(handle_digest_named(bytes_from_string(others[i]), &digest),
			STATUS_UNSUPPORTED);
	}
	assert_int_equal(handle_digest_named(BYTES(0), &digest), STATUS_UNSUPPORTED);
	assert_run(handle_digest_name(CRYPTO_SHA256), TEXT("SHA-256"));
	assert_run(handle_digest_name(CRYPTO_SHA1), TEXT("SHA1"));
	assert_true(handle_digest_name_is(TEXT("hmac_sha-256"), "HMACSHA256"));
	assert_false(handle_digest_name_is(TEXT("HMAC-SHA25"), "HMACSHA256"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_macs_are_made_and_verified),
		cmocka_unit_test(a_fresh_mac_has_the_sizes_that_handle_net_chooses),
		cmocka_unit_test(macs_cut_anywhere_or_altered_are_denied),
		cmocka_unit_test(md5_is_verified_only_where_the_caller_says_so),
		cmocka_unit_test(codes_not_listed_are_refused),
		cmocka_unit_test(an_empty_secret_authenticates_nobody),
		cmocka_unit_test(a_peer_cannot_make_us_compute_without_end),
		cmocka_unit_test(a_derived_key_has_whole_octets),
		cmocka_unit_test(digests_are_known_by_all_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
