/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/handle_table.h"

#include "base/limits.h"

#include <string.h>

/* Where the decoder stands. `open` is the innermost list or object that is not closed yet. */
struct table_reading {
	const uint8_t *next;
	const uint8_t *end;
	uint32_t line;
	const char *name;
	struct arena *arena;
	struct problem *problem;
	struct handle_table *open;
	struct handle_table *last; /* Of the items in `open`. */
	uint32_t depth;
	uint32_t item_count;
};

static enum status
table_fail(struct table_reading *reading, enum status status, const char *why)
{
	return problem_set(
		reading->problem, status, "%s:%u: %s", reading->name, reading->line, why);
}

static bool
octet_is_space(uint8_t octet)
{
	return octet == ' ' || (octet >= '\t' && octet <= '\r') || octet == ',' || octet == ';';
}

static bool
octet_is_mark(uint8_t octet)
{
	return octet == '{' || octet == '}' || octet == '(' || octet == ')' || octet == '=' ||
		octet == '"';
}

/* The next octet that is no space; 0 at the end. */
static uint8_t
space_skip(struct table_reading *reading)
{
	while (reading->next < reading->end && octet_is_space(*reading->next)) {
		reading->line += *reading->next == '\n';
		reading->next++;
	}
	return reading->next < reading->end ? *reading->next : 0;
}

static uint8_t
escape_of(uint8_t octet)
{
	switch (octet) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return octet;
	}
}

/* Text in quotes, with escapes in it: copied without them. */
static enum status
quoted_copy(struct table_reading *reading, struct bytes raw, struct bytes *ret_text)
{
	uint8_t *copy = arena_alloc(reading->arena, raw.size);
	size_t size = 0;

	if (copy == NULL) {
		return table_fail(reading, STATUS_NO_MEMORY, "no memory to read it");
	}
	for (size_t i = 0; i < raw.size; i++) {
		if (raw.at[i] == '\\') {
			i++; /* There is one more: the closing quote is not escaped. */
			copy[size++] = escape_of(raw.at[i]);
		} else {
			copy[size++] = raw.at[i];
		}
	}
	*ret_text = bytes_over(copy, size);
	return STATUS_OK;
}

static enum status
quoted_read(struct table_reading *reading, struct bytes *ret_text)
{
	const uint8_t *start = ++reading->next;
	uint32_t line = reading->line;
	bool has_escapes = false;
	struct bytes raw;

	while (reading->next < reading->end && *reading->next != '"') {
		if (*reading->next == '\\') {
			has_escapes = true;
			reading->next++;
			if (reading->next == reading->end) {
				break;
			}
		}
		line += *reading->next == '\n';
		reading->next++;
	}
	if (reading->next == reading->end) {
		return table_fail(reading, STATUS_TRUNCATED, "a text has no closing quote");
	}
	raw = bytes_over(start, (size_t)(reading->next - start));
	reading->next++;
	reading->line = line;
	if (has_escapes) {
		return quoted_copy(reading, raw, ret_text);
	}
	*ret_text = raw;
	return STATUS_OK;
}

/* A name or a text; the next octet is none of the marks but a quote. */
static enum status
text_read(struct table_reading *reading, struct bytes *ret_text)
{
	const uint8_t *start = reading->next;

	if (*start == '"') {
		return quoted_read(reading, ret_text);
	}
	while (reading->next < reading->end && !octet_is_space(*reading->next) &&
		!octet_is_mark(*reading->next)) {
		reading->next++;
	}
	*ret_text = bytes_over(start, (size_t)(reading->next - start));
	return STATUS_OK;
}

/* Hangs a new item into what is open. */
static struct handle_table *
item_add(struct table_reading *reading, enum handle_table_kind kind, struct bytes name)
{
	struct handle_table *item = arena_alloc(reading->arena, sizeof(*item));

	if (item == NULL) {
		return NULL;
	}
	*item = (struct handle_table){
		.kind = kind, .line = reading->line, .name = name, .parent = reading->open};
	if (reading->last != NULL) {
		reading->last->next = item;
	} else {
		reading->open->first = item;
	}
	reading->last = item;
	reading->item_count++;
	return item;
}

/* Back to what holds the list or object that ends here. */
static enum status
open_close(struct table_reading *reading, uint8_t mark)
{
	if (mark != (reading->open->kind == HANDLE_TABLE_OBJECT ? '}' : ')')) {
		return table_fail(reading, STATUS_MALFORMED,
			mark == '}' ? "a } closes a list; expected )"
				    : "a ) closes an object; expected }");
	}
	reading->next++;
	reading->depth--;
	reading->last = reading->open;
	reading->open = reading->open->parent;
	return STATUS_OK;
}

