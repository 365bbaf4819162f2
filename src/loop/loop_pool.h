/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "loop/loop.h"

/*
 * Helper threads for what takes too long for a worker: signatures, verifications, password
 * hashes. A millisecond of RSA never stands before a look-up of microseconds.
 *
 *     job->loop = loop; job->run = verify; job->done = verified;
 *     if (loop_pool_submit(pool, job) != STATUS_OK) -> answer BUSY, the job never runs
 *
 * `run` is called on a helper thread and may touch only what the job owns or what never
 * changes; then `done` is called on the job's loop, where the job is its owner's again. The
 * loop must go on until then. Jobs start in the order they came; how they end is anybody's
 * guess.
 *
 * tests/fake/pool_fake.c has the same functions without threads: jobs run when the loops of
 * the fake world have nothing else to do.
 */
struct loop_pool;

enum { POOL_THREAD_COUNT_MAX = 64 };

struct loop_job;
typedef void loop_job_call(struct loop_job *job);

struct loop_job {
	struct loop_job *next; /* The pool's. */
	struct loop_post post; /* The pool's. */
	struct loop *loop;
	loop_job_call *run;
	loop_job_call *done;
};

/* At most `waiting_count_max` jobs wait for a thread. NULL if threads or memory are short. */
struct loop_pool *loop_pool_new(size_t thread_count, size_t waiting_count_max);
/* Runs what waits, then ends its threads; the `done` calls are still to come on their loops. */
void loop_pool_free(struct loop_pool *pool);

/* From any thread. BUSY: too many wait. */
enum status loop_pool_submit(struct loop_pool *pool, struct loop_job *job) MUST_CHECK;
