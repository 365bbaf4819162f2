/* SPDX-License-Identifier: Apache-2.0 */
#include "records/records_order.h"

#include "crypto/crypto.h"
#include "records/records_private.h"

#include <stdlib.h>
#include <string.h>

/*
 * A transaction of LMDB keeps every page it touches in memory until it commits, so a batch
 * goes in several transactions of at most this many changes; sorted as they are, they
 * touch few pages.
 */
enum { TRANSACTION_CHANGE_COUNT_MAX = 16384, DIGEST_SIZE = 32, IS_HOMED = 1 };

/* Octets behind what all keys of the batch have in common, as a number: most comparisons
 * end there. */
struct sort_item {
	uint64_t part;
	uint32_t index;
};

struct records_sort {
	const struct records_change *changes;
	struct sort_item items[RECORDS_ORDER_BATCH_COUNT_MAX];
};

struct records_cursor {
	struct records *records;
	struct store_snapshot *snapshot;
	struct store_cursor *cursor;
	size_t behind_size; /* 0: nothing to step over. */
	uint8_t behind[STORE_KEY_SIZE_MAX]; /* The table key to begin behind. */
	enum status status;
};

static const char LAYOUT_KEY[] = "layout";
static const char POSITION_KEY[] = "position";

struct bytes
records_order_key(struct bytes key, uint8_t ret_octets[STORE_KEY_SIZE_MAX])
{
	enum { KEPT_SIZE = STORE_KEY_SIZE_MAX - DIGEST_SIZE };

	if (key.size <= STORE_KEY_SIZE_MAX) {
		return key;
	}
	memcpy(ret_octets, key.at, KEPT_SIZE);
	crypto_digest(CRYPTO_SHA256, key, ret_octets + KEPT_SIZE);
	return bytes_over(ret_octets, STORE_KEY_SIZE_MAX);
}

static bool
number_load(struct bytes run, uint64_t *ret_number)
{
	if (run.size != sizeof(*ret_number)) {
		return false;
	}
	memcpy(ret_number, run.at, sizeof(*ret_number));
	return true;
}

static enum status
position_load(struct store_snapshot *snapshot, uint64_t *ret_position, struct problem *problem)
{
	uint64_t version = RECORDS_LAYOUT_VERSION;
	struct bytes value;
	enum status status = store_get(snapshot, STORE_META, bytes_from_string(LAYOUT_KEY), &value);

	if (status == STATUS_NOT_FOUND) {
		*ret_position = 0;
		return STATUS_OK;
	}
	if (status == STATUS_OK && !number_load(value, &version)) {
		status = STATUS_CORRUPT;
	}
	if (status == STATUS_OK && version != RECORDS_LAYOUT_VERSION) {
		return problem_set(problem, STATUS_UNKNOWN_VERSION,
			"the ordered view has layout version %llu, this program knows %d: use the "
			"program that wrote it, or rebuild the view with houji repair",
			(unsigned long long)version, RECORDS_LAYOUT_VERSION);
	}
	if (status == STATUS_OK) {
		status = store_get(snapshot, STORE_META, bytes_from_string(POSITION_KEY), &value);
	}
	if (status == STATUS_NOT_FOUND ||
		(status == STATUS_OK && !number_load(value, ret_position))) {
		status = STATUS_CORRUPT;
	}
	return status == STATUS_OK ? status
				   : problem_set(problem, status,
					     "the ordered view does not say where it stands: "
					     "rebuild it with houji repair");
}

enum status
records_order_position_read(struct store *store, uint64_t *ret_position, struct problem *problem)
{
	struct store_snapshot *snapshot;
	enum status status = store_snapshot_begin(store, &snapshot);

	if (status != STATUS_OK) {
		return problem_set(problem, status, "the ordered view cannot be read: %s",
			status_text(status));
	}
	status = position_load(snapshot, ret_position, problem);
	store_snapshot_end(snapshot);
	return status;
}

