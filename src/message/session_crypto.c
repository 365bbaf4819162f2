/* SPDX-License-Identifier: Apache-2.0 */
#include "message/session_crypto.h"

#include "handle/handle_mac.h"
#include "message/credential.h"

#include <assert.h>
#include <string.h>

enum { CIPHER_COUNT = SESSION_CIPHER_AES + 1 };

static const struct {
	uint8_t key_size;
	uint8_t cipher_key_size;
	uint8_t iv_size;
	enum crypto_cipher chained;
	enum crypto_cipher plain;
} ciphers[CIPHER_COUNT] = {
	[SESSION_CIPHER_DES] = {8, 8, 8, CRYPTO_DES_CBC, CRYPTO_DES_ECB},
	[SESSION_CIPHER_3DES] = {24, 24, 8, CRYPTO_3DES_CBC, CRYPTO_3DES_ECB},
	[SESSION_CIPHER_AES] = {32, 16, 16, CRYPTO_AES128_CBC, CRYPTO_AES128_ECB},
};

/* DES ignores the lowest bit of each octet, but the MACs digest it too: Java sets it so that
 * the number of ones is odd. */
static uint8_t
octet_with_odd_parity(uint8_t octet)
{
	return (uint8_t)((octet & 0xfe) | !(__builtin_popcount(octet & 0xfe) & 1));
}

enum status
session_key_derive(uint32_t cipher, struct bytes shared, struct session_key *ret_key)
{
	if (cipher == 0 || cipher >= CIPHER_COUNT) {
		return STATUS_UNSUPPORTED;
	}

	struct session_key key = {
		.cipher = (enum session_cipher)cipher, .size = ciphers[cipher].key_size};

	if (shared.size < key.size) {
		return STATUS_INVALID;
	}
	if (key.cipher == SESSION_CIPHER_AES) {
		while (shared.size > key.size && shared.at[0] == 0) {
			shared = bytes_slice(shared, 1, shared.size);
		}
	}
	memcpy(key.octets, shared.at, key.size);
	if (key.cipher != SESSION_CIPHER_AES) {
		for (size_t i = 0; i < key.size; i++) {
			key.octets[i] = octet_with_odd_parity(key.octets[i]);
		}
	}
	*ret_key = key;
	crypto_forget(&key, sizeof(key));
	return STATUS_OK;
}

static struct bytes
cipher_key(const struct session_key *key)
{
	return bytes_over(key->octets, ciphers[key->cipher].cipher_key_size);
}

enum status
session_encrypt(const struct session_key *key, struct version version, struct bytes plain,
	uint8_t *ret_octets, size_t *ret_size)
{
	if (!version_at_least(version, 2, 4)) {
		return crypto_encrypt(ciphers[key->cipher].plain, cipher_key(key),
			(struct bytes){0}, plain, ret_octets, ret_size);
	}

	size_t iv_size = ciphers[key->cipher].iv_size;
	size_t size = 0;

	crypto_random(ret_octets, iv_size);

	enum status status = crypto_encrypt(ciphers[key->cipher].chained, cipher_key(key),
		bytes_over(ret_octets, iv_size), plain, ret_octets + iv_size, &size);

	if (status == STATUS_OK) {
		*ret_size = iv_size + size;
	}
	return status;
}

enum status
session_decrypt(const struct session_key *key, struct version version, struct bytes encrypted,
	uint8_t *ret_octets, size_t *ret_size)
{
	if (!version_at_least(version, 2, 4)) {
		return crypto_decrypt(ciphers[key->cipher].plain, cipher_key(key),
			(struct bytes){0}, encrypted, ret_octets, ret_size);
	}

	size_t iv_size = ciphers[key->cipher].iv_size;

	if (encrypted.size < iv_size) {
		return STATUS_TRUNCATED;
	}
	return crypto_decrypt(ciphers[key->cipher].chained, cipher_key(key),
		bytes_slice(encrypted, 0, iv_size), bytes_slice(encrypted, iv_size, encrypted.size),
		ret_octets, ret_size);
}

/* How the MAC of a version is named: in words since 2.6, by one octet before. */
static struct bytes
mac_name(struct version version)
{
	static const uint8_t sha1_octet[] = {HANDLE_MAC_SHA1};

	if (version_at_least(version, 2, 7)) {
		return TEXT("HMAC-SHA256");
	}
	return version_at_least(version, 2, 6) ? TEXT("SHA1")
					       : bytes_over(sha1_octet, sizeof(sha1_octet));
}

/*
 * 2.5 and 2.6 copied key, message and key into one buffer at the wrong places: the first key
 * is overwritten behind its fourth octet, and as many octets as that misses stay zero at the
 * end, with ten more. Their peers compute the same.
 */
static void
mac_make_scrambled(const struct session_key *key, struct bytes run, uint8_t *ret_mac)
{
	static const uint8_t zeros[SESSION_KEY_SIZE_MAX + 10];
	const struct bytes runs[] = {
		bytes_over(key->octets, 4),
		run,
		bytes_over(key->octets, key->size),
		bytes_over(zeros, (size_t)key->size + 10),
	};

	crypto_digest_runs(CRYPTO_SHA1, runs, sizeof(runs) / sizeof(runs[0]), ret_mac);
}

void
session_mac_make(const struct session_key *key, const struct session_signed *what,
	struct session_mac *ret_mac)
{
	struct version version = what->envelope->version;
	struct bytes secret = bytes_over(key->octets, key->size);

	ret_mac->digest_name = mac_name(version);
	ret_mac->size = (uint8_t)crypto_digest_size(CRYPTO_SHA1);
	if (version_at_least(version, 2, 7)) {
		uint8_t front[SIGNED_FRONT_SIZE_MAX];
		size_t front_size =
			credential_signed_front(what->envelope, what->session_counter, front);
		const struct bytes runs[] = {bytes_over(front, front_size), what->run};

		crypto_hmac_runs(CRYPTO_SHA256, secret, runs, 2, ret_mac->octets);
		ret_mac->size = (uint8_t)crypto_digest_size(CRYPTO_SHA256);
	} else if (version_at_least(version, 2, 5)) {
		mac_make_scrambled(key, what->run, ret_mac->octets);
	} else {
		const struct bytes runs[] = {secret, what->run, secret};

		crypto_digest_runs(CRYPTO_SHA1, runs, 3, ret_mac->octets);
	}
}

enum status
session_mac_verify(const struct session_key *key, const struct session_signed *what,
	struct bytes digest_name, struct bytes mac)
{
	struct version version = what->envelope->version;
	struct session_mac expected;
	enum crypto_digest digest;
	bool is_named = version_at_least(version, 2, 7)
		? handle_digest_name_is(digest_name, "HMACSHA256") ||
			bytes_equal(digest_name, BYTES(HANDLE_MAC_HMAC_SHA256))
		: handle_digest_named(digest_name, &digest) == STATUS_OK && digest == CRYPTO_SHA1;

	if (!is_named) {
		return STATUS_UNSUPPORTED;
	}
	session_mac_make(key, what, &expected);
	return crypto_equal(mac, bytes_over(expected.octets, expected.size)) ? STATUS_OK
									     : STATUS_DENIED;
}
