/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/text_writer.h"
#include "http/http_handles.h"
#include "markup/markup_tree.h"

/*
 * Pages for people, in Chinese or English as their browser prefers, around which an operator may put
 * others (http_theme.h).
 *
 * Whatever comes from a record or a request is escaped where it is written; there is no other way
 * into a page than http_html_write(). The pages run no script and load only what the node serves,
 * and of a record the picture it names; a policy says so to the browser (CSP), should something get
 * through all the same.
 */

/* Text, or the value of an attribute in double quotes. Controls become U+FFFD, and what is no
 * UTF-8, too. */
void http_html_write(struct text_writer *writer, struct bytes text);

/* True if `accepted`, a header Accept-Language (NULL: none), has Chinese before English. */
bool http_language_is_chinese(const char *accepted);

/* Answers with the first page: what this is, and a form that asks for an identifier. */
void http_page_start(struct http_request *request);
/* Answers with the values of a record. */
void http_page_values(struct http_request *request, const struct http_resolved *resolved);
/* Answers that the prefix is not in use, in its own words if it has some. */
void http_page_inactive(
	struct http_request *request, struct bytes name, const struct markup_element *namespace);
/* Answers with why there is nothing to show; `namespace` of the prefix may be NULL. */
void http_page_refusal(struct http_request *request, unsigned int status, struct bytes name,
	enum response_code code, const struct markup_element *namespace);
/* Answers with a page in front of `url`, which is safe, printable ASCII, and at `host`. */
void http_page_leave(
	struct http_request *request, struct bytes name, struct bytes url, struct bytes host);
/* Answers that it was withdrawn for good, and why. */
void http_page_tombstone(struct http_request *request, struct bytes name, struct bytes reason);
