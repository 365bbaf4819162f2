/* SPDX-License-Identifier: Apache-2.0 */
#include "service/signer.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { SIGNER_THREAD_COUNT_MAX = 16 };

struct signer {
	struct crypto_key *key;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct signer_job *first;
	struct signer_job **last;
	size_t waiting;
	bool is_ending;
	size_t thread_count;
	pthread_t threads[SIGNER_THREAD_COUNT_MAX];
};

static struct signer_job *
signer_next(struct signer *signer)
{
	struct signer_job *job;

	pthread_mutex_lock(&signer->lock);
	while (signer->first == NULL && !signer->is_ending) {
		pthread_cond_wait(&signer->wake, &signer->lock);
	}
	job = signer->first;
	if (job != NULL) {
		signer->first = job->next;
		if (signer->first == NULL) {
			signer->last = &signer->first;
		}
		signer->waiting--;
	}
	pthread_mutex_unlock(&signer->lock);
	return job;
}

static void
signer_done(void *context)
{
	struct signer_job *job = context;

	job->signed_(job);
}

static void *
signer_run(void *context)
{
	struct signer *signer = context;
	struct signer_job *job;

	while ((job = signer_next(signer)) != NULL) {
		job->status = crypto_sign(signer->key, job->digest, job->runs, job->run_count,
			job->signature, &job->signature_size);
		job->post.posted = signer_done;
		job->post.context = job;
		loop_post(job->loop, &job->post);
	}
	return NULL;
}

struct signer *
signer_new(struct crypto_key *key, size_t thread_count)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	assert(thread_count > 0 && thread_count <= SIGNER_THREAD_COUNT_MAX);
	if (signer == NULL) {
		return NULL;
	}
	signer->key = key;
	signer->last = &signer->first;
	pthread_mutex_init(&signer->lock, NULL);
	pthread_cond_init(&signer->wake, NULL);
	for (; signer->thread_count < thread_count; signer->thread_count++) {
		if (pthread_create(&signer->threads[signer->thread_count], NULL, signer_run,
			    signer) != 0) {
			signer->key = NULL; /* Still the caller's. */
			signer_free(signer);
			return NULL;
		}
	}
	return signer;
}

void
signer_free(struct signer *signer)
{
	if (signer == NULL) {
		return;
	}
	pthread_mutex_lock(&signer->lock);
	signer->is_ending = true;
	pthread_cond_broadcast(&signer->wake);
	pthread_mutex_unlock(&signer->lock);
	for (size_t i = 0; i < signer->thread_count; i++) {
		pthread_join(signer->threads[i], NULL);
	}
	pthread_cond_destroy(&signer->wake);
	pthread_mutex_destroy(&signer->lock);
	crypto_key_free(signer->key);
	free(signer);
}

enum crypto_key_kind
signer_key_kind(const struct signer *signer)
{
	return crypto_key_kind(signer->key);
}

enum status
signer_submit(struct signer *signer, struct signer_job *job)
{
	enum status status = STATUS_OK;

	assert(job->run_count <= SIGNER_RUN_COUNT_MAX);
	job->next = NULL;
	pthread_mutex_lock(&signer->lock);
	if (signer->waiting >= SIGNER_QUEUE_COUNT_MAX || signer->is_ending) {
		status = STATUS_BUSY;
	} else {
		*signer->last = job;
		signer->last = &job->next;
		signer->waiting++;
		pthread_cond_signal(&signer->wake);
	}
	pthread_mutex_unlock(&signer->lock);
	return status;
}
