/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_private.h"

#include "base/checksum.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/thread.h"
#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

/*
 * The committer: takes all that is queued, judges and adds change after change, and makes
 * the batch durable when the queue is empty, the journal's batch is full, or a key comes for
 * the second time. Then the batch is shown, answered, and handed to the applier.
 */

enum status
ledger_batch_make(struct ledger_batch *batch)
{
	*batch = (struct ledger_batch){
		.changes = malloc(LEDGER_BATCH_COUNT_MAX * sizeof(batch->changes[0])),
		.keys = malloc(LEDGER_BATCH_KEYS_SIZE),
		.record = malloc(MESSAGE_SIZE_MAX),
		.met = calloc(LEDGER_MET_SLOT_COUNT, sizeof(batch->met[0])),
		.number = 1,
	};
	return batch->changes == NULL || batch->keys == NULL || batch->record == NULL ||
			batch->met == NULL
		? STATUS_NO_MEMORY
		: STATUS_OK;
}

void
ledger_batch_free(struct ledger_batch *batch)
{
	free(batch->changes);
	free(batch->keys);
	free(batch->record);
	free(batch->met);
}

/* The slot of the key, or the empty one where it would go. */
static struct ledger_met *
batch_met(const struct ledger_batch *batch, uint32_t hash)
{
	uint32_t slot = hash & (LEDGER_MET_SLOT_COUNT - 1);

	while (batch->met[slot].batch == batch->number && batch->met[slot].hash != hash) {
		slot = (slot + 1) & (LEDGER_MET_SLOT_COUNT - 1);
	}
	return &batch->met[slot];
}

bool
ledger_batch_has(const struct ledger_batch *batch, struct bytes key)
{
	return batch->count > 0 &&
		batch_met(batch, (uint32_t)checksum_over(key, 0))->batch == batch->number;
}

/* True if the batch may have the key already; else it has it from now on. */
static bool
batch_meets(struct ledger_batch *batch, struct bytes key)
{
	uint32_t hash = (uint32_t)checksum_over(key, 0);
	struct ledger_met *met = batch_met(batch, hash);

	if (met->batch == batch->number) {
		return true;
	}
	*met = (struct ledger_met){batch->number, hash};
	return false;
}

static void
batch_clear(struct ledger_batch *batch)
{
	batch->count = 0;
	batch->keys_used = 0;
	if (++batch->number == 0) {
		memset(batch->met, 0, LEDGER_MET_SLOT_COUNT * sizeof(batch->met[0]));
		batch->number = 1;
	}
}

/* Calls back for everything taken so far, in order. A change is its owner's again as soon
 * as its callback runs. */
static void
batch_answer(struct ledger_batch *batch, uint64_t sequence)
{
	struct ledger_change *change = batch->first;
	bool is_last = change == NULL;

	while (!is_last) {
		struct ledger_change *next = change->next;

		is_last = change == batch->last;
		if (change->committed != NULL) {
			change->committed(change->context, change, change->status,
				change->status == STATUS_OK ? ++sequence : 0);
		}
		change = next;
	}
	batch->first = NULL;
	batch->last = NULL;
}

static void
batch_refuse(struct ledger_batch *batch, enum status status)
{
	struct ledger_change *change = batch->first;
	bool is_last = change == NULL;

	while (!is_last) {
		is_last = change == batch->last;
		if (change->status == STATUS_OK) {
			change->status = status;
		}
		change = change->next;
	}
	batch_answer(batch, 0);
	batch_clear(batch);
}

static enum status
batch_show(struct ledger *ledger, struct problem *problem)
{
	struct ledger_batch *batch = &ledger->batch;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
		status = records_apply(ledger->records, &batch->changes[i]);
	}
	return status == STATUS_OK
		? status
		: problem_set(problem, status,
			  "what was written cannot be shown: %s; it will be after the next start",
			  status_text(status));
}

static void
batch_count(struct ledger *ledger)
{
	if (ledger->row != NULL) {
		monitor_add(ledger->row, METRIC_LEDGER_BATCHES, 1);
		monitor_add(ledger->row, METRIC_LEDGER_ENTRIES, ledger->batch.count);
	}
}

