/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "base/text_writer.h"
#include "http/http_target.h"

/*
 * Values of type 10320/loc: several places that one identifier leads to, and how to choose among
 * them (http-api, 12).
 *
 *     <locations chooseby="locatt,country,weighted">
 *       <location href="https://example.org/en" country="gb" weight="0"/>
 *       <location href_template="https://example.cn/{hdl}" country="cn" weight="1"/>
 *     </locations>
 *
 * Whoever may write a record wrote this XML, and anybody may ask for it: no DOCTYPE and so no
 * entities, nothing is loaded, size, depth and counts are limited (T-09). Everything read lies in
 * the arena or in the value.
 */
struct http_attribute {
	struct bytes name;
	struct bytes value;
};

struct http_location {
	size_t count;
	struct http_attribute *attributes;
};

struct http_locations {
	size_t count;
	struct http_location items[HTTP_LOCATION_COUNT_MAX];
	struct bytes choose_by; /* Empty: in the usual order. */
	bool has_no_legacy; /* URL values beside it do not count. */
	struct bytes url_weight; /* Of those that do; empty: 0. */
};

/* MALFORMED: no such XML, or one with a DOCTYPE; TOO_LARGE; NO_MEMORY. */
enum status http_locations_read(
	struct bytes xml, struct arena *arena, struct http_locations *ret_locations) MUST_CHECK;

/* Another candidate: a URL value. TOO_LARGE, NO_MEMORY. */
enum status http_locations_add(
	struct http_locations *locations, struct bytes url, struct arena *arena) MUST_CHECK;

/* The value of an attribute; empty if there is none. */
struct bytes http_location_find(const struct http_location *location, const char *name);

/* What is known of who asks. */
struct http_wish {
	const struct http_parameters *parameters; /* locatt, country. */
	uint8_t source[16];
	uint64_t random; /* Drawn for this choice. */
};

/* NULL when there is none. */
const struct http_location *http_locations_choose(
	const struct http_locations *locations, const struct http_wish *wish);

/* Where it leads, for this handle; not yet checked. */
void http_location_write(
	struct text_writer *writer, const struct http_location *location, struct bytes handle);
/* 302 unless it says 301, 303, 307 or 308. */
unsigned int http_location_status(const struct http_location *location);
