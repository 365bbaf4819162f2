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
enum { SETTINGS_LIST_MAX = 64, SETTINGS_PATH_SIZE_MAX = 256, SETTINGS_NAMES_SIZE_MAX = 4096 };

struct settings_addresses {
	uint32_t count;
	struct address items[SETTINGS_LIST_MAX];
};

struct settings_networks {
	uint32_t count;
	struct network items[SETTINGS_LIST_MAX];
};

/* Administrators: INDEX:HANDLE, or a bare HANDLE, whose index is then 0 (any of it). */
struct settings_identity {
	uint32_t index;
	uint32_t name_at; /* In `names`. */
	uint32_t name_size;
};

struct settings_identities {
	uint32_t count;
	uint32_t names_size;
	struct settings_identity items[SETTINGS_LIST_MAX];
	uint8_t names[SETTINGS_NAMES_SIZE_MAX]; /* One behind the other. */
};

struct settings_path {
	char text[SETTINGS_PATH_SIZE_MAX];
};

enum { SETTINGS_SPAN_SIZE_MAX = 32 };

/* As it was written, and what it means (ledger_span_read()). */
struct settings_span {
	char text[SETTINGS_SPAN_SIZE_MAX];
	int64_t ms;
};

enum { SETTINGS_TYPE_TEXT_SIZE_MAX = 65 };

/* Types of values. */
struct settings_types {
	uint32_t count;
	char items[SETTINGS_LIST_MAX][SETTINGS_TYPE_TEXT_SIZE_MAX];
};

enum { SETTINGS_DESTINATIONS_SIZE_MAX = 8192 };

/* Lines as http_destination_write() makes them. */
struct settings_destinations {
	uint32_t count;
	uint32_t size;
	char text[SETTINGS_DESTINATIONS_SIZE_MAX];
};

#define SETTINGS_TYPE_ADDRESSES	   struct settings_addresses
#define SETTINGS_TYPE_NETWORKS	   struct settings_networks
#define SETTINGS_TYPE_IDENTITIES   struct settings_identities
#define SETTINGS_TYPE_NUMBER	   uint32_t
#define SETTINGS_TYPE_BOOLEAN	   bool
#define SETTINGS_TYPE_PATH	   struct settings_path
#define SETTINGS_TYPE_SPAN	   struct settings_span
#define SETTINGS_TYPE_URL	   struct settings_path
#define SETTINGS_TYPE_PREFIX	   struct settings_path
#define SETTINGS_TYPE_TYPES	   struct settings_types
#define SETTINGS_TYPE_DESTINATIONS struct settings_destinations

struct settings {
#define X(path, member, kind, ...) SETTINGS_TYPE_##kind member;
#include "node/settings.def"
#undef X
};

void settings_default(struct settings *ret_settings);
bool settings_serve_web(const struct settings *settings); /* Web clients have an address. */

/* The handle of one administrator: a view into the list. */
struct bytes settings_identity_name(const struct settings_identities *list, uint32_t number);

/* Adds INDEX:HANDLE or HANDLE. TOO_LARGE for a full list; INVALID unless the handle is a whole
 * one (with a slash), UTF-8 and free of controls and line breaks. */
enum status settings_identity_add(struct settings_identities *list, struct bytes text) MUST_CHECK;

/* Sets what `path` ("udp.byte_rate") names from its text, or adds an item if it is a list, as
 * the file would: for what is read elsewhere. NOT_FOUND for no such setting; INVALID. */
enum status settings_put(struct settings *settings, const char *path, struct bytes text) MUST_CHECK;
void settings_clear(struct settings *settings, const char *path); /* A list: empties it. */

/* INVALID or TOO_LARGE with the problem told; NOT_FOUND without the
 * file, SYSTEM when it cannot be read. */
enum status settings_read(
	const char *path, struct settings *ret_settings, struct problem *problem) MUST_CHECK;

/* The same for text in memory; `name` stands for the file in messages. */
enum status settings_parse(struct bytes text, const char *name, struct settings *ret_settings,
	struct problem *problem) MUST_CHECK;

/* Writes a commented houji.yaml: every setting with its help; those that have their default
 * value are commented out. `is_chinese` chooses the language of the comments. */
enum status settings_write(const char *path, const struct settings *settings, bool is_chinese,
	struct problem *problem) MUST_CHECK;

/* The same in place of the file that is there: whoever reads sees the earlier one or this one. */
enum status settings_replace(const char *path, const struct settings *settings, bool is_chinese,
	struct problem *problem) MUST_CHECK;