static enum status
value_read(struct table_reading *reading, struct bytes name)
{
	uint8_t mark = space_skip(reading);
	enum handle_table_kind kind = mark == '{' ? HANDLE_TABLE_OBJECT
		: mark == '('			  ? HANDLE_TABLE_LIST
						  : HANDLE_TABLE_TEXT;
	struct handle_table *item;

	if (reading->next == reading->end) {
		return table_fail(reading, STATUS_TRUNCATED, "it ends where a value is due");
	}
	if (kind == HANDLE_TABLE_TEXT && mark != '"' && octet_is_mark(mark)) {
		return table_fail(reading, STATUS_MALFORMED, "a value is due here");
	}
	if (reading->item_count == HANDLE_TABLE_ITEM_COUNT_MAX) {
		return table_fail(reading, STATUS_TOO_LARGE, "it has too many entries");
	}
	if (kind != HANDLE_TABLE_TEXT && reading->depth == HANDLE_TABLE_DEPTH_MAX) {
		return table_fail(reading, STATUS_TOO_LARGE, "it is nested too deep");
	}
	item = item_add(reading, kind, name);
	if (item == NULL) {
		return table_fail(reading, STATUS_NO_MEMORY, "no memory to read it");
	}
	if (kind == HANDLE_TABLE_TEXT) {
		return text_read(reading, &item->text);
	}
	reading->next++;
	reading->depth++;
	reading->open = item;
	reading->last = NULL;
	return STATUS_OK;
}

/* One entry of an object: NAME = VALUE. */
static enum status
entry_read(struct table_reading *reading)
{
	struct bytes name;
	enum status status = text_read(reading, &name);

	if (status != STATUS_OK) {
		return status;
	}
	if (space_skip(reading) != '=') {
		return table_fail(reading,
			reading->next == reading->end ? STATUS_TRUNCATED : STATUS_MALFORMED,
			"a name has no = behind it");
	}
	reading->next++;
	return value_read(reading, name);
}

static enum status
open_read(struct table_reading *reading)
{
	uint8_t mark = space_skip(reading);

	if (reading->next == reading->end) {
		return table_fail(reading, STATUS_TRUNCATED,
			reading->open->kind == HANDLE_TABLE_OBJECT
				? "it ends before the closing }"
				: "it ends before the closing )");
	}
	if (mark == '}' || mark == ')') {
		return open_close(reading, mark);
	}
	if (reading->open->kind == HANDLE_TABLE_LIST) {
		const struct bytes no_name = {0};

		return value_read(reading, no_name);
	}
	if (mark != '"' && octet_is_mark(mark)) {
		return table_fail(reading, STATUS_MALFORMED, "a name is due here");
	}
	return entry_read(reading);
}

enum status
handle_table_decode(struct bytes text, const char *name, struct arena *arena,
	const struct handle_table **ret_table, struct problem *problem)
{
	struct table_reading reading = {.next = text.at,
		.end = text.at + text.size,
		.line = 1,
		.name = name,
		.arena = arena,
		.problem = problem,
		.depth = 1};
	struct handle_table *whole = arena_alloc(arena, sizeof(*whole));
	enum status status = STATUS_OK;

	if (whole == NULL) {
		return table_fail(&reading, STATUS_NO_MEMORY, "no memory to read it");
	}
	if (text.size > CONFIGURATION_SIZE_MAX) {
		return table_fail(&reading, STATUS_TOO_LARGE, "it is too large");
	}
	*whole = (struct handle_table){.kind = HANDLE_TABLE_OBJECT, .line = 1};
	reading.open = whole;
	if (space_skip(&reading) != '{') {
		return table_fail(&reading,
			reading.next == reading.end ? STATUS_TRUNCATED : STATUS_MALFORMED,
			"expected { as the first character");
	}
	reading.next++;
	while (status == STATUS_OK && reading.open != NULL) {
		status = open_read(&reading);
	}
	if (status == STATUS_OK && (space_skip(&reading), reading.next < reading.end)) {
		status = table_fail(&reading, STATUS_MALFORMED, "text follows the closing }");
	}
	if (status == STATUS_OK) {
		*ret_table = whole;
	}
	return status;
}
