/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_v1.h"

#include "base/clock.h"
#include "base/text_writer.h"
#include "http/http_answer.h"
#include "http/http_condition.h"
#include "ledger/ledger.h"

static const char *
title_of(unsigned int status)
{
	switch (status) {
	case 300:
		return "Multiple Choices";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 410:
		return "Gone";
	case 412:
		return "Precondition Failed";
	case 413:
		return "Content Too Large";
	case 415:
		return "Unsupported Media Type";
	case 422:
		return "Unprocessable Content";
	case 501:
		return "Not Implemented";
	case 503:
		return "Service Unavailable";
	case 507:
		return "Insufficient Storage";
	default:
		return "Internal Server Error";
	}
}

static void
member_write(struct json_writer *writer, const char *name, struct bytes text)
{
	if (text.size > 0) {
		json_write_name(writer, name);
		json_write_string(writer, text);
	}
}

void
http_problem(struct http_request *request, const struct http_problem *problem)
{
	struct http_json json;
	struct json_writer *writer = http_json_begin(request, &json);

	json_write_object(writer);
	member_write(writer, "type", TEXT("about:blank"));
	member_write(writer, "title", bytes_from_string(title_of(problem->status)));
	json_write_name(writer, "status");
	json_write_u64(writer, problem->status);
	member_write(writer, "detail",
		problem->detail.size > 0 ? problem->detail
					 : bytes_from_string(response_code_text(problem->code)));
	json_write_name(writer, "responseCode");
	json_write_u64(writer, problem->code);
	member_write(writer, "handle", problem->handle);
	json_write_object_end(writer);
	http_json_answer(request, &json,
		&(struct http_answer){.status = problem->status,
			.type = "application/problem+json;charset=utf-8",
			.allow = problem->allow});
}

void
http_v1_refuse(
	struct http_request *request, enum status status, struct bytes detail, struct bytes handle)
{
	struct http_problem problem = {
		.code = service_response_code(status), .detail = detail, .handle = handle};

	problem.status = status == STATUS_CONFLICT
		? 412
		: http_status_of(problem.code, HTTP_OUTCOME_DONE, request->is_tls);
	if (status == STATUS_EXISTS && http_request_header(request, "If-None-Match") != NULL) {
		problem.status = 412;
	}
	if (status == STATUS_CONFLICT) {
		problem.detail = TEXT("The record does not have the version that is expected");
	}
	http_problem(request, &problem);
}

void
http_v1_tag(uint64_t version, bool is_all, char ret_tag[HTTP_TAG_SIZE])
{
	struct text_writer writer = text_writer_over(ret_tag, HTTP_TAG_SIZE - 1);

	text_write_char(&writer, '"');
	text_write_u64(&writer, version);
	text_write_string(&writer, is_all ? "-all\"" : "\"");
	ret_tag[text_written(&writer).size] = '\0';
}

/* A tag of ours; 0: any other, which no record ever had. */
static uint64_t
tag_read(struct bytes tag)
{
	struct bytes text = bytes_slice(tag, 1, tag.size - 2);
	size_t end = bytes_find(text, '-');
	uint64_t version = 0;

	if ((end < text.size && !bytes_equal(bytes_slice(text, end, text.size), TEXT("-all"))) ||
		text_read_u64(bytes_slice(text, 0, end), INT64_MAX, &version) != STATUS_OK) {
		return 0;
	}
	return version;
}

struct taking {
	struct ledger_condition *condition;
	bool is_too_long;
	int date_count;
	struct bytes date;
};

static void
versions_take(
	struct taking *taking, struct ledger_versions *versions, struct bytes list, bool is_strong)
{
	struct http_tag tag;

	versions->is_given = true;
	versions->is_any = versions->is_any || http_tags_are_star(list);
	while (http_tag_next(&list, &tag)) {
		uint64_t version = is_strong && tag.is_weak ? 0 : tag_read(tag.text);

		if (version == 0) {
			continue;
		}
		if (versions->count == LEDGER_VERSION_COUNT_MAX) {
			taking->is_too_long = true;
			return;
		}
		versions->items[versions->count++] = version;
	}
}

static enum MHD_Result
condition_take(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct taking *taking = context;
	struct bytes header = bytes_from_string(name);
	struct bytes text = value == NULL ? (struct bytes){NULL, 0} : bytes_from_string(value);

	(void)kind;
	if (bytes_equal_fold(header, TEXT("If-Match"))) {
		versions_take(taking, &taking->condition->match, text, true);
	} else if (bytes_equal_fold(header, TEXT("If-None-Match"))) {
		versions_take(taking, &taking->condition->none, text, false);
	} else if (bytes_equal_fold(header, TEXT("If-Unmodified-Since"))) {
		taking->date_count++;
		taking->date = text;
	}
	return MHD_YES;
}

bool
http_v1_condition(struct http_request *request, struct ledger_condition *ret_condition)
{
	struct taking taking = {.condition = ret_condition};

	*ret_condition = (struct ledger_condition){.has_time = false};
	MHD_get_connection_values(request->transport, MHD_HEADER_KIND, condition_take, &taking);
	if (taking.is_too_long) {
		http_answer_wrong(request, "If-Match or If-None-Match", (struct bytes){NULL, 0},
			"has more than 64 tags");
		return false;
	}
	ret_condition->has_time = taking.date_count == 1 &&
		http_date_read(taking.date, clock_wall_ms() / 1000, &ret_condition->time_s) ==
			STATUS_OK;
	return true;
}

bool
http_v1_number(struct http_request *request, const char *name, uint64_t max, uint64_t *number)
{
	struct bytes text;

	if (http_parameter_find(&request->parameters, bytes_from_string(name), &text) &&
		text_read_u64(text, max, number) != STATUS_OK) {
		http_answer_wrong(request, name, text, "is no number, or too large");
		return false;
	}
	return true;
}
