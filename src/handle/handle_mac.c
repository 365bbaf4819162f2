/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_mac.h"

#include "handle/handle_key_file.h"

#include <assert.h>

enum {
	SALT_SIZE = 16,
	ITERATION_COUNT = 10000,
	KEY_BITS = 160,
};

/* H(secret || runs || secret). */
static void
mac_enclosed(enum crypto_digest digest, const struct handle_mac_input *input, uint8_t *ret_mac)
{
	struct bytes runs[HANDLE_MAC_RUN_COUNT_MAX + 2];
	size_t count = 0;

	assert(input->run_count <= HANDLE_MAC_RUN_COUNT_MAX);
	runs[count++] = input->secret;
	for (size_t i = 0; i < input->run_count; i++) {
		runs[count++] = input->runs[i];
	}
	runs[count++] = input->secret;
	crypto_digest_runs(digest, runs, count, ret_mac);
}

/* All but 0x22. */
static enum status
mac_compute(uint8_t code, const struct handle_mac_input *input, uint8_t *ret_mac, size_t *ret_size)
{
	enum crypto_digest digest = CRYPTO_SHA1;
	bool is_enclosed = true;

	switch (code) {
	case HANDLE_MAC_MD5_OLD:
	case HANDLE_MAC_MD5:
		digest = CRYPTO_MD5;
		break;
	case HANDLE_MAC_SHA1:
		break;
	case HANDLE_MAC_SHA256:
		digest = CRYPTO_SHA256;
		break;
	case HANDLE_MAC_HMAC_SHA1:
		is_enclosed = false;
		break;
	case HANDLE_MAC_HMAC_SHA256:
		digest = CRYPTO_SHA256;
		is_enclosed = false;
		break;
	default:
		return STATUS_UNSUPPORTED;
	}
	if (is_enclosed) {
		mac_enclosed(digest, input, ret_mac);
	} else {
		crypto_hmac_runs(digest, input->secret, input->runs, input->run_count, ret_mac);
	}
	*ret_size = crypto_digest_size(digest);
	return STATUS_OK;
}

static enum status
mac_derived(const struct handle_mac_input *input, struct bytes salt, uint32_t iterations,
	uint32_t key_bits, uint8_t *ret_mac)
{
	uint8_t key[DERIVED_KEY_BITS_MAX / 8];
	size_t key_size = key_bits / 8;

	if (key_bits % 8 != 0) {
		return STATUS_INVALID;
	}

	enum status status = handle_secret_derive(input->secret, salt, iterations, key_size, key);

	if (status == STATUS_OK) {
		crypto_hmac_runs(CRYPTO_SHA1, bytes_over(key, key_size), input->runs,
			input->run_count, ret_mac);
		crypto_forget(key, sizeof(key));
	}
	return status;
}

enum status
handle_mac_write_derived(struct wire_writer *writer, const struct handle_mac_input *input,
	struct bytes salt, uint32_t iterations, uint32_t key_bits)
{
	uint8_t mac[CRYPTO_DIGEST_SIZE_MAX];
	enum status status = mac_derived(input, salt, iterations, key_bits, mac);

	if (status != STATUS_OK) {
		return status;
	}
	wire_write_blob(writer, salt);
	wire_write_u32(writer, iterations);
	wire_write_u32(writer, key_bits);
	wire_write_blob(writer, bytes_over(mac, crypto_digest_size(CRYPTO_SHA1)));
	return wire_writer_end(writer);
}

enum status
handle_mac_write(
	struct wire_writer *writer, enum handle_mac_code code, const struct handle_mac_input *input)
{
	if (code == HANDLE_MAC_PBKDF2_HMAC_SHA1) {
		uint8_t salt[SALT_SIZE];

		crypto_random(salt, sizeof(salt));
		return handle_mac_write_derived(
			writer, input, bytes_over(salt, sizeof(salt)), ITERATION_COUNT, KEY_BITS);
	}

