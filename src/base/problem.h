/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/status.h"

/*
 * What went wrong, for a person: which thing, where, and what to do about it.
 *
 * Only start-up, tools and other places where somebody waits for an explanation
 * carry a problem; the request path passes a bare status. Library code fills it and
 * never prints; the program prints it once.
 *
 *     if (fd < 0) {
 *             return problem_system(problem, "cannot open %s", path);
 *     }
 */
enum { PROBLEM_TEXT_SIZE_MAX = 1024 };

struct problem {
	enum status status;
	char text[PROBLEM_TEXT_SIZE_MAX];
};

/* Problems may be told in another language: `spoken` is asked for each format, and returns one that
 * takes the same arguments, or the format itself. Called once, before there are threads; NULL: as
 * they are written. */
typedef const char *problem_spoken(const char *format);
void problem_speak(problem_spoken *spoken);

/* A reason that becomes a part of another text, in the language spoken: for `%s`. It takes no
 * arguments itself. */
const char *problem_reason(const char *reason);

/* Stores status and text (cut at its limit) and returns the status. `problem` may be NULL. */
enum status problem_set(struct problem *problem, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* STATUS_SYSTEM with ": " and the text of errno behind it; ENOSPC and EDQUOT become
 * STATUS_NO_SPACE, ENOMEM STATUS_NO_MEMORY, EROFS STATUS_READ_ONLY. */
enum status problem_system(struct problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
