/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "crypto/crypto.h"
#include "handle/handle_key_file.h"

/*
 * A key from whatever file it comes in: PEM (PKCS#8, SPKI and the older forms, encrypted or
 * not), Handle.net's private-key file of every encryption type, Handle.net's public key
 * ("pubkey.bin", the data of HS_PUBKEY).
 *
 * Two steps, because only the first can be done without a passphrase:
 *
 *     status = handle_key_look(octets, path, &about, &problem);
 *     ... about.is_encrypted: get a passphrase ...
 *     status = handle_key_read(octets, passphrase, path, &key, &problem);
 *
 * A problem names the file, what it holds instead of a key where that can be told, and what to
 * do. It never holds anything of key or passphrase.
 */
enum handle_key_form {
	HANDLE_KEY_FORM_PEM,
	HANDLE_KEY_FORM_BIN, /* Handle.net's. */
};

struct handle_key_about {
	enum handle_key_form form;
	bool is_private;
	bool is_encrypted;
	enum handle_key_file_type type; /* HANDLE_KEY_FORM_BIN and private. */
};

/* `name` stands for the file in messages. MALFORMED: no key. */
enum status handle_key_look(struct bytes octets, const char *name,
	struct handle_key_about *ret_about, struct problem *problem) MUST_CHECK;

/* How the file is encrypted, for people: "none", "aes", "3des", "des", "old-des"; "pem" for
 * what the PEM says itself. */
const char *handle_key_encryption_name(const struct handle_key_about *about);

/* UNAUTHENTICATED when it is encrypted and `passphrase` is empty; DENIED when that does not
 * open it; MALFORMED, UNSUPPORTED, INVALID, TOO_LARGE when what is inside is no key that can
 * be used. The caller frees the key. */
enum status handle_key_read(struct bytes octets, struct bytes passphrase, const char *name,
	struct crypto_key **ret_key, struct problem *problem) MUST_CHECK;
