/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_record.h"

#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "http/http_answer.h"

/* What the body holds, before any value is read. */
struct body {
	struct bytes values; /* The text of an array, or of one value. */
	struct bytes handle;
	bool has_handle;
	bool is_array;
	bool copies_quirks;
};

static void
member_take(struct json_reader *reader, struct bytes name, struct body *body)
{
	if (bytes_equal(name, TEXT("values"))) {
		body->is_array = true;
		body->values = json_skip(reader);
	} else if (bytes_equal(name, TEXT("handle"))) {
		body->has_handle = true;
		body->handle = json_read_string(reader);
	} else {
		json_skip(reader);
	}
}

static enum status
body_read(struct bytes text, struct arena *arena, struct body *body)
{
	struct json_reader reader = json_reader_over(text, arena);
	struct bytes name;

	body->values = text;
	if (json_peek(&reader) == JSON_ARRAY) {
		body->is_array = true;
		json_skip(&reader);
		return json_reader_end(&reader);
	}
	json_read_object(&reader);
	while (json_next_member(&reader, &name)) {
		member_take(&reader, name, body);
	}
	return json_reader_end(&reader);
}

/* What the parser of Handle.net 9 makes of permissions (http-api, 4). */
static void
quirks_copy(struct handle_value *value)
{
	value->permissions |= HANDLE_ADMIN_READ;
}

static enum status
values_read(const struct body *body, struct json_reader *reader, struct arena *arena,
	struct handle_value_list *ret_values, struct problem *problem)
{
	bool is_array = body->is_array;
	uint8_t *octets = arena_alloc(arena, RECORD_SIZE_MAX);
	struct wire_writer writer = wire_writer_over(octets, octets == NULL ? 0 : RECORD_SIZE_MAX);
	struct handle_value value;
	uint32_t count = 0;
	enum status status = STATUS_OK;

	if (is_array) {
		json_read_array(reader);
	}
	while (status == STATUS_OK && (is_array ? json_next_element(reader) : count == 0)) {
		status = count == HANDLE_VALUE_COUNT_MAX
			? problem_set(problem, STATUS_TOO_LARGE, "has more than %d values",
				  HANDLE_VALUE_COUNT_MAX)
			: handle_value_read_json(reader, &value, problem);
		if (status == STATUS_OK) {
			if (body->copies_quirks) {
				quirks_copy(&value);
			}
			handle_value_write(&writer, &value);
			count++;
		}
	}
	if (status == STATUS_OK) {
		status = json_reader_end(reader);
	}
	if (status == STATUS_OK) {
		status = wire_writer_end(&writer);
	}
	*ret_values = (struct handle_value_list){count, wire_written(&writer)};
	return status;
}

static bool
refuse(struct http_request *request, const char *why)
{
	char text[PROBLEM_TEXT_SIZE_MAX + 16];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_string(&writer, "The body: ");
	text_write_escaped(&writer, bytes_from_string(why));
	http_answer_code(request, 400, RESPONSE_PROTOCOL_ERROR, text_written(&writer),
		(struct bytes){NULL, 0});
	return false;
}

bool
http_record_take(struct http_request *request, struct bytes name, bool is_named,
	struct handle_value_list *ret_values)
{
	struct arena *arena = request->http->arena;
	struct body body = {.copies_quirks = request->http->settings->copies_quirks};
	struct problem problem = {.text = ""};
	struct json_reader reader;
	enum status status;

	if (request->body.size == 0) {
		return refuse(request, "is empty");
	}
	status = body_read(request->body, arena, &body);
	if (status != STATUS_OK) {
		return refuse(request,
			status == STATUS_INVALID ? "is neither an array of values nor an object"
						 : status_text(status));
	}
	if (body.has_handle && is_named && !bytes_equal_fold(body.handle, name)) {
		return refuse(request, "\"handle\" is another one than that of the path");
	}
	reader = json_reader_over(body.values, arena);
	status = values_read(&body, &reader, arena, ret_values, &problem);
	if (status != STATUS_OK) {
		return refuse(
			request, problem.text[0] != '\0' ? problem.text : status_text(status));
	}
	return true;
}
