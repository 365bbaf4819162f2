/* SPDX-License-Identifier: Apache-2.0 */
#include "http/page/http_template.h"

#include "base/limits.h"
#include "http/page/http_page.h"

#include <stdlib.h>

enum variable_kind {
	VARIABLE_TEXT,
	VARIABLE_FLAG,
	VARIABLE_PART,
};

static const struct {
	const char *name;
	enum variable_kind kind;
} variables[] = {
#define X(name, kind) {#name, VARIABLE_##kind},
#include "http/page/http_variables.def"
#undef X
};

enum piece_kind {
	PIECE_PLAIN,
	PIECE_VARIABLE,
	PIECE_IF, /* Without it, on to `next`. */
	PIECE_ELSE, /* What comes here ends a case: on to `next`. */
	PIECE_END,
};

struct piece {
	enum piece_kind kind;
	enum http_variable variable;
	struct bytes text;
	size_t next;
};

struct http_template {
	size_t count;
	struct piece pieces[HTTP_TEMPLATE_PIECE_COUNT_MAX];
};

/* A file being read; the one that names it goes on behind it. */
struct file {
	struct bytes name;
	struct bytes text; /* What is left. */
	size_t line;
	size_t open_count; /* Of {{if}} before it: each ends where it began. */
};

struct reading {
	const struct http_template_source *source;
	struct http_template *template;
	size_t file_count;
	struct file files[HTTP_TEMPLATE_DEPTH_MAX];
	size_t open_count;
	size_t open[HTTP_TEMPLATE_DEPTH_MAX]; /* Pieces whose `next` is to come. */
	struct problem *problem;
};

static struct file *
file_now(struct reading *reading)
{
	return &reading->files[reading->file_count - 1];
}

static enum status
complain(struct reading *reading, struct bytes found, const char *why)
{
	const struct file *file = file_now(reading);
	char text[256];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_escaped(&writer, bytes_slice(found, 0, 48));
	return problem_set(reading->problem, STATUS_INVALID, "%.*s, line %zu: {{%.*s}} %s",
		(int)file->name.size, (const char *)file->name.at, file->line,
		(int)text_written(&writer).size, text, why);
}

static enum status
piece_add(struct reading *reading, struct piece piece)
{
	if (reading->template->count == HTTP_TEMPLATE_PIECE_COUNT_MAX) {
		return complain(reading, piece.text, "is more than a page may have");
	}
	reading->template->pieces[reading->template->count++] = piece;
	return STATUS_OK;
}

static bool
variable_find(struct bytes name, enum http_variable *ret_variable)
{
	for (size_t i = 0; i < HTTP_VARIABLE_COUNT; i++) {
		if (bytes_equal(name, bytes_from_string(variables[i].name))) {
			*ret_variable = (enum http_variable)i;
			return true;
		}
	}
	return false;
}

static enum status
if_add(struct reading *reading, struct bytes name)
{
	struct piece piece = {.kind = PIECE_IF, .text = name};

	if (!variable_find(name, &piece.variable)) {
		return complain(reading, name, "is no variable");
	}
	if (reading->open_count == HTTP_TEMPLATE_DEPTH_MAX) {
		return complain(reading, name, "is nested too deep");
	}
	reading->open[reading->open_count++] = reading->template->count;
	return piece_add(reading, piece);
}

/* {{else}} and {{end}}: what is open goes on behind it. */
static enum status
case_end(struct reading *reading, enum piece_kind kind, struct bytes word)
{
	struct piece *pieces = reading->template->pieces;
	size_t at = reading->template->count;
	size_t *open;

	if (reading->open_count == file_now(reading)->open_count) {
		return complain(reading, word, "has no {{if}} before it in this file");
	}
	open = &reading->open[reading->open_count - 1];
	if (kind == PIECE_ELSE && pieces[*open].kind == PIECE_ELSE) {
		return complain(reading, word, "comes twice");
	}
	pieces[*open].next = at + 1;
	if (kind == PIECE_ELSE) {
		*open = at;
	} else {
		reading->open_count--;
	}
	return piece_add(reading, (struct piece){.kind = kind});
}

static enum status
page_begin(struct reading *reading, struct bytes name)
{
	const struct http_template_source *source = reading->source;
	struct bytes text;

	if (reading->file_count == HTTP_TEMPLATE_DEPTH_MAX) {
		return complain(reading, name, "is a page in too many pages");
	}
	if (!source->find(source->context, name, &text)) {
		return complain(reading, name, "is no page");
	}
	reading->files[reading->file_count++] = (struct file){
		.name = name, .text = text, .line = 1, .open_count = reading->open_count};
	return STATUS_OK;
}

