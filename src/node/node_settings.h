/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What an operator may set, read from houji.yaml (settings.def is the one table behind the
 * parser, the checks, the file that `houji init` writes and the manual).
 *
 * A file is read whole and checked whole before anything of it is used: a problem names
 * file, line, key, what was found and what was expected.
 */
enum { SETTINGS_LIST_MAX = 64, SETTINGS_PATH_SIZE_MAX = 256 };

struct settings_addresses {
	uint32_t count;
	struct address items[SETTINGS_LIST_MAX];
};

struct settings_networks {
	uint32_t count;
	struct network items[SETTINGS_LIST_MAX];
};

struct settings_path {
	char text[SETTINGS_PATH_SIZE_MAX];
};

#define SETTINGS_TYPE_ADDRESSES struct settings_addresses
#define SETTINGS_TYPE_NETWORKS	struct settings_networks
#define SETTINGS_TYPE_NUMBER	uint32_t
#define SETTINGS_TYPE_BOOLEAN	bool
#define SETTINGS_TYPE_PATH	struct settings_path

struct settings {
#define X(path, member, kind, ...) SETTINGS_TYPE_##kind member;
#include "node/settings.def"
#undef X
};

void settings_default(struct settings *ret_settings);

/* INVALID or TOO_LARGE with the problem told; SYSTEM when the file cannot be read. */
enum status settings_read(
	const char *path, struct settings *ret_settings, struct problem *problem) MUST_CHECK;

/* The same for text in memory; `name` stands for the file in messages. */
enum status settings_parse(struct bytes text, const char *name, struct settings *ret_settings,
	struct problem *problem) MUST_CHECK;

/* Writes a commented houji.yaml: every setting with its help; those that have their default
 * value are commented out. `is_chinese` chooses the language of the comments. */
enum status settings_write(const char *path, const struct settings *settings, bool is_chinese,
	struct problem *problem) MUST_CHECK;
