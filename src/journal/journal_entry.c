/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "base/limits.h"
#include "crypto/crypto.h"
#include "handle/handle_name.h"
#include "journal/journal_format.h"

#include <string.h>

/* Offsets within the head: where each checksum begins to cover. */
enum { CHECKSUM_FROM = 8, RECORD_CHECKSUM_FROM = 16 };

static uint64_t
align_up(uint64_t size)
{
	return (size + JOURNAL_ALIGNMENT - 1) & ~(uint64_t)(JOURNAL_ALIGNMENT - 1);
}

static uint64_t
tail_offset(uint64_t key_size, uint64_t record_size)
{
	return align_up(JOURNAL_HEAD_SIZE + key_size + record_size);
}

uint64_t
journal_entry_size(uint64_t key_size, uint64_t record_size, uint64_t actor_size)
{
	return tail_offset(key_size, record_size) + JOURNAL_TAIL_SIZE +
		align_up(actor_size + sizeof(uint32_t));
}

const char *
journal_kind_name(enum journal_kind kind)
{
	switch (kind) {
	case JOURNAL_PAD:
		return "pad";
	case JOURNAL_PUT:
		return "put";
	case JOURNAL_DELETE:
		return "delete";
	case JOURNAL_HOME:
		return "home";
	case JOURNAL_UNHOME:
		break;
	}
	return "unhome";
}

/* Everything but the checksums and the record itself, which `after` stands for. The fields
 * are hashed as they are stored, so the hash does not depend on where an entry lies. */
static void
hash_entry(const struct journal_head *head, struct bytes key, const struct journal_tail *tail,
	struct bytes actor, uint8_t ret_hash[JOURNAL_DIGEST_SIZE])
{
	const struct bytes runs[] = {
		bytes_over((const uint8_t *)head + RECORD_CHECKSUM_FROM,
			JOURNAL_HEAD_SIZE - RECORD_CHECKSUM_FROM),
		key,
		bytes_over(tail, JOURNAL_TAIL_SIZE),
		actor,
	};

	crypto_digest_runs(CRYPTO_SHA256, runs, sizeof(runs) / sizeof(runs[0]), ret_hash);
}

static void
copy_run(uint8_t *to, struct bytes run)
{
	if (run.size > 0) {
		memcpy(to, run.at, run.size);
	}
}

/* The last step of encoding: what stands in front covers what stands behind. */
static void
seal(uint8_t *octets, struct journal_head *head, uint64_t place)
{
	uint64_t record_end = JOURNAL_HEAD_SIZE + (uint64_t)head->key_size + head->record_size;

	memcpy(octets, head, sizeof(*head));
	memcpy(octets + head->size - sizeof(uint32_t), &head->size, sizeof(uint32_t));
	head->record_checksum = checksum_over(
		bytes_over(octets + RECORD_CHECKSUM_FROM, record_end - RECORD_CHECKSUM_FROM), 0);
	memcpy(octets, head, sizeof(*head));
	head->checksum = checksum_over(
		bytes_over(octets + CHECKSUM_FROM, head->size - CHECKSUM_FROM), place);
	memcpy(octets, head, sizeof(*head));
}

void
journal_entry_encode(uint8_t *octets, const struct journal_change *change,
	const struct journal_stamp *stamp, uint8_t ret_hash[JOURNAL_DIGEST_SIZE])
{
	struct journal_head head = {
		.size = (uint32_t)journal_entry_size(
			change->key.size, change->record.size, change->actor.size),
		.kind = (uint16_t)change->kind,
		.record_size = (uint32_t)change->record.size,
		.key_size = (uint16_t)change->key.size,
		.actor_size = (uint16_t)change->actor.size,
		.sequence = stamp->sequence,
	};
	struct journal_tail tail = {
		.time_ms = change->time_ms,
		.previous = change->previous,
		.batch = stamp->batch,
	};
	uint64_t tail_at = tail_offset(change->key.size, change->record.size);

	memcpy(tail.before, change->before, JOURNAL_DIGEST_SIZE);
	memcpy(tail.chain, stamp->chain, JOURNAL_DIGEST_SIZE);
	if (change->record.size > 0) {
		crypto_digest(CRYPTO_SHA256, change->record, tail.after);
	}
	copy_run(octets + JOURNAL_HEAD_SIZE, change->key);
	copy_run(octets + JOURNAL_HEAD_SIZE + change->key.size, change->record);
	memcpy(octets + tail_at, &tail, sizeof(tail));
	copy_run(octets + tail_at + JOURNAL_TAIL_SIZE, change->actor);
	seal(octets, &head, stamp->place);
	hash_entry(&head, change->key, &tail, change->actor, ret_hash);
}

void
journal_pad_encode(uint8_t *octets, uint32_t size, uint64_t place, uint64_t sequence)
{
	struct journal_head head = {.size = size, .kind = JOURNAL_PAD, .sequence = sequence};

	seal(octets, &head, place);
}

