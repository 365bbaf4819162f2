/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_private.h"

#include "base/clock.h"
#include "base/thread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/*
 * The applier: one batch is filled while the other is applied. When the one being filled is
 * full the committer waits, so the ordered table is never more than two batches behind.
 */

static void
view_batch_free(struct ledger_view_batch *batch)
{
	free(batch->changes);
	free(batch->keys);
}

static bool
view_batch_make(struct ledger_view_batch *batch)
{
	batch->changes = malloc(RECORDS_ORDER_BATCH_COUNT_MAX * sizeof(batch->changes[0]));
	batch->keys = malloc(LEDGER_VIEW_KEYS_SIZE);
	return batch->changes != NULL && batch->keys != NULL;
}

/* A burst may have filled it once; the memory is given back, the addresses are kept. */
static void
view_batch_clear(struct ledger_view_batch *batch)
{
	static const uintptr_t PAGE_MASK = 4095;
	const size_t keep = 1 << 20;

	if (batch->keys_used > keep) {
		uintptr_t from = ((uintptr_t)batch->keys + PAGE_MASK) & ~PAGE_MASK;

		(void)madvise(batch->keys + (from - (uintptr_t)batch->keys),
			(batch->keys_used - PAGE_MASK) & ~PAGE_MASK, MADV_DONTNEED);
	}
	batch->count = 0;
	batch->keys_used = 0;
}

/* How long the applier may still wait for more, in ms; 0 if it must apply now. */
static int64_t
view_patience(const struct ledger_view *view)
{
	const struct ledger_view_batch *batch = view->filling;
	int64_t now = clock_monotonic_ms(), pause, age;

	if (view->is_closing || view->waiter_count > 0) {
		return 0;
	}
	pause = batch->last_ms + LEDGER_VIEW_PAUSE_MS - now;
	age = batch->first_ms + LEDGER_VIEW_AGE_MAX_MS - now;
	pause = pause < age ? pause : age;
	return pause > 0 ? pause : 0;
}

static void
wait_ms(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t ms)
{
	int64_t until_ms = clock_monotonic_ms() + ms;
	struct timespec until = {
		.tv_sec = (time_t)(until_ms / 1000),
		.tv_nsec = (long)(until_ms % 1000) * 1000000,
	};

	(void)pthread_cond_clockwait(changed, lock, CLOCK_MONOTONIC, &until);
}

static bool
tree_lags(const struct ledger *ledger)
{
	uint64_t done = ledger_tree_row_count(ledger->tree) * LEDGER_TREE_ROW_COUNT;

	return journal_last_sequence(ledger->journal) - done > LEDGER_TREE_LAG_MAX;
}

/* What the applier does next. Nothing to apply is time for the tree. */
enum view_task { VIEW_APPLY, VIEW_TREE, VIEW_SIGN, VIEW_END };

static enum view_task
view_wait(struct ledger *ledger)
{
	struct ledger_view *view = &ledger->view;

	while (true) {
		int64_t sign = ledger_evidence_patience(ledger);
		int64_t patience = view->filling->count == 0 ? -1 : view_patience(view);

		if (patience == 0) {
			return VIEW_APPLY;
		}
		if (view->filling->count == 0 && view->is_closing) {
			return VIEW_END;
		}
		if (view->is_tree_behind && (patience < 0 || tree_lags(ledger))) {
			return VIEW_TREE;
		}
		if (sign == 0) {
			return VIEW_SIGN;
		}
		if (sign > 0 && (patience < 0 || sign < patience)) {
			patience = sign;
		}
		if (patience < 0) {
			pthread_cond_wait(&view->changed, &view->lock);
		} else {
			wait_ms(&view->changed, &view->lock, patience);
		}
	}
}

static void
view_take(struct ledger_view *view)
{
	view->applying = view->filling;
	view->filling = view->applying == &view->batches[0] ? &view->batches[1] : &view->batches[0];
	view->is_applying = true;
	pthread_cond_broadcast(&view->changed);
}

/* Here and not in the committer, which must not wait for a hundred megabytes to reach the
 * disk. All before `position` was shown in places before it came here. */
static void
checkpoint_if_due(struct ledger *ledger, uint64_t position)
{
	struct problem problem;

	if (position - ledger->checkpoint < LEDGER_CHECKPOINT_SIZE) {
		return;
	}
	if (places_checkpoint(ledger->places, position, &problem) != STATUS_OK) {
		ledger_fail(ledger, &problem);
	}
	ledger->checkpoint = position;
}

static enum status
view_apply(struct ledger *ledger, const struct ledger_view_batch *batch)
{
	struct problem problem;
	enum status status = records_order_apply(
		ledger->records, batch->changes, batch->count, batch->position, &problem);

	if (status == STATUS_OK) {
		checkpoint_if_due(ledger, batch->position);
	} else {
		ledger_fail(ledger, &problem);
	}
	return status;
}

/* Some of the index of values. True when it is complete; one that cannot be written stays as it is,
 * and says how far it is. */
