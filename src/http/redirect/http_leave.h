/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"

/*
 * Hosts that a prefix does not lead to as the operator says (http_destination.h). They are refused,
 * like addresses that are none of the web; or, with `has_leaving_page`, a page stands in front of
 * them, and it is the reader who goes on.
 */

/* The hosts beyond which nobody is led; NULL: a page stands there. */
const struct http_destinations *http_destinations_of(const struct http_request *request);

/* True if `url` is safe and its host is not refused. */
bool http_leads_to(const struct http_request *request, struct bytes handle, struct bytes url);

/* Right before somebody is led to `location`: true if the page was shown instead. */
bool http_leave_take(struct http_request *request, struct bytes handle, const char *location);
