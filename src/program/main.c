/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include "base/problem.h"

#include <stdio.h>
#include <string.h>

/* What was printed must have arrived: a full disk is an error like any other. */
static int
output_end(int exit_code)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("houji: stdout");
		return exit_code == EXIT_CODE_OK ? EXIT_CODE_FAILED : exit_code;
	}
	return exit_code;
}

static int
run(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		return command_usage_error(NULL, "%s", SAY("no command", "未给出命令"));
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		return command_help(1, argv + 1);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("houji " HOUJI_VERSION);
		return EXIT_CODE_OK;
	}
	command = command_find(argv[1]);
	if (command == NULL) {
		return command_usage_error(NULL, SAY("no command '%s'", "没有命令 '%s'"), argv[1]);
	}
	return command->run(argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
	problem_speak(text_say);
	return output_end(run(argc, argv));
}
