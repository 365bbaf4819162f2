/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/text_writer.h"
#include "http/http_handles.h"

/*
 * Pages for people, in Chinese or English as their browser prefers.
 *
 * Whatever comes from a record or a request is escaped where it is written; there is no other way
 * into a page than http_html_write(). The pages run no script and load only our own style sheet,
 * and a policy says so to the browser (CSP), should something get through all the same.
 */

/* Text, or the value of an attribute in double quotes. Controls become U+FFFD, and what is no
 * UTF-8, too. */
void http_html_write(struct text_writer *writer, struct bytes text);

/* True if `accepted`, a header Accept-Language (NULL: none), has Chinese before English. */
bool http_language_is_chinese(const char *accepted);

/* Answers with the values of a record. */
void http_page_values(struct http_request *request, const struct http_resolved *resolved);
/* Answers with why there is nothing to show. */
void http_page_refusal(struct http_request *request, unsigned int status, struct bytes name,
	enum response_code code);
/* Answers that it was withdrawn for good, and why. */
void http_page_tombstone(struct http_request *request, struct bytes name, struct bytes reason);
