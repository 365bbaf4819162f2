/* SPDX-License-Identifier: Apache-2.0 */
#include "program/copy/compare.h"

#include "crypto/crypto.h"
#include "records/records_order.h"

#include <stdlib.h>
#include <string.h>

/* One side of the walk: what stands at its place. */
struct side {
	struct ledger *ledger;
	struct compare_side *result;
	struct records_cursor *records;
	struct store_snapshot *snapshot;
	struct store_cursor *prefixes;
	bool is_prefixes;
	bool has_item;
	enum status status;
	struct bytes key;
	struct record record; /* For prefixes only the name. */
	uint8_t *room; /* RECORD_SIZE_MAX and more: a record as a mirror gets it. */
};

enum { ROOM_SIZE = REPLICATION_BLOCK_SIZE_MAX, IS_HOMED = 1 };

const char *
compare_difference_name(enum compare_difference difference)
{
	static const char *const names[] = {
		[COMPARE_ONLY_IN_FIRST] = "only in the first",
		[COMPARE_ONLY_IN_SECOND] = "only in the second",
		[COMPARE_OTHER_NAME] = "other letters in the name",
		[COMPARE_OTHER_VALUES] = "other values",
	};

	return names[difference];
}

static void
side_digest(struct side *side)
{
	struct wire_writer writer = wire_writer_over(side->room, ROOM_SIZE);
	uint8_t item[CRYPTO_DIGEST_SIZE_MAX];
	struct bytes runs[2] = {bytes_over(side->result->digest, JOURNAL_DIGEST_SIZE),
		bytes_over(item, sizeof(item))};

	wire_write_u8(&writer, side->is_prefixes ? 2 : 1);
	wire_write_blob(&writer, side->record.name);
	if (!side->is_prefixes) {
		handle_value_list_write(&writer, &side->record.values);
	}
	crypto_digest(CRYPTO_SHA256, wire_written(&writer), item);
	crypto_digest_runs(CRYPTO_SHA256, runs, 2, side->result->digest);
}

/* The next prefix that is homed. */
static bool
prefix_next(struct side *side)
{
	struct bytes key, value, run;
	enum journal_kind kind;
	uint64_t place = 0;

	while (store_cursor_next(side->prefixes, &key, &value)) {
		if (value.size != sizeof(place)) {
			side->status = STATUS_CORRUPT;
			return false;
		}
		memcpy(&place, value.at, sizeof(place));
		if ((place & IS_HOMED) == 0) {
			continue;
		}
		side->status = journal_peek(ledger_journal(side->ledger),
			place & ~(uint64_t)IS_HOMED, &side->key, &run, &kind);
		side->record = (struct record){.name = side->key};
		return side->status == STATUS_OK;
	}
	side->status = store_cursor_status(side->prefixes);
	return false;
}

static void
side_next(struct side *side)
{
	if (side->is_prefixes) {
		side->has_item = prefix_next(side);
		side->result->prefix_count += side->has_item;
	} else {
		side->has_item = records_cursor_next(side->records, &side->key, &side->record);
		side->result->record_count += side->has_item;
		side->status = records_cursor_status(side->records);
	}
	if (side->has_item) {
		side_digest(side);
	}
}

static enum status
side_begin(struct side *side, struct ledger *ledger, struct compare_side *result)
{
	enum status status;

	*side = (struct side){.ledger = ledger, .result = result, .room = malloc(ROOM_SIZE)};
	if (side->room == NULL) {
		return STATUS_NO_MEMORY;
	}
	status = records_cursor_open(ledger_records(ledger), TEXT(""), &side->records);
	if (status == STATUS_OK) {
		status = store_snapshot_begin(ledger_store(ledger), &side->snapshot);
	}
	return status == STATUS_OK
		? store_cursor_open(side->snapshot, STORE_PREFIXES, TEXT(""), &side->prefixes)
		: status;
}

static void
side_end(struct side *side)
{
	store_cursor_close(side->prefixes);
	if (side->snapshot != NULL) {
		store_snapshot_end(side->snapshot);
	}
	records_cursor_close(side->records);
	free(side->room);
}

struct walk {
	struct side sides[2];
	compare_found *found;
	void *context;
	struct compare_result *result;
};

static void
walk_tell(struct walk *walk, enum compare_difference difference, const struct side *side)
{
	walk->result->difference_count++;
	walk->found(walk->context, difference, side->is_prefixes, side->record.name);
}

/* Order of the two items in the table: < 0, 0, > 0. */
static int
walk_order(const struct side *first, const struct side *second)
{
	uint8_t one[STORE_KEY_SIZE_MAX];
	uint8_t other[STORE_KEY_SIZE_MAX];

	if (!first->has_item || !second->has_item) {
		return first->has_item ? -1 : 1;
	}
	return bytes_compare(
		records_order_key(first->key, one), records_order_key(second->key, other));
}

static void
walk_pair(struct walk *walk, const struct side *first, const struct side *second)
{
	if (!bytes_equal(first->record.name, second->record.name)) {
		walk_tell(walk, COMPARE_OTHER_NAME, first);
	} else if (!first->is_prefixes &&
		(first->record.values.count != second->record.values.count ||
			!bytes_equal(first->record.values.octets, second->record.values.octets))) {
		walk_tell(walk, COMPARE_OTHER_VALUES, first);
	}
}

static void
walk_table(struct walk *walk, bool is_prefixes)
{
	struct side *first = &walk->sides[0];
	struct side *second = &walk->sides[1];

	first->is_prefixes = second->is_prefixes = is_prefixes;
	side_next(first);
	side_next(second);
	while (first->status == STATUS_OK && second->status == STATUS_OK &&
		(first->has_item || second->has_item)) {
		int order = walk_order(first, second);

		if (order < 0) {
			walk_tell(walk, COMPARE_ONLY_IN_FIRST, first);
		} else if (order > 0) {
			walk_tell(walk, COMPARE_ONLY_IN_SECOND, second);
		} else {
			walk_pair(walk, first, second);
		}
		if (order <= 0) {
			side_next(first);
		}
		if (order >= 0) {
			side_next(second);
		}
	}
}

enum status
compare_ledgers(struct ledger *const ledgers[2], compare_found *found, void *context,
	struct compare_result *ret_result, struct problem *problem)
{
	struct compare_result result = {.difference_count = 0};
	struct walk walk = {.found = found, .context = context, .result = &result};
	enum status status = STATUS_OK;

	for (size_t i = 0; i < 2; i++) {
		enum status begun = side_begin(&walk.sides[i], ledgers[i], &result.sides[i]);

		status = status == STATUS_OK ? begun : status;
	}
	if (status == STATUS_OK) {
		walk_table(&walk, false);
	}
	for (size_t i = 0; i < 2 && status == STATUS_OK; i++) {
		status = walk.sides[i].status;
	}
	if (status == STATUS_OK) {
		walk_table(&walk, true);
	}
	for (size_t i = 0; i < 2; i++) {
		status = status == STATUS_OK ? walk.sides[i].status : status;
		side_end(&walk.sides[i]);
	}
	if (status != STATUS_OK) {
		return problem_set(
			problem, status, "the records cannot be read: %s", status_text(status));
	}
	*ret_result = result;
	return STATUS_OK;
}
