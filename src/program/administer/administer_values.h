/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "handle/handle_value.h"
#include "program/administer/admin_value.h"
#include "program/terminal/options.h"

/*
 * Values as a person gives them on the command line or in a file:
 *
 *     URL=https://example.org/             text; the index is the first that is free
 *     7:DESC=seven                         text at index 7
 *     {"index":1,"type":"URL","data":...}  the JSON form (handle/handle_json.h)
 *     --admin 300:0.NA/88.999              an HS_ADMIN value with the usual rights
 *     --file FILE                          JSON: one record, a list of values, or one value
 *
 * --ttl and --permissions hold for the text forms.
 */
enum administer_values_option {
	VALUES_FILE = 1101,
	VALUES_ADMIN,
	VALUES_TTL,
	VALUES_PERMISSIONS,
	VALUES_OVERWRITE, /* Only for administer_values_change(). */
};

#define VALUES_ROWS                                                                                                      \
	{VALUES_FILE, "file", 'f', "FILE",                                                                               \
		{"take values from FILE (- is stdin) as JSON: a record, a list, or one value",                           \
			"从 FILE（- 为标准输入）读取 JSON：一条记录、一组值或一个值"}},                                  \
		{VALUES_TTL, "ttl", 0, "SECONDS",                                                                        \
			{"time to live of TYPE=DATA values (default 86400)",                                             \
				"TYPE=DATA 形式的值的存活秒数（默认 86400）"}},                                          \
	{                                                                                                                \
		VALUES_PERMISSIONS, "permissions", 0, "RWRW",                                                            \
		{                                                                                                        \
			"their permissions: admin read, admin write, public read, public write\n"                        \
			"as 1 and 0 (default 1110)",                                                                     \
				"其权限：管理员读、管理员写、公开读、公开写，以 1 和 0 表示\n" \
				"（默认 1110）"                                                                      \
		}                                                                                                        \
	}

struct administer_values {
	const struct command_manual *manual;
	struct arena *arena;
	uint8_t *octets; /* The values so far, encoded. */
	struct wire_writer writer;
	uint32_t count;
	uint32_t ttl;
	uint8_t permissions;
	bool has_admin;
	bool is_indexed; /* Every value must name its index: nothing is numbered. */
	const char *file;
	const char *admin;
	struct bytes name; /* Of the record in `file`; empty if it named none. */
};

/* False: no memory. */
bool administer_values_begin(
	struct administer_values *values, const struct command_manual *manual, bool is_indexed);
bool administer_values_option(struct administer_values *values, const struct option_walk *walk);

/* Reads the file, the arguments, the administrator. EXIT_CODE_OK, or what was said on stderr. */
int administer_values_take(
	struct administer_values *values, char **arguments, size_t count) MUST_CHECK;

/* Adds HS_ADMIN at the first free index from 100 on. */
enum status administer_values_add_admin(
	struct administer_values *values, struct bytes handle, uint32_t index) MUST_CHECK;

struct handle_value_list administer_values_list(const struct administer_values *values);
void administer_values_end(struct administer_values *values);

/* A whole command that hands values to one handle (add, modify); every value names its index. */
int administer_values_change(const struct command_manual *manual, int argc, char **argv,
	uint32_t opcode, struct words done);
