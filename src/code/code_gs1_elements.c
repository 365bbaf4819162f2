/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_gs1.h"

/* GS1 Digital Link 1.2, 4.2: what is not unreserved (RFC 3986, 2.3) is percent-encoded. */
static void
write_encoded(struct text_writer *writer, struct bytes value)
{
	text_write_percent(writer, value, "-._~");
}

void
code_gs1_add(struct code_gs1_list *list, struct bytes name, struct bytes value)
{
	if (list->count == CODE_PART_COUNT_MAX) {
		list->is_full = true;
		return;
	}
	list->elements[list->count++] = (struct code_gs1_element){name, value, code_gs1_row(name)};
}

static const struct code_gs1_element *
find(const struct code_gs1_list *list, struct bytes name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (bytes_equal(list->elements[i].name, name)) {
			return &list->elements[i];
		}
	}
	return NULL;
}

/* What the whole message is about: the unit or the item before the places and papers that are
 * named beside it. */
static const struct code_gs1_element *
find_key(const struct code_gs1_list *list)
{
	static const char *const first_choices[] = {"01", "8006", "00"};
	const struct code_gs1_element *key = NULL;

	for (size_t i = 0; i < sizeof(first_choices) / sizeof(first_choices[0]); i++) {
		key = find(list, bytes_from_string(first_choices[i]));
		if (key != NULL) {
			return key;
		}
	}
	for (size_t i = 0; i < list->count && key == NULL; i++) {
		if (list->elements[i].row != NULL && list->elements[i].row->qualifiers != NULL) {
			key = &list->elements[i];
		}
	}
	return key;
}

bool
code_gs1_order_is_good(
	const struct code_gs1_row *key, const struct code_gs1_list *list, size_t from, size_t count)
{
	struct bytes alternatives = bytes_from_string(key->qualifiers);

	while (count > 0 && alternatives.size > 0) {
		struct bytes names = code_take(&alternatives, '|');
		size_t met = 0;

		while (names.size > 0) {
			struct bytes name = code_take(&names, ',');

			if (met < count && bytes_equal(name, list->elements[from + met].name)) {
				met++;
			}
		}
		if (met == count) {
			return true;
		}
	}
	return count == 0;
}

static bool
is_among(struct bytes names, struct bytes name)
{
	while (names.size > 0) {
		if (bytes_equal(code_take(&names, ','), name)) {
			return true;
		}
	}
	return false;
}

/* The qualifiers that the message has: of the first alternative of which there is one. */
static struct bytes
choose_qualifiers(struct code_candidate *candidate, const struct code_gs1_row *key,
	const struct code_gs1_list *list)
{
	struct bytes alternatives = bytes_from_string(key->qualifiers);
	struct bytes chosen = TEXT("");

	while (alternatives.size > 0) {
		struct bytes names = code_take(&alternatives, '|');

		for (size_t i = 0; i < list->count; i++) {
			if (!is_among(names, list->elements[i].name)) {
				continue;
			}
			if (chosen.size == 0) {
				chosen = names;
			} else if (chosen.at != names.at) {
				code_against(candidate, CODE_REASON_ELEMENT_ORDER,
					list->elements[i].name);
				return chosen;
			}
		}
	}
	return chosen;
}

static void
write_pair(struct text_writer *writer, const struct code_gs1_element *element)
{
	text_write(writer, element->name);
	text_write_char(writer, '/');
	write_encoded(writer, element->value);
}

static void
put_normal(struct code_result *result, struct code_candidate *candidate,
	const struct code_gs1_list *list, const struct code_gs1_element *key)
{
	struct bytes chosen = choose_qualifiers(candidate, key->row, list), names = chosen;
	size_t begin = code_text_begin(result);
	char separator = '?';

	write_pair(&result->text, key);
	while (names.size > 0) {
		const struct code_gs1_element *element = find(list, code_take(&names, ','));

		if (element != NULL) {
			text_write_char(&result->text, '/');
			write_pair(&result->text, element);
		}
	}
	candidate->normal = code_text_end(result, begin);
	begin = code_text_begin(result);
	text_write_string(&result->text, "https://id.gs1.org/");
	text_write(&result->text, candidate->normal);
	for (size_t i = 0; i < list->count; i++) {
		const struct code_gs1_element *element = &list->elements[i];

		if (element != key && !is_among(chosen, element->name)) {
			text_write_char(&result->text, separator);
			text_write(&result->text, element->name);
			text_write_char(&result->text, '=');
			write_encoded(&result->text, element->value);
			separator = '&';
		}
	}
	candidate->link = code_text_end(result, begin);
}

void
code_gs1_put(struct code_result *result, struct code_candidate *candidate,
	const struct code_gs1_list *list)
{
	const struct code_gs1_element *key = find_key(list);

	for (size_t i = 0; i < list->count; i++) {
		const struct code_gs1_element *element = &list->elements[i];

		candidate->parts[candidate->part_count++] =
			(struct code_part){element->name, element->value};
		if (find(list, element->name) != element) {
			code_against(candidate, CODE_REASON_ELEMENT_TWICE, element->name);
		} else if (element->row == NULL) {
			code_against(candidate, CODE_REASON_ELEMENT_UNKNOWN, element->name);
		} else {
			code_gs1_value_check(candidate, element);
		}
	}
	if (list->is_full) {
		code_against(candidate, CODE_REASON_ELEMENT_COUNT, TEXT(""));
	}
	candidate->scheme = CODE_GS1;
	if (key == NULL) {
		code_against(candidate, CODE_REASON_NO_KEY, TEXT(""));
		return;
	}
	candidate->kind = key->row->title;
	put_normal(result, candidate, list, key);
}

