/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/cache_snapshot.h"

#include "base/checksum.h"
#include "base/file.h"
#include "support/cmocka_all.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALL_MS INT64_C(1700000000000)

enum { HOUR_MS = 3600000, FILE_SIZE_MAX = 4 << 20 };

static const struct cache_limits usual = {.size = CACHE_SIZE_MIN,
	.ttl_max_ms = HOUR_MS,
	.negative_ms = 60000,
	.failure_ms = 60000,
	.stale_ms = HOUR_MS};

struct rig {
	struct monitor *monitor;
	struct cache *cache; /* The one that is saved ... */
	struct cache *other; /* ... and the one that reads it. */
	char folder[32];
	char path[64];
	uint8_t *file;
	size_t size;
};

static int
rig_open(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->monitor = monitor_new(1);
	rig->cache = cache_new(&usual, monitor_row(rig->monitor, 0));
	rig->other = cache_new(&usual, monitor_row(rig->monitor, 0));
	rig->file = malloc(FILE_SIZE_MAX + 1);
	assert_true(rig->cache != NULL && rig->other != NULL && rig->file != NULL);
	memcpy(rig->folder, "/tmp/houji-cache-XXXXXX", sizeof("/tmp/houji-cache-XXXXXX"));
	assert_non_null(mkdtemp(rig->folder));
	snprintf(rig->path, sizeof(rig->path), "%s/cache.0", rig->folder);
	*state = rig;
	return 0;
}

static int
rig_close(void **state)
{
	struct rig *rig = *state;

	cache_free(rig->cache);
	cache_free(rig->other);
	monitor_free(rig->monitor);
	unlink(rig->path);
	assert_int_equal(rmdir(rig->folder), 0); /* No PATH.new is left behind. */
	free(rig->file);
	free(rig);
	return 0;
}

static void
put(struct cache *cache, const char *name, enum cache_kind kind, uint32_t ttl, int64_t now_ms)
{
	uint8_t octets[256];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct cache_answer answer = {
		.kind = kind, .response_code = kind == CACHE_VALUES ? 1 : 100};
	struct cache_key key;

	if (kind == CACHE_VALUES) {
		handle_value_write(&writer,
			&(struct handle_value){
				.index = 1, .ttl = ttl, .type = TEXT("URL"), .data = TEXT("x")});
		answer.values = (struct handle_value_list){1, wire_written(&writer)};
		answer.is_certified = true;
	}
	assert_true(cache_key_over(&key, bytes_from_string(name), CACHE_NORMAL));
	cache_put(cache, &key, &answer, now_ms, WALL_MS);
}

static bool
find(struct cache *cache, const char *name, int64_t now_ms, struct cache_entry *ret_entry)
{
	struct cache_key key;

	assert_true(cache_key_over(&key, bytes_from_string(name), CACHE_NORMAL));
	return cache_find(cache, &key, now_ms, ret_entry);
}

static void
save(struct rig *rig, int64_t now_ms, int64_t wall_ms)
{
	const struct cache_time time = {now_ms, wall_ms};
	struct cache_save *save;
	struct problem problem;
	bool is_done = false;

	assert_int_equal(
		cache_save_begin(rig->cache, rig->path, &time, &save, &problem), STATUS_OK);
	while (!is_done) {
		assert_int_equal(cache_save_step(save, 500, &time, &is_done, &problem), STATUS_OK);
	}
	cache_save_free(save);
	assert_int_equal(
		file_read(rig->path, FILE_SIZE_MAX, rig->file, &rig->size, &problem), STATUS_OK);
}

static enum status
load(struct rig *rig, int64_t now_ms, int64_t wall_ms, size_t *ret_count)
{
	const struct cache_time time = {now_ms, wall_ms};
	struct problem problem;

	return cache_load(rig->other, rig->path, &time, ret_count, &problem);
}

