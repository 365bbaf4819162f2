/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_elsewhere.h"

#include "http/http_answer.h"
#include "http/http_operation.h"
#include "http/http_route.h"

#include <stdlib.h>

/* What a question is on the wire beside its names and numbers: envelope, header, sizes. */
enum { QUESTION_FRAME_SIZE = 128 };

/* One question, and what others said. */
struct fetch {
	struct http_elsewhere *all;
	struct operation *operation; /* Under way, or over and not yet let go. */
	struct bytes question; /* As a message: no other means the same. */
	struct bytes answer; /* With its envelope; empty: none, and `code` says why. */
	enum response_code code;
	const char *text;
	bool is_asked;
	bool is_answered;
};

struct http_elsewhere {
	struct http_request *request;
	size_t count;
	struct fetch items[HTTP_ELSEWHERE_COUNT_MAX];
	size_t waiting_count;
	size_t memory; /* Of all answers. */
	int64_t begun_ms; /* The first was asked; 0: none was. */
	bool is_starting;
	bool is_counted; /* The handle that was asked for. */
};

void
http_elsewhere_free(struct http_elsewhere *elsewhere)
{
	if (elsewhere == NULL) {
		return;
	}
	for (size_t i = 0; i < elsewhere->count; i++) {
		struct fetch *fetch = &elsewhere->items[i];

		operation_free(fetch->operation);
		free((void *)(uintptr_t)fetch->question.at);
		free((void *)(uintptr_t)fetch->answer.at);
	}
	free(elsewhere);
}

bool
http_resolved_is_unknown(const struct http_resolved *resolved)
{
	return resolved->code == RESPONSE_ERROR || resolved->code == RESPONSE_SERVER_TOO_BUSY;
}

static struct bytes
heap_copy(struct bytes octets)
{
	uint8_t *copy = malloc(octets.size);

	if (copy == NULL) {
		return (struct bytes){NULL, 0};
	}
	memcpy(copy, octets.at, octets.size);
	return bytes_over(copy, octets.size);
}

static void
resolved_fail(struct http_resolved *resolved, enum response_code code, const char *text)
{
	resolved->code = code;
	resolved->text = bytes_from_string(text);
	resolved->values = (struct handle_value_list){0, {NULL, 0}};
	resolved->is_elsewhere = false;
}

/*
 * Looking up
 */

/* The question as octets; empty: memory is short. */
static struct bytes
question_write(const struct request *question, struct arena *arena)
{
	const struct request_resolution *resolution = &question->resolution;
	size_t capacity = resolution->name.size + resolution->indexes.size +
		resolution->types.size + QUESTION_FRAME_SIZE;
	uint8_t *octets = arena_alloc(arena, capacity);
	struct wire_writer writer = wire_writer_over(octets, octets == NULL ? 0 : capacity);

	request_write(&writer, question);
	return wire_writer_end(&writer) == STATUS_OK ? wire_written(&writer)
						     : (struct bytes){NULL, 0};
}

static struct fetch *
fetch_find(struct http_elsewhere *elsewhere, struct bytes question)
{
	for (size_t i = 0; elsewhere != NULL && i < elsewhere->count; i++) {
		if (bytes_equal(elsewhere->items[i].question, question)) {
			return &elsewhere->items[i];
		}
	}
	return NULL;
}

static void
fetch_tell(const struct fetch *fetch, struct bytes name, struct http_resolved *resolved)
{
	struct response response;

	*resolved = (struct http_resolved){.name = name};
	if (!fetch->is_answered) {
		resolved->is_elsewhere = true;
		resolved->code = RESPONSE_ERROR;
	} else if (fetch->answer.size == 0 ||
		http_response_read(fetch->answer, &response) != STATUS_OK) {
		resolved_fail(resolved, fetch->code, fetch->text);
	} else {
		*resolved = http_resolved_of(&response, name);
	}
}

static void
fetch_note(struct http_request *request, const struct request *question,
	struct http_resolved *resolved)
{
	struct bytes octets = question_write(question, request->http->arena);
	struct http_elsewhere *elsewhere = request->elsewhere;
	struct fetch *fetch;

	if (elsewhere == NULL) {
		elsewhere = request->elsewhere = calloc(1, sizeof(*elsewhere));
	}
	if (elsewhere == NULL || octets.size == 0) {
		resolved_fail(resolved, RESPONSE_SERVER_TOO_BUSY, "memory is short");
		return;
	}
	elsewhere->request = request;
	if (elsewhere->count == HTTP_ELSEWHERE_COUNT_MAX) {
		resolved_fail(resolved, RESPONSE_SERVER_TOO_BUSY,
			"too many records of other nodes are needed");
		return;
	}
	fetch = &elsewhere->items[elsewhere->count];
	*fetch = (struct fetch){.all = elsewhere, .question = heap_copy(octets)};
	if (fetch->question.size == 0) {
		resolved_fail(resolved, RESPONSE_SERVER_TOO_BUSY, "memory is short");
		return;
	}
	elsewhere->count++;
}

static void
find(struct http_request *request, const struct request *question, bool is_asked,
	struct arena *arena, struct http_resolved *ret_resolved)
{
	bool is_again = request->elsewhere != NULL;
	const struct fetch *fetch =
		is_again ? fetch_find(request->elsewhere, question_write(question, arena)) : NULL;
	uint8_t source[16];

