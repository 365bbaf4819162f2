/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "native/native.h"
#include "node/node_identity.h"

#include <pthread.h>

/*
 * One thread that answers: a loop, a service over the shared records, a front.
 */
struct node_worker {
	struct loop *loop;
	struct service *service;
	struct native *native;
	pthread_t thread;
	bool is_running;
	struct loop_timer stop_timer;
	int64_t stop_ms;
};

/* What all workers share and a reload replaces as a whole; it goes when its owner has freed it
 * and the last operation that began under it is done. */
struct node_face {
	struct settings settings;
	struct node_identity identity;
	struct native_settings native;
	struct service_face service;
};

/* What a face needs of its node: how many workers share its limits, and the helper threads, NULL
 * for a face that is only to be checked. */
struct node_face_parts {
	const char *directory;
	size_t worker_count;
	struct loop_pool *pool;
};
enum status node_face_read(const struct node_face_parts *parts, struct node_face **ret_face,
	struct problem *problem) MUST_CHECK;
void node_face_free(struct node_face *face);

enum status node_worker_open(struct node_worker *worker, const struct native_parts *parts,
	struct records *records, struct node_face *face, struct problem *problem) MUST_CHECK;
enum status node_worker_start(struct node_worker *worker, struct problem *problem) MUST_CHECK;

/* Runs `posted` on the worker's thread and waits until it did. */
void node_worker_call(struct node_worker *worker, loop_posted *posted, void *context);
void node_worker_use(struct node_worker *worker, struct node_face *face);

/* Answers what is under way, `grace_ms` at the most, then ends the thread. */
void node_worker_stop(struct node_worker *worker, uint32_t grace_ms);
void node_worker_close(struct node_worker *worker);
