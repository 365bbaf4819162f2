/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include <stdio.h>

static const struct option_row rows[] = {{0}};

const struct command_manual command_help_manual = {
	.name = "help",
	.usage = "[COMMAND]",
	.about = {"Without COMMAND it lists the commands; `houji COMMAND --help` is the same as\n"
		  "`houji help COMMAND`.",
		"不带 COMMAND 时列出全部命令；`houji COMMAND --help` 与\n"
		"`houji help COMMAND` 相同。"},
	.rows = rows,
};

static void
overview_print(void)
{
	printf("%s\n\n%s\n  houji COMMAND [OPTION]... [ARGUMENT]...\n  houji --version\n\n%s\n",
		SAY("houji " HOUJI_VERSION " - a node that registers and resolves identifiers",
			"houji " HOUJI_VERSION " - 标识注册与解析节点"),
		SAY("Usage:", "用法："), SAY("Commands:", "命令："));
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *command = command_at(i);

		printf("  %-14s%s\n", command->manual->name, words_say(command->summary));
	}
	printf("\n%s\n",
		SAY("`houji help COMMAND` explains one command and its options.\n"
		    "Texts are English, or Chinese when LC_ALL, LC_MESSAGES or LANG says zh.",
			"`houji help COMMAND` 说明单个命令及其选项。\n"
			"LC_ALL、LC_MESSAGES 或 LANG 以 zh 开头时为中文，否则为英文。"));
}

int
command_help(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_help_manual, argc, argv);
	const struct command *command;

	while (option_next(&walk)) {
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index > 1) {
		return command_usage_error(&command_help_manual, "%s",
			SAY("one command at a time", "一次只能说明一个命令"));
	}
	if (walk.index == argc) {
		overview_print();
		return EXIT_CODE_OK;
	}
	command = command_find(argv[walk.index]);
	if (command == NULL) {
		return command_usage_error(&command_help_manual,
			SAY("no command '%s'", "没有命令 '%s'"), argv[walk.index]);
	}
	command_manual_print(command->manual, command->summary);
	return EXIT_CODE_OK;
}
