/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_proof.h"

#include "base/limits.h"
#include "handle/handle_name.h"
#include "ledger/ledger_tree.h"

#include <string.h>

#define KIND_ENTRY  "houji entry 1"
#define KIND_GROWTH "houji growth 1"

static void
entry_write(struct json_writer *writer, const struct journal_entry *entry)
{
	json_write_object(writer);
	json_write_name(writer, "sequence");
	json_write_u64(writer, entry->sequence);
	json_write_name(writer, "kind");
	json_write_u64(writer, entry->kind);
	json_write_name(writer, "time");
	json_write_i64(writer, entry->time_ms);
	json_write_name(writer, "previous");
	json_write_u64(writer, entry->previous);
	json_write_name(writer, "batch");
	json_write_u64(writer, entry->batch);
	json_write_name(writer, "key");
	json_write_base64(writer, entry->key);
	json_write_name(writer, "actor");
	json_write_base64(writer, entry->actor);
	json_write_name(writer, "before");
	json_write_hex(writer, entry->before);
	json_write_name(writer, "after");
	json_write_hex(writer, entry->after);
	json_write_name(writer, "chain");
	json_write_hex(writer, entry->chain);
	json_write_name(writer, "recordSize");
	json_write_u64(writer, entry->record.size);
	json_write_object_end(writer);
}

void
ledger_proof_write_json(struct json_writer *writer, const struct ledger_proof *proof)
{
	json_write_object(writer);
	json_write_name(writer, "proof");
	if (proof->kind == LEDGER_PROOF_ENTRY) {
		json_write_string(writer, TEXT(KIND_ENTRY));
		json_write_name(writer, "entry");
		entry_write(writer, &proof->entry);
		if (proof->has_record) {
			json_write_name(writer, "record");
			json_write_base64(writer, proof->entry.record);
		}
		json_write_name(writer, "head");
	} else {
		json_write_string(writer, TEXT(KIND_GROWTH));
		json_write_name(writer, "earlier");
		ledger_head_write_json(writer, &proof->earlier);
		json_write_name(writer, "later");
	}
	ledger_head_write_json(writer, &proof->head);
	json_write_name(writer, "path");
	json_write_array(writer);
	for (size_t i = 0; i < proof->path.count; i++) {
		json_write_hex(
			writer, bytes_over(proof->path.hashes[i].octets, LEDGER_MERKLE_SIZE));
	}
	json_write_array_end(writer);
	json_write_object_end(writer);
}

static void
digest_read(struct json_reader *reader, struct bytes *ret_digest)
{
	*ret_digest = json_read_hex(reader);
	if (json_reader_ok(reader) && ret_digest->size != JOURNAL_DIGEST_SIZE) {
		json_reader_fail(reader, STATUS_INVALID);
	}
}

enum entry_member {
	ENTRY_SEQUENCE,
	ENTRY_KIND,
	ENTRY_TIME,
	ENTRY_PREVIOUS,
	ENTRY_BATCH,
	ENTRY_KEY,
	ENTRY_ACTOR,
	ENTRY_BEFORE,
	ENTRY_AFTER,
	ENTRY_CHAIN,
	ENTRY_RECORD_SIZE,
	ENTRY_MEMBER_COUNT, /* None of them. */
};

