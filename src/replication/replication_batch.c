/* SPDX-License-Identifier: Apache-2.0 */
#include "replication/replication_batch.h"

#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>

enum {
	ARENA_BLOCK_SIZE = 1 << 18,
	ARENA_LIMIT = REPLICATION_BATCH_SIZE_MAX + (4 << 20),
	RETRY_MS = 20, /* The ledger's queue is full. */
};

struct replication_batch {
	struct loop *loop;
	struct ledger *ledger;
	struct records_reader *reader;
	replication_batch_done *done;
	void *context;
	struct arena *arena;
	struct bytes actor;
	uint64_t fresh_after;
	struct ledger_change *first;
	struct ledger_change *last;
	size_t count;
	size_t size;
	bool is_busy;
	/* The committer's, until the post. */
	size_t left;
	enum status status;
	struct loop_post post;
	struct loop_timer retry;
};

struct replication_batch *
replication_batch_new(
	struct loop *loop, struct ledger *ledger, replication_batch_done *done, void *context)
{
	struct replication_batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL) {
		return NULL;
	}
	*batch = (struct replication_batch){.loop = loop,
		.ledger = ledger,
		.reader = records_reader_new(ledger_records(ledger)),
		.done = done,
		.context = context,
		.arena = arena_new(ARENA_BLOCK_SIZE, ARENA_LIMIT),
		.fresh_after = UINT64_MAX};
	if (batch->reader == NULL || batch->arena == NULL) {
		replication_batch_free(batch);
		return NULL;
	}
	return batch;
}

void
replication_batch_free(struct replication_batch *batch)
{
	if (batch == NULL) {
		return;
	}
	assert(!batch->is_busy);
	loop_timer_clear(batch->loop, &batch->retry);
	records_reader_free(batch->reader);
	arena_free(batch->arena);
	free(batch);
}

void
replication_batch_set_fresh(struct replication_batch *batch, uint64_t fresh_after)
{
	batch->fresh_after = fresh_after;
}

void
replication_batch_set_actor(struct replication_batch *batch, struct bytes actor)
{
	batch->actor = actor;
}

bool
replication_batch_is_full(const struct replication_batch *batch)
{
	return batch->count >= REPLICATION_BATCH_COUNT_MAX ||
		batch->size >= REPLICATION_BATCH_SIZE_MAX;
}

size_t
replication_batch_count(const struct replication_batch *batch)
{
	return batch->count;
}

bool
replication_batch_is_busy(const struct replication_batch *batch)
{
	return batch->is_busy;
}

/* What is not there to be deleted and what is there already is as it should be. */
static bool
is_as_it_should_be(const struct ledger_change *change)
{
	switch (change->kind) {
	case JOURNAL_PUT:
	case JOURNAL_HOME:
		return change->status == STATUS_EXISTS;
	case JOURNAL_DELETE:
	case JOURNAL_UNHOME:
		return change->status == STATUS_NOT_FOUND;
	case JOURNAL_PAD:
		break;
	}
	return false;
}

void
replication_batch_clear(struct replication_batch *batch)
{
	assert(!batch->is_busy);
	batch->first = batch->last = NULL;
	batch->count = batch->size = 0;
	arena_reset(batch->arena);
}

static void
batch_posted(void *context)
{
	struct replication_batch *batch = context;

	batch->is_busy = false;
	replication_batch_clear(batch);
	batch->done(batch->context, batch->status);
}

/* On the committer's thread. */
static void
change_committed(void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	struct replication_batch *batch = context;

	(void)sequence;
	if (status != STATUS_OK && !is_as_it_should_be(change) && batch->status == STATUS_OK) {
		batch->status = status;
	}
	if (--batch->left == 0) {
		batch->post = (struct loop_post){.posted = batch_posted, .context = batch};
		loop_post(batch->loop, &batch->post);
	}
}

