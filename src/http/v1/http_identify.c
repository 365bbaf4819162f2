/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code.h"
#include "http/http_answer.h"
#include "http/http_elsewhere.h"
#include "http/http_route.h"
#include "http/redirect/http_mappings.h"
#include "json/json_reader.h"

/*
 * What a foreign code may be: all candidates with their reasons, as `houji identify` tells them,
 * and what each is mapped to. GET takes one code, POST many: an array of texts, or an object with
 * such an array under "codes".
 */
enum { ARENA_BLOCK_SIZE = 16384 };

struct identifying {
	struct http_request *request;
	struct json_writer *writer;
	struct code_result *result;
	struct arena *arena; /* Of one code: many together would not fit into a request's. */
	enum status status; /* Of the look-ups. */
};

static void
mapping_write(void *context, const struct code_mapping *mapping, bool is_active)
{
	if (is_active) {
		code_mapping_write(context, mapping);
	}
}

static void
candidate_write(struct identifying *identifying, const struct code_candidate *candidate)
{
	struct json_writer *writer = identifying->writer;
	const struct http_mapping_search search = {
		.request = identifying->request,
		.arena = identifying->arena,
		.scheme = candidate->scheme == CODE_HANDLE ? NULL
							   : code_system_name(candidate->scheme),
		.name = candidate->normal,
	};
	enum status status = STATUS_OK;
	struct json_writer before;

	code_candidate_json(candidate, writer);
	before = *writer;
	json_write_name(writer, "mappings");
	json_write_array(writer);
	if (candidate->is_valid) {
		status = http_mappings_find(&search, mapping_write, writer);
	}
	json_write_array_end(writer);
	if (status == STATUS_NOT_FOUND) {
		json_writer_rewind(writer, &before); /* To say "none" would be a guess. */
	} else if (status != STATUS_OK) {
		identifying->status = status;
	}
	json_write_object_end(writer);
	arena_reset(identifying->arena);
}

static void
result_write(struct identifying *identifying)
{
	const struct code_result *result = identifying->result;

	code_result_json(result, identifying->writer);
	for (size_t i = 0; i < result->count; i++) {
		candidate_write(identifying, &result->candidates[i]);
	}
	code_result_json_end(identifying->writer);
}

/* A result has 45 KiB, too many for a stack. False: answered. */
static bool
identifying_begin(struct http_request *request, struct identifying *ret_identifying)
{
	*ret_identifying = (struct identifying){
		.request = request,
		.result = arena_alloc(request->http->arena, sizeof(*ret_identifying->result)),
		.arena = arena_new(ARENA_BLOCK_SIZE, REQUEST_MEMORY_MAX),
		.status = STATUS_OK,
	};
	if (ret_identifying->result == NULL || ret_identifying->arena == NULL) {
		arena_free(ret_identifying->arena);
		http_answer_code(request, 503, RESPONSE_SERVER_TOO_BUSY, TEXT("Memory is short"),
			(struct bytes){NULL, 0});
		return false;
	}
	return true;
}

static const char *
fault_of(enum status status)
{
	return status == STATUS_TOO_LARGE  ? "is longer than 1024 octets"
		: status == STATUS_INVALID ? "is empty"
					   : "is not UTF-8";
}

static void
answer(struct identifying *identifying, struct http_json *json)
{
	if (http_elsewhere_fetch(identifying->request)) {
		return;
	}
	if (json->writer.status == STATUS_NO_SPACE || identifying->status != STATUS_OK) {
		http_answer_code(identifying->request, 413, RESPONSE_PROTOCOL_ERROR,
			TEXT("codes: the answer is too large; ask for fewer at once"),
			(struct bytes){NULL, 0});
		return;
	}
	http_json_answer(identifying->request, json, &(struct http_answer){.status = 200});
}

void
http_identify_get(struct http_request *request)
{
	struct identifying identifying;
	struct http_json json;
	struct bytes code;
	enum status status;

	if (!http_parameter_find(&request->parameters, TEXT("code"), &code)) {
		http_answer_wrong(request, "code", (struct bytes){NULL, 0},
			"is missing: /v1/identify?code=9521234543213");
		return;
	}
	if (!identifying_begin(request, &identifying)) {
		return;
	}
	status = code_identify(code, identifying.result);
	if (status == STATUS_OK) {
		identifying.writer = http_json_begin(request, &json);
		result_write(&identifying);
		answer(&identifying, &json);
	} else {
		http_answer_wrong(request, "code", code, fault_of(status));
	}
	arena_free(identifying.arena);
}

/* Which of the codes, from 1, and what is wrong with it. */
static void
code_refuse(struct http_request *request, size_t number, struct bytes code, const char *why)
{
	char what[48];
	struct text_writer writer = text_writer_over(what, sizeof(what) - 1);

	text_write_string(&writer, "codes: number ");
	text_write_u64(&writer, number);
	what[text_written(&writer).size] = '\0';
	http_answer_wrong(request, what, code, why);
}

/* Whether the reader stands at the array of codes. */
static bool
codes_find(struct json_reader *reader)
{
	struct bytes name;

	if (json_peek(reader) == JSON_ARRAY) {
		return true;
	}
	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		if (bytes_equal(name, TEXT("codes"))) {
			return json_peek(reader) == JSON_ARRAY;
		}
		json_skip(reader);
	}
	return false;
}

/* False: answered. */
static bool
codes_write(struct identifying *identifying, struct json_reader *reader)
{
	size_t count = 0;

	json_read_array(reader);
	while (json_next_element(reader)) {
		struct bytes code = json_read_string(reader);
		enum status status;

		if (!json_reader_ok(reader)) {
			return true;
		}
		if (++count > HTTP_IDENTIFY_COUNT_MAX) {
			code_refuse(identifying->request, count, (struct bytes){NULL, 0},
				"is more than the 256 that may be asked for at once");
			return false;
		}
		status = code_identify(code, identifying->result);
		if (status != STATUS_OK) {
			code_refuse(identifying->request, count, code, fault_of(status));
			return false;
		}
		result_write(identifying);
	}
	return true;
}

static void
results_write(struct identifying *identifying, struct json_reader *reader, bool is_array)
{
	struct http_request *request = identifying->request;
	struct http_json json;
	struct bytes name;

	identifying->writer = http_json_begin(request, &json);
	json_write_object(identifying->writer);
	json_write_name(identifying->writer, "results");
	json_write_array(identifying->writer);
	if (!codes_write(identifying, reader)) {
		return;
	}
	while (!is_array && json_next_member(reader, &name)) {
		json_skip(reader);
	}
	if (json_reader_end(reader) != STATUS_OK) {
		http_answer_wrong(request, "The body", (struct bytes){NULL, 0},
			"is no JSON, or holds a code that is no text");
		return;
	}
	json_write_array_end(identifying->writer);
	json_write_object_end(identifying->writer);
	answer(identifying, &json);
}

void
http_identify_post(struct http_request *request)
{
	struct json_reader reader = json_reader_over(request->body, request->http->arena);
	struct identifying identifying;
	bool is_array = json_peek(&reader) == JSON_ARRAY;

	if (!codes_find(&reader)) {
		http_answer_wrong(request, "The body", (struct bytes){NULL, 0},
			"is no array of codes, and has none under \"codes\"");
	} else if (identifying_begin(request, &identifying)) {
		results_write(&identifying, &reader, is_array);
		arena_free(identifying.arena);
	}
}
