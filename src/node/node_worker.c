/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_worker.h"

#include <semaphore.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { STOP_CHECK_MS = 10 };

/* As many connections as descriptors allow, less those kept for the rest of the node. */
static uint32_t
connections_possible(uint32_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
		return wanted;
	}
	if (limit.rlim_cur <= 2 * FD_RESERVE_COUNT) {
		return 1;
	}
	return limit.rlim_cur - FD_RESERVE_COUNT < wanted
		? (uint32_t)(limit.rlim_cur - FD_RESERVE_COUNT)
		: wanted;
}

static void
native_settings_from(
	const struct settings *settings, size_t worker_count, struct native_settings *ret_native)
{
	struct native_settings native = native_settings_default();
	uint32_t workers = (uint32_t)worker_count;
	uint32_t connections = connections_possible(settings->tcp_connections);

	native.udp_byte_rate = settings->udp_byte_rate / workers;
	native.udp_byte_burst = settings->udp_byte_burst / workers;
	native.udp_fragment_count_max = settings->udp_fragments;
	native.connection_count_max = (connections + workers - 1) / workers;
	native.connection_per_source_max = settings->tcp_connections_per_source;
	native.request_deadline_ms = settings->tcp_request_deadline_ms;
	native.idle_ms = settings->tcp_idle_ms;
	native.write_stall_ms = settings->tcp_write_stall_ms;
	native.exempt_count = settings->exempt.count;
	memcpy(native.exempt, settings->exempt.items,
		settings->exempt.count * sizeof(settings->exempt.items[0]));
	*ret_native = native;
}

static void
face_destroy(struct service_face *service)
{
	struct node_face *face =
		(struct node_face *)((char *)service - offsetof(struct node_face, service));

	signer_free(face->service.signer);
	node_identity_free(&face->identity);
	free(face);
}

static enum status
face_make_service(
	struct node_face *face, const struct node_face_parts *parts, struct problem *problem)
{
	face->service.site = face->identity.site;
	face->service.is_sha1_allowed = face->settings.signer_sha1;
	face->service.signer = signer_new(face->identity.key, parts->pool);
	if (face->service.signer == NULL) {
		return problem_system(problem, "cannot make a signer");
	}
	face->identity.key = NULL;
	return STATUS_OK;
}

enum status
node_face_read(
	const struct node_face_parts *parts, struct node_face **ret_face, struct problem *problem)
{
	struct node_face *face = calloc(1, sizeof(*face));
	char path[NODE_PATH_SIZE_MAX];
	enum status status;

	if (face == NULL) {
		return problem_system(problem, "cannot hold the settings");
	}
	face->service.unused = face_destroy;
	service_face_enter(&face->service);
	status = node_path(parts->directory, "houji.yaml", path, problem);
	if (status == STATUS_OK) {
		status = settings_read(path, &face->settings, problem);
	}
	if (status == STATUS_OK) {
		status = node_identity_read(
			parts->directory, &face->settings, &face->identity, problem);
	}
	if (status == STATUS_OK) {
		native_settings_from(&face->settings, parts->worker_count, &face->native);
		status = face_make_service(face, parts, problem);
	}
	if (status != STATUS_OK) {
		node_face_free(face);
		return status;
	}
	*ret_face = face;
	return STATUS_OK;
}

void
node_face_free(struct node_face *face)
{
	if (face != NULL) {
		service_face_leave(&face->service);
	}
}

enum status
node_worker_open(struct node_worker *worker, const struct native_parts *parts,
	struct records *records, struct node_face *face, struct problem *problem)
{
	struct native_parts own = *parts;
	struct service_parts service = {
		.records = records, .row = parts->row, .face = &face->service};

	worker->loop = loop_new(problem);
	if (worker->loop == NULL) {
		return STATUS_SYSTEM;
	}
	service.loop = worker->loop;
	worker->service = service_new(&service);
	if (worker->service == NULL) {
		return problem_system(problem, "cannot make a service");
	}
	own.loop = worker->loop;
	own.service = worker->service;
	own.settings = &face->native;
	worker->native = native_new(&own, problem);
	return worker->native == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static void *
worker_run(void *context)
{
	struct node_worker *worker = context;

	/* A loop that cannot wait has nothing left to do; the others go on. */
	return loop_run(worker->loop) == STATUS_OK ? NULL : worker;
}

enum status
node_worker_start(struct node_worker *worker, struct problem *problem)
{
	if (pthread_create(&worker->thread, NULL, worker_run, worker) != 0) {
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
};

static void
use_run(void *context)
{
	struct use *use = context;

	service_use(use->worker->service, &use->face->service);
	native_use(use->worker->native, &use->face->native);
}

void
node_worker_use(struct node_worker *worker, struct node_face *face)
{
	struct use use = {worker, face};

	node_worker_call(worker, use_run, &use);
}

static void
stop_check(void *context)
{
	struct node_worker *worker = context;
	int64_t now_ms = loop_now_ms(worker->loop);

	if (native_busy_count(worker->native) == 0 || now_ms >= worker->stop_ms) {
		loop_stop(worker->loop);
		return;
	}
	loop_timer_set(
		worker->loop, &worker->stop_timer, now_ms + STOP_CHECK_MS, stop_check, worker);
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

	native_stop(worker->native);
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
		native_stop(worker->native);
	}
}

void
node_worker_close(struct node_worker *worker)
{
	native_free(worker->native);
	service_free(worker->service);
	loop_free(worker->loop);
	*worker = (struct node_worker){.loop = NULL};
}
