/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "records/records_order.h"
#include "replication/replication_follower_private.h"

#include <stdlib.h>
#include <string.h>

/*
 * After a dump: every record of the primary was written since the dump began, so what was
 * written last before that is gone there, and is deleted here. Prefixes are few and are all
 * sent behind the handles; those that did not come are given up.
 */
enum { WALK_COUNT_MAX = 65536, PREFIX_COUNT_MIN = 64, IS_HOMED = 1 };

static uint64_t
prefix_hash(struct bytes name)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];

	return checksum_over(bytes_over(key, handle_name_key(name, key)), 0);
}

bool
follower_note_prefix(struct replication_follower *follower, struct bytes name)
{
	if (follower->prefix_count == follower->prefix_capacity) {
		size_t capacity = follower->prefix_capacity == 0 ? PREFIX_COUNT_MIN
								 : 2 * follower->prefix_capacity;
		uint64_t *prefixes = capacity > 2 * HOMED_PREFIX_COUNT_MAX
			? NULL
			: realloc(follower->prefixes, capacity * sizeof(prefixes[0]));

		if (prefixes == NULL) {
			return false;
		}
		follower->prefixes = prefixes;
		follower->prefix_capacity = capacity;
	}
	follower->prefixes[follower->prefix_count++] = prefix_hash(name);
	return true;
}

static int
hash_compare(const void *one, const void *other)
{
	uint64_t first = *(const uint64_t *)one;
	uint64_t second = *(const uint64_t *)other;

	return (first > second) - (first < second);
}

void
follower_clean_begin(struct replication_follower *follower)
{
	struct problem problem;

	follower->is_cleaning = true;
	follower->has_cleaned_handles = false;
	follower->clean_key_size = 0;
	if (follower->prefix_count > 0) {
		qsort(follower->prefixes, follower->prefix_count, sizeof(follower->prefixes[0]),
			hash_compare);
	}
	follower_tell(follower, REPLICATION_CLEANING);
	/* The ordered table must show what the dump wrote. */
	if (ledger_settle(follower->ledger, &problem) != STATUS_OK) {
		follower->is_cleaning = false;
		follower_fail(follower,
			problem_set(&follower->fault, STATUS_READ_ONLY, "%s", problem.text));
		return;
	}
	follower_clean_step(follower);
}

static bool
is_behind(const struct replication_follower *follower, struct bytes key)
{
	uint8_t one[STORE_KEY_SIZE_MAX];
	uint8_t other[STORE_KEY_SIZE_MAX];

	return follower->clean_key_size == 0 ||
		bytes_compare(records_order_key(key, one),
			records_order_key(bytes_over(follower->clean_key, follower->clean_key_size),
				other)) > 0;
}

/* Deletions of one batch. */
static enum status
clean_handles(struct replication_follower *follower)
{
	struct records_cursor *cursor;
	struct record record;
	struct bytes key;
	size_t count = 0;
	enum status status = records_cursor_open(ledger_records(follower->ledger),
		bytes_over(follower->clean_key, follower->clean_key_size), &cursor);

	if (status != STATUS_OK) {
		return status;
	}
	while (status == STATUS_OK && count < WALK_COUNT_MAX &&
		!replication_batch_is_full(follower->batch) &&
		records_cursor_next(cursor, &key, &record)) {
		if (!is_behind(follower, key)) {
			continue;
		}
		if (ledger_record_version(follower->ledger, &record) <=
			follower->position.dump_sequence) {
			status = replication_batch_add(follower->batch, JOURNAL_DELETE, key);
		}
		follower->clean_key_size = key.size;
		memcpy(follower->clean_key, key.at, key.size);
		count++;
	}
	follower->has_cleaned_handles =
		count < WALK_COUNT_MAX && !replication_batch_is_full(follower->batch);
	if (status == STATUS_OK) {
		status = records_cursor_status(cursor);
	}
	records_cursor_close(cursor);
	return status;
}

static bool
has_come(const struct replication_follower *follower, struct bytes name)
{
	uint64_t hash = prefix_hash(name);

	return follower->prefix_count > 0 &&
		bsearch(&hash, follower->prefixes, follower->prefix_count,
			sizeof(follower->prefixes[0]), hash_compare) != NULL;
}

static enum status
clean_prefix(struct replication_follower *follower, struct bytes value)
{
	struct journal *journal = ledger_journal(follower->ledger);
	struct bytes name, run;
	enum journal_kind kind;
	uint64_t place;
	enum status status;

	if (value.size != sizeof(place)) {
		return STATUS_CORRUPT;
	}
	memcpy(&place, value.at, sizeof(place));
	if ((place & IS_HOMED) == 0) {
		return STATUS_OK;
	}
	status = journal_peek(journal, place & ~(uint64_t)IS_HOMED, &name, &run, &kind);
	if (status == STATUS_OK && !has_come(follower, name)) {
		status = replication_batch_add(follower->batch, JOURNAL_UNHOME, name);
	}
	return status;
}

/* As many as a batch holds; what is left over is found again in the next round. */
static enum status
clean_prefixes(struct replication_follower *follower)
{
	struct store_snapshot *snapshot;
	struct store_cursor *cursor = NULL;
	struct bytes key, value;
	enum status status = store_snapshot_begin(ledger_store(follower->ledger), &snapshot);

	if (status != STATUS_OK) {
		return status;
	}
	status = store_cursor_open(snapshot, STORE_PREFIXES, TEXT(""), &cursor);
	while (status == STATUS_OK && !replication_batch_is_full(follower->batch) &&
		store_cursor_next(cursor, &key, &value)) {
		status = clean_prefix(follower, value);
	}
	if (status == STATUS_OK) {
		status = store_cursor_status(cursor);
	}
	store_cursor_close(cursor);
	store_snapshot_end(snapshot);
	return status;
}

static void
clean_end(struct replication_follower *follower)
{
	follower->is_cleaning = false;
	follower->prefix_count = 0;
	follower->position.is_dumping = false;
	follower->position.has_dump_position = false;
	follower->position.dump_name_size = 0;
	follower_save(follower);
	follower_stream_ended(follower);
}

void
follower_clean_step(struct replication_follower *follower)
{
	struct problem problem;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && !follower->has_cleaned_handles &&
		replication_batch_count(follower->batch) == 0) {
		status = clean_handles(follower);
	}
	if (status == STATUS_OK && replication_batch_count(follower->batch) == 0) {
		/* The table shows what was given up in the round before. */
		status = ledger_settle(follower->ledger, &problem);
		if (status == STATUS_OK) {
			status = clean_prefixes(follower);
		}
	}
	if (status != STATUS_OK) {
		follower->is_cleaning = false;
		follower_fail(follower,
			problem_set(&follower->fault, status,
				"what the primary has not cannot be deleted: %s",
				status_text(status)));
	} else if (replication_batch_count(follower->batch) > 0) {
		replication_batch_submit(follower->batch);
	} else {
		clean_end(follower);
	}
}