static bool
search_step(struct records_search *search)
{
	struct problem problem;
	bool is_complete = true;

	return search == NULL ||
		records_search_step(search, LEDGER_SEARCH_STEP_COUNT, &is_complete, &problem) !=
		STATUS_OK ||
		is_complete;
}

/* Some of the tree. What cannot be done now is tried again when more is written. */
static void
tree_step(struct ledger *ledger)
{
	struct ledger_view *view = &ledger->view;
	struct records_search *search = ledger->search;
	struct problem problem = {.status = STATUS_OK};
	bool is_complete = true;
	enum status status;

	view->is_tree_behind = false;
	pthread_mutex_unlock(&view->lock);
	status = ledger_tree_extend(ledger->tree, LEDGER_TREE_STEP_COUNT, &is_complete, &problem);
	if (status == STATUS_OK && !search_step(search)) {
		is_complete = false;
	}
	pthread_mutex_lock(&view->lock);
	view->is_tree_behind = view->is_tree_behind || (status == STATUS_OK && !is_complete);
	problem.status = status;
	ledger->signing.tree_fault = problem;
}

static void *
applier(void *context)
{
	struct ledger *ledger = context;
	struct ledger_view *view = &ledger->view;
	enum status status = STATUS_OK;
	enum view_task task;

	thread_be_patient();
	pthread_mutex_lock(&view->lock);
	while ((task = view_wait(ledger)) != VIEW_END) {
		if (task == VIEW_TREE) {
			tree_step(ledger);
			continue;
		}
		if (task == VIEW_SIGN) {
			ledger_evidence_step(ledger);
			continue;
		}
		view_take(view);
		pthread_mutex_unlock(&view->lock);
		if (status == STATUS_OK) {
			status = view_apply(ledger, view->applying);
		}
		view_batch_clear(view->applying);
		pthread_mutex_lock(&view->lock);
		view->is_applying = false;
		pthread_cond_broadcast(&view->changed);
	}
	/* After an ordinary evening nothing is left for the next start to do. */
	tree_step(ledger);
	pthread_mutex_unlock(&view->lock);
	return NULL;
}

enum status
ledger_view_start(struct ledger *ledger, struct problem *problem)
{
	struct ledger_view *view = &ledger->view;
	int code;

	if (!view_batch_make(&view->batches[0]) || !view_batch_make(&view->batches[1])) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for the ordered view");
	}
	view->filling = &view->batches[0];
	view->is_tree_behind = true;
	code = pthread_create(&view->thread, NULL, applier, ledger);
	if (code != 0) {
		return problem_set(
			problem, STATUS_SYSTEM, "cannot start a thread: %s", strerror(code));
	}
	view->is_running = true;
	return STATUS_OK;
}

static bool
view_has_room(const struct ledger_view_batch *batch, size_t count, size_t keys_size)
{
	return count <= RECORDS_ORDER_BATCH_COUNT_MAX - batch->count &&
		keys_size <= LEDGER_VIEW_KEYS_SIZE - batch->keys_used;
}

void
ledger_view_append(struct ledger *ledger, const struct records_change *changes, size_t count,
	uint64_t position)
{
	struct ledger_view *view = &ledger->view;
	struct ledger_view_batch *batch;
	size_t keys_size = 0;

	for (size_t i = 0; i < count; i++) {
		keys_size += changes[i].key.size;
	}
	pthread_mutex_lock(&view->lock);
	view->waiter_count++;
	while (!view_has_room(view->filling, count, keys_size)) {
		pthread_cond_broadcast(&view->changed);
		pthread_cond_wait(&view->changed, &view->lock);
	}
	view->waiter_count--;
	batch = view->filling;
	batch->last_ms = clock_monotonic_ms();
	if (batch->count == 0) {
		batch->first_ms = batch->last_ms;
		pthread_cond_broadcast(&view->changed);
	}
	for (size_t i = 0; i < count; i++) {
		struct records_change *change = &batch->changes[batch->count++];

		*change = changes[i];
		change->key.at = memcpy(
			batch->keys + batch->keys_used, changes[i].key.at, changes[i].key.size);
		batch->keys_used += changes[i].key.size;
	}
	batch->position = position;
	view->is_tree_behind = true;
	pthread_mutex_unlock(&view->lock);
}

void
ledger_view_wait(struct ledger *ledger, uint64_t position)
{
	struct ledger_view *view = &ledger->view;

	pthread_mutex_lock(&view->lock);
	view->waiter_count++;
	pthread_cond_broadcast(&view->changed);
	while (records_order_position(ledger->records) < position &&
		(view->filling->count > 0 || view->is_applying)) {
		pthread_cond_wait(&view->changed, &view->lock);
	}
	view->waiter_count--;
	pthread_mutex_unlock(&view->lock);
}

void
ledger_view_stop(struct ledger *ledger)
{
	struct ledger_view *view = &ledger->view;

	if (view->is_running) {
		pthread_mutex_lock(&view->lock);
		view->is_closing = true;
		pthread_cond_broadcast(&view->changed);
		pthread_mutex_unlock(&view->lock);
		pthread_join(view->thread, NULL);
		view->is_running = false;
	}
	view_batch_free(&view->batches[0]);
	view_batch_free(&view->batches[1]);
}
