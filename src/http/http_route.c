/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_route.h"

#include "base/text_writer.h"
#include "http/http_answer.h"

enum { ALLOW_TEXT_SIZE_MAX = 64, MESSAGE_SIZE_OF_REFUSAL_MAX = 256 };

static const struct route {
	struct bytes path; /* Without its star. */
	bool is_prefix;
	unsigned int methods;
	void (*function)(struct http_request *request);
} routes[] = {
#define X(path, methods, function, help)                                                  \
	{{(const uint8_t *)(path), sizeof(path) - 1 - ((path)[sizeof(path) - 2] == '*')}, \
		(path)[sizeof(path) - 2] == '*', methods, function},
#include "http/routes.def"
#undef X
};

static bool
route_fits(const struct route *route, struct bytes path)
{
	return route->is_prefix ? bytes_start_with(path, route->path)
				: bytes_equal(path, route->path);
}

/* The first row that fits, and then the one of the same path that has the method. All methods of
 * the path go to `ret_methods`. NULL: no such path. */
static const struct route *
route_find(const struct http_request *request, unsigned int *ret_methods)
{
	const struct route *found = NULL;

	*ret_methods = 0;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const struct route *route = &routes[i];

		if (!route_fits(route, request->path) ||
			(found != NULL &&
				(route->is_prefix != found->is_prefix ||
					!bytes_equal(route->path, found->path)))) {
			continue;
		}
		*ret_methods |= route->methods;
		if (found == NULL || (route->methods & request->method) != 0) {
			found = route;
		}
	}
	return found;
}

/* "GET, HEAD, OPTIONS", with a NUL. */
static void
allow_write(unsigned int methods, char ret_text[ALLOW_TEXT_SIZE_MAX])
{
	static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
	struct text_writer writer = text_writer_over(ret_text, ALLOW_TEXT_SIZE_MAX - 1);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((methods >> i & 1) != 0) {
			text_write_string(&writer, names[i]);
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
	struct json_writer *out = http_json_begin(request, &json);

	text_write_string(&writer, words);
	text_write_char(&writer, ' ');
	text_write_escaped(&writer, bytes_slice(bytes_from_string(request->method_name), 0, 32));
	if (allow == NULL) {
		text_write_char(&writer, ' ');
		text_write_escaped(&writer, bytes_slice(request->path, 0, 64));
	}
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
	const struct route *route = route_find(request, &methods);
	char allow[ALLOW_TEXT_SIZE_MAX];

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
	allow_write(methods, allow);
	if (request->method == HTTP_OPTIONS) {
		options_answer(request, allow);
	} else if (request->method == HTTP_OTHER) {
		refuse(request, 501, "Unknown method", allow);
	} else if ((methods & request->method) == 0) {
		refuse(request, 405, "This cannot be asked for by", allow);
	} else {
		request->rest = bytes_slice(request->path, route->path.size, request->path.size);
		route->function(request);
	}
}
