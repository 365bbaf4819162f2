/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"

/*
 * Conditions of requests (RFC 9110, 13): entity tags in lists, and dates. A stranger wrote them; what
 * is no tag matches none, and a date that is none, or comes twice, counts for nothing.
 *
 * Of several, If-Match comes first, If-Unmodified-Since only without it, then If-None-Match, and
 * If-Modified-Since only without that (RFC 9110, 13.2.2).
 */
struct http_tag {
	struct bytes text; /* With its quotes. */
	bool is_weak;
};

/* Takes the next tag off a list; false: there is none. */
bool http_tag_next(struct bytes *list, struct http_tag *ret_tag);
bool http_tags_are_star(struct bytes list); /* "*", whatever there may be. */

/* Seconds since 1970, in any of the three forms of RFC 9110, 5.6.7; `now_s` tells which century a
 * year of two digits is in. INVALID. */
enum status http_date_read(struct bytes text, int64_t now_s, int64_t *ret_s) MUST_CHECK;

/* Whether somebody who reads is answered. */
enum http_verdict { HTTP_PROCEED, HTTP_NOT_MODIFIED, HTTP_CONDITION_FAILED };
/* `changed_s`: when what the tag names was changed last; 0: not known. */
enum http_verdict http_condition_judge(
	const struct http_request *request, const char *etag, int64_t changed_s);
