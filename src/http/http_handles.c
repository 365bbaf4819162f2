/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_route.h"

#include "base/clock.h"
#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "http/http_answer.h"
#include "http/http_handles.h"
#include "http/http_operation.h"
#include "http/identity/http_identity.h"

/*
 * GET /api/handles/H (http-api, 5): the same question and the same answer as over the Handle
 * protocol, the answer written as JSON straight from the record.
 */
enum { SHARED_AGE_S_MAX = 86400 };

/* Mostly nothing in it is encoded: then it stays where it is, in memory of the transport. */
static bool
handle_decode(struct http_request *request, struct bytes text, struct bytes *ret_name)
{
	uint8_t *octets;
	size_t size = 0;

	if (bytes_find(text, '%') == text.size) {
		*ret_name = text;
		return true;
	}
	octets = arena_alloc(request->http->arena, text.size);
	if (octets == NULL || http_percent_decode(text, false, octets, &size) != STATUS_OK) {
		return false;
	}
	*ret_name = bytes_over(octets, size);
	return true;
}

bool
http_handle_take(struct http_request *request, struct bytes *ret_name)
{
	struct bytes rest = request->rest;
	struct bytes name;

	if (bytes_start_with(rest, TEXT("/"))) {
		rest = bytes_slice(rest, 1, rest.size);
	}
	if (!handle_decode(request, rest, &name)) {
		http_answer_wrong(request, "The handle", (struct bytes){NULL, 0},
			"has a % without two hex digits behind it");
		return false;
	}
	if (name.size == 0) {
		http_answer_code(request, 400, RESPONSE_INVALID_HANDLE,
			TEXT("Empty handle invalid"), (struct bytes){NULL, 0});
		return false;
	}
	if (!bytes_are_utf8(name) || name.size > HANDLE_NAME_SIZE_MAX) {
		http_answer_code(request, 400, RESPONSE_INVALID_HANDLE,
			name.size > HANDLE_NAME_SIZE_MAX ? TEXT("The handle is too long")
							 : TEXT("The handle is not UTF-8"),
			(struct bytes){NULL, 0});
		return false;
	}
	*ret_name = name;
	return true;
}

bool
http_indexes_take(struct http_request *request, struct bytes *ret_indexes, uint32_t *ret_count)
{
	const struct http_parameters *parameters = &request->parameters;
	uint8_t *octets;
	struct wire_writer writer;
	struct bytes text;
	size_t at = 0;

	*ret_count = 0;
	*ret_indexes = (struct bytes){NULL, 0};
	if (parameters->count == 0) {
		return true;
	}
	octets = arena_alloc(request->http->arena, parameters->count * 4);
	writer = wire_writer_over(octets, octets == NULL ? 0 : parameters->count * 4);
	while (http_parameter_next(parameters, TEXT("index"), &at, &text)) {
		uint64_t index = 0;

		if (text_read_u64(text, UINT32_MAX, &index) != STATUS_OK) {
			http_answer_wrong(request, "index", text, "is no number of a value");
			return false;
		}
		wire_write_u32(&writer, (uint32_t)index);
		++*ret_count;
	}
	*ret_indexes = wire_written(&writer);
	return true;
}

static bool
types_take(struct http_request *request, struct request_resolution *resolution)
{
	const struct http_parameters *parameters = &request->parameters;
	struct wire_writer writer;
	uint8_t *octets;
	struct bytes text;
	size_t size = 0;
	size_t at = 0;

	while (http_parameter_next(parameters, TEXT("type"), &at, &text)) {
		if (text.size > HANDLE_TYPE_SIZE_MAX) {
			http_answer_wrong(request, "type", text, "is too long");
			return false;
		}
		size += 4 + text.size;
		resolution->type_count++;
	}
	if (size == 0) {
		return true;
	}
	octets = arena_alloc(request->http->arena, size);
	writer = wire_writer_over(octets, octets == NULL ? 0 : size);
	at = 0;
	while (http_parameter_next(parameters, TEXT("type"), &at, &text)) {
		wire_write_blob(&writer, text);
	}
	resolution->types = wire_written(&writer);
	return true;
}

/* Who proves nothing sees what everybody may, unless the parameter says otherwise. */
static bool
is_public_only(const struct http_request *request)
{
	struct bytes text;

	return http_parameter_find(&request->parameters, TEXT("publicOnly"), &text)
		? http_parameter_is_true(&request->parameters, TEXT("publicOnly"))
		: !http_identity_is_claimed(request);
}

bool
http_filter_take(struct http_request *request, struct request *ret_question)
{
	struct request_resolution *resolution = &ret_question->resolution;
	uint32_t flags = MESSAGE_FLAG_RECURSIVE;

	*ret_question = (struct request){
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
			.header = {.opcode = OPCODE_RESOLUTION}}};
	if (!http_indexes_take(request, &resolution->indexes, &resolution->index_count) ||
		!types_take(request, resolution)) {
		return false;
	}
	flags |= is_public_only(request) ? MESSAGE_FLAG_PUBLIC_ONLY : 0;
	flags |= http_parameter_is_true(&request->parameters, TEXT("doNotRefer"))
		? MESSAGE_FLAG_DO_NOT_REFER
		: 0;
	flags |= http_parameter_is_true(&request->parameters, TEXT("auth")) ||
			http_parameter_is_true(&request->parameters, TEXT("cert"))
		? MESSAGE_FLAG_AUTHORITATIVE
		: 0;
	ret_question->message.header.flags = flags;
	return true;
}

bool
http_resolution_take(struct http_request *request, struct request *ret_question)
{
	struct bytes name;

	if (!http_handle_take(request, &name) || !http_filter_take(request, ret_question)) {
		return false;
	}
	ret_question->resolution.name = name;
	return true;
}

