/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_gather.h"

/*
 * What the files around redirects share (http-api, 12).
 */

/* True if a parameter or a form asks for a handle, `hdl`, and it was answered. */
bool http_redirect_asked(struct http_request *request);

/* All places of a record as XML: action=showurls. */
void http_urls_show(struct http_request *request, const struct http_resolved *resolved,
	const struct http_gathering *gathering);

/* The values as plain text, one a line: action=raw. */
void http_raw_show(struct http_request *request, const struct http_resolved *resolved);
