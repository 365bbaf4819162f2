/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "crypto/crypto.h"
#include "handle/handle_site.h"
#include "handle/handle_table.h"
#include "node/node_settings.h"
#include "program/terminal/language.h"
#include "program/terminal/passphrase.h"

/*
 * `houji import handle-net`: what a Handle.net server's folder says, told key by key, and a
 * node made from it.
 *
 *     import_files.c    which files there are; configuration, site record and key are read
 *     import_take.c     each key of config.dct finds its row in import_keys.def
 *     import_report.c   the lines of the report, as text or JSON
 *     import_node.c     the new node: settings, key, site record, homed prefixes
 *
 * Nothing of the folder is changed. Lines live in the arena.
 */
enum import_fate {
	IMPORT_TAKEN,
	IMPORT_UNNEEDED,
	IMPORT_LACKING, /* It meant something that this version does not do. */
	IMPORT_DANGEROUS, /* No node is made while this is so. */
	IMPORT_INVALID, /* Known, but not what it should be: not taken. */
	IMPORT_UNKNOWN,
	IMPORT_FATE_COUNT
};

struct import_line {
	struct import_line *next;
	enum import_fate fate;
	bool is_warning; /* To be looked at, whatever its fate. */
	struct bytes key; /* Or the name of a file. */
	uint32_t line; /* In config.dct; 0 for a file. */
	struct bytes value; /* Shown with the key; empty for secrets. */
	const char *setting; /* Where it is taken to; "" otherwise. */
	const char *text;
};

enum { IMPORT_PREFIX_COUNT_MAX = 1024, IMPORT_INTERFACE_COUNT_MAX = 16 };

/* "hdl_tcp" and its kin, as the configuration has them. */
struct import_interface {
	struct bytes name;
	struct bytes address;
	struct bytes port;
	bool is_open; /* Listed in `interfaces`. */
};

struct import {
	const char *source;
	const char *target; /* NULL: only the report. */
	bool is_json;
	struct passphrase_source passphrase;
	struct arena *arena;

	struct import_line *lines;
	struct import_line **lines_end;
	struct import_line spare; /* What is written to when there is no memory for one. */
	bool is_short_of_memory; /* The report is not whole: nothing may be made from it. */
	size_t counts[IMPORT_FATE_COUNT];

	struct settings settings;
	struct import_interface interfaces[IMPORT_INTERFACE_COUNT_MAX];
	size_t interface_count;
	bool has_interface_list;
	struct bytes prefixes[IMPORT_PREFIX_COUNT_MAX];
	size_t prefix_count;
	uint64_t server_id;
	bool has_server_id;
	bool is_mirror;
	struct bytes mirror_identity;

	bool has_site;
	struct handle_site site; /* In the arena. */
	struct crypto_key *key; /* NULL while it is not opened. */
};

/* Reads the folder; what is wrong with single keys is in the lines, files that cannot be used
 * are dangerous ones. SYSTEM when the folder cannot be read, NO_MEMORY. */
enum status import_read(struct import *import, struct problem *problem) MUST_CHECK;
void import_take(struct import *import, const struct handle_table *table);

/* Makes the node. */
enum status import_prepare(struct import *import, struct problem *problem) MUST_CHECK;

/* Adds a line, and changes what it says. */
struct import_line *import_add(
	struct import *import, enum import_fate fate, struct bytes key, const char *text);
void import_change(
	struct import *import, struct import_line *line, enum import_fate fate, const char *text);
void import_print(const struct import *import, bool is_prepared);

/* "*" stands for any run without a dot, "**" at the end for anything; ".**" also for nothing. */
bool import_pattern_fits(const char *pattern, struct bytes name);
