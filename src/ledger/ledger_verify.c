/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_evidence.h"
#include "ledger/ledger_private.h"

#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

/*
 * The proof that journal and view agree, in one walk and two bits for each entry.
 *
 * An entry names its key's previous one. So each entry but a key's newest is named by
 * exactly one later entry (its bit `is_superseded`; a second entry that names it is a fork),
 * and the newest is what the view leads to (its bit `is_newest`). If after the walk every
 * entry has one of the two bits and none has both, the view leads to the newest entry of
 * each key and to nothing else. The ordered table is then right if it leads to as many
 * newest records as there are, each under its own key.
 */
struct verify {
	struct ledger *ledger;
	struct store_snapshot *snapshot;
	struct problem *problem;
	uint8_t *is_superseded, *is_newest;
	uint64_t total; /* Entries. */
	struct ledger_report report;
	uint8_t hash[JOURNAL_DIGEST_SIZE];
	struct ledger_merkle merkle;
	struct ledger_merkle row; /* Of the entries since the last whole row. */
	uint64_t row_count; /* Rows when it began; the applier may be adding more. */
	struct ledger_heads heads;
	struct ledger_head next; /* The next one to be compared. */
	bool has_next;
};

enum { PROGRESS_EVERY = 65536 };

static const uint8_t NO_DIGEST[JOURNAL_DIGEST_SIZE];

static bool
bit_get(const uint8_t *bits, uint64_t number)
{
	return (bits[number >> 3] >> (number & 7) & 1) != 0;
}

static void
bit_set(uint8_t *bits, uint64_t number)
{
	bits[number >> 3] |= (uint8_t)(1u << (number & 7));
}

static enum status
faulty(struct verify *verify, const struct journal_entry *entry, const char *what)
{
	return problem_set(verify->problem, STATUS_CORRUPT, "entry %llu at place %llu (%.*s): %s",
		(unsigned long long)entry->sequence, (unsigned long long)entry->place,
		entry->key.size < 256 ? (int)entry->key.size : 256, (const char *)entry->key.at,
		what);
}

/* Sequence and chain: nothing was taken out, put in or changed. */
static enum status
verify_chain(struct verify *verify, const struct journal_entry *entry)
{
	if (entry->sequence != verify->report.entry_count + 1) {
		return faulty(verify, entry, "its number does not follow the one before");
	}
	if (!bytes_equal(entry->chain, bytes_over(verify->hash, JOURNAL_DIGEST_SIZE))) {
		return faulty(verify, entry, "the chain of hashes is broken before it");
	}
	if (!journal_record_is_authentic(entry)) {
		return faulty(verify, entry, "its record is not the one its digest was made of");
	}
	journal_entry_hash(entry, verify->hash);
	return STATUS_OK;
}

/* Whole rows of the file are those of the journal; what is not in the file is made again. */
static enum status
verify_tree(struct verify *verify, const struct journal_entry *entry)
{
	struct ledger_merkle_hash leaf, root;
	struct ledger_tree_row row;
	uint64_t number = (entry->sequence - 1) / LEDGER_TREE_ROW_COUNT;

	ledger_merkle_leaf(bytes_over(verify->hash, JOURNAL_DIGEST_SIZE), &leaf);
	ledger_merkle_add(&verify->merkle, 0, &leaf);
	if (number >= verify->row_count) {
		return STATUS_OK;
	}
	ledger_merkle_add(&verify->row, 0, &leaf);
	if (ledger_tree_row(verify->ledger->tree, number, &row) != STATUS_OK) {
		return faulty(verify, entry, "its row of the tree cannot be read");
	}
	if (entry->sequence % LEDGER_TREE_ROW_COUNT == 1 &&
		(row.place != entry->place || row.time_ms != entry->time_ms)) {
		return faulty(verify, entry, "its row of the tree leads elsewhere");
	}
	if (verify->row.count < LEDGER_TREE_ROW_COUNT) {
		return STATUS_OK;
	}
	ledger_merkle_root(&verify->row, &root);
	verify->row.count = 0;
	return memcmp(root.octets, row.hash.octets, LEDGER_MERKLE_SIZE) == 0
		? STATUS_OK
		: faulty(verify, entry, "its row of the tree has another hash");
}

