/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"
#include "http/http_operation.h"
#include "http/http_route.h"
#include "http/http_v1.h"
#include "http/identity/http_identity.h"

#include "ledger/ledger.h"
#include "message/change_line.h"
#include "service/change_stream.h"
#include "service/result_files.h"

#include <stdlib.h>

/*
 * POST /v1/bulk: changes as lines of JSON, as `houji batch` has them, and a line of JSON for each
 * in answer.
 *
 * The body is never held: lines go to the ledger as they come, and when too many are under way the
 * connection is suspended, so that the sender waits. libmicrohttpd takes an answer before the body,
 * which it then leaves unread, or behind it, and none between; so results wait on disk
 * (result_files.h), and the answer begins with the end of the body. A line that is wrong or refused
 * stops nothing.
 *
 * With an Idempotency-Key the results are kept, and the same lines sent again with the same key are
 * answered with them: nothing is done twice. So are those of a request that broke off: it lives on
 * without its connection until all its lines are answered (`is_left`), and who sends them again
 * goes on behind them.
 */
enum {
	LINE_BLOCK_SIZE = 65536,
	LINE_ROOM_SIZE = 2 * CHANGE_LINE_ROOM,
	RESULT_SIZE_MAX = 8 * HANDLE_NAME_SIZE_MAX + 4096,
	REFUSED_SIZE_MAX =
		1 << 20, /* Read of somebody who may send nothing, before it is cut off. */
};

struct bulk {
	struct http *http;
	struct http_request *request; /* NULL: it broke off. */
	struct change_stream *stream; /* NULL: nobody may send, yet or at all. */
	struct result_file *results;
	bool is_repeat; /* The results are there already: lines are only compared. */
	bool is_at_end; /* The whole body was read. */
	bool is_finished; /* The results are whole. */
	bool is_waiting; /* The connection is suspended until there is room. */
	uint64_t refused_size; /* Octets read in vain. */
	/* The line in hand, as far as it came. */
	uint8_t *line;
	size_t line_size, line_capacity;
	bool is_line_too_large;
	/* Lines so far; the digest is of each with the one before. */
	struct result_progress progress;
	struct result_progress kept; /* Of the request that came with this key before. */
	bool is_other; /* These are not its lines. */
	bool has_key;
	uint8_t key[RESULT_KEY_SIZE];
};

_Static_assert((int)RESULT_KEY_SIZE == (int)CRYPTO_DIGEST_SIZE_MAX, "a digest is a key");

static void
bulk_destroy(struct bulk *bulk)
{
	bulk->http->bulk_count--;
	change_stream_close(bulk->stream);
	result_file_end(bulk->results);
	free(bulk->line);
	free(bulk);
}

static void
bulk_resume(struct bulk *bulk)
{
	struct http_request *request = bulk->request;

	if (bulk->is_waiting) {
		bulk->is_waiting = false;
		request->is_suspended = false;
		MHD_resume_connection(request->transport);
		http_face_wake(request->connection->face);
	}
}

/* Until bulk_resume(). */
static void
bulk_wait(struct bulk *bulk)
{
	bulk->is_waiting = true;
	bulk->request->is_suspended = true;
	MHD_suspend_connection(bulk->request->transport);
}

static void
member_text(struct json_writer *writer, const char *name, struct bytes text)
{
	if (text.size > 0) {
		json_write_name(writer, name);
		json_write_string(writer, text);
	}
}

static void
member_number(struct json_writer *writer, const char *name, uint64_t number)
{
	json_write_name(writer, name);
	json_write_u64(writer, number);
}

static void
line_write(struct bulk *bulk, struct json_writer *writer)
{
	if (json_writer_end(writer) == STATUS_OK) {
		result_file_write(bulk->results, json_written(writer));
		result_file_write(bulk->results, TEXT("\n"));
	}
}

static void
result_write(struct bulk *bulk, const struct change_stream_result *result)
{
	char text[RESULT_SIZE_MAX] __attribute__((uninitialized));
	struct json_writer writer = json_writer_over(text, sizeof(text));

	json_write_object(&writer);
	member_number(&writer, "line", result->number);
	if (result->opcode != 0) {
		member_text(
			&writer, "op", bytes_from_string(change_line_operation(result->opcode)));
		member_text(&writer, "handle", result->handle);
	}
	member_number(&writer, "responseCode", result->code);
	if (result->version != 0) {
		member_number(&writer, "version", result->version);
	}
	member_text(&writer, "message", result->text);
	json_write_object_end(&writer);
	line_write(bulk, &writer);
}