static void
entry_member_read(struct json_reader *reader, enum entry_member member, struct journal_entry *entry)
{
	switch (member) {
	case ENTRY_SEQUENCE:
		entry->sequence = json_read_u64(reader, INT64_MAX);
		break;
	case ENTRY_KIND:
		entry->kind = (enum journal_kind)json_read_u64(reader, JOURNAL_UNHOME);
		break;
	case ENTRY_TIME:
		entry->time_ms = json_read_i64(reader);
		break;
	case ENTRY_PREVIOUS:
		entry->previous = json_read_u64(reader, UINT64_MAX);
		break;
	case ENTRY_BATCH:
		entry->batch = json_read_u64(reader, UINT64_MAX);
		break;
	case ENTRY_KEY:
		entry->key = json_read_base64(reader, BASE64_STANDARD);
		break;
	case ENTRY_ACTOR:
		entry->actor = json_read_base64(reader, BASE64_STANDARD);
		break;
	case ENTRY_BEFORE:
		digest_read(reader, &entry->before);
		break;
	case ENTRY_AFTER:
		digest_read(reader, &entry->after);
		break;
	case ENTRY_CHAIN:
		digest_read(reader, &entry->chain);
		break;
	case ENTRY_RECORD_SIZE:
		entry->record.size = (size_t)json_read_u64(reader, MESSAGE_SIZE_MAX);
		break;
	case ENTRY_MEMBER_COUNT:
		json_skip(reader);
	}
}

static bool
entry_is_possible(const struct journal_entry *entry)
{
	return entry->sequence > 0 && entry->kind >= JOURNAL_PUT && entry->kind <= JOURNAL_UNHOME &&
		entry->key.size <= HANDLE_KEY_SIZE_MAX &&
		entry->actor.size <= LEDGER_ACTOR_SIZE_MAX;
}

static void
entry_read(struct json_reader *reader, struct journal_entry *entry)
{
	static const char *const names[ENTRY_MEMBER_COUNT] = {
		[ENTRY_SEQUENCE] = "sequence",
		[ENTRY_KIND] = "kind",
		[ENTRY_TIME] = "time",
		[ENTRY_PREVIOUS] = "previous",
		[ENTRY_BATCH] = "batch",
		[ENTRY_KEY] = "key",
		[ENTRY_ACTOR] = "actor",
		[ENTRY_BEFORE] = "before",
		[ENTRY_AFTER] = "after",
		[ENTRY_CHAIN] = "chain",
		[ENTRY_RECORD_SIZE] = "recordSize",
	};
	enum { ALL = (1 << ENTRY_MEMBER_COUNT) - 1 };
	unsigned found = 0;
	struct bytes name;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		enum entry_member member = ENTRY_SEQUENCE;

		while (member < ENTRY_MEMBER_COUNT &&
			!bytes_equal(name, bytes_from_string(names[member]))) {
			member++;
		}
		found |= 1U << member;
		entry_member_read(reader, member, entry);
	}
	if (json_reader_ok(reader) && ((found & ALL) != ALL || !entry_is_possible(entry))) {
		json_reader_fail(reader, STATUS_INVALID);
	}
}

static void
path_read(struct json_reader *reader, struct ledger_merkle_path *path)
{
	json_read_array(reader);
	while (json_next_element(reader)) {
		if (path->count == LEDGER_MERKLE_PATH_COUNT_MAX) {
			json_reader_fail(reader, STATUS_TOO_LARGE);
			return;
		}
		ledger_head_read_hash(reader, path->hashes[path->count].octets);
		path->count++;
	}
}

enum { HAS_KIND = 1, HAS_ENTRY = 2, HAS_HEAD = 4, HAS_EARLIER = 8, HAS_LATER = 16, HAS_PATH = 32 };

static void
kind_read(struct json_reader *reader, struct ledger_proof *proof)
{
	struct bytes kind = json_read_string(reader);

	proof->kind =
		bytes_equal(kind, TEXT(KIND_GROWTH)) ? LEDGER_PROOF_GROWTH : LEDGER_PROOF_ENTRY;
	if (json_reader_ok(reader) && proof->kind == LEDGER_PROOF_ENTRY &&
		!bytes_equal(kind, TEXT(KIND_ENTRY))) {
		json_reader_fail(reader, STATUS_INVALID);
	}
}

