/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "code/code.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the tests of this folder ask of one code. */
static struct code_result expect_result;

/* The candidate of that kind; NULL. Text is copied to an allocation of its own size first, so
 * that AddressSanitizer sees one octet too far. */
static inline const struct code_candidate *
find_kind(const char *code, const char *kind)
{
	static char *copy;
	size_t size = strlen(code);

	free(copy);
	copy = malloc(size);
	assert_non_null(copy);
	memcpy(copy, code, size);
	assert_int_equal(code_identify(bytes_over(copy, size), &expect_result), STATUS_OK);
	for (size_t i = 0; i < expect_result.count; i++) {
		if (strcmp(expect_result.candidates[i].kind, kind) == 0) {
			return &expect_result.candidates[i];
		}
	}
	return NULL;
}

static inline bool
has_reason(const struct code_candidate *candidate, enum code_reason_kind kind)
{
	for (size_t i = 0; i < candidate->reason_count; i++) {
		if (candidate->reasons[i].kind == kind) {
			return true;
		}
	}
	return false;
}

/* The same, and the reason is about this text. */
static inline bool
has_reason_at(const struct code_candidate *candidate, enum code_reason_kind kind, const char *at)
{
	for (size_t i = 0; i < candidate->reason_count; i++) {
		if (candidate->reasons[i].kind == kind &&
			bytes_equal(candidate->reasons[i].at, bytes_from_string(at))) {
			return true;
		}
	}
	return false;
}

/* A candidate of that kind is valid and has that normal form. */
static inline const struct code_candidate *
expect_valid(const char *code, const char *kind, const char *normal)
{
	const struct code_candidate *candidate = find_kind(code, kind);

	if (candidate == NULL) {
		fail_msg("%s: no candidate %s", code, kind);
	} else if (!candidate->is_valid) {
		fail_msg("%s: %s is not valid", code, kind);
	} else if (!bytes_equal(candidate->normal, bytes_from_string(normal))) {
		fail_msg("%s: %s is %.*s", code, kind, (int)candidate->normal.size,
			(const char *)candidate->normal.at);
	}
	return candidate;
}

/* A candidate of that kind is there and not valid, for this reason. */
static inline const struct code_candidate *
expect_invalid(const char *code, const char *kind, enum code_reason_kind reason)
{
	const struct code_candidate *candidate = find_kind(code, kind);

	if (candidate == NULL) {
		fail_msg("%s: no candidate %s", code, kind);
	} else if (candidate->is_valid) {
		fail_msg("%s: %s is valid", code, kind);
	} else if (!has_reason(candidate, reason)) {
		fail_msg("%s: %s is not %s", code, kind, code_reason_id(reason));
	}
	return candidate;
}

static inline void
expect_none(const char *code, const char *kind)
{
	if (find_kind(code, kind) != NULL) {
		fail_msg("%s: taken for %s", code, kind);
	}
}
