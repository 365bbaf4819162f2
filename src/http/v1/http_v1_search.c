/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"
#include "http/http_handles.h"
#include "http/http_operation.h"
#include "http/http_route.h"
#include "http/http_v1.h"
#include "http/identity/http_identity.h"

#include "base/base64.h"
#include "handle/handle_json.h"
#include "ledger/ledger.h"
#include "records/records_search.h"

#include <stdlib.h>

/*
 * GET /v1/search: which handles of a prefix have a value of a type, by an index that the settings
 * ask for (search.index). Names of handles are what lists tell, so the right is the same. The index
 * is read on a helper thread, a page at a time.
 */
enum {
	SEARCH_COUNT_DEFAULT = 20,
	SEARCH_COUNT_MAX = 100,
	LOOK_COUNT_MAX = 2000, /* Rows that one request looks at. */
	TAIL_SIZE = 1024, /* Kept for what closes the answer. */
};

struct search {
	struct ledger *ledger;
	struct records_search_question question; /* Its runs are in `arena`. */
	struct arena *arena;
	uint64_t count, count_max;
	struct json_writer writer;
	char *text; /* HTTP_ANSWER_SIZE_MAX. */
	enum status status;
};

static void
search_free(void *own)
{
	struct search *search = own;

	arena_free(search->arena);
	free(search->text);
	free(search);
}

static bool
search_found(void *context, const struct record *record, const struct handle_value *value,
	struct bytes key)
{
	struct search *search = context;
	struct json_writer earlier = search->writer;

	(void)key;
	if (search->count == search->count_max) {
		return false;
	}
	json_write_object(&search->writer);
	json_write_name(&search->writer, "handle");
	json_write_string(&search->writer, record->name);
	json_write_name(&search->writer, "version");
	json_write_u64(&search->writer, ledger_record_version(search->ledger, record));
	json_write_name(&search->writer, "value");
	handle_value_write_json(&search->writer, value);
	json_write_object_end(&search->writer);
	if (!json_writer_ok(&search->writer)) {
		json_writer_rewind(&search->writer, &earlier);
		return false;
	}
	search->count++;
	return true;
}

static void
next_write(struct search *search, const struct records_search_key *next)
{
	if (next->size > 0) {
		json_write_name(&search->writer, "next");
		json_write_base64url(&search->writer, bytes_over(next->octets, next->size));
	}
}

/* On a helper thread. */
static void
search_run(void *context)
{
	struct search *search = ((struct http_request *)context)->own;
	struct records_search *index = ledger_search(search->ledger);
	struct records_reader *reader = records_reader_new(ledger_records(search->ledger));
	struct records_search_key next = {.size = 0};

	search->text = malloc(HTTP_ANSWER_SIZE_MAX);
	search->status = STATUS_NO_MEMORY;
	if (search->text != NULL && reader != NULL) {
		search->writer = json_writer_over(search->text, HTTP_ANSWER_SIZE_MAX - TAIL_SIZE);
		json_write_object(&search->writer);
		json_write_name(&search->writer, "version");
		json_write_u64(&search->writer, records_search_sequence(index));
		json_write_name(&search->writer, "found");
		json_write_array(&search->writer);
		records_enter(reader);
		search->status = records_search_find(
			index, reader, &search->question, search_found, search, &next);
		records_leave(reader);
		search->writer.end += TAIL_SIZE;
		json_write_array_end(&search->writer);
		next_write(search, &next);
		json_write_object_end(&search->writer);
	}
	records_reader_free(reader);
}

static void
search_told(struct http_request *request, const struct response *response, bool is_last)
{
	struct search *search = request->own;
	enum status status = operation_outcome(request->operation);

	(void)is_last;
	if (status != STATUS_OK) {
		http_v1_refuse(
			request, status, http_response_text(response), (struct bytes){NULL, 0});
	} else if (search->status == STATUS_NOT_FOUND) {
		http_answer_wrong(request, "type", search->question.type,
			"is not in the index: search.index in houji.yaml names those that are");
	} else if (search->status != STATUS_OK || json_writer_end(&search->writer) != STATUS_OK) {
		http_v1_refuse(request,
			search->status == STATUS_OK ? STATUS_TOO_LARGE : search->status,
			(struct bytes){NULL, 0}, (struct bytes){NULL, 0});
	} else {
		http_answer(request, &(struct http_answer){.status = 200, .depends_on_asker = true},
			json_written(&search->writer));
	}
}

