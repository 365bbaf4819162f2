/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "program/terminal/failure.h"
#include "program/terminal/language.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What a command takes, written down once: parsing, --help and shell completion all read the
 * same table. A command file defines its manual under the name command_NAME_manual:
 *
 *     enum { OPTION_PORT = 1, OPTION_JSON };
 *
 *     static const struct option_row rows[] = {
 *             {OPTION_PORT, "port", 0, "N", {"listen on port N", "监听端口 N"}},
 *             {OPTION_JSON, "json", 'j', NULL, {"write JSON", "输出 JSON"}},
 *             {0},
 *     };
 *     const struct command_manual command_thing_manual = {
 *             .name = "thing", .usage = "[OPTION]... FILE", .rows = rows, ...
 *     };
 *
 *     int
 *     command_thing(int argc, char **argv)
 *     {
 *             struct option_walk walk = option_walk_over(&command_thing_manual, argc, argv);
 *
 *             while (option_next(&walk)) {
 *                     switch (walk.key) { case OPTION_PORT: port = walk.argument; ... }
 *             }
 *             if (walk.is_done) {
 *                     return walk.exit_code;
 *             }
 *             ... argv[walk.index] to argv[argc - 1] are what is left ...
 *     }
 *
 * --help needs no row: it prints the manual and ends the walk, as a wrong option does.
 */
struct option_row {
	int key; /* > 0; 0 ends the table. */
	const char *name; /* Without the dashes. */
	char letter; /* One-letter form, or 0. */
	const char *argument; /* Its name in the manual; NULL when the option takes none. */
	struct words help;
};

struct command_manual {
	const char *name;
	const char *usage; /* A line for each form, without "houji NAME". */
	struct words about; /* Paragraphs; lines of at most 80 columns. */
	const struct option_row *rows;
	const char *first_words; /* Words that may come first, with spaces between; or NULL. */
	struct words ending; /* Examples and exit codes; NULL when the usual ones are all. */
};

enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_FAILED = 1, /* It was tried and did not work, or the answer is no. */
	EXIT_CODE_USAGE = 2, /* It was not tried: the command line makes no sense. */
};

struct option_walk {
	const struct command_manual *manual;
	int argc;
	char **argv;
	int key;
	const char *argument;
	int index; /* After the walk: where the arguments that are no options begin. */
	bool is_done; /* Help was printed, or the command line is wrong. */
	int exit_code;
};

/* `argv[0]` is the name of the command. */
struct option_walk option_walk_over(const struct command_manual *manual, int argc, char **argv);

/* The next option into `key` and `argument`; false at the end or when `is_done`. */
bool option_next(struct option_walk *walk);

/* The first argument as one of the manual's `first_words`: steps over it, and tells its number
 * among them. False, and nothing is stepped over, if it is none. */
bool option_take_word(struct option_walk *walk, size_t *ret_number);

/* Tells which words may come first; returns EXIT_CODE_USAGE. */
int option_word_error(const struct option_walk *walk);

/* The long name of the option at hand. */
const char *option_name(const struct option_walk *walk);

/* What the option takes, and that its argument is none; returns EXIT_CODE_USAGE. */
int option_argument_error(const struct option_walk *walk);

/* A whole decimal number of at most `max`; false leaves `ret_number` alone. */
bool option_number(const char *text, unsigned long max, unsigned long *ret_number);

void command_manual_print(const struct command_manual *manual, struct words summary);
