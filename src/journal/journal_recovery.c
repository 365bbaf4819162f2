/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_private.h"

#include "base/file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/*
 * Finding the end of a journal after whatever happened to its files.
 *
 * Batches are written one behind the other, each made durable before the next is begun. So
 * there is one batch at the most of which only parts may have reached the disk, and it is the
 * last one. Walking from what is known to be good, the first entry that fails its checks is
 * therefore either a part of that torn batch, or damage to something acknowledged.
 *
 * It is damage if known_place lies behind it, or if a sound entry lies anywhere behind it
 * whose batch began behind the last good entry: that batch was begun, so the one with the bad
 * entry had been acknowledged. Otherwise nothing acknowledged can be missing, except if
 * damage hit the very last batch and nothing but it, which nobody can tell from a torn one;
 * therefore the ledger's checkpoint passes known_place.
 *
 * A torn batch is overwritten with zeros before anything new is appended, so that its remains
 * can never be taken for entries behind a later batch.
 */
struct walk {
	uint64_t place; /* Behind the last good entry. */
	uint64_t batch; /* Where its batch begins. */
	uint64_t sequence; /* Its sequence and hash. */
	uint8_t hash[JOURNAL_DIGEST_SIZE];
};

enum step {
	STEP_ENTRY,
	STEP_END, /* No file goes on here. */
	STEP_BAD, /* Not an entry. */
	STEP_STRANGE, /* A sound entry, but not the one that follows. */
	STEP_MISSING, /* A pad says that another segment follows, and none does. */
};

/* A segment's header says what its first entry must carry. */
static bool
header_agrees(const struct journal *journal, const struct walk *walk, uint64_t place)
{
	struct journal_header header;

	if ((place & (journal->segment_size - 1)) != JOURNAL_HEADER_SIZE) {
		return true;
	}
	memcpy(&header, journal->octets + place - JOURNAL_HEADER_SIZE, sizeof(header));
	return header.first_sequence == walk->sequence + 1 &&
		memcmp(header.chain, walk->hash, sizeof(header.chain)) == 0;
}

static enum step
walk_step(const struct journal *journal, struct walk *walk, uint64_t *ret_place)
{
	uint64_t place = journal_next_start(journal, walk->place);
	struct journal_entry entry;

	for (bool was_pad = false;; was_pad = true) {
		if (place >= journal_mapped(journal)) {
			return was_pad ? STEP_MISSING : STEP_END;
		}
		*ret_place = place;
		if (!header_agrees(journal, walk, place) ||
			!journal_entry_find(journal->octets + place, journal_left(journal, place),
				place, journal_husks_of(journal, place), &entry)) {
			return STEP_BAD;
		}
		if (entry.kind != JOURNAL_PAD) {
			break;
		}
		if (was_pad || entry.next != place + journal_left(journal, place)) {
			return STEP_STRANGE;
		}
		place = journal_next_start(journal, entry.next);
	}
	if (entry.sequence != walk->sequence + 1 || entry.batch > place ||
		memcmp(entry.chain.at, walk->hash, sizeof(walk->hash)) != 0) {
		return STEP_STRANGE;
	}
	walk->place = entry.next;
	walk->batch = entry.batch;
	walk->sequence = entry.sequence;
	journal_entry_hash(&entry, walk->hash);
	return STEP_ENTRY;
}

/* True if a sound entry begins here whose batch began behind `end`. */
static bool
is_of_later_batch(const struct journal *journal, uint64_t place, uint64_t end)
{
	struct journal_head head;
	struct journal_entry entry;
	uint64_t left = journal_left(journal, place);

	if (left < sizeof(head)) {
		return false;
	}
	memcpy(&head, journal->octets + place, sizeof(head));
	return journal_head_is_plausible(&head, left) && head.kind != JOURNAL_PAD &&
		journal_entry_decode(journal->octets + place, left, place, &entry) &&
		entry.batch > end && entry.batch <= place;
}

/* What lies behind the last good entry. */
struct remains {
	uint64_t later; /* Place of an entry of a later batch; 0 if there is none. */
	uint64_t dirty_end; /* Behind the last octet that is not zero; 0 if all are. */
	uint64_t zeroed; /* How far the segment's blocks have been written already. */
};

static void
scan_run(const struct journal *journal, uint64_t from, uint64_t to, uint64_t end,
	struct remains *remains)
{
	for (uint64_t place = from; place < to; place += JOURNAL_ALIGNMENT) {
		uint64_t word;

		memcpy(&word, journal->octets + place, sizeof(word));
		if (word == 0) {
			continue;
		}
		remains->dirty_end = place + JOURNAL_ALIGNMENT;
		if (is_of_later_batch(journal, place, end)) {
			remains->later = place;
			return;
		}
	}
}

/* From `place` to the end of its segment, holes left out: a new segment is mostly hole. */
static enum status
scan_segment(struct journal *journal, uint64_t place, uint64_t end, struct remains *remains,
	struct problem *problem)
{
	char name[JOURNAL_NAME_SIZE + 1];
	uint64_t from, to;
	int fd;

