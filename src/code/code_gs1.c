/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_gs1.h"

/*
 * Plain keys: digits and nothing else. Ten random numbers hold one whose check digit is right,
 * so a number of the right length is never more than likely; and a GTIN-13 cannot be told from a
 * GLN. A wrong check digit is told for GTIN and SSCC, the keys that are printed without their
 * identifier.
 */
struct plain_key {
	size_t size;
	const char *kind;
	const char *name; /* Application identifier. */
	uint8_t confidence;
	const char *others; /* What has the same form. */
	bool is_told_when_wrong;
};

static const struct plain_key plain_keys[] = {
	{8, "GTIN-8", "01", CODE_LIKELY, NULL, true},
	{12, "GTIN-12", "01", CODE_LIKELY, NULL, true},
	{13, "GTIN-13", "01", CODE_LIKELY, "GTIN-13, GLN", true},
	{13, "GLN", "414", CODE_POSSIBLE, "GTIN-13, GLN", false},
	{14, "GTIN-14", "01", CODE_LIKELY, NULL, true},
	{17, "GSIN", "402", CODE_POSSIBLE, NULL, false},
	{18, "SSCC", "00", CODE_LIKELY, "SSCC, GSRN", true},
	{18, "GSRN", "8018", CODE_POSSIBLE, "SSCC, GSRN", false},
};

static struct bytes
padded(struct code_result *result, struct bytes digits)
{
	size_t begin = code_text_begin(result);

	for (size_t i = digits.size; i < 14; i++) {
		text_write_char(&result->text, '0');
	}
	text_write(&result->text, digits);
	return code_text_end(result, begin);
}

static void
recognise_plain(struct code_result *result, const struct plain_key *key)
{
	struct bytes code = result->code, name = bytes_from_string(key->name);
	bool is_right = code_gs1_check_digit(bytes_slice(code, 0, code.size - 1)) ==
		(char)code.at[code.size - 1];
	bool is_gtin = bytes_equal(name, TEXT("01"));
	struct code_candidate *candidate;
	struct code_gs1_list list = {0};

	if (!is_right && !key->is_told_when_wrong) {
		return;
	}
	candidate = code_propose(result, CODE_GS1, key->kind, key->confidence);
	code_gs1_add(&list, name, is_gtin ? padded(result, code) : code);
	code_gs1_put(result, candidate, &list);
	candidate->kind = key->kind;
	if (key->others != NULL && is_right) {
		code_reason(candidate, CODE_REASON_SHARED, bytes_from_string(key->others));
	}
}

void
code_gs1_recognise(struct code_result *result)
{
	code_gs1_link_recognise(result);
	code_gs1_elements_recognise(result);
	if (!code_are_digits(result->code)) {
		return;
	}
	for (size_t i = 0; i < sizeof(plain_keys) / sizeof(plain_keys[0]); i++) {
		if (plain_keys[i].size == result->code.size) {
			recognise_plain(result, &plain_keys[i]);
		}
	}
}
