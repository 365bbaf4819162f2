/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_history.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "ledger/ledger_private.h"

/* The newest entry that the table of places knows for a key; 0 if none. A place past the end
 * of the journal, as this process knows it, is in `ret_beyond`. */
static enum status
place_find(const struct ledger *ledger, struct bytes key, uint64_t *ret_place, uint64_t *ret_beyond)
{
	struct places_reader *reader = places_reader_new(ledger->places);
	uint64_t end = journal_end(ledger->journal), place;
	struct places_probe probe;

	if (reader == NULL) {
		return STATUS_NO_MEMORY;
	}
	*ret_place = 0;
	*ret_beyond = 0;
	places_enter(reader);
	probe = places_probe(reader, key);
	while ((place = places_next(reader, &probe)) != 0 && *ret_place == 0) {
		struct bytes entry_key, record;
		enum journal_kind kind;

		if (place >= end) {
			*ret_beyond = place;
		} else if (journal_peek(ledger->journal, place, &entry_key, &record, &kind) ==
				STATUS_OK &&
			bytes_equal(entry_key, key)) {
			*ret_place = place;
		}
	}
	places_leave(reader);
	places_reader_free(reader);
	return STATUS_OK;
}

/* What a table that is only a starting point does not know: the entries behind it. */
static enum status
tail_scan(struct ledger *ledger, struct bytes key, uint64_t *place)
{
	uint64_t at = places_position(ledger->places);
	struct journal_entry entry;
	enum status status;

	at = at == 0 ? journal_first(ledger->journal) : at;
	while ((status = journal_read(ledger->journal, at, &entry)) == STATUS_OK) {
		if ((entry.kind == JOURNAL_PUT || entry.kind == JOURNAL_DELETE) &&
			bytes_equal(entry.key, key)) {
			*place = entry.place;
		}
		at = entry.next;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Beside a writer the table may be ahead of the journal that we opened before it. */
static enum status
newest_find(struct ledger *ledger, struct bytes key, uint64_t *ret_place, struct problem *problem)
{
	enum { TRIES = 8 };
	uint64_t place = 0, beyond = 0;
	enum status status = place_find(ledger, key, &place, &beyond);

	for (int i = 0; i < TRIES && status == STATUS_OK && ledger->is_looking && beyond != 0;
		i++) {
		status = ledger_look_again(ledger, problem);
		if (status != STATUS_OK) {
			return status;
		}
		status = place_find(ledger, key, &place, &beyond);
	}
	if (status == STATUS_OK && ledger->is_looking) {
		status = tail_scan(ledger, key, &place);
	}
	if (status != STATUS_OK) {
		return problem_set(
			problem, status, "the history cannot be read: %s", status_text(status));
	}
	*ret_place = place;
	return STATUS_OK;
}

enum status
ledger_history_begin(struct ledger *ledger, struct bytes name, struct ledger_history *ret_history,
	struct problem *problem)
{
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
	uint64_t place = 0;
	enum status status;

	if (name.size == 0 || name.size > HANDLE_NAME_SIZE_MAX) {
		return problem_set(problem, STATUS_INVALID, "no handle can have this name");
	}
	status = newest_find(
		ledger, bytes_over(octets, handle_name_key(name, octets)), &place, problem);
	if (status == STATUS_OK && place == 0) {
		status = problem_set(problem, STATUS_NOT_FOUND, "there never was such a handle");
	}
	if (status == STATUS_OK) {
		*ret_history = (struct ledger_history){ledger, place};
	}
	return status;
}

/* The ordered table would know, but a writer beside us may have it locked, or be ahead of it. */
static enum status
homed_find(struct ledger *ledger, struct bytes key, uint64_t *ret_place)
{
	uint64_t at = journal_first(ledger->journal), place = 0;
	struct journal_entry entry;
	enum status status;

	while ((status = journal_read(ledger->journal, at, &entry)) == STATUS_OK) {
		if ((entry.kind == JOURNAL_HOME || entry.kind == JOURNAL_UNHOME) &&
			bytes_equal(entry.key, key)) {
			place = entry.place;
		}
		at = entry.next;
	}
	*ret_place = place;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
ledger_history_begin_homed(struct ledger *ledger, struct bytes prefix_handle,
	struct ledger_history *ret_history, struct problem *problem)
{
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
	uint64_t place = 0;
	enum status status;

	if (prefix_handle.size == 0 || prefix_handle.size > HANDLE_NAME_SIZE_MAX) {
		return problem_set(problem, STATUS_INVALID, "no prefix can have this name");
	}
	status = homed_find(
		ledger, bytes_over(octets, handle_name_key(prefix_handle, octets)), &place);
	if (status != STATUS_OK) {
		return problem_set(
			problem, status, "the journal cannot be read: %s", status_text(status));
	}
	if (place == 0) {
		return problem_set(problem, STATUS_NOT_FOUND, "this prefix was never homed here");
	}
	*ret_history = (struct ledger_history){ledger, place};
	return STATUS_OK;
}

enum status
ledger_history_next(struct ledger_history *history, struct journal_entry *ret_entry)
{
	struct journal_entry entry;
	enum status status;

	if (history->place == 0) {
		return STATUS_NOT_FOUND;
	}
	status = journal_read(history->ledger->journal, history->place, &entry);
	/* Back and never forth, or a damaged journal could keep us walking. */
	if (status != STATUS_OK || entry.previous >= entry.place) {
		return STATUS_CORRUPT;
	}
	history->place = entry.previous;
	*ret_entry = entry;
	return STATUS_OK;
}

enum status
ledger_moment_read(struct bytes text, struct ledger_moment *ret_moment)
{
	struct ledger_moment moment = {.is_time = true};
	uint64_t seconds = 0;
	int64_t time = 0;
	enum status status;

	if (text.size > 0 && text.at[0] == '#') {
		moment.is_time = false;
		status =
			text_read_u64(bytes_slice(text, 1, text.size), INT64_MAX, &moment.sequence);
	} else if (bytes_find(text, '-') < text.size) {
		status = text_read_time(text, &time);
	} else {
		status = text_read_u64(text, INT64_MAX / 1000 - 1, &seconds);
		time = (int64_t)seconds;
	}
	if (status != STATUS_OK) {
		return STATUS_INVALID;
	}
	moment.time_ms = time * 1000 + 999;
	*ret_moment = moment;
	return STATUS_OK;
}

static bool
entry_is_of_moment(const struct journal_entry *entry, const struct ledger_moment *moment)
{
	return moment->is_time ? entry->time_ms <= moment->time_ms
			       : entry->sequence <= moment->sequence;
}

enum status
ledger_moment_check(
	struct ledger *ledger, const struct ledger_moment *moment, struct problem *problem)
{
	uint64_t last = journal_last_sequence(ledger->journal);

	if (moment->is_time || (moment->sequence > 0 && moment->sequence <= last)) {
		return STATUS_OK;
	}
	return problem_set(problem, STATUS_NOT_FOUND,
		"there is no entry %llu: the ledger has those from 1 to %llu",
		(unsigned long long)moment->sequence, (unsigned long long)last);
}

enum status
ledger_record_at(struct ledger *ledger, struct bytes name, const struct ledger_moment *moment,
	struct journal_entry *ret_entry, struct problem *problem)
{
	struct ledger_history history;
	enum status status = ledger_history_begin(ledger, name, &history, problem);

	if (status != STATUS_OK) {
		return status;
	}
	while ((status = ledger_history_next(&history, ret_entry)) == STATUS_OK) {
		if (entry_is_of_moment(ret_entry, moment)) {
			return STATUS_OK;
		}
	}
	return status == STATUS_NOT_FOUND
		? problem_set(problem, status, "there was no such handle yet")
		: problem_set(problem, status, "the history is damaged: try houji verify");
}

enum status
ledger_entry_removed(
	const struct ledger *ledger, const struct journal_entry *entry, struct problem *problem)
{
	char text[32];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_time(&writer, journal_pruned_before(ledger->journal, entry->place) / 1000);
	return problem_set(problem, STATUS_NOT_FOUND,
		"the record of entry %llu was removed by retention, as what was replaced before "
		"%.*s",
		(unsigned long long)entry->sequence, (int)text_written(&writer).size, text);
}

enum status
ledger_entry_record(const struct journal_entry *entry, struct record *ret_record)
{
	struct record record = {.sequence_place = entry->place};
	enum status status = entry->is_pruned ? STATUS_NOT_FOUND
		: entry->kind == JOURNAL_PUT  ? record_read(entry->record, &record)
					      : STATUS_CORRUPT;

	if (status == STATUS_OK) {
		*ret_record = record;
	}
	return status;
}
