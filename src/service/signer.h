/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "crypto/crypto.h"
#include "loop/loop_pool.h"

/*
 * Signs answers on the helper threads of a pool. The one place that holds the node's private
 * key.
 *
 *     job->job.loop = loop; job->runs[0] = front; job->runs[1] = header_and_body; ...
 *     if (signer_submit(signer, job) != STATUS_OK) -> answer an error, never unsigned
 *
 * `told` runs on the job's loop with status and signature filled in. A signer whose jobs are
 * under way may be freed: the key goes when the last of them is done.
 */
struct signer;

enum { SIGNER_RUN_COUNT_MAX = 2 };

struct signer_job;
typedef void signer_signed(struct signer_job *job);

struct signer_job {
	struct loop_job job; /* `loop` is the caller's to set. */
	struct signer *signer; /* The signer's. */
	struct bytes runs[SIGNER_RUN_COUNT_MAX];
	size_t run_count;
	enum crypto_digest digest;
	signer_signed *told;
	enum status status;
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
	size_t signature_size;
};

/* Takes the key; the pool stays the caller's. NULL if memory is short: then the key does, too. */
struct signer *signer_new(struct crypto_key *key, struct loop_pool *pool);
void signer_free(struct signer *signer); /* NULL is fine. */

enum crypto_key_kind signer_key_kind(const struct signer *signer);
/* BUSY: too many jobs wait. */
enum status signer_submit(struct signer *signer, struct signer_job *job) MUST_CHECK;
