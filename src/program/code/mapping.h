/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "code/code_map.h"
#include "ledger/ledger.h"
#include "program/server/server_name.h"
#include "program/terminal/options.h"

/*
 * Mappings of codes (code/code_map.h) in a ledger: read from CSV, written as CSV, looked up.
 */
struct mapping_import {
	const struct command_manual *manual;
	const char *directory;
	const char *path; /* "-": stdin. */
	struct bytes prefix;
	bool is_homing;
	bool is_dry_run; /* Nothing is changed. */
	bool is_json;
	bool is_quiet;
};

int mapping_import(const struct mapping_import *order); /* An exit code. */
int mapping_export(const struct mapping_import *order);

/* The change that a mapping makes to its record: the values with the mapping among them, in the
 * arena. EXISTS if it is there already, CONFLICT if the code is another handle's from that time
 * on; TOO_LARGE. `before` may be NULL. */
struct mapping_merge {
	const struct code_mapping *mapping;
	bool is_reverse; /* The record by handle: codes there do not exclude each other. */
	struct arena *arena;
	char *room; /* CODE_MAP_DATA_SIZE_MAX: scratch. */
	uint32_t timestamp;
};
enum status mapping_merge(const struct mapping_merge *merge, const struct handle_value_list *before,
	struct handle_value_list *ret_values) MUST_CHECK;

/* Where mappings are looked up: the ledger in a folder, or a server. */
struct mapping_finder {
	struct bytes prefix;
	struct ledger *ledger; /* NULL: the server is asked. */
	struct server_name server;
	struct arena *arena;
};

typedef void mapping_found(void *context, const struct code_mapping *mapping);

/* All mappings that are active now of a code (`scheme` and `normal`), or of a handle (`scheme`
 * is NULL). OK, also when there is none. */
enum status mapping_find(struct mapping_finder *finder, const char *scheme, struct bytes name,
	mapping_found *found, void *context, struct problem *problem) MUST_CHECK;
