/* SPDX-License-Identifier: Apache-2.0 */
#include "markup/markup_tree.h"

#include "base/limits.h"

#include <expat.h>

struct reading {
	XML_Parser parser;
	struct arena *arena;
	struct bytes xml;
	struct markup_element *root;
	struct markup_element *now; /* The innermost that is open. */
	size_t depth;
	size_t depth_max;
	size_t count;
	uint8_t *text; /* Room for all text: it cannot be more than the XML. */
	size_t text_size;
	enum status status;
	struct problem *problem;
};

static uint32_t
line_of(const struct reading *reading)
{
	return (uint32_t)XML_GetCurrentLineNumber(reading->parser);
}

/* The first fault wins. */
static void
fail(struct reading *reading, enum status status, const char *what)
{
	if (reading->status == STATUS_OK) {
		reading->status = problem_set(reading->problem, status, "line %u: %s",
			line_of(reading), problem_reason(what));
		XML_StopParser(reading->parser, XML_FALSE);
	}
}

static struct bytes
keep(struct reading *reading, const char *text)
{
	struct bytes kept = arena_copy(reading->arena, bytes_from_string(text));

	if (kept.at == NULL) {
		fail(reading, STATUS_NO_MEMORY, "memory limit reached");
	}
	return kept;
}

static void
attributes_keep(
	struct reading *reading, struct markup_element *element, const char *const *attributes)
{
	while (attributes[2 * element->count] != NULL) {
		element->count++;
	}
	if (element->count == 0) {
		return;
	}
	element->attributes =
		arena_alloc_array(reading->arena, element->count, sizeof(element->attributes[0]));
	if (element->attributes == NULL) {
		element->count = 0;
		fail(reading, STATUS_NO_MEMORY, "memory limit reached");
	}
	for (size_t i = 0; i < element->count && reading->status == STATUS_OK; i++) {
		element->attributes[i].name = keep(reading, attributes[2 * i]);
		element->attributes[i].value = keep(reading, attributes[2 * i + 1]);
	}
}

static size_t
offset_now(const struct reading *reading)
{
	XML_Index at = XML_GetCurrentByteIndex(reading->parser);

	return at < 0 || (size_t)at > reading->xml.size ? reading->xml.size : (size_t)at;
}

static void
element_link(struct reading *reading, struct markup_element *element)
{
	struct markup_element *parent = reading->now;

	element->parent = parent;
	if (parent == NULL) {
		reading->root = element;
	} else if (parent->last == NULL) {
		parent->first = parent->last = element;
		parent->inside = bytes_slice(reading->xml, offset_now(reading), reading->xml.size);
	} else {
		parent->last = parent->last->next = element;
	}
	reading->now = element;
}

static void
element_begin(void *context, const char *name, const char **attributes)
{
	struct reading *reading = context;
	struct markup_element *element;

	if (++reading->depth > reading->depth_max) {
		fail(reading, STATUS_TOO_LARGE, "elements are nested too deep");
		return;
	}
	if (++reading->count > MARKUP_ELEMENT_COUNT_MAX) {
		fail(reading, STATUS_TOO_LARGE, "there are too many elements");
		return;
	}
	element = arena_alloc(reading->arena, sizeof(*element));
	if (element == NULL) {
		fail(reading, STATUS_NO_MEMORY, "memory limit reached");
		return;
	}
	element->line = line_of(reading);
	element->name = keep(reading, name);
	attributes_keep(reading, element, attributes);
	element_link(reading, element);
}

static void
element_end(void *context, const char *name)
{
	struct reading *reading = context;
	struct markup_element *element = reading->now;

	(void)name;
	reading->depth--;
	if (reading->status != STATUS_OK || element == NULL) {
		return;
	}
	if (element->first != NULL) {
		size_t begin = (size_t)(element->inside.at - reading->xml.at);

		element->inside = bytes_slice(reading->xml, begin, offset_now(reading) - begin);
	}
	reading->now = element->parent;
}

