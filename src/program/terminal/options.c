/* SPDX-License-Identifier: Apache-2.0 */
#include "program/terminal/options.h"

#include "program/commands.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_COUNT_MAX = 48, KEY_HELP = 1000, HELP_COLUMN = 26 };

/* The table as getopt wants it: `longs` ends with zeros, `letters` with a NUL. */
static void
getopt_tables(const struct option_row *rows, struct option longs[ROW_COUNT_MAX + 2],
	char letters[2 * ROW_COUNT_MAX + 4])
{
	size_t count = 0;
	size_t size = 0;

	letters[size++] = ':'; /* Tells a missing argument from an unknown option. */
	letters[size++] = 'h';
	longs[count++] = (struct option){"help", no_argument, NULL, KEY_HELP};
	for (const struct option_row *row = rows; row->key != 0; row++) {
		assert(count <= ROW_COUNT_MAX);
		longs[count++] = (struct option){row->name,
			row->argument != NULL ? required_argument : no_argument, NULL, row->key};
		if (row->letter != 0) {
			letters[size++] = row->letter;
			if (row->argument != NULL) {
				letters[size++] = ':';
			}
		}
	}
	longs[count] = (struct option){0};
	letters[size] = '\0';
}

static int
key_of_letter(const struct option_row *rows, int letter)
{
	for (const struct option_row *row = rows; row->key != 0; row++) {
		if (row->letter == letter) {
			return row->key;
		}
	}
	return letter;
}

/* Looked for before anything is judged: a wrong option in front of it is to be told in JSON. On a
 * copy, for getopt moves options to the front: an option at the end that lacks its argument would
 * find one there the second time. */
static bool
json_is_wanted(const struct option_row *rows, int argc, char **argv)
{
	struct option longs[ROW_COUNT_MAX + 2];
	char letters[2 * ROW_COUNT_MAX + 4];
	char **copy = calloc((size_t)argc + 1, sizeof(*copy));
	bool is_wanted = false;
	int found;

	if (copy == NULL) {
		return false;
	}
	memcpy(copy, argv, (size_t)argc * sizeof(*copy));
	getopt_tables(rows, longs, letters);
	while ((found = getopt_long(argc, copy, letters, longs, NULL)) != -1) {
		int key = found < 128 && found >= 'A' ? key_of_letter(rows, found) : found;

		for (const struct option_row *row = rows; row->key != 0; row++) {
			is_wanted |= row->key == key && strcmp(row->name, "json") == 0;
		}
	}
	free(copy);
	return is_wanted;
}

struct option_walk
option_walk_over(const struct command_manual *manual, int argc, char **argv)
{
	opterr = 0;
	optind = 0; /* Makes getopt forget an earlier walk. */
	command_fails_in_json(json_is_wanted(manual->rows, argc, argv));
	optind = 0;
	return (struct option_walk){.manual = manual, .argc = argc, .argv = argv};
}

static void
walk_end(struct option_walk *walk, int exit_code)
{
	walk->is_done = true;
	walk->exit_code = exit_code;
}

static void
help_print(const struct command_manual *manual)
{
	const struct command *command = command_find(manual->name);

	command_manual_print(manual, command != NULL ? command->summary : (struct words){"", ""});
}

bool
option_next(struct option_walk *walk)
{
	struct option longs[ROW_COUNT_MAX + 2];
	char letters[2 * ROW_COUNT_MAX + 4];
	const char *wrong;
	int found;

	getopt_tables(walk->manual->rows, longs, letters);
	found = getopt_long(walk->argc, walk->argv, letters, longs, NULL);
	walk->index = optind;
	walk->argument = optarg;
	if (found == -1) {
		return false;
	}
	if (found == KEY_HELP || found == 'h') {
		help_print(walk->manual);
		walk_end(walk, EXIT_CODE_OK);
		return false;
	}
	if (found == '?' || found == ':') {
		/* getopt has stepped over the word at fault, unless letters follow in it. */
		wrong = walk->argv[optind > 1 ? optind - 1 : 1];
		walk_end(walk, EXIT_CODE_USAGE);
		if (found == ':') {
			command_usage_error(
				walk->manual, SAY("%s needs an argument", "%s 需要参数"), wrong);
		} else {
			command_usage_error(
				walk->manual, SAY("no option %s", "没有选项 %s"), wrong);
		}
		return false;
	}
	walk->key = found < 128 && found >= 'A' ? key_of_letter(walk->manual->rows, found) : found;
	return true;
}

