/* SPDX-License-Identifier: Apache-2.0 */
#include "records/records_search.h"

#include "crypto/crypto.h"
#include "wire/wire_writer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SEARCH_VERSION = 1,
	PREFIX_SIZE_MAX = 128,
	VALUE_SIZE_MAX = 320,
	DIGEST_KEPT_SIZE = 16,
	TYPES_DIGEST_SIZE = 32,
	TYPES_SIZE_MAX = SEARCH_TYPE_COUNT_MAX * (SEARCH_TYPE_SIZE_MAX + 4),
	STEP_ROW_COUNT_MAX = STORE_TRANSACTION_CHANGE_COUNT_MAX - 2 * HANDLE_VALUE_COUNT_MAX - 4,
};

/* In the meta table of the index: version, position and sequence as numbers, the types' digest. */
static const char STATE_KEY[] = "search";

struct state {
	uint64_t version, position, sequence;
};

struct records_search {
	struct store *store;
	struct journal *journal;
	struct state state; /* Of the thread that steps. */
	atomic_uint_least64_t sequence;
	uint8_t types_octets[TYPES_SIZE_MAX];
	uint8_t types_digest[CRYPTO_DIGEST_SIZE_MAX];
	struct records_search_types types; /* In those. */
};

static void
types_take(struct records_search *search, const struct records_search_types *types)
{
	struct wire_writer writer =
		wire_writer_over(search->types_octets, sizeof(search->types_octets));
	struct wire_reader reader;

	for (size_t i = 0; i < types->count; i++) {
		wire_write_blob(&writer, types->items[i]);
	}
	crypto_digest(CRYPTO_SHA256, wire_written(&writer), search->types_digest);
	search->types.count = types->count;
	reader = wire_reader_over(wire_written(&writer));
	for (size_t i = 0; i < types->count; i++) {
		search->types.items[i] = wire_read_blob(&reader, SEARCH_TYPE_SIZE_MAX);
	}
}

/* False for another version or other types. */
static bool
state_read(struct records_search *search)
{
	struct store_snapshot *snapshot;
	struct bytes value;
	bool is_good = false;

	if (store_snapshot_begin(search->store, &snapshot) != STATUS_OK) {
		return false;
	}
	if (store_get(snapshot, STORE_META, bytes_from_string(STATE_KEY), &value) == STATUS_OK &&
		value.size == sizeof(search->state) + TYPES_DIGEST_SIZE &&
		memcmp(value.at + sizeof(search->state), search->types_digest, TYPES_DIGEST_SIZE) ==
			0) {
		memcpy(&search->state, value.at, sizeof(search->state));
		/* A journal that was restored to an earlier state is another one. */
		is_good = search->state.version == SEARCH_VERSION &&
			search->state.position <= journal_end(search->journal) &&
			search->state.sequence <= journal_last_sequence(search->journal);
	}
	store_snapshot_end(snapshot);
	return is_good;
}

static enum status
state_write(struct records_search *search, struct store_transaction *transaction)
{
	uint8_t octets[sizeof(search->state) + TYPES_DIGEST_SIZE];

	memcpy(octets, &search->state, sizeof(search->state));
	memcpy(octets + sizeof(search->state), search->types_digest, TYPES_DIGEST_SIZE);
	return store_put(transaction, STORE_META, bytes_from_string(STATE_KEY),
		bytes_over(octets, sizeof(octets)));
}

static enum status
store_make(struct records_search *search, const char *path, struct problem *problem)
{
	if (unlink(path) != 0 && errno != ENOENT) {
		return problem_system(problem, "cannot remove %s", path);
	}
	search->state = (struct state){SEARCH_VERSION, journal_first(search->journal), 0};
	return store_open(path, true, &search->store, problem);
}

enum status
records_search_open(const char *path, struct journal *journal,
	const struct records_search_types *types, struct records_search **ret_search,
	struct problem *problem)
{
	struct records_search *search = calloc(1, sizeof(*search));
	enum status status = STATUS_OK;

	if (search == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for the index of values");
	}
	search->journal = journal;
	types_take(search, types);
	if (store_open(path, true, &search->store, problem) != STATUS_OK) {
		status = store_make(search, path, problem);
	} else if (!state_read(search)) {
		store_close(search->store);
		search->store = NULL;
		status = store_make(search, path, problem);
	}
	if (status != STATUS_OK) {
		records_search_close(search);
		return status;
	}
	atomic_store(&search->sequence, search->state.sequence);
	*ret_search = search;
	return STATUS_OK;
}

void
records_search_close(struct records_search *search)
{
	if (search != NULL) {
		if (search->store != NULL) {
			store_close(search->store);
		}
		free(search);
	}
}

uint64_t
records_search_sequence(const struct records_search *search)
{
	return atomic_load(&search->sequence);
}

/* "88.995" of 88.995/HELLO and of 0.NA/88.995, folded. */
static struct bytes
prefix_of(struct bytes key)
{
	return bytes_start_with(key, TEXT("0.NA/")) ? bytes_slice(key, 5, key.size)
						    : bytes_slice(key, 0, bytes_find(key, '/'));
}