	journal_segment_name(journal_base(journal, place), name);
	fd = openat(journal->directory_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return problem_system(problem, "cannot open ledger/%s", name);
	}
	while (remains->later == 0 && journal_segment_data(journal, fd, place, &from, &to)) {
		if (from == end) {
			remains->zeroed = to;
		}
		scan_run(journal, from, to, end, remains);
		place = to;
		if (journal_base(journal, to) == to) {
			break;
		}
	}
	close(fd);
	return STATUS_OK;
}

static enum status
scan_remains(
	struct journal *journal, uint64_t end, struct remains *ret_remains, struct problem *problem)
{
	struct remains remains = {.zeroed = end};
	uint64_t place = end;
	enum status status;

	while (remains.later == 0 && place < journal_mapped(journal)) {
		if (journal_base(journal, place) == place) {
			place += JOURNAL_HEADER_SIZE;
		}
		status = scan_segment(journal, place, end, &remains, problem);
		if (status != STATUS_OK) {
			return status;
		}
		place = journal_base(journal, place) + journal->segment_size;
	}
	*ret_remains = remains;
	return STATUS_OK;
}

/* Writes places [from, to) anew, all of one segment: zeros, or what they hold already. */
static enum status
rewrite(struct journal *journal, uint64_t from, uint64_t to, bool is_zeros, struct problem *problem)
{
	uint8_t octets[65536] = {0};
	uint64_t base = journal_base(journal, from);
	enum status status = journal_segment_write_open(journal, base, problem);
	bool is_written = true;

	if (status != STATUS_OK) {
		return status;
	}
	for (uint64_t at = from; is_written && at < to; at += sizeof(octets)) {
		uint64_t size = to - at < sizeof(octets) ? to - at : sizeof(octets);

		if (!is_zeros) {
			memcpy(octets, journal->octets + at, size);
		}
		is_written = file_write_at(journal->write_fd, bytes_over(octets, size), at - base);
	}
	if (!is_written || fdatasync(journal->write_fd) != 0) {
		return problem_system(problem, "cannot mend the end of the journal at place %llu",
			(unsigned long long)from);
	}
	return STATUS_OK;
}

/* The last batch may never have been acknowledged, because its sync failed: then it is in the
 * kernel's memory and may not be on the disk, and no later sync would write it. From now on
 * it counts, so it is written again. */
static enum status
settle(struct journal *journal, uint64_t batch, uint64_t end, struct problem *problem)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && batch < end) {
		uint64_t segment_end = journal_base(journal, batch) + journal->segment_size;
		uint64_t to = segment_end < end ? segment_end : end;

		status = rewrite(journal, batch, to, false, problem);
		batch = to;
	}
	return status;
}

/* Zeros over what a torn batch left, then away with the segments made for it. In this order:
 * a pad must not lead to a segment that is no longer there. */
static enum status
cut(struct journal *journal, uint64_t end, uint64_t dirty_end, struct problem *problem)
{
	uint64_t segment_end = journal_base(journal, end - 1) + journal->segment_size;
	uint64_t to = dirty_end < segment_end ? dirty_end : segment_end;
	enum status status = STATUS_OK;

	if (end < to) {
		status = rewrite(journal, end, to, true, problem);
	}
	while (status == STATUS_OK && journal_mapped(journal) > segment_end) {
		status = journal_segment_drop(journal, problem);
	}
	return status;
}

/* The last entry before known_place gives sequence and hash to go on from. Where it cannot be
 * read, its segment is checked from the start, so that the problem names the right place. */
static void
walk_begin(const struct journal *journal, uint64_t known_place, struct walk *ret_walk)
{
	uint64_t base = journal_base(journal, known_place == 0 ? 0 : known_place - 1);
	struct journal_header header;
	struct journal_entry entry;
	uint32_t size;

	if (known_place > base + JOURNAL_HEADER_SIZE) {
		memcpy(&size, journal->octets + known_place - sizeof(size), sizeof(size));
		if (size % JOURNAL_ALIGNMENT == 0 &&
			size <= known_place - base - JOURNAL_HEADER_SIZE &&
			journal_entry_decode(journal->octets + known_place - size, size,
				known_place - size, &entry) &&
			entry.kind != JOURNAL_PAD && entry.next == known_place) {
			ret_walk->place = known_place;
			ret_walk->batch = known_place;
			ret_walk->sequence = entry.sequence;
			journal_entry_hash(&entry, ret_walk->hash);
			return;
		}
	}
	memcpy(&header, journal->octets + base, sizeof(header));
	ret_walk->place = base + JOURNAL_HEADER_SIZE;
	ret_walk->batch = ret_walk->place;
	ret_walk->sequence = header.first_sequence - 1;
	memcpy(ret_walk->hash, header.chain, sizeof(ret_walk->hash));
}