/* It comes in pieces, one behind the other: nothing else is written between those of one element
 * that has no child yet. */
static void
text_come(void *context, const char *text, int size)
{
	struct reading *reading = context;
	struct markup_element *element = reading->now;

	if (reading->status != STATUS_OK || element == NULL || element->first != NULL) {
		return;
	}
	memcpy(reading->text + reading->text_size, text, (size_t)size);
	if (element->text.size == 0) {
		element->text.at = reading->text + reading->text_size;
	}
	element->text.size += (size_t)size;
	reading->text_size += (size_t)size;
}

static void
doctype_begin(void *context, const char *name, const char *system_id, const char *public_id,
	int has_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_subset;
	fail(context, STATUS_MALFORMED, "a DOCTYPE is not taken, nor entities of one's own");
}

static enum status
parse(struct reading *reading)
{
	XML_SetUserData(reading->parser, reading);
	XML_SetElementHandler(reading->parser, element_begin, element_end);
	XML_SetCharacterDataHandler(reading->parser, text_come);
	XML_SetStartDoctypeDeclHandler(reading->parser, doctype_begin);
	if (XML_Parse(reading->parser, (const char *)reading->xml.at, (int)reading->xml.size,
		    XML_TRUE) != XML_STATUS_OK) {
		fail(reading, STATUS_MALFORMED, XML_ErrorString(XML_GetErrorCode(reading->parser)));
	}
	return reading->status;
}

enum status
markup_read(struct bytes xml, size_t depth_max, struct arena *arena,
	struct markup_element **ret_root, struct problem *problem)
{
	struct reading reading = {
		.arena = arena, .xml = xml, .depth_max = depth_max, .problem = problem};

	if (xml.size > MARKUP_SIZE_MAX) {
		return problem_set(problem, STATUS_TOO_LARGE, "it is %zu octets long, more than %d",
			xml.size, MARKUP_SIZE_MAX);
	}
	reading.text = arena_alloc(arena, xml.size + 1);
	reading.parser = reading.text == NULL ? NULL : XML_ParserCreate("UTF-8");
	if (reading.parser == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "memory limit reached");
	}
	parse(&reading);
	XML_ParserFree(reading.parser);
	if (reading.status == STATUS_OK) {
		*ret_root = reading.root;
	}
	return reading.status;
}

bool
markup_is(const struct markup_element *element, const char *name)
{
	return bytes_equal(element->name, bytes_from_string(name));
}

const struct bytes *
markup_find(const struct markup_element *element, const char *name)
{
	for (size_t i = 0; i < element->count; i++) {
		if (bytes_equal(element->attributes[i].name, bytes_from_string(name))) {
			return &element->attributes[i].value;
		}
	}
	return NULL;
}

struct bytes
markup_get(const struct markup_element *element, const char *name)
{
	const struct bytes *value = markup_find(element, name);

	return value == NULL ? (struct bytes){NULL, 0} : *value;
}

bool
markup_is_true(const struct markup_element *element, const char *name)
{
	struct bytes value = markup_get(element, name);

	return bytes_equal_fold(value, TEXT("true")) || bytes_equal_fold(value, TEXT("yes")) ||
		bytes_equal_fold(value, TEXT("y")) || bytes_equal(value, TEXT("1"));
}

const struct markup_element *
markup_child(const struct markup_element *element, const char *name)
{
	for (const struct markup_element *child = element->first; child != NULL;
		child = child->next) {
		if (markup_is(child, name)) {
			return child;
		}
	}
	return NULL;
}

struct bytes
markup_trim(struct bytes text)
{
	while (text.size > 0 && text.at[0] <= ' ') {
		text = bytes_slice(text, 1, text.size);
	}
	while (text.size > 0 && text.at[text.size - 1] <= ' ') {
		text.size--;
	}
	return text;
}