/* What was told as "next". */
static bool
behind_take(struct http_request *request, struct search *search)
{
	struct bytes text;
	uint8_t *octets;
	size_t size = 0;

	if (!http_parameter_find(&request->parameters, TEXT("after"), &text)) {
		return true;
	}
	octets = arena_alloc(search->arena, base64_decoded_size_max(text.size) + 1);
	if (octets == NULL || base64_decode(text, BASE64_URL, octets, &size) != STATUS_OK ||
		size > SEARCH_KEY_SIZE_MAX) {
		http_answer_wrong(request, "after", text, "is not the \"next\" of an answer");
		return false;
	}
	search->question.behind = bytes_over(octets, size);
	return true;
}

static bool
question_take(struct http_request *request, struct search *search)
{
	struct records_search_question *question = &search->question;
	const struct http_parameters *parameters = &request->parameters;
	struct bytes prefix = {NULL, 0}, type = {NULL, 0}, value = {NULL, 0};

	(void)http_parameter_find(parameters, TEXT("prefix"), &prefix);
	(void)http_parameter_find(parameters, TEXT("type"), &type);
	question->has_value = http_parameter_find(parameters, TEXT("value"), &value);
	question->is_beginning = http_parameter_is_true(parameters, TEXT("beginning"));
	if (bytes_start_with_fold(prefix, TEXT("0.NA/"))) {
		prefix = bytes_slice(prefix, 5, prefix.size);
	}
	if (prefix.size == 0 || prefix.size > HANDLE_NAME_SIZE_MAX - 5 ||
		bytes_find(prefix, '/') < prefix.size) {
		http_answer_wrong(
			request, "prefix", prefix, prefix.size == 0 ? "is missing" : "is none");
		return false;
	}
	if (type.size == 0) {
		http_answer_wrong(request, "type", (struct bytes){NULL, 0}, "is missing");
		return false;
	}
	question->prefix = arena_copy(search->arena, prefix);
	question->type = arena_copy(search->arena, type);
	question->value = arena_copy(search->arena, value);
	question->look_max = LOOK_COUNT_MAX;
	if (!http_v1_number(request, "limit", SEARCH_COUNT_MAX, &search->count_max) ||
		!behind_take(request, search)) {
		return false;
	}
	if (search->count_max == 0) {
		http_answer_wrong(request, "limit", TEXT("0"), "is from 1 to 100");
		return false;
	}
	if (question->prefix.at == NULL || question->type.at == NULL ||
		question->value.at == NULL) {
		http_v1_refuse(request, STATUS_NO_MEMORY, (struct bytes){NULL, 0}, prefix);
		return false;
	}
	return true;
}

static void
search_begin(struct http_request *request, const struct search *search)
{
	struct bytes prefix = search->question.prefix;
	uint8_t *octets = arena_alloc(request->http->arena, prefix.size + 5);
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
			.header = {.opcode = OPCODE_LIST_HANDLES}}};
	struct http_operation_order order = {.question = &question,
		.answered = search_told,
		.is_asking = true,
		.work = search_run};

	if (octets == NULL) {
		http_v1_refuse(request, STATUS_NO_MEMORY, (struct bytes){NULL, 0}, prefix);
		return;
	}
	memcpy(octets, "0.NA/", 5);
	memcpy(octets + 5, prefix.at, prefix.size);
	question.name.name = bytes_over(octets, prefix.size + 5);
	if (http_identity_take(request, &order.claim)) {
		http_operation_begin(request, &order);
	}
}

void
http_v1_search(struct http_request *request)
{
	struct ledger *ledger = service_ledger(request->http->service);
	struct search *search;

	if (ledger_search(ledger) == NULL) {
		http_problem(request,
			&(struct http_problem){.status = 501,
				.code = RESPONSE_OPERATION_NOT_SUPPORTED,
				.detail = TEXT("There is no index of values here: search.index in "
					       "houji.yaml "
					       "asks for one")});
		return;
	}
	search = calloc(1, sizeof(*search));
	if (search == NULL) {
		http_v1_refuse(request, STATUS_NO_MEMORY, (struct bytes){NULL, 0},
			(struct bytes){NULL, 0});
		return;
	}
	request->own = search;
	request->own_free = search_free;
	search->ledger = ledger;
	search->count_max = SEARCH_COUNT_DEFAULT;
	search->arena = arena_new(4096, REQUEST_MEMORY_MAX);
	if (search->arena == NULL) {
		http_v1_refuse(request, STATUS_NO_MEMORY, (struct bytes){NULL, 0},
			(struct bytes){NULL, 0});
	} else if (question_take(request, search)) {
		search_begin(request, search);
	}
}
