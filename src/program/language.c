/* SPDX-License-Identifier: Apache-2.0 */
#include "program/language.h"

#include <stdlib.h>
#include <string.h>

bool
language_is_chinese(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *locale = getenv(variables[i]);

		if (locale != NULL && locale[0] != '\0') {
			return strncmp(locale, "zh", 2) == 0;
		}
	}
	return false;
}

const char *
words_say(struct words words)
{
	return language_is_chinese() ? words.chinese : words.english;
}
