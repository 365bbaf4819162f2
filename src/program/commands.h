/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "program/terminal/options.h"

#include <stddef.h>

/*
 * The commands of the program: commands.def has a row for each, and each has a file
 * command_NAME.c with its function and its manual (program/terminal/options.h), in the folder of
 * its group (docs/architecture.md).
 */
struct command {
	struct words summary;
	int (*run)(int argc, char **argv); /* Returns an enum exit_code. */
	const struct command_manual *manual; /* Its name is the command's. */
};

#define X(name, english, chinese)                  \
	int command_##name(int argc, char **argv); \
	extern const struct command_manual command_##name##_manual;
#include "program/commands.def"
#undef X

size_t command_count(void);
const struct command *command_at(size_t number);
const struct command *command_find(const char *name); /* NULL if there is none. */