static bool
kind_is_change(uint16_t kind)
{
	return kind >= JOURNAL_PUT && kind <= JOURNAL_UNHOME;
}

bool
journal_head_is_plausible(const struct journal_head *head, uint64_t limit)
{
	if (head->flags != 0 || head->size > limit || head->size % JOURNAL_ALIGNMENT != 0) {
		return false;
	}
	if (head->kind == JOURNAL_PAD) {
		return head->size >= JOURNAL_PAD_SIZE_MIN && head->key_size == 0 &&
			head->record_size == 0 && head->actor_size == 0;
	}
	return kind_is_change(head->kind) && head->key_size <= HANDLE_KEY_SIZE_MAX &&
		head->record_size <= MESSAGE_SIZE_MAX &&
		head->actor_size <= LEDGER_ACTOR_SIZE_MAX &&
		head->size ==
		journal_entry_size(head->key_size, head->record_size, head->actor_size);
}

/* `record_end` has been compared with what may be read. */
static bool
record_is_sound(const uint8_t *octets, const struct journal_head *head, uint64_t record_end)
{
	struct bytes covered =
		bytes_over(octets + RECORD_CHECKSUM_FROM, record_end - RECORD_CHECKSUM_FROM);

	return checksum_over(covered, 0) == head->record_checksum;
}

/* The rest of an entry whose sizes have been checked. */
static void
entry_runs(const uint8_t *octets, const struct journal_head *head, const uint8_t *tail_at,
	struct journal_entry *entry)
{
	struct journal_tail tail;

	memcpy(&tail, tail_at, sizeof(tail));
	entry->batch = tail.batch;
	entry->time_ms = tail.time_ms;
	entry->previous = tail.previous;
	entry->key = bytes_over(octets + JOURNAL_HEAD_SIZE, head->key_size);
	entry->record = bytes_over(octets + JOURNAL_HEAD_SIZE + head->key_size, head->record_size);
	entry->before =
		bytes_over(tail_at + offsetof(struct journal_tail, before), JOURNAL_DIGEST_SIZE);
	entry->after =
		bytes_over(tail_at + offsetof(struct journal_tail, after), JOURNAL_DIGEST_SIZE);
	entry->chain =
		bytes_over(tail_at + offsetof(struct journal_tail, chain), JOURNAL_DIGEST_SIZE);
	entry->actor = bytes_over(tail_at + JOURNAL_TAIL_SIZE, head->actor_size);
}

bool
journal_entry_decode(
	const uint8_t *octets, uint64_t limit, uint64_t place, struct journal_entry *ret_entry)
{
	struct journal_head head;
	uint64_t record_end;
	const uint8_t *tail_at;
	uint32_t size_again;

	if (limit < sizeof(head)) {
		return false;
	}
	memcpy(&head, octets, sizeof(head));
	if (!journal_head_is_plausible(&head, limit)) {
		return false;
	}
	record_end = JOURNAL_HEAD_SIZE + (uint64_t)head.key_size + head.record_size;
	memcpy(&size_again, octets + head.size - sizeof(size_again), sizeof(size_again));
	if (size_again != head.size || !record_is_sound(octets, &head, record_end) ||
		checksum_over(bytes_over(octets + CHECKSUM_FROM, head.size - CHECKSUM_FROM),
			place) != head.checksum) {
		return false;
	}
	tail_at = octets + tail_offset(head.key_size, head.record_size);
	*ret_entry = (struct journal_entry){
		.kind = (enum journal_kind)head.kind,
		.place = place,
		.next = place + head.size,
		.sequence = head.sequence,
	};
	if (head.kind != JOURNAL_PAD) {
		entry_runs(octets, &head, tail_at, ret_entry);
	}
	return true;
}

bool
journal_entry_peek(const uint8_t *octets, uint64_t limit, struct bytes *ret_key,
	struct bytes *ret_record, enum journal_kind *ret_kind)
{
	struct journal_head head;
	uint64_t record_end;

	if (limit < sizeof(head)) {
		return false;
	}
	memcpy(&head, octets, sizeof(head));
	record_end = JOURNAL_HEAD_SIZE + (uint64_t)head.key_size + head.record_size;
	if (record_end > limit || !kind_is_change(head.kind) ||
		!record_is_sound(octets, &head, record_end)) {
		return false;
	}
	*ret_key = bytes_over(octets + JOURNAL_HEAD_SIZE, head.key_size);
	*ret_record = bytes_over(octets + JOURNAL_HEAD_SIZE + head.key_size, head.record_size);
	*ret_kind = (enum journal_kind)head.kind;
	return true;
}

