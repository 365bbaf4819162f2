/* SPDX-License-Identifier: Apache-2.0 */
#include "records/records_order.h"
#include "replication/replication_batch.h"
#include "unit/ledger/ledger_scene.h"
#include "unit/loop/loop_help.h"

static enum status batch_status;
static bool batch_is_done;

static void
batch_done(void *context, enum status status)
{
	(void)context;
	batch_status = status;
	batch_is_done = true;
}

static bool
is_batch_done(void *context)
{
	(void)context;
	return batch_is_done;
}

/* The ledger would keep the first spelling; the mirror comes again instead. */
static void
two_spellings_in_one_batch_are_a_conflict(void **state)
{
	struct problem problem;
	struct loop *loop = loop_new(&problem);
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct replication_batch *batch = replication_batch_new(loop, ledger, batch_done, NULL);
	struct replication_values none = {0};
	struct records_cursor *cursor;
	struct record record;
	struct bytes key;

	for (size_t i = 0; i < 2; i++) {
		batch_is_done = false;
		if (i == 0) {
			assert_int_equal(
				replication_batch_put(batch, TEXT("88.1/n"), &none), STATUS_OK);
		}
		assert_int_equal(replication_batch_put(batch, TEXT("88.1/N"), &none), STATUS_OK);
		replication_batch_submit(batch);
		run_until(loop, is_batch_done, NULL);
		assert_int_equal(batch_status, i == 0 ? STATUS_CONFLICT : STATUS_OK);
	}
	replication_batch_free(batch);
	assert_int_equal(ledger_settle(ledger, &problem), STATUS_OK);
	assert_int_equal(records_cursor_open(ledger_records(ledger), TEXT(""), &cursor), STATUS_OK);
	assert_true(records_cursor_next(cursor, &key, &record));
	assert_true(bytes_equal(record.name, TEXT("88.1/N")));
	records_cursor_close(cursor);
	ledger_scene_close(ledger);
	loop_free(loop);
}

static uint64_t
put_again(struct loop *loop, struct ledger *ledger, struct replication_batch *batch, uint64_t fresh)
{
	struct replication_values none = {0};

	batch_is_done = false;
	replication_batch_set_fresh(batch, fresh);
	assert_int_equal(replication_batch_put(batch, TEXT("88.1/n"), &none), STATUS_OK);
	replication_batch_submit(batch);
	run_until(loop, is_batch_done, NULL);
	assert_int_equal(batch_status, STATUS_OK);
	return journal_last_sequence(ledger_journal(ledger));
}

/* What a dump has not written when it is over is deleted, so what stood there when it began is
 * written once more, its last entry included; but not what the same dump has written. */
static void
a_dump_writes_again_all_that_was_there_when_it_began(void **state)
{
	struct problem problem;
	struct loop *loop = loop_new(&problem);
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct replication_batch *batch = replication_batch_new(loop, ledger, batch_done, NULL);

	assert_int_equal(put_again(loop, ledger, batch, UINT64_MAX), 1);
	assert_int_equal(put_again(loop, ledger, batch, UINT64_MAX), 1);
	assert_int_equal(put_again(loop, ledger, batch, 0), 1);
	assert_int_equal(put_again(loop, ledger, batch, 1), 2);
	assert_int_equal(put_again(loop, ledger, batch, 1), 2);
	assert_int_equal(put_again(loop, ledger, batch, 2), 3);
	replication_batch_free(batch);
	ledger_scene_close(ledger);
	loop_free(loop);
}

/* Values of a record as a stream has them, each with its size in front: `size` octets in all. */
static void
put_sized(struct replication_batch *batch, size_t count, size_t size)
{
	static const uint8_t data[HANDLE_VALUE_DATA_SIZE_MAX];
	static uint8_t octets[RECORD_SIZE_MAX + 64];
	static const size_t frame = 31; /* Beside the data, with a type of one letter. */
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));

	for (uint32_t i = 0; i < count; i++) {
		struct wire_length length = wire_write_length_open(&writer);
		struct handle_value value = {.index = i + 1,
			.permissions = 0x0e,
			.type = TEXT("T"),
			.data = bytes_over(data, size / count - frame)};

		handle_value_write(&writer, &value);
		wire_write_length_close(&writer, length);
	}
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	assert_int_equal(wire_writer_size(&writer), size);
	assert_int_equal(
		replication_batch_put(batch, TEXT("n"),
			&(struct replication_values){(uint32_t)count, wire_written(&writer)}),
		STATUS_OK);
}

