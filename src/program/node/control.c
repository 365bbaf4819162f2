/* SPDX-License-Identifier: Apache-2.0 */
#include "program/node/control.h"

#include "base/arena.h"
#include "base/limits.h"
#include "loop/loop.h"
#include "program/terminal/language.h"
#include "program/terminal/outline.h"
#include "json/json_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK_SIZE = 65536, ARENA_SIZE_MAX = 8 << 20, ANSWER_DEADLINE_MS = 10000 };

struct asking {
	struct loop *loop;
	struct loop_timer deadline;
	enum status status; /* How the connection ended. */
	bool is_late;
	size_t size;
	uint8_t answer[TCP_OUT_SIZE_MAX];
};

static size_t
received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct asking *asking = context;
	size_t room = sizeof(asking->answer) - asking->size;

	(void)stream;
	if (octets.size < room) {
		room = octets.size;
	}
	memcpy(asking->answer + asking->size, octets.at, room);
	asking->size += room;
	return octets.size;
}

static void
closed(void *context, struct loop_stream *stream, enum status status)
{
	struct asking *asking = context;

	(void)stream;
	asking->status = status;
	loop_stop(asking->loop);
}

static void
late(void *context)
{
	struct asking *asking = context;

	asking->is_late = true;
	loop_stop(asking->loop);
}

static const struct loop_stream_calls calls = {.received = received, .closed = closed};

static enum status
exchange(struct asking *asking, const char *directory, struct bytes line, struct problem *problem)
{
	const struct loop_local_name name = {directory, "control"};
	struct loop_stream *stream =
		loop_connect_local(asking->loop, &name, &calls, asking, problem);
	enum status status;

	if (stream == NULL) {
		return errno == ENOENT || errno == ECONNREFUSED
			? problem_set(problem, STATUS_CLOSED,
				  SAY("no node runs in %s: it is started by houji serve %s",
					  "%s 中没有节点在运行：用 houji serve %s 启动"),
				  directory, directory)
			: STATUS_SYSTEM;
	}
	loop_timer_set(asking->loop, &asking->deadline,
		loop_now_ms(asking->loop) + ANSWER_DEADLINE_MS, late, asking);
	status = loop_stream_write(stream, line);
	if (status == STATUS_OK) {
		status = loop_stream_write(stream, TEXT("\n"));
	}
	if (status == STATUS_OK) {
		status = loop_run(asking->loop);
	}
	loop_timer_clear(asking->loop, &asking->deadline);
	if (status != STATUS_OK || asking->is_late || asking->size == 0) {
		if (asking->is_late) {
			loop_stream_close(stream);
		}
		return problem_set(problem, STATUS_TIMED_OUT,
			SAY("the node in %s does not answer", "%s 中的节点没有应答"), directory);
	}
	return STATUS_OK;
}

/* What the answer says to scripts: an error, or lists that are empty. */
static enum status
answer_judge(struct bytes answer, struct arena *arena, struct problem *problem)
{
	struct json_reader reader = json_reader_over(answer, arena);
	enum status status = STATUS_OK;
	struct bytes member;

	json_read_object(&reader);
	while (json_next_member(&reader, &member)) {
		if (bytes_equal(member, TEXT("error"))) {
			struct bytes text = json_read_string(&reader);

			status = problem_set(problem, STATUS_NOT_FOUND, "%.*s", (int)text.size,
				(const char *)text.at);
		} else if (bytes_equal(member, TEXT("entries"))) {
			json_read_array(&reader);
			if (!json_next_element(&reader)) {
				status = problem_set(problem, STATUS_NOT_FOUND, "%s",
					SAY("the cache holds nothing of that", "缓存中没有"));
				continue;
			}
			do {
				json_skip(&reader);
			} while (json_next_element(&reader));
		} else {
			json_skip(&reader);
		}
	}
	return status;
}

static enum status
answer_tell(const struct asking *asking, bool is_outline, struct problem *problem)
{
	struct bytes answer = bytes_over(asking->answer, asking->size);
	struct arena *arena = arena_new(ARENA_BLOCK_SIZE, ARENA_SIZE_MAX);
	enum status status;

	if (arena == NULL) {
		return problem_system(problem, "cannot hold the answer");
	}
	status = answer_judge(answer, arena, problem);
	if (!is_outline) {
		printf("%.*s", (int)answer.size, (const char *)answer.at);
	} else if (status == STATUS_OK) {
		outline_print(answer, arena);
	}
	arena_free(arena);
	return status;
}

enum status
control_ask(const char *directory, struct bytes line, bool is_outline, struct problem *problem)
{
	struct asking *asking = calloc(1, sizeof(*asking));
	enum status status;

	if (asking == NULL) {
		return problem_system(problem, "cannot hold an answer");
	}
	asking->loop = loop_new(problem);
	if (asking->loop == NULL) {
		free(asking);
		return STATUS_SYSTEM;
	}
	status = exchange(asking, directory, line, problem);
	if (status == STATUS_OK) {
		status = answer_tell(asking, is_outline, problem);
	}
	loop_free(asking->loop);
	free(asking);
	return status;
}