uint32_t
http_values_ttl(const struct handle_value_list *list)
{
	struct wire_reader walk = handle_value_list_walk(list);
	int64_t least = SHARED_AGE_S_MAX;
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		int64_t left = value.ttl_kind == HANDLE_TTL_ABSOLUTE
			? value.ttl - clock_wall_ms() / 1000
			: value.ttl;

		least = left < least ? left : least;
	}
	return least < 0 ? 0 : (uint32_t)least;
}

/* Dates have whole seconds: one that is not over could name two versions of a record. */
int64_t
http_changed_s(const struct service *service, const struct service_answer *answer)
{
	int64_t changed_s = service_changed_ms(service, answer) / 1000;

	return changed_s < service_now_s(service) ? changed_s : 0;
}

static void
name_write(struct json_writer *writer, struct bytes name)
{
	json_write_name(writer, "handle");
	json_write_string(writer, name);
}

/* The handle is told as it was asked for: before the values of a success, else last. */
void
http_resolution_answer(
	struct http_request *request, const struct http_resolved *resolved, bool is_shared)
{
	enum response_code code = resolved->code;
	struct http_answer answer = {
		.status = http_status_of(code, HTTP_OUTCOME_RESOLVED, request->is_tls)};
	struct http_json json;
	struct json_writer *writer = http_json_begin(request, &json);
	bool is_found = code == RESPONSE_SUCCESS;

	json_write_object(writer);
	json_write_name(writer, "responseCode");
	json_write_u64(writer, code);
	if (is_found) {
		name_write(writer, resolved->name);
		answer.is_shared = is_shared;
		answer.max_age_s = http_values_ttl(&resolved->values);
		answer.changed_s = resolved->changed_s;
	} else if (resolved->text.size > 0) {
		json_write_name(writer, "message");
		json_write_string(writer, resolved->text);
	}
	if (is_found || code == RESPONSE_VALUES_NOT_FOUND || code == RESPONSE_PREFIX_REFERRAL ||
		code == RESPONSE_SERVICE_REFERRAL) {
		json_write_name(writer, "values");
		handle_value_list_write_json(writer, &resolved->values);
	}
	if (!is_found) {
		name_write(writer, resolved->name);
	}
	json_write_object_end(writer);
	http_json_answer(request, &json, &answer);
}

void
http_code_count(struct http *http, enum response_code code)
{
	struct response response;

	response.message.header.response_code = code;
	service_count_answer(http->service, &response);
}

struct http_resolved
http_resolved_of(const struct response *response, struct bytes name)
{
	struct http_resolved resolved = {
		.code = http_response_code(response),
		.name = name,
		.text = http_response_text(response),
	};

	if (resolved.code == RESPONSE_SUCCESS) {
		resolved.values = response->values.list;
	} else if (resolved.code == RESPONSE_PREFIX_REFERRAL) {
		resolved.values = response->referral.list;
	}
	return resolved;
}

/* What somebody may read who is known: asked of the service as over the Handle protocol. */
static void
resolution_answered(struct http_request *request, const struct response *response, bool is_last)
{
	struct http_resolved resolved;
	struct bytes name;

	(void)is_last;
	if (!http_handle_take(request, &name)) {
		return;
	}
	resolved = http_resolved_of(response, name);
	http_code_count(request->http, resolved.code);
	http_resolution_answer(request, &resolved, false);
}

void
http_look_up_as(struct http *http, const struct request *question, const struct http_look_up *how,
	struct http_resolved *ret_resolved)
{
	struct service_query query __attribute__((uninitialized)); /* It has a name's room. */
	struct service_query *queries = &query;
	struct service_answer answer;
	enum status status;

	query.source = how->source;
	query.is_counted = how->is_counted;
	if (service_begin(http->service, question, &query)) {
		service_look_ahead(http->service, &queries, 1);
	}
	status = service_answer(http->service, question, &query, how->arena, &answer);
	if (how->is_noted && !service_must_wait(status)) {
		service_note_query(
			http->service, how->source, question, service_response_code(status));
	}
	*ret_resolved = (struct http_resolved){
		.code = service_response_code(status),
		.name = question->resolution.name,
		.values = answer.values,
		.text = answer.text,
		.is_elsewhere = status == STATUS_ELSEWHERE,
		.sequence = answer.version,
		.is_computed = answer.is_computed,
		.changed_s = http_changed_s(http->service, &answer),
	};
}

void
http_look_up(struct http *http, const struct request *question, struct arena *arena,
	struct http_resolved *ret_resolved)
{
	http_look_up_as(http, question, &(struct http_look_up){.arena = arena}, ret_resolved);
}

/* Answered at once, for everybody; counted. The values live until the wake-up ends. */
static void
http_resolve(struct http_request *request, const struct request *question,
	struct http_resolved *ret_resolved)
{
	uint8_t source[16];

	address_octets(request->asker, source);
	http_look_up_as(request->http, question,
		&(struct http_look_up){
			.source = source, .arena = request->http->arena, .is_noted = true},
		ret_resolved);
	if (!ret_resolved->is_elsewhere) {
		http_code_count(request->http, ret_resolved->code);
	}
}

void
http_handles_get(struct http_request *request)
{
	const struct operation_claim *claim;
	struct http_resolved resolved;
	struct request question;

	if (!http_resolution_take(request, &question) || !http_identity_take(request, &claim)) {
		return;
	}
	if (claim == NULL) {
		http_resolve(request, &question, &resolved);
		if (!resolved.is_elsewhere) {
			http_resolution_answer(request, &resolved, true);
			return;
		}
	}
	http_operation_start(request, &question, claim, resolution_answered);
}
