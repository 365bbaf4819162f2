/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"
#include "wire/wire_writer.h"

/*
 * Private-key files of Handle.net ("admpriv.bin"): four octets say how the rest is encrypted,
 * and inside is a private key in Handle encoding (handle_key.h).
 *
 *     status = handle_key_file_open(file, passphrase, octets, sizeof(octets), &size);
 *     status = handle_key_decode(bytes_over(octets, size), &key);
 *     ...
 *     crypto_forget(octets, size);
 *
 * Types 0 and 2 use single DES and no salt: they are read, and type 2 can be written for a
 * program that reads no other, but they protect nothing.
 */
enum handle_key_file_type {
	HANDLE_KEY_FILE_OLD_DES = 0, /* DES-ECB with the MD5 of the passphrase. Never written. */
	HANDLE_KEY_FILE_PLAIN = 1,
	HANDLE_KEY_FILE_DES = 2, /* DES-CBC with the MD5 of the passphrase. */
	HANDLE_KEY_FILE_3DES = 3, /* 3DES-CBC, PBKDF2 with 10000 rounds. */
	HANDLE_KEY_FILE_AES = 4, /* AES-128-CBC, PBKDF2 with 10000 rounds. */
};

/* How the file is encrypted: whoever has to ask for a passphrase asks here first. UNSUPPORTED
 * for other types. */
enum status handle_key_file_type(struct bytes file, enum handle_key_file_type *ret_type) MUST_CHECK;

/* The private key inside, in Handle encoding. DENIED when the passphrase does not open it,
 * which cannot be told from an altered file; TOO_LARGE past KEY_FILE_SIZE_MAX; NO_SPACE when
 * `capacity` is below file.size. `passphrase` is ignored for HANDLE_KEY_FILE_PLAIN. */
enum status handle_key_file_open(struct bytes file, struct bytes passphrase, uint8_t *ret_octets,
	size_t capacity, size_t *ret_size) MUST_CHECK;

/* The inverse, with a fresh salt and IV. INVALID for an empty passphrase where one is needed;
 * UNSUPPORTED for HANDLE_KEY_FILE_OLD_DES. */
enum status handle_key_file_write(struct wire_writer *writer, enum handle_key_file_type type,
	struct bytes passphrase, struct bytes key) MUST_CHECK;

/* PBKDF2-HMAC-SHA1 as Handle.net computes it, also for secret-key answers. It makes one
 * character of each octet of the secret and Java writes those in UTF-8 again: an octet of 128
 * or more, and so all text beyond ASCII, is encoded twice. TOO_LARGE past SECRET_SIZE_MAX,
 * SALT_SIZE_MAX, PBKDF2_ITERATION_COUNT_MAX and DERIVED_KEY_BITS_MAX. */
enum status handle_secret_derive(struct bytes secret, struct bytes salt, uint32_t iterations,
	size_t key_size, uint8_t *ret_key) MUST_CHECK;
