/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "journal_rig.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * A journal of four batches over three segments: one that is small, one that crosses into the
 * second segment, one in the middle of it, and the last, which crosses into the third.
 */
static struct rig *
four_batches(void)
{
	static const size_t batches[][4] = {
		{120, 0}, {1500, 1500, 1300}, {200, 64, 0, 300}, {90, 1400, 1200, 700}};
	static const size_t counts[] = {2, 3, 4, 4};
	struct rig *rig = rig_new();

	rig_make(rig);
	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < counts[i]; j++) {
			assert_int_equal(rig_add(rig, batches[i][j]), STATUS_OK);
		}
		rig_flush(rig);
	}
	assert_int_equal(rig_segment_count(rig), 3);
	return rig;
}

enum { ENTRY_COUNT = 13, ACKNOWLEDGED_COUNT = 9 };

/* Of entries 1 and 6 when they have no record. */
enum { SMALL_SIZE = JOURNAL_ENTRY_SIZE_MIN + 8 };

static uint64_t
end_of(const struct rig *rig, size_t count)
{
	return rig->entries[count - 1].batch_end;
}

/* Opening must refuse; the problem must name a file. */
static void
assert_refused(struct rig *rig, bool is_writable, uint64_t known_place)
{
	enum status status = rig_open(rig, is_writable, known_place);

	if (status != STATUS_CORRUPT && status != STATUS_UNKNOWN_VERSION) {
		fail_msg("opened with %s: %s", status_name(status), rig->problem.text);
	}
	assert_int_equal(rig->problem.status, status);
	assert_non_null(strstr(rig->problem.text, "ledger/0000"));
	assert_null(rig->journal);
}

/* One octet of the files is wrong. The answer is a refusal or entries as they were; entries
 * may be missing only if the octet is of the last batch and nobody knew of it. */
static void
assert_damage_is_met(struct rig *rig, uint64_t at)
{
	size_t count;

	if (rig_open(rig, false, 0) == STATUS_OK) {
		count = rig_count(rig);
		assert_true(count == ENTRY_COUNT ||
			(count >= ACKNOWLEDGED_COUNT && at >= end_of(rig, ACKNOWLEDGED_COUNT)));
		rig_close(rig);
	} else {
		assert_non_null(strstr(rig->problem.text, "ledger/0000"));
	}
	/* With the batch before the last known, all but the header is checked as above; with
	 * everything known nothing may be missing. */
	if (rig_open(rig, false, end_of(rig, ENTRY_COUNT)) == STATUS_OK) {
		struct journal_entry entry;
		uint64_t place = journal_first(rig->journal);

		count = 0;
		while (journal_read(rig->journal, place, &entry) == STATUS_OK) {
			place = entry.next;
			count++;
		}
		/* Either all, or the walk stopped at the damage. */
		assert_true(count == ENTRY_COUNT ||
			journal_read(rig->journal, place, &entry) == STATUS_CORRUPT);
		rig_close(rig);
	}
}

static void
a_changed_octet_anywhere_is_met_or_harmless(void **state)
{
	(void)state;
	struct rig *rig = four_batches();
	uint64_t size = rig_segment_count(rig) * RIG_SEGMENT_SIZE;

	rig_close(rig);
	for (uint64_t at = 0; at < size; at++) {
		/* Of the headers' empty parts a sample will do. */
		if (at % RIG_SEGMENT_SIZE > 96 && at % RIG_SEGMENT_SIZE < 4080 && at % 61 != 0) {
			continue;
		}
		rig_flip(rig, at, (uint8_t)(1 << at % 8));
		assert_damage_is_met(rig, at);
		rig_flip(rig, at, (uint8_t)(1 << at % 8));
	}
	assert_int_equal(rig_open(rig, false, 0), STATUS_OK);
	rig_assert_holds(rig, ENTRY_COUNT);
	rig_free(rig);
}

static void
damage_before_the_last_batch_is_refused(void **state)
{
	(void)state;
	struct rig *rig = four_batches();

	rig_close(rig);
	for (size_t i = 0; i < ACKNOWLEDGED_COUNT; i++) {
		for (size_t offset = 0; offset < JOURNAL_ENTRY_SIZE_MIN; offset += 3) {
			rig_flip(rig, rig->entries[i].place + offset, 0x40);
			assert_refused(rig, true, 0);
			assert_refused(rig, false, 0);
			rig_flip(rig, rig->entries[i].place + offset, 0x40);
		}
	}
	assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
	rig_assert_holds(rig, ENTRY_COUNT);
	rig_free(rig);
}

