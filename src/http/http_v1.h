/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"
#include "message/message.h"

/*
 * What the answers under /v1/ share. Over what Handle.net's interface has they say which version of
 * a record they tell, and an error is a problem (RFC 9457) with the response code of the Handle
 * protocol in it:
 *
 *     {"type":"about:blank","title":"Not Found","status":404,"responseCode":100,"handle":"..."}
 */
static inline bool
http_is_v1(const struct http_request *request)
{
	return bytes_start_with(request->path, TEXT("/v1/"));
}
