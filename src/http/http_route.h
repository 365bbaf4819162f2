/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"

/*
 * Those who answer (routes.def): each makes one answer, or suspends the request and makes it
 * later. The parameters were read, request->rest is what stands for the `*` of the route.
 */
#define X(path, methods, function, help) void function(struct http_request *request);
#include "http/routes.def"
#undef X
