/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"
#include "message/request.h"

/* Has a change made by whoever asks, and answers with its code and the handle of the path. */
void http_change_start(struct http_request *request, const struct request *question);

/* What a DELETE asks for: the handle of the path, or those of its values that the parameter `index`
 * names. False: it has been answered. */
bool http_delete_take(struct http_request *request, struct request *ret_question) MUST_CHECK;
