/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "base/file.h"
#include "base/text_writer.h"
#include "cache/cache_private.h"
#include "cache/cache_snapshot.h"
#include "wire/wire_writer.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NEW_SUFFIX_SIZE = 5 }; /* ".new" and its NUL. */

struct cache_save {
	struct cache *cache;
	uint64_t cursor;
	uint64_t offset; /* In the file. */
	uint64_t block_number;
	size_t count;
	int64_t saved_ms; /* What ages and times left are counted from. */
	int fd; /* -1: the file has its name. */
	char path[PATH_MAX];
	char beside[PATH_MAX + NEW_SUFFIX_SIZE];
	uint8_t octets[CACHE_SNAPSHOT_BLOCK_SIZE + CACHE_SNAPSHOT_ENTRIES_SIZE_MAX];
};

static enum status
save_write(struct cache_save *save, struct bytes run, struct problem *problem)
{
	if (!file_write_at(save->fd, run, save->offset)) {
		return problem_system(problem, "cannot write %s", save->beside);
	}
	save->offset += run.size;
	return STATUS_OK;
}

static enum status
header_write(struct cache_save *save, struct problem *problem)
{
	uint8_t header[CACHE_SNAPSHOT_HEADER_SIZE];
	struct wire_writer writer = wire_writer_over(header, sizeof(header));

	wire_write_bytes(&writer, TEXT("HOUJICHE"));
	wire_write_u32(&writer, CACHE_SNAPSHOT_VERSION);
	wire_write_u32(&writer, 0);
	wire_write_u64(&writer, (uint64_t)save->saved_ms);
	wire_write_u64(&writer, checksum_over(wire_written(&writer), 0));
	return save_write(save, wire_written(&writer), problem);
}

static bool
save_names(struct cache_save *save, const char *path)
{
	struct text_writer name = text_writer_over(save->path, sizeof(save->path));
	struct text_writer beside = text_writer_over(save->beside, sizeof(save->beside));

	text_write_string(&name, path);
	text_write_char(&name, '\0');
	text_write_string(&beside, path);
	text_write_string(&beside, ".new");
	text_write_char(&beside, '\0');
	return text_writer_end(&name) == STATUS_OK && text_writer_end(&beside) == STATUS_OK;
}

enum status
cache_save_begin(struct cache *cache, const char *path, const struct cache_time *time,
	struct cache_save **ret_save, struct problem *problem)
{
	struct cache_save *save = calloc(1, sizeof(*save));
	enum status status;

	if (save == NULL) {
		return problem_system(problem, "cannot save the cache");
	}
	save->cache = cache;
	save->saved_ms = time->wall_ms;
	save->fd = -1;
	if (!save_names(save, path)) {
		free(save);
		return problem_set(
			problem, STATUS_TOO_LARGE, "the path %.100s... is too long", path);
	}
	(void)unlink(save->beside);
	save->fd = open(save->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (save->fd < 0) {
		status = problem_system(problem, "cannot make %s", save->beside);
	} else {
		status = header_write(save, problem);
	}
	if (status != STATUS_OK) {
		cache_save_free(save);
		return status;
	}
	*ret_save = save;
	return STATUS_OK;
}

void
cache_save_free(struct cache_save *save)
{
	if (save == NULL) {
		return;
	}
	if (save->fd >= 0) {
		close(save->fd);
		unlink(save->beside);
	}
	free(save);
}

/* Entries are told as they were when saving began: one clock for the whole file. */
static void
entry_write(struct wire_writer *writer, const struct cache_save *save,
	const struct cache_seen *seen, const struct cache_time *time)
{
	int64_t late_ms = time->wall_ms - save->saved_ms;
	int64_t age_ms = time->now_ms - seen->entry.stored_ms - late_ms;

	wire_write_u8(writer, (uint8_t)seen->question);
	wire_write_u8(writer, (uint8_t)seen->entry.kind);
	wire_write_u8(writer, seen->entry.is_certified ? 1 : 0);
	wire_write_u16(writer, seen->entry.response_code);
	wire_write_u16(writer, (uint16_t)seen->entry.values.count);
	wire_write_u64(writer, (uint64_t)(age_ms > 0 ? age_ms : 0));
	wire_write_u64(writer, (uint64_t)(seen->entry.expires_ms - time->now_ms + late_ms));
	wire_write_blob(writer, seen->name);
	wire_write_blob(writer, seen->entry.values.octets);
}

static enum status
block_write(struct cache_save *save, size_t size, uint32_t count, struct problem *problem)
{
	struct bytes entries = bytes_over(save->octets + CACHE_SNAPSHOT_BLOCK_SIZE, size);
	struct wire_writer writer = wire_writer_over(save->octets, CACHE_SNAPSHOT_BLOCK_SIZE);

	wire_write_u32(&writer, (uint32_t)size);
	wire_write_u32(&writer, count);
	wire_write_u64(&writer, checksum_over(entries, save->block_number + count));
	save->block_number++;
	return save_write(
		save, bytes_over(save->octets, CACHE_SNAPSHOT_BLOCK_SIZE + size), problem);
}

static enum status
save_finish(struct cache_save *save, struct problem *problem)
{
	enum status status = block_write(save, 0, (uint32_t)save->count, problem);

	if (status != STATUS_OK) {
		return status;
	}
	if (close(save->fd) != 0) {
		status = problem_system(problem, "cannot write %s", save->beside);
	} else if (rename(save->beside, save->path) != 0) {
		status = problem_system(problem, "cannot replace %s", save->path);
	}
	if (status != STATUS_OK) {
		unlink(save->beside);
	}
	save->fd = -1;
	return status;
}

enum status
cache_save_step(struct cache_save *save, size_t size, const struct cache_time *time,
	bool *ret_is_done, struct problem *problem)
{
	/* Room for the largest entry behind what was asked for. */
	size_t enough = CACHE_SNAPSHOT_ENTRIES_SIZE_MAX - MESSAGE_SIZE_MAX - 4096;
	struct wire_writer writer = wire_writer_over(
		save->octets + CACHE_SNAPSHOT_BLOCK_SIZE, CACHE_SNAPSHOT_ENTRIES_SIZE_MAX);
	bool is_more = true;
	struct cache_seen seen;
	uint32_t count = 0;
	enum status status = STATUS_OK;

	enough = size < enough ? size : enough;
	while (wire_writer_size(&writer) < enough) {
		is_more = cache_next(save->cache, &save->cursor, time->now_ms, &seen);
		if (!is_more) {
			break;
		}
		if (seen.entry.kind != CACHE_FAILURE) {
			entry_write(&writer, save, &seen, time);
			count++;
		}
	}
	if (count > 0) {
		save->count += count;
		status = block_write(save, wire_writer_size(&writer), count, problem);
	}
	if (status == STATUS_OK && !is_more) {
		status = save_finish(save, problem);
	}
	*ret_is_done = !is_more;
	return status;
}