static enum status
heads_advance(struct verify *verify)
{
	enum status status = ledger_heads_next(&verify->heads, &verify->next, verify->problem);

	verify->has_next = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status
head_is_wrong(struct verify *verify, const char *what)
{
	return problem_set(verify->problem, STATUS_CORRUPT,
		"heads.ndjson, line %llu (a head of %llu entries): %s",
		(unsigned long long)verify->heads.line, (unsigned long long)verify->next.size,
		what);
}

/* A head of just as many entries as were read so far. */
static enum status
verify_head(struct verify *verify)
{
	const struct crypto_key *key = verify->ledger->signing.key;
	struct ledger_merkle_hash root;
	uint8_t id[LEDGER_MERKLE_SIZE];

	ledger_merkle_root(&verify->merkle, &root);
	if (memcmp(root.octets, verify->next.root.octets, sizeof(root.octets)) != 0 ||
		memcmp(verify->hash, verify->next.last, sizeof(verify->hash)) != 0) {
		return head_is_wrong(verify, "the journal was another when it was signed");
	}
	if (key == NULL || ledger_head_key_id(key, id) != STATUS_OK ||
		memcmp(id, verify->next.key_id, sizeof(id)) != 0) {
		verify->report.unknown_count++;
	} else if (ledger_head_verify(&verify->next, key) != STATUS_OK) {
		return head_is_wrong(verify, "its signature is false");
	} else {
		verify->report.signed_count++;
	}
	verify->report.signed_size = verify->next.size;
	return STATUS_OK;
}

static enum status
verify_heads(struct verify *verify)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && verify->has_next &&
		verify->next.size <= verify->merkle.count) {
		if (verify->next.size < verify->merkle.count || verify->next.size == 0) {
			return head_is_wrong(verify, "it covers less than the one before it");
		}
		status = verify_head(verify);
		if (status == STATUS_OK) {
			status = heads_advance(verify);
		}
	}
	return status;
}

static bool
record_has_key(struct bytes run, struct bytes key)
{
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
	struct record record;

	if (record_check(run) != STATUS_OK || record_read(run, &record) != STATUS_OK) {
		return false;
	}
	return bytes_equal(key, bytes_over(octets, handle_name_key(record.name, octets)));
}

/* What an entry must be by its kind and by what was there before it. */
static enum status
verify_step(struct verify *verify, const struct journal_entry *entry,
	const struct journal_entry *before)
{
	bool was_there =
		before != NULL && (before->kind == JOURNAL_PUT || before->kind == JOURNAL_HOME);

	switch (entry->kind) {
	case JOURNAL_PUT:
		if (!entry->is_pruned && !record_has_key(entry->record, entry->key)) {
			return faulty(verify, entry, "its record does not belong to its key");
		}
		return STATUS_OK;
	case JOURNAL_DELETE:
	case JOURNAL_UNHOME:
		return was_there ? STATUS_OK
				 : faulty(verify, entry, "it takes away what was not there");
	case JOURNAL_HOME:
		return was_there ? faulty(verify, entry, "it homes what was homed") : STATUS_OK;
	case JOURNAL_PAD:
		break;
	}
	return faulty(verify, entry, "its kind is unknown");
}

static bool
kind_is_of_prefix(enum journal_kind kind)
{
	return kind == JOURNAL_HOME || kind == JOURNAL_UNHOME;
}

/* The link back to the key's previous entry, and the digest of the record it had. */
static enum status
verify_previous(struct verify *verify, const struct journal_entry *entry)
{
	struct journal_entry before;
	struct bytes digest = bytes_over(NO_DIGEST, sizeof(NO_DIGEST));

	if (entry->previous == 0) {
		if (!bytes_equal(entry->before, digest)) {
			return faulty(verify, entry, "it follows nothing, but names a digest");
		}
		return verify_step(verify, entry, NULL);
	}
	if (entry->previous >= entry->place ||
		journal_read(verify->ledger->journal, entry->previous, &before) != STATUS_OK ||
		before.place != entry->previous || before.sequence >= entry->sequence ||
		!bytes_equal(before.key, entry->key) ||
		kind_is_of_prefix(before.kind) != kind_is_of_prefix(entry->kind)) {
		return faulty(verify, entry, "the entry it follows is not of its key");
	}
	if (bit_get(verify->is_superseded, before.sequence)) {
		return faulty(verify, entry, "another entry follows the same one");
	}
	bit_set(verify->is_superseded, before.sequence);
	if (before.is_pruned &&
		entry->time_ms > journal_pruned_before(verify->ledger->journal, before.place)) {
		return faulty(verify, entry,
			"the record before it was removed, though it is younger than what the "
			"segment says of its retention");
	}
	if (before.kind == JOURNAL_PUT) {
		digest = before.after;
	}
	if (!bytes_equal(entry->before, digest)) {
		return faulty(verify, entry, "the record before it was another");
	}
	return verify_step(verify, entry, &before);
}

