/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_list.h"

#include "base/text_writer.h"
#include "http/http_answer.h"
#include "http/http_change.h"
#include "http/http_handles.h"
#include "http/http_operation.h"
#include "http/http_route.h"
#include "http/identity/http_identity.h"

#include <stdlib.h>

/*
 * Lists of handles and of homed prefixes (http-api, 8). The service tells them in parts; what is on
 * the page asked for is kept, the rest is counted.
 */
struct http_list {
	bool has_page;
	uint64_t page;
	uint64_t page_size;
	uint64_t total;
	uint8_t *blobs;
	size_t size;
	size_t capacity;
};

void
http_list_free(struct http_list *list)
{
	if (list != NULL) {
		free(list->blobs);
		free(list);
	}
}

static bool
list_is_wanted(const struct http_list *list)
{
	return !list->has_page ||
		(list->page_size > 0 && list->total / list->page_size == list->page);
}

/* False past HTTP_LIST_SIZE_MAX. */
static bool
list_keep(struct http_list *list, struct bytes name)
{
	size_t size = list->size + 4 + name.size;
	struct wire_writer writer;

	if (size > HTTP_LIST_SIZE_MAX) {
		return false;
	}
	if (size > list->capacity) {
		size_t capacity = 2 * size < HTTP_LIST_SIZE_MAX ? 2 * size : HTTP_LIST_SIZE_MAX;
		uint8_t *blobs = realloc(list->blobs, capacity);

		if (blobs == NULL) {
			return false;
		}
		list->blobs = blobs;
		list->capacity = capacity;
	}
	writer = wire_writer_over(list->blobs + list->size, list->capacity - list->size);
	wire_write_blob(&writer, name);
	list->size = size;
	return true;
}

static bool
part_take(struct http_list *list, const struct response *response)
{
	struct wire_reader walk = wire_reader_over(response->names.blobs);

	for (uint32_t i = 0; i < response->names.count; i++) {
		struct bytes name = wire_read_blob(&walk, HANDLE_NAME_SIZE_MAX);

		if (list_is_wanted(list) && !list_keep(list, name)) {
			return false;
		}
		list->total++;
	}
	return true;
}

static void
names_write(struct json_writer *writer, const char *label, const struct http_list *list)
{
	struct wire_reader walk = wire_reader_over(bytes_over(list->blobs, list->size));

	json_write_name(writer, label);
	json_write_array(writer);
	while (wire_reader_left(&walk) > 0) {
		json_write_string(writer, wire_read_blob(&walk, HANDLE_NAME_SIZE_MAX));
	}
	json_write_array_end(writer);
}

/* The count is a text, as Handle.net has it: it may be larger than what scripts can count. */
static void
list_answer(struct http_request *request, const struct http_list *list, bool is_of_handles)
{
	char digits[20];
	struct text_writer total = text_writer_over(digits, sizeof(digits));
	struct http_json json;
	struct json_writer *writer = http_json_begin(request, &json);
	struct bytes prefix;

	text_write_u64(&total, list->total);
	json_write_object(writer);
	json_write_name(writer, "responseCode");
	json_write_u64(writer, RESPONSE_SUCCESS);
	if (is_of_handles && http_parameter_find(&request->parameters, TEXT("prefix"), &prefix)) {
		json_write_name(writer, "prefix");
		json_write_string(writer, prefix);
	}
	json_write_name(writer, "totalCount");
	json_write_string(writer, text_written(&total));
	if (list->has_page) {
		json_write_name(writer, "page");
		json_write_u64(writer, list->page);
		json_write_name(writer, "pageSize");
		json_write_u64(writer, list->page_size);
	}
	names_write(writer, is_of_handles ? "handles" : "prefixes", list);
	json_write_object_end(writer);
	http_json_answer(request, &json, &(struct http_answer){.status = 200});
}

static void
list_answered(struct http_request *request, const struct response *response, bool is_last)
{
	enum response_code code = http_response_code(response);
	bool is_of_handles = response->message.header.opcode == OPCODE_LIST_HANDLES;

	if (code != RESPONSE_SUCCESS) {
		http_answer_code(request, http_status_of(code, HTTP_OUTCOME_DONE, request->is_tls),
			code, http_response_text(response), (struct bytes){NULL, 0});
	} else if (!part_take(request->list, response)) {
		http_answer_wrong(request, "The list", (struct bytes){NULL, 0},
			"is too long for one answer: ask for pages (page, pageSize)");
	} else if (is_last) {
		list_answer(request, request->list, is_of_handles);
	}
}

/* A number, or less than nothing for all of it. */
static bool
page_number_take(struct http_request *request, const char *name, uint64_t *ret_number, bool *has)
{
	struct bytes text;

	if (!http_parameter_find(&request->parameters, bytes_from_string(name), &text) ||
		bytes_start_with(text, TEXT("-"))) {
		*has = false;
		return true;
	}
	if (text_read_u64(text, UINT32_MAX, ret_number) != STATUS_OK) {
		http_answer_wrong(request, name, text, "is no number");
		return false;
	}
	return true;
}

static void
list_start(struct http_request *request, const struct request *question)
{
	struct http_list *list = calloc(1, sizeof(*list));
	const struct operation_claim *claim;

	request->list = list;
	if (list == NULL) {
		http_answer_code(request, 503, RESPONSE_SERVER_TOO_BUSY, (struct bytes){NULL, 0},
			(struct bytes){NULL, 0});
		return;
	}
	list->has_page = true;
	if (page_number_take(request, "page", &list->page, &list->has_page) &&
		page_number_take(request, "pageSize", &list->page_size, &list->has_page) &&
		http_identity_take(request, &claim)) {
		http_operation_start(request, question, claim, list_answered);
	}
}

void
http_handles_list(struct http_request *request)
{
	struct request question = {.message = {.envelope = {.version = VERSION_OURS},
					   .header = {.opcode = OPCODE_LIST_HANDLES}}};
	struct bytes prefix;
	uint8_t *octets;

	if (!http_parameter_find(&request->parameters, TEXT("prefix"), &prefix) ||
		prefix.size == 0 || prefix.size > HANDLE_NAME_SIZE_MAX - 5) {
		http_answer_code(request, 400, RESPONSE_INVALID_HANDLE,
			TEXT("Empty handle invalid"), (struct bytes){NULL, 0});
		return;
	}
	octets = arena_alloc(request->http->arena, prefix.size + 5);
	if (octets == NULL) {
		return;
	}
	memcpy(octets, "0.NA/", 5);
	memcpy(octets + 5, prefix.at, prefix.size);
	question.name.name = bytes_start_with_fold(prefix, TEXT("0.NA/"))
		? prefix
		: bytes_over(octets, prefix.size + 5);
	list_start(request, &question);
}

void
http_prefixes_list(struct http_request *request)
{
	struct request question = {.message = {.envelope = {.version = VERSION_OURS},
					   .header = {.opcode = OPCODE_LIST_HOMED_PREFIXES}}};

	question.name.is_absent = true;
	list_start(request, &question);
}

static void
home(struct http_request *request, uint32_t opcode)
{
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS}, .header = {.opcode = opcode}}};

	if (http_handle_take(request, &question.name.name)) {
		http_change_start(request, &question);
	}
}

void
http_prefixes_home(struct http_request *request)
{
	home(request, OPCODE_HOME_PREFIX);
}

void
http_prefixes_unhome(struct http_request *request)
{
	home(request, OPCODE_UNHOME_PREFIX);
}