/* So that a reader can tell all of the answer from a part of it. */
static void
summary_write(struct bulk *bulk)
{
	char text[256];
	struct json_writer writer = json_writer_over(text, sizeof(text));

	json_write_object(&writer);
	json_write_name(&writer, "summary");
	json_write_object(&writer);
	member_number(&writer, "lines", bulk->progress.lines);
	member_number(&writer, "done", bulk->progress.done);
	member_number(&writer, "refused", bulk->progress.refused);
	if (bulk->kept.lines > 0) {
		member_number(&writer, "resumed", bulk->kept.lines);
	}
	json_write_object_end(&writer);
	json_write_object_end(&writer);
	line_write(bulk, &writer);
}

static void
problem_answer(struct bulk *bulk, unsigned int status, enum response_code code, const char *detail)
{
	/* Those that were read are gone by now. */
	bulk->request->parameters.count = 0;
	http_problem(bulk->request,
		&(struct http_problem){
			.status = status, .code = code, .detail = bytes_from_string(detail)});
}

static void
file_answer(struct bulk *bulk)
{
	uint64_t size = result_file_size(bulk->results);
	struct MHD_Response *response = MHD_create_response_from_fd_at_offset64(
		size, result_file_descriptor(bulk->results), RESULT_FILE_OFFSET);

	if (response == NULL) {
		problem_answer(bulk, 500, RESPONSE_ERROR, "The results cannot be read");
		return;
	}
	http_answer_with(bulk->request, response,
		&(struct http_answer){.status = 200,
			.type = "application/x-ndjson;charset=utf-8",
			.is_replayed = bulk->is_repeat});
}

/* Fewer lines than were answered before, or others. */
static bool
lines_are_other(const struct bulk *bulk)
{
	if (bulk->is_repeat) {
		return memcmp(bulk->progress.digest, bulk->kept.digest, RESULT_KEY_SIZE) != 0;
	}
	return bulk->is_other || bulk->progress.lines < bulk->kept.lines;
}

static void
full_answer(struct bulk *bulk)
{
	problem_answer(bulk, 507, RESPONSE_ERROR,
		"There is no room for the results, and a part of the changes was not carried out: "
		"send fewer lines at once");
}

/* Everything was read and carried out. */
static void
bulk_finish(struct bulk *bulk)
{
	if (lines_are_other(bulk)) {
		result_file_suspend(bulk->results, &bulk->kept);
		problem_answer(bulk, 422, RESPONSE_PROTOCOL_ERROR,
			"Other lines were sent with this Idempotency-Key before");
		return;
	}
	if (!bulk->is_repeat) {
		summary_write(bulk);
		if (result_file_finish(bulk->results, &bulk->progress) != STATUS_OK) {
			full_answer(bulk);
			return;
		}
	}
	bulk->is_finished = true;
	file_answer(bulk);
}

static void
results_take(struct bulk *bulk)
{
	struct change_stream_result result;

	while (change_stream_next(bulk->stream, &result)) {
		bulk->progress.done += result.status == STATUS_OK;
		bulk->progress.refused += result.status != STATUS_OK;
		result_write(bulk, &result);
	}
}

/* What came of a request that broke off, once all of it is known. */
static void
left_keep(struct bulk *bulk)
{
	result_file_suspend(bulk->results,
		bulk->progress.lines < bulk->kept.lines || bulk->is_other ? &bulk->kept
									  : &bulk->progress);
	bulk_destroy(bulk);
}

/* On the loop: a group came back. */
static void
bulk_progressed(void *context)
{
	struct bulk *bulk = context;

	results_take(bulk);
	if (bulk->request == NULL) {
		if (change_stream_is_done(bulk->stream)) {
			left_keep(bulk);
		}
		return;
	}
	http_connection_expire(bulk->request->connection, bulk->http->settings->body_deadline_ms);
	if (!bulk->is_at_end) {
		bulk_resume(bulk);
	} else if (change_stream_is_done(bulk->stream)) {
		bulk_finish(bulk);
		bulk_resume(bulk);
	}
}

/* The request is over. If it broke off, its lines are under way to the ledger all the same, and who
 * sends them again shall be told what became of them. */
static void
bulk_free(void *own)
{
	struct bulk *bulk = own;

	if (!bulk->has_key || bulk->stream == NULL || bulk->is_finished) {
		bulk_destroy(bulk);
		return;
	}
	bulk->request = NULL;
	change_stream_send(bulk->stream);
	results_take(bulk);
	if (change_stream_is_done(bulk->stream)) {
		left_keep(bulk);
	}
}

static void
digest_follow(struct bulk *bulk, struct bytes line)
{
	struct bytes runs[] = {bytes_over(bulk->progress.digest, RESULT_KEY_SIZE), line};

	crypto_digest_runs(CRYPTO_SHA256, runs, 2, bulk->progress.digest);
}

