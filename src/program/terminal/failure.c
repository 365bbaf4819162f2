/* SPDX-License-Identifier: Apache-2.0 */
#include "program/terminal/failure.h"

#include "program/terminal/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 2 * PROBLEM_TEXT_SIZE_MAX, JSON_SIZE = 6 * MESSAGE_SIZE + 128 };

/* What the command line asks for, of which a process has one. */
static bool is_json;

void
command_fails_in_json(bool is_wanted)
{
	is_json = is_wanted;
}

void
command_error_write(struct json_writer *writer, const char *code, struct bytes message)
{
	json_write_name(writer, "error");
	json_write_object(writer);
	json_write_name(writer, "code");
	json_write_string(writer, bytes_from_string(code));
	json_write_name(writer, "message");
	json_write_string(writer, message);
	json_write_object_end(writer);
}

/* `code` is NULL when stdout has the failure already. */
static void
complain(const struct command_manual *manual, const char *code, const char *message)
{
	char text[JSON_SIZE];
	struct json_writer writer = json_writer_over(text, sizeof(text));

	if (is_json && code != NULL) {
		json_write_object(&writer);
		command_error_write(&writer, code, bytes_from_string(message));
		json_write_object_end(&writer);
		printf("%.*s\n", (int)json_written(&writer).size, text);
	}
	fflush(stdout);
	fprintf(stderr, "houji%s%s: %s\n", manual != NULL ? " " : "",
		manual != NULL ? manual->name : "", message);
}

static void __attribute__((format(printf, 3, 0))) complain_of(const struct command_manual *manual,
	const char *code, const char *format, va_list arguments)
{
	char message[MESSAGE_SIZE];

	vsnprintf(message, sizeof(message), format, arguments);
	complain(manual, code, message);
}

int
command_usage_error(const struct command_manual *manual, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain_of(manual, "USAGE", format, arguments);
	va_end(arguments);
	fprintf(stderr, SAY("Try `houji %s%s`.\n", "请看 `houji %s%s`。\n"),
		manual != NULL ? "help " : "--help", manual != NULL ? manual->name : "");
	return EXIT_CODE_USAGE;
}

int
command_directory_error(const struct command_manual *manual)
{
	return command_usage_error(manual, "%s", SAY("which DIR?", "请给出一个 DIR"));
}

int
command_failure(const struct command_manual *manual, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain_of(manual, "FAILED", format, arguments);
	va_end(arguments);
	return EXIT_CODE_FAILED;
}

int
command_refusal(const struct command_manual *manual, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain_of(manual, NULL, format, arguments);
	va_end(arguments);
	return EXIT_CODE_FAILED;
}

static const char *
problem_code(const struct problem *problem)
{
	return problem->status == STATUS_OK ? "FAILED" : status_name(problem->status);
}

static const char *
problem_message(const struct problem *problem)
{
	return problem->text[0] != '\0' ? problem->text : text_say(status_text(problem->status));
}

void
command_error_print(const struct problem *problem)
{
	char text[JSON_SIZE];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	struct bytes object;

	if (problem == NULL) {
		return;
	}
	json_write_object(&writer);
	command_error_write(
		&writer, problem_code(problem), bytes_from_string(problem_message(problem)));
	object = json_written(&writer);
	printf(",%.*s", (int)(object.size - 1), (const char *)object.at + 1);
}

int
command_problem(const struct command_manual *manual, const struct problem *problem)
{
	complain(manual, problem_code(problem), problem_message(problem));
	return EXIT_CODE_FAILED;
}

int
command_no_memory(const struct command_manual *manual)
{
	const struct problem problem = {.status = STATUS_NO_MEMORY, .text = ""};

	return command_problem(manual, &problem);
}

int
command_problem_told(const struct command_manual *manual, const struct problem *problem)
{
	complain(manual, NULL, problem_message(problem));
	return EXIT_CODE_FAILED;
}