/* A prefix too long for a table key is whole only in its entry. */
static enum status
load_prefix(struct records *records, struct bytes key, uint64_t value)
{
	uint64_t place = value & ~(uint64_t)IS_HOMED;
	struct bytes run;
	enum journal_kind kind;

	if (key.size == STORE_KEY_SIZE_MAX &&
		journal_peek(records->journal, place, &key, &run, &kind) != STATUS_OK) {
		return STATUS_CORRUPT;
	}
	return records_homed_put(records->homed, key, place, (value & IS_HOMED) != 0);
}

static enum status
load_prefixes(struct records *records, struct store_snapshot *snapshot, struct problem *problem)
{
	struct store_cursor *cursor;
	struct bytes key, value;
	uint64_t number;
	enum status status = store_cursor_open(snapshot, STORE_PREFIXES, TEXT(""), &cursor);

	if (status != STATUS_OK) {
		return problem_set(problem, status, "the homed prefixes cannot be read");
	}
	while (status == STATUS_OK && store_cursor_next(cursor, &key, &value)) {
		status = number_load(value, &number) ? load_prefix(records, key, number)
						     : STATUS_CORRUPT;
	}
	if (status == STATUS_OK) {
		status = store_cursor_status(cursor);
	}
	store_cursor_close(cursor);
	return status == STATUS_OK
		? status
		: problem_set(problem, status, "the homed prefixes cannot be read: %s",
			  status_text(status));
}

enum status
records_order_load(struct records *records, struct problem *problem)
{
	struct store_snapshot *snapshot;
	enum status status = store_snapshot_begin(records->store, &snapshot);
	uint64_t position;

	if (status != STATUS_OK) {
		return problem_set(problem, status, "the ordered view cannot be read: %s",
			status_text(status));
	}
	status = position_load(snapshot, &position, problem);
	if (status == STATUS_OK) {
		atomic_store(&records->order_position, position);
		status = load_prefixes(records, snapshot, problem);
	}
	store_snapshot_end(snapshot);
	return status;
}

uint64_t
records_order_position(const struct records *records)
{
	return atomic_load(&records->order_position);
}

static uint64_t
key_part(struct bytes key, size_t from)
{
	uint64_t part = 0;

	for (size_t i = from; i < from + sizeof(part); i++) {
		part = part << 8 | (i < key.size ? key.at[i] : 0);
	}
	return part;
}

static int
items_compare(const void *one, const void *other, void *context)
{
	const struct sort_item *first = one, *second = other;
	const struct records_sort *sort = context;
	int side;

	if (first->part != second->part) {
		return first->part < second->part ? -1 : 1;
	}
	side = bytes_compare(sort->changes[first->index].key, sort->changes[second->index].key);
	if (side != 0) {
		return side;
	}
	return first->index < second->index ? -1 : first->index > second->index;
}

/* Fills `sort->items` in key order; entries of one key stay in journal order. */
static void
sort_changes(struct records_sort *sort, const struct records_change *changes, size_t count)
{
	struct bytes first = changes[0].key;
	size_t common = first.size;
	bool is_sorted = true;

	for (size_t i = 1; i < count && common > 0; i++) {
		struct bytes key = changes[i].key;
		size_t same = 0;

		while (same < common && same < key.size && key.at[same] == first.at[same]) {
			same++;
		}
		common = same;
	}
	sort->changes = changes;
	for (size_t i = 0; i < count; i++) {
		sort->items[i] = (struct sort_item){key_part(changes[i].key, common), (uint32_t)i};
		is_sorted = is_sorted &&
			(i == 0 || items_compare(&sort->items[i - 1], &sort->items[i], sort) < 0);
	}
	if (!is_sorted) {
		qsort_r(sort->items, count, sizeof(sort->items[0]), items_compare, sort);
	}
}

static enum status
put_change(struct store_transaction *transaction, const struct records_change *change)
{
	uint8_t octets[STORE_KEY_SIZE_MAX];
	struct bytes key = records_order_key(change->key, octets);
	uint64_t value = change->place;

	switch (change->kind) {
	case JOURNAL_PUT:
		return store_put(
			transaction, STORE_HANDLES, key, bytes_over(&value, sizeof(value)));
	case JOURNAL_DELETE:
		return store_remove(transaction, STORE_HANDLES, key);
	case JOURNAL_HOME:
		value |= IS_HOMED;
		return store_put(
			transaction, STORE_PREFIXES, key, bytes_over(&value, sizeof(value)));
	case JOURNAL_UNHOME:
		return store_put(
			transaction, STORE_PREFIXES, key, bytes_over(&value, sizeof(value)));
	case JOURNAL_PAD:
		break;
	}
	return STATUS_INVALID;
}

