/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_control.h"

#include "base/limits.h"
#include "handle/handle_json.h"
#include "json/json_reader.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	LIMIT_DEFAULT = 100,
	LIMIT_MAX = 10000,
	ANSWER_SIZE_MAX = TCP_OUT_SIZE_MAX - 1,
	ANSWER_END_SIZE = 4096, /* Kept back for what closes an answer. */
	ARENA_BLOCK_SIZE = 4096,
	ARENA_SIZE_MAX = 1 << 20,
};

/* One connection. */
struct control_link {
	struct node_control *control; /* NULL: free. */
	struct loop_stream *stream;
	struct loop_timer deadline;
	bool is_answered;
};

struct node_control {
	struct node_control_parts parts;
	struct loop *loop;
	struct loop_listener *listener;
	struct control_link links[CONTROL_CONNECTION_COUNT_MAX];
};

/* A request on its way from worker to worker. */
struct control_job {
	const struct node_control_request *request;
	struct node_worker *worker;
	size_t number;
	struct json_writer *json;
	uint32_t count; /* Entries told, or dropped. */
	bool is_cut;
};

static void
act_read(struct json_reader *reader, struct node_control_request *request, struct problem *problem)
{
	static const struct {
		struct bytes name;
		enum node_control_act act;
	} acts[] = {
		{{(const uint8_t *)"cache-stats", 11}, NODE_CONTROL_CACHE_STATS},
		{{(const uint8_t *)"cache-show", 10}, NODE_CONTROL_CACHE_SHOW},
		{{(const uint8_t *)"cache-drop", 10}, NODE_CONTROL_CACHE_DROP},
	};
	struct bytes name = json_read_string(reader);

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (bytes_equal(name, acts[i].name)) {
			request->act = acts[i].act;
			return;
		}
	}
	if (json_reader_ok(reader)) {
		(void)problem_set(
			problem, STATUS_INVALID, "\"do\" is cache-stats, cache-show or cache-drop");
		json_reader_fail(reader, STATUS_INVALID);
	}
}

static bool
request_is_whole(const struct node_control_request *request)
{
	int named = (request->handle.size > 0) + (request->prefix.size > 0) + request->is_all;

	switch (request->act) {
	case NODE_CONTROL_CACHE_STATS:
		return named == 0;
	case NODE_CONTROL_CACHE_SHOW:
	case NODE_CONTROL_CACHE_DROP:
		return named == 1;
	}
	return false;
}

enum status
node_control_read(struct bytes line, struct arena *arena, struct node_control_request *ret_request,
	struct problem *problem)
{
	struct node_control_request request = {.limit = LIMIT_DEFAULT};
	struct json_reader reader = json_reader_over(line, arena);
	bool has_act = false;
	struct bytes member;
	enum status status;

	problem->text[0] = '\0';
	json_read_object(&reader);
	while (json_next_member(&reader, &member)) {
		if (bytes_equal(member, TEXT("do"))) {
			act_read(&reader, &request, problem);
			has_act = true;
		} else if (bytes_equal(member, TEXT("handle"))) {
			request.handle = json_read_string(&reader);
		} else if (bytes_equal(member, TEXT("prefix"))) {
			request.prefix = json_read_string(&reader);
		} else if (bytes_equal(member, TEXT("all"))) {
			request.is_all = json_read_bool(&reader);
		} else if (bytes_equal(member, TEXT("pretty"))) {
			request.is_pretty = json_read_bool(&reader);
		} else if (bytes_equal(member, TEXT("limit"))) {
			request.limit = (uint32_t)json_read_u64(&reader, LIMIT_MAX);
		} else {
			json_reader_fail(&reader, STATUS_INVALID);
		}
	}
	status = json_reader_end(&reader);
	if (status == STATUS_OK && !has_act) {
		return problem_set(problem, STATUS_INVALID, "\"do\" is missing");
	}
	if (status == STATUS_OK && !request_is_whole(&request)) {
		return problem_set(problem, STATUS_INVALID,
			"cache-show and cache-drop take one of \"handle\", \"prefix\" and \"all\"; "
			"cache-stats takes none");
	}
	if (status != STATUS_OK) {
		return problem->text[0] != '\0'
			? status
			: problem_set(problem, status, "octet %zu: %s", json_reader_at(&reader) + 1,
				  status_text(status));
	}
	*ret_request = request;
	return STATUS_OK;
}

static void
member_u64(struct json_writer *json, const char *name, uint64_t number)
{
	json_write_name(json, name);
	json_write_u64(json, number);
}

static void
stats_write(struct control_job *job)
{
	struct json_writer *json = job->json;
	struct cache_stats stats;

	cache_stats(node_cache_get(job->worker->cache), &stats);
	json_write_object(json);
	member_u64(json, "worker", job->number);
	member_u64(json, "entries", stats.entry_count);
	member_u64(json, "entriesMax", stats.entry_count_max);
	member_u64(json, "octets", stats.used_size);
	member_u64(json, "octetsMax", stats.size);
	json_write_object_end(json);
}

