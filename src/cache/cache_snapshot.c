/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/cache_snapshot.h"

#include "base/checksum.h"
#include "cache/cache_private.h"
#include "wire/wire_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_AT = 1 }; /* In a key, behind the question. */

static const struct bytes magic = {(const uint8_t *)"HOUJICHE", 8};

/* What a file says of an entry. */
struct saved_entry {
	uint8_t question;
	struct bytes name;
	struct cache_answer answer;
	int64_t age_ms;
	int64_t left_ms;
};

static enum status
header_read(struct wire_reader *reader, int64_t *ret_saved_ms)
{
	struct bytes header = bytes_over(reader->next, wire_reader_left(reader));
	uint64_t checksum = checksum_over(
		bytes_slice(header, 0, CACHE_SNAPSHOT_HEADER_SIZE - sizeof(checksum)), 0);
	struct bytes found = wire_read_bytes(reader, magic.size);
	uint32_t version = wire_read_u32(reader);

	wire_read_u32(reader);
	*ret_saved_ms = (int64_t)wire_read_u64(reader);
	if (!bytes_equal(found, magic)) {
		return STATUS_CORRUPT;
	}
	if (version != CACHE_SNAPSHOT_VERSION) {
		return wire_reader_ok(reader) ? STATUS_UNKNOWN_VERSION : STATUS_CORRUPT;
	}
	if (wire_read_u64(reader) != checksum || *ret_saved_ms < 0) {
		return STATUS_CORRUPT;
	}
	return wire_reader_ok(reader) ? STATUS_OK : STATUS_CORRUPT;
}

/* Half of all time: no sum of two such times overflows. */
#define TIME_MS_MAX (INT64_MAX / 4)

/* What is not there has no values, but maybe a sentence in their place. */
static bool
values_are_good(const struct cache_answer *answer)
{
	struct wire_reader reader = wire_reader_over(answer->values.octets);

	if (answer->kind == CACHE_NEGATIVE) {
		return answer->values.count == 0;
	}
	for (uint32_t i = 0; i < answer->values.count && wire_reader_ok(&reader); i++) {
		struct handle_value value;

		handle_value_read(&reader, &value);
	}
	return wire_reader_end(&reader) == STATUS_OK;
}

static void
entry_read(struct wire_reader *reader, struct saved_entry *ret_entry)
{
	struct cache_answer *answer = &ret_entry->answer;
	uint8_t kind;

	ret_entry->question = wire_read_u8(reader);
	kind = wire_read_u8(reader);
	answer->kind = kind == CACHE_NEGATIVE ? CACHE_NEGATIVE : CACHE_VALUES;
	answer->is_certified = wire_read_u8(reader) == 1;
	answer->response_code = wire_read_u16(reader);
	answer->values.count = wire_read_u16(reader);
	ret_entry->age_ms = (int64_t)wire_read_u64(reader);
	ret_entry->left_ms = (int64_t)wire_read_u64(reader);
	ret_entry->name = wire_read_blob(reader, HANDLE_NAME_SIZE_MAX + 5);
	/* Not a record of ours: whatever one message may bring. */
	answer->values.octets = wire_read_blob(reader, MESSAGE_SIZE_MAX);
	if (!values_are_good(answer) || kind > CACHE_NEGATIVE ||
		ret_entry->question >= CACHE_QUESTION_COUNT || ret_entry->age_ms < 0 ||
		ret_entry->age_ms > TIME_MS_MAX || ret_entry->left_ms > TIME_MS_MAX ||
		ret_entry->left_ms < -TIME_MS_MAX) {
		wire_reader_fail(reader, STATUS_MALFORMED);
	}
}

/* False for a name that no key would have as it stands here. */
static bool
entry_restore(struct cache *cache, const struct saved_entry *entry, int64_t elapsed_ms)
{
	struct cache_key key;

	if (!cache_key_over(&key, entry->name, (enum cache_question)entry->question) ||
		!bytes_equal(entry->name, bytes_over(key.octets + NAME_AT, key.size - NAME_AT))) {
		return false;
	}
	cache_restore(cache, &key, &entry->answer, cache->now_ms - elapsed_ms - entry->age_ms,
		cache->now_ms - elapsed_ms + entry->left_ms);
	return true;
}

