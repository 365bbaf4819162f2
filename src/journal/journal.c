/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "handle/handle_name.h"
#include "journal/journal_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Blocks that have been written once take a small batch in half the time (4 KiB: 125 us
 * against 240 us, ext4): the file system need not note for each that it holds data now. So
 * zeros are written this far ahead, with the same fdatasync. Larger batches spread that cost
 * over more octets, and writing those twice would cost more than it saves. */
enum { ZERO_AHEAD_SIZE = 4 << 20, ZERO_AHEAD_BATCH_SIZE_MAX = 64 << 10 };

uint64_t
journal_next_start(const struct journal *journal, uint64_t end)
{
	uint64_t offset = end & (journal->segment_size - 1);

	if (offset == 0) {
		return end + JOURNAL_HEADER_SIZE;
	}
	if (journal->segment_size - offset < JOURNAL_PAD_SIZE_MIN) {
		return end - offset + journal->segment_size + JOURNAL_HEADER_SIZE;
	}
	return end;
}

/* The header page of the segment at `base`, whose first entry comes next. */
static void
journal_header_make(const struct journal *journal, uint64_t base, uint64_t first_sequence,
	const uint8_t chain[JOURNAL_DIGEST_SIZE], uint8_t ret_octets[JOURNAL_HEADER_SIZE])
{
	struct journal_header header = {
		.segment_size = journal->segment_size,
		.base = base,
		.first_sequence = first_sequence,
		.created_ms = clock_wall_ms(),
	};

	memcpy(header.chain, chain, JOURNAL_DIGEST_SIZE);
	journal_header_encode(ret_octets, &header);
}

/* Opens DIR/ledger; makes it when writable. */
static enum status
directory_open(struct journal *journal, const char *directory, struct problem *problem)
{
	enum status status = STATUS_OK;
	int parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0) {
		return problem_system(problem, "cannot open %s", directory);
	}
	if (journal->is_writable && mkdirat(parent, "ledger", 0700) != 0 && errno != EEXIST) {
		status = problem_system(problem, "cannot make %s/ledger", directory);
	} else {
		journal->directory_fd =
			openat(parent, "ledger", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (journal->directory_fd < 0) {
			status = errno == ENOENT
				? problem_set(problem, STATUS_NOT_FOUND,
					  "%s holds no ledger; make one with houji init", directory)
				: problem_system(problem, "cannot open %s/ledger", directory);
		}
	}
	close(parent);
	return status;
}

