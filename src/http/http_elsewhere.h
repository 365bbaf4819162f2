/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_handles.h"

/*
 * Records that live elsewhere, for answers that need some: a recursive node asks others for them,
 * and the request is suspended meanwhile.
 *
 * Who answers a request looks up what it needs as if all of it were here. What is not is noted, and
 * looks as if there were nothing. Before anything is said, one call asks for all that was noted, at
 * the same time; when it has come the request is answered from its beginning, and the same look-ups
 * find it:
 *
 *     http_find(request, &question, arena, &resolved);
 *     ... look up whatever that leads to ...
 *     if (http_elsewhere_fetch(request)) {
 *             return;
 *     }
 *     http_answer(...);
 *
 * What was found may name further records, and so on, so all of it has one budget:
 * HTTP_ELSEWHERE_COUNT_MAX questions and REQUEST_MEMORY_MAX of answers, none later than
 * RESOLVER_DEADLINE_MS after the first was asked. What is beyond has the code of a failure. A
 * question that was asked is not asked again, so circles come to an end where those do who walk
 * them.
 *
 * What was found stays until the request ends, values and all.
 */

/* Like http_look_up(), wherever the record lives, if the question is RECURSIVE and its asker may
 * have things found out. `is_elsewhere`: it was noted. */
void http_find(struct http_request *request, const struct request *question, struct arena *arena,
	struct http_resolved *ret_resolved);
/* The same for the handle that was asked for: counted as any resolution is. */
void http_find_asked(struct http_request *request, const struct request *question,
	struct http_resolved *ret_resolved);
/* True: the request waits, and is answered when it does not any more. False: nothing is missing. */
bool http_elsewhere_fetch(struct http_request *request);
/* Of a node that could not be asked, or was asked for too much: nothing is known of the record. */
bool http_resolved_is_unknown(const struct http_resolved *resolved);

void http_elsewhere_free(struct http_elsewhere *elsewhere); /* NULL is fine. */
