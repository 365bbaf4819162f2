/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"

/*
 * Those who answer (routes.def): each makes one answer, or suspends the request and makes it
 * later. The parameters were read, request->rest is what stands for the `*` of the route.
 *
 * The table says besides what each takes and gives, so that what /v1/openapi.json tells of the
 * interface is what is dispatched: a row without it does not compile.
 */
#define X(path, methods, function, help, identity, parameters, request, response) \
	void function(struct http_request *request);
#include "http/routes.def"
#undef X

enum route_identity {
	ROUTE_NOBODY, /* Needs to be known. */
	ROUTE_SOME, /* See or may do more when they are known. */
	ROUTE_EACH, /* Must be known. */
};

enum route_parameter {
#define X(id, name, place, schema, help) ROUTE_PARAMETER_##id,
#include "http/route_parameters.def"
#undef X
	ROUTE_PARAMETER_COUNT,
};

enum route_schema {
#define X(id, media, schema) ROUTE_SCHEMA_##id,
#include "http/route_schemas.def"
#undef X
	ROUTE_SCHEMA_COUNT,
};

struct route {
	const char *path;
	unsigned int methods;
	void (*function)(struct http_request *request);
	const char *help;
	enum route_identity identity;
	uint64_t parameters; /* A bit for each enum route_parameter. */
	enum route_schema request, response;
};

extern const struct route http_routes[];
extern const size_t http_route_count;

/* "GET" for bit 0, and so on; the bits of enum http_method that a row may have. */
enum { HTTP_METHOD_NAME_COUNT = 7 };
extern const char *const http_method_names[HTTP_METHOD_NAME_COUNT];
