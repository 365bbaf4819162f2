/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/page/http_template.h"

#include <stddef.h>

/*
 * How the pages of a node look: its own pages, and those of the operator in front of them.
 *
 * A theme is a set of files for one host, by which the node is asked, or for all others, "default".
 * Pages (`start.html`, `error.html`, `record.html`, `leave.html` and what they name) are templates;
 * `style.css` and pictures are served as they are, below /static/. Whatever a host does not have is
 * taken from "default", and what that does not have from the node itself.
 *
 *     themes = http_themes_new();
 *     status = http_themes_add(themes, host, name, octets, &problem);
 *     status = http_themes_end(themes, &problem);     reads and checks all pages
 *     template = http_themes_page(themes, host, HTTP_PAGE_RECORD);
 *
 * Names are looked up among those that were added: none is ever a path of a file.
 */
enum http_page_kind {
	HTTP_PAGE_START,
	HTTP_PAGE_ERROR,
	HTTP_PAGE_RECORD,
	HTTP_PAGE_LEAVE,
	HTTP_PAGE_COUNT,
};

struct http_themes;

struct http_themes *http_themes_new(void); /* NULL if memory is short. */
void http_themes_free(struct http_themes *themes); /* NULL is fine. */

/* Copies the file. INVALID for a name or kind of file that is none, TOO_LARGE, NO_MEMORY. */
enum status http_themes_add(struct http_themes *themes, struct bytes host, struct bytes name,
	struct bytes octets, struct problem *problem) MUST_CHECK;
enum status http_themes_end(struct http_themes *themes, struct problem *problem) MUST_CHECK;

/* `host` is a header Host, or NULL. */
const struct http_template *http_themes_page(
	const struct http_themes *themes, const char *host, enum http_page_kind kind);
/* False: there is no such file to be served. */
bool http_themes_file(const struct http_themes *themes, const char *host, struct bytes name,
	struct bytes *ret_octets, const char **ret_type);

/* The pages of the node itself (tools/embed). */
struct http_builtin {
	const char *name;
	const unsigned char *octets;
	size_t size;
};
extern const struct http_builtin http_builtins[];
extern const size_t http_builtin_count;
