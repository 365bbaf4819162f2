/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"
#include "message/response.h"
#include "service/operation.h"
#include "json/json_writer.h"

/*
 * What the answers under /v1/ share. Over what Handle.net's interface has they say which version of
 * a record they tell, and an error is a problem (RFC 9457) with the response code of the Handle
 * protocol in it:
 *
 *     {"type":"about:blank","title":"Not Found","status":404,"responseCode":100,"handle":"..."}
 *
 * A version is the number of the ledger's entry that made the record so; as an entity tag it stands
 * in quotes ("12"), and with `-all` behind it where more is told than everybody may read.
 */
static inline bool
http_is_v1(const struct http_request *request)
{
	return bytes_start_with(request->path, TEXT("/v1/"));
}

struct ledger_condition;

struct http_problem {
	unsigned int status;
	enum response_code code;
	struct bytes detail; /* May be empty, as may the handle. */
	struct bytes handle;
	const char *allow; /* For 405. */
};
void http_problem(struct http_request *request, const struct http_problem *problem);

/* A refusal of the service; CONFLICT, and EXISTS where nothing was to exist, are 412. */
void http_v1_refuse(
	struct http_request *request, enum status status, struct bytes detail, struct bytes handle);

/* "12" or "12-all", with quotes and a NUL. */
enum { HTTP_TAG_SIZE = 32 };
void http_v1_tag(uint64_t version, bool is_all, char ret_tag[HTTP_TAG_SIZE]);
/* What If-Match, If-None-Match and If-Unmodified-Since ask of the record that is to be changed; false:
 * answered. */
bool http_v1_condition(struct http_request *request, struct ledger_condition *ret_condition);

/* A number among the parameters, at most `max`; `*number` stays when there is none. False:
 * answered. */
bool http_v1_number(struct http_request *request, const char *name, uint64_t max, uint64_t *number);

/* POST /v1/bulk, when its head has come (http_v1_bulk.c). */
void http_v1_bulk_begin(struct http_request *request);

/* Whether a token is shown, and whose (http_v1_token.c); false: answered. */
bool http_token_is_claimed(const struct http_request *request);
bool http_token_take(struct http_request *request, const struct operation_claim **ret_claim);

/* GET ?at= of a record, which was told to ask for it. */
void http_v1_past(struct http_request *request);
