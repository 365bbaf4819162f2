/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/redirect/http_country.h"
#include "http/redirect/http_locations.h"

/*
 * Of several places one: what is asked for by parameters (`locatt`, `country`), by headers (Accept,
 * Accept-Language, which become wishes like `http_role:conneg` and `language:zh`), and by where
 * somebody is; then score and weight.
 *
 * Each step keeps the candidates that fit, or all of them when none would be left. The order is
 * `choose_by` of the record, else locatt, address, country, score, weighted.
 */
enum { HTTP_WANT_COUNT_MAX = 64 };

/* One wish: an attribute of the place, and its value; without one, any. */
struct http_want {
	struct bytes name;
	struct bytes value;
	bool has_value;
};

/* What is known of who asks. */
struct http_wish {
	size_t count;
	struct http_want wants[HTTP_WANT_COUNT_MAX];
	struct bytes country; /* As asked for; empty: where the address is. */
	uint8_t source[16]; /* The client. */
	uint8_t place[16]; /* Whose country counts: `ip=`, or the client. */
	const struct http_countries *countries; /* NULL: no address has a country. */
	uint64_t random; /* Drawn for this choice. */
};

/* "name:value" or "name"; what is too much is left out. */
void http_wish_add(struct http_wish *wish, struct bytes want);

/* The headers of a request; each may be NULL. `is_metadata`: what leads to metadata is asked for,
 * and not a role. What is made of them lies in `arena`. */
struct http_wish_headers {
	const char *accept;
	const char *accept_language;
	const char *user_agent;
	bool is_metadata;
};
void http_wish_add_headers(
	struct http_wish *wish, const struct http_wish_headers *headers, struct arena *arena);

/* NULL when there is none. */
const struct http_location *http_locations_choose(
	const struct http_locations *locations, const struct http_wish *wish);

/* True if the choice may be another for another Accept. */
bool http_locations_vary(const struct http_locations *locations);