/* Names and values count; what makes it full is still taken, so it is a record more at the most. */
static void
a_batch_is_full_at_its_limits(void **state)
{
	enum { PART = 65536 };
	struct problem problem;
	struct loop *loop = loop_new(&problem);
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct replication_batch *batch = replication_batch_new(loop, ledger, batch_done, NULL);

	for (size_t i = 0; i < REPLICATION_BATCH_COUNT_MAX; i++) {
		assert_false(replication_batch_is_full(batch));
		assert_int_equal(
			replication_batch_add(batch, JOURNAL_DELETE, TEXT("88.1/x")), STATUS_OK);
		assert_int_equal(replication_batch_count(batch), i + 1);
	}
	assert_true(replication_batch_is_full(batch));
	/* One more, as when a name of other case is deleted first: it is full, not broken. */
	assert_int_equal(replication_batch_add(batch, JOURNAL_DELETE, TEXT("88.1/x")), STATUS_OK);
	assert_true(replication_batch_is_full(batch));
	batch_is_done = false;
	replication_batch_submit(batch);
	run_until(loop, is_batch_done, NULL);
	assert_int_equal(batch_status, STATUS_OK);
	for (size_t short_of = 0; short_of < 2; short_of++) {
		for (size_t i = 1; i < REPLICATION_BATCH_SIZE_MAX / PART; i++) {
			put_sized(batch, 1, PART - 1);
			assert_false(replication_batch_is_full(batch));
		}
		put_sized(batch, 1, PART - 1 - short_of);
		assert_int_equal(replication_batch_is_full(batch), short_of == 0);
		replication_batch_clear(batch);
		assert_false(replication_batch_is_full(batch));
	}
	replication_batch_free(batch);
	ledger_scene_close(ledger);
	loop_free(loop);
}

/* The arena has room for the largest record, whatever lies in it already. */
static void
a_batch_that_is_not_full_takes_the_largest_record(void **state)
{
	static const uint8_t name[REPLICATION_BATCH_SIZE_MAX / REPLICATION_BATCH_COUNT_MAX];
	enum { LARGEST = RECORD_SIZE_MAX + 2 * 4 }; /* With the sizes of two values. */
	struct problem problem;
	struct loop *loop = loop_new(&problem);
	struct ledger *ledger = ledger_scene_open(*state, LEDGER_CREATE);
	struct replication_batch *batch = replication_batch_new(loop, ledger, batch_done, NULL);

	for (size_t i = 1; i < REPLICATION_BATCH_COUNT_MAX; i++) {
		assert_int_equal(replication_batch_add(
					 batch, JOURNAL_DELETE, bytes_over(name, sizeof(name) - 1)),
			STATUS_OK);
	}
	assert_false(replication_batch_is_full(batch));
	put_sized(batch, 2, LARGEST);
	assert_true(replication_batch_is_full(batch));
	replication_batch_clear(batch);
	for (size_t i = 0; i <= REPLICATION_BATCH_SIZE_MAX / LARGEST; i++) {
		assert_false(replication_batch_is_full(batch));
		put_sized(batch, 2, LARGEST);
	}
	assert_true(replication_batch_is_full(batch));
	replication_batch_free(batch);
	ledger_scene_close(ledger);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_spellings_in_one_batch_are_a_conflict,
			ledger_scene_begin, ledger_scene_end),
		cmocka_unit_test_setup_teardown(
			a_dump_writes_again_all_that_was_there_when_it_began, ledger_scene_begin,
			ledger_scene_end),
		cmocka_unit_test_setup_teardown(
			a_batch_is_full_at_its_limits, ledger_scene_begin, ledger_scene_end),
		cmocka_unit_test_setup_teardown(a_batch_that_is_not_full_takes_the_largest_record,
			ledger_scene_begin, ledger_scene_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
