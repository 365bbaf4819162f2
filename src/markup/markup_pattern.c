/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "markup/markup_pattern.h"

#include "base/clock.h"
#include "base/limits.h"

#include <pcre2.h>

enum { NESTED_GROUP_COUNT_MAX = 32, ERROR_TEXT_SIZE = 128 };

struct compiled {
	const void *key;
	pcre2_code *code;
};

struct markup_patterns {
	struct arena *arena;
	pcre2_compile_context *compiling;
	pcre2_match_context *matching;
	pcre2_match_data *data;
	uint32_t match_count;
	int64_t deadline_ms;
	size_t count;
	struct compiled items[MARKUP_MATCH_COUNT_MAX];
};

static void *
take(size_t size, void *context)
{
	return arena_alloc(context, size);
}

/* It goes with the arena. */
static void
let_be(void *at, void *context)
{
	(void)at;
	(void)context;
}

struct markup_patterns *
markup_patterns_new(struct arena *arena)
{
	struct markup_patterns *patterns = arena_alloc(arena, sizeof(*patterns));
	pcre2_general_context *memory = pcre2_general_context_create(take, let_be, arena);

	if (patterns == NULL || memory == NULL) {
		return NULL;
	}
	patterns->arena = arena;
	patterns->deadline_ms = clock_monotonic_ms() + MARKUP_MATCH_DEADLINE_MS;
	patterns->compiling = pcre2_compile_context_create(memory);
	patterns->matching = pcre2_match_context_create(memory);
	patterns->data = pcre2_match_data_create(MARKUP_GROUP_COUNT_MAX, memory);
	if (patterns->compiling == NULL || patterns->matching == NULL || patterns->data == NULL) {
		return NULL;
	}
	pcre2_set_max_pattern_length(patterns->compiling, MARKUP_PATTERN_SIZE_MAX);
	pcre2_set_parens_nest_limit(patterns->compiling, NESTED_GROUP_COUNT_MAX);
	pcre2_set_match_limit(patterns->matching, MARKUP_MATCH_STEP_COUNT_MAX);
	pcre2_set_depth_limit(patterns->matching, MARKUP_MATCH_DEPTH_MAX);
	pcre2_set_heap_limit(patterns->matching, MARKUP_MATCH_HEAP_KIB_MAX);
	return patterns;
}

static enum status
compile(struct markup_patterns *patterns, struct bytes pattern, pcre2_code **ret_code,
	struct problem *problem)
{
	uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_CASELESS | PCRE2_UTF |
		PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_SIZE at = 0;
	int error = 0;
	uint8_t text[ERROR_TEXT_SIZE];

	*ret_code =
		pcre2_compile(pattern.at, pattern.size, options, &error, &at, patterns->compiling);
	if (*ret_code != NULL) {
		return STATUS_OK;
	}
	if (error == PCRE2_ERROR_HEAP_FAILED) {
		return STATUS_NO_MEMORY;
	}
	if (pcre2_get_error_message(error, text, sizeof(text)) < 0) {
		text[0] = '\0';
	}
	return problem_set(problem, STATUS_INVALID_VALUE,
		"the expression is wrong at character %zu: %s", at, (const char *)text);
}

static enum status
find(struct markup_patterns *patterns, const void *key, struct bytes pattern, pcre2_code **ret_code)
{
	enum status status;

	for (size_t i = 0; i < patterns->count; i++) {
		if (patterns->items[i].key == key) {
			*ret_code = patterns->items[i].code;
			return STATUS_OK;
		}
	}
	status = compile(patterns, pattern, ret_code, NULL);
	/* There are no more than matches, and so there is room. */
	if (status == STATUS_OK) {
		patterns->items[patterns->count++] = (struct compiled){key, *ret_code};
	}
	return status;
}

static enum status
groups_take(struct markup_patterns *patterns, struct bytes text, int count,
	const struct markup_groups **ret_groups)
{
	size_t total = count <= 0 ? MARKUP_GROUP_COUNT_MAX : (size_t)count;
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(patterns->data);
	struct markup_groups *groups =
		arena_alloc(patterns->arena, sizeof(*groups) + total * sizeof(groups->items[0]));

	if (groups == NULL) {
		return STATUS_NO_MEMORY;
	}
	groups->count = (uint32_t)total;
	for (size_t i = 0; i < total; i++) {
		PCRE2_SIZE from = ends[2 * i];
		PCRE2_SIZE to = ends[2 * i + 1];

		/* \K may put the beginning behind the end. */
		if (from != PCRE2_UNSET && from <= to) {
			groups->items[i] = bytes_slice(text, from, to - from);
		}
	}
	*ret_groups = groups;
	return STATUS_OK;
}

enum status
markup_match(struct markup_patterns *patterns, const void *key, struct bytes pattern,
	struct bytes text, const struct markup_groups **ret_groups)
{
	pcre2_code *code;
	enum status status;
	int count;

	if (++patterns->match_count > MARKUP_MATCH_COUNT_MAX ||
		clock_monotonic_ms() > patterns->deadline_ms) {
		return STATUS_TOO_LARGE;
	}
	status = find(patterns, key, pattern, &code);
	if (status != STATUS_OK) {
		return status;
	}
	count = pcre2_match(code, text.size == 0 ? (PCRE2_SPTR) "" : text.at, text.size, 0, 0,
		patterns->data, patterns->matching);
	if (count == PCRE2_ERROR_NOMATCH) {
		return STATUS_NOT_FOUND;
	}
	if (count == PCRE2_ERROR_NOMEMORY) {
		return STATUS_NO_MEMORY;
	}
	return count < 0 ? STATUS_TOO_LARGE : groups_take(patterns, text, count, ret_groups);
}

enum status
markup_pattern_check(struct arena *arena, struct bytes pattern, struct problem *problem)
{
	struct markup_patterns *patterns = markup_patterns_new(arena);
	pcre2_code *code;

	return patterns == NULL ? problem_set(problem, STATUS_NO_MEMORY, "memory limit reached")
				: compile(patterns, pattern, &code, problem);
}