static struct bytes
blanks_off(struct bytes text)
{
	while (text.size > 0 && text.at[0] == ' ') {
		text = bytes_slice(text, 1, text.size);
	}
	while (text.size > 0 && text.at[text.size - 1] == ' ') {
		text.size--;
	}
	return text;
}

/* What stands between the braces. */
static enum status
instruction_take(struct reading *reading, struct bytes inside)
{
	struct piece piece = {.kind = PIECE_VARIABLE};

	inside = blanks_off(inside);
	if (bytes_start_with(inside, TEXT("if "))) {
		return if_add(reading, blanks_off(bytes_slice(inside, 3, inside.size)));
	}
	if (bytes_start_with(inside, TEXT("page "))) {
		return page_begin(reading, blanks_off(bytes_slice(inside, 5, inside.size)));
	}
	if (bytes_equal(inside, TEXT("else"))) {
		return case_end(reading, PIECE_ELSE, inside);
	}
	if (bytes_equal(inside, TEXT("end"))) {
		return case_end(reading, PIECE_END, inside);
	}
	if (!variable_find(inside, &piece.variable)) {
		return complain(reading, inside, "is no variable");
	}
	if (variables[piece.variable].kind == VARIABLE_FLAG) {
		return complain(reading, inside, "can only be asked for: {{if ...}}");
	}
	return piece_add(reading, piece);
}

/* Place of two braces, or the size of the text. */
static size_t
braces_find(struct bytes text, uint8_t brace)
{
	for (size_t i = 0; i + 1 < text.size; i++) {
		if (text.at[i] == brace && text.at[i + 1] == brace) {
			return i;
		}
	}
	return text.size;
}

/* Plain text up to the next instruction, and that. */
static enum status
file_go_on(struct reading *reading)
{
	struct file *file = file_now(reading);
	struct bytes plain = bytes_slice(file->text, 0, braces_find(file->text, '{'));
	struct bytes inside;
	size_t end;

	for (size_t i = 0; i < plain.size; i++) {
		file->line += plain.at[i] == '\n';
	}
	file->text = bytes_slice(file->text, plain.size, file->text.size);
	if (plain.size > 0) {
		enum status status =
			piece_add(reading, (struct piece){.kind = PIECE_PLAIN, .text = plain});

		if (status != STATUS_OK) {
			return status;
		}
	}
	if (file->text.size == 0) {
		return STATUS_OK;
	}
	end = braces_find(file->text, '}');
	inside = bytes_slice(file->text, 2, end - 2);
	if (end == file->text.size) {
		return complain(reading, inside, "does not end");
	}
	file->text = bytes_slice(file->text, end + 2, file->text.size);
	return instruction_take(reading, inside);
}

static enum status
template_read(struct reading *reading)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && reading->file_count > 0) {
		if (file_now(reading)->text.size > 0) {
			status = file_go_on(reading);
		} else if (reading->open_count > file_now(reading)->open_count) {
			status = complain(reading, TEXT("if"), "has no {{end}} in this file");
		} else {
			reading->file_count--;
		}
	}
	return status;
}

enum status
http_template_new(const struct http_template_source *source, struct http_template **ret_template,
	struct problem *problem)
{
	struct http_template *template = calloc(1, sizeof(*template));
	struct reading reading = {.source = source, .template = template, .problem = problem};
	enum status status;

	if (template == NULL) {
		return problem_system(problem, "cannot hold a page");
	}
	reading.files[reading.file_count++] =
		(struct file){.name = source->name, .text = source->text, .line = 1};
	status = template_read(&reading);
	if (status != STATUS_OK) {
		free(template);
		return status;
	}
	*ret_template = template;
	return STATUS_OK;
}

void
http_template_free(struct http_template *template)
{
	free(template);
}

void
http_template_write(struct text_writer *writer, const struct http_template *template,
	const struct http_template_values *values)
{
	for (size_t i = 0; i < template->count;) {
		const struct piece *piece = &template->pieces[i++];
		struct bytes text = values->texts[piece->variable];

		if (piece->kind == PIECE_PLAIN) {
			text_write(writer, piece->text);
		} else if (piece->kind == PIECE_ELSE) {
			i = piece->next;
		} else if (piece->kind == PIECE_IF && text.size == 0) {
			i = piece->next;
		} else if (piece->kind == PIECE_VARIABLE &&
			variables[piece->variable].kind == VARIABLE_PART) {
			values->part(values->context, piece->variable, writer);
		} else if (piece->kind == PIECE_VARIABLE) {
			http_html_write(writer, text);
		}
	}
}