static enum status
corrupt(struct journal *journal, uint64_t place, const char *what, struct problem *problem)
{
	char name[JOURNAL_NAME_SIZE + 1];

	journal_segment_name(journal_base(journal, place), name);
	return problem_set(problem, STATUS_CORRUPT,
		"ledger/%s: %s at octet %llu of the file (place %llu); nothing was changed: "
		"restore the file from a copy, or a backup, which takes the sound entries from "
		"here with --ledger",
		name, what, (unsigned long long)(place & (journal->segment_size - 1)),
		(unsigned long long)place);
}

static enum status
missing(struct journal *journal, uint64_t place, struct problem *problem)
{
	char name[JOURNAL_NAME_SIZE + 1];

	journal_segment_name(journal_base(journal, place), name);
	return problem_set(problem, STATUS_CORRUPT,
		"ledger/%s is missing, but the journal went on to place %llu; restore the file",
		name, (unsigned long long)place);
}

/* Walks to the end. `ret_remains` says what lies behind it. */
static enum status
walk_all(struct journal *journal, uint64_t known_place, struct walk *walk,
	struct remains *ret_remains, struct problem *problem)
{
	uint64_t place = walk->place;
	enum status status;
	enum step step;

	for (;;) {
		do {
			step = walk_step(journal, walk, &place);
		} while (step == STEP_ENTRY);
		if (step == STEP_STRANGE) {
			return corrupt(journal, place,
				"an entry that does not follow the one before it", problem);
		}
		/* Read-only beside a writer: it may have begun a segment since the files were
		 * listed. */
		if (step == STEP_MISSING && !journal->is_writable &&
			journal_mapped(journal) < JOURNAL_SIZE_MAX &&
			journal_segment_attach(journal, journal_mapped(journal), NULL) ==
				STATUS_OK) {
			continue;
		}
		if (step == STEP_MISSING || (step == STEP_END && walk->place < known_place)) {
			return missing(journal,
				step == STEP_MISSING ? journal_mapped(journal) : known_place - 1,
				problem);
		}
		if (walk->place < known_place) {
			return corrupt(journal, place, "a damaged entry", problem);
		}
		status = scan_remains(journal, walk->place, ret_remains, problem);
		if (status != STATUS_OK || ret_remains->later == 0) {
			return status;
		}
		/* Read-only beside a writer: what was torn may have been completed since. */
		if (walk_step(journal, walk, &place) != STEP_ENTRY) {
			return corrupt(journal, place,
				"a damaged entry, with sound ones of later batches behind it,",
				problem);
		}
	}
}

static enum status
cut_short(struct journal *journal, const struct walk *walk, const struct journal_opening *opening,
	struct problem *problem)
{
	char name[JOURNAL_NAME_SIZE + 1];

	journal_segment_name(journal_base(journal, walk->place), name);
	return problem_set(problem, STATUS_CORRUPT,
		"ledger/%s: behind entry %llu nothing is sound (place %llu), but the journal had "
		"come "
		"to place %llu and to entry %llu at least; nothing was changed: restore the file "
		"from a copy, or a backup, which takes the sound entries from here with --ledger",
		name, (unsigned long long)walk->sequence, (unsigned long long)walk->place,
		(unsigned long long)opening->reached_place,
		(unsigned long long)opening->reached_count);
}

enum status
journal_recover(
	struct journal *journal, const struct journal_opening *opening, struct problem *problem)
{
	uint64_t known_place = opening->known_place;
	struct remains remains = {0}; /* As the release compiler cannot see that it is set. */
	struct walk walk;
	enum status status;

	if (known_place > journal_mapped(journal)) {
		return missing(journal, known_place - 1, problem);
	}
	if (known_place % JOURNAL_ALIGNMENT != 0) {
		return problem_set(problem, STATUS_INVALID, "place %llu cannot be in a journal",
			(unsigned long long)known_place);
	}
	walk_begin(journal, known_place, &walk);
	status = walk_all(journal, known_place, &walk, &remains, problem);
	if (status == STATUS_OK &&
		(walk.sequence < opening->reached_count || walk.place < opening->reached_place)) {
		status = cut_short(journal, &walk, opening, problem);
	}
	if (status == STATUS_OK && journal->is_writable) {
		status = cut(journal, walk.place, remains.dirty_end, problem);
	}
	if (status == STATUS_OK && journal->is_writable && walk.place > known_place) {
		status = settle(journal, walk.batch, walk.place, problem);
	}
	if (status != STATUS_OK) {
		return status;
	}
	journal->cut_size = remains.dirty_end == 0 ? 0 : remains.dirty_end - walk.place;
	journal->zeroed = remains.zeroed;
	memcpy(journal->head, walk.hash, sizeof(journal->head));
	journal->batch_sequence = walk.sequence;
	atomic_store_explicit(&journal->last_sequence, walk.sequence, memory_order_release);
	atomic_store_explicit(&journal->end, walk.place, memory_order_release);
	return STATUS_OK;
}