static void
what_was_saved_comes_back_older_by_the_time_between(void **state)
{
	struct rig *rig = *state;
	struct cache_entry entry;
	struct stat about;
	size_t count;

	put(rig->cache, "88.1/a", CACHE_VALUES, 100, 1000);
	put(rig->cache, "88.1/none", CACHE_NEGATIVE, 0, 1000);
	put(rig->cache, "88.1/fails", CACHE_FAILURE, 0, 1000);
	save(rig, 11000, WALL_MS);
	assert_int_equal(stat(rig->path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	/* Another boot, 20 seconds later: the monotonic clock begins anew. */
	assert_int_equal(load(rig, 50, WALL_MS + 20000, &count), STATUS_OK);
	assert_int_equal(count, 2);
	assert_true(find(rig->other, "88.1/a", 50, &entry));
	assert_int_equal(entry.kind, CACHE_VALUES);
	assert_int_equal(entry.response_code, 1);
	assert_int_equal(entry.values.count, 1);
	assert_true(entry.is_certified && !entry.is_stale);
	assert_int_equal(entry.expires_ms, 50 + 100000 - 30000);
	assert_int_equal(entry.stored_ms, 50 - 30000);
	assert_true(find(rig->other, "88.1/none", 50, &entry));
	assert_int_equal(entry.kind, CACHE_NEGATIVE);
	assert_int_equal(entry.response_code, 100);
	assert_int_equal(entry.expires_ms, 50 + 60000 - 30000);
	assert_false(find(rig->other, "88.1/fails", 50, &entry));
}

static void
each_question_has_its_own_answer_again(void **state)
{
	struct rig *rig = *state;
	struct cache_answer answer = {.kind = CACHE_NEGATIVE};
	struct cache_entry entry;
	struct cache_key key;
	size_t count;

	for (unsigned question = 0; question < CACHE_QUESTION_COUNT; question++) {
		assert_true(cache_key_over(&key, TEXT("88.1/a"), (enum cache_question)question));
		answer.response_code = (uint16_t)(1000 + question);
		answer.is_certified = question % 2 != 0;
		cache_put(rig->cache, &key, &answer, 0, WALL_MS);
	}
	save(rig, 0, WALL_MS);
	assert_int_equal(load(rig, 0, WALL_MS, &count), STATUS_OK);
	assert_int_equal(count, CACHE_QUESTION_COUNT);
	for (unsigned question = 0; question < CACHE_QUESTION_COUNT; question++) {
		assert_true(cache_key_over(&key, TEXT("88.1/a"), (enum cache_question)question));
		assert_true(cache_find(rig->other, &key, 0, &entry));
		assert_int_equal(entry.response_code, 1000 + question);
		assert_int_equal(entry.is_certified, question % 2 != 0);
	}
}

static void
a_file_that_cannot_be_made_or_replaced_is_told(void **state)
{
	struct rig *rig = *state;
	const struct cache_time time = {0, WALL_MS};
	static char path[PATH_MAX + 1];
	struct cache_save *saving = NULL;
	struct problem problem;
	bool is_done;

	snprintf(path, sizeof(path), "%s/none/cache.0", rig->folder);
	assert_int_equal(
		cache_save_begin(rig->cache, path, &time, &saving, &problem), STATUS_SYSTEM);
	assert_non_null(strstr(problem.text, "none/cache.0.new"));
	memset(path, 'p', PATH_MAX);
	assert_int_equal(
		cache_save_begin(rig->cache, path, &time, &saving, &problem), STATUS_TOO_LARGE);
	assert_null(saving);
	/* A folder has the name by then. */
	assert_int_equal(
		cache_save_begin(rig->cache, rig->path, &time, &saving, &problem), STATUS_OK);
	assert_int_equal(mkdir(rig->path, 0700), 0);
	assert_int_equal(cache_save_step(saving, 500, &time, &is_done, &problem), STATUS_SYSTEM);
	assert_non_null(strstr(problem.text, "cannot replace"));
	cache_save_free(saving);
	assert_int_equal(rmdir(rig->path), 0);
}

static void
what_is_too_old_stays_away(void **state)
{
	struct rig *rig = *state;
	struct cache_entry entry;
	size_t count;

	put(rig->cache, "88.1/a", CACHE_VALUES, 100, 0);
	put(rig->cache, "88.1/b", CACHE_VALUES, 101, 0);
	save(rig, 0, WALL_MS);
	assert_int_equal(load(rig, 7, WALL_MS + 100000 + HOUR_MS, &count), STATUS_OK);
	assert_false(find(rig->other, "88.1/a", 7, &entry));
	assert_true(find(rig->other, "88.1/b", 7, &entry) && entry.is_stale);
}

static void
no_entry_lives_longer_than_the_limits_of_today_allow(void **state)
{
	struct rig *rig = *state;
	struct cache_limits limits = usual;
	struct cache_entry entry;
	size_t count;

	limits.ttl_max_ms = 10000;
	limits.negative_ms = 5000;
	cache_use(rig->other, &limits);
	put(rig->cache, "88.1/a", CACHE_VALUES, 100, 0);
	put(rig->cache, "88.1/none", CACHE_NEGATIVE, 0, 0);
	save(rig, 0, WALL_MS);
	assert_int_equal(load(rig, 0, WALL_MS, &count), STATUS_OK);
	assert_true(find(rig->other, "88.1/a", 0, &entry));
	assert_int_equal(entry.expires_ms, 10000);
	assert_true(find(rig->other, "88.1/none", 0, &entry));
	assert_int_equal(entry.expires_ms, 5000);
}

static void
what_is_known_already_is_not_made_older(void **state)
{
	struct rig *rig = *state;
	struct cache_entry entry;
	size_t count;

	put(rig->cache, "88.1/a", CACHE_VALUES, 100, 0);
	save(rig, 1000, WALL_MS);
	put(rig->other, "88.1/a", CACHE_NEGATIVE, 0, 2000);
	assert_int_equal(load(rig, 2000, WALL_MS + 1000, &count), STATUS_OK);
	assert_true(find(rig->other, "88.1/a", 2000, &entry));
	assert_int_equal(entry.kind, CACHE_NEGATIVE);
	/* What is as old as the file's is newer than the file. */
	cache_drop_all(rig->other);
	put(rig->other, "88.1/a", CACHE_NEGATIVE, 0, 0);
	assert_int_equal(load(rig, 2000, WALL_MS + 1000, &count), STATUS_OK);
	assert_true(find(rig->other, "88.1/a", 2000, &entry));
	assert_int_equal(entry.kind, CACHE_NEGATIVE);
}

static void
a_cache_changes_while_it_is_saved_and_the_file_is_whole(void **state)
{
	struct rig *rig = *state;
	struct cache_time time = {0, WALL_MS};
	struct cache_save *save;
	struct cache_entry entry;
	bool is_done = false;
	char name[32];
	size_t count;

	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "88.1/%u", i);
		put(rig->cache, name, CACHE_VALUES, 1000, 0);
	}
	assert_int_equal(cache_save_begin(rig->cache, rig->path, &time, &save, NULL), STATUS_OK);
	for (unsigned i = 0; !is_done; i++) {
		snprintf(name, sizeof(name), "88.2/%u", i);
		time.now_ms += 10;
		time.wall_ms += 10;
		assert_int_equal(cache_save_step(save, 5000, &time, &is_done, NULL), STATUS_OK);
		put(rig->cache, name, CACHE_VALUES, 1000, time.now_ms);
	}
	cache_save_free(save);
	assert_int_equal(load(rig, 0, WALL_MS + 1000, &count), STATUS_OK);
	assert_in_range(count, 2000, 2100);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "88.1/%u", i);
		assert_true(find(rig->other, name, 0, &entry));
		assert_int_equal(entry.expires_ms, 1000000 - 1000);
	}
}

