/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_rig.h"

#include "journal/journal_private.h"
#include "support/disk_fault.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Batches of several sizes over several segments, until one fails. */
static enum status
append_batches(struct rig *rig)
{
	enum status status = STATUS_OK;

	for (size_t batch = 0; batch < 8 && status == STATUS_OK; batch++) {
		for (size_t i = 0; i <= batch % 4; i++) {
			assert_int_equal(rig_add(rig, batch * 177 % 1500), STATUS_OK);
		}
		status = journal_flush(rig->journal, &rig->problem);
		if (status == STATUS_OK) {
			rig->entry_count += rig->added_count;
			rig->added_count = 0;
		}
	}
	return status;
}

/* After a failure nothing is written or synced any more, and what was acknowledged is read. */
static void
assert_read_only(struct rig *rig, uint64_t end)
{
	uint64_t syncs = disk_fault_count(DISK_SYNC);
	uint64_t writes = disk_fault_count(DISK_WRITE);

	assert_int_equal(journal_end(rig->journal), end);
	rig_assert_holds(rig, rig->entry_count);
	assert_int_equal(rig_add(rig, 10), STATUS_READ_ONLY);
	assert_int_equal(journal_flush(rig->journal, &rig->problem), STATUS_READ_ONLY);
	assert_int_equal(rig->journal->batch_size, 0);
	assert_int_equal(journal_end(rig->journal), end);
	assert_int_equal(disk_fault_count(DISK_SYNC), syncs);
	assert_int_equal(disk_fault_count(DISK_WRITE), writes);
}

/* The journal opens again, holds what was acknowledged, and takes more. */
static void
assert_opens_again(struct rig *rig)
{
	size_t acknowledged = rig->entry_count;
	size_t count;

	rig_close(rig);
	if (rig_segment_count(rig) > 0) {
		assert_int_equal(rig_open(rig, false, 0), STATUS_OK);
		assert_true(rig_count(rig) >= acknowledged);
		rig_close(rig);
	}
	assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
	count = rig_count(rig);
	assert_in_range(count, acknowledged, acknowledged + rig->added_count);
	rig->entry_count = count;
	rig->added_count = 0;
	assert_int_equal(append_batches(rig), STATUS_OK);
	rig_assert_holds(rig, rig->entry_count);
	rig_close(rig);
	assert_int_equal(rig_open(rig, false, 0), STATUS_OK);
	rig_assert_holds(rig, rig->entry_count);
}

/* Returns false when the scenario ended before the n-th call. */
static bool
fail_nth_call(uint64_t nth, int error, enum status expected)
{
	struct rig *rig = rig_new();
	bool has_struck;
	enum status status;
	uint64_t end;

	disk_fault_arm(nth, error);
	status = rig_open(rig, true, 0);
	if (status == STATUS_OK) {
		status = append_batches(rig);
		end = journal_end(rig->journal);
		if (status != STATUS_OK) {
			assert_true(disk_fault_has_struck());
			assert_read_only(rig, end);
		}
	}
	has_struck = disk_fault_has_struck();
	assert_int_equal(status, has_struck ? expected : STATUS_OK);
	disk_fault_disarm();
	assert_opens_again(rig);
	rig_free(rig);
	return has_struck;
}

static void
any_failing_call_ends_writing_and_loses_nothing(void **state)
{
	(void)state;
	static const struct {
		int error;
		enum status expected;
	} rows[] = {{EIO, STATUS_SYSTEM}, {ENOSPC, STATUS_NO_SPACE}, {EDQUOT, STATUS_NO_SPACE},
		{EROFS, STATUS_READ_ONLY}};
	uint64_t nth;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (nth = 1; fail_nth_call(nth, rows[i].error, rows[i].expected); nth++) {
		}
		assert_in_range(nth, 20, 200);
	}
}

/* What is in the kernel's memory after a failed sync need not be on the disk. */
static void
a_batch_whose_sync_failed_is_written_again_by_the_next_opening(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	uint64_t size;

	rig_make(rig);
	assert_int_equal(rig_add(rig, 500), STATUS_OK);
	rig_flush(rig);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(rig_add(rig, 1000), STATUS_OK);
	}
	size = rig->journal->batch_size;
	disk_fault_arm_call(DISK_SYNC, 4, EIO); /* After the new segment's. */
	assert_int_equal(journal_flush(rig->journal, &rig->problem), STATUS_SYSTEM);
	rig_close(rig);
	disk_fault_disarm();
	assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
	rig_assert_holds(rig, 6);
	assert_true(disk_fault_written() >= size);
	assert_int_equal(disk_fault_count(DISK_SYNC), 2); /* One for each segment. */
	size = journal_end(rig->journal);
	rig_close(rig);
	disk_fault_disarm();
	assert_int_equal(rig_open(rig, true, size), STATUS_OK); /* Known: nothing to do. */
	assert_int_equal(disk_fault_written(), 0);
	assert_int_equal(disk_fault_count(DISK_SYNC), 0);
	rig_free(rig);
}