/* Whether the view leads to this entry. */
static enum status
verify_newest(struct verify *verify, const struct journal_entry *entry)
{
	struct records *records = verify->ledger->records;
	struct records_newest newest;
	uint64_t place = 0;
	bool is_homed, is_homed_too;
	enum status status;

	if (kind_is_of_prefix(entry->kind)) {
		status = records_order_prefix(verify->snapshot, entry->key, &place, &is_homed);
		if (status != STATUS_OK ||
			records_prefix_find(records, entry->key, &is_homed_too) != place ||
			is_homed != is_homed_too) {
			return faulty(verify, entry, "the set of homed prefixes is wrong");
		}
	} else {
		status = records_find(records, entry->key, &newest);
		place = status == STATUS_OK ? newest.place : 0;
	}
	if (place == 0) {
		return faulty(verify, entry,
			status == STATUS_CORRUPT
				? "the newest record of its key is damaged, or was removed"
				: "the view does not know its key");
	}
	if (place != entry->place) {
		return STATUS_OK;
	}
	bit_set(verify->is_newest, entry->sequence);
	verify->report.handle_count += entry->kind == JOURNAL_PUT;
	verify->report.deleted_count += entry->kind == JOURNAL_DELETE;
	verify->report.prefix_count += entry->kind == JOURNAL_HOME;
	return STATUS_OK;
}

static void
pruned_note(struct verify *verify, const struct journal_entry *entry)
{
	int64_t before = journal_pruned_before(verify->ledger->journal, entry->place);

	verify->report.pruned_count += entry->is_pruned;
	if (entry->is_pruned && before > verify->report.pruned_before_ms) {
		verify->report.pruned_before_ms = before;
	}
}

static enum status
verify_entry(struct verify *verify, const struct journal_entry *entry)
{
	enum status status = verify_chain(verify, entry);

	pruned_note(verify, entry);

	if (status == STATUS_OK) {
		status = verify_previous(verify, entry);
	}
	if (status == STATUS_OK) {
		status = verify_newest(verify, entry);
	}
	if (status == STATUS_OK) {
		verify->report.entry_count++;
		status = verify_tree(verify, entry);
	}
	return status == STATUS_OK ? verify_heads(verify) : status;
}

static enum status
verify_journal(struct verify *verify, ledger_progress *progress, void *context)
{
	struct journal *journal = verify->ledger->journal;
	uint64_t place = journal_first(journal);
	struct journal_entry entry;
	enum status status;

	while (verify->report.entry_count < verify->total) {
		status = journal_read(journal, place, &entry);
		if (status != STATUS_OK) {
			return problem_set(verify->problem, STATUS_CORRUPT,
				"the journal is damaged at place %llu, behind entry %llu",
				(unsigned long long)place,
				(unsigned long long)verify->report.entry_count);
		}
		status = verify_entry(verify, &entry);
		if (status != STATUS_OK) {
			return status;
		}
		place = entry.next;
		if (progress != NULL && verify->report.entry_count % PROGRESS_EVERY == 0 &&
			!progress(context, verify->report.entry_count, verify->total)) {
			return problem_set(verify->problem, STATUS_CLOSED, "stopped");
		}
	}
	return verify->has_next
		? head_is_wrong(verify, "the journal ends before: entries were removed")
		: STATUS_OK;
}

/* Each entry must be a key's newest or followed by another, and not both. */
static enum status
verify_bits(struct verify *verify)
{
	for (uint64_t sequence = 1; sequence <= verify->total; sequence++) {
		bool is_newest = bit_get(verify->is_newest, sequence);

		if (is_newest == bit_get(verify->is_superseded, sequence)) {
			return problem_set(verify->problem, STATUS_CORRUPT,
				is_newest ? "the view leads to entry %llu, which a later one "
					    "replaced; make the view again with houji repair"
					  : "the view does not lead to entry %llu, the newest of "
					    "its key; make the view again with houji repair",
				(unsigned long long)sequence);
		}
	}
	return STATUS_OK;
}