/* prefix 0 type value: what all rows of a question have in common. */
static void
front_write(struct wire_writer *writer, struct bytes prefix, size_t type, struct bytes value)
{
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];

	if (prefix.size > PREFIX_SIZE_MAX) {
		crypto_digest(CRYPTO_SHA256, prefix, digest);
		prefix = bytes_over(digest, 32);
	}
	wire_write_bytes(writer, prefix);
	wire_write_u8(writer, 0);
	wire_write_u8(writer, (uint8_t)type);
	wire_write_bytes(writer, bytes_slice(value, 0, VALUE_SIZE_MAX));
}

static struct bytes
row_write(struct wire_writer *writer, struct bytes key, size_t type, struct bytes value)
{
	uint8_t digest[CRYPTO_DIGEST_SIZE_MAX];

	front_write(writer, prefix_of(key), type, value);
	wire_write_u8(writer, 0);
	crypto_digest(CRYPTO_SHA256, key, digest);
	wire_write_bytes(writer, bytes_over(digest, DIGEST_KEPT_SIZE));
	return wire_written(writer);
}

static bool
type_find(const struct records_search *search, struct bytes type, size_t *ret_number)
{
	for (size_t i = 0; i < search->types.count; i++) {
		if (bytes_equal(search->types.items[i], type)) {
			*ret_number = i;
			return true;
		}
	}
	return false;
}

static bool
value_is_indexed(
	const struct records_search *search, const struct handle_value *value, size_t *ret_type)
{
	return (value->permissions & HANDLE_PUBLIC_READ) != 0 &&
		!handle_type_is(value->type, TEXT("HS_SECKEY")) &&
		type_find(search, value->type, ret_type);
}

/* Puts the rows of a record, or takes them out for place 0. */
static enum status
rows_apply(struct records_search *search, struct store_transaction *transaction, struct bytes key,
	struct bytes run, uint64_t place, size_t *row_count)
{
	uint8_t octets[SEARCH_KEY_SIZE_MAX];
	struct record record;
	struct wire_reader walk;
	struct handle_value value;
	enum status status = record_read(run, &record);
	size_t type = 0;

	if (status != STATUS_OK) {
		return status;
	}
	walk = handle_value_list_walk(&record.values);
	while (status == STATUS_OK && handle_value_next(&walk, &value)) {
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
		struct bytes row;

		if (!value_is_indexed(search, &value, &type)) {
			continue;
		}
		row = row_write(&writer, key, type, value.data);
		status = place == 0 ? store_remove(transaction, STORE_HANDLES, row)
				    : store_put(transaction, STORE_HANDLES, row,
					      bytes_over(&place, sizeof(place)));
		++*row_count;
	}
	return status;
}

static enum status
entry_apply(struct records_search *search, struct store_transaction *transaction,
	const struct journal_entry *entry, size_t *row_count)
{
	struct bytes key, run;
	enum journal_kind kind;
	enum status status = STATUS_OK;

	if (entry->kind != JOURNAL_PUT && entry->kind != JOURNAL_DELETE) {
		return STATUS_OK;
	}
	if (entry->previous != 0 &&
		journal_peek(search->journal, entry->previous, &key, &run, &kind) == STATUS_OK &&
		kind == JOURNAL_PUT && run.size > 0) {
		status = rows_apply(search, transaction, entry->key, run, 0, row_count);
	}
	if (status == STATUS_OK && entry->kind == JOURNAL_PUT && !entry->is_pruned) {
		status = rows_apply(
			search, transaction, entry->key, entry->record, entry->place, row_count);
	}
	return status;
}

enum status
records_search_step(struct records_search *search, uint64_t count_max, bool *ret_is_complete,
	struct problem *problem)
{
	struct store_transaction *transaction;
	struct state before = search->state;
	struct journal_entry entry;
	size_t row_count = 0;
	enum status status = store_transaction_begin(search->store, &transaction);

	if (status != STATUS_OK) {
		return problem_set(problem, status, "cannot change the index of values: %s",
			status_text(status));
	}
	*ret_is_complete = false;
	for (uint64_t i = 0; i < count_max && status == STATUS_OK; i++) {
		status = row_count > STEP_ROW_COUNT_MAX
			? STATUS_BUSY
			: journal_read(search->journal, search->state.position, &entry);
		if (status == STATUS_OK) {
			status = entry_apply(search, transaction, &entry, &row_count);
		}
		if (status == STATUS_OK) {
			search->state.position = entry.next;
			search->state.sequence = entry.sequence;
		}
	}
	*ret_is_complete = status == STATUS_NOT_FOUND;
	if (status == STATUS_NOT_FOUND || status == STATUS_BUSY) {
		status = STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = state_write(search, transaction);
	}
	if (status != STATUS_OK) {
		store_transaction_abort(transaction);
		search->state = before;
		return problem_set(problem, status, "cannot change the index of values: %s",
			status_text(status));
	}
	status = store_transaction_commit(transaction, problem);
	if (status != STATUS_OK) {
		search->state = before;
		return status;
	}
	atomic_store(&search->sequence, search->state.sequence);
	return STATUS_OK;
}