/* The line was answered before, or shall not be carried out at all: it is only compared. */
static bool
line_is_compared(struct bulk *bulk)
{
	if (!bulk->is_repeat && bulk->progress.lines == bulk->kept.lines && bulk->kept.lines > 0) {
		bulk->is_other =
			memcmp(bulk->progress.digest, bulk->kept.digest, RESULT_KEY_SIZE) != 0;
		bulk->progress.done = bulk->kept.done;
		bulk->progress.refused = bulk->kept.refused;
	}
	return bulk->is_repeat || bulk->is_other || bulk->progress.lines <= bulk->kept.lines ||
		result_file_status(bulk->results) != STATUS_OK;
}

static bool
line_is_blank(struct bytes line)
{
	for (size_t i = 0; i < line.size; i++) {
		if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r') {
			return false;
		}
	}
	return true;
}

static void
line_carry_out(struct bulk *bulk, struct bytes line)
{
	struct http *http = bulk->http;
	struct wire_writer writer = wire_writer_over((uint8_t *)http->out, LINE_ROOM_SIZE);
	struct change_line change;
	struct problem problem;
	enum status status;
	bool is_blank = line_is_blank(line);

	bulk->progress.lines++;
	if (!is_blank && bulk->has_key) {
		digest_follow(bulk, line);
	}
	if (line_is_compared(bulk) || is_blank) {
		return;
	}
	status = change_line_read(line, http->arena, &writer, &change, &problem);
	if (status == STATUS_OK) {
		status = change_line_check(&change, &problem);
	}
	if (status == STATUS_OK) {
		change_stream_add(bulk->stream, &change, bulk->progress.lines);
	} else {
		change_stream_refuse(bulk->stream, bulk->progress.lines, STATUS_MALFORMED,
			bytes_from_string(problem.text));
	}
	arena_reset(http->arena);
}

/* Keeps the beginning of a line whose end has not come. */
static void
line_keep(struct bulk *bulk, struct bytes part)
{
	size_t size = bulk->line_size + part.size;

	if (bulk->is_line_too_large || size > JSON_TEXT_SIZE_MAX) {
		bulk->is_line_too_large = true;
		return;
	}
	if (size > bulk->line_capacity) {
		size_t capacity = size < LINE_BLOCK_SIZE ? LINE_BLOCK_SIZE : 2 * size;
		uint8_t *line = realloc(bulk->line, capacity);

		if (line == NULL) {
			bulk->is_line_too_large = true;
			return;
		}
		bulk->line = line;
		bulk->line_capacity = capacity;
	}
	if (part.size > 0) {
		memcpy(bulk->line + bulk->line_size, part.at, part.size);
	}
	bulk->line_size = size;
}

/* `end` is the last part of the line in hand. */
static void
line_end(struct bulk *bulk, struct bytes end)
{
	struct bytes line = end;

	if (bulk->line_size > 0 || bulk->is_line_too_large) {
		line_keep(bulk, end);
		line = bytes_over(bulk->line, bulk->line_size);
	}
	if (!bulk->is_line_too_large) {
		line_carry_out(bulk, line);
	} else {
		bulk->progress.lines++;
		if (!line_is_compared(bulk)) {
			change_stream_refuse(bulk->stream, bulk->progress.lines, STATUS_TOO_LARGE,
				TEXT("the line is longer than 1 MiB"));
		}
	}
	bulk->line_size = 0;
	bulk->is_line_too_large = false;
}

/* As many lines as there is room for; what was taken of `octets`. */
static size_t
lines_take(struct bulk *bulk, struct bytes octets)
{
	size_t taken = 0;

	while (taken < octets.size) {
		struct bytes left = bytes_slice(octets, taken, octets.size);
		const uint8_t *stop = memchr(left.at, '\n', left.size);

		if (stop == NULL) {
			line_keep(bulk, left);
			return octets.size;
		}
		if (!bulk->is_repeat && !change_stream_has_room(bulk->stream)) {
			return taken;
		}
		line_end(bulk, bytes_over(left.at, (size_t)(stop - left.at)));
		taken += (size_t)(stop - left.at) + 1;
	}
	return taken;
}

static size_t
bulk_take(struct http_request *request, struct bytes octets)
{
	struct bulk *bulk = request->own;
	size_t taken;

	if (request->response != NULL) {
		/* Refused; the answer can leave only behind the body, if that is short. */
		bulk->refused_size += octets.size;
		if (bulk->refused_size > REFUSED_SIZE_MAX) {
			loop_socket_break(request->connection->fd);
		}
		return octets.size;
	}
	request->is_head_pending = false;
	http_connection_expire(request->connection, request->http->settings->body_deadline_ms);
	taken = lines_take(bulk, octets);
	if (bulk->stream != NULL) {
		change_stream_send(bulk->stream);
	}
	if (taken < octets.size) {
		bulk_wait(bulk);
	}
	return taken;
}

