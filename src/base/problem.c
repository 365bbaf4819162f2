/* SPDX-License-Identifier: Apache-2.0 */
#include "base/problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The same as long as the process lasts. */
static problem_spoken *speaker;

void
problem_speak(problem_spoken *spoken)
{
	speaker = spoken;
}

/* The compiler checks the format as it is written; the speaker keeps what it takes. */
static const char *__attribute__((format_arg(1))) spoken(const char *format)
{
	return speaker == NULL ? format : speaker(format);
}

const char *
problem_reason(const char *reason)
{
	return speaker == NULL ? reason : speaker(reason);
}

enum status
problem_set(struct problem *problem, enum status status, const char *format, ...)
{
	va_list arguments;

	if (problem != NULL) {
		problem->status = status;
		va_start(arguments, format);
		vsnprintf(problem->text, sizeof(problem->text), spoken(format), arguments);
		va_end(arguments);
	}
	return status;
}

static enum status
status_of_errno(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return STATUS_NO_SPACE;
	case ENOMEM:
		return STATUS_NO_MEMORY;
	case EROFS:
		return STATUS_READ_ONLY;
	default:
		return STATUS_SYSTEM;
	}
}

enum status
problem_system(struct problem *problem, const char *format, ...)
{
	int number = errno;
	enum status status = status_of_errno(number);
	va_list arguments;
	char reason[128];
	size_t used;

	if (problem == NULL) {
		return status;
	}
	problem->status = status;
	va_start(arguments, format);
	vsnprintf(problem->text, sizeof(problem->text), spoken(format), arguments);
	va_end(arguments);
	used = strlen(problem->text);
	snprintf(problem->text + used, sizeof(problem->text) - used, ": %s",
		strerror_r(number, reason, sizeof(reason)));
	errno = number;
	return status;
}
