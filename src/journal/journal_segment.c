/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/limits.h"
#include "journal/journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void
journal_segment_name(uint64_t base, char ret_name[JOURNAL_NAME_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++) {
		ret_name[i] = digits[(base >> (60 - 4 * i)) & 15];
	}
	memcpy(ret_name + 16, ".seg", sizeof(".seg"));
}

bool
journal_segment_base(const char *name, uint64_t *ret_base)
{
	uint64_t base = 0;

	if (strlen(name) != JOURNAL_NAME_SIZE || strcmp(name + 16, ".seg") != 0) {
		return false;
	}
	for (int i = 0; i < 16; i++) {
		bool is_digit = name[i] >= '0' && name[i] <= '9';

		if (!is_digit && (name[i] < 'a' || name[i] > 'f')) {
			return false;
		}
		base = base << 4 | (uint64_t)(is_digit ? name[i] - '0' : name[i] - 'a' + 10);
	}
	*ret_base = base;
	return true;
}

enum status
journal_reserve(struct journal *journal, struct problem *problem)
{
	void *at = mmap(NULL, JOURNAL_SIZE_MAX, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED) {
		return problem_system(problem,
			"cannot reserve 512 GiB of addresses for the journal (none of it memory); "
			"raise the limit of address space (ulimit -v)");
	}
	journal->octets = at;
	if (!journal->is_writable) {
		return STATUS_OK;
	}
	/* Mapped, so that only as much of it is memory as batches have been large. */
	at = mmap(NULL, LEDGER_BATCH_SIZE_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	if (at == MAP_FAILED) {
		return problem_system(problem, "no memory for the journal's batches");
	}
	journal->batch = at;
	return STATUS_OK;
}

static enum status
segment_map(
	struct journal *journal, int fd, uint64_t base, const char *name, struct problem *problem)
{
	if (mmap(journal->octets + base, journal->segment_size, PROT_READ, MAP_SHARED | MAP_FIXED,
		    fd, 0) == MAP_FAILED) {
		return problem_system(problem, "cannot map ledger/%s", name);
	}
	journal->segment_count++;
	return STATUS_OK;
}

static bool
header_is_of_first(const struct journal_header *header)
{
	static const uint8_t no_chain[JOURNAL_DIGEST_SIZE];

	return header->first_sequence == 1 &&
		memcmp(header->chain, no_chain, sizeof(no_chain)) == 0;
}

/* Everything that can be wrong with a segment before its entries are looked at. */
static enum status
segment_check(struct journal *journal, int fd, const char *name, uint64_t base,
	struct journal_header *ret_header, struct problem *problem)
{
	uint8_t page[JOURNAL_HEADER_SIZE];
	struct journal_header header;
	struct stat file;
	enum status status;
	ssize_t size = pread(fd, page, sizeof(page), 0);

	if (size < 0 || fstat(fd, &file) != 0) {
		return problem_system(problem, "cannot read ledger/%s", name);
	}
	if (size != (ssize_t)sizeof(page)) {
		return problem_set(problem, STATUS_CORRUPT,
			"ledger/%s: only %zd octets long, shorter than its header; restore the "
			"file",
			name, size);
	}
	status = journal_header_decode(page, name, &header, problem);
	if (status != STATUS_OK) {
		return status;
	}
	if (base == 0) {
		journal->segment_size = header.segment_size;
	}
	if (header.segment_size < JOURNAL_SEGMENT_SIZE_MIN ||
		header.segment_size > JOURNAL_SIZE_MAX ||
		(header.segment_size & (header.segment_size - 1)) != 0 ||
		header.segment_size != journal->segment_size) {
		return problem_set(problem, STATUS_CORRUPT,
			"ledger/%s: its header says segments of %llu octets, which cannot be; "
			"restore "
			"the file",
			name, (unsigned long long)header.segment_size);
	}
	if (header.base != base) {
		return problem_set(problem, STATUS_CORRUPT,
			"ledger/%s: its header says that it is the segment at %llx: the file was "
			"renamed; give it back its name",
			name, (unsigned long long)header.base);
	}
	if (base == 0 && !header_is_of_first(&header)) {
		return problem_set(problem, STATUS_CORRUPT,
			"ledger/%s: its header says that entries stand before it; restore the file",
			name);
	}
	/* A shorter file would answer a read with a signal. */
	if ((uint64_t)file.st_size != header.segment_size + header.husk_size) {
		return problem_set(problem, STATUS_CORRUPT,
			"ledger/%s: %llu octets long instead of %llu; restore the file", name,
			(unsigned long long)file.st_size,
			(unsigned long long)(header.segment_size + header.husk_size));
	}
	*ret_header = header;
	return STATUS_OK;
}

enum status
journal_segment_attach(struct journal *journal, uint64_t base, struct problem *problem)
{
	char name[JOURNAL_NAME_SIZE + 1];
	struct journal_header header;
	enum status status;
	int fd;

	journal_segment_name(base, name);
	fd = openat(journal->directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		return errno != ENOENT ? problem_system(problem, "cannot open ledger/%s", name)
				       : problem_set(problem, STATUS_CORRUPT,
						 "ledger/%s is missing, but later segments exist; "
						 "restore the file",
						 name);
	}
	status = segment_check(journal, fd, name, base, &header, problem);
	if (status == STATUS_OK && header.husk_count > 0) {
		status = journal_husks_map(journal, fd, &header, problem);
	}
	if (status == STATUS_OK) {
		status = segment_map(journal, fd, base, name, problem);
	}
	close(fd);
	return status;
}

/* Takes all of the segment's room at once: a full disk is met here, before any entry of the
 * batch is written. */
static bool
segment_fill(int fd, uint64_t size, const uint8_t header[JOURNAL_HEADER_SIZE])
{
	int failed;

	do {
		failed = posix_fallocate(fd, 0, (off_t)size);
	} while (failed == EINTR);
	if (failed != 0) {
		errno = failed;
		return false;
	}
	return file_write_at(fd, bytes_over(header, JOURNAL_HEADER_SIZE), 0) && fsync(fd) == 0;
}

enum status
journal_segment_make(struct journal *journal, uint64_t base,
	const uint8_t header[JOURNAL_HEADER_SIZE], struct problem *problem)
{
	char name[JOURNAL_NAME_SIZE + 1];
	char unfinished[] = "unfinished.tmp";
	enum status status;
	int fd;

	journal_segment_name(base, name);
	fd = openat(journal->directory_fd, unfinished,
		O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return problem_system(problem, "cannot make ledger/%s", name);
	}
	/* Under its own name a segment is always whole. */
	if (!segment_fill(fd, journal->segment_size, header) ||
		renameat(journal->directory_fd, unfinished, journal->directory_fd, name) != 0 ||
		fsync(journal->directory_fd) != 0) {
		status = problem_system(problem, "cannot make ledger/%s", name);
		unlinkat(journal->directory_fd, unfinished, 0);
		close(fd);
		return status;
	}
	status = segment_map(journal, fd, base, name, problem);
	close(fd);
	return status;
}

enum status
journal_segment_write_open(struct journal *journal, uint64_t base, struct problem *problem)
{
	char name[JOURNAL_NAME_SIZE + 1];

	if (journal->write_fd >= 0 && journal->write_base == base) {
		return STATUS_OK;
	}
	if (journal->write_fd >= 0) {
		close(journal->write_fd);
	}
	journal_segment_name(base, name);
	journal->write_base = base;
	journal->write_fd = openat(journal->directory_fd, name, O_RDWR | O_CLOEXEC);
	if (journal->write_fd < 0) {
		return problem_system(problem, "cannot open ledger/%s for writing", name);
	}
	if (journal->zeroed < base) {
		journal->zeroed = base;
	}
	return STATUS_OK;
}

enum status
journal_segment_drop(struct journal *journal, struct problem *problem)
{
	char name[JOURNAL_NAME_SIZE + 1];
	uint64_t base = journal_mapped(journal) - journal->segment_size;

	journal_segment_name(base, name);
	if (mmap(journal->octets + base, journal->segment_size, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED ||
		unlinkat(journal->directory_fd, name, 0) != 0 ||
		fsync(journal->directory_fd) != 0) {
		return problem_system(problem, "cannot remove ledger/%s", name);
	}
	journal->segment_count--;
	return STATUS_OK;
}

bool
journal_segment_data(
	struct journal *journal, int fd, uint64_t place, uint64_t *ret_from, uint64_t *ret_to)
{
	uint64_t base = journal_base(journal, place);
	off_t from = lseek(fd, (off_t)(place - base), SEEK_DATA);
	off_t to;

	if (from < 0) {
		if (errno == ENXIO) {
			return false;
		}
		/* This file system cannot say; then all of it counts. */
		from = (off_t)(place - base);
	}
	to = lseek(fd, from, SEEK_HOLE);
	if (to <= from || (uint64_t)to > journal->segment_size) {
		to = (off_t)journal->segment_size;
	}
	/* Holes begin at whole blocks, entries at multiples of eight: no entry is split. */
	*ret_from = base + (uint64_t)from;
	*ret_to = base + (uint64_t)to;
	return true;
}
