/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "base/text_writer.h"

/*
 * The HTML around what a node has to say, which an operator may replace.
 *
 *     <h1>{{HANDLE}}</h1>
 *     {{if NAME}}<p>{{NAME}}</p>{{else}}<p>...</p>{{end}}
 *     {{page foot.html}}
 *
 * Variables are those of http_variables.def, and whatever they hold is escaped when it is written;
 * there is no way around that, and no other instruction. A template is read whole and checked whole
 * before it is used: what it names must exist, and each {{if}} must end.
 */
enum http_variable {
#define X(name, kind) HTTP_VARIABLE_##name,
#include "http/page/http_variables.def"
#undef X
	HTTP_VARIABLE_COUNT,
};

struct http_template;

/* The text of another page; false: there is none. */
typedef bool http_template_find(void *context, struct bytes name, struct bytes *ret_text);

struct http_template_source {
	struct bytes name; /* For messages. */
	struct bytes text; /* Outlives the template, as do those that are found. */
	http_template_find *find;
	void *context;
};

/* INVALID with file, line and what is wrong; NO_MEMORY. */
enum status http_template_new(const struct http_template_source *source,
	struct http_template **ret_template, struct problem *problem) MUST_CHECK;
void http_template_free(struct http_template *template); /* NULL is fine. */

/* What to fill in. A flag is true when its text is not empty. */
struct http_template_values {
	struct bytes texts[HTTP_VARIABLE_COUNT];
	void (*part)(void *context, enum http_variable variable, struct text_writer *writer);
	void *context;
};
void http_template_write(struct text_writer *writer, const struct http_template *template,
	const struct http_template_values *values);
