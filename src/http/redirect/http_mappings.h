/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "code/code_map.h"
#include "http/http_worker.h"

/*
 * Mappings of foreign codes (code/code_map.h), as answers of the web need them: read from the
 * records below `codes.prefix`, like any other look-up. Whoever looks for some calls
 * http_elsewhere_fetch() before answering: until then records of other nodes count as empty.
 */

struct http_mapping_search {
	struct http_request *request;
	struct arena *arena; /* What is found, until the wake-up ends. */
	const char *scheme; /* Of a code; NULL: of a handle. */
	struct bytes name; /* The normal form of the code, or the handle. */
};

/* `is_active`: it holds now; else it held once and is over. Others are not told. */
typedef void http_mapping_found(void *context, const struct code_mapping *mapping, bool is_active);

/* OK, also when there is none. NOT_FOUND if nothing is known of mappings: there is no prefix, or its
 * records cannot be had. NO_MEMORY: not all were told. */
enum status http_mappings_find(const struct http_mapping_search *search, http_mapping_found *found,
	void *context) MUST_CHECK;

/* What a code leads to now. */
struct http_code_target {
	struct bytes handle; /* Empty: nothing. */
	bool is_over; /* It once led somewhere. */
};
/* Of several mappings that hold, the one that began last. */
enum status http_mappings_lead(
	const struct http_mapping_search *search, struct http_code_target *ret_target) MUST_CHECK;