static void
a_saving_given_up_leaves_the_old_file(void **state)
{
	struct rig *rig = *state;
	const struct cache_time time = {0, WALL_MS};
	struct cache_save *half;
	bool is_done;
	size_t count;
	char name[32];

	put(rig->cache, "88.1/a", CACHE_VALUES, 100, 0);
	save(rig, 0, WALL_MS);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "88.2/%u", i);
		put(rig->cache, name, CACHE_VALUES, 1000, 0);
	}
	assert_int_equal(cache_save_begin(rig->cache, rig->path, &time, &half, NULL), STATUS_OK);
	assert_int_equal(cache_save_step(half, 100, &time, &is_done, NULL), STATUS_OK);
	assert_false(is_done);
	cache_save_free(half);
	assert_int_equal(load(rig, 0, WALL_MS, &count), STATUS_OK);
	assert_int_equal(count, 1);
}

static enum status
read_octets(struct rig *rig, size_t size, size_t *ret_count)
{
	const struct cache_time time = {0, WALL_MS};
	uint8_t *copy = malloc(size > 0 ? size : 1);
	struct problem problem;
	enum status status;

	assert_non_null(copy);
	memcpy(copy, rig->file, size);
	cache_drop_all(rig->other);
	status =
		cache_snapshot_read(rig->other, bytes_over(copy, size), &time, ret_count, &problem);
	free(copy);
	return status;
}

