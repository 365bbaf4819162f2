/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"

#include <string.h>

static const struct command commands[] = {
#define X(name, english, chinese) {{english, chinese}, command_##name, &command_##name##_manual},
#include "program/commands.def"
#undef X
};

size_t
command_count(void)
{
	return sizeof(commands) / sizeof(commands[0]);
}

const struct command *
command_at(size_t number)
{
	return &commands[number];
}

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < command_count(); i++) {
		if (strcmp(commands[i].manual->name, name) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}
