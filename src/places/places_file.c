/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "base/file.h"
#include "places/places_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert(sizeof(struct places_header) == 64, "no holes");

static uint64_t
file_size(uint32_t bits)
{
	return PLACES_HEADER_SIZE + (sizeof(uint64_t) << bits);
}

static uint64_t
header_checksum(const struct places_header *header)
{
	return checksum_over(bytes_over(header, offsetof(struct places_header, checksum)), 0);
}

static bool
header_is_sound(const struct places_header *header)
{
	return memcmp(header->magic, PLACES_MAGIC, sizeof(header->magic)) == 0 &&
		header->version == PLACES_LAYOUT_VERSION &&
		header->byte_order == PLACES_BYTE_ORDER_MARK && header->bits >= PLACES_BITS_MIN &&
		header->bits <= PLACES_BITS_MAX && header_checksum(header) == header->checksum;
}

/* The newer of the two copies that are whole. */
static bool
header_read(int fd, struct places_header *ret_header)
{
	bool is_found = false;

	for (int i = 0; i < 2; i++) {
		struct places_header header;

		if (pread(fd, &header, sizeof(header), i * PLACES_HEADER_COPY_SIZE) ==
				(ssize_t)sizeof(header) &&
			header_is_sound(&header) &&
			(!is_found || header.generation > ret_header->generation)) {
			*ret_header = header;
			is_found = true;
		}
	}
	return is_found;
}

/* Over the older copy, so that a torn write leaves the other one. */
static bool
header_write(struct places *places, const struct places_table *table, uint64_t position,
	uint64_t count, bool is_clean)
{
	struct places_header header = {
		.version = PLACES_LAYOUT_VERSION,
		.byte_order = PLACES_BYTE_ORDER_MARK,
		.seed = places->seed,
		.generation = places->generation + 1,
		.position = position,
		.count = count,
		.bits = table->bits,
		.is_clean = is_clean,
	};
	uint64_t offset = header.generation % 2 == 0 ? 0 : PLACES_HEADER_COPY_SIZE;

	memcpy(header.magic, PLACES_MAGIC, sizeof(header.magic));
	header.checksum = header_checksum(&header);
	if (!file_write_at(table->fd, bytes_over(&header, sizeof(header)), offset) ||
		fdatasync(table->fd) != 0) {
		return false;
	}
	places->generation = header.generation;
	return true;
}

/* Takes `fd`, also on failure. */
static enum status
table_map(int fd, uint32_t bits, int flags, const char *path, struct problem *problem,
	struct places_table **ret_table)
{
	struct places_table *table = calloc(1, sizeof(*table));
	uint64_t size = file_size(bits);
	void *map = MAP_FAILED;

	if (table != NULL) {
		map = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	}
	if (map == MAP_FAILED) {
		enum status status = problem_system(problem, "cannot map %s", path);

		if (fd >= 0) {
			close(fd);
		}
		free(table);
		return status;
	}
	table->map = map;
	table->map_size = size;
	table->slots = (_Atomic uint64_t *)(void *)(table->map + PLACES_HEADER_SIZE);
	table->bits = bits;
	table->fd = fd;
	*ret_table = table;
	return STATUS_OK;
}

void
places_table_free(struct places_table *table)
{
	if (table == NULL) {
		return;
	}
	munmap(table->map, table->map_size);
	if (table->fd >= 0) {
		close(table->fd);
	}
	free(table);
}

enum status
places_table_new(struct places *places, uint32_t bits, struct places_table **ret_table,
	struct problem *problem)
{
	enum status status;
	int failed;
	int fd;

	if (!places->is_writable) {
		return table_map(-1, bits, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			places->path_unfinished, problem, ret_table);
	}
	unlink(places->path_unfinished);
	fd = open(
		places->path_unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return problem_system(problem, "cannot make %s", places->path_unfinished);
	}
	/* A hole in a mapped file on a full disk would be met by a signal. */
	do {
		failed = posix_fallocate(fd, 0, (off_t)file_size(bits));
	} while (failed == EINTR);
	if (failed != 0) {
		unlink(places->path_unfinished);
		close(fd);
		errno = failed;
		return problem_system(problem, "cannot make %s", places->path_unfinished);
	}
	status = table_map(fd, bits, MAP_SHARED, places->path_unfinished, problem, ret_table);
	if (status != STATUS_OK) {
		unlink(places->path_unfinished);
		return status;
	}
	(*ret_table)->is_unfinished = true;
	return STATUS_OK;
}

