/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"
#include "wire/wire_reader.h"
#include "wire/wire_writer.h"

/*
 * Message authentication with a shared secret (HS_SECKEY), and the names of digests.
 *
 * One octet, the code, says which MAC follows. The first four put the secret before and
 * behind the octets (RFC 3652, 2.4.2); 0x12 and 0x13 are HMAC (RFC 2104); 0x22 is HMAC-SHA1
 * with a key derived from the secret, whose salt, rounds and size travel with the MAC:
 *
 *     blob salt, u32 rounds, u32 bits of the key, blob MAC
 *
 * Whoever answers chooses the rounds that the verifier computes; the limits are those of
 * handle_secret_derive().
 */
enum handle_mac_code {
	HANDLE_MAC_MD5_OLD = 0x00,
	HANDLE_MAC_MD5 = 0x01,
	HANDLE_MAC_SHA1 = 0x02,
	HANDLE_MAC_SHA256 = 0x03,
	HANDLE_MAC_HMAC_SHA1 = 0x12,
	HANDLE_MAC_HMAC_SHA256 = 0x13,
	HANDLE_MAC_PBKDF2_HMAC_SHA1 = 0x22,
};

/* What is authenticated, and by what: the runs count as if they stood behind each other. */
enum { HANDLE_MAC_RUN_COUNT_MAX = 8 };

struct handle_mac_input {
	struct bytes secret;
	const struct bytes *runs;
	size_t run_count;
};

/* Writes the MAC without its code. UNSUPPORTED for a code not listed. 0x22 takes a fresh salt
 * of 16 octets, 10000 rounds and 160 bits, as Handle.net does; handle_mac_write_derived()
 * takes those of the caller. */
enum status handle_mac_write(struct wire_writer *writer, enum handle_mac_code code,
	const struct handle_mac_input *input) MUST_CHECK;
enum status handle_mac_write_derived(struct wire_writer *writer,
	const struct handle_mac_input *input, struct bytes salt, uint32_t iterations,
	uint32_t key_bits) MUST_CHECK;

/* An empty secret, which everybody knows, is DENIED.
 * MD5 has fallen: only who must read what is old sets `is_md5_allowed`.
 * DENIED when the MAC is not by this secret over these octets or is malformed; UNSUPPORTED for
 * a code not listed or MD5 that is not allowed; TOO_LARGE when it asks for too much work. */
enum status handle_mac_verify(uint8_t code, struct bytes mac, const struct handle_mac_input *input,
	bool is_md5_allowed) MUST_CHECK;

/* The digest that a credential or an answer names: "MD5", "SHA1", "SHA-1", "SHA256",
 * "SHA-256", "SM3" whatever their case, or one octet 1, 2, 3. UNSUPPORTED for others. */
enum status handle_digest_named(struct bytes name, enum crypto_digest *ret_digest) MUST_CHECK;
struct bytes handle_digest_name(enum crypto_digest digest); /* "SHA-256": as it is written. */

/* True if `name` is `plain`, capital letters and digits only, when case and all other
 * characters are left out of `name`: "hmac-sha256" is "HMACSHA256". */
bool handle_digest_name_is(struct bytes name, const char *plain);
