/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "code/code.h"

/*
 * What the files of this folder share. A recogniser looks at result->code and proposes what it
 * may be:
 *
 *     candidate = code_propose(result, CODE_OID, "OID", CODE_LIKELY);
 *     code_reason(candidate, CODE_REASON_PATTERN, TEXT("dotted arcs"));
 *     candidate->normal = digits;
 *
 * code_against() makes it invalid. All views are into the code or come from code_text_end().
 */
enum {
	CODE_CERTAIN = 99, /* A prefix of its own, and whatever can be checked is right. */
	CODE_STRONG = 85, /* Two checks, or one and a rare length. */
	CODE_LIKELY = 65, /* One check digit: of ten random numbers one has it, too. */
	CODE_POSSIBLE = 40, /* The form alone. */
	CODE_WEAK = 15, /* The form alone, and others have it, too. */
};

#define X(NAME, name, type, standard) void code_##name##_recognise(struct code_result *result);
#include "code/codes.def"
#undef X

struct code_candidate *code_propose(
	struct code_result *result, enum code_system system, const char *kind, uint8_t confidence);
void code_reason(struct code_candidate *candidate, enum code_reason_kind kind, struct bytes at);
void code_against(struct code_candidate *candidate, enum code_reason_kind kind, struct bytes at);
/* The verdict on a check character: `right` or `wrong` as `found` is `expected` or not. */
void code_check(struct code_candidate *candidate, enum code_reason_kind right,
	enum code_reason_kind wrong, char found, char expected);
void code_part(struct code_candidate *candidate, const char *name, struct bytes value);

/* A text made in the result's room. */
size_t code_text_begin(const struct code_result *result);
struct bytes code_text_end(struct code_result *result, size_t begin);

bool code_is_digit(uint8_t octet);
bool code_is_alphanumeric(uint8_t octet); /* ASCII letters and digits. */
bool code_are_digits(struct bytes run); /* And at least one. */
bool code_has_control(struct bytes run); /* C0, DEL. */
size_t code_span(struct bytes run, const char *alphabet); /* Octets in front that are in it. */

/* Takes what stands before `separator`, and the separator, off the run. */
struct bytes code_take(struct bytes *run, uint8_t separator);

/* If the run begins so (without case): takes it off. */
bool code_take_prefix(struct bytes *run, const char *prefix);

/* Percent-decoded into the room; false for a % that two hex digits do not follow, or text that
 * is then no UTF-8 or has controls. */
bool code_percent_decode(struct code_result *result, struct bytes run, struct bytes *ret_text);

/* "scheme://host/path?query": whether it is a URL of http or https, and its parts. */
struct code_url {
	struct bytes host; /* Without port. */
	struct bytes path; /* From its slash on; may be empty. */
	struct bytes query; /* Behind the question mark. */
};
bool code_url_split(struct bytes text, struct code_url *ret_url);
