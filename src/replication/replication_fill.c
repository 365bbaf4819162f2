/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "replication/replication_private.h"

#include <string.h>

enum { IS_HOMED = 1 }; /* In the ordered table's value of a prefix (records_order.h). */

void
feed_put(struct replication_feed *feed, const struct replication_block *block,
	const struct handle_value_list *list)
{
	replication_block_write(&feed->chunk, feed->order.stream, block, list);
	if (!feed->order.is_tls && feed->state != FEED_PROTECTION) {
		feed->block_ends[feed->block_count++] = wire_writer_size(&feed->chunk);
	}
}

static bool
is_of_share(const struct replication_feed *feed, struct bytes name)
{
	const struct replication_order *order = &feed->order;

	return order->server_count == 1 ||
		handle_name_hash(name, order->hash_option) % order->server_count ==
		order->server_number;
}

static struct journal *
journal_of(const struct replication_feed *feed)
{
	return ledger_journal(feed->source->parts.ledger);
}

static struct replication_log_facts
log_facts(const struct replication_feed *feed)
{
	struct journal *journal = journal_of(feed);
	struct replication_log_facts facts = {
		.last_id = journal_last_sequence(journal), .now_ms = (uint64_t)clock_wall_ms()};
	struct journal_entry entry;

	if (journal_read(journal, journal_first(journal), &entry) == STATUS_OK) {
		facts.first_id = entry.sequence;
		facts.first_date = (uint64_t)entry.time_ms;
	}
	return facts;
}

/* Behind what the mirror has: a queue of its own, or all that was kept. */
static void
head_of_transactions(struct replication_feed *feed)
{
	struct replication_log_facts facts = log_facts(feed);
	bool must_dump = replication_must_dump(&facts, feed->order.last_id, feed->order.last_date);
	struct replication_block block = {
		.kind = REPLICATION_BLOCK_HEAD,
		.format = feed->order.format,
		.status = must_dump ? REPLICATION_MUST_DUMP : REPLICATION_SENDING,
	};

	feed_put(feed, &block, NULL);
	if (must_dump) {
		block = (struct replication_block){.kind = REPLICATION_BLOCK_END,
			.format = feed->order.format,
			.date = feed->order.last_date};
		feed_put(feed, &block, NULL);
		feed->state = FEED_DONE;
		return;
	}
	if (feed->order.format == REPLICATION_FORMAT_ALL_SOURCES) {
		block = (struct replication_block){
			.kind = REPLICATION_BLOCK_QUEUE, .name = identity_name(feed->identity)};
		feed_put(feed, &block, NULL);
	}
	feed->state = FEED_TRANSACTIONS;
}

/* The last entry that the mirror has, which is then passed over; else the first of all. */
static enum status
place_find(struct replication_feed *feed)
{
	enum status status = ledger_tree_place(
		ledger_tree(feed->source->parts.ledger), feed->order.last_id, &feed->place);

	if (status == STATUS_NOT_FOUND) {
		feed->place = journal_first(journal_of(feed));
		return STATUS_OK;
	}
	return status;
}

/* The sequence of the last entry that the ordered table holds. */
static enum status
position_of_table(const struct replication_feed *feed, uint64_t *ret_id)
{
	struct journal *journal = journal_of(feed);
	uint64_t place = records_order_position(ledger_records(feed->source->parts.ledger));
	struct journal_entry entry;
	/* Before the entry is looked for: one that comes meanwhile is not in the table. */
	uint64_t last = journal_last_sequence(journal);
	enum status status = place == 0 ? STATUS_OK : journal_read(journal, place, &entry);

	if (status == STATUS_NOT_FOUND) {
		*ret_id = last;
		return STATUS_OK;
	}
	if (status == STATUS_OK) {
		*ret_id = place == 0 ? 0 : entry.sequence - 1;
	}
	return status;
}

static enum status
head_of_dump(struct replication_feed *feed)
{
	struct replication_block block = {
		.kind = REPLICATION_BLOCK_HEAD, .format = feed->order.format};
	struct replication_block position = {
		.kind = REPLICATION_BLOCK_POSITION, .date = (uint64_t)clock_wall_ms()};
	enum status status = position_of_table(feed, &position.id);

	feed_put(feed, &block, NULL);
	feed_put(feed, &position, NULL);
	feed->key_size = feed->order.start_size;
	memcpy(feed->key, feed->order.start, feed->key_size);
	feed->state = feed->order.is_after_handles ? FEED_PREFIXES : FEED_HANDLES;
	return status;
}

