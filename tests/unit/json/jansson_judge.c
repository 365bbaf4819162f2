/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/json/jansson_judge.h"

#include <jansson.h>

/* Whole numbers are read as reals: jansson has a limit there that JSON does not have. And a
 * NUL octet, which is nowhere part of JSON, ends the text for jansson. */
static json_t *
jansson_read(struct bytes text, json_error_t *ret_error)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL;

	if (bytes_find(text, 0) < text.size) {
		return NULL;
	}
	return json_loadb((const char *)text.at, text.size, flags, ret_error);
}

enum jansson_verdict
jansson_judge(struct bytes text)
{
	json_error_t error = {.text = ""};
	json_t *tree = jansson_read(text, &error);
	bool is_taken = tree != NULL;

	json_decref(tree);
	if (is_taken) {
		return JANSSON_TAKES;
	}
	return json_error_code(&error) == json_error_numeric_overflow ? JANSSON_CANNOT_SAY
								      : JANSSON_REFUSES;
}

bool
jansson_equal(struct bytes one, struct bytes other)
{
	json_t *trees[2] = {jansson_read(one, NULL), jansson_read(other, NULL)};
	bool is_equal = trees[0] != NULL && trees[1] != NULL && json_equal(trees[0], trees[1]);

	json_decref(trees[0]);
	json_decref(trees[1]);
	return is_equal;
}