static void
damage_to_the_last_batch_is_refused_when_it_was_known(void **state)
{
	(void)state;
	struct rig *rig = four_batches();

	rig_close(rig);
	/* The last entry vouches for all that is known; its own damage is seen. */
	for (size_t offset = 0; offset < JOURNAL_ENTRY_SIZE_MIN; offset++) {
		rig_flip(rig, rig->entries[ENTRY_COUNT - 1].place + offset, 0x04);
		assert_refused(rig, true, end_of(rig, ENTRY_COUNT));
		rig_flip(rig, rig->entries[ENTRY_COUNT - 1].place + offset, 0x04);
	}
	rig_free(rig);
}

static void
a_torn_batch_is_cut_and_written_over(void **state)
{
	(void)state;
	struct rig *rig = four_batches();
	struct rig_files *files;
	uint64_t known[] = {0, end_of(rig, 2), end_of(rig, ACKNOWLEDGED_COUNT)};
	size_t good = 0;

	rig_close(rig);
	files = rig_save(rig);
	for (size_t i = ACKNOWLEDGED_COUNT; i < ENTRY_COUNT; i++) {
		for (size_t offset = 0; offset < JOURNAL_ENTRY_SIZE_MIN; offset += 5) {
			uint64_t at = rig->entries[i].place + offset;

			rig_flip(rig, at, 0x10);
			assert_int_equal(rig_open(rig, true, known[at % 3]), STATUS_OK);
			rig_assert_holds(rig, i);
			assert_true(journal_cut_size(rig->journal) > 0);
			/* New entries of every size go over what was cut. */
			rig->entry_count = i;
			assert_int_equal(rig_add(rig, at * 16 % 1900), STATUS_OK);
			rig_flush(rig);
			rig_assert_holds(rig, i + 1);
			rig_close(rig);
			assert_int_equal(rig_open(rig, false, 0), STATUS_OK);
			rig_assert_holds(rig, i + 1);
			assert_int_equal(journal_cut_size(rig->journal), 0);
			rig_close(rig);
			rig_restore(rig, files);
			good++;
		}
	}
	assert_true(good > 100);
	rig_files_free(files);
	rig_free(rig);
}

/* Any subset of sectors of the last batch may have been lost when the power went. */
static void
any_sectors_of_the_last_batch_may_be_lost(void **state)
{
	(void)state;
	struct rig *rig = four_batches();
	struct rig_files *files;
	uint8_t zeros[512] = {0};
	uint64_t from = end_of(rig, ACKNOWLEDGED_COUNT);
	uint64_t to = end_of(rig, ENTRY_COUNT);
	uint64_t random = 1;

	rig_close(rig);
	files = rig_save(rig);
	for (int round = 0; round < 300; round++) {
		size_t count;

		for (uint64_t at = from & ~UINT64_C(511); at < to; at += 512) {
			uint64_t start = at < from ? from : at;

			random = random * 6364136223846793005u + 1442695040888963407u;
			/* The new segment's header was durable before. */
			if (random >> 63 != 0 && at % RIG_SEGMENT_SIZE >= JOURNAL_HEADER_SIZE) {
				rig_poke_file(rig, start, zeros, at + 512 - start);
			}
		}
		assert_int_equal(rig_open(rig, true, round % 2 ? from : 0), STATUS_OK);
		count = rig_count(rig);
		assert_in_range(count, ACKNOWLEDGED_COUNT, ENTRY_COUNT);
		rig->entry_count = count;
		assert_int_equal(rig_add(rig, (size_t)round * 5), STATUS_OK);
		rig_flush(rig);
		rig_close(rig);
		assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
		rig_assert_holds(rig, count + 1);
		rig_close(rig);
		rig_restore(rig, files);
	}
	rig_files_free(files);
	rig_free(rig);
}

static void
a_file_of_any_other_length_is_refused(void **state)
{
	(void)state;
	struct rig *rig = four_batches();
	struct rig_files *files;
	char path[RIG_PATH_SIZE];

	rig_close(rig);
	files = rig_save(rig);
	for (size_t segment = 0; segment < 3; segment++) {
		rig_path(rig, segment, path);
		for (off_t size = 0; size < RIG_SEGMENT_SIZE; size += size < 200 ? 1 : 97) {
			assert_int_equal(truncate(path, size), 0);
			assert_refused(rig, size % 2, size % 3 ? 0 : end_of(rig, ENTRY_COUNT));
			rig_restore(rig, files);
		}
		assert_int_equal(truncate(path, RIG_SEGMENT_SIZE + 1), 0);
		assert_refused(rig, true, 0);
		rig_restore(rig, files);
	}
	rig_files_free(files);
	rig_free(rig);
}

