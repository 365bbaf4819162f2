/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_handles.h"
#include "http/redirect/http_locations.h"
#include "markup/markup_namespace.h"

/*
 * Everything that decides where an identifier leads (http-api, 12): its 10320/loc values, what they
 * include, its URL values, and what its prefix says (HS_NAMESPACE), which may name records with
 * more places.
 *
 * Records may live at other nodes: whoever gathers calls http_elsewhere_fetch() before answering.
 * How many, and how deep they may lie in each other, is limited; what is too much, missing or no
 * XML is passed over. An include of an include of itself so comes to an end.
 */
struct http_gathering {
	struct http_locations locations;
	bool has_places; /* A 10320/loc or a place of the prefix: otherwise the first URL counts. */
	uint32_t ttl_s; /* The least of all that was used. */
	size_t line_count;
	struct bytes lines[HTTP_INCLUDE_COUNT_MAX]; /* Values of type 10320/headers. */
};

/* What the prefix of a handle says, nearest first. Of records that are here, what is said here counts,
 * so that they lead somewhere whatever other nodes do; of others, also what is said elsewhere. */
struct http_prefix {
	bool is_unknown; /* Something that is said elsewhere could not be had. */
	size_t count;
	const struct markup_element *roots[MARKUP_NAMESPACE_COUNT_MAX];
};
void http_prefix_read(struct http_request *request, const struct http_resolved *resolved,
	struct http_prefix *ret_prefix);

/* NULL if memory is short. */
struct http_gathering *http_gather(struct http_request *request,
	const struct http_resolved *resolved, const struct http_prefix *prefix);