static void
a_file_cut_anywhere_is_known_to_be_cut(void **state)
{
	struct rig *rig = *state;
	size_t count, most = 0;
	char name[32];

	for (unsigned i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "88.1/%u", i);
		put(rig->cache, name, CACHE_VALUES, 1000, 0);
	}
	save(rig, 0, WALL_MS);
	for (size_t size = 0; size < rig->size; size++) {
		assert_int_equal(read_octets(rig, size, &count), STATUS_CORRUPT);
		most = count > most ? count : most;
	}
	assert_int_equal(most, 30); /* What came before the cut was read. */
	assert_int_equal(read_octets(rig, rig->size, &count), STATUS_OK);
	rig->file[rig->size] = 0;
	assert_int_equal(read_octets(rig, rig->size + 1, &count), STATUS_CORRUPT);
}

static void
a_changed_octet_is_known_wherever_it_is(void **state)
{
	struct rig *rig = *state;
	size_t count;

	put(rig->cache, "88.1/a", CACHE_VALUES, 1000, 0);
	put(rig->cache, "88.1/b", CACHE_NEGATIVE, 0, 0);
	save(rig, 0, WALL_MS);
	for (size_t at = 0; at < rig->size; at++) {
		rig->file[at] ^= 0x10;
		assert_int_not_equal(read_octets(rig, rig->size, &count), STATUS_OK);
		rig->file[at] ^= 0x10;
	}
	assert_int_equal(read_octets(rig, rig->size, &count), STATUS_OK);
}

static void
header_seal(struct rig *rig)
{
	struct bytes header = bytes_over(rig->file, CACHE_SNAPSHOT_HEADER_SIZE - 8);
	struct wire_writer writer = wire_writer_over(rig->file + header.size, 8);

	wire_write_u64(&writer, checksum_over(header, 0));
}

static void
files_of_other_layouts_and_of_the_future_are_refused(void **state)
{
	struct rig *rig = *state;
	size_t count;

	put(rig->cache, "88.1/a", CACHE_VALUES, 1000, 0);
	save(rig, 0, WALL_MS + 1);
	assert_int_equal(read_octets(rig, rig->size, &count), STATUS_INVALID);
	save(rig, 0, WALL_MS);
	rig->file[11] = CACHE_SNAPSHOT_VERSION + 1;
	header_seal(rig);
	assert_int_equal(read_octets(rig, rig->size, &count), STATUS_UNKNOWN_VERSION);
	assert_int_equal(load(rig, 0, WALL_MS, &count), STATUS_OK);
	unlink(rig->path);
	assert_int_equal(load(rig, 0, WALL_MS, &count), STATUS_NOT_FOUND);
}

