/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "base/limits.h"
#include "handle/handle_name.h"
#include "journal/journal_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Where a husk's checksum begins to cover. */
enum { CHECKSUM_FROM = 8 };

/* One row of the directory, both in units of JOURNAL_ALIGNMENT. */
struct directory_row {
	uint32_t place; /* From the segment's base. */
	uint32_t husk; /* From the directory's start. */
};

static_assert(sizeof(struct directory_row) == JOURNAL_DIRECTORY_ROW_SIZE, "no holes");

uint64_t
journal_husk_size(uint64_t key_size, uint64_t actor_size)
{
	uint64_t size = JOURNAL_HEAD_SIZE + key_size + JOURNAL_TAIL_SIZE + actor_size;

	return (size + JOURNAL_ALIGNMENT - 1) & ~(uint64_t)(JOURNAL_ALIGNMENT - 1);
}

static void
copy_run(uint8_t **at, const void *run, size_t size)
{
	if (size > 0) {
		memcpy(*at, run, size);
	}
	*at += size;
}

void
journal_husk_encode(uint8_t *octets, const struct journal_entry *entry)
{
	struct journal_head head = {
		.size = (uint32_t)(entry->next - entry->place),
		.kind = (uint16_t)entry->kind,
		.flags = JOURNAL_FLAG_HUSK,
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
	uint64_t size = journal_husk_size(entry->key.size, entry->actor.size);
	uint8_t *at = octets + JOURNAL_HEAD_SIZE;

	memcpy(tail.before, entry->before.at, JOURNAL_DIGEST_SIZE);
	memcpy(tail.after, entry->after.at, JOURNAL_DIGEST_SIZE);
	memcpy(tail.chain, entry->chain.at, JOURNAL_DIGEST_SIZE);
	memcpy(octets, &head, sizeof(head));
	copy_run(&at, entry->key.at, entry->key.size);
	copy_run(&at, &tail, sizeof(tail));
	copy_run(&at, entry->actor.at, entry->actor.size);
	head.checksum = checksum_over(
		bytes_over(octets + CHECKSUM_FROM, size - CHECKSUM_FROM), entry->place);
	memcpy(octets, &head, sizeof(head));
}

/* Sizes and checksum; `limit` octets may be read. */
static bool
husk_decode(const uint8_t *octets, uint64_t limit, uint64_t place, struct journal_entry *ret_entry)
{
	struct journal_head head, plain;
	struct journal_tail tail;
	const uint8_t *tail_at;
	uint64_t size;

	if (limit < sizeof(head)) {
		return false;
	}
	memcpy(&head, octets, sizeof(head));
	plain = head;
	plain.flags = 0;
	size = journal_husk_size(head.key_size, head.actor_size);
	if (head.flags != JOURNAL_FLAG_HUSK || head.kind == JOURNAL_PAD || size > limit ||
		!journal_head_is_plausible(&plain, UINT32_MAX) ||
		checksum_over(bytes_over(octets + CHECKSUM_FROM, size - CHECKSUM_FROM), place) !=
			head.checksum) {
		return false;
	}
	tail_at = octets + JOURNAL_HEAD_SIZE + head.key_size;
	memcpy(&tail, tail_at, sizeof(tail));
	*ret_entry = (struct journal_entry){
		.kind = (enum journal_kind)head.kind,
		.place = place,
		.next = place + head.size,
		.batch = tail.batch,
		.sequence = head.sequence,
		.time_ms = tail.time_ms,
		.previous = tail.previous,
		.key = bytes_over(octets + JOURNAL_HEAD_SIZE, head.key_size),
		.record = {NULL, head.record_size},
		.actor = bytes_over(tail_at + sizeof(tail), head.actor_size),
		.before = bytes_over(
			tail_at + offsetof(struct journal_tail, before), JOURNAL_DIGEST_SIZE),
		.after = bytes_over(
			tail_at + offsetof(struct journal_tail, after), JOURNAL_DIGEST_SIZE),
		.chain = bytes_over(
			tail_at + offsetof(struct journal_tail, chain), JOURNAL_DIGEST_SIZE),
		.is_pruned = head.record_size > 0,
	};
	return true;
}

static struct directory_row
row_at(const struct journal_husks *husks, uint64_t number)
{
	struct directory_row row;

	memcpy(&row, husks->octets + number * sizeof(row), sizeof(row));
	return row;
}

bool
journal_husk_find(
	const struct journal_husks *husks, uint64_t place, struct journal_entry *ret_entry)
{
	uint64_t from = 0, to = husks == NULL ? 0 : husks->count, offset, at;
	struct directory_row row;

	if (to == 0 || to > husks->size / sizeof(row) || place < husks->base ||
		place % JOURNAL_ALIGNMENT != 0) {
		return false;
	}
	offset = (place - husks->base) / JOURNAL_ALIGNMENT;
	while (from < to) {
		uint64_t middle = from + (to - from) / 2;

		row = row_at(husks, middle);
		if (row.place < offset) {
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	row = from < husks->count ? row_at(husks, from) : (struct directory_row){0, 0};
	at = (uint64_t)row.husk * JOURNAL_ALIGNMENT;
	return row.place == offset && at < husks->size &&
		husk_decode(husks->octets + at, husks->size - at, place, ret_entry) &&
		ret_entry->next - husks->base <= husks->segment_size;
}

bool
journal_entry_find(const uint8_t *octets, uint64_t limit, uint64_t place,
	const struct journal_husks *husks, struct journal_entry *ret_entry)
{
	return journal_entry_decode(octets, limit, place, ret_entry) ||
		(husks != NULL && journal_husk_find(husks, place, ret_entry));
}

const struct journal_husks *
journal_husks_of(const struct journal *journal, uint64_t place)
{
	uint64_t base = journal_base(journal, place);
	size_t from = 0, to = journal->husks_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (journal->husks[middle].base < base) {
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	return from < journal->husks_count && journal->husks[from].base == base
		? &journal->husks[from]
		: NULL;
}

int64_t
journal_pruned_before(const struct journal *journal, uint64_t place)
{
	const struct journal_husks *husks = journal_husks_of(journal, place);

	return husks == NULL ? 0 : husks->cutoff_ms;
}

enum status
journal_husks_map(struct journal *journal, int fd, const struct journal_header *header,
	struct problem *problem)
{
	struct journal_husks *larger =
		reallocarray(journal->husks, journal->husks_count + 1, sizeof(*larger));
	void *at;

	if (larger == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for the journal");
	}
	journal->husks = larger;
	at = mmap(NULL, header->husk_size, PROT_READ, MAP_SHARED, fd, (off_t)header->segment_size);
	if (at == MAP_FAILED) {
		return problem_system(problem, "cannot map what was pruned of the journal");
	}
	journal->husks[journal->husks_count++] = (struct journal_husks){
		.octets = at,
		.size = header->husk_size,
		.count = header->husk_count,
		.base = header->base,
		.segment_size = header->segment_size,
		.cutoff_ms = header->cutoff_ms,
	};
	return STATUS_OK;
}

void
journal_husks_unmap(struct journal *journal)
{
	for (size_t i = 0; i < journal->husks_count; i++) {
		munmap((void *)(uintptr_t)journal->husks[i].octets, journal->husks[i].size);
	}
	free(journal->husks);
}