bool
option_take_word(struct option_walk *walk, size_t *ret_number)
{
	const char *words = walk->manual->first_words;
	const char *given = walk->index < walk->argc ? walk->argv[walk->index] : "";
	size_t given_size = strlen(given);

	for (size_t number = 0; given_size > 0 && *words != '\0'; number++) {
		size_t size = strcspn(words, " ");

		if (size == given_size && memcmp(words, given, size) == 0) {
			walk->index++;
			*ret_number = number;
			return true;
		}
		words += size + strspn(words + size, " ");
	}
	return false;
}

int
option_word_error(const struct option_walk *walk)
{
	return command_usage_error(walk->manual,
		SAY("say first one of: %s", "请先给出其中之一：%s"), walk->manual->first_words);
}

static const struct option_row *
row_of(const struct option_walk *walk)
{
	const struct option_row *row = walk->manual->rows;

	while (row->key != 0 && row->key != walk->key) {
		row++;
	}
	return row;
}

const char *
option_name(const struct option_walk *walk)
{
	const struct option_row *row = row_of(walk);

	return row->key == 0 ? "?" : row->name;
}

int
option_argument_error(const struct option_walk *walk)
{
	const struct option_row *row = row_of(walk);

	return command_usage_error(walk->manual,
		SAY("--%s takes %s; '%s' is none", "--%s 的参数是 %s，不接受 '%s'"),
		option_name(walk), row->argument == NULL ? SAY("nothing", "空") : row->argument,
		walk->argument == NULL ? "" : walk->argument);
}

bool
option_number(const char *text, unsigned long max, unsigned long *ret_number)
{
	unsigned long number;
	char *end;

	if (text[0] < '0' || text[0] > '9') {
		return false; /* strtoul would take blanks and signs. */
	}
	errno = 0;
	number = strtoul(text, &end, 10);
	if (*end != '\0' || errno != 0 || number > max) {
		return false;
	}
	*ret_number = number;
	return true;
}

/* Prints each line of `text` behind `front`. */
static void
lines_print(const char *front, const char *text)
{
	while (*text != '\0') {
		size_t size = strcspn(text, "\n");

		printf("%s%.*s\n", size > 0 ? front : "", (int)size, text);
		text += size + (text[size] == '\n' ? 1 : 0);
	}
}

static void
row_print(const struct option_row *row)
{
	const char *help = words_say(row->help);
	int width = printf("  --%s", row->name);

	if (row->argument != NULL) {
		width += printf("=%s", row->argument);
	}
	if (row->letter != 0) {
		width += printf(", -%c", row->letter);
	}
	if (width >= HELP_COLUMN) {
		putchar('\n');
		width = 0;
	}
	while (*help != '\0') {
		size_t size = strcspn(help, "\n");

		printf("%*s%.*s\n", HELP_COLUMN - width, "", (int)size, help);
		help += size + (help[size] == '\n' ? 1 : 0);
		width = 0;
	}
}

void
command_manual_print(const struct command_manual *manual, struct words summary)
{
	static const struct option_row help_row = {
		KEY_HELP, "help", 'h', NULL, {"print this", "显示本说明"}};
	char front[64];

	snprintf(front, sizeof(front), "  houji %s ", manual->name);
	printf("houji %s - %s\n\n%s\n", manual->name, words_say(summary), SAY("Usage:", "用法："));
	lines_print(front, manual->usage);
	printf("\n%s\n\n%s\n", words_say(manual->about), SAY("Options:", "选项："));
	for (const struct option_row *row = manual->rows; row->key != 0; row++) {
		row_print(row);
	}
	row_print(&help_row);
	printf("\n%s\n",
		manual->ending.english != NULL ? words_say(manual->ending)
					       : SAY("Exit codes: 0 done; 1 failed; 2 wrong use.",
							 "退出码：0 完成，1 失败，2 用法错误。"));
}
