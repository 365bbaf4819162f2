/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_prune.h"

#include "base/clock.h"
#include "base/file.h"
#include "journal/journal_private.h"
#include "journal/journal_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNFINISHED "prune.tmp"

/* A segment in the making. Directory and husks grow apart and are joined at the end. */
struct pruning {
	struct journal *journal;
	const struct journal_prune_order *order;
	struct problem *problem;
	struct journal_header header;
	uint8_t *image; /* The segment, and as much room again for what stands behind it. */
	uint8_t *husks; /* As large as a segment. */
	uint64_t husks_used;
	uint32_t *rows; /* Two for each husk: place and offset in `husks`. */
	uint64_t row_count, row_room;
	bool is_young; /* An entry is later than the cutoff. */
	struct journal_pruned pruned;
};

enum status
journal_prune_begin(struct journal *journal, struct problem *problem)
{
	if (flock(journal->directory_fd, LOCK_EX | LOCK_NB) == 0) {
		return STATUS_OK;
	}
	return errno == EWOULDBLOCK
		? problem_set(problem, STATUS_IN_USE, "another pruning is running")
		: problem_system(problem, "cannot lock the folder of the journal");
}

uint64_t
journal_segment_size(const struct journal *journal)
{
	return journal->segment_size;
}

/* The last batch may be written again by the next opening of a writer, and a walk back from the
 * end must find where it began. */
uint64_t
journal_prune_end(struct journal *journal)
{
	uint64_t end = journal_end(journal), place = journal_base(journal, end - 1);
	struct journal_entry entry;
	uint64_t batch = end;

	for (place += JOURNAL_HEADER_SIZE; place < end; place = entry.next) {
		if (journal_read(journal, place, &entry) != STATUS_OK) {
			break;
		}
		batch = entry.batch;
	}
	batch = batch < end ? batch : end - 1;
	return journal_base(journal, batch);
}

static bool
room_make(struct pruning *pruning)
{
	uint64_t size = pruning->journal->segment_size;
	void *at = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		return false;
	}
	pruning->image = at;
	pruning->husks = pruning->image + 2 * size;
	return true;
}

static void
room_free(struct pruning *pruning)
{
	if (pruning->image != NULL) {
		munmap(pruning->image, 3 * pruning->journal->segment_size);
	}
	free(pruning->rows);
}

static enum status
row_add(struct pruning *pruning, uint64_t place)
{
	if (pruning->row_count == pruning->row_room) {
		uint64_t room = pruning->row_room == 0 ? 1024 : 2 * pruning->row_room;
		uint32_t *larger = reallocarray(pruning->rows, room, 2 * sizeof(*larger));

		if (larger == NULL) {
			return problem_set(
				pruning->problem, STATUS_NO_MEMORY, "no memory to prune a segment");
		}
		pruning->rows = larger;
		pruning->row_room = room;
	}
	pruning->rows[2 * pruning->row_count] =
		(uint32_t)((place - pruning->header.base) / JOURNAL_ALIGNMENT);
	pruning->rows[2 * pruning->row_count + 1] =
		(uint32_t)(pruning->husks_used / JOURNAL_ALIGNMENT);
	pruning->row_count++;
	return STATUS_OK;
}

/* What an entry is in the new segment: a husk if it is one, or if it may go. */
static enum status
entry_take(struct pruning *pruning, const struct journal_entry *entry)
{
	uint64_t offset = entry->place - pruning->header.base;
	uint64_t size = entry->next - entry->place, husk_size;
	uint32_t there;
	enum status status;

	memcpy(&there, pruning->image + offset + offsetof(struct journal_head, size),
		sizeof(there));
	if (there != 0 && !pruning->order->may_go(pruning->order->context, entry)) {
		return STATUS_OK;
	}
	husk_size = journal_husk_size(entry->key.size, entry->actor.size);
	status = row_add(pruning, entry->place);
	if (status != STATUS_OK) {
		return status;
	}
	/* Husks are never larger than their entries, so there is room. */
	journal_husk_encode(pruning->husks + pruning->husks_used, entry);
	pruning->husks_used += husk_size;
	if (there != 0 && entry->record.size > 0) {
		pruning->pruned.removed_count++;
		pruning->pruned.removed_size += entry->record.size;
	}
	memset(pruning->image + offset, 0, size);
	return STATUS_OK;
}

static enum status
entries_take(struct pruning *pruning)
{
	struct journal *journal = pruning->journal;
	uint64_t base = pruning->header.base, place = base + JOURNAL_HEADER_SIZE;
	struct journal_entry entry;
	enum status status = STATUS_OK;

	while (status == STATUS_OK) {
		status = journal_read(journal, place, &entry);
		if (status != STATUS_OK) {
			return problem_set(pruning->problem, STATUS_CORRUPT,
				"the journal is damaged at place %llu: nothing is pruned there",
				(unsigned long long)place);
		}
		if (journal_base(journal, entry.place) != base) {
			return STATUS_OK;
		}
		pruning->is_young = pruning->is_young || entry.time_ms > pruning->order->cutoff_ms;
		status = entry_take(pruning, &entry);
		place = entry.next;
	}
	return status;
}

/* Joins segment, directory and husks, and writes the header over them. False if they do not
 * fit. */
