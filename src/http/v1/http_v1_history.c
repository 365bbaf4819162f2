/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"
#include "http/http_handles.h"
#include "http/http_operation.h"
#include "http/http_route.h"
#include "http/http_v1.h"
#include "http/identity/http_identity.h"

#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "ledger/ledger_history.h"

#include <stdlib.h>

/*
 * What a record was: GET /v1/handles/H?at=WHEN, and GET /v1/handles/H/history, newest first.
 *
 * What is past is no less private than what is: all of it is for those who may read the record
 * (operation_ask.c), and secret keys for nobody. The journal is read on a helper thread, a page at
 * a time, into memory of the request's own.
 */
enum {
	HISTORY_COUNT_MAX = 100,
	HISTORY_COUNT_DEFAULT = 20,
	TIME_SIZE_MAX = 32,
};

/* Made on the loop, filled on a helper thread, told on the loop. */
struct past {
	struct ledger *ledger;
	bool is_history;
	struct ledger_moment moment;
	uint64_t before; /* Entries from this sequence on are passed over. */
	uint64_t count_max;
	bool is_without_values;
	bool is_pretty;
	enum status status;
	bool is_deleted; /* At the moment asked for. */
	struct problem problem;
	char *text; /* HTTP_ANSWER_SIZE_MAX. */
	size_t size;
	size_t name_size;
	uint8_t name[];
};

static void
past_free(void *own)
{
	struct past *past = own;

	free(past->text);
	free(past);
}

static void
entry_write(struct json_writer *writer, const struct journal_entry *entry)
{
	char text[TIME_SIZE_MAX];
	struct text_writer time = text_writer_over(text, sizeof(text));

	text_write_time(&time, entry->time_ms / 1000);
	json_write_name(writer, "version");
	json_write_u64(writer, entry->sequence);
	json_write_name(writer, "time");
	json_write_string(writer, text_written(&time));
	json_write_name(writer, "timeMs");
	json_write_i64(writer, entry->time_ms);
	if (entry->actor.size > 0) {
		json_write_name(writer, "actor");
		json_write_string(writer, entry->actor);
	}
}

/* An entry's record, or that retention took it. */
static enum status
state_write(struct past *past, struct json_writer *writer, const struct journal_entry *entry)
{
	struct record record;
	enum status status;

	if (entry->kind != JOURNAL_PUT || past->is_without_values) {
		return STATUS_OK;
	}
	if (entry->is_pruned) {
		json_write_name(writer, "removedBefore");
		json_write_i64(
			writer, journal_pruned_before(ledger_journal(past->ledger), entry->place));
		return STATUS_OK;
	}
	status = ledger_entry_record(entry, &record);
	if (status == STATUS_OK) {
		json_write_name(writer, "values");
		handle_value_list_write_json(writer, &record.values);
	}
	return status;
}

static enum status
at_write(struct past *past, struct json_writer *writer)
{
	struct bytes name = bytes_over(past->name, past->name_size);
	struct journal_entry entry;
	enum status status =
		ledger_record_at(past->ledger, name, &past->moment, &entry, &past->problem);

	if (status == STATUS_OK && entry.is_pruned) {
		return ledger_entry_removed(past->ledger, &entry, &past->problem);
	}
	if (status == STATUS_OK && entry.kind == JOURNAL_DELETE) {
		past->is_deleted = true;
		return problem_set(&past->problem, STATUS_NOT_FOUND,
			"the handle was deleted by version %llu",
			(unsigned long long)entry.sequence);
	}
	if (status != STATUS_OK) {
		return status;
	}
	json_write_object(writer);
	json_write_name(writer, "handle");
	json_write_string(writer, name);
	entry_write(writer, &entry);
	status = state_write(past, writer, &entry);
	json_write_object_end(writer);
	return status;
}

static const char *
action_of(const struct journal_entry *entry, enum journal_kind kind_before)
{
	return entry->kind == JOURNAL_DELETE ? "delete"
		: kind_before == JOURNAL_PUT ? "modify"
					     : "create";
}

/* What stood before an entry tells whether it made the record or changed it. */
static enum journal_kind
kind_before(const struct past *past, const struct journal_entry *entry)
{
	struct bytes key, record;
	enum journal_kind kind;

	return entry->previous != 0 &&
			journal_peek(ledger_journal(past->ledger), entry->previous, &key, &record,
				&kind) == STATUS_OK
		? kind
		: JOURNAL_DELETE;
}

/* False when there is no room for it. */
static bool
step_write(struct past *past, struct json_writer *writer, const struct journal_entry *entry)
{
	struct json_writer earlier = *writer;

	json_write_object(writer);
	json_write_name(writer, "action");
	json_write_string(writer, bytes_from_string(action_of(entry, kind_before(past, entry))));
	entry_write(writer, entry);
	past->status = state_write(past, writer, entry);
	json_write_object_end(writer);
	if (!json_writer_ok(writer)) {
		json_writer_rewind(writer, &earlier);
		return false;
	}
	return true;
}

