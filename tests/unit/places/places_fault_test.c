/* SPDX-License-Identifier: Apache-2.0 */
#include "places_rig.h"
#include "support/disk_fault.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

/* Puts and checkpoints over two growths; stops at the first failure. */
static enum status
put_and_checkpoint(struct model *model)
{
	enum status status = STATUS_OK;
	struct problem problem;

	for (uint32_t i = 0; i < 7000 && status == STATUS_OK; i++) {
		size_t entry = model->entry_count;
		uint64_t key = i % 6000;

		model->entries[entry] = (uint32_t)key;
		model->entry_count++;
		status = places_put(model->places, key_of(&key), place_of(entry), matches, model);
		if (status != STATUS_OK) {
			model->entry_count--;
			break;
		}
		model->newest[key] = place_of(entry);
		if (i % 1500 == 1000) {
			status = places_checkpoint(
				model->places, place_of(model->entry_count), &problem);
		}
	}
	return status;
}

/* Opens after the failure, replays from where the file says, compares. */
static void
assert_repairs(struct model *model)
{
	size_t from;

	model_open(model, true);
	from = model->is_new ? 0 : places_position(model->places) / 8 - 1;
	assert_true(from <= model->entry_count);
	for (size_t entry = from; entry < model->entry_count; entry++) {
		put_entry(model, entry);
	}
	assert_agrees(model, 6000);
	checkpoint(model);
	model_close(model);
	model_open(model, true);
	assert_false(model->is_new);
	assert_agrees(model, 6000);
}

static bool
fail_nth_call(uint64_t nth, int error, enum status expected)
{
	struct model *model = model_new();
	enum status status;
	bool has_struck;
	uint64_t syncs;

	disk_fault_arm(nth, error);
	status = places_open(model->path, true, &model->places, &model->is_new, NULL);
	if (status == STATUS_OK) {
		status = put_and_checkpoint(model);
		assert_agrees(model, 6000); /* Reads go on. */
	}
	has_struck = disk_fault_has_struck();
	assert_int_equal(status, has_struck ? expected : STATUS_OK);
	if (model->places != NULL && has_struck && model->places->has_failed) {
		syncs = disk_fault_count(DISK_SYNC);
		assert_int_equal(places_checkpoint(model->places, 8, NULL), STATUS_READ_ONLY);
		model_close(model);
		assert_int_equal(disk_fault_count(DISK_SYNC), syncs);
	}
	model_close(model);
	disk_fault_disarm();
	assert_repairs(model);
	model_free(model);
	return has_struck;
}

static void
any_failing_call_can_be_repaired_from_the_journal(void **state)
{
	(void)state;
	uint64_t nth;

	for (nth = 1; fail_nth_call(nth, EIO, STATUS_SYSTEM); nth++) {
	}
	assert_in_range(nth, 15, 100);
	for (nth = 1; fail_nth_call(nth, ENOSPC, STATUS_NO_SPACE); nth++) {
	}
}

static void
the_header_vouches_for_slots_only_when_they_are_durable(void **state)
{
	(void)state;
	struct model *model = model_new();

	model_open(model, true);
	put(model, 1);
	checkpoint(model);
	put(model, 2);
	disk_fault_arm_call(DISK_SYNC, 1, EIO); /* Of the slots. */
	assert_int_equal(places_checkpoint(model->places, place_of(2), NULL), STATUS_SYSTEM);
	assert_int_equal(disk_fault_count(DISK_WRITE), 0);
	assert_int_equal(places_position(model->places), place_of(1));
	model_close(model);
	disk_fault_disarm();
	model_open(model, true);
	assert_int_equal(places_position(model->places), place_of(1));
	model_free(model);
}

static void
a_full_disk_refuses_growth_and_keeps_the_table(void **state)
{
	(void)state;
	struct model *model = model_new();
	uint64_t key = 100000;
	uint32_t count = 0;

	model_open(model, true);
	disk_fault_arm_call(DISK_ROOM, 1, ENOSPC);
	while (places_reserve(model->places, 1) == STATUS_OK) {
		put(model, count++);
	}
	assert_int_equal(count, (1 << PLACES_BITS_MIN) * PLACES_LOAD_PERCENT_MAX / 100);
	assert_int_equal(
		places_put(model->places, key_of(&key), 8, matches, model), STATUS_NO_SPACE);
	assert_int_equal(places_count(model->places), count);
	put(model, 5); /* A key that is there needs no room. */
	assert_agrees(model, count + 5);
	disk_fault_disarm(); /* Room again. */
	put(model, count);
	assert_agrees(model, count + 5);
	checkpoint(model);
	model_free(model);
}

static void
short_writes_and_signals_do_no_harm(void **state)
{
	(void)state;
	struct model *model = model_new();

	disk_fault_disarm();
	disk_fault_shorten(5);
	model_open(model, true);
	put(model, 3);
	checkpoint(model);
	model_close(model);
	disk_fault_shorten(0);
	model_open(model, true);
	assert_false(model->is_new);
	assert_agrees(model, 10);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_failing_call_can_be_repaired_from_the_journal),
		cmocka_unit_test(the_header_vouches_for_slots_only_when_they_are_durable),
		cmocka_unit_test(a_full_disk_refuses_growth_and_keeps_the_table),
		cmocka_unit_test(short_writes_and_signals_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