static bool
image_finish(struct pruning *pruning)
{
	struct journal_header *header = &pruning->header;
	uint64_t size = pruning->journal->segment_size;
	uint64_t rows_size = pruning->row_count * JOURNAL_DIRECTORY_ROW_SIZE;

	if (rows_size + pruning->husks_used > size) {
		return false;
	}
	for (uint64_t i = 0; i < pruning->row_count; i++) {
		pruning->rows[2 * i + 1] += (uint32_t)(rows_size / JOURNAL_ALIGNMENT);
	}
	memcpy(pruning->image + size, pruning->rows, rows_size);
	memcpy(pruning->image + size + rows_size, pruning->husks, pruning->husks_used);
	header->pruned_ms = clock_wall_ms();
	if (pruning->order->cutoff_ms > header->cutoff_ms) {
		header->cutoff_ms = pruning->order->cutoff_ms;
	}
	header->husk_count = pruning->row_count;
	header->husk_size = rows_size + pruning->husks_used;
	header->removed_count += pruning->pruned.removed_count;
	header->removed_size += pruning->pruned.removed_size;
	journal_header_encode(pruning->image, header);
	return true;
}

static struct bytes
image_of(const struct pruning *pruning)
{
	return bytes_over(
		pruning->image, pruning->journal->segment_size + pruning->header.husk_size);
}

/* Both segments hold the same entries, and the records that stay are the same. */
static enum status
image_prove(struct pruning *pruning)
{
	const struct journal_header *header = &pruning->header;
	struct journal_point from = {
		.place = header->base + JOURNAL_HEADER_SIZE,
		.sequence = header->first_sequence - 1,
	};
	uint64_t place = from.place;
	struct journal_entry now, before;
	struct journal_walk walk;
	enum status status;

	memcpy(from.head, header->chain, sizeof(from.head));
	journal_walk_begin(&walk, &from, pruning->journal->segment_size);
	status = journal_walk_take(&walk, image_of(pruning), pruning->problem);
	while (status == STATUS_OK) {
		status = journal_walk_next(&walk, &now, pruning->problem);
		if (status == STATUS_OK &&
			(journal_read(pruning->journal, place, &before) != STATUS_OK ||
				before.place != now.place || before.next != now.next ||
				(!now.is_pruned && !bytes_equal(before.record, now.record)))) {
			status = STATUS_CORRUPT;
		}
		place = now.next;
	}
	/* The walk has compared the hashes; where it ends the next segment begins. */
	if (status == STATUS_NOT_FOUND && walk.is_segment_over &&
		journal_read(pruning->journal, walk.at.place, &before) == STATUS_OK &&
		before.sequence == walk.at.sequence + 1 &&
		bytes_equal(before.chain, bytes_over(walk.at.head, JOURNAL_DIGEST_SIZE))) {
		return STATUS_OK;
	}
	return problem_set(pruning->problem, STATUS_CORRUPT,
		"the segment at place %llu cannot be pruned without breaking it: it was left as "
		"it is; try houji verify",
		(unsigned long long)header->base);
}

static enum status
segment_replace(struct pruning *pruning, const char *name)
{
	int folder = pruning->journal->directory_fd;
	enum status status = STATUS_OK;
	int fd = openat(
		folder, UNFINISHED, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		return problem_system(pruning->problem, "cannot make ledger/" UNFINISHED);
	}
	if (!file_write_sparse(fd, image_of(pruning)) || fsync(fd) != 0 ||
		renameat(folder, UNFINISHED, folder, name) != 0 || fsync(folder) != 0) {
		status = problem_system(pruning->problem, "cannot replace ledger/%s", name);
		(void)unlinkat(folder, UNFINISHED, 0);
	}
	close(fd);
	return status;
}

static enum status
segment_prune(struct pruning *pruning)
{
	char name[JOURNAL_NAME_SIZE + 1];
	struct stat file;
	uint64_t used, was;
	enum status status = entries_take(pruning);

	if (status != STATUS_OK || pruning->is_young || pruning->pruned.removed_count == 0 ||
		!image_finish(pruning)) {
		return status;
	}
	journal_segment_name(pruning->header.base, name);
	if (fstatat(pruning->journal->directory_fd, name, &file, AT_SYMLINK_NOFOLLOW) != 0) {
		return problem_system(pruning->problem, "cannot examine ledger/%s", name);
	}
	used = file_sparse_size(image_of(pruning));
	was = (uint64_t)file.st_blocks * 512;
	if (used + FILE_BLOCK_SIZE > was) {
		return STATUS_OK;
	}
	status = image_prove(pruning);
	if (status == STATUS_OK && !pruning->order->is_dry_run) {
		status = segment_replace(pruning, name);
	}
	pruning->pruned.freed_size = was - used;
	return status;
}

enum status
journal_prune_segment(struct journal *journal, uint64_t base,
	const struct journal_prune_order *order, struct journal_pruned *ret_pruned,
	struct problem *problem)
{
	struct pruning pruning = {.journal = journal, .order = order, .problem = problem};
	enum status status;

	assert(base % journal->segment_size == 0 &&
		base < journal_base(journal, journal_end(journal) - 1));
	if (!room_make(&pruning)) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory to prune a segment");
	}
	memcpy(pruning.image, journal->octets + base, journal->segment_size);
	memcpy(&pruning.header, pruning.image, sizeof(pruning.header));
	status = segment_prune(&pruning);
	if (status == STATUS_OK) {
		*ret_pruned =
			pruning.pruned.freed_size > 0 ? pruning.pruned : (struct journal_pruned){0};
	}
	room_free(&pruning);
	return status;
}
