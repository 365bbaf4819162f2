/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/*
 * The two languages that the program speaks. What a person reads at a terminal is written
 * once, as a pair; LC_ALL, LC_MESSAGES or LANG, the first of them that is set, decides.
 * Output for programs (JSON, exit codes, names of options) is the same in both.
 */
struct words {
	const char *english;
	const char *chinese;
};

bool language_is_chinese(void);

/* The text of the language spoken. SAY takes two literals, so that the compiler checks both
 * as formats; words_say() is for tables. */
#define SAY(english, chinese) (language_is_chinese() ? (chinese) : (english))
const char *words_say(struct words words);