static enum status
verify_counts(struct verify *verify, uint64_t ordered_count)
{
	const struct ledger_report *report = &verify->report;
	uint64_t places = places_count(verify->ledger->places);

	if (places != report->handle_count + report->deleted_count) {
		return problem_set(verify->problem, STATUS_CORRUPT,
			"the table of places has %llu handles, the journal %llu",
			(unsigned long long)places,
			(unsigned long long)(report->handle_count + report->deleted_count));
	}
	if (ordered_count != report->handle_count) {
		return problem_set(verify->problem, STATUS_CORRUPT,
			"the ordered table has %llu handles, the journal %llu",
			(unsigned long long)ordered_count,
			(unsigned long long)report->handle_count);
	}
	if (records_prefix_count(verify->ledger->records) != report->prefix_count) {
		return problem_set(verify->problem, STATUS_CORRUPT,
			"another count of prefixes is homed than the journal says");
	}
	return STATUS_OK;
}

/* The cursor proves that each key is its entry's; that the entry is the newest is left. */
static enum status
verify_order(struct verify *verify)
{
	struct records_cursor *cursor;
	struct record record;
	struct journal_entry entry;
	struct bytes key;
	uint64_t count = 0;
	enum status status = records_cursor_open(verify->ledger->records, TEXT(""), &cursor);

	if (status != STATUS_OK) {
		return problem_set(verify->problem, status, "the ordered table cannot be read");
	}
	while (status == STATUS_OK && records_cursor_next(cursor, &key, &record)) {
		status = journal_read(verify->ledger->journal, record.sequence_place, &entry);
		if (status == STATUS_OK && !bit_get(verify->is_newest, entry.sequence)) {
			status = faulty(verify, &entry, "the ordered table leads to an old record");
		}
		count++;
	}
	if (status == STATUS_OK && records_cursor_status(cursor) != STATUS_OK) {
		status = problem_set(verify->problem, STATUS_CORRUPT,
			"the ordered table leads astray behind handle %llu",
			(unsigned long long)count);
	}
	records_cursor_close(cursor);
	return status == STATUS_OK ? verify_counts(verify, count) : status;
}

enum status
ledger_verify(struct ledger *ledger, ledger_progress *progress, void *context,
	struct ledger_report *ret_report, struct problem *problem)
{
	struct verify verify = {
		.ledger = ledger,
		.problem = problem,
		.total = journal_last_sequence(ledger->journal),
		.row_count = ledger_tree_row_count(ledger->tree),
	};
	size_t size = (size_t)(verify.total / 8 + 1);
	enum status status = ledger_settle(ledger, problem);

	if (status != STATUS_OK) {
		return status;
	}
	verify.is_superseded = calloc(1, size);
	verify.is_newest = calloc(1, size);
	if (verify.is_superseded == NULL || verify.is_newest == NULL) {
		status = problem_set(problem, STATUS_NO_MEMORY, "no memory to verify");
		goto done;
	}
	status = store_snapshot_begin(ledger->store, &verify.snapshot);
	if (status != STATUS_OK) {
		verify.snapshot = NULL;
		(void)problem_set(problem, status, "the ordered table cannot be read");
		goto done;
	}
	status = ledger_heads_read(ledger->directory, &verify.heads, problem);
	if (status == STATUS_OK) {
		status = heads_advance(&verify);
	}
	if (status == STATUS_OK) {
		status = verify_journal(&verify, progress, context);
	}
	if (status == STATUS_OK) {
		status = verify_bits(&verify);
	}
	if (status == STATUS_OK) {
		status = verify_order(&verify);
	}
	if (status == STATUS_OK) {
		struct ledger_merkle_hash root;

		ledger_merkle_root(&verify.merkle, &root);
		memcpy(verify.report.root, root.octets, JOURNAL_DIGEST_SIZE);
		memcpy(verify.report.head, verify.hash, JOURNAL_DIGEST_SIZE);
		*ret_report = verify.report;
	}
done:
	store_snapshot_end(verify.snapshot);
	ledger_heads_free(&verify.heads);
	free(verify.is_superseded);
	free(verify.is_newest);
	return status;
}