static enum status
history_write(struct past *past, struct json_writer *writer)
{
	struct bytes name = bytes_over(past->name, past->name_size);
	struct ledger_history history;
	struct journal_entry entry;
	uint64_t count = 0, next = 0;
	enum status status = ledger_history_begin(past->ledger, name, &history, &past->problem);

	if (status != STATUS_OK) {
		return status;
	}
	json_write_object(writer);
	json_write_name(writer, "handle");
	json_write_string(writer, name);
	json_write_name(writer, "entries");
	json_write_array(writer);
	while (past->status == STATUS_OK && next == 0 &&
		(status = ledger_history_next(&history, &entry)) == STATUS_OK) {
		if (past->before != 0 && entry.sequence >= past->before) {
			continue;
		}
		if (count == past->count_max || !step_write(past, writer, &entry)) {
			next = entry.sequence + 1;
		}
		count++;
	}
	json_write_array_end(writer);
	if (next != 0) {
		json_write_name(writer, "before");
		json_write_u64(writer, next);
	}
	json_write_object_end(writer);
	return past->status != STATUS_OK		  ? past->status
		: status == STATUS_NOT_FOUND || next != 0 ? STATUS_OK
							  : status;
}

/* On a helper thread. */
static void
past_read(void *context)
{
	struct http_request *request = context;
	struct past *past = request->own;
	/* Room is kept for what closes the objects. */
	enum { TAIL_SIZE = 128 };
	struct json_writer writer;

	past->text = malloc(HTTP_ANSWER_SIZE_MAX);
	if (past->text == NULL) {
		past->status = STATUS_NO_MEMORY;
		return;
	}
	writer = json_writer_over(past->text, HTTP_ANSWER_SIZE_MAX - TAIL_SIZE);
	writer.hides_secrets = true;
	writer.is_pretty = past->is_pretty;
	past->status = past->is_history ? history_write(past, &writer) : at_write(past, &writer);
	writer.end += TAIL_SIZE;
	past->size = json_written(&writer).size;
	if (past->status == STATUS_OK) {
		past->status = json_writer_end(&writer);
	}
}

static void
past_told(struct http_request *request, const struct response *response, bool is_last)
{
	struct past *past = request->own;
	struct bytes name = bytes_over(past->name, past->name_size);
	enum status status = operation_outcome(request->operation);

	(void)is_last;
	if (status != STATUS_OK) {
		http_v1_refuse(request, status, http_response_text(response), name);
	} else if (past->status != STATUS_OK) {
		http_problem(request,
			&(struct http_problem){
				.status = past->is_deleted ? 410
					: past->status == STATUS_NOT_FOUND ||
						past->status == STATUS_INVALID
					? 404
					: 500,
				.code = past->status == STATUS_CORRUPT ? RESPONSE_ERROR
								       : RESPONSE_HANDLE_NOT_FOUND,
				.detail = bytes_from_string(past->problem.text),
				.handle = name,
			});
	} else {
		http_answer(request, &(struct http_answer){.status = 200, .depends_on_asker = true},
			bytes_over(past->text, past->size));
	}
}

/* A sequence, or a time. */
static bool
moment_take(struct http_request *request, struct ledger_moment *moment)
{
	struct bytes text;
	uint64_t sequence = 0;

	if (!http_parameter_find(&request->parameters, TEXT("at"), &text)) {
		return true;
	}
	if (text_read_u64(text, INT64_MAX, &sequence) == STATUS_OK) {
		*moment = (struct ledger_moment){.sequence = sequence};
		return true;
	}
	if (ledger_moment_read(text, moment) == STATUS_OK) {
		return true;
	}
	http_answer_wrong(request, "at", text,
		"is neither a version, as 12, nor a time, as 2026-11-27T08:00:00Z");
	return false;
}

static struct past *
past_new(struct http_request *request, bool is_history)
{
	struct past *past;
	struct bytes name;

	if (!http_handle_take(request, &name)) {
		return NULL;
	}
	past = calloc(1, sizeof(*past) + name.size);
	if (past == NULL) {
		http_v1_refuse(request, STATUS_NO_MEMORY, (struct bytes){NULL, 0}, name);
		return NULL;
	}
	request->own = past;
	request->own_free = past_free;
	past->ledger = service_ledger(request->http->service);
	past->is_history = is_history;
	past->count_max = HISTORY_COUNT_DEFAULT;
	past->name_size = name.size;
	memcpy(past->name, name.at, name.size);
	past->is_pretty = http_parameter_is_true(&request->parameters, TEXT("pretty"));
	past->is_without_values =
		is_history && !http_parameter_is_true(&request->parameters, TEXT("values"));
	return past;
}

static void
past_begin(struct http_request *request, struct past *past)
{
	struct request question = {
		.message = {.envelope = {.version = VERSION_OURS, .suggested = VERSION_OURS},
			.header = {.opcode = OPCODE_RESOLUTION}},
		.resolution = {.name = bytes_over(past->name, past->name_size)}};
	struct http_operation_order order = {
		.question = &question, .answered = past_told, .is_asking = true, .work = past_read};

	if (http_identity_take(request, &order.claim)) {
		http_operation_begin(request, &order);
	}
}

void
http_v1_past(struct http_request *request)
{
	struct past *past = past_new(request, false);

	if (past != NULL && moment_take(request, &past->moment)) {
		past_begin(request, past);
	}
}

void
http_v1_history(struct http_request *request)
{
	struct past *past = past_new(request, true);

	if (past != NULL && http_v1_number(request, "before", INT64_MAX, &past->before) &&
		http_v1_number(request, "limit", HISTORY_COUNT_MAX, &past->count_max)) {
		past_begin(request, past);
	}
}
