/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "message/request.h"
#include "message/response.h"
#include "records/records.h"

/*
 * Answers for prefixes held here: which values of a record, for whom, and to whom else to
 * turn. It reads records and knows no socket, no signature and no clock.
 */
struct authority; /* Belongs to one worker. */

struct authority *authority_new(struct records *records);
void authority_free(struct authority *authority);
void authority_enter(struct authority *authority); /* Once a wake-up. */
void authority_leave(struct authority *authority);

/* The work of one resolution, kept from begin to end so that a batch overlaps its misses. */
struct authority_query {
	struct records_lookup lookup;
	enum status status; /* OK while a record can still be found. */
};

void authority_query_begin(struct authority *authority, const struct request *request,
	struct authority_query *ret_query);
void authority_query_prefetch(struct authority *authority, struct authority_query *query);

/*
 * The answer's code and body. Values point into the view (valid until authority_leave) or
 * into `arena`.
 *
 *   OK               values, or a referral (ret_response->message.header.response_code says)
 *   NOT_FOUND        no such handle             VALUE_NOT_FOUND  nothing matches or is public
 *   NOT_RESPONSIBLE  prefix is not homed here   DENIED           not readable by anybody
 *   UNAUTHENTICATED  only an identity may read  CORRUPT          stored data fails its check
 */
enum status authority_resolve(struct authority *authority, const struct request *request,
	struct authority_query *query, struct arena *arena,
	struct response *ret_response) MUST_CHECK;
