/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "base/bytes.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One line of a script as words. Words are parted by blanks; "in quotes" a word may hold
 * blanks, \" \\ and \xNN; "#" at the start of a word begins a comment.
 *
 * Words are taken from the front; the first one that is not what was wanted sets the problem,
 * and every later call does nothing, so a command checks once.
 */
enum { WORD_COUNT_MAX = 256 };

struct words {
	struct bytes all[WORD_COUNT_MAX];
	bool is_quoted[WORD_COUNT_MAX];
	size_t count;
	size_t next;
	struct problem problem; /* STATUS_OK: all is well. */
};

/* `line` is changed in place: quoted words lose their escapes. */
void words_split(struct words *words, uint8_t *line, size_t size);

bool words_are_left(const struct words *words);
/* Takes the next word if it is `word`. */
bool words_take(struct words *words, const char *word);
struct bytes words_next(struct words *words, const char *wanted);
uint64_t words_next_number(struct words *words, uint64_t max, const char *wanted);
int64_t words_next_ms(struct words *words); /* "250ms", "5s", "2m", "1h". */
struct address words_next_address(struct words *words);
/* All words left, as hex digits; the octets live until the next call. */
struct bytes words_rest_hex(struct words *words);
bool words_next_is_hex(const struct words *words);

bool words_ok(const struct words *words);
void words_fail(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
