/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "handle/handle_key_read.h"

/*
 * A key into a new file, in any form that is written today. Private keys are made with mode
 * 0600, public ones with 0644; nothing is ever overwritten (EXISTS).
 */
enum key_encryption {
	KEY_ENCRYPTION_NONE,
	KEY_ENCRYPTION_AES, /* .bin: AES-128-CBC; PEM: AES-256-CBC. */
	KEY_ENCRYPTION_3DES, /* .bin only, for programs that read no other. */
};

struct key_shape {
	enum handle_key_form form;
	enum key_encryption encryption;
};

/* Whether the name of a file says Handle.net's form: it ends in ".bin". */
enum handle_key_form key_form_of_name(const char *path);

/* INVALID for an encryption that the form does not have, an empty passphrase where one is
 * needed, or an encrypted public key. `passphrase` is ignored without encryption. */
enum status key_save(const char *path, const struct crypto_key *key, const struct key_shape *shape,
	struct bytes passphrase, struct problem *problem) MUST_CHECK;

/* The public half as a key of its own. */
enum status key_public_half(
	const struct crypto_key *key, struct crypto_key **ret_public) MUST_CHECK;

/* The data of HS_PUBKEY for this key; `ret_octets` holds KEY_SIZE_MAX. */
enum status key_public_octets(
	const struct crypto_key *key, uint8_t *ret_octets, struct bytes *ret_run) MUST_CHECK;

const char *key_kind_name(const struct crypto_key *key); /* "rsa" ... as --kind takes it. */

/* SHA-256 of the data of HS_PUBKEY in lower case hex, as signed heads, mirrors and requests to be
 * delegated name a key. */
enum { KEY_FINGERPRINT_SIZE_MAX = 2 * CRYPTO_DIGEST_SIZE_MAX + 1 };
enum status key_fingerprint(
	const struct crypto_key *key, char ret_text[KEY_FINGERPRINT_SIZE_MAX]) MUST_CHECK;
