/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"
#include "message/message.h"
#include "json/json_writer.h"

/*
 * The answer to one request: status, headers, and a body that was written into http->out.
 *
 *     struct http_json json;
 *     struct json_writer *writer = http_json_begin(request, &json);
 *     json_write_object(writer);
 *     ...
 *     http_json_answer(request, &json, &(struct http_answer){.status = 200});
 *
 * Each request is answered once. Values of headers are checked here, so that nobody can end a
 * header early: a value with a control in it is left out (T-11).
 */
struct http_line {
	const char *name;
	const char *value;
};

struct http_answer {
	unsigned int status;
	const char *type; /* Of the content; NULL: JSON. */
	bool is_shared; /* Anybody may keep it for max_age_s; otherwise nobody may keep it. */
	uint32_t max_age_s;
	int64_t changed_s; /* When what it shows was changed last; 0: not told. */
	const char *allow; /* NULL: no such header. */
	const char *location;
	bool is_chosen_by_accept; /* The header Accept decided which of several forms it has. */
	const char *etag; /* Of a version; NULL: of the octets, if they are shared. */
	bool is_replayed; /* The answer to an earlier request with the same key. */
	bool depends_on_asker; /* Who asks may see something else. */
	bool is_page; /* For people: in their language, and without scripts. */
	struct bytes picture; /* Of a page: an address of the web that it shows a picture from. */
	bool is_static; /* A file: whatever it is, it runs nothing. */
	const struct http_line *lines; /* Headers that a record adds. */
	size_t line_count;
	bool is_binary; /* Never compressed. */
	bool is_preflight; /* Tells browsers which requests pages may make. */
};

void http_answer(struct http_request *request, const struct http_answer *answer, struct bytes body);
/* The same for a body that is not at hand as a whole; the response is taken over. */
void http_answer_with(struct http_request *request, struct MHD_Response *response,
	const struct http_answer *answer);

/* JSON, pretty or in a call of a function as the parameters say. */
struct http_json {
	struct json_writer writer;
	size_t front_size; /* What stands before it: the name of the function. */
	bool has_callback;
};
struct json_writer *http_json_begin(struct http_request *request, struct http_json *ret_json);
void http_json_answer(
	struct http_request *request, struct http_json *json, const struct http_answer *answer);

/* {"responseCode":code,"message":message,"handle":handle}; empty ones are left out. */
void http_answer_code(struct http_request *request, unsigned int status, enum response_code code,
	struct bytes message, struct bytes handle);
/* For requests that are wrong themselves: 400 and code 4; the parts of the message are joined. */
void http_answer_wrong(
	struct http_request *request, const char *what, struct bytes found, const char *why);

/* How HTTP says what a response code says (Handle.net 9). */
enum http_outcome {
	HTTP_OUTCOME_RESOLVED,
	HTTP_OUTCOME_DONE,
	HTTP_OUTCOME_CREATED, /* And nothing was overwritten. */
};
unsigned int http_status_of(enum response_code code, enum http_outcome outcome, bool is_tls);

/* "application/json", whatever parameters of its own follow. */
bool http_type_is(const struct http_request *request, struct bytes type);

/* http_fields.c: reads request->parameters; false: answered with what is wrong with them. */
bool http_parameters_take(struct http_request *request);