static void
a_link_in_place_of_the_file_is_not_followed(void **state)
{
	struct rig *rig = *state;
	size_t count;

	assert_int_equal(symlink("/etc/passwd", rig->path), 0);
	assert_int_equal(load(rig, 0, WALL_MS, &count), STATUS_SYSTEM);
	assert_int_equal(count, 0);
	/* Nor is a folder read, and what has no octets is no cache. */
	assert_int_equal(unlink(rig->path), 0);
	assert_int_equal(mkdir(rig->path, 0700), 0);
	assert_int_equal(load(rig, 0, WALL_MS, &count), STATUS_TOO_LARGE);
	assert_int_equal(rmdir(rig->path), 0);
	fclose(fopen(rig->path, "w"));
	assert_int_equal(load(rig, 0, WALL_MS, &count), STATUS_CORRUPT);
}

/* One block with one entry, sealed as it should be; the rest is the test's. */
struct forged {
	uint8_t question;
	uint8_t kind;
	struct bytes name;
	struct bytes values;
	int64_t age_ms;
	int64_t left_ms;
	size_t behind; /* Octets of the block that no entry has. */
	uint32_t end_count;
};

static enum status
read_forged(struct rig *rig, const struct forged *forged, size_t *ret_count)
{
	static const uint8_t behind[8];
	struct wire_writer writer = wire_writer_over(rig->file + 24, FILE_SIZE_MAX - 24);
	uint8_t octets[512];
	struct wire_writer entry = wire_writer_over(octets, sizeof(octets));

	header_seal(rig);
	wire_writer_take(&writer, 8);
	wire_write_u8(&entry, forged->question);
	wire_write_u8(&entry, forged->kind);
	wire_write_u8(&entry, 0);
	wire_write_u16(&entry, 1);
	wire_write_u16(&entry, forged->values.size > 0 ? 1 : 0);
	wire_write_u64(&entry, (uint64_t)forged->age_ms);
	wire_write_u64(&entry, (uint64_t)forged->left_ms);
	wire_write_blob(&entry, forged->name);
	wire_write_blob(&entry, forged->values);
	wire_write_bytes(&entry, bytes_over(behind, forged->behind));
	wire_write_u32(&writer, (uint32_t)wire_writer_size(&entry));
	wire_write_u32(&writer, 1);
	wire_write_u64(&writer, checksum_over(wire_written(&entry), 1));
	wire_write_bytes(&writer, wire_written(&entry));
	wire_write_u32(&writer, 0);
	wire_write_u32(&writer, forged->end_count);
	wire_write_u64(
		&writer, checksum_over((struct bytes){NULL, 0}, 1 + (uint64_t)forged->end_count));
	return read_octets(rig, 24 + wire_writer_size(&writer), ret_count);
}

static enum status
read_entry(struct rig *rig, uint8_t question, uint8_t kind, struct bytes name, struct bytes values,
	size_t *ret_count)
{
	const struct forged forged = {.question = question,
		.kind = kind,
		.name = name,
		.values = values,
		.left_ms = 1000,
		.end_count = 1};

	return read_forged(rig, &forged, ret_count);
}

static void
times_beyond_all_time_are_refused(void **state)
{
	struct rig *rig = *state;
	const int64_t most_ms = INT64_MAX / 4;
	struct forged forged = {.kind = CACHE_NEGATIVE, .name = TEXT("88.1/a"), .end_count = 1};
	size_t count;

	save(rig, 0, WALL_MS); /* For the header. */
	forged.age_ms = most_ms;
	forged.left_ms = -most_ms;
	assert_int_equal(read_forged(rig, &forged, &count), STATUS_OK);
	forged.age_ms++;
	assert_int_equal(read_forged(rig, &forged, &count), STATUS_CORRUPT);
	forged.age_ms = -1;
	assert_int_equal(read_forged(rig, &forged, &count), STATUS_CORRUPT);
	forged.age_ms = 0;
	forged.left_ms = -most_ms - 1;
	assert_int_equal(read_forged(rig, &forged, &count), STATUS_CORRUPT);
	forged.left_ms = most_ms + 1;
	assert_int_equal(read_forged(rig, &forged, &count), STATUS_CORRUPT);
	forged.left_ms = most_ms;
	assert_int_equal(read_forged(rig, &forged, &count), STATUS_OK);
}

