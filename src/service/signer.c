/* SPDX-License-Identifier: Apache-2.0 */
#include "service/signer.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct signer {
	struct crypto_key *key;
	struct loop_pool *pool;
	atomic_size_t user_count; /* The owner and each job under way. */
};

struct signer *
signer_new(struct crypto_key *key, struct loop_pool *pool)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	if (signer != NULL) {
		signer->key = key;
		signer->pool = pool;
		atomic_init(&signer->user_count, 1);
	}
	return signer;
}

static void
signer_leave(struct signer *signer)
{
	if (atomic_fetch_sub(&signer->user_count, 1) == 1) {
		crypto_key_free(signer->key);
		free(signer);
	}
}

void
signer_free(struct signer *signer)
{
	if (signer != NULL) {
		signer_leave(signer);
	}
}

enum crypto_key_kind
signer_key_kind(const struct signer *signer)
{
	return crypto_key_kind(signer->key);
}

static void
job_run(struct loop_job *run)
{
	struct signer_job *job = (struct signer_job *)run;

	job->status = crypto_sign(job->signer->key, job->digest, job->runs, job->run_count,
		job->signature, &job->signature_size);
	signer_leave(job->signer);
	job->signer = NULL;
}

static void
job_done(struct loop_job *done)
{
	struct signer_job *job = (struct signer_job *)done;

	job->told(job);
}

enum status
signer_submit(struct signer *signer, struct signer_job *job)
{
	enum status status;

	assert(job->run_count <= SIGNER_RUN_COUNT_MAX);
	job->signer = signer;
	job->job.run = job_run;
	job->job.done = job_done;
	atomic_fetch_add(&signer->user_count, 1);
	status = loop_pool_submit(signer->pool, &job->job);
	if (status != STATUS_OK) {
		signer_leave(signer);
	}
	return status;
}
