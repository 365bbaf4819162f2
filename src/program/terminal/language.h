/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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

/* A text of a library in the language spoken (chinese.def), or the text itself. */
const char *text_say(const char *english);

/* "1 record", "2 records"; "2 条记录" in Chinese. For the arguments of one printf(): the text lives
 * as long as the call does. */
struct counted {
	char text[64];
};
struct counted count_say(uint64_t count, const char *one, const char *many, const char *chinese);

#define COUNT_RECORDS(count)  count_say((count), "record", "records", "条记录").text
#define COUNT_ENTRIES(count)  count_say((count), "entry", "entries", "个条目").text
#define COUNT_PREFIXES(count) count_say((count), "prefix", "prefixes", "个前缀").text
#define COUNT_LINES(count)    count_say((count), "line", "lines", "行").text
#define COUNT_HANDLES(count)  count_say((count), "handle", "handles", "个标识").text
#define COUNT_OCTETS(count)   count_say((count), "octet", "octets", "字节").text
#define COUNT_FILES(count)    count_say((count), "file", "files", "个文件").text
#define COUNT_ITEMS(count)    count_say((count), "item", "items", "项").text
