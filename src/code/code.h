/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "json/json_writer.h"

#include <stdbool.h>

/*
 * Foreign codes: what a run of characters may be - a GTIN, an OID, a credit code - and what its
 * normal form is. codes.def names the systems; one file knows each.
 *
 *     struct code_result result;
 *     if (code_identify(text, &result) == STATUS_OK) {
 *             for (size_t i = 0; i < result.count; i++) ... result.candidates[i] ...
 *     }
 *
 * Nothing is guessed and nothing mended: whatever the text may be is a candidate, with the
 * reasons for it, those against it, and a confidence; the best comes first. A code with a wrong
 * check digit is a candidate that is not valid and says which digit it should be.
 *
 * The normal form is one for all ways to write the same thing, so that mappings are found from
 * each of them: a GTIN in a bar code, in an EPC URN and in a Digital Link are all
 * "01/09521234543213". It belongs to a system of its own, `scheme`: an EPC's is GS1, that of a
 * VAA code is Handle.
 *
 * Pure functions: no memory is taken, nothing is read but the text. Results are views into the
 * text and into `room`: keep both where they are for as long as the result is used.
 */
enum code_system {
#define X(NAME, name, type, standard) CODE_##NAME,
#include "code/codes.def"
#undef X
	CODE_SYSTEM_COUNT
};

enum code_reason_kind {
#define X(NAME, id, english, chinese) CODE_REASON_##NAME,
#include "code/code_reasons.def"
#undef X
};

struct code_reason {
	enum code_reason_kind kind;
	char found;
	char expected;
	struct bytes at;
};

struct code_part {
	struct bytes name; /* "01", "issuer": the words of the standard. */
	struct bytes value;
};

struct code_candidate {
	enum code_system system; /* Whose writing it is. */
	enum code_system scheme; /* Whose names `normal` is one of. */
	const char *kind; /* "GTIN-13", "did:bid": the same in all languages. */
	const char *type; /* As declared to the national top node; "" if it is not. */
	bool is_valid; /* No reason is against it. */
	uint8_t confidence; /* 0 to 100. */
	struct bytes normal; /* Empty: too broken to have one. */
	struct bytes link; /* Where the standard has it resolved; empty when it says nothing. */
	size_t reason_count;
	struct code_reason reasons[CODE_REASON_COUNT_MAX];
	size_t part_count;
	struct code_part parts[CODE_PART_COUNT_MAX];
};

/* What the texts of all candidates take at the most: tests/fuzz/fuzz_code.c holds it to that. */
enum { CODE_ROOM_SIZE = 16 * CODE_SIZE_MAX };

struct code_result {
	struct bytes code;
	size_t count;
	bool is_full; /* There were more than CODE_CANDIDATE_COUNT_MAX. */
	struct text_writer text;
	struct code_candidate
		candidates[CODE_CANDIDATE_COUNT_MAX + 1]; /* The last: for spilling. */
	char room[CODE_ROOM_SIZE];
};

/* OK, also when nothing recognised the text (`count` is 0). INVALID if it is empty, MALFORMED
 * if it is not UTF-8, TOO_LARGE beyond CODE_SIZE_MAX: then there is no result. */
enum status code_identify(struct bytes code, struct code_result *ret_result) MUST_CHECK;

/* The best candidate that is valid; NULL if there is none. */
const struct code_candidate *code_best(const struct code_result *result);

const char *code_system_name(enum code_system system); /* "gs1": for mappings and JSON. */
const char *code_system_standard(enum code_system system);
bool code_system_find(struct bytes name, enum code_system *ret_system);

const char *code_reason_id(enum code_reason_kind kind); /* "check-wrong": for programs. */
void code_reason_write(
	struct text_writer *writer, const struct code_reason *reason, bool is_chinese);

/* Application identifiers of GS1 that are keys: what a Digital Link may begin with. */
bool code_gs1_is_key(struct bytes name);
bool code_gs1_key(size_t number, struct bytes *ret_name); /* False: there are no more. */

/* {"code":...,"candidates":[...],"tried":[...]}; `tried` names every system. */
void code_identify_json(const struct code_result *result, struct json_writer *writer);
/* One candidate as an open object, for those who add members of their own and close it. */
void code_candidate_json(const struct code_candidate *candidate, struct json_writer *writer);
/* What stands around the candidates, for the same. */
void code_result_json(const struct code_result *result, struct json_writer *writer);
void code_result_json_end(struct json_writer *writer);
