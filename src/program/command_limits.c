/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include "base/limits.h"

#include <stdio.h>

enum { OPTION_JSON = 1 };

static const struct option_row rows[] = {
	{OPTION_JSON, "json", 'j', NULL, {"one JSON object a line", "每行一个 JSON 对象"}},
	{0},
};

const struct command_manual command_limits_manual = {
	.name = "limits",
	.usage = "[--json]",
	.about = {"Every queue, table, message, list and string of the node has a limit. This "
		  "lists\n"
		  "them: name, number, unit, and why it is so. They are fixed when the program is\n"
		  "built.",
		"节点的每个队列、表、报文、列表和字符串都有上限。本命令列出全部上限：\n"
		"名称、数值、单位与理由。上限在编译时确定。"},
	.rows = rows,
};

int
command_limits(int argc, char **argv)
{
	static const struct {
		const char *name;
		long number;
		const char *unit;
		const char *why;
	} limits[] = {
#define X(name, number, unit, why) {#name, number, unit, why},
		LIMITS_TABLE(X)
#undef X
	};
	struct option_walk walk = option_walk_over(&command_limits_manual, argc, argv);
	bool is_json = false;

	while (option_next(&walk)) {
		is_json = true;
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (walk.index < argc) {
		return command_usage_error(&command_limits_manual,
			SAY("what is '%s'?", "不认识 '%s'"), argv[walk.index]);
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		/* Names, units and reasons are ours and hold nothing that JSON escapes. */
		printf(is_json ? "{\"name\":\"%s\",\"number\":%ld,\"unit\":\"%s\",\"why\":\"%s\"}\n"
			       : "%-32s %9ld %-12s %s\n",
			limits[i].name, limits[i].number, limits[i].unit, limits[i].why);
	}
	return EXIT_CODE_OK;
}