static void
a_file_holds_what_its_blocks_and_its_end_say(void **state)
{
	struct rig *rig = *state;
	struct forged forged = {
		.kind = CACHE_NEGATIVE, .name = TEXT("88.1/a"), .left_ms = 1000, .end_count = 1};
	size_t count;

	save(rig, 0, WALL_MS); /* For the header. */
	assert_int_equal(read_forged(rig, &forged, &count), STATUS_OK);
	forged.behind = 1;
	assert_int_equal(read_forged(rig, &forged, &count), STATUS_CORRUPT);
	forged.behind = 0;
	forged.end_count = 2;
	assert_int_equal(read_forged(rig, &forged, &count), STATUS_CORRUPT);
	assert_int_equal(count, 1);
}

static void
of_a_larger_cache_comes_back_what_fits(void **state)
{
	enum {
		LARGE_SIZE = 100000
	}; /* More than a part of the young ring of the smallest cache. */
	struct rig *rig = *state;
	struct cache_limits limits = usual;
	struct cache *large;
	struct cache_key key;
	struct cache_entry entry;
	uint8_t *octets = calloc(1, LARGE_SIZE + 100);
	uint8_t *data = calloc(1, LARGE_SIZE);
	struct wire_writer writer = wire_writer_over(octets, LARGE_SIZE + 100);
	struct cache_answer answer = {.kind = CACHE_VALUES, .response_code = 1};
	size_t count;

	assert_non_null(octets);
	assert_non_null(data);
	limits.size = 16 * CACHE_SIZE_MIN;
	large = rig->cache;
	rig->cache = cache_new(&limits, monitor_row(rig->monitor, 0));
	assert_non_null(rig->cache);
	handle_value_write(&writer,
		&(struct handle_value){.index = 1,
			.ttl = 1000,
			.permissions = HANDLE_PERMISSION_DEFAULT,
			.type = TEXT("DESC"),
			.data = bytes_over(data, LARGE_SIZE)});
	answer.values = (struct handle_value_list){1, wire_written(&writer)};
	assert_true(cache_key_over(&key, TEXT("88.1/large"), CACHE_NORMAL));
	cache_put(rig->cache, &key, &answer, 0, WALL_MS);
	put(rig->cache, "88.1/a", CACHE_VALUES, 1000, 0);
	assert_true(find(rig->cache, "88.1/large", 0, &entry));
	save(rig, 0, WALL_MS);
	assert_int_equal(load(rig, 0, WALL_MS, &count), STATUS_OK);
	assert_false(find(rig->other, "88.1/large", 0, &entry));
	assert_true(find(rig->other, "88.1/a", 0, &entry));
	cache_free(rig->cache);
	rig->cache = large;
	free(octets);
	free(data);
}

/* An answer with values of about that size, in the cache that is saved. */
static void
put_sized(struct rig *rig, const char *name, size_t size)
{
	uint8_t *octets = calloc(2, size);
	struct wire_writer writer = wire_writer_over(octets, 2 * size);
	struct cache_answer answer = {.kind = CACHE_VALUES, .response_code = 1};
	struct cache_key key;

	assert_non_null(octets);
	while (wire_writer_size(&writer) + 1000 < size) {
		size_t left = size - wire_writer_size(&writer) - 100;

		handle_value_write(&writer,
			&(struct handle_value){.index = ++answer.values.count,
				.ttl = 1000,
				.type = TEXT("DESC"),
				.data = bytes_over(octets + size, left < 60000 ? left : 60000)});
	}
	answer.values.octets = wire_written(&writer);
	assert_true(cache_key_over(&key, bytes_from_string(name), CACHE_NORMAL));
	cache_put(rig->cache, &key, &answer, 0, WALL_MS);
	free(octets);
}

