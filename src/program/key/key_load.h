/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_key_read.h"
#include "program/terminal/passphrase.h"

/*
 * A key from a file, for a command: read, recognised, opened with a passphrase that is asked
 * for only if the file needs one.
 *
 * A private key that others than its owner can read, and one behind a cipher that protects
 * nothing, is warned of on stderr, not refused: the file is somebody else's. (The node's own
 * key is refused, node/node_identity.c.)
 */
struct key_loaded {
	struct crypto_key *key; /* The caller frees it. */
	struct handle_key_about about;
};

/* A problem names the file. `command` is the name in front of warnings. */
enum status key_load(const char *command, const char *path, const struct passphrase_source *source,
	struct key_loaded *ret_loaded, struct problem *problem) MUST_CHECK;

/* The same with a passphrase that is known already; an empty one opens what is not encrypted. */
enum status key_load_with(const char *command, const char *path, struct passphrase *passphrase,
	struct key_loaded *ret_loaded, struct problem *problem) MUST_CHECK;

/* Somebody's key of which the public half is enough: that half, which the caller frees; or the data
 * of HS_PUBKEY for it, where `ret_octets` holds KEY_SIZE_MAX. No passphrase is asked for. */
enum status key_load_public(const char *command, const char *path, struct crypto_key **ret_public,
	struct problem *problem) MUST_CHECK;
enum status key_load_public_octets(const char *command, const char *path, uint8_t *ret_octets,
	struct bytes *ret_run, struct problem *problem) MUST_CHECK;
