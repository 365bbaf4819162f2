/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"
#include "http/http_route.h"
#include "http/http_v1.h"

#include "base/text_writer.h"

/*
 * GET /v1/openapi.json: OpenAPI 3.1 of everything that routes.def has, written from that table.
 */
enum { DESCRIPTION_AGE_S = 3600, REFERENCE_SIZE_MAX = 128 };

/* Schemas are told as they stand, so that they can be read as what they are. */
#define JSON(...) #__VA_ARGS__

static const struct {
	const char *name, *place, *schema, *help;
} parameters[ROUTE_PARAMETER_COUNT] = {
#define X(id, name_, place_, schema_, help_) {name_, place_, schema_, help_},
#include "http/route_parameters.def"
#undef X
};

static const struct {
	const char *name, *media, *schema;
} schemas[ROUTE_SCHEMA_COUNT] = {
#define X(id, media_, schema_) {#id, media_, schema_},
#include "http/route_schemas.def"
#undef X
};

static void
text_member(struct json_writer *writer, const char *name, const char *text)
{
	json_write_name(writer, name);
	json_write_string(writer, bytes_from_string(text));
}

static void
object_member(struct json_writer *writer, const char *name)
{
	json_write_name(writer, name);
	json_write_object(writer);
}

static void
raw_member(struct json_writer *writer, const char *name, const char *json)
{
	json_write_name(writer, name);
	json_write_raw(writer, bytes_from_string(json));
}

/* {"application/json":{"schema":{"$ref":...}}} as the member "content". */
static void
content_write(struct json_writer *writer, enum route_schema schema)
{
	char reference[REFERENCE_SIZE_MAX];
	struct text_writer text = text_writer_over(reference, sizeof(reference));

	text_write_string(&text, "#/components/schemas/");
	text_write_string(&text, schemas[schema].name);
	object_member(writer, "content");
	object_member(writer, schemas[schema].media);
	object_member(writer, "schema");
	json_write_name(writer, "$ref");
	json_write_string(writer, text_written(&text));
	json_write_object_end(writer);
	json_write_object_end(writer);
	json_write_object_end(writer);
}

static void
answer_write(
	struct json_writer *writer, const char *status, const char *words, enum route_schema schema)
{
	object_member(writer, status);
	text_member(writer, "description", words);
	if (schemas[schema].media != NULL) {
		content_write(writer, schema);
	}
	json_write_object_end(writer);
}

static void
answers_write(struct json_writer *writer, const struct route *route, unsigned int method)
{
	bool is_v1 = strncmp(route->path, "/v1/", 4) == 0;
	/* The same header as GET, and no body. */
	enum route_schema response = method == HTTP_HEAD ? ROUTE_SCHEMA_None : route->response;

	object_member(writer, "responses");
	answer_write(writer, "200", "as asked for", response);
	if ((method & (HTTP_PUT | HTTP_POST)) != 0 && route->request != ROUTE_SCHEMA_None) {
		answer_write(writer, "201", "something was made", response);
	}
	if (route->response == ROUTE_SCHEMA_Lead) {
		answer_write(writer, "302", "where the identifier leads", ROUTE_SCHEMA_None);
	}
	answer_write(writer, "default", "why not",
		method == HTTP_HEAD ? ROUTE_SCHEMA_None
			: is_v1	    ? ROUTE_SCHEMA_Problem
				    : ROUTE_SCHEMA_Refusal);
	json_write_object_end(writer);
}

static void
path_parameter_write(struct json_writer *writer, const struct route *route)
{
	bool is_prefix = strstr(route->path, "prefixes") != NULL;

	json_write_object(writer);
	text_member(writer, "name", is_prefix ? "prefix" : "handle");
	text_member(writer, "in", "path");
	json_write_name(writer, "required");
	json_write_bool(writer, true);
	text_member(writer, "description",
		is_prefix ? "0.NA/PREFIX; its slash may stand as it is"
			  : "PREFIX/SUFFIX; its slashes may stand as they are");
	raw_member(writer, "schema", JSON({"type" : "string"}));
	json_write_object_end(writer);
}

static void
parameters_write(struct json_writer *writer, const struct route *route)
{
	json_write_name(writer, "parameters");
	json_write_array(writer);
	if (strchr(route->path, '*') != NULL) {
		path_parameter_write(writer, route);
	}
	for (size_t i = 0; i < ROUTE_PARAMETER_COUNT; i++) {
		if ((route->parameters >> i & 1) != 0) {
			json_write_object(writer);
			text_member(writer, "name", parameters[i].name);
			text_member(writer, "in", parameters[i].place);
			text_member(writer, "description", parameters[i].help);
			raw_member(writer, "schema", parameters[i].schema);
			json_write_object_end(writer);
		}
	}
	json_write_array_end(writer);
}

