/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_gs1.h"

#include <string.h>

/*
 * EPC URNs (Tag Data Standard 1.13, 6 and 7: examples compared, clauses not checked): pure
 * identities urn:epc:id:, tags urn:epc:tag: with their filter, classes urn:epc:class: and patterns
 * urn:epc:idpat: that end in ".*". Most are GS1 keys with the company prefix cut off and the check
 * digit left out: the key is made again, and is the normal form. What is no GS1 key (gid, usdod,
 * adi, bic) stays a URN.
 */
struct scheme {
	const char *name; /* Behind urn:epc:id: */
	const char *key; /* Application identifier; NULL: it stays a URN. */
	size_t key_size; /* Digits of company prefix and reference together; 0: any text. */
	bool is_first_moved; /* The reference's first digit comes before the company prefix. */
	bool is_filled; /* GRAI: a zero in front. */
	bool has_check;
	const char
		*serial; /* Application identifier of a last part, "" if it is part of the key. */
};

static const struct scheme schemes[] = {
	{"sgtin", "01", 13, true, false, true, "21"},
	{"lgtin", "01", 13, true, false, true, "10"},
	{"upui", "01", 13, true, false, true, "235"},
	{"sscc", "00", 17, true, false, true, NULL},
	{"sgln", "414", 12, false, false, true, "254"},
	{"grai", "8003", 12, false, true, true, ""},
	{"giai", "8004", 0, false, false, false, NULL},
	{"gsrn", "8018", 17, false, false, true, NULL},
	{"gsrnp", "8017", 17, false, false, true, NULL},
	{"gdti", "253", 12, false, false, true, ""},
	{"sgcn", "255", 12, false, false, true, ""},
	{"gsin", "402", 16, false, false, true, NULL},
	{"ginc", "401", 0, false, false, false, NULL},
	{"cpi", "8010", 0, false, false, false, "8011"},
	{"pgln", "417", 12, false, false, true, NULL},
	{"gid", NULL, 0, false, false, false, NULL},
	{"usdod", NULL, 0, false, false, false, NULL},
	{"adi", NULL, 0, false, false, false, NULL},
	{"bic", NULL, 0, false, false, false, NULL},
};

static const struct scheme *
find_scheme(struct bytes name)
{
	/* A tag's scheme has its bits behind: sgtin-96. */
	struct bytes stem = bytes_slice(name, 0, bytes_find(name, '-'));

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (bytes_equal_fold(stem, bytes_from_string(schemes[i].name))) {
			return &schemes[i];
		}
	}
	return NULL;
}

/* The key from its parts, with the check digit that the URN leaves out. */
static struct bytes
make_key(struct code_result *result, const struct scheme *scheme, struct bytes company,
	struct bytes reference, struct bytes serial)
{
	size_t begin = code_text_begin(result), digits_begin;
	struct bytes digits;

	if (scheme->is_filled) {
		text_write_char(&result->text, '0');
	}
	digits_begin = code_text_begin(result);
	if (scheme->is_first_moved) {
		text_write(&result->text, bytes_slice(reference, 0, 1));
		reference = bytes_slice(reference, 1, SIZE_MAX);
	}
	text_write(&result->text, company);
	text_write(&result->text, reference);
	digits = code_text_end(result, digits_begin);
	if (scheme->has_check) {
		text_write_char(&result->text, code_gs1_check_digit(digits));
	}
	if (scheme->serial != NULL && scheme->serial[0] == '\0') {
		text_write(&result->text, serial);
	}
	return code_text_end(result, begin);
}

static bool
key_parts_are_good(struct code_candidate *candidate, const struct scheme *scheme,
	struct bytes company, struct bytes reference)
{
	if (!code_are_digits(company) || company.size < 6 || company.size > 12) {
		code_against(candidate, CODE_REASON_SIZE, company);
		return false;
	}
	if (scheme->key_size > 0 &&
		((reference.size > 0 && !code_are_digits(reference)) ||
			company.size + reference.size != scheme->key_size)) {
		code_against(candidate, CODE_REASON_SIZE, reference);
		return false;
	}
	return true;
}

static void
put_key(struct code_result *result, struct code_candidate *candidate, const struct scheme *scheme,
	struct bytes rest)
{
	struct code_gs1_list list = {0};
	struct bytes company = code_take(&rest, '.'), reference, serial = TEXT("");
	bool has_serial = scheme->serial != NULL;

	/* Only a reference that has no serial behind it may hold dots: a GIAI's. */
	reference = has_serial ? code_take(&rest, '.') : rest;
	if (!key_parts_are_good(candidate, scheme, company, reference) ||
		!code_percent_decode(result, reference, &reference) ||
		(has_serial && !code_percent_decode(result, rest, &serial))) {
		code_against(candidate, CODE_REASON_CHARACTER, result->code);
		return;
	}
	if (bytes_equal(serial, TEXT("*"))) {
		serial = TEXT("");
	}
	code_gs1_add(&list, bytes_from_string(scheme->key),
		make_key(result, scheme, company, reference, serial));
	/* TDS 6.3.3: an extension of "0" says that the GLN has none. */
	if (has_serial && scheme->serial[0] != '\0' && serial.size > 0 &&
		!(bytes_equal(serial, TEXT("0")) &&
			bytes_equal(bytes_from_string(scheme->serial), TEXT("254")))) {
		code_gs1_add(&list, bytes_from_string(scheme->serial), serial);
	}
	code_gs1_put(result, candidate, &list);
}

void
code_epc_recognise(struct code_result *result)
{
	struct bytes rest = result->code, name;
	struct code_candidate *candidate;
	const struct scheme *scheme;
	bool is_tag;

	if (!code_take_prefix(&rest, "urn:epc:")) {
		return;
	}
	candidate = code_propose(result, CODE_EPC, "EPC", CODE_CERTAIN);
	code_reason(candidate, CODE_REASON_PREFIX, TEXT("urn:epc:"));
	is_tag = code_take_prefix(&rest, "tag:");
	if (!is_tag && !code_take_prefix(&rest, "id:") && !code_take_prefix(&rest, "class:") &&
		!code_take_prefix(&rest, "idpat:")) {
		code_against(candidate, CODE_REASON_NO_TABLE, code_take(&rest, ':'));
		return;
	}
	name = code_take(&rest, ':');
	scheme = find_scheme(name);
	if (scheme == NULL) {
		code_against(candidate, CODE_REASON_NO_TABLE, name);
		return;
	}
	if (is_tag) {
		code_part(candidate, "filter", code_take(&rest, '.'));
	}
	if (scheme->key != NULL) {
		put_key(result, candidate, scheme, rest);
	} else if (rest.size == 0 || is_tag || code_has_control(rest)) {
		code_against(candidate, CODE_REASON_SIZE, rest);
	} else {
		candidate->normal = result->code;
	}
	candidate->kind = scheme->name;
}