static void
whatever_one_message_brought_is_saved_in_steps_of_any_size(void **state)
{
	static const size_t steps[] = {1, 300000, SIZE_MAX};
	const struct cache_time time = {0, WALL_MS};
	struct rig *rig = *state;
	struct cache_limits limits = usual;
	struct cache_entry entry;
	char name[32];
	size_t count;

	limits.size = 32 * CACHE_SIZE_MIN;
	cache_free(rig->cache);
	cache_free(rig->other);
	rig->cache = cache_new(&limits, monitor_row(rig->monitor, 0));
	rig->other = cache_new(&limits, monitor_row(rig->monitor, 0));
	assert_true(rig->cache != NULL && rig->other != NULL);
	for (unsigned i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "88.1/%u", i);
		put_sized(rig, name, i % 2 == 0 ? MESSAGE_SIZE_MAX - 300 : 2000);
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct cache_save *saving;
		bool is_done = false;

		assert_int_equal(
			cache_save_begin(rig->cache, rig->path, &time, &saving, NULL), STATUS_OK);
		while (!is_done) {
			assert_int_equal(cache_save_step(saving, steps[i], &time, &is_done, NULL),
				STATUS_OK);
		}
		cache_save_free(saving);
		cache_drop_all(rig->other);
		assert_int_equal(load(rig, 0, WALL_MS, &count), STATUS_OK);
		assert_int_equal(count, 8);
		assert_true(find(rig->other, "88.1/6", 0, &entry));
		assert_true(entry.values.octets.size > RECORD_SIZE_MAX);
	}
}

static void
entries_are_decoded_in_full_before_they_are_believed(void **state)
{
	struct rig *rig = *state;
	const struct bytes none = {NULL, 0};
	size_t count;

	save(rig, 0, WALL_MS); /* For the header. */
	assert_int_equal(read_entry(rig, 0, 1, TEXT("88.1/a"), none, &count), STATUS_OK);
	assert_int_equal(count, 1);
	assert_int_equal(
		read_entry(rig, 0, 1, TEXT("88.1/a"), TEXT("values"), &count), STATUS_CORRUPT);
	assert_int_equal(read_entry(rig, CACHE_QUESTION_COUNT - 1, 1, TEXT("88.1/a"), none, &count),
		STATUS_OK);
	assert_int_equal(read_entry(rig, CACHE_QUESTION_COUNT, 1, TEXT("88.1/a"), none, &count),
		STATUS_CORRUPT);
	assert_int_equal(read_entry(rig, 0, 2, TEXT("88.1/a"), none, &count), STATUS_CORRUPT);
	assert_int_equal(read_entry(rig, 0, 1, none, none, &count), STATUS_CORRUPT);
	assert_int_equal(read_entry(rig, 0, 1, TEXT("88.1x/a"), none, &count), STATUS_CORRUPT);
	assert_int_equal(read_entry(rig, 0, 1, TEXT("88.1"), none, &count), STATUS_CORRUPT);
	assert_int_equal(
		read_entry(rig, 0, 0, TEXT("88.1/a"), TEXT("no value"), &count), STATUS_CORRUPT);
	assert_int_equal(count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_open, rig_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_saved_comes_back_older_by_the_time_between),
		TEST(each_question_has_its_own_answer_again),
		TEST(a_file_that_cannot_be_made_or_replaced_is_told),
		TEST(what_is_too_old_stays_away),
		TEST(no_entry_lives_longer_than_the_limits_of_today_allow),
		TEST(what_is_known_already_is_not_made_older),
		TEST(a_cache_changes_while_it_is_saved_and_the_file_is_whole),
		TEST(a_saving_given_up_leaves_the_old_file),
		TEST(a_file_cut_anywhere_is_known_to_be_cut),
		TEST(a_changed_octet_is_known_wherever_it_is),
		TEST(files_of_other_layouts_and_of_the_future_are_refused),
		TEST(a_link_in_place_of_the_file_is_not_followed),
		TEST(entries_are_decoded_in_full_before_they_are_believed),
		TEST(times_beyond_all_time_are_refused),
		TEST(a_file_holds_what_its_blocks_and_its_end_say),
		TEST(of_a_larger_cache_comes_back_what_fits),
		TEST(whatever_one_message_brought_is_saved_in_steps_of_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