static enum status
put_position(struct store_transaction *transaction, uint64_t position)
{
	uint64_t version = RECORDS_LAYOUT_VERSION;
	enum status status = store_put(transaction, STORE_META, bytes_from_string(LAYOUT_KEY),
		bytes_over(&version, sizeof(version)));

	return status != STATUS_OK
		? status
		: store_put(transaction, STORE_META, bytes_from_string(POSITION_KEY),
			  bytes_over(&position, sizeof(position)));
}

/* A run of sorted changes in one transaction; the last one takes the position along. */
static enum status
apply_run(struct records *records, size_t from, size_t to, const uint64_t *position,
	struct problem *problem)
{
	const struct records_sort *sort = records->sort;
	struct store_transaction *transaction;
	enum status status = store_transaction_begin(records->store, &transaction);

	if (status != STATUS_OK) {
		return problem_set(
			problem, status, "cannot change the ordered view: %s", status_text(status));
	}
	for (size_t i = from; i < to && status == STATUS_OK; i++) {
		status = put_change(transaction, &sort->changes[sort->items[i].index]);
	}
	if (status == STATUS_OK && position != NULL) {
		status = put_position(transaction, *position);
	}
	if (status == STATUS_OK) {
		return store_transaction_commit(transaction, problem);
	}
	store_transaction_abort(transaction);
	return problem_set(
		problem, status, "cannot change the ordered view: %s", status_text(status));
}

enum status
records_order_apply(struct records *records, const struct records_change *changes, size_t count,
	uint64_t position, struct problem *problem)
{
	enum status status = STATUS_OK;
	size_t from = 0;

	if (count > RECORDS_ORDER_BATCH_COUNT_MAX) {
		return problem_set(problem, STATUS_TOO_LARGE, "too many changes in one batch");
	}
	if (records->sort == NULL) {
		records->sort = malloc(sizeof(*records->sort));
		if (records->sort == NULL) {
			return problem_set(problem, STATUS_NO_MEMORY, "no memory to sort changes");
		}
	}
	if (count > 0) {
		sort_changes(records->sort, changes, count);
	}
	while (status == STATUS_OK && count - from > TRANSACTION_CHANGE_COUNT_MAX) {
		status = apply_run(
			records, from, from + TRANSACTION_CHANGE_COUNT_MAX, NULL, problem);
		from += TRANSACTION_CHANGE_COUNT_MAX;
	}
	if (status == STATUS_OK) {
		status = apply_run(records, from, count, &position, problem);
	}
	if (status == STATUS_OK) {
		atomic_store(&records->order_position, position);
	}
	return status;
}

static enum status
cursor_open(struct records *records, enum store_table table, struct bytes from,
	struct records_cursor **ret_cursor)
{
	struct records_cursor *cursor = calloc(1, sizeof(*cursor));
	enum status status;

	if (cursor == NULL) {
		return STATUS_NO_MEMORY;
	}
	cursor->records = records;
	status = store_snapshot_begin(records->store, &cursor->snapshot);
	if (status == STATUS_OK) {
		status = store_cursor_open(cursor->snapshot, table, from, &cursor->cursor);
	}
	if (status != STATUS_OK) {
		records_cursor_close(cursor);
		return status;
	}
	*ret_cursor = cursor;
	return STATUS_OK;
}

enum status
records_cursor_open(struct records *records, struct bytes from, struct records_cursor **ret_cursor)
{
	if (from.size > STORE_KEY_SIZE_MAX - DIGEST_SIZE) {
		from.size = STORE_KEY_SIZE_MAX - DIGEST_SIZE;
	}
	return cursor_open(records, STORE_HANDLES, from, ret_cursor);
}

