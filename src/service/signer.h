/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "crypto/crypto.h"
#include "loop/loop.h"

/*
 * Signs answers on threads of its own, so that a millisecond of RSA never stands before a
 * look-up of microseconds. The one place that holds the node's private key.
 *
 *     job->loop = loop; job->runs[0] = front; job->runs[1] = header_and_body; ...
 *     if (signer_submit(signer, job) != STATUS_OK) -> answer an error, never unsigned
 *
 * `signed_` runs on the job's loop with status and signature filled in. At most
 * SIGNER_QUEUE_COUNT_MAX jobs wait; more are refused with BUSY.
 */
struct signer;

enum { SIGNER_RUN_COUNT_MAX = 2 };

struct signer_job;
typedef void signer_signed(struct signer_job *job);

struct signer_job {
	struct signer_job *next; /* The signer's. */
	struct loop_post post; /* The signer's. */
	struct loop *loop;
	struct bytes runs[SIGNER_RUN_COUNT_MAX];
	size_t run_count;
	enum crypto_digest digest;
	signer_signed *signed_;
	enum status status;
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX];
	size_t signature_size;
};

/* Takes the key. NULL if threads or memory are short. */
struct signer *signer_new(struct crypto_key *key, size_t thread_count);
/* Finishes what waits, then ends its threads. */
void signer_free(struct signer *signer);

enum crypto_key_kind signer_key_kind(const struct signer *signer);
enum status signer_submit(struct signer *signer, struct signer_job *job) MUST_CHECK;
