/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"
#include "http/http_worker.h"

/*
 * The values in the body of a request: an array of them, one object with the member "values", or
 * one value (http-api, 6).
 *
 * A member "handle", if there is one, must be the handle of the path, where `is_named`. The values
 * are in the request's arena. False: answered with what is wrong, and where.
 */
bool http_record_take(struct http_request *request, struct bytes name, bool is_named,
	struct handle_value_list *ret_values);
