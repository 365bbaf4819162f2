/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_gs1.h"

#include <stdlib.h>
#include <string.h>

static const struct code_gs1_row rows[] = {
#define X(first, last, tail, format, qualifiers, title) \
	{first, last, tail, format, qualifiers, title},
#include "code/gs1_elements.def"
#undef X
};

/* General Specifications, 7.11: set 82 in the order of its values, sets 39 and 64. */
static const char SET_82[] = "!\"%&'()*+,-./0123456789:;<=>?"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
static const char SET_39[] = "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char SET_64[] = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz=";

static bool
row_has(const struct code_gs1_row *row, struct bytes name)
{
	size_t size = strlen(row->first);
	struct bytes stem = bytes_slice(name, 0, size);

	if (name.size != size + (row->tail >= 0) ||
		bytes_compare(stem, bytes_from_string(row->first)) < 0 ||
		bytes_compare(stem, bytes_from_string(row->last)) > 0) {
		return false;
	}
	return row->tail < 0 || (code_is_digit(name.at[size]) && name.at[size] - '0' <= row->tail);
}

const struct code_gs1_row *
code_gs1_row(struct bytes name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (code_are_digits(name) && row_has(&rows[i], name)) {
			return &rows[i];
		}
	}
	return NULL;
}

bool
code_gs1_is_key(struct bytes name)
{
	const struct code_gs1_row *row = code_gs1_row(name);

	return row != NULL && row->qualifiers != NULL;
}

/* Rows of keys have one identifier each. */
bool
code_gs1_key(size_t number, struct bytes *ret_name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].qualifiers != NULL && number-- == 0) {
			*ret_name = bytes_from_string(rows[i].first);
			return true;
		}
	}
	return false;
}

struct bytes
code_gs1_name(struct bytes run)
{
	for (size_t size = 2; size <= 4 && size <= run.size; size++) {
		if (code_gs1_row(bytes_slice(run, 0, size)) != NULL) {
			return bytes_slice(run, 0, size);
		}
	}
	return bytes_slice(run, 0, 0);
}

size_t
code_gs1_fixed_size(struct bytes name)
{
	/* By the first two digits: the whole element's size with its identifier. */
	static const struct {
		const char *first;
		const char *last;
		size_t size;
	} sizes[] = {{"00", "00", 20}, {"01", "03", 16}, {"04", "04", 18}, {"11", "19", 8},
		{"20", "20", 4}, {"31", "36", 10}, {"41", "41", 16}};
	struct bytes start = bytes_slice(name, 0, 2);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (bytes_compare(start, bytes_from_string(sizes[i].first)) >= 0 &&
			bytes_compare(start, bytes_from_string(sizes[i].last)) <= 0) {
			return sizes[i].size - name.size;
		}
	}
	return 0;
}

char
code_gs1_check_digit(struct bytes digits)
{
	unsigned sum = 0;

	for (size_t i = 0; i < digits.size; i++) {
		sum += (unsigned)(digits.at[digits.size - 1 - i] - '0') * (i % 2 == 0 ? 3 : 1);
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

bool
code_gs1_check_pair(struct bytes text, char ret_pair[2])
{
	static const unsigned weights[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47,
		53, 59, 61, 67, 71, 73, 79, 83};
	static const char pairs[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
	unsigned sum = 0;

	if (text.size > sizeof(weights) / sizeof(weights[0]) ||
		code_span(text, SET_82) != text.size) {
		return false;
	}
	for (size_t i = 0; i < text.size; i++) {
		const char *place = strchr(SET_82, text.at[text.size - 1 - i]);

		sum += (unsigned)(place - SET_82) * weights[i];
	}
	sum %= 1021;
	ret_pair[0] = pairs[sum / 32];
	ret_pair[1] = pairs[sum % 32];
	return true;
}

struct field {
	char set;
	char check;
	bool is_optional;
	size_t size_min;
	size_t size_max;
};

/* The next field of a row's format; false at its end. */
static bool
field_next(const char **format, struct field *ret_field)
{
	const char *at = *format + strspn(*format, " ");
	bool is_variable;
	char *end;

	if (*at == '\0') {
		return false;
	}
	*ret_field = (struct field){.set = *at++};
	is_variable = *at == '.';
	at += strspn(at, ".");
	ret_field->size_max = strtoul(at, &end, 10);
	ret_field->size_min = is_variable ? 1 : ret_field->size_max;
	at = end;
	if (*at != '\0' && strchr("cdzp", *at) != NULL) {
		ret_field->check = *at++;
	}
	if (*at == '?') {
		ret_field->is_optional = true;
		at++;
	}
	*format = at;
	return true;
}

static const char *
set_of(char set)
{
	switch (set) {
	case 'N':
		return "0123456789";
	case 'Y':
		return SET_39;
	case 'Z':
		return SET_64;
	default:
		return SET_82;
	}
}

/* YYMMDD; day 00 is the whole month (General Specifications, 3.4). */
static bool
date_is_good(struct bytes text)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = (text.at[0] - '0') * 10 + text.at[1] - '0';
	int month = (text.at[2] - '0') * 10 + text.at[3] - '0';
	int day = (text.at[4] - '0') * 10 + text.at[5] - '0';

	return month >= 1 && month <= 12 && day <= days[month - 1] &&
		!(month == 2 && day == 29 && year % 4 != 0);
}

static void
pair_check(struct code_candidate *candidate, struct bytes text)
{
	char pair[2];

	if (text.size < 3 || !code_gs1_check_pair(bytes_slice(text, 0, text.size - 2), pair)) {
		code_against(candidate, CODE_REASON_ELEMENT_SIZE, TEXT("8013"));
	} else if (memcmp(text.at + text.size - 2, pair, 2) != 0) {
		code_against(candidate, CODE_REASON_PAIR_WRONG, TEXT(""));
	}
}

static void
field_check(struct code_candidate *candidate, const struct field *field, struct bytes name,
	struct bytes text)
{
	if (code_span(text, set_of(field->set)) != text.size) {
		code_against(candidate, CODE_REASON_ELEMENT_TEXT, name);
		return;
	}
	switch (field->check) {
	case 'c':
		code_check(candidate, CODE_REASON_CHECK_RIGHT, CODE_REASON_CHECK_WRONG,
			(char)text.at[text.size - 1],
			code_gs1_check_digit(bytes_slice(text, 0, text.size - 1)));
		break;
	case 'd':
		if (!date_is_good(text)) {
			code_against(candidate, CODE_REASON_ELEMENT_DATE, name);
		}
		break;
	case 'z':
		if (text.at[0] != '0') {
			code_against(candidate, CODE_REASON_ELEMENT_TEXT, name);
		}
		break;
	case 'p':
		pair_check(candidate, text);
		break;
	default:
		break;
	}
}

void
code_gs1_value_check(struct code_candidate *candidate, const struct code_gs1_element *element)
{
	const char *format = element->row->format;
	struct bytes rest = element->value;
	struct field field;

	while (field_next(&format, &field)) {
		struct bytes text = bytes_slice(rest, 0, field.size_max);

		if (field.is_optional && rest.size == 0) {
			continue;
		}
		if (text.size < field.size_min) {
			code_against(candidate, CODE_REASON_ELEMENT_SIZE, element->name);
			return;
		}
		field_check(candidate, &field, element->name, text);
		rest = bytes_slice(rest, text.size, SIZE_MAX);
	}
	if (rest.size > 0) {
		code_against(candidate, CODE_REASON_ELEMENT_SIZE, element->name);
	}
}
