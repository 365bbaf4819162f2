/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

/*
 * Why a check failed, on standard error, too. cmocka writes its TAP with print_message(), and Meson
 * shows nothing of a TAP test's output but what is on standard error: the file, the line and the
 * values would be lost. A program's own print_message() comes before the one of the library.
 */
__attribute__((format(printf, 1, 2))) void
print_message(const char *const format, ...)
{
	char line[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	fputs(line, stdout);
	fflush(stdout);
	if (strncmp(line, "not ok", strlen("not ok")) == 0 || line[0] == '#') {
		fputs(line, stderr);
	}
}
