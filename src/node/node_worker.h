/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "node/node_cache.h"
#include "node/node_face.h"
#include "node/node_watch.h"

#include <pthread.h>

/*
 * One thread that answers: a loop, a service over the shared records, its fronts, and the streams to
 * mirrors that came in through one.
 */
struct node_worker {
	struct loop *loop;
	struct service *service;
	struct native *native;
	struct replication_source *mirrors;
	struct http *http; /* NULL: no web clients are served. */
	struct node_cache *cache; /* NULL: nobody may ask for recursion. */
	struct node_watch *watches[NODE_WATCH_COUNT_MAX]; /* With the cache. */
	struct resolver *resolver; /* NULL: nobody is helped to find what lives elsewhere. */
	struct policy *policy; /* With the resolver. */
	pthread_t thread;
	bool is_running;
	struct loop_timer stop_timer;
	int64_t stop_ms;
};

struct node_worker_parts {
	struct node_face *face;
	const char *directory;
	size_t number, count; /* Which of how many workers. */
	struct native_census *census;
	struct http_sessions *sessions; /* Of web clients. */
	struct service_parts service; /* All but loop, mirrors and face. */
};
enum status node_worker_open(struct node_worker *worker, const struct node_worker_parts *parts,
	struct problem *problem) MUST_CHECK;
enum status node_worker_start(struct node_worker *worker, struct problem *problem) MUST_CHECK;

/* Runs `posted` on the worker's thread and waits until it did. */
void node_worker_call(struct node_worker *worker, loop_posted *posted, void *context);
/* False: all but the certificate for HTTPS, which cannot be used. */
bool node_worker_use(struct node_worker *worker, struct node_face *face) MUST_CHECK;

/* Answers what is under way, then ends the thread. Connections are given `grace_ms`; operations
 * are waited for. */
void node_worker_stop(struct node_worker *worker, uint32_t grace_ms);
void node_worker_close(struct node_worker *worker);
