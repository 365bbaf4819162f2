/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_internal.h"
#include "loop/loop_pool.h"

#include <assert.h>
#include <stdlib.h>

/* One thread that never runs beside anybody: a job is run when all loops would sleep. */
struct loop_pool {
	struct loop_pool *next;
	struct loop_job *first;
	struct loop_job **last;
	size_t waiting_count;
	size_t waiting_count_max;
};

struct loop_pool *
loop_pool_new(size_t thread_count, size_t waiting_count_max)
{
	struct loop_pool *pool = fake_alloc(sizeof(*pool));

	assert(thread_count > 0 && thread_count <= POOL_THREAD_COUNT_MAX);
	pool->waiting_count_max = waiting_count_max;
	pool->last = &pool->first;
	pool->next = fake_world.pools;
	fake_world.pools = pool;
	return pool;
}

static void
job_done(void *context)
{
	struct loop_job *job = context;

	job->done(job);
}

static bool
pool_turn(struct loop_pool *pool)
{
	struct loop_job *job = pool->first;

	if (job == NULL) {
		return false;
	}
	pool->first = job->next;
	if (pool->first == NULL) {
		pool->last = &pool->first;
	}
	pool->waiting_count--;
	job->run(job);
	job->post.posted = job_done;
	job->post.context = job;
	loop_post(job->loop, &job->post);
	return true;
}

void
loop_pool_free(struct loop_pool *pool)
{
	struct loop_pool **at = &fake_world.pools;

	if (pool == NULL) {
		return;
	}
	while (pool_turn(pool)) {
	}
	while (*at != pool) {
		at = &(*at)->next;
	}
	*at = pool->next;
	free(pool);
}

enum status
loop_pool_submit(struct loop_pool *pool, struct loop_job *job)
{
	if (pool->waiting_count >= pool->waiting_count_max) {
		return STATUS_BUSY;
	}
	job->next = NULL;
	*pool->last = job;
	pool->last = &job->next;
	pool->waiting_count++;
	return STATUS_OK;
}

bool
fake_pools_turn(void)
{
	for (struct loop_pool *pool = fake_world.pools; pool != NULL && !fake_world.pools_held;
		pool = pool->next) {
		if (pool_turn(pool)) {
			return true;
		}
	}
	return false;
}

void
fake_jobs_hold(bool is_held)
{
	fake_world.pools_held = is_held;
}