static enum status
cursor_open_behind(struct records *records, enum store_table table, struct bytes key,
	struct records_cursor **ret_cursor)
{
	uint8_t octets[STORE_KEY_SIZE_MAX];
	struct bytes from = records_order_key(key, octets);
	enum status status = cursor_open(records, table, from, ret_cursor);

	if (status == STATUS_OK && from.size > 0) {
		(*ret_cursor)->behind_size = from.size;
		memcpy((*ret_cursor)->behind, from.at, from.size);
	}
	return status;
}

enum status
records_cursor_open_behind(
	struct records *records, struct bytes key, struct records_cursor **ret_cursor)
{
	return cursor_open_behind(records, STORE_HANDLES, key, ret_cursor);
}

enum status
records_cursor_open_prefixes(
	struct records *records, struct bytes key, struct records_cursor **ret_cursor)
{
	return cursor_open_behind(records, STORE_PREFIXES, key, ret_cursor);
}

/* The next entry of the table, but for the one to begin behind. */
static bool
cursor_step(struct records_cursor *cursor, struct bytes *ret_key, struct bytes *ret_value)
{
	bool is_found = store_cursor_next(cursor->cursor, ret_key, ret_value);

	if (is_found && cursor->behind_size > 0 &&
		bytes_equal(*ret_key, bytes_over(cursor->behind, cursor->behind_size))) {
		is_found = store_cursor_next(cursor->cursor, ret_key, ret_value);
	}
	cursor->behind_size = 0;
	return is_found;
}

bool
records_cursor_next_prefix(struct records_cursor *cursor, struct bytes *ret_prefix_handle)
{
	struct bytes table_key, value, run;
	enum journal_kind kind;
	uint64_t number = 0;

	do {
		if (cursor->status != STATUS_OK || !cursor_step(cursor, &table_key, &value)) {
			return false;
		}
		if (!number_load(value, &number)) {
			cursor->status = STATUS_CORRUPT;
			return false;
		}
	} while ((number & IS_HOMED) == 0);
	if (journal_peek(cursor->records->journal, number & ~(uint64_t)IS_HOMED, ret_prefix_handle,
		    &run, &kind) != STATUS_OK ||
		kind != JOURNAL_HOME) {
		cursor->status = STATUS_CORRUPT;
		return false;
	}
	return true;
}

bool
records_cursor_next(struct records_cursor *cursor, struct bytes *ret_key, struct record *ret_record)
{
	struct bytes table_key, value, key, run;
	uint8_t octets[STORE_KEY_SIZE_MAX];
	enum journal_kind kind;
	uint64_t place;

	if (cursor->status != STATUS_OK || !cursor_step(cursor, &table_key, &value)) {
		return false;
	}
	if (!number_load(value, &place) ||
		journal_peek(cursor->records->journal, place, &key, &run, &kind) != STATUS_OK ||
		kind != JOURNAL_PUT || !bytes_equal(records_order_key(key, octets), table_key) ||
		record_read(run, ret_record) != STATUS_OK) {
		cursor->status = STATUS_CORRUPT;
		return false;
	}
	ret_record->sequence_place = place;
	*ret_key = key;
	return true;
}

enum status
records_cursor_status(const struct records_cursor *cursor)
{
	return cursor->status != STATUS_OK ? cursor->status : store_cursor_status(cursor->cursor);
}

void
records_cursor_close(struct records_cursor *cursor)
{
	if (cursor != NULL) {
		store_cursor_close(cursor->cursor);
		store_snapshot_end(cursor->snapshot);
		free(cursor);
	}
}

enum status
records_order_prefix(struct store_snapshot *snapshot, struct bytes prefix_handle,
	uint64_t *ret_place, bool *ret_is_homed)
{
	uint8_t octets[STORE_KEY_SIZE_MAX];
	struct bytes value;
	uint64_t number = 0;
	enum status status = store_get(
		snapshot, STORE_PREFIXES, records_order_key(prefix_handle, octets), &value);

	if (status == STATUS_OK && !number_load(value, &number)) {
		status = STATUS_CORRUPT;
	}
	if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
		*ret_place = number & ~(uint64_t)IS_HOMED;
		*ret_is_homed = (number & IS_HOMED) != 0;
		return STATUS_OK;
	}
	return status;
}