/* Makes the batch durable, shows it, answers it. */
static void
batch_flush(struct ledger *ledger)
{
	struct ledger_batch *batch = &ledger->batch;
	uint64_t sequence = journal_last_sequence(ledger->journal);
	struct problem problem;
	enum status status = STATUS_OK;

	if (batch->count > 0) {
		/* First, so that what is durable can be shown, too. */
		status = places_reserve(ledger->places, batch->count);
		if (status != STATUS_OK) {
			(void)problem_set(&problem, status, "no room for more handles: %s",
				status_text(status));
		}
	}
	if (status == STATUS_OK && batch->count > 0) {
		status = journal_flush(ledger->journal, &problem);
	}
	if (status == STATUS_OK) {
		status = batch_show(ledger, &problem);
	}
	if (status != STATUS_OK) {
		ledger_fail(ledger, &problem);
		batch_refuse(batch, status);
		return;
	}
	batch_answer(batch, sequence);
	if (batch->count > 0) {
		batch_count(ledger);
		ledger_watches_tell(ledger);
		ledger_view_append(
			ledger, batch->changes, batch->count, journal_end(ledger->journal));
	}
	batch_clear(batch);
}

/* Room for one more change of any size; else the batch goes first. */
static bool
batch_has_room(const struct ledger_batch *batch)
{
	return batch->count < LEDGER_BATCH_COUNT_MAX &&
		batch->keys_used <= LEDGER_BATCH_KEYS_SIZE - HANDLE_KEY_SIZE_MAX;
}

/* BUSY asks to flush and come again. */
static enum status
change_add(struct ledger *ledger, struct ledger_change *change)
{
	struct ledger_batch *batch = &ledger->batch;
	uint8_t *octets = batch->keys + batch->keys_used;
	struct journal_change entry = {
		.kind = change->kind,
		.time_ms = clock_wall_ms(),
		.actor = change->actor,
	};
	enum status status;

	if (change->status != STATUS_OK) {
		return change->status;
	}
	if (!batch_has_room(batch)) {
		return STATUS_BUSY;
	}
	entry.key = bytes_over(octets, handle_name_key(change->name, octets));
	if (batch_meets(batch, entry.key)) {
		return STATUS_BUSY;
	}
	status = ledger_change_judge(ledger, change, &entry);
	if (status == STATUS_OK) {
		status = journal_add(ledger->journal, &entry, &change->place);
	}
	if (status == STATUS_OK) {
		batch->changes[batch->count++] =
			(struct records_change){change->kind, entry.key, change->place};
		batch->keys_used += entry.key.size;
	}
	return status;
}

static void
commit_change(struct ledger *ledger, struct ledger_change *change)
{
	struct ledger_batch *batch = &ledger->batch;
	enum status status =
		ledger_has_failed(ledger) ? STATUS_READ_ONLY : change_add(ledger, change);

	if (status == STATUS_BUSY && (batch->count > 0 || batch->first != NULL)) {
		batch_flush(ledger);
		status = ledger_has_failed(ledger) ? STATUS_READ_ONLY : change_add(ledger, change);
	}
	change->status = status;
	if (batch->first == NULL) {
		batch->first = change;
	}
	batch->last = change;
}

enum { LOOK_AHEAD_COUNT = 64 };

/* Each change is looked for where it may stand already: one wait for memory. The waits of a
 * run of changes overlap when all are read in one loop first. */
static void
look_ahead(struct ledger *ledger, const struct ledger_change *change)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX] __attribute__((uninitialized));
	volatile uint64_t seen;

	for (size_t i = 0; i < LOOK_AHEAD_COUNT && change != NULL; i++, change = change->next) {
		size_t size = handle_name_key(change->name, key);

		seen = records_warm(ledger->records, bytes_over(key, size));
	}
	(void)seen;
}

static void
commit_list(struct ledger *ledger, struct ledger_change *change)
{
	for (size_t number = 0; change != NULL; number++) {
		if (number % LOOK_AHEAD_COUNT == 0) {
			look_ahead(ledger, change);
		}
		/* The callback of its batch may give the change away. */
		struct ledger_change *next = change->next;

		commit_change(ledger, change);
		change = next;
	}
	batch_flush(ledger);
}

void *
ledger_committer(void *context)
{
	struct ledger *ledger = context;

	thread_be_patient();
	pthread_mutex_lock(&ledger->lock);
	while (true) {
		struct ledger_change *first;

		while (ledger->queue_first == NULL && !ledger->is_closing) {
			pthread_cond_wait(&ledger->changed, &ledger->lock);
		}
		first = ledger->queue_first;
		if (first == NULL) {
			break;
		}
		ledger->queue_first = NULL;
		ledger->queue_last = NULL;
		ledger->queue_count = 0;
		ledger->is_committing = true;
		pthread_mutex_unlock(&ledger->lock);
		commit_list(ledger, first);
		pthread_mutex_lock(&ledger->lock);
		ledger->is_committing = false;
		pthread_cond_broadcast(&ledger->changed);
	}
	pthread_mutex_unlock(&ledger->lock);
	return NULL;
}
