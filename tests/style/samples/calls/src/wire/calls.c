/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

/* strcpy(to, from) in a comment is none, and my_strcpy(to, from) is another. */
void
calls(char *to, const char *from)
{
	strcpy(to, from);
	thing->system(to);
	my_strcpy(to, "atoi(from)");
	if (atoi(from) > 0) {
		printf("%s", from);
	}
	snprintf(to, 1, "%s", from);
	system(to);
	setjmp(jump);
}