	if (fetch != NULL) {
		fetch_tell(fetch, question->resolution.name, ret_resolved);
		return;
	}
	address_octets(request->asker, source);
	http_look_up_as(request->http, question,
		&(struct http_look_up){.source = source,
			.arena = arena,
			.is_counted = is_asked && is_again,
			.is_noted = is_asked && !is_again},
		ret_resolved);
	if (ret_resolved->is_elsewhere) {
		fetch_note(request, question, ret_resolved);
	}
}

void
http_find(struct http_request *request, const struct request *question, struct arena *arena,
	struct http_resolved *ret_resolved)
{
	find(request, question, false, arena, ret_resolved);
}

void
http_find_asked(struct http_request *request, const struct request *question,
	struct http_resolved *ret_resolved)
{
	find(request, question, true, request->http->arena, ret_resolved);
	if (ret_resolved->is_elsewhere) {
		return;
	}
	if (request->elsewhere == NULL || !request->elsewhere->is_counted) {
		http_code_count(request->http, ret_resolved->code);
	}
	if (request->elsewhere != NULL) {
		request->elsewhere->is_counted = true;
	}
}

/*
 * Asking
 */

/* Whatever was said so far is said anew, with what has come. */
static void
answer_again(struct http_request *request)
{
	request->link = NULL;
	request->is_chosen = false;
	http_route(request);
}

static void
fetch_keep(struct fetch *fetch)
{
	struct http_elsewhere *elsewhere = fetch->all;
	struct bytes octets = operation_octets(fetch->operation);

	fetch->is_answered = true;
	if (octets.size > REQUEST_MEMORY_MAX - elsewhere->memory) {
		fetch->code = RESPONSE_SERVER_TOO_BUSY;
		fetch->text = "the records of other nodes are too large together";
	} else {
		fetch->answer = octets.size == 0 ? octets : heap_copy(octets);
		fetch->code = RESPONSE_ERROR;
		fetch->text = "the answer of another node was lost";
		elsewhere->memory += fetch->answer.size;
	}
	operation_free(fetch->operation);
	fetch->operation = NULL;
}

static void
fetch_answered(void *context, bool is_last)
{
	struct fetch *fetch = context;
	struct http_elsewhere *elsewhere = fetch->all;
	struct http_request *request = elsewhere->request;

	(void)is_last; /* Resolutions have one answer. */
	fetch_keep(fetch);
	elsewhere->waiting_count--;
	if (elsewhere->waiting_count > 0 || elsewhere->is_starting) {
		return;
	}
	arena_reset(request->http->arena);
	answer_again(request);
	if (request->response == NULL && elsewhere->waiting_count == 0 &&
		request->operation == NULL) {
		http_answer_code(request, 503, RESPONSE_SERVER_TOO_BUSY, TEXT("Memory is short"),
			(struct bytes){NULL, 0});
	}
	arena_reset(request->http->arena);
	if (request->response != NULL) {
		http_operation_answered_now(request);
	}
}

/* What cannot be asked is answered with why. */
static void
fetch_start(struct fetch *fetch, uint32_t left_ms)
{
	struct http_request *request = fetch->all->request;
	struct operation_order order = {
		.envelope = {.version = VERSION_OURS,
			.suggested = VERSION_OURS,
			.message_size = (uint32_t)fetch->question.size},
		.message = fetch->question,
		.is_unchallenged = true,
		.deadline_ms = left_ms,
		.answered = fetch_answered,
		.context = fetch,
	};
	enum status status = STATUS_TIMED_OUT;

	address_octets(request->asker, order.source);
	fetch->is_asked = true;
	if (left_ms > 0) {
		status = operation_new(request->http->service, &order, &fetch->operation);
	}
	if (status != STATUS_OK) {
		fetch->is_answered = true;
		fetch->code = service_response_code(status);
		fetch->text = status == STATUS_TIMED_OUT
			? "the time for records of other nodes is over"
			: "too much is under way";
		return;
	}
	fetch->all->waiting_count++;
	operation_start(fetch->operation);
}

static uint32_t
left_ms(struct http_elsewhere *elsewhere)
{
	int64_t now_ms = loop_now_ms(elsewhere->request->http->loop);
	int64_t left;

	if (elsewhere->begun_ms == 0) {
		elsewhere->begun_ms = now_ms;
	}
	left = elsewhere->begun_ms + RESOLVER_DEADLINE_MS - now_ms;
	return left > 0 ? (uint32_t)left : 0;
}

bool
http_elsewhere_fetch(struct http_request *request)
{
	struct http_elsewhere *elsewhere = request->elsewhere;
	bool is_any_new = false;

	if (elsewhere == NULL) {
		return false;
	}
	elsewhere->is_starting = true;
	for (size_t i = 0; i < elsewhere->count; i++) {
		if (!elsewhere->items[i].is_asked) {
			fetch_start(&elsewhere->items[i], left_ms(elsewhere));
			is_any_new = true;
		}
	}
	elsewhere->is_starting = false;
	if (elsewhere->waiting_count > 0) {
		http_operation_wait(request);
	} else if (is_any_new) {
		answer_again(request);
	}
	return is_any_new;
}