static void
a_missing_file_is_named(void **state)
{
	(void)state;
	struct rig *rig = four_batches();
	struct rig_files *files;
	char path[RIG_PATH_SIZE];

	rig_close(rig);
	files = rig_save(rig);
	for (size_t segment = 0; segment < 3; segment++) {
		rig_path(rig, segment, path);
		assert_int_equal(unlink(path), 0);
		/* Of the last one, the pad before it tells. */
		for (int is_writable = 0; is_writable <= 1; is_writable++) {
			assert_refused(rig, is_writable, 0);
			assert_refused(rig, is_writable, end_of(rig, ENTRY_COUNT));
			assert_non_null(strstr(rig->problem.text, strrchr(path, '/') + 1));
		}
		rig_restore(rig, files);
	}
	for (size_t segment = 0; segment < 3; segment++) {
		rig_path(rig, segment, path);
		unlink(path);
	}
	assert_int_equal(rig_open(rig, true, end_of(rig, 2)), STATUS_CORRUPT);
	assert_int_equal(rig_open(rig, false, 0), STATUS_NOT_FOUND);
	rig_restore(rig, files);
	rig_files_free(files);
	rig_free(rig);
}

static void
a_renamed_file_is_named(void **state)
{
	(void)state;
	struct rig *rig = four_batches();
	struct rig_files *files;
	char from[RIG_PATH_SIZE], to[RIG_PATH_SIZE];

	rig_close(rig);
	files = rig_save(rig);
	for (size_t segment = 0; segment < 3; segment++) {
		rig_path(rig, segment, from);
		rig_path(rig, 3, to);
		assert_int_equal(rename(from, to), 0);
		assert_refused(rig, true, 0);
		rig_restore(rig, files);
	}
	/* A place where no segment begins. */
	rig_path(rig, 2, from);
	rig_path(rig, 2, to);
	to[strlen(to) - 5] = '8';
	assert_int_equal(rename(from, to), 0);
	assert_refused(rig, true, 0);
	rig_restore(rig, files);
	rig_files_free(files);
	rig_free(rig);
}

static void
another_layout_version_is_refused_with_what_to_do(void **state)
{
	(void)state;
	struct rig *rig = four_batches();

	rig_close(rig);
	for (size_t segment = 0; segment < 3; segment++) {
		uint64_t at = segment * RIG_SEGMENT_SIZE + offsetof(struct journal_header, version);

		rig_flip(rig, at, 2);
		assert_int_equal(rig_open(rig, true, 0), STATUS_UNKNOWN_VERSION);
		assert_non_null(strstr(rig->problem.text, "version 3"));
		rig_flip(rig, at, 2);
	}
	rig_free(rig);
}

static void
a_journal_shorter_than_what_is_known_is_refused(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	uint8_t zeros[JOURNAL_HEAD_SIZE] = {0};
	uint64_t end;

	rig_make(rig);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rig_add(rig, 100), STATUS_OK);
		rig_flush(rig);
	}
	end = journal_end(rig->journal);
	rig_close(rig);
	assert_refused(rig, true, end + 8);
	assert_refused(rig, true, RIG_SEGMENT_SIZE);
	assert_refused(rig, true, RIG_SEGMENT_SIZE + 8);
	assert_refused(rig, false, UINT64_C(1) << 38);
	assert_int_equal(rig_open(rig, true, end - 1), STATUS_INVALID);
	/* The last entry's head is gone, the rest of it is there. */
	rig_poke_file(rig, rig->entries[2].place, zeros, sizeof(zeros));
	assert_refused(rig, true, end);
	assert_int_equal(rig_open(rig, true, end_of(rig, 2)), STATUS_OK);
	rig_assert_holds(rig, 2);
	rig_free(rig);
}