static enum replication_action
action_of_put(const struct replication_feed *feed, const struct journal_entry *entry)
{
	struct journal_entry before;

	if (entry->previous != 0 &&
		journal_read(journal_of(feed), entry->previous, &before) == STATUS_OK &&
		before.kind == JOURNAL_PUT) {
		return REPLICATION_UPDATE;
	}
	return REPLICATION_CREATE;
}

static enum status
put_handle(struct replication_feed *feed, const struct journal_entry *entry)
{
	struct replication_block block = {
		.kind = REPLICATION_BLOCK_TRANSACTION,
		.id = entry->sequence,
		.name = entry->key,
		.date = (uint64_t)entry->time_ms,
		.action = REPLICATION_DELETE,
	};
	struct record record;
	enum status status;

	if (!is_of_share(feed, entry->key)) {
		return STATUS_OK;
	}
	status = records_get(feed->source->reader, entry->key, &record);
	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		return status;
	}
	if ((status == STATUS_OK) != (entry->kind == JOURNAL_PUT)) {
		return STATUS_OK;
	}
	if (entry->kind == JOURNAL_PUT) {
		block.name = record.name;
		block.action = action_of_put(feed, entry);
	}
	feed_put(feed, &block, entry->kind == JOURNAL_PUT ? &record.values : NULL);
	return STATUS_OK;
}

static enum status
put_entry(struct replication_feed *feed, const struct journal_entry *entry)
{
	struct replication_block block = {
		.kind = REPLICATION_BLOCK_TRANSACTION,
		.id = entry->sequence,
		.name = entry->key,
		.date = (uint64_t)entry->time_ms,
		.action = entry->kind == JOURNAL_HOME ? REPLICATION_HOME : REPLICATION_UNHOME,
	};

	switch (entry->kind) {
	case JOURNAL_PUT:
	case JOURNAL_DELETE:
		return put_handle(feed, entry);
	case JOURNAL_HOME:
	case JOURNAL_UNHOME:
		feed_put(feed, &block, NULL);
		return STATUS_OK;
	case JOURNAL_PAD:
		break;
	}
	return STATUS_CORRUPT;
}

static void
put_end(struct replication_feed *feed)
{
	struct replication_block block = {.kind = REPLICATION_BLOCK_END,
		.format = feed->order.format,
		.date = feed->begun_ms};

	if (feed->order.format == REPLICATION_FORMAT_ALL_SOURCES) {
		struct replication_block queue_end = {
			.kind = REPLICATION_BLOCK_QUEUE_END, .date = feed->begun_ms};

		feed_put(feed, &queue_end, NULL);
	}
	feed_put(feed, &block, NULL);
	feed->state = feed->order.is_kept ? FEED_WAITING : FEED_DONE;
}

/* Two blocks may follow at the end, for which a full chunk has always room: it is full long
 * before its capacity, and a signed one is looked at here. */
static bool
has_room_for_end(const struct replication_feed *feed)
{
	return feed_has_room(feed) &&
		(feed->order.is_tls || feed->block_count + 2 <= SIGNED_BLOCK_COUNT_MAX);
}

static enum status
fill_transactions(struct replication_feed *feed)
{
	enum status status = STATUS_OK;

	feed->begun_ms = (uint64_t)clock_wall_ms();
	records_enter(feed->source->reader);
	for (size_t i = 0; i < WALK_COUNT_MAX && status == STATUS_OK && has_room_for_end(feed);
		i++) {
		struct journal_entry entry;

		status = journal_read(journal_of(feed), feed->place, &entry);
		if (status == STATUS_OK) {
			feed->place = entry.next;
			status = entry.sequence > feed->order.last_id ? put_entry(feed, &entry)
								      : STATUS_OK;
		}
	}
	records_leave(feed->source->reader);
	if (status == STATUS_NOT_FOUND) {
		put_end(feed);
		return STATUS_OK;
	}
	return status;
}

static void
note_key(struct replication_feed *feed, struct bytes key)
{
	feed->key_size = key.size;
	memcpy(feed->key, key.at, key.size);
}

