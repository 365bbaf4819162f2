/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "json/json_writer.h"

#include <stdbool.h>

/*
 * How a command says that it failed: one line on stderr, "houji NAME: ...", and a word for each
 * exit code. With --json there is a line on stdout, too, the last one there:
 *
 *     {"error":{"code":"NOT_FOUND","message":"node/ledger is no ledger"}}
 *
 * unless the command's own object tells it already, as a summary does in a member "error" like that.
 * `code` never changes with the language: USAGE, FAILED, REFUSED (by the server asked), or the
 * status that the library told. The walk over the options sees --json before anything can fail,
 * so that no command has to do anything for it.
 */
struct command_manual;

void command_fails_in_json(bool is_wanted);

/* Wrong use, and where help is; "houji: ..." without a manual. Returns EXIT_CODE_USAGE. */
int command_usage_error(const struct command_manual *manual, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The one folder that the command takes is missing, or more is given. */
int command_directory_error(const struct command_manual *manual);

/* These return EXIT_CODE_FAILED. */
int command_failure(const struct command_manual *manual, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int command_problem(const struct command_manual *manual, const struct problem *problem);
int command_no_memory(const struct command_manual *manual);
/* On stderr alone: the object on stdout says it already. */
int command_refusal(const struct command_manual *manual, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int command_problem_told(const struct command_manual *manual, const struct problem *problem);

/* The member "error" of an object that is open; print: on stdout, with a comma in front, and
 * nothing if `problem` is NULL. */
void command_error_write(struct json_writer *writer, const char *code, struct bytes message);
void command_error_print(const struct problem *problem);