/* "(01)..." as people read it under a bar code (General Specifications, 4.14): an identifier
 * in brackets begins an element, any other bracket is part of a value. */
static bool
bracket_is_next(struct bytes run, struct bytes *ret_name)
{
	struct bytes name;

	if (run.size < 4 || run.at[0] != '(') {
		return false;
	}
	name = bytes_slice(run, 1, bytes_find(run, ')') - 1);
	if (name.size < 2 || name.size > 4 || name.size + 2 > run.size || !code_are_digits(name)) {
		return false;
	}
	*ret_name = name;
	return true;
}

static void
read_brackets(struct bytes run, struct code_gs1_list *list)
{
	struct bytes name, ignored;

	while (bracket_is_next(run, &name)) {
		size_t size = 0;

		run = bytes_slice(run, name.size + 2, SIZE_MAX);
		while (size < run.size &&
			!bracket_is_next(bytes_slice(run, size, SIZE_MAX), &ignored)) {
			size++;
		}
		code_gs1_add(list, name, bytes_slice(run, 0, size));
		run = bytes_slice(run, size, SIZE_MAX);
	}
}

/* As scanners send it: an element of variable length ends at FNC1 or at the end (7.8). False
 * where no identifier begins; what is left is then an element without one. */
static bool
read_message(struct bytes run, uint8_t separator, struct code_gs1_list *list)
{
	while (run.size > 0) {
		struct bytes name = code_gs1_name(run);
		size_t fixed_size, size;

		if (name.size == 0) {
			code_gs1_add(list, bytes_slice(run, 0, 2), bytes_slice(run, 2, SIZE_MAX));
			return false;
		}
		run = bytes_slice(run, name.size, SIZE_MAX);
		size = bytes_find(run, separator);
		fixed_size = code_gs1_fixed_size(name);
		size = fixed_size > 0 && fixed_size < size ? fixed_size : size;
		code_gs1_add(list, name, bytes_slice(run, 0, size));
		run = bytes_slice(run, size, SIZE_MAX);
		if (run.size > 0 && run.at[0] == separator) {
			run = bytes_slice(run, 1, SIZE_MAX);
		}
	}
	return true;
}

/* AIM symbology identifiers of carriers that say "GS1" (ISO/IEC 15424), and FNC1 itself: GS as
 * scanners send it, or the caret that GS1's own tools take in its place. */
static bool
take_carrier(struct bytes *run, uint8_t *ret_separator, struct bytes *ret_taken)
{
	static const char *const carriers[] = {"]C1", "]e0", "]d2", "]Q3", "]J1", "\x1d", "^"};

	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
		struct bytes carrier = bytes_from_string(carriers[i]);

		if (bytes_start_with(*run, carrier)) {
			*ret_taken = carrier;
			*ret_separator = carrier.at[0] == '^' ? '^' : 0x1d;
			*run = bytes_slice(*run, carrier.size, SIZE_MAX);
			if (run->size > 0 && run->at[0] == *ret_separator) {
				*run = bytes_slice(*run, 1, SIZE_MAX);
			}
			return true;
		}
	}
	return false;
}

/* Without any mark only a message that is right in every element is told of: else every run of
 * digits would be one. */
static void
recognise_unmarked(struct code_result *result, struct code_gs1_list *list)
{
	struct text_writer before = result->text;
	size_t count = result->count;
	struct code_candidate *candidate;

	if (!read_message(result->code, 0x1d, list)) {
		return;
	}
	candidate = code_propose(result, CODE_GS1, "", CODE_POSSIBLE);
	code_gs1_put(result, candidate, list);
	if (candidate->is_valid) {
		code_reason(candidate, CODE_REASON_NO_FNC1, TEXT(""));
	} else {
		result->text = before;
		result->count = count;
	}
}

void
code_gs1_elements_recognise(struct code_result *result)
{
	struct code_gs1_list list = {0};
	struct bytes run = result->code, name, carrier;
	struct code_candidate *candidate;
	uint8_t separator;

	if (bracket_is_next(run, &name)) {
		candidate = code_propose(result, CODE_GS1, "element string", CODE_CERTAIN);
		code_reason(candidate, CODE_REASON_PATTERN, TEXT("(AI)value"));
		read_brackets(run, &list);
		code_gs1_put(result, candidate, &list);
	} else if (take_carrier(&run, &separator, &carrier)) {
		candidate = code_propose(result, CODE_GS1, "element string", CODE_CERTAIN);
		code_reason(candidate, CODE_REASON_PREFIX, carrier);
		(void)read_message(run, separator, &list);
		code_gs1_put(result, candidate, &list);
	} else if (code_is_digit(run.at[0]) && run.size >= 16) {
		recognise_unmarked(result, &list);
	}
}
