/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"
#include "http/http_change.h"
#include "http/http_condition.h"
#include "http/http_handles.h"
#include "http/http_operation.h"
#include "http/http_record.h"
#include "http/http_route.h"
#include "http/http_v1.h"
#include "http/identity/http_identity.h"

#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "ledger/ledger.h"

/*
 * /v1/handles/H: a record as a resource that has a version.
 *
 *     GET      the values, with the version as entity tag
 *     PUT      makes the record, or puts it in the place of the one there is
 *     PATCH    sets the values of the body, by their index; the others stay
 *     DELETE   deletes the record, or the values that `index` names
 *     POST     to /v1/handles?prefix=P: makes a record whose suffix is a random UUID
 *
 * They are the operations of the Handle protocol, with its rights and checks; If-Match lets a change
 * happen only to the version that was read, decided when the ledger comes to it.
 */
enum { LOCATION_SIZE_MAX = 3 * HANDLE_NAME_SIZE_MAX + 32 };

/* What is told of a record. */
struct told {
	struct bytes name;
	struct handle_value_list values;
	uint64_t version;
	int64_t changed_s;
	bool is_all; /* Also what not everybody may read. */
};

static void
record_answer(struct http_request *request, const struct told *told)
{
	struct http_json json;
	struct json_writer *writer = http_json_begin(request, &json);
	char tag[HTTP_TAG_SIZE];

	json_write_object(writer);
	json_write_name(writer, "handle");
	json_write_string(writer, told->name);
	json_write_name(writer, "version");
	json_write_u64(writer, told->version);
	json_write_name(writer, "values");
	handle_value_list_write_json(writer, &told->values);
	json_write_object_end(writer);
	http_v1_tag(told->version, told->is_all, tag);
	http_json_answer(request, &json,
		&(struct http_answer){.status = 200,
			.etag = tag,
			.is_shared = !told->is_all,
			.depends_on_asker = true,
			.changed_s = told->changed_s,
			.max_age_s = told->values.count == 0 ? 0 : http_values_ttl(&told->values)});
}

/* Where else to ask (300): the values that say so. */
static void
referral_answer(struct http_request *request, const struct told *told)
{
	struct http_json json;
	struct json_writer *writer = http_json_begin(request, &json);

	json_write_object(writer);
	json_write_name(writer, "type");
	json_write_string(writer, TEXT("about:blank"));
	json_write_name(writer, "title");
	json_write_string(writer, TEXT("Multiple Choices"));
	json_write_name(writer, "status");
	json_write_u64(writer, 300);
	json_write_name(writer, "responseCode");
	json_write_u64(writer, RESPONSE_PREFIX_REFERRAL);
	json_write_name(writer, "handle");
	json_write_string(writer, told->name);
	json_write_name(writer, "values");
	handle_value_list_write_json(writer, &told->values);
	json_write_object_end(writer);
	http_json_answer(request, &json,
		&(struct http_answer){
			.status = 300, .type = "application/problem+json;charset=utf-8"});
}

/* A record of which nothing may be told, or nothing was asked for, is there all the same. */
static void
found_answer(struct http_request *request, enum status status, struct bytes text,
	const struct told *told)
{
	http_code_count(request->http, service_response_code(status));
	if (status == STATUS_OK || (status == STATUS_VALUE_NOT_FOUND && told->version != 0)) {
		record_answer(request, told);
	} else if (status == STATUS_REFERRED) {
		referral_answer(request, told);
	} else {
		http_v1_refuse(request, status, text, told->name);
	}
}

static void
resolved(struct http_request *request, const struct response *response, bool is_last)
{
	enum status status = operation_outcome(request->operation);
	struct told told = {
		.version = operation_version(request->operation), .is_all = request->has_claim};

	(void)is_last;
	if (!http_handle_take(request, &told.name)) {
		return;
	}
	if (status == STATUS_OK) {
		told.values = response->values.list;
	} else if (status == STATUS_REFERRED) {
		told.values = response->referral.list;
	}
	found_answer(request, status, http_response_text(response), &told);
}

static void
resolve_for_nobody(struct http_request *request, const struct request *question)
{
	struct http *http = request->http;
	uint8_t source[16];
	struct service_query query = {.source = source};
	struct service_query *queries = &query;
	struct service_answer answer;
	enum status status;

	address_octets(request->asker, source);
	if (service_begin(http->service, question, &query)) {
		service_look_ahead(http->service, &queries, 1);
	}
	status = service_answer(http->service, question, &query, http->arena, &answer);
	if (status == STATUS_ELSEWHERE) {
		http_operation_start(request, question, NULL, resolved);
		return;
	}
	found_answer(request, status, answer.text,
		&(struct told){question->resolution.name, answer.values, answer.version,
			http_changed_s(http->service, &answer), false});
}

void
http_v1_get(struct http_request *request)
{
	const struct operation_claim *claim;
	struct request question;
	struct bytes at;

	if (http_parameter_find(&request->parameters, TEXT("at"), &at)) {
		http_v1_past(request);
		return;
	}
	if (!http_resolution_take(request, &question) || !http_identity_take(request, &claim)) {
		return;
	}
	if (claim == NULL) {
		resolve_for_nobody(request, &question);
	} else {
		http_operation_start(request, &question, claim, resolved);
	}
}