/* How many segments there are, and the base of the last. */
static enum status
segments_count(
	struct journal *journal, uint64_t *ret_count, uint64_t *ret_last, struct problem *problem)
{
	struct dirent *file;
	uint64_t base;
	DIR *list;
	int fd = openat(journal->directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	list = fd < 0 ? NULL : fdopendir(fd);
	if (list == NULL) {
		enum status status = problem_system(problem, "cannot list ledger");

		if (fd >= 0) {
			close(fd);
		}
		return status;
	}
	*ret_count = 0;
	*ret_last = 0;
	while ((file = readdir(list)) != NULL) {
		if (journal_segment_base(file->d_name, &base)) {
			*ret_count += 1;
			*ret_last = base > *ret_last ? base : *ret_last;
		}
	}
	closedir(list);
	return STATUS_OK;
}

/* Every segment from the first to the last that is there; a gap is a missing file. */
static enum status
segments_attach(struct journal *journal, uint64_t last, struct problem *problem)
{
	enum status status;
	char name[JOURNAL_NAME_SIZE + 1];

	do {
		status = journal_segment_attach(journal, journal_mapped(journal), problem);
		if (status == STATUS_OK && last % journal->segment_size != 0) {
			journal_segment_name(last, name);
			return problem_set(problem, STATUS_CORRUPT,
				"ledger/%s: no segment begins at that place: the file was renamed; "
				"give it back its name",
				name);
		}
	} while (status == STATUS_OK && journal_mapped(journal) <= last);
	return status;
}

static enum status
journal_make(struct journal *journal, uint64_t segment_size, struct problem *problem)
{
	static const uint8_t no_chain[JOURNAL_DIGEST_SIZE];
	uint8_t header[JOURNAL_HEADER_SIZE];
	int parent = openat(journal->directory_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* The directory may be new as well. */
	if (parent < 0 || fsync(parent) != 0) {
		enum status status = problem_system(problem, "cannot make ledger");

		if (parent >= 0) {
			close(parent);
		}
		return status;
	}
	close(parent);
	journal->segment_size = segment_size;
	journal_header_make(journal, 0, 1, no_chain, header);
	return journal_segment_make(journal, 0, header, problem);
}

static enum status
open_segments(
	struct journal *journal, const struct journal_opening *opening, struct problem *problem)
{
	uint64_t count, last;
	enum status status = segments_count(journal, &count, &last, problem);

	if (status != STATUS_OK) {
		return status;
	}
	if (count == 0 &&
		(opening->known_place != 0 || opening->reached_place != 0 ||
			opening->reached_count != 0)) {
		return problem_set(problem, STATUS_CORRUPT,
			"ledger holds no segment, but the journal went on to place %llu, entry "
			"%llu; restore the files",
			(unsigned long long)(opening->known_place > opening->reached_place
					? opening->known_place
					: opening->reached_place),
			(unsigned long long)opening->reached_count);
	}
	if (count == 0 && !journal->is_writable) {
		return problem_set(problem, STATUS_NOT_FOUND, "ledger holds no segment");
	}
	status = count == 0 ? journal_make(journal, opening->segment_size, problem)
			    : segments_attach(journal, last, problem);
	if (status == STATUS_OK) {
		status = journal_recover(journal, opening, problem);
	}
	if (status != STATUS_OK || !journal->is_writable) {
		return status;
	}
	/* What a crash left of a segment in the making. */
	if (unlinkat(journal->directory_fd, "unfinished.tmp", 0) != 0 && errno != ENOENT) {
		return problem_system(problem, "cannot remove ledger/unfinished.tmp");
	}
	return STATUS_OK;
}

enum status
journal_open_as(const char *directory, const struct journal_opening *opening,
	struct journal **ret_journal, struct problem *problem)
{
	uint64_t segment_size = opening->segment_size;
	struct journal *journal = calloc(1, sizeof(*journal));
	enum status status;

	assert(segment_size >= JOURNAL_SEGMENT_SIZE_MIN && segment_size <= JOURNAL_SIZE_MAX);
	assert((segment_size & (segment_size - 1)) == 0);
	if (journal == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for the journal");
	}
	journal->is_writable = opening->is_writable;
	journal->directory_fd = -1;
	journal->write_fd = -1;
	status = directory_open(journal, directory, problem);
	if (status == STATUS_OK) {
		status = journal_reserve(journal, problem);
	}
	if (status == STATUS_OK) {
		status = open_segments(journal, opening, problem);
	}
	if (status != STATUS_OK) {
		journal_close(journal);
		return status;
	}
	*ret_journal = journal;
	return STATUS_OK;
}

enum status
journal_open(const char *directory, bool is_writable, uint64_t known_place,
	struct journal **ret_journal, struct problem *problem)
{
	struct journal_opening opening = {.is_writable = is_writable,
		.known_place = known_place,
		.segment_size = JOURNAL_SEGMENT_SIZE};

	return journal_open_as(directory, &opening, ret_journal, problem);
}

void
journal_close(struct journal *journal)
{
	if (journal == NULL) {
		return;
	}
	if (journal->octets != NULL) {
		munmap(journal->octets, JOURNAL_SIZE_MAX);
	}
	journal_husks_unmap(journal);
	if (journal->batch != NULL) {
		munmap(journal->batch, LEDGER_BATCH_SIZE_MAX);
	}
	if (journal->write_fd >= 0) {
		close(journal->write_fd);
	}
	if (journal->directory_fd >= 0) {
		close(journal->directory_fd);
	}
	free(journal);
}

static enum status
change_check(const struct journal *journal, const struct journal_change *change)
{
	if (change->kind < JOURNAL_PUT || change->kind > JOURNAL_UNHOME) {
		return STATUS_INVALID;
	}
	if (change->key.size > HANDLE_KEY_SIZE_MAX || change->record.size > MESSAGE_SIZE_MAX ||
		change->actor.size > LEDGER_ACTOR_SIZE_MAX ||
		journal_entry_size(change->key.size, change->record.size, change->actor.size) >
			journal->segment_size - JOURNAL_HEADER_SIZE) {
		return STATUS_TOO_LARGE;
	}
	return STATUS_OK;
}

/* Fills the segment's rest in the batch and goes on behind the next one's header. */
static void
batch_cross(struct journal *journal, uint64_t place, uint64_t next)
{
	uint8_t *at = journal->batch + journal->batch_size;
	uint64_t base = journal_base(journal, next);

	memset(at, 0, next - place);
	if (base - place >= JOURNAL_PAD_SIZE_MIN) {
		journal_pad_encode(at, (uint32_t)(base - place), place, journal->batch_sequence);
	}
	journal_header_make(
		journal, base, journal->batch_sequence + 1, journal->head, at + (base - place));
	journal->batch_size += next - place;
}

enum status
journal_add(struct journal *journal, const struct journal_change *change, uint64_t *ret_place)
{
	uint64_t end = journal_end(journal);
	uint64_t behind = end + journal->batch_size;
	uint64_t place = journal_next_start(journal, behind);
	enum status status;
	uint64_t size;

	if (!journal->is_writable || journal->has_failed) {
		return STATUS_READ_ONLY;
	}
	status = change_check(journal, change);
	if (status != STATUS_OK) {
		return status;
	}
	size = journal_entry_size(change->key.size, change->record.size, change->actor.size);
	if (size > journal_left(journal, place)) {
		place += journal_left(journal, place) + JOURNAL_HEADER_SIZE;
	}
	if (place + size > JOURNAL_SIZE_MAX) {
		return STATUS_NO_SPACE;
	}
	if (place + size - end > LEDGER_BATCH_SIZE_MAX) {
		return STATUS_BUSY;
	}
	if (place != behind) {
		batch_cross(journal, behind, place);
	}
	memset(journal->batch + journal->batch_size, 0, size);
	journal_entry_encode(journal->batch + journal->batch_size, change,
		&(struct journal_stamp){
			.place = place,
			.sequence = journal->batch_sequence + 1,
			.batch = end,
			.chain = journal->head,
		},
		journal->head);
	journal->batch_sequence++;
	journal->batch_size += size;
	*ret_place = place;
	return STATUS_OK;
}

/* Writes zeros behind the batch so that the next ones find written blocks. */
static bool
zero_ahead(struct journal *journal, uint64_t from, uint64_t base)
{
	static const uint8_t zeros[65536];
	uint64_t to = (from + ZERO_AHEAD_SIZE) & ~(uint64_t)(ZERO_AHEAD_SIZE - 1);

	if (to > base + journal->segment_size) {
		to = base + journal->segment_size;
	}
	while (from < to) {
		uint64_t size = to - from < sizeof(zeros) ? to - from : sizeof(zeros);

		if (!file_write_at(journal->write_fd, bytes_over(zeros, size), from - base)) {
			return false;
		}
		from += size;
	}
	journal->zeroed = to;
	return true;
}

/* The part of the batch that lies in the open segment, made durable. */
static bool
flush_part(struct journal *journal, uint64_t from, uint64_t to)
{
	uint64_t base = journal_base(journal, from);
	const uint8_t *octets = journal->batch + (from - journal_end(journal));

	if (!file_write_at(journal->write_fd, bytes_over(octets, to - from), from - base)) {
		return false;
	}
	if (to > journal->zeroed) {
		journal->zeroed = to;
		if (to - from <= ZERO_AHEAD_BATCH_SIZE_MAX && !zero_ahead(journal, to, base)) {
			return false;
		}
	}
	return fdatasync(journal->write_fd) == 0;
}

/* Segments for all of the batch: made before anything is written, because a pad at the end of
 * one promises that the next is there. */
static enum status
flush_prepare(struct journal *journal, struct problem *problem)
{
	uint64_t end = journal_end(journal);
	uint64_t to = end + journal->batch_size;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && journal_mapped(journal) < to) {
		uint64_t base = journal_mapped(journal);

		status =
			journal_segment_make(journal, base, journal->batch + (base - end), problem);
	}
	return status;
}

static enum status
flush_batch(struct journal *journal, struct problem *problem)
{
	uint64_t from = journal_end(journal);
	uint64_t to = from + journal->batch_size;
	enum status status = flush_prepare(journal, problem);

	while (status == STATUS_OK && from < to) {
		uint64_t base = journal_base(journal, from);
		uint64_t part_end = base + journal->segment_size;

		part_end = part_end < to ? part_end : to;
		if (from == base) {
			from += JOURNAL_HEADER_SIZE;
		}
		status = journal_segment_write_open(journal, base, problem);
		if (status == STATUS_OK && !flush_part(journal, from, part_end)) {
			status = problem_system(problem,
				"cannot write the journal at place %llu; changes are refused until "
				"the node is started anew",
				(unsigned long long)from);
		}
		from = part_end;
	}
	return status;
}

enum status
journal_flush(struct journal *journal, struct problem *problem)
{
	enum status status;

	if (!journal->is_writable || journal->has_failed) {
		return problem_set(problem, STATUS_READ_ONLY,
			journal->is_writable ? "the journal takes no changes since a write failed"
					     : "the journal was opened to be read only");
	}
	if (journal->batch_size == 0) {
		return STATUS_OK;
	}
	status = flush_batch(journal, problem);
	if (status != STATUS_OK) {
		/* After a failed sync the kernel may have forgotten what was not written, and a
		 * second one would say that all is well. So there is none. */
		journal->has_failed = true;
		journal->batch_size = 0;
		return status;
	}
	atomic_store_explicit(
		&journal->last_sequence, journal->batch_sequence, memory_order_release);
	atomic_store_explicit(
		&journal->end, journal_end(journal) + journal->batch_size, memory_order_release);
	journal->batch_size = 0;
	return STATUS_OK;
}

enum status
journal_sync(const struct journal *journal, struct problem *problem)
{
	uint64_t end = journal_end(journal);
	uint64_t from = end > LEDGER_BATCH_SIZE_MAX ? end - LEDGER_BATCH_SIZE_MAX : 0;

	for (uint64_t base = journal_base(journal, from); base < end;
		base += journal->segment_size) {
		char name[JOURNAL_NAME_SIZE + 1];
		bool is_synced;
		int fd;

		journal_segment_name(base, name);
		fd = openat(journal->directory_fd, name, O_RDONLY | O_CLOEXEC);
		is_synced = fd >= 0 && fdatasync(fd) == 0;
		if (!is_synced) {
			(void)problem_system(problem, "cannot sync ledger/%s", name);
		}
		if (fd >= 0) {
			close(fd);
		}
		if (!is_synced) {
			return STATUS_SYSTEM;
		}
	}
	return STATUS_OK;
}

uint64_t
journal_first(const struct journal *journal)
{
	(void)journal;
	return JOURNAL_HEADER_SIZE;
}

uint64_t
journal_end(const struct journal *journal)
{
	return atomic_load_explicit(&journal->end, memory_order_acquire);
}

uint64_t
journal_last_sequence(const struct journal *journal)
{
	return atomic_load_explicit(&journal->last_sequence, memory_order_acquire);
}

uint64_t
journal_cut_size(const struct journal *journal)
{
	return journal->cut_size;
}

void
journal_head(const struct journal *journal, uint8_t ret_hash[JOURNAL_DIGEST_SIZE])
{
	memcpy(ret_hash, journal->head, JOURNAL_DIGEST_SIZE);
}

enum status
journal_read(struct journal *journal, uint64_t place, struct journal_entry *ret_entry)
{
	uint64_t end = journal_end(journal);
	struct journal_entry entry;

	if (place % JOURNAL_ALIGNMENT != 0 || place < JOURNAL_HEADER_SIZE) {
		return STATUS_CORRUPT;
	}
	for (bool was_pad = false;; was_pad = true) {
		uint64_t left;

		if (place >= end) {
			return STATUS_NOT_FOUND;
		}
		place = journal_next_start(journal, place);
		left = journal_left(journal, place);
		left = place < end && end - place < left ? end - place : left;
		if (place >= end || (place & (journal->segment_size - 1)) < JOURNAL_HEADER_SIZE ||
			!journal_entry_find(journal->octets + place, left, place,
				journal_husks_of(journal, place), &entry)) {
			return STATUS_CORRUPT;
		}
		if (entry.kind != JOURNAL_PAD) {
			*ret_entry = entry;
			return STATUS_OK;
		}
		if (was_pad || journal_left(journal, place) != entry.next - place) {
			return STATUS_CORRUPT;
		}
		place = entry.next;
	}
}

/* How many octets may belong to an entry there; 0 if none can begin there. */
static uint64_t
octets_at(const struct journal *journal, uint64_t place)
{
	uint64_t end = journal_end(journal);
	uint64_t offset = place & (journal->segment_size - 1);
	uint64_t left = journal->segment_size - offset;

	if (place >= end || place % JOURNAL_ALIGNMENT != 0 || offset < JOURNAL_HEADER_SIZE) {
		return 0;
	}
	return end - place < left ? end - place : left;
}

enum status
journal_peek(const struct journal *journal, uint64_t place, struct bytes *ret_key,
	struct bytes *ret_record, enum journal_kind *ret_kind)
{
	uint64_t left = octets_at(journal, place);
	struct journal_entry entry;

