/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "backup/backup.h"
#include "records/records_order.h"
#include "support/cmocka_all.h"
#include "wire/wire_writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder for one test: a ledger of small segments in node/, room for backups beside it. */
enum { SCENE_SEGMENT_SIZE = 8192, SCENE_PATH_SIZE = 128 };

struct scene {
	char folder[64];
	char node[SCENE_PATH_SIZE], to[SCENE_PATH_SIZE], restored[SCENE_PATH_SIZE];
	struct ledger *ledger;
};

static const struct backup_options no_options;
static const struct backup_restore_options all_of_it;

static inline int
scene_begin(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	struct problem problem;

	assert_non_null(scene);
	snprintf(scene->folder, sizeof(scene->folder), "/dev/shm/backup_test.XXXXXX");
	assert_non_null(mkdtemp(scene->folder));
	snprintf(scene->node, SCENE_PATH_SIZE, "%s/node", scene->folder);
	snprintf(scene->to, SCENE_PATH_SIZE, "%s/to", scene->folder);
	snprintf(scene->restored, SCENE_PATH_SIZE, "%s/restored", scene->folder);
	assert_int_equal(mkdir(scene->node, 0700), 0);
	if (ledger_create_sized(scene->node, SCENE_SEGMENT_SIZE, &scene->ledger, &problem) !=
		STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	*state = scene;
	return 0;
}

static inline void
remove_all(const char *path)
{
	char command[SCENE_PATH_SIZE + 16];

	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(system(command), 0);
}

static inline int
scene_end(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(ledger_close(scene->ledger, NULL), STATUS_OK);
	remove_all(scene->folder);
	free(scene);
	return 0;
}

static inline void
put(struct ledger *ledger, unsigned handle, unsigned number)
{
	uint8_t octets[512];
	char name[32], data[300];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct handle_value value = {
		.index = 1,
		.timestamp = 1700000000,
		.ttl = HANDLE_TTL_DEFAULT,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("DESC"),
	};
	struct ledger_change change = {.kind = JOURNAL_PUT, .actor = TEXT("300:0.NA/88")};

	snprintf(name, sizeof(name), "88/%u", handle);
	snprintf(data, sizeof(data), "%0*u", 1 + (int)(number * 37 % 290), number);
	value.data = bytes_from_string(data);
	handle_value_write(&writer, &value);
	change.name = bytes_from_string(name);
	change.values = (struct handle_value_list){1, wire_written(&writer)};
	assert_int_equal(ledger_commit(ledger, &change), STATUS_OK);
}

static inline void
take_away(struct ledger *ledger, unsigned handle)
{
	char name[32];
	struct ledger_change change = {.kind = JOURNAL_DELETE};

	snprintf(name, sizeof(name), "88/%u", handle);
	change.name = bytes_from_string(name);
	assert_int_equal(ledger_commit(ledger, &change), STATUS_OK);
}

/* Creates, replaces, deletes; a prefix homed now and then. */
static inline void
change_much(struct ledger *ledger, unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		if (i % 17 == 16) {
			char name[32];
			struct ledger_change change = {.kind = JOURNAL_HOME};

			snprintf(name, sizeof(name), "0.NA/88.%u", i);
			change.name = bytes_from_string(name);
			assert_int_equal(ledger_commit(ledger, &change), STATUS_OK);
		}
		put(ledger, i, i);
		if (i % 3 == 0) {
			put(ledger, i, i + 1);
		}
		if (i % 5 == 0) {
			take_away(ledger, i);
		}
	}
}

static inline struct backup_report
back_up(const char *node, const char *to)
{
	struct backup_report report;
	struct problem problem;

	if (backup_make(node, to, &no_options, &report, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return report;
}

static inline struct backup_report
check_well(const char *to)
{
	struct backup_report report;
	struct problem problem;

	if (backup_check(to, &no_options, &report, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return report;
}

static inline struct backup_report
restore_well(const char *to, const char *directory, const struct backup_restore_options *options)
{
	struct backup_report report;
	struct problem problem;

	if (backup_restore(to, directory, options, &report, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return report;
}

static inline struct journal *
journal_look(const char *directory)
{
	struct journal *journal;
	struct problem problem;

	if (journal_open(directory, false, 0, &journal, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return journal;
}

/* Every entry of `copy`, octet for octet, is that of `original`; and there are `count`. */
static inline void
expect_same_history(const char *original, const char *copy, uint64_t count)
{
	struct journal *one = journal_look(original), *other = journal_look(copy);
	uint64_t place = journal_first(one), place_too = place;

	assert_int_equal(journal_last_sequence(other), count);
	for (uint64_t sequence = 1; sequence <= count; sequence++) {
		struct journal_entry entry, entry_too;

		assert_int_equal(journal_read(one, place, &entry), STATUS_OK);
		assert_int_equal(journal_read(other, place_too, &entry_too), STATUS_OK);
		assert_int_equal(entry_too.sequence, sequence);
		assert_int_equal(entry.place, entry_too.place);
		assert_int_equal(entry.next, entry_too.next);
		assert_int_equal(entry.kind, entry_too.kind);
		assert_int_equal(entry.time_ms, entry_too.time_ms);
		assert_true(bytes_equal(entry.key, entry_too.key));
		assert_true(bytes_equal(entry.record, entry_too.record));
		assert_true(bytes_equal(entry.actor, entry_too.actor));
		assert_true(bytes_equal(entry.before, entry_too.before));
		assert_true(bytes_equal(entry.chain, entry_too.chain));
		place = entry.next;
		place_too = entry_too.next;
	}
	journal_close(one);
	journal_close(other);
}

/* Every record of the one is in the other with the same octets, and no other record. */
static inline void
expect_same_records(struct ledger *original, const char *copy, uint64_t *ret_count)
{
	struct records_cursor *one, *other;
	struct bytes key, key_too;
	struct record record, record_too;
	struct problem problem;
	struct ledger *ledger;

	if (ledger_open(copy, LEDGER_READ, &ledger, &problem) != STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	assert_int_equal(ledger_settle(original, NULL), STATUS_OK);
	assert_int_equal(records_cursor_open(ledger_records(original), TEXT(""), &one), STATUS_OK);
	assert_int_equal(records_cursor_open(ledger_records(ledger), TEXT(""), &other), STATUS_OK);
	for (*ret_count = 0; records_cursor_next(one, &key, &record); *ret_count += 1) {
		assert_true(records_cursor_next(other, &key_too, &record_too));
		assert_true(bytes_equal(key, key_too));
		assert_true(bytes_equal(record.name, record_too.name));
		assert_true(bytes_equal(record.values.octets, record_too.values.octets));
	}
	assert_false(records_cursor_next(other, &key_too, &record_too));
	assert_int_equal(records_prefix_count(ledger_records(original)),
		records_prefix_count(ledger_records(ledger)));
	records_cursor_close(one);
	records_cursor_close(other);
	assert_int_equal(ledger_close(ledger, NULL), STATUS_OK);
}

static inline void
write_file(const char *folder, const char *name, struct bytes octets)
{
	char path[2 * SCENE_PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets.at, octets.size), octets.size);
	close(fd);
}

static inline struct bytes
read_file(const char *folder, const char *name, uint8_t *octets, size_t capacity)
{
	char path[2 * SCENE_PATH_SIZE];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	size = read(fd, octets, capacity);
	assert_true(size >= 0);
	close(fd);
	return bytes_over(octets, (size_t)size);
}
