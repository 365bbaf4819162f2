/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "base/text_writer.h"
#include "http/http_target.h"
#include "markup/markup_tree.h"

/*
 * The places that one identifier leads to (http-api, 12), from values of type 10320/loc: its own,
 * those they include, URL values beside them, and those of its prefix.
 *
 *     status = http_locations_read(value.data, arena, &locations);     begins anew
 *     status = http_locations_more(&locations, other.data, arena, &root);
 *     status = http_locations_add(&locations, url.data, weight, arena);
 *     location = http_locations_choose(&locations, &wish);             http_choose.h
 *
 * What they say of the whole counts where it is said first. Everything read lies in the arena or
 * in the value.
 */
struct http_location {
	size_t count;
	struct markup_attribute *attributes;
	struct bytes status; /* http_sc of those it stands among. */
};

enum http_said {
	HTTP_UNSAID,
	HTTP_NO,
	HTTP_YES,
};

struct http_locations {
	size_t count;
	struct http_location items[HTTP_LOCATION_COUNT_MAX];
	struct bytes choose_by; /* Empty: in the usual order. */
	struct bytes choose_by_old; /* `chooseby`: counts without the other. */
	enum http_said has_no_legacy; /* URL values beside it do not count. */
	enum http_said has_no_namespace; /* Nor those of the prefix. */
	enum http_said has_no_namespace_headers;
	enum http_said has_no_namespace_headers_beside; /* If there are others. */
	struct bytes url_weight; /* Of those that do; `at` is NULL while nobody said. */
	struct bytes url_subtype_weight;
};

/* MALFORMED: no such XML, or one with a DOCTYPE; TOO_LARGE; NO_MEMORY. */
enum status http_locations_read(
	struct bytes xml, struct arena *arena, struct http_locations *ret_locations) MUST_CHECK;
/* Adds another value; `ret_root` is what was read. */
enum status http_locations_more(struct http_locations *locations, struct bytes xml,
	struct arena *arena, struct markup_element **ret_root) MUST_CHECK;

/* Another candidate: a URL value. TOO_LARGE, NO_MEMORY. */
enum status http_locations_add(struct http_locations *locations, struct bytes url,
	struct bytes weight, struct arena *arena) MUST_CHECK;

/* The value of an attribute; empty if there is none. */
struct bytes http_location_find(const struct http_location *location, const char *name);
bool http_location_has(const struct http_location *location, struct bytes name);

/* Where it leads, for this handle; not yet checked. */
void http_location_write(
	struct text_writer *writer, const struct http_location *location, struct bytes handle);
/* 302 unless it, or those it stands among, say 301, 303, 307 or 308. */
unsigned int http_location_status(const struct http_location *location);