/* The key is the asker's own: another's with the same name is another. */
static void
key_make(struct bulk *bulk, const char *name, const struct operation_claim *claim)
{
	uint32_t index = claim->index;
	struct bytes runs[] = {bytes_over(&index, sizeof(index)), claim->name, TEXT("\n"),
		bytes_from_string(name)};
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];

	crypto_digest_runs(CRYPTO_SHA256, runs, sizeof(runs) / sizeof(runs[0]), digest);
	memcpy(bulk->key, digest, sizeof(bulk->key));
	bulk->has_key = true;
}

static enum status
stream_begin(struct bulk *bulk)
{
	struct http_request *request = bulk->request;
	struct change_stream_order order = {
		.service = request->http->service,
		.identity = operation_identity(request->operation),
		.scope = operation_scope(request->operation),
		.progressed = bulk_progressed,
		.context = bulk,
	};

	address_octets(request->asker, order.source);
	return change_stream_new(&order, &bulk->stream);
}

static void
bulk_admitted(struct http_request *request, const struct response *response, bool is_last)
{
	struct bulk *bulk = request->own;
	enum status status = operation_outcome(request->operation);

	(void)is_last;
	if (status != STATUS_OK) {
		http_v1_refuse(
			request, status, http_response_text(response), (struct bytes){NULL, 0});
		return;
	}
	status = result_file_begin(service_results(request->http->service),
		bulk->has_key ? bulk->key : NULL, &bulk->results, &bulk->kept);
	bulk->is_repeat = status == STATUS_EXISTS;
	if (status == STATUS_OK) {
		status = stream_begin(bulk);
	}
	if (status == STATUS_BUSY && bulk->results == NULL) {
		problem_answer(bulk, 409, RESPONSE_SERVER_TOO_BUSY,
			"A request with this Idempotency-Key is being carried out");
	} else if (status != STATUS_OK && status != STATUS_EXISTS) {
		http_v1_refuse(request, status, (struct bytes){NULL, 0}, (struct bytes){NULL, 0});
	}
}

static bool
key_take(struct bulk *bulk, const struct operation_claim *claim)
{
	const char *key = http_request_header(bulk->request, "Idempotency-Key");

	if (key == NULL) {
		return true;
	}
	if (key[0] == '\0' || strlen(key) > BULK_KEY_SIZE_MAX) {
		http_answer_wrong(bulk->request, "Idempotency-Key", (struct bytes){NULL, 0},
			"has 1 to 255 octets");
		return false;
	}
	if (claim != NULL) {
		key_make(bulk, key, claim);
	}
	return true;
}

/* Before the body: who may send nothing is told so before sending it. */
void
http_v1_bulk_begin(struct http_request *request)
{
	struct request question = {.message = {.envelope = {.version = VERSION_OURS},
					   .header = {.opcode = OPCODE_GET_SITE_INFO}}};
	struct http_operation_order order = {
		.question = &question, .answered = bulk_admitted, .is_asking = true};
	struct bulk *bulk;

	if (service_results(request->http->service) == NULL ||
		request->http->bulk_count == BULK_COUNT_MAX) {
		http_problem(request,
			&(struct http_problem){.status = 503,
				.code = RESPONSE_SERVER_TOO_BUSY,
				.detail = TEXT("Too many of these requests are under way")});
		return;
	}
	bulk = calloc(1, sizeof(*bulk));
	if (bulk == NULL) {
		http_v1_refuse(request, STATUS_NO_MEMORY, (struct bytes){NULL, 0},
			(struct bytes){NULL, 0});
		return;
	}
	bulk->request = request;
	bulk->http = request->http;
	bulk->http->bulk_count++;
	request->own = bulk;
	request->own_free = bulk_free;
	request->take = bulk_take;
	if (http_identity_take(request, &order.claim) && key_take(bulk, order.claim)) {
		http_operation_begin(request, &order);
		request->is_head_pending = request->is_suspended;
	}
}

/* The body is at its end. */
void
http_v1_bulk(struct http_request *request)
{
	struct bulk *bulk = request->own;

	bulk->is_at_end = true;
	if (bulk->line_size > 0 || bulk->is_line_too_large) {
		if (!bulk->is_repeat && !change_stream_has_room(bulk->stream)) {
			/* Comes once more when there is. */
			bulk->is_at_end = false;
			bulk_wait(bulk);
			return;
		}
		line_end(bulk, (struct bytes){NULL, 0});
	}
	if (bulk->stream != NULL) {
		change_stream_send(bulk->stream);
		results_take(bulk);
	}
	if (bulk->stream == NULL || change_stream_is_done(bulk->stream)) {
		bulk_finish(bulk);
	} else {
		bulk_wait(bulk);
	}
}
