/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_rig.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct rig *
rig_new(void)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	snprintf(rig->directory, sizeof(rig->directory), "%s/houji-journal-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(rig->directory));
	return rig;
}

static void
remove_files(const char *directory)
{
	DIR *list = opendir(directory);
	struct dirent *file;

	while (list != NULL && (file = readdir(list)) != NULL) {
		unlinkat(dirfd(list), file->d_name, 0);
	}
	if (list != NULL) {
		closedir(list);
	}
}

void
rig_free(struct rig *rig)
{
	char ledger[RIG_PATH_SIZE + 16];

	rig_close(rig);
	snprintf(ledger, sizeof(ledger), "%s/ledger", rig->directory);
	chmod(ledger, 0700);
	remove_files(ledger);
	rmdir(ledger);
	assert_int_equal(rmdir(rig->directory), 0);
	free(rig);
}

enum status
rig_open(struct rig *rig, bool is_writable, uint64_t known_place)
{
	rig->problem.text[0] = '\0';
	return journal_open_as(rig->directory,
		&(struct journal_opening){.is_writable = is_writable,
			.known_place = known_place,
			.segment_size = RIG_SEGMENT_SIZE},
		&rig->journal, &rig->problem);
}

void
rig_close(struct rig *rig)
{
	journal_close(rig->journal);
	rig->journal = NULL;
}

void
rig_make(struct rig *rig)
{
	assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
}

/* Content of entry `number`: key | record | actor in one buffer. */
static struct journal_change
change_make(size_t number, size_t record_size, uint8_t octets[2048])
{
	size_t key_size = 1 + number % 23;
	size_t actor_size = number % 5 * 3;
	struct journal_change change = {
		.kind = record_size == 0 ? JOURNAL_DELETE : JOURNAL_PUT,
		.time_ms = 1700000000000 + (int64_t)number,
		.previous = number * 8,
		.key = bytes_over(octets, key_size),
		.record = bytes_over(octets + key_size, record_size),
		.actor = bytes_over(octets + key_size + record_size, actor_size),
	};

	assert_true(key_size + record_size + actor_size <= 2048);
	for (size_t i = 0; i < key_size + record_size + actor_size; i++) {
		octets[i] = (uint8_t)(number * 31 + i * 7 + 1);
	}
	memset(change.before, (int)number, sizeof(change.before));
	return change;
}

enum status
rig_add(struct rig *rig, size_t record_size)
{
	size_t number = rig->entry_count + rig->added_count;
	struct rig_entry *entry = &rig->entries[number];
	struct journal_change change;
	enum status status;

	assert_true(number < RIG_ENTRY_COUNT_MAX);
	change = change_make(number, record_size, entry->octets);
	status = journal_add(rig->journal, &change, &entry->place);
	if (status == STATUS_OK) {
		entry->size = change.key.size + change.record.size + change.actor.size;
		rig->added_count++;
	}
	return status;
}

void
rig_flush(struct rig *rig)
{
	assert_int_equal(journal_flush(rig->journal, &rig->problem), STATUS_OK);
	for (size_t i = 0; i < rig->added_count; i++) {
		rig->entries[rig->entry_count + i].batch_end = journal_end(rig->journal);
	}
	rig->entry_count += rig->added_count;
	rig->added_count = 0;
}

static void
assert_is_entry(struct rig *rig, const struct journal_entry *entry, size_t number)
{
	struct rig_entry *expected = &rig->entries[number];
	struct bytes key, record;
	enum journal_kind kind;

	assert_int_equal(entry->place, expected->place);
	assert_int_equal(entry->sequence, number + 1);
	assert_int_equal(entry->time_ms, 1700000000000 + (int64_t)number);
	assert_int_equal(entry->previous, number * 8);
	assert_int_equal(entry->key.size + entry->record.size + entry->actor.size, expected->size);
	assert_memory_equal(entry->key.at, expected->octets, entry->key.size);
	assert_memory_equal(
		entry->record.at, expected->octets + entry->key.size, entry->record.size);
	assert_memory_equal(entry->actor.at,
		expected->octets + entry->key.size + entry->record.size, entry->actor.size);
	assert_int_equal(entry->before.at[0], (uint8_t)number);
	assert_true(journal_record_is_authentic(entry));
	assert_int_equal(journal_peek(rig->journal, entry->place, &key, &record, &kind), STATUS_OK);
	assert_true(bytes_equal(key, entry->key) && bytes_equal(record, entry->record));
	assert_int_equal(kind, entry->kind);
}