	if (left == 0) {
		return STATUS_CORRUPT;
	}
	if (journal_entry_peek(journal->octets + place, left, ret_key, ret_record, ret_kind)) {
		return STATUS_OK;
	}
	if (!journal_husk_find(journal_husks_of(journal, place), place, &entry)) {
		return STATUS_CORRUPT;
	}
	*ret_key = entry.key;
	*ret_record = (struct bytes){NULL, 0};
	*ret_kind = entry.kind;
	return STATUS_OK;
}

uint64_t
journal_sequence_at(const struct journal *journal, uint64_t place)
{
	struct journal_entry entry;
	struct journal_head head;

	if (octets_at(journal, place) < sizeof(head)) {
		return 0;
	}
	memcpy(&head, journal->octets + place, sizeof(head));
	if (head.sequence == 0 &&
		journal_husk_find(journal_husks_of(journal, place), place, &entry)) {
		return entry.sequence;
	}
	return head.sequence;
}

int64_t
journal_time_ms_at(const struct journal *journal, uint64_t place)
{
	uint64_t left = octets_at(journal, place);
	struct journal_entry entry;
	int64_t time_ms = 0;

	if (left > 0 && !journal_entry_time(journal->octets + place, left, &time_ms) &&
		journal_husk_find(journal_husks_of(journal, place), place, &entry)) {
		time_ms = entry.time_ms;
	}
	return time_ms;
}

uint8_t
journal_touch(const struct journal *journal, uint64_t place)
{
	return place < journal_end(journal) ? *(const volatile uint8_t *)(journal->octets + place)
					    : 0;
}

void
journal_prefetch(const struct journal *journal, uint64_t place)
{
	/* Six lines behind the touched one: key and record of an ordinary handle. An address
	 * that is not mapped costs nothing: a prefetch does not fault. */
	const uint8_t *at = journal->octets + (place & (JOURNAL_SIZE_MAX - 1));

	for (int line = 1; line <= 6; line++) {
		__builtin_prefetch(at + line * 64);
	}
}
