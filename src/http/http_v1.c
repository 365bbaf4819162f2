/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_v1.h"

#include "base/text_writer.h"
#include "http/http_answer.h"
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

/* A tag of ours. Any other is none that a record ever had: its version is one that never comes. */
static uint64_t
tag_read(struct bytes tag)
{
	uint64_t version = 0;
	size_t end;

	if (tag.size < 3 || tag.at[0] != '"' || tag.at[tag.size - 1] != '"') {
		return LEDGER_EXPECT_SOME - 1;
	}
	tag = bytes_slice(tag, 1, tag.size - 2);
	end = bytes_find(tag, '-');
	if (end < tag.size && !bytes_equal(bytes_slice(tag, end, tag.size), TEXT("-all"))) {
		return LEDGER_EXPECT_SOME - 1;
	}
	if (text_read_u64(bytes_slice(tag, 0, end), INT64_MAX, &version) != STATUS_OK ||
		version == 0) {
		return LEDGER_EXPECT_SOME - 1;
	}
	return version;
}

static struct bytes
header_take(const struct http_request *request, const char *name)
{
	const char *text = http_request_header(request, name);
	struct bytes value = text == NULL ? (struct bytes){NULL, 0} : bytes_from_string(text);

	while (value.size > 0 && value.at[0] == ' ') {
		value = bytes_slice(value, 1, value.size);
	}
	while (value.size > 0 && value.at[value.size - 1] == ' ') {
		value.size--;
	}
	return value;
}

bool
http_v1_expected(struct http_request *request, uint64_t *ret_expected)
{
	struct bytes match = header_take(request, "If-Match");
	struct bytes none = header_take(request, "If-None-Match");

	*ret_expected = LEDGER_EXPECT_ANY;
	if (match.size > 0 && none.size > 0) {
		http_answer_wrong(request, "If-Match and If-None-Match", (struct bytes){NULL, 0},
			"cannot both be met: give one of them");
		return false;
	}
	if (none.size > 0 && !bytes_equal(none, TEXT("*"))) {
		http_answer_wrong(request, "If-None-Match", none,
			"is * for a change: there must be no such record");
		return false;
	}
	if (bytes_find(match, ',') < match.size) {
		http_answer_wrong(request, "If-Match", match, "is one tag, or *");
		return false;
	}
	if (none.size > 0) {
		*ret_expected = LEDGER_EXPECT_NONE;
	} else if (match.size > 0) {
		*ret_expected =
			bytes_equal(match, TEXT("*")) ? LEDGER_EXPECT_SOME : tag_read(match);
	}
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
