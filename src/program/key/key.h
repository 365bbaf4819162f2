/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "program/key/key_load.h"
#include "program/key/key_save.h"

/*
 * The parts of `houji key`, one file each; command_key.c has the manual and the options.
 * Each returns an exit code and has said on stderr what went wrong.
 */
enum key_value_form {
	KEY_VALUE_ALL,
	KEY_VALUE_HEX,
	KEY_VALUE_BASE64,
	KEY_VALUE_JWK,
};

struct key_options {
	enum crypto_key_kind kind;
	unsigned long bits; /* 0: as the kind has it. */
	bool has_form, has_encryption, is_public;
	struct key_shape shape; /* What has_form and has_encryption say was asked for. */
	struct passphrase_source passphrase; /* Of what is read; of what `new` writes. */
	struct passphrase_source new_passphrase; /* Of what `convert` writes. */
	enum key_value_form value;
	const char *site; /* check: a site record in a file. */
	const char *identity; /* check: INDEX:HANDLE, as told by... */
	const char *server; /* ... this server. */
	bool is_json;
	int argument_count;
	char **arguments;
};

int key_new(const struct key_options *options);
int key_convert(const struct key_options *options);
int key_show(const struct key_options *options);
int key_check(const struct key_options *options);
