/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_pool.h"

#include "base/thread.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct loop_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct loop_job *first;
	struct loop_job **last;
	size_t waiting_count;
	size_t waiting_count_max;
	bool is_ending;
	size_t thread_count;
	pthread_t threads[POOL_THREAD_COUNT_MAX];
};

/* Waits for a job; NULL when the pool ends and none is left. */
static struct loop_job *
pool_next(struct loop_pool *pool)
{
	struct loop_job *job;

	pthread_mutex_lock(&pool->lock);
	while (pool->first == NULL && !pool->is_ending) {
		pthread_cond_wait(&pool->wake, &pool->lock);
	}
	job = pool->first;
	if (job != NULL) {
		pool->first = job->next;
		if (pool->first == NULL) {
			pool->last = &pool->first;
		}
		pool->waiting_count--;
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void
job_done(void *context)
{
	struct loop_job *job = context;

	job->done(job);
}

static void *
pool_run(void *context)
{
	struct loop_pool *pool = context;
	struct loop_job *job;

	thread_be_patient();
	while ((job = pool_next(pool)) != NULL) {
		job->run(job);
		job->post.posted = job_done;
		job->post.context = job;
		loop_post(job->loop, &job->post);
	}
	return NULL;
}

struct loop_pool *
loop_pool_new(size_t thread_count, size_t waiting_count_max)
{
	struct loop_pool *pool = calloc(1, sizeof(*pool));

	assert(thread_count > 0 && thread_count <= POOL_THREAD_COUNT_MAX);
	if (pool == NULL) {
		return NULL;
	}
	pool->waiting_count_max = waiting_count_max;
	pool->last = &pool->first;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	for (; pool->thread_count < thread_count; pool->thread_count++) {
		if (pthread_create(&pool->threads[pool->thread_count], NULL, pool_run, pool) != 0) {
			loop_pool_free(pool);
			return NULL;
		}
	}
	return pool;
}

void
loop_pool_free(struct loop_pool *pool)
{
	if (pool == NULL) {
		return;
	}
	pthread_mutex_lock(&pool->lock);
	pool->is_ending = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->thread_count; i++) {
		pthread_join(pool->threads[i], NULL);
	}
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

enum status
loop_pool_submit(struct loop_pool *pool, struct loop_job *job)
{
	enum status status = STATUS_OK;

	job->next = NULL;
	pthread_mutex_lock(&pool->lock);
	if (pool->waiting_count >= pool->waiting_count_max || pool->is_ending) {
		status = STATUS_BUSY;
	} else {
		*pool->last = job;
		pool->last = &job->next;
		pool->waiting_count++;
		pthread_cond_signal(&pool->wake);
	}
	pthread_mutex_unlock(&pool->lock);
	return status;
}
