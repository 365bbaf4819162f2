/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "authority/authority.h"
#include "message/request.h"

/*
 * One request in, one answer out, whatever front it came through: checks what every
 * request must obey, then turns to the authority, or refuses.
 *
 * A service belongs to one worker. What it tells about the node (site record, serial)
 * is one immutable struct that all workers share and that a reload replaces as a whole.
 *
 * Order of checks (Handle.net 9, 18.1): session, operation, then the handle's own.
 */
struct service_site {
	struct bytes octets; /* HS_SITE data, answered to GET_SITE_INFO. */
	uint16_t serial;
	bool is_primary;
	struct authority_share share;
};

struct service;

/* `site` stays the caller's, untouched until service_use() names another. */
struct service *service_new(struct records *records, const struct service_site *site);
void service_free(struct service *service);
void service_use(struct service *service, const struct service_site *site);
const struct service_site *service_site(const struct service *service);

void service_enter(struct service *service); /* Once a wake-up. */
void service_leave(struct service *service);

/* The request on its way; three steps, so that a batch overlaps its cache misses. */
struct service_query {
	struct authority_query resolution;
};

struct service_answer {
	struct bytes text; /* For people; may be empty. */
	struct bytes name; /* Resolution: the handle as asked. */
	struct handle_value_list values; /* Resolution and referral. */
	struct bytes site; /* GET_SITE_INFO. */
};

/* True if the request needs a look-up, and may be part of the next service_look_ahead(). */
bool service_begin(
	struct service *service, const struct request *request, struct service_query *ret_query);
/* At most UDP_BATCH_MAX at once. */
void service_look_ahead(
	struct service *service, struct service_query *const *queries, size_t count);

/* All outcomes of authority_resolve(), and UNSUPPORTED for operations this node does not do.
 * `ret_answer` is set in every case: its text belongs to refusals. */
enum status service_answer(struct service *service, const struct request *request,
	struct service_query *query, struct arena *arena,
	struct service_answer *ret_answer) MUST_CHECK;