static unsigned
member_read(struct json_reader *reader, struct bytes name, struct ledger_proof *proof,
	struct bytes *record)
{
	if (bytes_equal(name, TEXT("proof"))) {
		kind_read(reader, proof);
		return HAS_KIND;
	}
	if (bytes_equal(name, TEXT("entry"))) {
		entry_read(reader, &proof->entry);
		return HAS_ENTRY;
	}
	if (bytes_equal(name, TEXT("head")) || bytes_equal(name, TEXT("later"))) {
		ledger_head_read_json(reader, &proof->head);
		return name.size == 4 ? HAS_HEAD : HAS_LATER;
	}
	if (bytes_equal(name, TEXT("earlier"))) {
		ledger_head_read_json(reader, &proof->earlier);
		return HAS_EARLIER;
	}
	if (bytes_equal(name, TEXT("path"))) {
		path_read(reader, &proof->path);
		return HAS_PATH;
	}
	if (bytes_equal(name, TEXT("record"))) {
		*record = json_read_base64(reader, BASE64_STANDARD);
		proof->has_record = true;
		return 0;
	}
	json_skip(reader);
	return 0;
}

enum status
ledger_proof_read_json(struct json_reader *reader, struct ledger_proof *ret_proof)
{
	struct ledger_proof proof = {.kind = LEDGER_PROOF_ENTRY};
	struct bytes name, record = {NULL, 0};
	unsigned found = 0, needed;

	json_read_object(reader);
	while (json_next_member(reader, &name)) {
		found |= member_read(reader, name, &proof, &record);
	}
	needed = proof.kind == LEDGER_PROOF_ENTRY ? HAS_KIND | HAS_ENTRY | HAS_HEAD | HAS_PATH
						  : HAS_KIND | HAS_EARLIER | HAS_LATER | HAS_PATH;
	if (json_reader_ok(reader) &&
		(found != needed || (proof.has_record && record.size != proof.entry.record.size))) {
		json_reader_fail(reader, STATUS_INVALID);
	}
	if (json_reader_ok(reader)) {
		proof.entry.record.at = record.at;
		*ret_proof = proof;
	}
	return reader->status;
}

static enum status
entry_verify(const struct ledger_proof *proof, struct problem *problem)
{
	struct ledger_merkle_hash leaf;

	if (proof->has_record && !journal_record_is_authentic(&proof->entry)) {
		return problem_set(problem, STATUS_DENIED,
			"the record is not the one whose digest the entry has");
	}
	ledger_tree_leaf(&proof->entry, &leaf);
	return ledger_merkle_inclusion_verify(&leaf, proof->entry.sequence - 1, proof->head.size,
		       &proof->path, &proof->head.root) == STATUS_OK
		? STATUS_OK
		: problem_set(problem, STATUS_DENIED,
			  "the entry, as it is here, is not in the tree of the signed head");
}

static enum status
growth_verify(
	const struct ledger_proof *proof, const struct crypto_key *key, struct problem *problem)
{
	struct ledger_merkle_tree earlier = {proof->earlier.size, proof->earlier.root};
	struct ledger_merkle_tree later = {proof->head.size, proof->head.root};

	if (ledger_head_verify(&proof->earlier, key) != STATUS_OK) {
		return problem_set(
			problem, STATUS_DENIED, "the earlier head is not signed by this key");
	}
	return ledger_merkle_consistency_verify(&earlier, &later, &proof->path) == STATUS_OK
		? STATUS_OK
		: problem_set(problem, STATUS_DENIED,
			  "the later journal does not begin with the earlier one");
}

enum status
ledger_proof_verify(const struct ledger_proof *proof, const struct crypto_key *key,
	const struct crypto_key *earlier_key, struct problem *problem)
{
	if (ledger_head_verify(&proof->head, key) != STATUS_OK) {
		return problem_set(problem, STATUS_DENIED, "the head is not signed by this key");
	}
	return proof->kind == LEDGER_PROOF_ENTRY
		? entry_verify(proof, problem)
		: growth_verify(proof, earlier_key == NULL ? key : earlier_key, problem);
}