/* Cutting a torn batch off, of which a part lies in a segment of its own, may fail as well. */
static void
a_failing_cut_can_be_done_again(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	struct rig_files *files;
	bool is_over = false;

	rig_make(rig);
	assert_int_equal(rig_add(rig, 500), STATUS_OK);
	rig_flush(rig);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(rig_add(rig, 1000), STATUS_OK);
	}
	rig_flush(rig);
	rig_close(rig);
	rig_flip(rig, rig->entries[2].place + 50, 1);
	files = rig_save(rig);
	for (uint64_t nth = 1; !is_over; nth++) {
		disk_fault_arm(nth, EIO);
		is_over = rig_open(rig, true, 0) == STATUS_OK;
		assert_int_equal(disk_fault_has_struck(), !is_over);
		rig_close(rig);
		disk_fault_disarm();
		assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
		rig_assert_holds(rig, 2);
		rig->entry_count = 2;
		assert_int_equal(append_batches(rig), STATUS_OK);
		rig_assert_holds(rig, rig->entry_count);
		rig_close(rig);
		rig_restore(rig, files);
		assert_true(nth < 50);
	}
	rig_files_free(files);
	rig_free(rig);
}

static void
short_writes_and_signals_do_no_harm(void **state)
{
	(void)state;
	struct rig *rig = rig_new();

	disk_fault_disarm();
	disk_fault_shorten(7);
	rig_make(rig);
	assert_int_equal(append_batches(rig), STATUS_OK);
	disk_fault_shorten(0);
	rig_assert_holds(rig, rig->entry_count);
	rig_close(rig);
	assert_int_equal(rig_open(rig, true, 0), STATUS_OK);
	rig_assert_holds(rig, rig->entry_count);
	rig_free(rig);
}

static void
a_batch_costs_one_sync(void **state)
{
	(void)state;
	struct rig *rig = rig_new();

	rig_make(rig);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(rig_add(rig, 100), STATUS_OK);
	}
	disk_fault_disarm();
	rig_flush(rig);
	assert_int_equal(disk_fault_count(DISK_SYNC), 1);
	assert_int_equal(rig_add(rig, 100), STATUS_OK);
	disk_fault_disarm();
	rig_flush(rig);
	assert_int_equal(disk_fault_count(DISK_SYNC), 1);
	assert_int_equal(disk_fault_count(DISK_WRITE), 1); /* Zeros were written before. */
	rig_free(rig);
}

static void
a_directory_that_may_not_be_written_is_a_problem_with_a_name(void **state)
{
	(void)state;
	struct rig *rig = rig_new();
	struct rig *nowhere = rig_new();
	char ledger[RIG_PATH_SIZE];

	if (geteuid() == 0) {
		/* Root may write anywhere; a path through a file stops it too. */
		rig_make(rig);
		rig_close(rig);
		rig_path(rig, 0, ledger);
		assert_int_not_equal(
			journal_open(ledger, true, 0, &rig->journal, &rig->problem), STATUS_OK);
		assert_non_null(strstr(rig->problem.text, ledger));
	} else {
		assert_int_equal(chmod(rig->directory, 0500), 0);
		assert_int_equal(rig_open(rig, true, 0), STATUS_NOT_FOUND);
		assert_int_equal(chmod(rig->directory, 0700), 0);
	}
	snprintf(ledger, sizeof(ledger), "%.100s/no/such", nowhere->directory);
	assert_int_equal(
		journal_open(ledger, true, 0, &nowhere->journal, &nowhere->problem), STATUS_SYSTEM);
	assert_non_null(strstr(nowhere->problem.text, ledger));
	rig_free(nowhere);
	rig_free(rig);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_failing_call_ends_writing_and_loses_nothing),
		cmocka_unit_test(a_batch_whose_sync_failed_is_written_again_by_the_next_opening),
		cmocka_unit_test(a_failing_cut_can_be_done_again),
		cmocka_unit_test(short_writes_and_signals_do_no_harm),
		cmocka_unit_test(a_batch_costs_one_sync),
		cmocka_unit_test(a_directory_that_may_not_be_written_is_a_problem_with_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
