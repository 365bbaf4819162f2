/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_worker.h"

#include "base/thread.h"

#include <errno.h>
#include <semaphore.h>
#include <time.h>

enum { STOP_CHECK_MS = 10, AILING_PAUSE_MS = 10 };

static enum status
mirrors_open(
	struct node_worker *worker, const struct node_worker_parts *parts, struct problem *problem)
{
	const struct replication_parts mirrors = {.loop = worker->loop,
		.pool = parts->service.pool,
		.ledger = parts->service.ledger,
		.identity = parts->face->service.stream_identity};

	worker->mirrors = replication_source_new(&mirrors);
	return worker->mirrors == NULL ? problem_system(problem, "cannot serve mirrors")
				       : STATUS_OK;
}

static enum status
cache_open(
	struct node_worker *worker, const struct node_worker_parts *parts, struct problem *problem)
{
	const struct node_cache_parts cache = {.directory = parts->directory,
		.number = parts->number,
		.worker_count = parts->count,
		.loop = worker->loop,
		.row = parts->service.row,
		.ledger = parts->service.ledger,
		.settings = &parts->face->settings};

	if (parts->face->settings.recursion_allow.count == 0) {
		return STATUS_OK;
	}
	return node_cache_open(&cache, &worker->cache, problem);
}

static enum status
watches_open(
	struct node_worker *worker, const struct node_worker_parts *parts, struct problem *problem)
{
	const struct settings_addresses *addresses = &parts->face->settings.cache_watch;

	for (size_t i = 0; worker->cache != NULL && i < addresses->count; i++) {
		worker->watches[i] =
			node_watch_open(&(struct node_watch_parts){.loop = worker->loop,
				.cache = worker->cache,
				.row = parts->service.row,
				.address = addresses->items[i]});
		if (worker->watches[i] == NULL) {
			return problem_system(problem, "cannot watch other nodes");
		}
	}
	return STATUS_OK;
}

static enum status
resolver_open(
	struct node_worker *worker, const struct node_worker_parts *parts, struct problem *problem)
{
	struct resolver_parts resolver = {.loop = worker->loop,
		.pool = parts->service.pool,
		.row = parts->service.row,
		.settings = &parts->face->recursion.resolver};

	if (!parts->face->recursion.is_on) {
		return STATUS_OK;
	}
	resolver.cache = node_cache_get(worker->cache);
	worker->resolver = resolver_new(&resolver);
	worker->policy = policy_new(&parts->face->recursion.policy, parts->service.row);
	return worker->resolver == NULL || worker->policy == NULL
		? problem_system(problem, "cannot make a resolver")
		: STATUS_OK;
}

static enum status
worker_open_http(
	struct node_worker *worker, const struct node_worker_parts *parts, struct problem *problem)
{
	const struct http_parts http = {.loop = worker->loop,
		.service = worker->service,
		.monitor = parts->service.monitor,
		.row = parts->service.row,
		.settings = &parts->face->http,
		.sessions = parts->sessions};

	worker->http = http_new(&http, problem);
	return worker->http == NULL ? STATUS_INVALID : STATUS_OK;
}

enum status
node_worker_open(
	struct node_worker *worker, const struct node_worker_parts *parts, struct problem *problem)
{
	struct service_parts service = parts->service;
	struct native_parts native = {
		.row = service.row, .census = parts->census, .settings = &parts->face->native};
	enum status status;

