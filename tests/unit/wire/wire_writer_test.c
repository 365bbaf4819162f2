/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "wire/wire_writer.h"

enum { WHOLE_SIZE = 1 + 2 + 4 + 8 + 3 + 4 + 2 + 4 + 1 };

static const uint8_t whole[WHOLE_SIZE] = {0xfe, 0x01, 0xff, 0x80, 1, 2, 3, 0xf0, 1, 2, 3, 4, 5, 6,
	7, 'a', 'b', 'c', 0, 0, 0, 2, 'd', 'e', 0, 0, 0, 1, 9};

/* A straight list of writes, as encoders are. */
static void
everything_write(struct wire_writer *writer)
{
	struct wire_length length;

	wire_write_u8(writer, 0xfe);
	wire_write_u16(writer, 0x01ff);
	wire_write_u32(writer, 0x80010203);
	wire_write_u64(writer, 0xf001020304050607U);
	wire_write_bytes(writer, TEXT("abc"));
	wire_write_blob(writer, TEXT("de"));
	length = wire_write_length_open(writer);
	wire_write_u8(writer, 9);
	wire_write_length_close(writer, length);
}

static void
integers_are_in_network_order_and_lengths_count_what_follows(void **state)
{
	uint8_t room[64];
	struct wire_writer writer = wire_writer_over(room, sizeof(room));

	(void)state;
	everything_write(&writer);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	assert_int_equal(wire_writer_size(&writer), WHOLE_SIZE);
	assert_true(bytes_equal(wire_written(&writer), bytes_over(whole, WHOLE_SIZE)));
}

static void
every_smaller_buffer_is_filled_with_whole_fields_and_not_overrun(void **state)
{
	(void)state;
	for (size_t capacity = 0; capacity <= WHOLE_SIZE; capacity++) {
		uint8_t *room = malloc(capacity);
		struct wire_writer writer = wire_writer_over(room, capacity);
		size_t size;

		everything_write(&writer);
		size = wire_writer_size(&writer);
		assert_int_equal(wire_writer_end(&writer),
			capacity == WHOLE_SIZE ? STATUS_OK : STATUS_NO_SPACE);
		assert_true(size <= capacity);
		/* The length stays open when what it counts did not fit. */
		assert_memory_equal(room, whole, size < 24 ? size : 24);
		free(room);
	}
}

static void
after_a_fault_nothing_is_written_even_if_it_would_fit(void **state)
{
	uint8_t room[4] = {7, 7, 7, 7};
	struct wire_writer writer = wire_writer_over(room, sizeof(room));

	(void)state;
	wire_write_u8(&writer, 1);
	wire_write_u32(&writer, 2);
	wire_write_u8(&writer, 3);
	wire_write_u16(&writer, 3);
	wire_write_bytes(&writer, TEXT("x"));
	assert_int_equal(wire_writer_end(&writer), STATUS_NO_SPACE);
	assert_int_equal(wire_writer_size(&writer), 1);
	assert_int_equal(room[1], 7);
}

static void
lengths_nest_and_may_be_empty(void **state)
{
	uint8_t room[16];
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct wire_length outer = wire_write_length_open(&writer);
	struct wire_length inner = wire_write_length_open(&writer);

	(void)state;
	wire_write_length_close(&writer, inner);
	wire_write_u8(&writer, 7);
	wire_write_length_close(&writer, outer);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	assert_true(bytes_equal(wire_written(&writer), BYTES(0, 0, 0, 5, 0, 0, 0, 0, 7)));
}

static void
a_length_that_did_not_fit_is_closed_without_harm(void **state)
{
	uint8_t *room = malloc(3);
	struct wire_writer writer = wire_writer_over(room, 3);
	struct wire_length length = wire_write_length_open(&writer);

	(void)state;
	wire_write_length_close(&writer, length);
	assert_int_equal(wire_writer_end(&writer), STATUS_NO_SPACE);
	assert_int_equal(wire_writer_size(&writer), 0);
	free(room);
}

static void
rewinding_takes_back_what_did_not_fit_and_writing_goes_on(void **state)
{
	uint8_t room[6];
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	size_t size;

	(void)state;
	wire_write_u16(&writer, 0x0102);
	size = wire_writer_size(&writer);
	wire_write_u16(&writer, 0x0304);
	wire_write_u32(&writer, 5);
	assert_int_equal(wire_writer_end(&writer), STATUS_NO_SPACE);
	wire_writer_rewind(&writer, size);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	wire_write_u32(&writer, 0x0a0b0c0d);
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	assert_true(bytes_equal(wire_written(&writer), BYTES(1, 2, 0x0a, 0x0b, 0x0c, 0x0d)));
}

static void
rewinding_forgives_no_fault_but_lack_of_space(void **state)
{
	uint8_t room[8];
	struct wire_writer writer = wire_writer_over(room, sizeof(room));

	(void)state;
	wire_writer_fail(&writer, STATUS_INVALID);
	wire_writer_fail(&writer, STATUS_NO_SPACE);
	wire_writer_rewind(&writer, 0);
	assert_int_equal(wire_writer_end(&writer), STATUS_INVALID);
}

static void
empty_runs_need_no_room(void **state)
{
	struct wire_writer writer = wire_writer_over(NULL, 0);

	(void)state;
	wire_write_bytes(&writer, (struct bytes){NULL, 0});
	assert_int_equal(wire_writer_end(&writer), STATUS_OK);
	assert_int_equal(wire_written(&writer).size, 0);
	wire_write_u8(&writer, 1);
	assert_int_equal(wire_writer_end(&writer), STATUS_NO_SPACE);
}

static void
a_blob_whose_size_no_length_can_hold_is_too_large(void **state)
{
	uint8_t room[8];
	struct wire_writer writer = wire_writer_over(room, sizeof(room));

	(void)state;
	wire_write_blob(&writer, bytes_over(room, (size_t)UINT32_MAX + 1));
	assert_int_equal(wire_writer_end(&writer), STATUS_TOO_LARGE);
	assert_int_equal(wire_writer_size(&writer), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_in_network_order_and_lengths_count_what_follows),
		cmocka_unit_test(every_smaller_buffer_is_filled_with_whole_fields_and_not_overrun),
		cmocka_unit_test(after_a_fault_nothing_is_written_even_if_it_would_fit),
		cmocka_unit_test(lengths_nest_and_may_be_empty),
		cmocka_unit_test(a_length_that_did_not_fit_is_closed_without_harm),
		cmocka_unit_test(rewinding_takes_back_what_did_not_fit_and_writing_goes_on),
		cmocka_unit_test(rewinding_forgives_no_fault_but_lack_of_space),
		cmocka_unit_test(empty_runs_need_no_room),
		cmocka_unit_test(a_blob_whose_size_no_length_can_hold_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
