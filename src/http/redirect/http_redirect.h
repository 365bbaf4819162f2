/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/redirect/http_gather.h"

/*
 * What the files around redirects share (http-api, 12).
 */

/* All places of a record as XML: action=showurls. */
void http_urls_show(struct http_request *request, const struct http_resolved *resolved,
	const struct http_gathering *gathering);

/* The values as plain text, one a line: action=raw. */
void http_raw_show(struct http_request *request, const struct http_resolved *resolved);
