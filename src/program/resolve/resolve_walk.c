/* SPDX-License-Identifier: Apache-2.0 */
#include "program/resolve/resolve_walk.h"

#include "authority/authority.h"
#include "message/response.h"
#include "program/commands.h"
#include "program/server/answer_print.h"
#include "program/terminal/value_print.h"
#include "service/service.h"

#include <stdio.h>

enum { TIMEOUT_DEFAULT_MS = 10000, ARENA_BLOCK_SIZE = 65536, IDLE_CHECK_MS = 5 };

struct walking {
	struct resolve_walk *walk;
	struct arena *arena;
	struct loop *loop;
	struct resolver *resolver;
	struct loop_timer idle;
	int exit_code;
};

static int
print_json(const struct answer_shown *shown)
{
	enum status status = answer_print_json(stdout, shown);

	if (status != STATUS_OK) {
		return command_failure(&command_resolve_manual,
			SAY("the answer cannot be printed: %s", "无法输出应答：%s"),
			status_text(status));
	}
	return shown->code == RESPONSE_SUCCESS ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int
print_text(const struct answer_shown *shown, bool is_certified)
{
	printf("; ");
	value_print_escaped(shown->handle);
	printf(": %u %s%s\n", shown->code, text_say(response_code_text(shown->code)),
		is_certified ? SAY(", signed all the way", "，全程有签名") : "");
	if (shown->values != NULL) {
		value_print_list(shown->values);
	} else if (shown->message.size > 0) {
		printf("; ");
		value_print_escaped(shown->message);
		putchar('\n');
	}
	return shown->code == RESPONSE_SUCCESS ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

/* What is still under way ends by itself, within the timeout. */
static void
idle_check(void *context)
{
	struct walking *walking = context;

	if (resolver_busy_count(walking->resolver) == 0) {
		loop_stop(walking->loop);
		return;
	}
	loop_timer_set(walking->loop, &walking->idle, loop_now_ms(walking->loop) + IDLE_CHECK_MS,
		idle_check, walking);
}

static bool walking_ask(struct walking *walking);

/* True if another record is asked for in place of this one, or that is not to be, which is told. */
static bool
walking_follow(struct walking *walking, const struct resolver_answer *answer)
{
	struct resolve_walk *walk = walking->walk;
	struct bytes before = walk->asked.name;
	enum status status = walk->aliases == NULL || answer->status != STATUS_OK
		? STATUS_NOT_FOUND
		: resolve_alias_next(walk->aliases, &answer->values, &walk->asked.name);

	if (status == STATUS_NOT_FOUND) {
		return false;
	}
	if (status == STATUS_OK) {
		resolve_alias_print(before, walk->asked.name);
		if (walking_ask(walking)) {
			return true;
		}
		walking->exit_code = command_failure(
			&command_resolve_manual, "%s", status_text(STATUS_NO_MEMORY));
	} else {
		walking->exit_code = command_failure(
			&command_resolve_manual, "%s", resolve_alias_refusal(status));
	}
	idle_check(walking);
	return true;
}

static void
walk_answered(void *context, const struct resolver_answer *answer)
{
	struct walking *walking = context;
	const struct resolve_walk *walk = walking->walk;
	struct answer_shown shown = {.handle = walk->asked.name, .message = answer->text};
	struct handle_value_list selected;
	enum status status = answer->status;

	if (walking_follow(walking, answer)) {
		return;
	}
	if (status == STATUS_OK) {
		status = authority_select(&answer->values, &walk->asked, walking->arena, &selected);
	}
	shown.code = (uint32_t)service_response_code(status);
	shown.values = status == STATUS_OK ? &selected : NULL;
	walking->exit_code = walk->is_json
		? print_json(&shown)
		: print_text(&shown, status == STATUS_OK && answer->is_certified);
	idle_check(walking);
}

static bool
walking_ask(struct walking *walking)
{
	const struct resolve_walk *walk = walking->walk;
	const struct resolver_question question = {.name = walk->asked.name,
		.is_certified = walk->is_certified,
		.deadline_ms = walk->timeout_ms == 0 ? TIMEOUT_DEFAULT_MS : walk->timeout_ms};

	return resolver_ask(walking->resolver, &question, walk_answered, walking) != NULL;
}

static enum status
walking_run(struct walking *walking, struct loop_pool *pool, struct monitor *monitor)
{
	const struct resolve_walk *walk = walking->walk;
	const struct resolver_parts parts = {.loop = walking->loop,
		.pool = pool,
		.row = monitor_row(monitor, 0),
		.settings = &walk->origin.recursion.resolver};
	enum status status = STATUS_NO_MEMORY;

	walking->resolver = resolver_new(&parts);
	if (walking->resolver != NULL && walking_ask(walking)) {
		status = loop_run(walking->loop);
	}
	resolver_free(walking->resolver);
	return status;
}

int
resolve_walk(struct resolve_walk *walk)
{
	struct walking walking = {.walk = walk, .exit_code = EXIT_CODE_FAILED};
	struct problem problem = {.text = ""};
	struct monitor *monitor = monitor_new(1);
	struct loop_pool *pool = loop_pool_new(1, POOL_QUEUE_COUNT_MAX);
	enum status status = walk_origin_open(&walk->origin, &problem);

	walking.arena = arena_new(ARENA_BLOCK_SIZE, REQUEST_MEMORY_MAX);
	if (status == STATUS_OK) {
		walking.loop = loop_new(&problem);
		status = walking.loop == NULL ? problem.status : STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = monitor == NULL || pool == NULL || walking.arena == NULL
			? STATUS_NO_MEMORY
			: walking_run(&walking, pool, monitor);
	}
	if (status != STATUS_OK) {
		walking.exit_code = command_failure(&command_resolve_manual, "%s",
			problem.text[0] == '\0' ? status_text(status) : problem.text);
	}
	loop_pool_free(pool);
	loop_free(walking.loop);
	monitor_free(monitor);
	arena_free(walking.arena);
	walk_origin_close(&walk->origin);
	return walking.exit_code;
}