/* True if the table has `key` behind the last key that was sent. */
static bool
is_behind(const struct replication_feed *feed, struct bytes key)
{
	uint8_t one[STORE_KEY_SIZE_MAX];
	uint8_t other[STORE_KEY_SIZE_MAX];

	return feed->key_size == 0 ||
		bytes_compare(records_order_key(key, one),
			records_order_key(bytes_over(feed->key, feed->key_size), other)) > 0;
}

static enum status
fill_handles(struct replication_feed *feed)
{
	struct records *records = ledger_records(feed->source->parts.ledger);
	struct records_cursor *cursor;
	struct record record;
	struct bytes key;
	size_t count = 0;
	enum status status =
		records_cursor_open(records, bytes_over(feed->key, feed->key_size), &cursor);

	if (status != STATUS_OK) {
		return status;
	}
	while (count < WALK_COUNT_MAX && feed_has_room(feed) &&
		records_cursor_next(cursor, &key, &record)) {
		struct replication_block block = {
			.kind = REPLICATION_BLOCK_RECORD, .name = record.name};

		if (!is_behind(feed, key)) {
			continue;
		}
		if (is_of_share(feed, key)) {
			feed_put(feed, &block, &record.values);
		}
		note_key(feed, key);
		count++;
	}
	status = records_cursor_status(cursor);
	records_cursor_close(cursor);
	if (status == STATUS_OK && count < WALK_COUNT_MAX && feed_has_room(feed)) {
		feed->state = FEED_PREFIXES;
		feed->key_size = 0;
	}
	return status;
}

/* One prefix of the ordered table, if it is homed. The journal has its whole name. */
static enum status
put_prefix(struct replication_feed *feed, struct bytes value)
{
	struct replication_block block = {.kind = REPLICATION_BLOCK_PREFIX};
	struct bytes run;
	enum journal_kind kind;
	uint64_t place;
	enum status status;

	if (value.size != sizeof(place)) {
		return STATUS_CORRUPT;
	}
	memcpy(&place, value.at, sizeof(place));
	status = journal_peek(
		journal_of(feed), place & ~(uint64_t)IS_HOMED, &block.name, &run, &kind);
	if (status == STATUS_OK && is_behind(feed, block.name)) {
		if ((place & IS_HOMED) != 0) {
			feed_put(feed, &block, NULL);
		}
		note_key(feed, block.name);
	}
	return status;
}

static enum status
fill_prefixes(struct replication_feed *feed)
{
	struct store_snapshot *snapshot;
	struct store_cursor *cursor = NULL;
	struct bytes key, value;
	size_t count = 0;
	uint8_t octets[STORE_KEY_SIZE_MAX];
	struct bytes from = records_order_key(bytes_over(feed->key, feed->key_size), octets);
	enum status status =
		store_snapshot_begin(ledger_store(feed->source->parts.ledger), &snapshot);

	if (status != STATUS_OK) {
		return status;
	}
	status = store_cursor_open(snapshot, STORE_PREFIXES, from, &cursor);
	while (status == STATUS_OK && count < WALK_COUNT_MAX && feed_has_room(feed) &&
		store_cursor_next(cursor, &key, &value)) {
		status = put_prefix(feed, value);
		count++;
	}
	if (status == STATUS_OK) {
		status = store_cursor_status(cursor);
	}
	store_cursor_close(cursor);
	store_snapshot_end(snapshot);
	if (status == STATUS_OK && count < WALK_COUNT_MAX && feed_has_room(feed)) {
		struct replication_block end = {.kind = REPLICATION_BLOCK_DUMP_END};

		replication_block_write(&feed->chunk, REPLICATION_DUMP, &end, NULL);
		feed->is_last_unsigned = true;
		feed->state = FEED_DONE;
	}
	return status;
}

enum status
feed_fill(struct replication_feed *feed)
{
	switch (feed->state) {
	case FEED_HEAD:
		if (feed->order.stream == REPLICATION_DUMP) {
			return head_of_dump(feed);
		}
		head_of_transactions(feed);
		return place_find(feed);
	case FEED_WAITING:
	case FEED_TRANSACTIONS:
		return fill_transactions(feed);
	case FEED_HANDLES:
		return fill_handles(feed);
	case FEED_PREFIXES:
		return fill_prefixes(feed);
	case FEED_PROTECTION:
	case FEED_HANDSHAKE:
	case FEED_DONE:
		break;
	}
	return STATUS_OK;
}
