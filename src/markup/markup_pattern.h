/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/problem.h"

#include <stdint.h>

/*
 * Regular expressions that somebody else wrote, for texts that anybody may choose (PCRE2).
 *
 * A match is of the whole text, without regard to case, and costs no more than it may: its steps,
 * its depth and its memory are limited, and a set of patterns together has a number of matches and
 * a deadline. Whatever exceeds that is TOO_LARGE, which is no answer, neither yes nor no.
 *
 * The syntax is PCRE's, which for what templates use is that of Java: classes, groups, repeats,
 * alternatives. Java's \p{javaLowerCase} and the like are not there.
 *
 *     patterns = markup_patterns_new(arena);
 *     status = markup_match(patterns, key, TEXT("box\\(([^,]*)\\)"), extension, &groups);
 *
 * Everything is allocated in the arena and goes with it: there is nothing to free.
 */
struct markup_patterns;

struct markup_groups {
	uint32_t count; /* With group 0: all of it. */
	struct bytes items[]; /* One that took no part is empty. */
};

struct markup_patterns *markup_patterns_new(struct arena *arena); /* NULL if memory is short. */

/* OK: it matches, `ret_groups` says what (views into `text`). NOT_FOUND: it does not. INVALID_VALUE:
 * it is no pattern. TOO_LARGE, NO_MEMORY. `key` is where the pattern stands: one with the same key
 * is compiled once. */
enum status markup_match(struct markup_patterns *patterns, const void *key, struct bytes pattern,
	struct bytes text, const struct markup_groups **ret_groups) MUST_CHECK;

/* OK, or what is wrong with it (INVALID_VALUE). */
enum status markup_pattern_check(
	struct arena *arena, struct bytes pattern, struct problem *problem) MUST_CHECK;