static void
entries_in_the_wrong_order_are_refused(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	uint8_t one[SMALL_SIZE], other[SMALL_SIZE];
	struct journal_head head;

	rig_make(rig);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(rig_add(rig, 0), STATUS_OK);
		rig_flush(rig);
	}
	rig_close(rig);
	assert_int_equal(rig->entries[7].place - rig->entries[6].place, sizeof(other));
	rig_peek_file(rig, rig->entries[1].place, one, sizeof(one));
	rig_peek_file(rig, rig->entries[6].place, other, sizeof(other));
	rig_poke_file(rig, rig->entries[1].place, other, sizeof(other));
	assert_refused(rig, true, 0);
	/* Also with a checksum that is right for the place: sequence and chain tell. */
	memcpy(&head, other, sizeof(head));
	head.checksum =
		checksum_over(bytes_over(other + 8, sizeof(other) - 8), rig->entries[1].place);
	memcpy(other, &head, sizeof(head));
	rig_poke_file(rig, rig->entries[1].place, other, sizeof(other));
	assert_refused(rig, true, 0);
	rig_poke_file(rig, rig->entries[1].place, one, sizeof(one));
	assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
	rig_assert_holds(rig, 8);
	rig_free(rig);
}

static void
a_changed_past_breaks_the_chain(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	uint8_t octets[SMALL_SIZE];
	struct journal_head head;
	size_t time_at = JOURNAL_HEAD_SIZE + 8;

	rig_make(rig);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rig_add(rig, 0), STATUS_OK);
		rig_flush(rig);
	}
	rig_close(rig);
	/* Somebody who knows the format changes the second entry's time and seals it again. */
	rig_peek_file(rig, rig->entries[1].place, octets, sizeof(octets));
	octets[time_at] ^= 1;
	memcpy(&head, octets, sizeof(head));
	head.checksum =
		checksum_over(bytes_over(octets + 8, sizeof(octets) - 8), rig->entries[1].place);
	memcpy(octets, &head, sizeof(head));
	rig_poke_file(rig, rig->entries[1].place, octets, sizeof(octets));
	assert_refused(rig, true, 0);
	assert_non_null(strstr(rig->problem.text, "does not follow"));
	rig_free(rig);
}

static void
what_a_crash_left_of_a_new_segment_is_removed(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	char path[RIG_PATH_SIZE + 32];
	int fd;

	rig_make(rig);
	assert_int_equal(rig_add(rig, 1000), STATUS_OK);
	rig_flush(rig);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(rig_add(rig, 1000), STATUS_OK);
	}
	rig_flush(rig);
	assert_int_equal(rig_segment_count(rig), 2);
	rig_close(rig);
	/* The batch never reached the disk; the segment made for it did. */
	for (uint64_t at = rig->entries[1].place; at < RIG_SEGMENT_SIZE; at++) {
		rig_poke_file(rig, at, "", 1);
	}
	for (uint64_t at = RIG_SEGMENT_SIZE + JOURNAL_HEADER_SIZE; at < 2 * RIG_SEGMENT_SIZE;
		at++) {
		rig_poke_file(rig, at, "", 1);
	}
	snprintf(path, sizeof(path), "%s/ledger/unfinished.tmp", rig->directory);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(rig_open(rig, false, 0), STATUS_OK);
	rig_assert_holds(rig, 1);
	rig_close(rig);
	assert_int_equal(rig_segment_count(rig), 2);
	assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
	rig_assert_holds(rig, 1);
	assert_int_equal(rig_segment_count(rig), 1);
	assert_int_not_equal(access(path, F_OK), 0);
	rig->entry_count = 1;
	for (int i = 0; i < 9; i++) {
		assert_int_equal(rig_add(rig, 700), STATUS_OK);
	}
	rig_flush(rig);
	rig_close(rig);
	assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
	rig_assert_holds(rig, 10);
	rig_free(rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_octet_anywhere_is_met_or_harmless),
		cmocka_unit_test(damage_before_the_last_batch_is_refused),
		cmocka_unit_test(damage_to_the_last_batch_is_refused_when_it_was_known),
		cmocka_unit_test(a_torn_batch_is_cut_and_written_over),
		cmocka_unit_test(any_sectors_of_the_last_batch_may_be_lost),
		cmocka_unit_test(a_file_of_any_other_length_is_refused),
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(a_renamed_file_is_named),
		cmocka_unit_test(another_layout_version_is_refused_with_what_to_do),
		cmocka_unit_test(a_journal_shorter_than_what_is_known_is_refused),
		cmocka_unit_test(entries_in_the_wrong_order_are_refused),
		cmocka_unit_test(a_changed_past_breaks_the_chain),
		cmocka_unit_test(what_a_crash_left_of_a_new_segment_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
