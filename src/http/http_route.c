/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_route.h"

#include "base/text_writer.h"
#include "http/http_answer.h"
#include "http/http_tunnel.h"
#include "http/http_v1.h"

#include <assert.h>

enum { ALLOW_TEXT_SIZE_MAX = 64, MESSAGE_SIZE_OF_REFUSAL_MAX = 256 };

#define WITH(parameter) ((uint64_t)1 << ROUTE_PARAMETER_##parameter)

const struct route http_routes[] = {
#define X(path_, methods_, function_, help_, identity_, parameters_, request_, response_) \
	{                                                                                 \
		.path = (path_),                                                          \
		.methods = (methods_),                                                    \
		.function = (function_),                                                  \
		.help = (help_),                                                          \
		.identity = ROUTE_##identity_,                                            \
		.parameters = (parameters_),                                              \
		.request = ROUTE_SCHEMA_##request_,                                       \
		.response = ROUTE_SCHEMA_##response_,                                     \
	},
#include "http/routes.def"
#undef X
};

const size_t http_route_count = sizeof(http_routes) / sizeof(http_routes[0]);
static_assert(sizeof(http_routes) / sizeof(http_routes[0]) <= UINT8_MAX, "rows have one octet");

const char *const http_method_names[HTTP_METHOD_NAME_COUNT] = {
	"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};

static bool
route_fits(const struct route *route, struct bytes path, struct bytes *ret_rest)
{
	const char *star = strchrnul(route->path, '*');
	size_t at = (size_t)(star - route->path);
	struct bytes back;

	if (!bytes_start_with(path, bytes_over(route->path, at))) {
		return false;
	}
	*ret_rest = (struct bytes){NULL, 0};
	if (*star == '\0') {
		return at == path.size;
	}
	back = bytes_from_string(star + 1);
	if (back.size > path.size - at ||
		!bytes_equal(bytes_slice(path, path.size - back.size, path.size), back)) {
		return false;
	}
	*ret_rest = bytes_slice(path, at, path.size - at - back.size);
	/* What may be the end of a handle is the end of the path only behind a whole one. */
	return back.size == 0 || bytes_find(*ret_rest, '/') < ret_rest->size ||
		bytes_find(*ret_rest, '%') < ret_rest->size;
}

void
http_route_starts_make(uint8_t ret_starts[HTTP_ROUTE_START_COUNT])
{
	for (size_t octet = 0; octet < HTTP_ROUTE_START_COUNT; octet++) {
		size_t row = 0;

		while (row < http_route_count && http_routes[row].path[1] != '*' &&
			(uint8_t)http_routes[row].path[1] != octet) {
			row++;
		}
		ret_starts[octet] = (uint8_t)row;
	}
}

/* The first row that fits, and then the one of the same path that has the method. The methods of
 * the path, up to the one wanted, go to `ret_methods`. NULL: no such path. */
static const struct route *
route_find(const struct http_request *request, unsigned int *ret_methods, struct bytes *ret_rest)
{
	const uint8_t *starts = request->http->route_starts;
	size_t start = request->path.size > 1 ? starts[request->path.at[1]] : 0;
	const struct route *found = NULL;
	struct bytes rest;

	*ret_methods = 0;
	for (size_t i = start; i < http_route_count; i++) {
		const struct route *route = &http_routes[i];

		if (found != NULL && strcmp(route->path, found->path) != 0) {
			break; /* Rows of one path stand together. */
		}
		if (!route_fits(route, request->path, &rest)) {
			continue;
		}
		*ret_rest = rest;
		*ret_methods |= route->methods;
		if ((route->methods & request->method) != 0) {
			return route;
		}
		found = found == NULL ? route : found;
	}
	return found;
}

/* "GET, HEAD, OPTIONS", with a NUL. */
static void
allow_write(unsigned int methods, char ret_text[ALLOW_TEXT_SIZE_MAX])
{
	struct text_writer writer = text_writer_over(ret_text, ALLOW_TEXT_SIZE_MAX - 1);

	for (size_t i = 0; i < HTTP_METHOD_NAME_COUNT; i++) {
		if ((methods >> i & 1) != 0) {
			text_write_string(&writer, http_method_names[i]);
			text_write_string(&writer, ", ");
		}
	}
	text_write_string(&writer, "OPTIONS");
	ret_text[text_written(&writer).size] = '\0';
}

/* `words` and what was asked for, in the words of Handle.net. */
static void
refuse(struct http_request *request, unsigned int status, const char *words, const char *allow)
{
	char text[MESSAGE_SIZE_OF_REFUSAL_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));
	struct http_json json;
	struct json_writer *out;

	text_write_string(&writer, words);
	text_write_char(&writer, ' ');
	text_write_escaped(&writer, bytes_slice(bytes_from_string(request->method_name), 0, 32));
	if (allow == NULL) {
		text_write_char(&writer, ' ');
		text_write_escaped(&writer, bytes_slice(request->path, 0, 64));
	}
	if (http_is_v1(request)) {
		http_problem(request,
			&(struct http_problem){.status = status,
				.code = RESPONSE_PROTOCOL_ERROR,
				.detail = text_written(&writer),
				.allow = allow});
		return;
	}
	out = http_json_begin(request, &json);
	json_write_object(out);
	json_write_name(out, "responseCode");
	json_write_u64(out, RESPONSE_PROTOCOL_ERROR);
	json_write_name(out, "message");
	json_write_string(out, text_written(&writer));
	json_write_object_end(out);
	http_json_answer(request, &json, &(struct http_answer){.status = status, .allow = allow});
}

/* A preflight of a browser, or a question what may be done (http-api, 11). */
static void
options_answer(struct http_request *request, const char *allow)
{
	http_answer(request,
		&(struct http_answer){.status = 200, .allow = allow, .is_preflight = true},
		(struct bytes){NULL, 0});
}

void
http_unknown_get(struct http_request *request)
{
	refuse(request, 404, "Unknown HTTP API endpoint", NULL);
}

void
http_route(struct http_request *request)
{
	unsigned int methods;
	struct bytes rest = {NULL, 0};
	const struct route *route = route_find(request, &methods, &rest);
	char allow[ALLOW_TEXT_SIZE_MAX];

	if (http_tunnel_is_asked(request)) {
		http_tunnel_answer(request);
		return;
	}
	request->takes_fields = route != NULL && (route->methods & HTTP_FIELDS) != 0;
	if (!http_parameters_take(request)) {
		return;
	}
	if (request->method == HTTP_OPTIONS && bytes_equal(request->path, TEXT("*"))) {
		options_answer(request, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
		return;
	}
	if (route == NULL) {
		refuse(request, 404, "Unknown HTTP API endpoint", NULL);
		return;
	}
	if ((methods & request->method) != 0) {
		request->rest = rest;
		route->function(request);
		return;
	}
	allow_write(methods, allow);
	if (request->method == HTTP_OPTIONS) {
		options_answer(request, allow);
	} else if (request->method == HTTP_OTHER ||
		(request->method == HTTP_PATCH && !http_is_v1(request))) {
		refuse(request, 501, "Unknown method", allow);
	} else {
		refuse(request, 405, "This cannot be asked for by", allow);
	}
}
