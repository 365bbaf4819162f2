/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "code/code.h"

/*
 * Mappings: this code is that handle, from then until then, says who. A mapping is a value of
 * type CODE_MAP at an index from 9000 on, its data one JSON object with the members below in
 * their order, empty ones left out. It stands in two records below a prefix of its own, so that
 * both ways are one lookup:
 *
 *     PREFIX/gs1/01/09521234543213          by scheme and normal form
 *     PREFIX/identifier/88.100.1/x          by handle
 *
 * Records are found without regard to case, and codes have it: the value says the code to the
 * letter, and whoever reads compares. At a time (scheme, code, from) has one active mapping.
 */
#define CODE_FIELD_TABLE(X)     \
	X(SCHEME, "scheme")     \
	X(CODE, "code")         \
	X(HANDLE, "identifier") \
	X(FROM, "from")         \
	X(TO, "to")             \
	X(SOURCE, "source")     \
	X(EVIDENCE, "evidence") \
	X(STATUS, "status")

enum code_field {
#define X(NAME, name) CODE_FIELD_##NAME,
	CODE_FIELD_TABLE(X)
#undef X
		CODE_FIELD_COUNT
};

enum { CODE_MAP_INDEX = 9000, CODE_MAP_DATA_SIZE_MAX = 8 * CODE_ROW_SIZE_MAX };

struct code_mapping {
	struct bytes fields[CODE_FIELD_COUNT];
};

const char *code_field_name(enum code_field field);
bool code_field_find(struct bytes name, enum code_field *ret_field);

/* What cannot be: INVALID and the field. An empty status is made "active"; the other words are
 * "review" and "withdrawn". Times are 2026-11-27 or 2026-11-27T08:00:00Z. */
enum status code_mapping_check(struct code_mapping *mapping, enum code_field *ret_field) MUST_CHECK;

/* The normal form of what stands in CODE, by what stands in SCHEME: a system ("gs1") or a kind
 * ("GTIN-13"), which is then made the system. NOT_FOUND if it is no such code, CONFLICT if it
 * may be two: say the kind. A normal form is its own. The mapping then has views into `result`. */
enum status code_mapping_normalize(
	struct code_mapping *mapping, struct code_result *result) MUST_CHECK;

/* The prefix of the records: one or more labels, without a slash. */
bool code_mapping_prefix_is_good(struct bytes prefix);

/* Names of the two records. */
void code_mapping_write_name(
	struct text_writer *writer, struct bytes prefix, const struct code_mapping *mapping);
void code_mapping_write_reverse_name(
	struct text_writer *writer, struct bytes prefix, struct bytes handle);

void code_mapping_write(struct json_writer *writer, const struct code_mapping *mapping);
/* Strings are in the arena or views into `data`. Members that are not known are skipped. */
enum status code_mapping_read(
	struct bytes data, struct arena *arena, struct code_mapping *ret_mapping) MUST_CHECK;

/* Of this code, to the letter; or, if `scheme` is NULL, of this handle. */
bool code_mapping_is_of(const struct code_mapping *mapping, const char *scheme, struct bytes name);

/* Active at `now`, a time as above: from <= now < to. */
bool code_mapping_is_active(const struct code_mapping *mapping, struct bytes now);
/* It was active, and is no longer: withdrawn, or its time is over. */
bool code_mapping_is_over(const struct code_mapping *mapping, struct bytes now);
