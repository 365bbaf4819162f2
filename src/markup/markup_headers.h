/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "base/text_writer.h"

/*
 * Values of type 10320/headers: lines that an answer carries besides where it leads (http-api, 12).
 *
 *     Link: <https://example.org/meta/{hdl}>; rel="describedby"
 *     <meta name="citation_doi" content="{hdl:path}"/>
 *
 * `Name: value` is a header of the answer. Only names that cannot change what the answer is, who
 * may read it or what a browser keeps are taken: no Location, no Set-Cookie, nothing of CORS or
 * security. A line that begins with `<` stands in the head of the page: one <link/> or <meta/>,
 * written again from its attributes, of which none can send a browser elsewhere.
 *
 * Control characters are nowhere in a line, so that none can begin another (T-11).
 */
enum markup_line_kind {
	MARKUP_LINE_NONE, /* Empty. */
	MARKUP_LINE_HEADER,
	MARKUP_LINE_HEAD,
};

/* One line: which kind it is, or what is wrong with it (INVALID_VALUE). */
enum status markup_line_check(
	struct bytes line, enum markup_line_kind *ret_kind, struct problem *problem) MUST_CHECK;
bool markup_line_next(struct bytes *lines, struct bytes *ret_line);

/* All lines. */
enum status markup_headers_check(struct bytes lines, struct problem *problem) MUST_CHECK;

/* A header that was checked, for one handle: name and value. INVALID_VALUE when what the handle
 * makes of it could not stand in a header. */
enum status markup_header_write(struct text_writer *writer, struct bytes line, struct bytes handle,
	struct bytes *ret_name, struct bytes *ret_value) MUST_CHECK;
/* A line of the head of a page, as HTML. */
void markup_head_write(struct text_writer *writer, struct bytes line, struct bytes handle);