/* How many slots are taken: after a crash no header knows. */
static uint64_t
table_count(const struct places_table *table)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < places_slot_count(table); i++) {
		count += atomic_load_explicit(&table->slots[i], memory_order_relaxed) != 0;
	}
	return count;
}

enum status
places_file_open(struct places *places, struct places_table **ret_table, struct problem *problem)
{
	int fd = open(places->path, (places->is_writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	struct places_header header;
	struct stat file;
	enum status status;

	if (fd < 0) {
		return errno == ENOENT ? STATUS_NOT_FOUND
				       : problem_system(problem, "cannot open %s", places->path);
	}
	if (fstat(fd, &file) != 0 || !header_read(fd, &header) ||
		(uint64_t)file.st_size != file_size(header.bits)) {
		close(fd);
		return STATUS_NOT_FOUND;
	}
	status = table_map(fd, header.bits, places->is_writable ? MAP_SHARED : MAP_PRIVATE,
		places->path, problem, ret_table);
	if (status != STATUS_OK) {
		return status;
	}
	places->seed = header.seed;
	places->generation = header.generation;
	atomic_store(&places->is_marked, header.is_clean == 0);
	atomic_store(&places->position, header.position);
	atomic_store(&places->count, header.is_clean ? header.count : table_count(*ret_table));
	return STATUS_OK;
}

enum status
places_file_mark(struct places *places)
{
	struct places_table *table = atomic_load(&places->table);
	enum status status = STATUS_OK;

	if (atomic_load(&places->is_marked) || !places->is_writable) {
		return STATUS_OK;
	}
	pthread_mutex_lock(&places->table_lock);
	/* A table that is not the file yet vanishes with a crash, and its count with it. */
	if (!table->is_unfinished &&
		!header_write(places, table, atomic_load(&places->position),
			atomic_load(&places->count), false)) {
		status = problem_system(NULL, "cannot write %s", places->path);
		places->has_failed = true;
	}
	atomic_store(&places->is_marked, status == STATUS_OK);
	pthread_mutex_unlock(&places->table_lock);
	return status;
}

void
places_file_finish(struct places *places)
{
	struct places_table *table = atomic_load(&places->table);

	if (table == NULL || !places->is_writable || table->is_unfinished || places->has_failed ||
		!atomic_load(&places->is_marked) ||
		places->checkpoint_put_count != atomic_load(&places->put_count)) {
		return;
	}
	/* If this fails the next opening counts for itself. */
	(void)header_write(
		places, table, atomic_load(&places->position), atomic_load(&places->count), true);
}

/* Makes the name lead to the new file, durably. */
static bool
publish(const struct places *places)
{
	char *slash = strrchr(places->path, '/');
	bool is_published;
	int fd;

	if (rename(places->path_unfinished, places->path) != 0) {
		return false;
	}
	if (slash == NULL) {
		fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} else {
		*slash = '\0';
		fd = open(slash == places->path ? "/" : places->path,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		*slash = '/';
	}
	is_published = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0) {
		close(fd);
	}
	return is_published;
}

static bool
checkpoint_write(struct places *places, struct places_table *table, uint64_t position)
{
	/* First the slots, then the header that vouches for them. */
	if (msync(table->map, table->map_size, MS_SYNC) != 0 ||
		(table->is_unfinished && fsync(table->fd) != 0) ||
		!header_write(places, table, position, atomic_load(&places->count), false)) {
		return false;
	}
	if (table->is_unfinished) {
		if (!publish(places)) {
			return false;
		}
		table->is_unfinished = false;
	}
	return true;
}

enum status
places_checkpoint(struct places *places, uint64_t position, struct problem *problem)
{
	struct places_table *table;
	enum status status = STATUS_OK;
	uint64_t put_count;

	if (!places->is_writable) {
		return problem_set(
			problem, STATUS_READ_ONLY, "%s was opened to be read only", places->path);
	}
	pthread_mutex_lock(&places->table_lock);
	table = atomic_load(&places->table);
	put_count = atomic_load(&places->put_count);
	if (places->has_failed) {
		status = problem_set(problem, STATUS_READ_ONLY,
			"%s takes no checkpoint since a write failed", places->path);
	} else if (!checkpoint_write(places, table, position)) {
		/* As with the journal: a sync that failed is not tried again, because the next
		 * one might say yes about pages that were lost. */
		status = problem_system(problem, "cannot write %s", places->path);
		places->has_failed = true;
	} else {
		atomic_store(&places->position, position);
		places->checkpoint_put_count = put_count;
		atomic_store(&places->is_marked, true);
	}
	pthread_mutex_unlock(&places->table_lock);
	return status;
}
