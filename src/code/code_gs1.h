/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "code/code_private.h"

/*
 * GS1 as three files read it - plain keys (code_gs1.c), element strings (code_gs1_elements.c),
 * Digital Links (code_gs1_link.c) - and as EPC URNs are brought to it. gs1_elements.def has the
 * application identifiers; code_gs1_table.c checks a value against its row.
 *
 * Whatever the carrier, its elements become a list, and code_gs1_put() the candidate: key and
 * qualifiers are the normal form, "01/09521234543213/10/ABC", percent-encoded as in a Digital
 * Link (1.2, 4.2), so that no value can look like two; the other elements are attributes, and
 * show in the link and the parts only.
 */
struct code_gs1_row {
	const char *first;
	const char *last;
	int tail;
	const char *format;
	const char *qualifiers;
	const char *title;
};

struct code_gs1_element {
	struct bytes name;
	struct bytes value;
	const struct code_gs1_row *row; /* NULL: not known. */
};

struct code_gs1_list {
	size_t count;
	bool is_full; /* More came than CODE_PART_COUNT_MAX. */
	struct code_gs1_element elements[CODE_PART_COUNT_MAX];
};

/* The row of a whole application identifier; NULL. */
const struct code_gs1_row *code_gs1_row(struct bytes name);

/* The identifier of two to four digits that the run begins with: none begins another. */
struct bytes code_gs1_name(struct bytes run);

/* Octets of the value behind `name` if it is of the predefined lengths (General Specifications,
 * 7.8.5), which need no FNC1 behind them; else 0. */
size_t code_gs1_fixed_size(struct bytes name);

/* What is wrong with the value is told to the candidate, also what check digit is right. */
void code_gs1_value_check(struct code_candidate *candidate, const struct code_gs1_element *element);

/* Mod 10 with weights 3, 1, 3 from the right (General Specifications, 7.9.1). */
char code_gs1_check_digit(struct bytes digits);
/* Two characters of mod 1021 (7.9.5); false for a character outside of set 82 or too many. */
bool code_gs1_check_pair(struct bytes text, char ret_pair[2]);

void code_gs1_add(struct code_gs1_list *list, struct bytes name, struct bytes value);

/* All that follows from the elements into the candidate: checks, kind, normal form, link,
 * parts. */
void code_gs1_put(struct code_result *result, struct code_candidate *candidate,
	const struct code_gs1_list *list);

/* Whether `names`, at most `size` octets of the list's names from `from` on, are qualifiers of
 * the key in an order that a path may have. */
bool code_gs1_order_is_good(const struct code_gs1_row *key, const struct code_gs1_list *list,
	size_t from, size_t count);

void code_gs1_elements_recognise(struct code_result *result);
void code_gs1_link_recognise(struct code_result *result);