static enum status
block_read(struct cache *cache, struct wire_reader entries, uint32_t count, int64_t elapsed_ms,
	size_t *restored)
{
	for (uint32_t i = 0; i < count; i++) {
		struct saved_entry entry;

		entry_read(&entries, &entry);
		if (!wire_reader_ok(&entries) || !entry_restore(cache, &entry, elapsed_ms)) {
			return STATUS_CORRUPT;
		}
		++*restored;
	}
	return wire_reader_end(&entries) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

static enum status
blocks_read(struct cache *cache, struct wire_reader *reader, int64_t elapsed_ms, size_t *restored)
{
	enum status status = STATUS_OK;

	for (uint64_t number = 0; status == STATUS_OK; number++) {
		uint32_t size = wire_read_u32(reader);
		uint32_t count = wire_read_u32(reader);
		uint64_t checksum = wire_read_u64(reader);
		struct bytes entries = wire_read_bytes(reader, size);

		if (!wire_reader_ok(reader) || checksum_over(entries, number + count) != checksum) {
			return STATUS_CORRUPT;
		}
		if (size == 0) {
			return count == (uint32_t)*restored && wire_reader_left(reader) == 0
				? STATUS_OK
				: STATUS_CORRUPT;
		}
		status = block_read(cache, wire_reader_over(entries), count, elapsed_ms, restored);
	}
	return status;
}

enum status
cache_snapshot_read(struct cache *cache, struct bytes file, const struct cache_time *time,
	size_t *ret_count, struct problem *problem)
{
	struct wire_reader reader = wire_reader_over(file);
	int64_t saved_ms;
	enum status status;

	*ret_count = 0;
	cache->now_ms = time->now_ms;
	status = header_read(&reader, &saved_ms);
	if (status == STATUS_UNKNOWN_VERSION) {
		return problem_set(problem, status,
			"the saved cache is of a layout that this program does not know; it was "
			"not read");
	}
	if (status != STATUS_OK) {
		return problem_set(problem, status, "this is not a saved cache");
	}
	if (saved_ms > time->wall_ms) {
		return problem_set(problem, STATUS_INVALID,
			"the cache was saved later than the clock says it is; it was not read");
	}
	status = blocks_read(cache, &reader, time->wall_ms - saved_ms, ret_count);
	return status == STATUS_OK
		? STATUS_OK
		: problem_set(problem, status,
			  "the saved cache is damaged behind its entry %zu; those "
			  "before it were read",
			  *ret_count);
}

static enum status
file_map(const char *path, uint64_t size_max, struct bytes *ret_file, struct problem *problem)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum status status = STATUS_OK;
	struct stat about;
	void *at = NULL;

	if (fd < 0) {
		status = problem_system(problem, "cannot read %s", path);
		return errno == ENOENT ? STATUS_NOT_FOUND : status;
	}
	if (fstat(fd, &about) != 0) {
		status = problem_system(problem, "cannot read %s", path);
	} else if (!S_ISREG(about.st_mode) || (uint64_t)about.st_size > size_max) {
		status = problem_set(problem, STATUS_TOO_LARGE,
			"%s: is no file, or larger than a cache may be", path);
	} else if (about.st_size > 0) {
		at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at == MAP_FAILED) {
			status = problem_system(problem, "cannot map %s", path);
		}
	}
	close(fd);
	if (status == STATUS_OK) {
		*ret_file = bytes_over(at, (size_t)about.st_size);
	}
	return status;
}

enum status
cache_load(struct cache *cache, const char *path, const struct cache_time *time, size_t *ret_count,
	struct problem *problem)
{
	struct bytes file;
	enum status status;

	*ret_count = 0;
	/* Of a larger cache, what fits: but no file of any size. */
	status = file_map(path, CACHE_SNAPSHOT_FILE_SIZE_MAX, &file, problem);
	if (status != STATUS_OK) {
		return status;
	}
	if (file.at != NULL) {
		(void)madvise((void *)(uintptr_t)file.at, file.size, MADV_SEQUENTIAL);
	}
	status = cache_snapshot_read(cache, file, time, ret_count, problem);
	if (file.at != NULL) {
		munmap((void *)(uintptr_t)file.at, file.size);
	}
	return status;
}