bool
journal_entry_time(const uint8_t *octets, uint64_t limit, int64_t *ret_time_ms)
{
	struct journal_head head;
	uint64_t at;

	if (limit < sizeof(head)) {
		return false;
	}
	memcpy(&head, octets, sizeof(head));
	at = tail_offset(head.key_size, head.record_size) + offsetof(struct journal_tail, time_ms);
	if (head.sequence == 0 || at + sizeof(*ret_time_ms) > limit) {
		return false;
	}
	memcpy(ret_time_ms, octets + at, sizeof(*ret_time_ms));
	return true;
}

void
journal_entry_hash(const struct journal_entry *entry, uint8_t ret_hash[JOURNAL_DIGEST_SIZE])
{
	struct journal_head head = {
		.size = (uint32_t)journal_entry_size(
			entry->key.size, entry->record.size, entry->actor.size),
		.kind = (uint16_t)entry->kind,
		.record_size = (uint32_t)entry->record.size,
		.key_size = (uint16_t)entry->key.size,
		.actor_size = (uint16_t)entry->actor.size,
		.sequence = entry->sequence,
	};
	struct journal_tail tail = {
		.time_ms = entry->time_ms,
		.previous = entry->previous,
		.batch = entry->batch,
	};

	memcpy(tail.before, entry->before.at, JOURNAL_DIGEST_SIZE);
	memcpy(tail.after, entry->after.at, JOURNAL_DIGEST_SIZE);
	memcpy(tail.chain, entry->chain.at, JOURNAL_DIGEST_SIZE);
	hash_entry(&head, entry->key, &tail, entry->actor, ret_hash);
}

bool
journal_record_is_authentic(const struct journal_entry *entry)
{
	uint8_t digest[JOURNAL_DIGEST_SIZE] = {0};

	if (entry->is_pruned) {
		return true; /* The digest is all that is left. */
	}
	if (entry->record.size > 0) {
		crypto_digest(CRYPTO_SHA256, entry->record, digest);
	}
	return bytes_equal(bytes_over(digest, sizeof(digest)), entry->after);
}

void
journal_header_encode(uint8_t octets[JOURNAL_HEADER_SIZE], const struct journal_header *header)
{
	struct journal_header page = *header;

	memcpy(page.magic, JOURNAL_MAGIC, sizeof(page.magic));
	page.version = page.husk_count > 0 ? JOURNAL_LAYOUT_VERSION_PRUNED : JOURNAL_LAYOUT_VERSION;
	page.byte_order = JOURNAL_BYTE_ORDER_MARK;
	page.checksum =
		checksum_over(bytes_over(&page, offsetof(struct journal_header, checksum)), 0);
	memcpy(octets, &page, sizeof(page));
}

enum status
journal_header_decode(const uint8_t octets[JOURNAL_HEADER_SIZE], const char *name,
	struct journal_header *ret_header, struct problem *problem)
{
	struct journal_header page;

	memcpy(&page, octets, sizeof(page));
	if (memcmp(page.magic, JOURNAL_MAGIC, sizeof(page.magic)) != 0) {
		return problem_set(problem, STATUS_CORRUPT,
			"ledger/%s: does not begin like a journal segment; restore the file", name);
	}
	if (page.byte_order != JOURNAL_BYTE_ORDER_MARK) {
		return problem_set(problem, STATUS_CORRUPT,
			"ledger/%s: byte-order mark is 0x%08x, not 0x%08x: written by a machine of "
			"the other byte order, or damaged; dump it there and load it here",
			name, page.byte_order, JOURNAL_BYTE_ORDER_MARK);
	}
	if (page.version != JOURNAL_LAYOUT_VERSION &&
		page.version != JOURNAL_LAYOUT_VERSION_PRUNED) {
		return problem_set(problem, STATUS_UNKNOWN_VERSION,
			"ledger/%s: layout version %u, but this program knows versions %d and %d "
			"only; use the program that wrote it, or dump with that one and load with "
			"this one",
			name, page.version, JOURNAL_LAYOUT_VERSION, JOURNAL_LAYOUT_VERSION_PRUNED);
	}
	if (checksum_over(bytes_over(&page, offsetof(struct journal_header, checksum)), 0) !=
		page.checksum) {
		return problem_set(problem, STATUS_CORRUPT,
			"ledger/%s: the header fails its checksum; restore the file", name);
	}
	if ((page.version == JOURNAL_LAYOUT_VERSION_PRUNED) != (page.husk_count > 0) ||
		page.husk_size > page.segment_size ||
		(page.husk_count == 0 && page.husk_size != 0) ||
		page.husk_count > page.husk_size / JOURNAL_DIRECTORY_ROW_SIZE) {
		return problem_set(problem, STATUS_CORRUPT,
			"ledger/%s: its header says what cannot be of what was pruned; restore the "
			"file",
			name);
	}
	*ret_header = page;
	return STATUS_OK;
}
