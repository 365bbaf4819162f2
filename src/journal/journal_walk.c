/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_walk.h"

#include "journal/journal_private.h"

static_assert((int)JOURNAL_FILE_NAME_SIZE == (int)JOURNAL_NAME_SIZE, "one name for a file");
static_assert((int)JOURNAL_FILE_HEADER_SIZE == (int)JOURNAL_HEADER_SIZE, "one header for a file");

void
journal_walk_begin(
	struct journal_walk *walk, const struct journal_point *from, uint64_t segment_size)
{
	*walk = (struct journal_walk){.segment_size = segment_size};
	if (from != NULL) {
		walk->at = *from;
	} else {
		walk->at.place = JOURNAL_HEADER_SIZE;
	}
}

uint64_t
journal_walk_base(const struct journal_walk *walk)
{
	if (walk->segment_size == 0) {
		return 0;
	}
	return walk->is_segment_over ? walk->base + walk->segment_size
				     : walk->at.place & ~(walk->segment_size - 1);
}

void
journal_file_name(uint64_t base, char ret_name[JOURNAL_FILE_NAME_SIZE + 1])
{
	journal_segment_name(base, ret_name);
}

static enum status
wrong(const struct journal_walk *walk, const char *what, struct problem *problem)
{
	char name[JOURNAL_NAME_SIZE + 1];

	journal_segment_name(walk->base, name);
	return problem_set(problem, STATUS_CORRUPT, "%s: %s behind entry %llu (place %llu)", name,
		what, (unsigned long long)walk->at.sequence, (unsigned long long)walk->at.place);
}

enum status
journal_walk_take(struct journal_walk *walk, struct bytes octets, struct problem *problem)
{
	uint64_t base = journal_walk_base(walk), size = walk->segment_size;
	char name[JOURNAL_NAME_SIZE + 1];
	struct journal_header header;
	enum status status;

	journal_segment_name(base, name);
	if (octets.size < JOURNAL_HEADER_SIZE) {
		return problem_set(problem, STATUS_CORRUPT,
			"%s: %zu octets, shorter than its header", name, octets.size);
	}
	status = journal_header_decode(octets.at, name, &header, problem);
	if (status != STATUS_OK) {
		return status;
	}
	size = size == 0 ? header.segment_size : size;
	if (header.segment_size != size || size < JOURNAL_SEGMENT_SIZE_MIN ||
		size > JOURNAL_SIZE_MAX || (size & (size - 1)) != 0 || header.base != base ||
		(header.husk_count == 0 ? octets.size > size
					: octets.size != size + header.husk_size)) {
		return problem_set(problem, STATUS_CORRUPT,
			"%s: its header is of another segment or size", name);
	}
	walk->segment_size = size;
	walk->base = base;
	walk->octets = bytes_slice(octets, 0, octets.size < size ? octets.size : size);
	walk->husks = bytes_slice(octets, walk->octets.size, octets.size);
	walk->husk_count = header.husk_count;
	walk->pruned_ms = header.pruned_ms;
	walk->cutoff_ms = header.cutoff_ms;
	walk->is_segment_over = false;
	if (walk->at.place <= base + JOURNAL_HEADER_SIZE) {
		walk->at.place = base + JOURNAL_HEADER_SIZE;
		if (header.first_sequence != walk->at.sequence + 1 ||
			memcmp(header.chain, walk->at.head, JOURNAL_DIGEST_SIZE) != 0) {
			return wrong(walk, "a segment that does not follow", problem);
		}
	}
	return STATUS_OK;
}

static bool
is_zeros(const uint8_t *at, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++) {
		if (at[i] != 0) {
			return false;
		}
	}
	return true;
}

static bool
follows(const struct journal_walk *walk, const struct journal_entry *entry)
{
	return entry->sequence == walk->at.sequence + 1 && entry->batch <= entry->place &&
		bytes_equal(entry->chain, bytes_over(walk->at.head, JOURNAL_DIGEST_SIZE)) &&
		journal_record_is_authentic(entry);
}

static bool
entry_find(const struct journal_walk *walk, uint64_t offset, uint64_t left,
	struct journal_entry *ret_entry)
{
	struct journal_husks husks = {
		.octets = walk->husks.at,
		.size = walk->husks.size,
		.count = walk->husk_count,
		.base = walk->base,
		.segment_size = walk->segment_size,
	};

	return journal_entry_find(walk->octets.at + offset, left, walk->at.place,
		walk->husk_count == 0 ? NULL : &husks, ret_entry);
}

enum status
journal_walk_next(
	struct journal_walk *walk, struct journal_entry *ret_entry, struct problem *problem)
{
	uint64_t offset = walk->at.place - walk->base;
	uint64_t left = walk->segment_size - offset;
	struct journal_entry entry;

	assert(walk->octets.at != NULL && walk->at.place >= walk->base);
	if (left < JOURNAL_PAD_SIZE_MIN) {
		walk->is_segment_over = true;
		return STATUS_NOT_FOUND;
	}
	if (walk->octets.size <= offset) {
		return STATUS_NOT_FOUND;
	}
	left = walk->octets.size - offset;
	if (!entry_find(walk, offset, left, &entry)) {
		left = left < JOURNAL_HEAD_SIZE ? left : JOURNAL_HEAD_SIZE;
		return is_zeros(walk->octets.at + offset, left)
			? STATUS_NOT_FOUND
			: wrong(walk, "something that is no entry", problem);
	}
	if (entry.kind == JOURNAL_PAD) {
		if (entry.next != walk->base + walk->segment_size) {
			return wrong(walk, "a pad that does not end its segment", problem);
		}
		walk->is_segment_over = true;
		return STATUS_NOT_FOUND;
	}
	if (!follows(walk, &entry)) {
		return wrong(walk, "an entry that does not follow", problem);
	}
	walk->at.place = entry.next;
	walk->at.last = entry.place;
	walk->at.sequence = entry.sequence;
	walk->at.time_ms = entry.time_ms;
	journal_entry_hash(&entry, walk->at.head);
	*ret_entry = entry;
	return STATUS_OK;
}

void
journal_file_read(const uint8_t header[JOURNAL_FILE_HEADER_SIZE], struct journal_file *ret_file)
{
	struct journal_header page;

	*ret_file = (struct journal_file){0};
	if (journal_header_decode(header, "", &page, NULL) == STATUS_OK) {
		*ret_file = (struct journal_file){
			.segment_size = page.segment_size,
			.size = page.segment_size + page.husk_size,
			.pruned_ms = page.pruned_ms,
		};
	}
}
