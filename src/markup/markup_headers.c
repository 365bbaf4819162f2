/* SPDX-License-Identifier: Apache-2.0 */
#include "markup/markup_headers.h"

#include "base/limits.h"
#include "markup/markup_locations.h"
#include "markup/markup_url.h"

enum {
	LINE_ARENA_SIZE = 16384, /* Of one line as XML: it has no children. */
	SHOWN_SIZE_MAX = 48,
};

static const char *const header_names[] = {"Content-Language", "Deprecation", "Link",
	"Memento-Datetime", "Referrer-Policy", "Sunset", "X-Robots-Tag"};

/* What an element of the head may say. `rel` of a link is checked apart. */
static const char *const link_attributes[] = {
	"rel", "href", "type", "title", "hreflang", "media", "lang"};
static const char *const meta_attributes[] = {"name", "property", "content", "lang", "scheme"};

static bool
is_of(struct bytes name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes_equal_fold(name, bytes_from_string(names[i]))) {
			return true;
		}
	}
	return false;
}

static bool
has_control(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if ((text.at[i] < 0x20 && text.at[i] != '\t') || text.at[i] == 0x7f) {
			return true;
		}
	}
	return false;
}

bool
markup_line_next(struct bytes *lines, struct bytes *ret_line)
{
	size_t end = bytes_find(*lines, '\n');

	if (lines->size == 0) {
		return false;
	}
	*ret_line = markup_trim(bytes_slice(*lines, 0, end));
	*lines = bytes_slice(*lines, end + 1, lines->size);
	return true;
}

