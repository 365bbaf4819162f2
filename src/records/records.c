/* SPDX-License-Identifier: Apache-2.0 */
#include "records/records_private.h"

#include <stdlib.h>
#include <string.h>

enum status
records_open(struct journal *journal, struct places *places, struct store *store,
	struct records **ret_records, struct problem *problem)
{
	struct records *records = calloc(1, sizeof(*records));
	enum status status = STATUS_NO_MEMORY;

	if (records != NULL) {
		*records = (struct records){
			.journal = journal,
			.places = places,
			.store = store,
			.homed = records_homed_new(),
		};
		status = records->homed == NULL ? STATUS_NO_MEMORY
						: records_order_load(records, problem);
	}
	if (status == STATUS_NO_MEMORY) {
		(void)problem_set(problem, status, "no memory for the records");
	}
	if (status != STATUS_OK) {
		records_close(records);
		return status;
	}
	*ret_records = records;
	return STATUS_OK;
}

void
records_close(struct records *records)
{
	if (records != NULL) {
		records_homed_free(records->homed);
		free(records->sort);
		free(records);
	}
}

struct records_reader *
records_reader_new(struct records *records)
{
	struct records_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		return NULL;
	}
	reader->records = records;
	reader->places = places_reader_new(records->places);
	if (reader->places == NULL) {
		free(reader);
		return NULL;
	}
	return reader;
}

void
records_reader_free(struct records_reader *reader)
{
	if (reader != NULL) {
		places_reader_free(reader->places);
		free(reader);
	}
}

void
records_enter(struct records_reader *reader)
{
	places_enter(reader->places);
}

void
records_leave(struct records_reader *reader)
{
	places_leave(reader->places);
}

enum status
records_lookup_begin(
	struct records_reader *reader, struct bytes name, struct records_lookup *ret_lookup)
{
	size_t size = handle_name_key(name, ret_lookup->key);

	ret_lookup->key_size = (uint16_t)size;
	if (size == 0) {
		return STATUS_INVALID;
	}
	ret_lookup->place = 0;
	ret_lookup->probe = places_probe(reader->places, bytes_over(ret_lookup->key, size));
	return STATUS_OK;
}

void
records_lookup_first(struct records_reader *reader, struct records_lookup *lookup)
{
	lookup->place = places_next(reader->places, &lookup->probe);
}

void
records_look_ahead(
	struct records_reader *reader, struct records_lookup *const *lookups, size_t count)
{
	const struct journal *journal = reader->records->journal;
	volatile uint64_t seen; /* So that no touch is left out for want of use. */

	for (size_t i = 0; i < count; i++) {
		seen = places_touch(reader->places, &lookups[i]->probe);
	}
	for (size_t i = 0; i < count; i++) {
		lookups[i]->place = places_next(reader->places, &lookups[i]->probe);
	}
	for (size_t i = 0; i < count; i++) {
		seen = journal_touch(journal, lookups[i]->place);
	}
	for (size_t i = 0; i < count; i++) {
		journal_prefetch(journal, lookups[i]->place);
	}
	(void)seen;
}

enum status
records_lookup_end(
	struct records_reader *reader, struct records_lookup *lookup, struct record *ret_record)
{
	const struct journal *journal = reader->records->journal;
	struct bytes key, run;
	enum journal_kind kind;

	while (lookup->place != 0) {
		if (journal_peek(journal, lookup->place, &key, &run, &kind) != STATUS_OK) {
			return STATUS_CORRUPT;
		}
		if (bytes_equal(key, bytes_over(lookup->key, lookup->key_size))) {
			if (kind != JOURNAL_PUT) {
				return STATUS_NOT_FOUND;
			}
			ret_record->sequence_place = lookup->place;
			return record_read(run, ret_record);
		}
		lookup->place = places_next(reader->places, &lookup->probe);
	}
	return STATUS_NOT_FOUND;
}

enum status
records_get(struct records_reader *reader, struct bytes name, struct record *ret_record)
{
	struct records_lookup lookup __attribute__((uninitialized)); /* It has a name's room. */
	enum status status = records_lookup_begin(reader, name, &lookup);

	if (status != STATUS_OK) {
		return status;
	}
	records_lookup_first(reader, &lookup);
	return records_lookup_end(reader, &lookup, ret_record);
}

bool
records_prefix_is_homed(struct records_reader *reader, struct bytes prefix_handle)
{
	bool is_homed;

	(void)records_homed_find(reader->records->homed, prefix_handle, &is_homed);
	return is_homed;
}

bool
records_key_is_homed(
	struct records_reader *reader, struct bytes key, struct records_missing *ret_missing)
{
	struct records_missing prefix;
	struct bytes above;

	prefix.size = handle_name_prefix_handle(key, prefix.octets);
	if (prefix.size > 0 &&
		records_prefix_is_homed(reader, bytes_over(prefix.octets, prefix.size))) {
		return true;
	}
	if (handle_name_is_derived_prefix(key)) {
		above = handle_name_parent_prefix(key);
		prefix.size = above.size;
		memcpy(prefix.octets, above.at, above.size);
		for (; above.size > 0; above = handle_name_parent_prefix(above)) {
			if (records_prefix_is_homed(reader, above)) {
				return true;
			}
		}
	}
	if (ret_missing != NULL) {
		*ret_missing = prefix;
	}
	return false;
}

uint64_t
records_prefix_count(const struct records *records)
{
	return records_homed_count(records->homed);
}

/* What places_find() asks while it looks at candidates. */
static bool
place_has_key(void *context, uint64_t place, struct bytes key)
{
	const struct records *records = context;
	struct bytes entry_key, run;
	enum journal_kind kind;

	return journal_peek(records->journal, place, &entry_key, &run, &kind) == STATUS_OK &&
		bytes_equal(entry_key, key);
}

uint64_t
records_warm(const struct records *records, struct bytes key)
{
	return places_warm(records->places, key);
}

enum status
records_find(struct records *records, struct bytes key, struct records_newest *ret_newest)
{
	struct records_newest newest = {0};
	struct bytes entry_key;
	enum status status;

	newest.place = places_find(records->places, key, place_has_key, records);
	if (newest.place == 0) {
		return STATUS_NOT_FOUND;
	}
	status =
		journal_peek(records->journal, newest.place, &entry_key, &newest.run, &newest.kind);
	if (status == STATUS_OK && newest.kind == JOURNAL_PUT) {
		newest.record.sequence_place = newest.place;
		status = record_read(newest.run, &newest.record);
	}
	if (status == STATUS_OK) {
		*ret_newest = newest;
	}
	return status;
}

uint64_t
records_prefix_find(const struct records *records, struct bytes prefix_handle, bool *ret_is_homed)
{
	return records_homed_find(records->homed, prefix_handle, ret_is_homed);
}

enum status
records_apply(struct records *records, const struct records_change *change)
{
	switch (change->kind) {
	case JOURNAL_PUT:
	case JOURNAL_DELETE:
		return places_put(
			records->places, change->key, change->place, place_has_key, records);
	case JOURNAL_HOME:
	case JOURNAL_UNHOME:
		return records_homed_put(
			records->homed, change->key, change->place, change->kind == JOURNAL_HOME);
	case JOURNAL_PAD:
		break;
	}
	return STATUS_INVALID;
}