static const char *
kind_name(enum cache_kind kind)
{
	switch (kind) {
	case CACHE_VALUES:
		return "values";
	case CACHE_NEGATIVE:
		return "negative";
	case CACHE_FAILURE:
		return "failure";
	}
	return "";
}

static void
entry_values_write(struct json_writer *json, const struct cache_entry *entry)
{
	if (entry->kind != CACHE_VALUES) {
		json_write_name(json, "message");
		json_write_string(json, entry->values.octets);
		return;
	}
	json_write_name(json, "values");
	handle_value_list_write_json(json, &entry->values);
}

/* One entry; when there is no room for it, the answer is cut here. */
static void
entry_write(struct control_job *job, const struct cache_seen *seen, bool is_whole)
{
	struct json_writer *json = job->json;
	struct json_writer before = *json;
	int64_t now_ms = loop_now_ms(job->worker->loop);

	json_write_object(json);
	member_u64(json, "worker", job->number);
	json_write_name(json, "handle");
	json_write_string(json, seen->name);
	json_write_name(json, "kind");
	json_write_string(json, bytes_from_string(kind_name(seen->entry.kind)));
	json_write_name(json, "certified");
	json_write_bool(
		json, seen->question == CACHE_CERTIFIED || seen->question == CACHE_SITES_CERTIFIED);
	json_write_name(json, "sitesOnly");
	json_write_bool(
		json, seen->question == CACHE_SITES || seen->question == CACHE_SITES_CERTIFIED);
	json_write_name(json, "stale");
	json_write_bool(json, seen->entry.is_stale);
	json_write_name(json, "ageMs");
	json_write_i64(json, now_ms - seen->entry.stored_ms);
	json_write_name(json, "leftMs");
	json_write_i64(json, seen->entry.expires_ms - now_ms);
	if (is_whole) {
		entry_values_write(json, &seen->entry);
	}
	json_write_object_end(json);
	if (!json_writer_ok(json)) {
		json_writer_rewind(json, &before);
		job->is_cut = true;
		return;
	}
	job->count++;
}

static void
handle_show(struct control_job *job)
{
	struct cache *cache = node_cache_get(job->worker->cache);

	for (int question = 0; question < CACHE_QUESTION_COUNT; question++) {
		struct cache_seen seen = {.question = (enum cache_question)question};
		struct cache_key key;

		if (cache_key_over(&key, job->request->handle, seen.question) &&
			cache_look(cache, &key, loop_now_ms(job->worker->loop), &seen.entry)) {
			seen.name = bytes_over(key.octets + 1, key.size - 1);
			entry_write(job, &seen, true);
		}
	}
}

static void
prefix_show(struct control_job *job)
{
	struct cache *cache = node_cache_get(job->worker->cache);
	int64_t now_ms = loop_now_ms(job->worker->loop);
	struct cache_seen seen;
	uint64_t cursor = 0;

	for (uint32_t i = 0; !job->is_cut && cache_next(cache, &cursor, now_ms, &seen); i++) {
		if (i == CONTROL_VISIT_COUNT_MAX || job->count == job->request->limit) {
			job->is_cut = true;
		} else if (job->request->is_all ||
			cache_name_is_below(seen.name, job->request->prefix)) {
			entry_write(job, &seen, false);
		}
	}
}

static void
drop(struct control_job *job)
{
	struct node_cache *cache = job->worker->cache;

	if (job->request->is_all) {
		job->count += (uint32_t)node_cache_drop_all(cache);
	} else if (job->request->prefix.size > 0) {
		node_cache_drop_prefix(cache, job->request->prefix);
	} else {
		job->count += (uint32_t)node_cache_drop(cache, job->request->handle);
	}
}

static void
job_run(void *context)
{
	struct control_job *job = context;

	switch (job->request->act) {
	case NODE_CONTROL_CACHE_STATS:
		stats_write(job);
		break;
	case NODE_CONTROL_CACHE_SHOW:
		if (job->request->handle.size > 0) {
			handle_show(job);
		} else {
			prefix_show(job);
		}
		break;
	case NODE_CONTROL_CACHE_DROP:
		drop(job);
		break;
	}
}

static void
error_write(struct json_writer *json, const char *text)
{
	json_write_object(json);
	json_write_name(json, "error");
	json_write_string(json, bytes_from_string(text));
	json_write_object_end(json);
}

/* Asks every worker; the first is this thread's. */
static void
request_answer(struct node_control *control, const struct node_control_request *request,
	struct json_writer *json)
{
	struct control_job job = {.request = request, .json = json};
	bool is_list = request->act != NODE_CONTROL_CACHE_DROP;

