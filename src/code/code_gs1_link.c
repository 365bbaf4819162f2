/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_gs1.h"

/*
 * GS1 Digital Link URIs, uncompressed (1.2, 4): any host and any path in front, then a key, its
 * qualifiers in their order, and attributes in the query. Parameters of the query whose name is
 * no identifier (linkType, session numbers) are not part of what is identified.
 */
static bool
take_segment(struct bytes *path, struct bytes *ret_segment)
{
	if (path->size == 0 || path->at[0] != '/') {
		return false;
	}
	*path = bytes_slice(*path, 1, SIZE_MAX);
	*ret_segment = bytes_slice(*path, 0, bytes_find(*path, '/'));
	*path = bytes_slice(*path, ret_segment->size, SIZE_MAX);
	return true;
}

/* Where the key begins: the first identifier of a key with nothing but pairs behind it. */
static bool
find_start(struct bytes path, struct bytes *ret_rest)
{
	struct bytes before = path, segment;

	while (take_segment(&path, &segment)) {
		struct bytes rest = path, ignored;
		size_t count = 1;

		while (code_gs1_is_key(segment) && take_segment(&rest, &ignored) &&
			ignored.size > 0) {
			count++;
		}
		if (count > 1 && count % 2 == 0 && rest.size == 0) {
			*ret_rest = before;
			return true;
		}
		before = path;
	}
	return false;
}

/* "A GTIN-8, -12 or -13 is padded" (4.6): told, since some software compares texts. */
static struct bytes
gtin_of(struct code_result *result, struct code_candidate *candidate, struct bytes value)
{
	size_t begin = code_text_begin(result);

	if (!code_are_digits(value) || (value.size != 8 && value.size != 12 && value.size != 13)) {
		return value;
	}
	for (size_t i = value.size; i < 14; i++) {
		text_write_char(&result->text, '0');
	}
	text_write(&result->text, value);
	code_reason(candidate, CODE_REASON_PADDED, TEXT(""));
	return code_text_end(result, begin);
}

static void
add_pair(struct code_result *result, struct code_candidate *candidate, struct code_gs1_list *list,
	struct bytes name, struct bytes encoded)
{
	struct bytes value;

	if (!code_percent_decode(result, encoded, &value)) {
		code_against(candidate, CODE_REASON_ELEMENT_TEXT, name);
		return;
	}
	if (bytes_equal(name, TEXT("01"))) {
		value = gtin_of(result, candidate, value);
	}
	code_gs1_add(list, name, value);
}

static void
add_query(struct code_result *result, struct code_candidate *candidate, struct code_gs1_list *list,
	struct bytes query)
{
	while (query.size > 0) {
		struct bytes value = code_take(&query, '&');
		struct bytes name = code_take(&value, '=');

		if (code_gs1_row(name) != NULL && !code_gs1_is_key(name)) {
			add_pair(result, candidate, list, name, value);
		}
	}
}

void
code_gs1_link_recognise(struct code_result *result)
{
	struct code_gs1_list list = {0};
	struct code_candidate *candidate;
	struct bytes rest, name, value;
	struct code_url url;

	if (!code_url_split(result->code, &url) || !find_start(url.path, &rest)) {
		return;
	}
	candidate = code_propose(result, CODE_GS1, "GS1 Digital Link", CODE_CERTAIN);
	code_reason(candidate, CODE_REASON_PATTERN, TEXT("GS1 Digital Link"));
	while (take_segment(&rest, &name) && take_segment(&rest, &value)) {
		add_pair(result, candidate, &list, name, value);
	}
	/* A key that is no text is not in the list: then the first is a qualifier of nothing. */
	if (list.count > 1 && code_gs1_is_key(list.elements[0].name) &&
		!code_gs1_order_is_good(list.elements[0].row, &list, 1, list.count - 1)) {
		code_against(candidate, CODE_REASON_ELEMENT_ORDER, list.elements[1].name);
	}
	add_query(result, candidate, &list, url.query);
	code_gs1_put(result, candidate, &list);
}
