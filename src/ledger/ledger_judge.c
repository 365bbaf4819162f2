/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_private.h"

#include "base/limits.h"
#include "crypto/crypto.h"

/*
 * The decision about one change, on the committer's thread: what it expects, what its judge
 * says, what the entry will hold. Everything is asked of the state as the changes before it
 * left it; where those are not visible yet the answer is BUSY, and the batch goes first.
 */
struct ledger_state {
	struct ledger *ledger;
	struct bytes key; /* Of the change itself. */
	bool is_prefix; /* It homes or unhomes: the record of its key is another matter. */
	const struct record *before;
};

enum status
ledger_state_find(struct ledger_state *state, struct bytes name, struct record *ret_record)
{
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
	struct records_newest newest;
	struct bytes key;
	enum status status;

	if (name.size == 0 || name.size > HANDLE_NAME_SIZE_MAX) {
		return STATUS_INVALID;
	}
	key = bytes_over(octets, handle_name_key(name, octets));
	if (bytes_equal(key, state->key) && !state->is_prefix) {
		if (state->before != NULL) {
			*ret_record = *state->before;
		}
		return state->before != NULL ? STATUS_OK : STATUS_NOT_FOUND;
	}
	/* The change's own key is in the batch for itself; nothing in front of it has it. */
	if (!bytes_equal(key, state->key) && ledger_batch_has(&state->ledger->batch, key)) {
		return STATUS_BUSY;
	}
	status = records_find(state->ledger->records, key, &newest);
	if (status == STATUS_OK && newest.kind != JOURNAL_PUT) {
		status = STATUS_NOT_FOUND;
	}
	if (status == STATUS_OK) {
		*ret_record = newest.record;
	}
	return status;
}

enum status
ledger_state_prefix_is_homed(
	struct ledger_state *state, struct bytes prefix_handle, bool *ret_is_homed)
{
	if (!bytes_equal(prefix_handle, state->key) &&
		ledger_batch_has(&state->ledger->batch, prefix_handle)) {
		return STATUS_BUSY;
	}
	(void)records_prefix_find(state->ledger->records, prefix_handle, ret_is_homed);
	return STATUS_OK;
}

uint64_t
ledger_record_version(const struct ledger *ledger, const struct record *record)
{
	return journal_sequence_at(ledger->journal, record->sequence_place);
}

static enum status
judge_ask(struct ledger *ledger, struct ledger_change *change, struct bytes key,
	const struct record *before)
{
	bool is_prefix = change->kind == JOURNAL_HOME || change->kind == JOURNAL_UNHOME;
	struct ledger_state state = {ledger, key, is_prefix, before};

	return change->judge == NULL ? STATUS_OK
				     : change->judge(change->context, &state, change, before);
}

static bool
version_is_expected(const struct ledger *ledger, const struct ledger_change *change,
	const struct record *before)
{
	switch (change->expected) {
	case LEDGER_EXPECT_ANY:
		return true;
	case LEDGER_EXPECT_NONE:
		return before == NULL;
	case LEDGER_EXPECT_SOME:
		return before != NULL;
	default:
		return before != NULL && ledger_record_version(ledger, before) == change->expected;
	}
}

static bool
versions_have(const struct ledger_versions *versions, uint64_t version)
{
	bool has = versions->is_any;

	for (uint32_t i = 0; i < versions->count && !has; i++) {
		has = versions->items[i] == version;
	}
	return has;
}

static bool
condition_holds(const struct ledger *ledger, const struct ledger_condition *condition,
	const struct record *before)
{
	uint64_t version;

	if (condition == NULL) {
		return true;
	}
	if (before == NULL) {
		return !condition->match.is_given;
	}
	version = ledger_record_version(ledger, before);
	if (condition->match.is_given) {
		if (!versions_have(&condition->match, version)) {
			return false;
		}
	} else if (condition->has_time &&
		journal_time_ms_at(ledger->journal, before->sequence_place) / 1000 >
			condition->time_s) {
		return false;
	}
	return !condition->none.is_given || !versions_have(&condition->none, version);
}

static enum status
judge_record(struct ledger *ledger, struct ledger_change *change, struct journal_change *entry)
{
	struct handle_value_list given = change->values;
	struct records_newest newest;
	enum status status = records_find(ledger->records, entry->key, &newest);
	bool exists = status == STATUS_OK && newest.kind == JOURNAL_PUT;
	struct wire_writer writer = wire_writer_over(ledger->batch.record, MESSAGE_SIZE_MAX);

	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		return status;
	}
	entry->previous = status == STATUS_OK ? newest.place : 0;
	if (!version_is_expected(ledger, change, exists ? &newest.record : NULL) ||
		!condition_holds(ledger, change->condition, exists ? &newest.record : NULL)) {
		return STATUS_CONFLICT;
	}
	status = judge_ask(ledger, change, entry->key, exists ? &newest.record : NULL);
	if (status == STATUS_OK && change->values.octets.at != given.octets.at) {
		status = ledger_change_check(change);
	}
	if (status != STATUS_OK) {
		return status;
	}
	if (exists) {
		crypto_digest(CRYPTO_SHA256, newest.run, entry->before);
	}
	if (change->kind == JOURNAL_DELETE) {
		return exists ? STATUS_OK : STATUS_NOT_FOUND;
	}
	record_write(&writer, exists ? newest.record.name : change->name, &change->values);
	entry->record = wire_written(&writer);
	return wire_writer_end(&writer) == STATUS_OK ? STATUS_OK : STATUS_TOO_LARGE;
}

static enum status
judge_prefix(struct ledger *ledger, struct ledger_change *change, struct journal_change *entry)
{
	bool is_homed;
	enum status status;

	entry->previous = records_prefix_find(ledger->records, entry->key, &is_homed);
	status = judge_ask(ledger, change, entry->key, NULL);
	if (status != STATUS_OK || is_homed != (change->kind == JOURNAL_HOME)) {
		return status;
	}
	return is_homed ? STATUS_EXISTS : STATUS_NOT_FOUND;
}

enum status
ledger_change_judge(
	struct ledger *ledger, struct ledger_change *change, struct journal_change *entry)
{
	bool is_prefix = change->kind == JOURNAL_HOME || change->kind == JOURNAL_UNHOME;

	return is_prefix ? judge_prefix(ledger, change, entry)
			 : judge_record(ledger, change, entry);
}