	if (control->parts.workers[0].cache == NULL) {
		error_write(json, "this node keeps no cache: recursion.allow names no network");
		return;
	}
	json_write_object(json);
	if (is_list) {
		json_write_name(
			json, request->act == NODE_CONTROL_CACHE_STATS ? "workers" : "entries");
		json_write_array(json);
	}
	for (size_t i = 0; i < control->parts.worker_count; i++) {
		job.worker = &control->parts.workers[i];
		job.number = i;
		if (i == 0) {
			job_run(&job);
		} else {
			node_worker_call(job.worker, job_run, &job);
		}
	}
	json->end += ANSWER_END_SIZE;
	if (is_list) {
		json_write_array_end(json);
	}
	if (request->act == NODE_CONTROL_CACHE_SHOW) {
		json_write_name(json, "cut");
		json_write_bool(json, job.is_cut);
	}
	if (request->act == NODE_CONTROL_CACHE_DROP && request->prefix.size == 0) {
		member_u64(json, "dropped", job.count);
	}
	json_write_object_end(json);
}

static void
line_answer(struct node_control *control, struct bytes line, struct json_writer *json)
{
	struct arena *arena = arena_new(ARENA_BLOCK_SIZE, ARENA_SIZE_MAX);
	struct node_control_request request;
	struct problem problem;

	if (arena == NULL) {
		error_write(json, "no memory for the request");
	} else if (node_control_read(line, arena, &request, &problem) != STATUS_OK) {
		error_write(json, problem.text);
	} else {
		json->is_pretty = request.is_pretty;
		request_answer(control, &request, json);
	}
	arena_free(arena);
}

static void
link_answer(struct control_link *link, struct bytes line)
{
	char *octets = malloc(ANSWER_SIZE_MAX + 1);
	struct json_writer json;
	struct bytes answer = TEXT("{\"error\":\"no memory for an answer\"}");

	link->is_answered = true;
	if (octets != NULL) {
		json = json_writer_over(octets, ANSWER_SIZE_MAX - ANSWER_END_SIZE);
		line_answer(link->control, line, &json);
		if (json_writer_end(&json) == STATUS_OK) {
			answer = json_written(&json);
		}
	}
	/* An answer that cannot be written is told by the connection's end. */
	if (loop_stream_write(link->stream, answer) == STATUS_OK &&
		loop_stream_write(link->stream, TEXT("\n")) == STATUS_OK) {
		loop_stream_finish(link->stream);
	} else {
		loop_stream_close(link->stream);
	}
	free(octets);
}

static size_t
link_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct control_link *link = context;
	size_t size = bytes_find(octets, '\n');

	if (link->is_answered) {
		return octets.size;
	}
	if (size == octets.size && size <= CONTROL_LINE_SIZE_MAX) {
		return 0;
	}
	if (size > CONTROL_LINE_SIZE_MAX) {
		loop_stream_close(stream);
	} else {
		link_answer(link, bytes_slice(octets, 0, size));
	}
	return octets.size;
}

static void
link_closed(void *context, struct loop_stream *stream, enum status status)
{
	struct control_link *link = context;

	(void)stream;
	(void)status;
	if (link->control != NULL) {
		loop_timer_clear(link->control->loop, &link->deadline);
		link->control = NULL;
		link->stream = NULL;
	}
}

static void
link_due(void *context)
{
	struct control_link *link = context;

	loop_stream_close(link->stream);
}

static const struct loop_stream_calls link_calls = {
	.received = link_received, .closed = link_closed};

/* Of a node that is ending: nobody is told any more. */
static size_t
gone_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	(void)context;
	(void)stream;
	return octets.size;
}

static const struct loop_stream_calls gone_calls = {.received = gone_received};

static void
accepted(void *context, struct loop_stream *stream, const struct address *peer)
{
	struct node_control *control = context;

	(void)peer;
	for (size_t i = 0; i < CONTROL_CONNECTION_COUNT_MAX; i++) {
		struct control_link *link = &control->links[i];

		if (link->control == NULL) {
			*link = (struct control_link){.control = control, .stream = stream};
			loop_stream_own(stream, &link_calls, link);
			loop_timer_set(control->loop, &link->deadline,
				loop_now_ms(control->loop) + CONTROL_DEADLINE_MS, link_due, link);
			return;
		}
	}
	loop_stream_close(stream);
}

enum status
node_control_open(const struct node_control_parts *parts, struct node_control **ret_control,
	struct problem *problem)
{
	const struct loop_local_name name = {parts->directory, "control"};
	struct node_control *control = calloc(1, sizeof(*control));

	if (control == NULL) {
		return problem_system(problem, "cannot make a control socket");
	}
	control->parts = *parts;
	control->loop = parts->workers[0].loop;
	control->listener = loop_listen_local(control->loop, &name, accepted, control, problem);
	if (control->listener == NULL) {
		free(control);
		return STATUS_SYSTEM;
	}
	*ret_control = control;
	return STATUS_OK;
}

void
node_control_close(struct node_control *control)
{
	int folder;

	if (control == NULL) {
		return;
	}
	for (size_t i = 0; i < CONTROL_CONNECTION_COUNT_MAX; i++) {
		struct control_link *link = &control->links[i];

		if (link->control != NULL) {
			loop_timer_clear(control->loop, &link->deadline);
			loop_stream_own(link->stream, &gone_calls, NULL);
			loop_stream_close(link->stream);
		}
	}
	loop_listener_close(control->listener);
	folder = open(control->parts.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		(void)unlinkat(folder, "control", 0);
		close(folder);
	}
	free(control);
}
