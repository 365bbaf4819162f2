/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"

#include "base/text_writer.h"
#include "json/json_reader.h"

/*
 * Parameters of a request: those of the query and, where the route takes them from its body, those
 * of a form or the members of a JSON object, in this order (http-api, 2).
 */
enum { NUMBER_SIZE_MAX = 24 };

static bool
refuse(struct http_request *request, const char *what, enum status status, const char *otherwise)
{
	http_answer_wrong(request, what, (struct bytes){NULL, 0},
		status == STATUS_TOO_LARGE	? "has more than 256 parameters"
			: status == STATUS_BUSY ? "is too large for the memory of a request"
						: otherwise);
	return false;
}

static enum status
parameter_add(struct http_parameters *parameters, struct bytes name, struct json_reader *reader,
	struct bytes value)
{
	if (reader->status != STATUS_OK) {
		return reader->status;
	}
	if (parameters->count == HTTP_PARAMETER_COUNT_MAX) {
		return STATUS_TOO_LARGE;
	}
	parameters->items[parameters->count++] = (struct http_parameter){name, value};
	return STATUS_OK;
}

/* One text, number or truth; null is nothing. */
static enum status
scalar_take(struct json_reader *reader, struct bytes name, struct http_parameters *parameters)
{
	enum json_kind kind = json_peek(reader);
	struct text_writer writer;
	char *room;

	switch (kind) {
	case JSON_STRING:
		return parameter_add(parameters, name, reader, json_read_string(reader));
	case JSON_TRUE:
	case JSON_FALSE:
		return parameter_add(parameters, name, reader,
			json_read_bool(reader) ? TEXT("true") : TEXT("false"));
	case JSON_NUMBER:
		room = arena_alloc(reader->arena, NUMBER_SIZE_MAX);
		if (room == NULL) {
			return STATUS_NO_MEMORY;
		}
		writer = text_writer_over(room, NUMBER_SIZE_MAX);
		text_write_i64(&writer, json_read_i64(reader));
		return parameter_add(parameters, name, reader, text_written(&writer));
	case JSON_NULL:
		json_skip(reader);
		return reader->status;
	case JSON_ARRAY:
	case JSON_OBJECT:
	case JSON_NONE:
		break;
	}
	return STATUS_INVALID;
}

static enum status
member_take(struct json_reader *reader, struct bytes name, struct http_parameters *parameters)
{
	enum status status = STATUS_OK;

	if (json_peek(reader) != JSON_ARRAY) {
		return scalar_take(reader, name, parameters);
	}
	json_read_array(reader);
	while (status == STATUS_OK && json_next_element(reader)) {
		status = scalar_take(reader, name, parameters);
	}
	return status == STATUS_OK ? reader->status : status;
}

static bool
object_take(struct http_request *request, struct http_parameters *parameters)
{
	struct json_reader reader = json_reader_over(request->body, request->http->arena);
	enum status status = STATUS_OK;
	struct bytes name = {NULL, 0};

	json_read_object(&reader);
	while (status == STATUS_OK && json_next_member(&reader, &name)) {
		/* Names live as long as their object is open. */
		name = arena_copy(reader.arena, name);
		status = member_take(&reader, name, parameters);
	}
	if (status == STATUS_OK) {
		status = json_reader_end(&reader);
	}
	if (status == STATUS_INVALID && name.size > 0) {
		http_answer_wrong(request, "The body's member", name,
			"is no text, number or truth, nor an array of them");
		return false;
	}
	if (status == STATUS_NO_MEMORY) {
		status = STATUS_BUSY;
	}
	return status == STATUS_OK ||
		refuse(request, "The body", status,
			status == STATUS_INVALID
				? "is no JSON object of parameters"
				: "is no well-formed JSON, or says a member twice");
}

bool
http_type_is(const struct http_request *request, struct bytes wanted)
{
	const char *type = http_request_header(request, "Content-Type");
	struct bytes text = type == NULL ? (struct bytes){NULL, 0} : bytes_from_string(type);

	text = bytes_slice(text, 0, bytes_find(text, ';'));
	while (text.size > 0 && text.at[text.size - 1] == ' ') {
		text.size--;
	}
	return bytes_equal_fold(text, wanted);
}

static bool
form_take(struct http_request *request, struct http_parameters *parameters)
{
	struct http_parameters form = {.count = 0};
	enum status status = http_parameters_read(request->body, request->http->arena, &form);

	if (status == STATUS_OK && parameters->count + form.count > HTTP_PARAMETER_COUNT_MAX) {
		status = STATUS_TOO_LARGE;
	}
	if (status != STATUS_OK) {
		return refuse(request, "The body",
			status == STATUS_NO_MEMORY ? STATUS_BUSY : status,
			"has a % without two hex digits behind it");
	}
	if (form.count > 0) {
		memcpy(parameters->items + parameters->count, form.items,
			form.count * sizeof(form.items[0]));
		parameters->count += form.count;
	}
	return true;
}

/* Room for as many as there may be, with those of the query in front. */
static bool
room_make(struct http_request *request)
{
	struct http_parameters *parameters = &request->parameters;
	struct http_parameter *items =
		arena_alloc_array(request->http->arena, HTTP_PARAMETER_COUNT_MAX, sizeof(items[0]));

	if (items == NULL) {
		return refuse(request, "The body", STATUS_BUSY, "");
	}
	if (parameters->count > 0) {
		memcpy(items, parameters->items, parameters->count * sizeof(items[0]));
	}
	parameters->items = items;
	return true;
}

bool
http_parameters_take(struct http_request *request)
{
	enum status status =
		http_parameters_read(request->query, request->http->arena, &request->parameters);

	if (status != STATUS_OK) {
		return refuse(request, "The query",
			status == STATUS_NO_MEMORY ? STATUS_BUSY : status,
			"has a % without two hex digits behind it");
	}
	if (!request->takes_fields || request->body.size == 0) {
		return true;
	}
	if (http_type_is(request, TEXT("application/x-www-form-urlencoded"))) {
		return room_make(request) && form_take(request, &request->parameters);
	}
	if (http_type_is(request, TEXT("application/json"))) {
		return room_make(request) && object_take(request, &request->parameters);
	}
	return true;
}
