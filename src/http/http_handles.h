/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"
#include "message/request.h"
#include "message/response.h"

/*
 * What the answers about handles share. Functions that take something of the request answer it
 * themselves when it is wrong, and return false.
 */

/* The handle of the path: decoded once, UTF-8, not empty; in the request's arena. */
bool http_handle_take(struct http_request *request, struct bytes *ret_name);

/* `index` parameters as a run of u32. */
bool http_indexes_take(
	struct http_request *request, struct bytes *ret_indexes, uint32_t *ret_count);

struct http_resolved {
	enum response_code code;
	struct bytes name; /* As it was asked for. */
	struct handle_value_list values;
	struct bytes text; /* For people; may be empty. */
	bool is_elsewhere; /* Others must be asked first: http_operation_start(). */
	uint64_t sequence; /* Of the record's newest entry in the ledger; 0: not known. */
	bool is_computed; /* By a template of its prefix. */
	int64_t changed_s; /* When the record was; 0: not known. */
};
/* The question that path and parameters ask; in the request's arena. */
bool http_resolution_take(struct http_request *request, struct request *ret_question);
/* The same without the handle: that stands elsewhere. */
bool http_filter_take(struct http_request *request, struct request *ret_question);
/* The same, uncounted, of records that are here alone. Values that were chosen are in `arena`. */
void http_look_up(struct http *http, const struct request *question, struct arena *arena,
	struct http_resolved *ret_resolved);

struct http_look_up {
	const uint8_t *source; /* Who asks; NULL: for nobody is anything found elsewhere. */
	struct arena *arena;
	bool is_counted; /* Against what the source may ask, before. */
	bool is_noted; /* In the query log. */
};
/* What the others stand on. */
void http_look_up_as(struct http *http, const struct request *question,
	const struct http_look_up *how, struct http_resolved *ret_resolved);
/* What an operation found, of a question that was `is_elsewhere`: views into the response. */
struct http_resolved http_resolved_of(const struct response *response, struct bytes name);
/* How long, in seconds, all of the values may be kept; a day at the most. */
uint32_t http_values_ttl(const struct handle_value_list *list);
/* When the record of an answer was changed; 0: not known, or it may change in the same second. */
int64_t http_changed_s(const struct service *service, const struct service_answer *answer);
void http_resolution_answer(
	struct http_request *request, const struct http_resolved *resolved, bool is_shared);

/* Counted as answers over the Handle protocol are. */
void http_code_count(struct http *http, enum response_code code);