/* EXISTS: nothing to do. CONFLICT: the name would stay another; come again, and it is deleted
 * first. */
static enum status
put_judge(void *context, struct ledger_state *state, struct ledger_change *change,
	const struct record *before)
{
	const struct replication_batch *batch = context;

	(void)state;
	if (before == NULL) {
		return STATUS_OK;
	}
	if (!bytes_equal(before->name, change->name)) {
		return STATUS_CONFLICT;
	}
	if (before->values.count != change->values.count ||
		!bytes_equal(before->values.octets, change->values.octets)) {
		return STATUS_OK;
	}
	return batch->fresh_after != UINT64_MAX &&
			ledger_record_version(batch->ledger, before) <= batch->fresh_after
		? STATUS_OK
		: STATUS_EXISTS;
}

static struct ledger_change *
change_new(struct replication_batch *batch, enum journal_kind kind, struct bytes name)
{
	struct ledger_change *change = arena_alloc(batch->arena, sizeof(*change));
	struct bytes own = arena_copy(batch->arena, name);

	if (change == NULL || own.at == NULL) {
		return NULL;
	}
	change->kind = kind;
	change->name = own;
	change->actor = batch->actor;
	change->committed = change_committed;
	change->context = batch;
	return change;
}

static void
change_link(struct replication_batch *batch, struct ledger_change *change, size_t size)
{
	if (batch->last != NULL) {
		batch->last->next = change;
	} else {
		batch->first = change;
	}
	batch->last = change;
	batch->count++;
	batch->size += size;
}

enum status
replication_batch_add(struct replication_batch *batch, enum journal_kind kind, struct bytes name)
{
	struct ledger_change *change = change_new(batch, kind, name);

	if (change == NULL) {
		return STATUS_NO_MEMORY;
	}
	change_link(batch, change, name.size);
	return STATUS_OK;
}

/* True if a record stands there under a name of other case. */
static bool
has_other_name(struct replication_batch *batch, struct bytes name)
{
	struct record record;
	bool is_other;

	records_enter(batch->reader);
	is_other = records_get(batch->reader, name, &record) == STATUS_OK &&
		!bytes_equal(record.name, name);
	records_leave(batch->reader);
	return is_other;
}

enum status
replication_batch_put(
	struct replication_batch *batch, struct bytes name, const struct replication_values *values)
{
	uint8_t *octets = arena_alloc(batch->arena, values->octets.size + 1);
	struct ledger_change *change = change_new(batch, JOURNAL_PUT, name);
	struct wire_writer writer;
	uint32_t index;
	enum status status;

	if (change == NULL || octets == NULL) {
		return STATUS_NO_MEMORY;
	}
	writer = wire_writer_over(octets, values->octets.size + 1);
	change->values = replication_values_list(values, &writer);
	status = handle_value_list_check(&change->values, &index);
	if (status == STATUS_OK && has_other_name(batch, name)) {
		status = replication_batch_add(batch, JOURNAL_DELETE, name);
	}
	if (status != STATUS_OK) {
		return status;
	}
	change->judge = put_judge;
	change_link(batch, change, name.size + values->octets.size);
	return STATUS_OK;
}

static void
batch_retry(void *context)
{
	replication_batch_submit(context);
}

void
replication_batch_submit(struct replication_batch *batch)
{
	enum status status;

	batch->is_busy = true;
	batch->status = STATUS_OK;
	batch->left = batch->count;
	status = batch->count == 0 ? STATUS_OK : ledger_submit(batch->ledger, batch->first);
	if (status == STATUS_OK && batch->count > 0) {
		return;
	}
	if (status == STATUS_BUSY) {
		loop_timer_set(batch->loop, &batch->retry, loop_now_ms(batch->loop) + RETRY_MS,
			batch_retry, batch);
		return;
	}
	batch->status = status;
	batch->post = (struct loop_post){.posted = batch_posted, .context = batch};
	loop_post(batch->loop, &batch->post);
}
