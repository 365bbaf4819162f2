/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"
#include "message/replication_stream.h"

/*
 * Changes of a mirror on their way into its ledger: gathered, submitted together, and reported
 * on the mirror's loop when all are durable. What they need lies in the batch's arena, so one
 * that is under way is left alone.
 *
 * A record that already is as it should be is not written again, so taking a transaction twice
 * is the same as taking it once. The name is kept octet by octet as the primary has it: a record
 * whose name differs in case is deleted first.
 *
 * While a dump is taken (`fresh_after` is not UINT64_MAX), every record is written that was last
 * written before it: what has not been written when the dump is over is gone at the primary.
 */
struct replication_batch;

typedef void replication_batch_done(void *context, enum status status);

struct replication_batch *replication_batch_new(
	struct loop *loop, struct ledger *ledger, replication_batch_done *done, void *context);
/* While none of it is under way. NULL is fine. */
void replication_batch_free(struct replication_batch *batch);

/* Sequence after which an entry was written by the dump under way; UINT64_MAX: no dump. */
void replication_batch_set_fresh(struct replication_batch *batch, uint64_t fresh_after);
/* Noted in the ledger as who made the changes from now on. */
void replication_batch_set_actor(struct replication_batch *batch, struct bytes actor);

bool replication_batch_is_full(const struct replication_batch *batch);
size_t replication_batch_count(const struct replication_batch *batch);
bool replication_batch_is_busy(const struct replication_batch *batch);

/* NO_MEMORY, or what is wrong with the record. The batch was not full. */
enum status replication_batch_put(struct replication_batch *batch, struct bytes name,
	const struct replication_values *values) MUST_CHECK;
enum status replication_batch_add(
	struct replication_batch *batch, enum journal_kind kind, struct bytes name) MUST_CHECK;

/* Forgets what was added and not submitted. */
void replication_batch_clear(struct replication_batch *batch);

/* `done` follows, never before this returns; the batch is then empty. */
void replication_batch_submit(struct replication_batch *batch);