/* The value that a row stands for: the record is asked whether it still has one. */
static bool
value_is_wanted(const struct records_search_question *question, const struct handle_value *value)
{
	return (value->permissions & HANDLE_PUBLIC_READ) != 0 &&
		bytes_equal(value->type, question->type) &&
		(!question->has_value ||
			(question->is_beginning ? bytes_start_with(value->data, question->value)
						: bytes_equal(value->data, question->value)));
}

/* True if the row of `key` is this value's. */
static bool
value_has_row(const struct records_search *search, struct bytes handle_key,
	const struct handle_value *value, struct bytes row)
{
	uint8_t octets[SEARCH_KEY_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	size_t type = 0;

	return value_is_indexed(search, value, &type) &&
		bytes_equal(row_write(&writer, handle_key, type, value->data), row);
}

/* The record of a row, if it is the newest of its handle. */
static bool
row_record(struct records_search *search, struct records_reader *reader, struct bytes value,
	struct bytes *ret_key, struct record *ret_record)
{
	struct record found;
	struct bytes run;
	enum journal_kind kind;
	uint64_t place;

	if (value.size != sizeof(place)) {
		return false;
	}
	memcpy(&place, value.at, sizeof(place));
	return journal_peek(search->journal, place, ret_key, &run, &kind) == STATUS_OK &&
		kind == JOURNAL_PUT && record_read(run, &found) == STATUS_OK &&
		records_get(reader, found.name, ret_record) == STATUS_OK &&
		ret_record->sequence_place == place;
}

struct walk {
	struct records_search *search;
	struct records_reader *reader;
	const struct records_search_question *question;
	records_search_found *found;
	void *context;
};

/* False when it is not to go on. */
static bool
row_show(const struct walk *walk, struct bytes row, struct bytes place)
{
	struct wire_reader values;
	struct handle_value value;
	struct record record;
	struct bytes key;

	if (!row_record(walk->search, walk->reader, place, &key, &record)) {
		return true;
	}
	values = handle_value_list_walk(&record.values);
	while (handle_value_next(&values, &value)) {
		if (value_is_wanted(walk->question, &value) &&
			value_has_row(walk->search, key, &value, row)) {
			return walk->found(walk->context, &record, &value, row);
		}
	}
	return true;
}

static enum status
rows_walk(const struct walk *walk, struct bytes front, struct store_cursor *cursor,
	struct records_search_key *ret_key)
{
	const struct records_search_question *question = walk->question;
	struct bytes row, place;
	size_t looked = 0;

	ret_key->size = 0;
	while (store_cursor_next(cursor, &row, &place)) {
		if (!bytes_start_with(row, front) || row.size > SEARCH_KEY_SIZE_MAX) {
			ret_key->size = 0;
			return STATUS_OK;
		}
		if (bytes_equal(row, question->behind)) {
			continue;
		}
		if (looked++ == question->look_max || !row_show(walk, row, place)) {
			return STATUS_OK; /* Goes on behind the row before, which is in ret_key. */
		}
		memcpy(ret_key->octets, row.at, row.size);
		ret_key->size = row.size;
	}
	ret_key->size = 0;
	return store_cursor_status(cursor);
}

enum status
records_search_find(struct records_search *search, struct records_reader *reader,
	const struct records_search_question *question, records_search_found *found, void *context,
	struct records_search_key *ret_key)
{
	const struct walk walk = {search, reader, question, found, context};
	uint8_t octets[SEARCH_KEY_SIZE_MAX], folded[HANDLE_KEY_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct store_snapshot *snapshot;
	struct store_cursor *cursor;
	struct bytes front;
	size_t type = 0;
	enum status status;

	if (!type_find(search, question->type, &type)) {
		return STATUS_NOT_FOUND;
	}
	for (size_t i = 0; i < question->prefix.size && i < sizeof(folded); i++) {
		folded[i] = ascii_upper(question->prefix.at[i]);
	}
	front_write(&writer, bytes_over(folded, question->prefix.size), type,
		question->has_value ? question->value : (struct bytes){NULL, 0});
	if (question->has_value && !question->is_beginning &&
		question->value.size < VALUE_SIZE_MAX) {
		wire_write_u8(&writer, 0);
	}
	front = wire_written(&writer);
	status = store_snapshot_begin(search->store, &snapshot);
	if (status != STATUS_OK) {
		return status;
	}
	status = store_cursor_open(snapshot, STORE_HANDLES,
		bytes_start_with(question->behind, front) ? question->behind : front, &cursor);
	if (status == STATUS_OK) {
		status = rows_walk(&walk, front, cursor, ret_key);
		store_cursor_close(cursor);
	}
	store_snapshot_end(snapshot);
	return status;
}