static enum status
refuse(struct problem *problem, struct bytes found, const char *why)
{
	char text[4 * SHOWN_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_escaped(&writer, bytes_slice(found, 0, SHOWN_SIZE_MAX));
	return problem_set(problem, STATUS_INVALID_VALUE, "\"%.*s\" %s",
		(int)text_written(&writer).size, text, problem_reason(why));
}

static enum status
check_header(struct bytes line, struct problem *problem)
{
	size_t colon = bytes_find(line, ':');
	struct bytes name = markup_trim(bytes_slice(line, 0, colon));

	if (colon == line.size) {
		return refuse(problem, line, "is neither \"Name: value\" nor an element");
	}
	if (!is_of(name, header_names, sizeof(header_names) / sizeof(header_names[0]))) {
		return refuse(problem, name,
			"is no header that a record may set; Content-Language, Deprecation, Link, "
			"Memento-Datetime, Referrer-Policy, Sunset and X-Robots-Tag are");
	}
	return STATUS_OK;
}

/* Browsers fetch or run what some relations name: of style sheets, icons and the like nothing
 * comes from a record. */
static bool
relation_is_plain(struct bytes relation)
{
	static const char *const relations[] = {"alternate", "author", "canonical", "cite-as",
		"collection", "describedby", "describes", "help", "item", "license", "linkset",
		"next", "prev", "related", "self", "type", "up", "via"};
	struct bytes word;
	size_t count = 0;

	while (markup_word_next(&relation, &word)) {
		count++;
		if (!is_of(word, relations, sizeof(relations) / sizeof(relations[0])) &&
			!markup_url_is_plain(word)) {
			return false;
		}
	}
	return count > 0;
}

static enum status
check_element(const struct markup_element *element, struct bytes line, struct problem *problem)
{
	bool is_link = markup_is(element, "link");
	const char *const *names = is_link ? link_attributes : meta_attributes;
	size_t count = is_link ? sizeof(link_attributes) / sizeof(link_attributes[0])
			       : sizeof(meta_attributes) / sizeof(meta_attributes[0]);

	if ((!is_link && !markup_is(element, "meta")) || element->first != NULL) {
		return refuse(problem, line, "is neither one <link .../> nor one <meta .../>");
	}
	for (size_t i = 0; i < element->count; i++) {
		if (!is_of(element->attributes[i].name, names, count)) {
			return refuse(problem, element->attributes[i].name,
				"is no attribute that a record may set there");
		}
	}
	if (is_link && !relation_is_plain(markup_get(element, "rel"))) {
		return refuse(problem, markup_get(element, "rel"),
			"is no relation that a record may set");
	}
	return STATUS_OK;
}

/* An arena for one line; its limit is what one line can take. */
static enum status
line_read(struct bytes line, struct arena **ret_arena, struct markup_element **ret_element,
	struct problem *problem)
{
	struct arena *arena = arena_new(LINE_ARENA_SIZE, (size_t)16 * LINE_ARENA_SIZE);
	enum status status = STATUS_NO_MEMORY;

	if (arena != NULL) {
		status = markup_read(line, 1, arena, ret_element, problem);
	}
	*ret_arena = arena;
	return status;
}

static enum status
check_head(struct bytes line, struct problem *problem)
{
	struct markup_element *element;
	struct arena *arena;
	enum status status = line_read(line, &arena, &element, problem);

	if (status == STATUS_OK) {
		status = check_element(element, line, problem);
	}
	arena_free(arena);
	return status == STATUS_OK || status == STATUS_NO_MEMORY ? status : STATUS_INVALID_VALUE;
}

enum status
markup_line_check(struct bytes line, enum markup_line_kind *ret_kind, struct problem *problem)
{
	enum status status;

	*ret_kind = MARKUP_LINE_NONE;
	if (line.size == 0) {
		return STATUS_OK;
	}
	if (line.size > MARKUP_LINE_SIZE_MAX) {
		return refuse(problem, line, "is too long for a line");
	}
	if (has_control(line) || !bytes_are_utf8(line)) {
		return refuse(problem, line, "has a control character in it, or is not UTF-8");
	}
	if (line.at[0] == '<') {
		*ret_kind = MARKUP_LINE_HEAD;
		status = check_head(line, problem);
	} else {
		*ret_kind = MARKUP_LINE_HEADER;
		status = check_header(line, problem);
	}
	return status;
}

enum status
markup_headers_check(struct bytes lines, struct problem *problem)
{
	enum markup_line_kind kind;
	enum status status = STATUS_OK;
	struct bytes line;
	size_t count = 0;

	while (status == STATUS_OK && markup_line_next(&lines, &line)) {
		status = markup_line_check(line, &kind, problem);
		count += kind != MARKUP_LINE_NONE;
		if (status == STATUS_OK && count > MARKUP_LINE_COUNT_MAX) {
			status = problem_set(problem, STATUS_INVALID_VALUE,
				"there are more than %d lines", MARKUP_LINE_COUNT_MAX);
		}
	}
	return status;
}

enum status
markup_header_write(struct text_writer *writer, struct bytes line, struct bytes handle,
	struct bytes *ret_name, struct bytes *ret_value)
{
	size_t colon = bytes_find(line, ':');
	char *start = writer->next;

	*ret_name = markup_trim(bytes_slice(line, 0, colon));
	markup_fill(writer, markup_trim(bytes_slice(line, colon + 1, line.size)), handle);
	*ret_value = bytes_over(start, (size_t)(writer->next - start));
	return writer->status != STATUS_OK || has_control(*ret_value) ? STATUS_INVALID_VALUE
								      : STATUS_OK;
}

/* The value of an attribute in double quotes. */
static void
quoted_write(struct text_writer *writer, struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (!text_write_entity(writer, text.at[i])) {
			text_write_char(writer, (char)text.at[i]);
		}
	}
}

static void
element_write(struct text_writer *writer, const struct markup_element *element, struct bytes handle)
{
	char room[4 * MARKUP_LINE_SIZE_MAX];

	text_write_char(writer, '<');
	text_write(writer, element->name);
	for (size_t i = 0; i < element->count; i++) {
		struct text_writer value = text_writer_over(room, sizeof(room));

		markup_fill(&value, element->attributes[i].value, handle);
		text_write_char(writer, ' ');
		text_write(writer, element->attributes[i].name);
		text_write_string(writer, "=\"");
		quoted_write(writer, text_written(&value));
		text_write_char(writer, '"');
	}
	text_write_string(writer, ">\n");
}

void
markup_head_write(struct text_writer *writer, struct bytes line, struct bytes handle)
{
	struct markup_element *element;
	struct arena *arena;

	if (line_read(line, &arena, &element, NULL) == STATUS_OK) {
		element_write(writer, element, handle);
	}
	arena_free(arena);
}