	uint8_t mac[CRYPTO_DIGEST_SIZE_MAX];
	size_t size = 0;
	enum status status = mac_compute((uint8_t)code, input, mac, &size);

	if (status != STATUS_OK) {
		return status;
	}
	wire_write_bytes(writer, bytes_over(mac, size));
	return wire_writer_end(writer);
}

static enum status
mac_verify_derived(struct bytes mac, const struct handle_mac_input *input)
{
	struct wire_reader reader = wire_reader_over(mac);
	struct bytes salt = wire_read_blob(&reader, SALT_SIZE_MAX);
	uint32_t iterations = wire_read_u32(&reader);
	uint32_t key_bits = wire_read_u32(&reader);
	struct bytes found = wire_read_blob(&reader, CRYPTO_DIGEST_SIZE_MAX);
	enum status status = wire_reader_end(&reader);
	uint8_t expected[CRYPTO_DIGEST_SIZE_MAX];

	if (status != STATUS_OK) {
		return status == STATUS_TOO_LARGE ? status : STATUS_DENIED;
	}
	status = mac_derived(input, salt, iterations, key_bits, expected);
	if (status != STATUS_OK) {
		return status == STATUS_INVALID ? STATUS_DENIED : status;
	}
	return crypto_equal(found, bytes_over(expected, crypto_digest_size(CRYPTO_SHA1)))
		? STATUS_OK
		: STATUS_DENIED;
}

enum status
handle_mac_verify(
	uint8_t code, struct bytes mac, const struct handle_mac_input *input, bool is_md5_allowed)
{
	if (input->secret.size == 0) {
		return STATUS_DENIED;
	}
	if (code == HANDLE_MAC_PBKDF2_HMAC_SHA1) {
		return mac_verify_derived(mac, input);
	}
	if ((code == HANDLE_MAC_MD5_OLD || code == HANDLE_MAC_MD5) && !is_md5_allowed) {
		return STATUS_UNSUPPORTED;
	}

	uint8_t expected[CRYPTO_DIGEST_SIZE_MAX];
	size_t size = 0;
	enum status status = mac_compute(code, input, expected, &size);

	if (status != STATUS_OK) {
		return status;
	}
	return crypto_equal(mac, bytes_over(expected, size)) ? STATUS_OK : STATUS_DENIED;
}

bool
handle_digest_name_is(struct bytes name, const char *plain)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t octet = ascii_upper(name.at[i]);
		bool is_plain = (octet >= 'A' && octet <= 'Z') || (octet >= '0' && octet <= '9');

		if (is_plain && octet != (uint8_t)*plain++) {
			return false;
		}
	}
	return *plain == '\0';
}

static const struct {
	enum crypto_digest digest;
	const char *plain; /* As handle_digest_name_is() wants it. */
	const char *written;
	uint8_t octet; /* 0: none. */
} digests[] = {
	{CRYPTO_MD5, "MD5", "MD5", 1},
	{CRYPTO_SHA1, "SHA1", "SHA1", 2},
	{CRYPTO_SHA256, "SHA256", "SHA-256", 3},
	{CRYPTO_SM3, "SM3", "SM3", 0},
};

enum { DIGEST_COUNT = sizeof(digests) / sizeof(digests[0]) };

enum status
handle_digest_named(struct bytes name, enum crypto_digest *ret_digest)
{
	for (size_t i = 0; i < DIGEST_COUNT; i++) {
		bool is_octet = name.size == 1 && digests[i].octet == name.at[0];

		if ((is_octet && name.at[0] != 0) ||
			handle_digest_name_is(name, digests[i].plain)) {
			*ret_digest = digests[i].digest;
			return STATUS_OK;
		}
	}
	return STATUS_UNSUPPORTED;
}

struct bytes
handle_digest_name(enum crypto_digest digest)
{
	for (size_t i = 0; i < DIGEST_COUNT; i++) {
		if (digests[i].digest == digest) {
			return bytes_from_string(digests[i].written);
		}
	}
	assert(false);
	return (struct bytes){0};
}
