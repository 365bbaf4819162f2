/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_change.h"
#include "http/http_answer.h"
#include "http/http_handles.h"
#include "http/http_operation.h"
#include "http/http_record.h"
#include "http/http_route.h"
#include "http/identity/http_identity.h"

#include "base/text_writer.h"

/*
 * PUT and DELETE of /api/handles/H (http-api, 6 and 7): which operation of the Handle protocol is
 * meant, and how its answer is told.
 */

/* These two are true for "true" alone; overwriting is the rule for PUT. */
static bool
parameter_says_true(const struct http_request *request, struct bytes name, bool otherwise)
{
	struct bytes text;

	return http_parameter_find(&request->parameters, name, &text)
		? bytes_equal_fold(text, TEXT("true"))
		: otherwise;
}

static void
change_answered(struct http_request *request, const struct response *response, bool is_last)
{
	enum response_code code = http_response_code(response);
	bool is_new = (request->method == HTTP_PUT) &&
		(response->message.header.flags & MESSAGE_FLAG_OVERWRITE) == 0;
	struct bytes name;

	(void)is_last;
	if (!http_handle_take(request, &name)) {
		return;
	}
	if (code == RESPONSE_SUCCESS && (response->message.header.flags & MESSAGE_FLAG_MINT) != 0 &&
		response->message.header.opcode == OPCODE_CREATE_HANDLE) {
		name = response->created.name;
	}
	http_answer_code(request,
		http_status_of(
			code, is_new ? HTTP_OUTCOME_CREATED : HTTP_OUTCOME_DONE, request->is_tls),
		code, http_response_text(response), name);
}

/* Without TLS nobody can prove anything, so nobody may change anything. */
void
http_change_start(struct http_request *request, const struct request *question)
{
	const struct operation_claim *claim;

	if (http_identity_take(request, &claim)) {
		http_operation_start(request, question, claim, change_answered);
	}
}

/* Each index asked for is one of the values, and each value was asked for. */
static bool
indexes_match(struct bytes indexes, uint32_t count, const struct handle_value_list *values)
{
	struct wire_reader walk = handle_value_list_walk(values);
	struct handle_value value;
	uint64_t found[HTTP_PARAMETER_COUNT_MAX / 64 + 1] = {0};

	while (handle_value_next(&walk, &value)) {
		struct wire_reader asked = wire_reader_over(indexes);
		bool is_asked = false;

		for (uint32_t i = 0; i < count; i++) {
			if (wire_read_u32(&asked) == value.index) {
				found[i / 64] |= (uint64_t)1 << (i % 64);
				is_asked = true;
			}
		}
		if (!is_asked) {
			return false;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		if ((found[i / 64] >> (i % 64) & 1) == 0) {
			return false;
		}
	}
	return true;
}

/* Which operation it is; false: answered. */
static bool
opcode_take(struct http_request *request, struct request *question)
{
	struct bytes text;
	struct bytes indexes;
	uint32_t count;

	question->message.header.opcode = OPCODE_CREATE_HANDLE;
	if (!http_parameter_find(&request->parameters, TEXT("index"), &text)) {
		return true;
	}
	question->message.header.opcode = OPCODE_ADD_VALUE;
	if (bytes_equal_fold(text, TEXT("various"))) {
		return true;
	}
	if (!http_indexes_take(request, &indexes, &count)) {
		return false;
	}
	if (!indexes_match(indexes, count, &question->values.values)) {
		http_answer_wrong(request, "index", (struct bytes){NULL, 0},
			"names other values than those of the body");
		return false;
	}
	return true;
}

void
http_handles_put(struct http_request *request)
{
	struct request question = {.message = {.envelope = {.version = VERSION_OURS}}};
	uint32_t flags = 0;

	if (!http_type_is(request, TEXT("application/json"))) {
		http_answer_wrong(request, "Content-Type", (struct bytes){NULL, 0},
			"must be application/json");
		return;
	}
	if (parameter_says_true(request, TEXT("mintNewSuffix"), false)) {
		flags |= MESSAGE_FLAG_MINT;
	}
	if (parameter_says_true(request, TEXT("overwrite"), true)) {
		flags |= MESSAGE_FLAG_OVERWRITE;
	}
	if (!http_handle_take(request, &question.values.name) ||
		!http_record_take(request, question.values.name, (flags & MESSAGE_FLAG_MINT) == 0,
			&question.values.values) ||
		!opcode_take(request, &question)) {
		return;
	}
	question.message.header.flags = flags;
	http_change_start(request, &question);
}

bool
http_delete_take(struct http_request *request, struct request *ret_question)
{
	struct request *question = ret_question;
	struct bytes indexes;
	struct bytes name;
	uint32_t count;

	*question = (struct request){.message = {.envelope = {.version = VERSION_OURS}}};
	if (!http_handle_take(request, &name) || !http_indexes_take(request, &indexes, &count)) {
		return false;
	}
	if (count == 0) {
		question->message.header.opcode = OPCODE_DELETE_HANDLE;
		question->name.name = name;
	} else {
		question->message.header.opcode = OPCODE_REMOVE_VALUE;
		question->indexes = (struct request_indexes){name, count, indexes};
	}
	return true;
}

void
http_handles_delete(struct http_request *request)
{
	struct request question;

	if (http_delete_take(request, &question)) {
		http_change_start(request, &question);
	}
}