size_t
rig_count(struct rig *rig)
{
	uint64_t place = journal_first(rig->journal);
	uint8_t chain[JOURNAL_DIGEST_SIZE] = {0};
	struct journal_entry entry;
	size_t count = 0;
	enum status status;

	while ((status = journal_read(rig->journal, place, &entry)) == STATUS_OK) {
		assert_is_entry(rig, &entry, count);
		assert_memory_equal(entry.chain.at, chain, sizeof(chain));
		journal_entry_hash(&entry, chain);
		place = entry.next;
		count++;
	}
	assert_int_equal(status, STATUS_NOT_FOUND);
	assert_int_equal(place, journal_end(rig->journal));
	assert_int_equal(journal_last_sequence(rig->journal), count);
	return count;
}

void
rig_assert_holds(struct rig *rig, size_t count)
{
	assert_int_equal(rig_count(rig), count);
}

void
rig_path(const struct rig *rig, size_t segment, char ret_path[RIG_PATH_SIZE])
{
	int size = snprintf(ret_path, RIG_PATH_SIZE, "%.100s/ledger/%016llx.seg", rig->directory,
		(unsigned long long)(segment * RIG_SEGMENT_SIZE));

	assert_true(size > 0 && size < RIG_PATH_SIZE);
}

size_t
rig_segment_count(const struct rig *rig)
{
	char path[RIG_PATH_SIZE];
	size_t count = 0;

	for (;; count++) {
		rig_path(rig, count, path);
		if (access(path, F_OK) != 0) {
			return count;
		}
	}
}

static int
file_open(const struct rig *rig, uint64_t place)
{
	char path[RIG_PATH_SIZE];
	int fd;

	rig_path(rig, place / RIG_SEGMENT_SIZE, path);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	return fd;
}

void
rig_peek_file(const struct rig *rig, uint64_t place, void *at, size_t size)
{
	int fd = file_open(rig, place);

	assert_int_equal(pread(fd, at, size, (off_t)(place % RIG_SEGMENT_SIZE)), size);
	close(fd);
}

void
rig_poke_file(const struct rig *rig, uint64_t place, const void *at, size_t size)
{
	int fd = file_open(rig, place);

	assert_int_equal(pwrite(fd, at, size, (off_t)(place % RIG_SEGMENT_SIZE)), size);
	close(fd);
}

void
rig_flip(const struct rig *rig, uint64_t place, uint8_t mask)
{
	uint8_t octet;

	rig_peek_file(rig, place, &octet, 1);
	octet ^= mask;
	rig_poke_file(rig, place, &octet, 1);
}

struct rig_files {
	struct rig_entry entries[RIG_ENTRY_COUNT_MAX];
	size_t entry_count;
	size_t count;
	uint8_t octets[][RIG_SEGMENT_SIZE];
};

struct rig_files *
rig_save(const struct rig *rig)
{
	size_t count = rig_segment_count(rig);
	struct rig_files *files = malloc(sizeof(*files) + count * RIG_SEGMENT_SIZE);

	assert_non_null(files);
	memcpy(files->entries, rig->entries, sizeof(files->entries));
	files->entry_count = rig->entry_count;
	files->count = count;
	for (size_t i = 0; i < count; i++) {
		rig_peek_file(rig, i * RIG_SEGMENT_SIZE, files->octets[i], RIG_SEGMENT_SIZE);
	}
	return files;
}

void
rig_restore(struct rig *rig, const struct rig_files *files)
{
	char path[RIG_PATH_SIZE];

	snprintf(path, sizeof(path), "%.100s/ledger", rig->directory);
	remove_files(path);
	memcpy(rig->entries, files->entries, sizeof(files->entries));
	rig->entry_count = files->entry_count;
	for (size_t i = 0; i < files->count; i++) {
		rig_path(rig, i, path);

		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, files->octets[i], RIG_SEGMENT_SIZE), RIG_SEGMENT_SIZE);
		close(fd);
	}
}

bool
rig_files_are_equal(const struct rig_files *one, const struct rig_files *other)
{
	return one->count == other->count &&
		memcmp(one->octets, other->octets, one->count * RIG_SEGMENT_SIZE) == 0;
}

void
rig_files_free(struct rig_files *files)
{
	free(files);
}
