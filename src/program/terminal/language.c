/* SPDX-License-Identifier: Apache-2.0 */
#include "program/terminal/language.h"

#include <inttypes.h>
#include <stdio.h>
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

const char *
text_say(const char *english)
{
	static const struct words rows[] = {
#define X(english, chinese) {english, chinese},
#include "program/chinese.def"
#include "program/chinese_reasons.def"
#undef X
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && language_is_chinese(); i++) {
		if (strcmp(rows[i].english, english) == 0) {
			return rows[i].chinese;
		}
	}
	return english;
}

struct counted
count_say(uint64_t count, const char *one, const char *many, const char *chinese)
{
	struct counted counted;

	snprintf(counted.text, sizeof(counted.text), "%" PRIu64 " %s", count,
		language_is_chinese() ? chinese
			: count == 1  ? one
				      : many);
	return counted;
}