	worker->loop = loop_new(problem);
	if (worker->loop == NULL) {
		return STATUS_SYSTEM;
	}
	loop_impair(worker->loop, &parts->face->impairment);
	status = mirrors_open(worker, parts, problem);
	if (status == STATUS_OK) {
		status = cache_open(worker, parts, problem);
	}
	if (status == STATUS_OK) {
		status = watches_open(worker, parts, problem);
	}
	if (status == STATUS_OK) {
		status = resolver_open(worker, parts, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	service.loop = worker->loop;
	service.mirrors = worker->mirrors;
	service.resolver = worker->resolver;
	service.policy = worker->policy;
	service.face = &parts->face->service;
	worker->service = service_new(&service);
	if (worker->service == NULL) {
		return problem_system(problem, "cannot make a service");
	}
	native.loop = worker->loop;
	native.service = worker->service;
	worker->native = native_new(&native, problem);
	if (worker->native == NULL) {
		return STATUS_NO_MEMORY;
	}
	return settings_serve_web(&parts->face->settings) ? worker_open_http(worker, parts, problem)
							  : STATUS_OK;
}

static void *
worker_run(void *context)
{
	static const struct timespec pause = {.tv_nsec = AILING_PAUSE_MS * 1000000L};
	struct node_worker *worker = context;

	thread_be_prompt();
	/* A loop that cannot wait serves nobody until it can; the others go on. Each run serves
	 * what is posted and due, so that who reloads or stops the node does not wait for ever. */
	while (loop_run(worker->loop) != STATUS_OK) {
		(void)nanosleep(&pause, NULL);
	}
	return NULL;
}

enum status
node_worker_start(struct node_worker *worker, struct problem *problem)
{
	errno = pthread_create(&worker->thread, NULL, worker_run, worker);
	if (errno != 0) {
		return problem_system(problem, "cannot start a worker");
	}
	worker->is_running = true;
	return STATUS_OK;
}

struct call {
	loop_posted *posted;
	void *context;
	sem_t done;
};

static void
call_run(void *context)
{
	struct call *call = context;

	call->posted(call->context);
	sem_post(&call->done);
}

void
node_worker_call(struct node_worker *worker, loop_posted *posted, void *context)
{
	struct call call = {.posted = posted, .context = context};
	struct loop_post post = {.posted = call_run, .context = &call};

	if (!worker->is_running) {
		posted(context);
		return;
	}
	sem_init(&call.done, 0, 0);
	loop_post(worker->loop, &post);
	while (sem_wait(&call.done) != 0) {
	}
	sem_destroy(&call.done);
}

struct use {
	struct node_worker *worker;
	struct node_face *face;
	bool is_used;
};

static void
use_run(void *context)
{
	struct use *use = context;

	loop_impair(use->worker->loop, &use->face->impairment);
	service_use(use->worker->service, &use->face->service);
	native_use(use->worker->native, &use->face->native);
	use->is_used = use->worker->http == NULL || http_use(use->worker->http, &use->face->http);
	if (use->worker->cache != NULL) {
		node_cache_use(use->worker->cache, &use->face->settings);
	}
}

bool
node_worker_use(struct node_worker *worker, struct node_face *face)
{
	struct use use = {worker, face, false};

	node_worker_call(worker, use_run, &use);
	return use.is_used;
}

static size_t
worker_busy_count(const struct node_worker *worker)
{
	return native_busy_count(worker->native) + replication_feed_count(worker->mirrors) +
		(worker->resolver == NULL ? 0 : resolver_busy_count(worker->resolver)) +
		(worker->http == NULL ? 0 : http_busy_count(worker->http)) +
		service_stream_count(worker->service);
}

static void
stop_check(void *context)
{
	struct node_worker *worker = context;
	int64_t now_ms = loop_now_ms(worker->loop);

	if (worker_busy_count(worker) == 0) {
		loop_stop(worker->loop);
		return;
	}
	/* Operations are always waited for: others hold what is theirs. */
	if (now_ms >= worker->stop_ms) {
		native_abandon(worker->native);
		if (worker->http != NULL) {
			http_abandon(worker->http);
		}
	}
	loop_timer_set(
		worker->loop, &worker->stop_timer, now_ms + STOP_CHECK_MS, stop_check, worker);
}

static void
worker_stop_fronts(struct node_worker *worker)
{
	native_stop(worker->native);
	if (worker->http != NULL) {
		http_stop(worker->http);
	}
}

struct stop {
	struct node_worker *worker;
	uint32_t grace_ms;
};

static void
stop_run(void *context)
{
	struct stop *stop = context;
	struct node_worker *worker = stop->worker;

	worker_stop_fronts(worker);
	/* A mirror has no end to wait for; it comes back. */
	replication_source_stop(worker->mirrors);
	worker->stop_ms = loop_now_ms(worker->loop) + stop->grace_ms;
	stop_check(worker);
}

void
node_worker_stop(struct node_worker *worker, uint32_t grace_ms)
{
	struct stop stop = {worker, grace_ms};

	if (worker->is_running) {
		node_worker_call(worker, stop_run, &stop);
		pthread_join(worker->thread, NULL);
		worker->is_running = false;
	} else if (worker->native != NULL) {
		worker_stop_fronts(worker);
	}
}

void
node_worker_close(struct node_worker *worker)
{
	http_free(worker->http);
	native_free(worker->native);
	service_free(worker->service);
	resolver_free(worker->resolver);
	policy_free(worker->policy);
	replication_source_free(worker->mirrors);
	for (size_t i = 0; i < NODE_WATCH_COUNT_MAX; i++) {
		node_watch_close(worker->watches[i]);
	}
	node_cache_close(worker->cache);
	loop_free(worker->loop);
	*worker = (struct node_worker){.loop = NULL};
}