/* Names of schemes, none of them with more to say. */
static void
security_write(struct json_writer *writer, enum route_identity identity)
{
	json_write_name(writer, "security");
	switch (identity) {
	case ROUTE_NOBODY:
		json_write_raw(writer, TEXT("[]"));
		break;
	case ROUTE_SOME:
		json_write_raw(writer, TEXT("[{},{\"basic\":[]},{\"bearer\":[]}]"));
		break;
	case ROUTE_EACH:
		json_write_raw(writer, TEXT("[{\"basic\":[]},{\"bearer\":[]}]"));
		break;
	}
}

/* "get" for "GET". */
static void
method_write(struct json_writer *writer, const char *name)
{
	char text[16];
	size_t size = 0;

	for (; name[size] != '\0' && size < sizeof(text) - 1; size++) {
		text[size] = (char)(name[size] | 0x20);
	}
	json_write_name_bytes(writer, bytes_over(text, size));
}

static void
methods_write(struct json_writer *writer, const struct route *route)
{
	for (size_t i = 0; i < HTTP_METHOD_NAME_COUNT; i++) {
		unsigned int method = 1U << i;

		if ((route->methods & method) == 0) {
			continue;
		}
		method_write(writer, http_method_names[i]);
		json_write_object(writer);
		text_member(writer, "summary", route->help);
		security_write(writer, route->identity);
		parameters_write(writer, route);
		if (route->request != ROUTE_SCHEMA_None && method != HTTP_GET &&
			method != HTTP_HEAD) {
			object_member(writer, "requestBody");
			json_write_name(writer, "required");
			json_write_bool(writer, true);
			content_write(writer, route->request);
			json_write_object_end(writer);
		}
		answers_write(writer, route, method);
		json_write_object_end(writer);
	}
}

/* "/api/handles/{handle}" for the star. */
static void
path_write(struct json_writer *writer, const char *path)
{
	char text[REFERENCE_SIZE_MAX];
	struct text_writer name = text_writer_over(text, sizeof(text));

	for (const char *at = path; *at != '\0'; at++) {
		if (*at != '*') {
			text_write_char(&name, *at);
		} else {
			text_write_string(
				&name, strstr(path, "prefixes") != NULL ? "{prefix}" : "{handle}");
		}
	}
	json_write_name_bytes(writer, text_written(&name));
}

/* Rows of one path stand together. */
static void
paths_write(struct json_writer *writer)
{
	object_member(writer, "paths");
	for (size_t i = 0; i < http_route_count;) {
		const char *path = http_routes[i].path;
		bool is_told = http_routes[i].response != ROUTE_SCHEMA_Nothing;

		if (is_told) {
			path_write(writer, path);
			json_write_object(writer);
		}
		for (; i < http_route_count && strcmp(http_routes[i].path, path) == 0; i++) {
			if (is_told) {
				methods_write(writer, &http_routes[i]);
			}
		}
		if (is_told) {
			json_write_object_end(writer);
		}
	}
	json_write_object_end(writer);
}

static void
components_write(struct json_writer *writer)
{
	object_member(writer, "components");
	object_member(writer, "securitySchemes");
	object_member(writer, "basic");
	text_member(writer, "type", "http");
	text_member(writer, "scheme", "basic");
	text_member(writer, "description",
		"over TLS: the user is INDEX:HANDLE, percent-encoded, the password its secret key");
	json_write_object_end(writer);
	object_member(writer, "bearer");
	text_member(writer, "type", "http");
	text_member(writer, "scheme", "bearer");
	text_member(writer, "description", "over TLS: a token that houji token made");
	json_write_object_end(writer);
	json_write_object_end(writer);
	object_member(writer, "schemas");
	for (size_t i = 0; i < ROUTE_SCHEMA_COUNT; i++) {
		if (schemas[i].schema[0] != '\0') {
			raw_member(writer, schemas[i].name, schemas[i].schema);
		}
	}
	json_write_object_end(writer);
	json_write_object_end(writer);
}

void
http_openapi_get(struct http_request *request)
{
	struct http_json json;
	struct json_writer *writer = http_json_begin(request, &json);

	json_write_object(writer);
	text_member(writer, "openapi", "3.1.0");
	object_member(writer, "info");
	text_member(writer, "title", "Houji");
	text_member(writer, "version", HOUJI_VERSION);
	text_member(writer, "description",
		"Registers and resolves Handle identifiers. Under /api/ the interface of "
		"Handle.net 9, "
		"under /v1/ what it does not have.");
	object_member(writer, "license");
	text_member(writer, "name", "Apache-2.0");
	text_member(writer, "identifier", "Apache-2.0");
	json_write_object_end(writer);
	json_write_object_end(writer);
	raw_member(writer, "servers", JSON([ {"url" : "/"} ]));
	paths_write(writer);
	components_write(writer);
	json_write_object_end(writer);
	http_json_answer(request, &json,
		&(struct http_answer){
			.status = 200, .is_shared = true, .max_age_s = DESCRIPTION_AGE_S});
}