/* "/v1/handles/" and the handle, everything in it but the plainest escaped; with a NUL. */
static void
location_write(struct bytes name, char ret_text[LOCATION_SIZE_MAX])
{
	struct text_writer writer = text_writer_over(ret_text, LOCATION_SIZE_MAX - 1);

	text_write_string(&writer, "/v1/handles/");
	text_write_percent(&writer, name, "-._~/");
	ret_text[text_written(&writer).size] = '\0';
}

static void
done_answer(struct http_request *request, struct bytes name, uint32_t opcode, bool is_new)
{
	uint64_t version = operation_version(request->operation);
	char location[LOCATION_SIZE_MAX];
	char tag[HTTP_TAG_SIZE];
	struct http_json json;
	struct json_writer *writer = http_json_begin(request, &json);

	json_write_object(writer);
	json_write_name(writer, "handle");
	json_write_string(writer, name);
	json_write_name(writer, "version");
	json_write_u64(writer, version);
	json_write_object_end(writer);
	location_write(name, location);
	http_v1_tag(version, true, tag);
	http_json_answer(request, &json,
		&(struct http_answer){.status = is_new ? 201 : 200,
			.etag = opcode == OPCODE_DELETE_HANDLE ? NULL : tag,
			.location = is_new ? location : NULL});
}

static void
changed(struct http_request *request, const struct response *response, bool is_last)
{
	enum status status = operation_outcome(request->operation);
	const struct header *header = &response->message.header;
	bool is_creation = header->opcode == OPCODE_CREATE_HANDLE;
	struct bytes name = {NULL, 0};

	(void)is_last;
	if (status == STATUS_OK && is_creation && !response->created.is_absent) {
		name = response->created.name;
	} else if (request->rest.size > 0 && !http_handle_take(request, &name)) {
		return;
	}
	if (status == STATUS_OK) {
		done_answer(request, name, header->opcode,
			is_creation && (header->flags & MESSAGE_FLAG_OVERWRITE) == 0);
	} else {
		http_v1_refuse(request, status, http_response_text(response), name);
	}
}

static void
change_begin(struct http_request *request, const struct request *question)
{
	struct ledger_condition condition;
	struct http_operation_order order = {
		.question = question, .condition = &condition, .answered = changed};

	if (http_v1_condition(request, &condition) && http_identity_take(request, &order.claim)) {
		http_operation_begin(request, &order);
	}
}

static bool
body_is_json(struct http_request *request)
{
	if (http_type_is(request, TEXT("application/json"))) {
		return true;
	}
	http_problem(request,
		&(struct http_problem){.status = 415,
			.code = RESPONSE_PROTOCOL_ERROR,
			.detail = TEXT("Content-Type must be application/json")});
	return false;
}

static void
put(struct http_request *request, uint32_t opcode)
{
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS}, .header = {.opcode = opcode}}};
	const char *none = http_request_header(request, "If-None-Match");
	bool is_new = none != NULL && http_tags_are_star(bytes_from_string(none));

	question.message.header.flags = is_new ? 0 : MESSAGE_FLAG_OVERWRITE;
	if (body_is_json(request) && http_handle_take(request, &question.values.name) &&
		http_record_take(request, question.values.name, true, &question.values.values)) {
		change_begin(request, &question);
	}
}

void
http_v1_put(struct http_request *request)
{
	put(request, OPCODE_CREATE_HANDLE);
}

void
http_v1_patch(struct http_request *request)
{
	put(request, OPCODE_ADD_VALUE);
}

/* The server completes the name, so that nobody needs to know which are taken. */
void
http_v1_mint(struct http_request *request)
{
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS},
			.header = {.opcode = OPCODE_CREATE_HANDLE, .flags = MESSAGE_FLAG_MINT}}};
	struct bytes prefix;
	uint8_t *octets;

	if (!http_parameter_find(&request->parameters, TEXT("prefix"), &prefix) ||
		prefix.size == 0 || prefix.size > HANDLE_NAME_SIZE_MAX - 1) {
		http_answer_wrong(request, "prefix", (struct bytes){NULL, 0},
			"is missing: a prefix that is homed here");
		return;
	}
	octets = arena_alloc(request->http->arena, prefix.size + 1);
	if (octets == NULL) {
		http_v1_refuse(request, STATUS_NO_MEMORY, (struct bytes){NULL, 0}, prefix);
		return;
	}
	memcpy(octets, prefix.at, prefix.size);
	octets[prefix.size] = '/';
	question.values.name =
		bytes_over(octets, prefix.size + (bytes_find(prefix, '/') == prefix.size));
	if (body_is_json(request) &&
		http_record_take(request, question.values.name, false, &question.values.values)) {
		change_begin(request, &question);
	}
}

void
http_v1_delete(struct http_request *request)
{
	struct request question;

	if (http_delete_take(request, &question)) {
		change_begin(request, &question);
	}
}
