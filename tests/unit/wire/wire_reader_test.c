/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"
#include "support/heap.h"
#include "wire/wire_reader.h"

static const struct bytes nothing = {NULL, 0};

static void
integers_are_in_network_order(void **state)
{
	struct wire_reader reader =
		wire_reader_over(BYTES(0xfe, 0x01, 0xff, 0x80, 1, 2, 3, 0xf0, 1, 2, 3, 4, 5, 6, 7));

	(void)state;
	assert_int_equal(wire_read_u8(&reader), 0xfe);
	assert_int_equal(wire_read_u16(&reader), 0x01ff);
	assert_int_equal(wire_read_u32(&reader), 0x80010203);
	assert_true(wire_read_u64(&reader) == 0xf001020304050607U);
	assert_int_equal(wire_reader_end(&reader), STATUS_OK);
}

/* A straight list of reads, as decoders are. */
static enum status
everything_read(struct bytes message)
{
	struct wire_reader reader = wire_reader_over(message);
	struct wire_reader section;

	wire_read_u8(&reader);
	wire_read_u16(&reader);
	wire_read_u32(&reader);
	wire_read_u64(&reader);
	wire_read_bytes(&reader, 3);
	wire_read_blob(&reader, 5);
	wire_read_count(&reader, 1);
	section = wire_read_section(&reader, 2);
	wire_read_u16(&section);
	return wire_reader_end(&reader);
}

static void
every_truncation_is_truncated_and_one_octet_more_is_malformed(void **state)
{
	uint8_t octets[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 5, 'h',
		'e', 'l', 'l', 'o', 0, 0, 0, 2, 7, 7, 9};
	struct bytes whole = bytes_over(octets, sizeof(octets) - 1);

	(void)state;
	for (size_t size = 0; size < whole.size; size++) {
		struct bytes cut = heap_copy(bytes_slice(whole, 0, size));
		/* A count whose items are cut off is already a lie. */
		bool is_lie = size == 31 || size == 32;

		assert_int_equal(
			everything_read(cut), is_lie ? STATUS_MALFORMED : STATUS_TRUNCATED);
		heap_free(cut);
	}
	assert_int_equal(everything_read(whole), STATUS_OK);
	assert_int_equal(everything_read(bytes_over(octets, sizeof(octets))), STATUS_MALFORMED);
}

static void
after_a_fault_every_read_is_empty_and_moves_nothing(void **state)
{
	struct wire_reader reader = wire_reader_over(BYTES(1, 2, 3, 4, 5, 6, 7, 8, 9));
	const uint8_t *place;

	(void)state;
	wire_read_u8(&reader);
	place = reader.next;
	assert_true(wire_read_bytes(&reader, 9).at == NULL);
	assert_int_equal(wire_read_u8(&reader), 0);
	assert_int_equal(wire_read_u16(&reader), 0);
	assert_int_equal(wire_read_u32(&reader), 0);
	assert_true(wire_read_u64(&reader) == 0);
	assert_int_equal(wire_read_bytes(&reader, 0).size, 0);
	assert_int_equal(wire_read_blob(&reader, 9).size, 0);
	assert_int_equal(wire_read_count(&reader, 1), 0);
	assert_int_equal(wire_read_rest(&reader).size, 0);
	assert_int_equal(wire_read_since(&reader, place).size, 0);
	assert_ptr_equal(reader.next, place);
	assert_int_equal(wire_reader_end(&reader), STATUS_TRUNCATED);
}

static void
the_first_fault_wins(void **state)
{
	struct wire_reader reader = wire_reader_over(BYTES(1));

	(void)state;
	wire_reader_fail(&reader, STATUS_INVALID);
	wire_reader_fail(&reader, STATUS_MALFORMED);
	wire_read_u32(&reader);
	assert_false(wire_reader_ok(&reader));
	assert_int_equal(wire_reader_end(&reader), STATUS_INVALID);
}

static void
half_a_long_integer_reads_as_zero(void **state)
{
	struct wire_reader reader = wire_reader_over(BYTES(1, 2, 3, 4, 5, 6, 7));

	(void)state;
	(void)wire_read_u64(&reader);
	assert_int_equal(wire_reader_end(&reader), STATUS_TRUNCATED);
}

static void
blobs_are_refused_beyond_their_limit_even_when_they_fit(void **state)
{
	static const struct {
		size_t limit;
		enum status status;
		size_t size;
	} rows[] = {{4, STATUS_TOO_LARGE, 0}, {5, STATUS_OK, 5}, {6, STATUS_OK, 5}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct wire_reader reader =
			wire_reader_over(BYTES(0, 0, 0, 5, 'h', 'e', 'l', 'l', 'o'));

		assert_int_equal(wire_read_blob(&reader, rows[i].limit).size, rows[i].size);
		assert_int_equal(wire_reader_end(&reader), rows[i].status);
	}
}

static void
a_blob_that_announces_too_much_is_too_large_before_it_is_truncated(void **state)
{
	struct wire_reader huge = wire_reader_over(BYTES(0xff, 0xff, 0xff, 0xff, 1));
	struct wire_reader cut = wire_reader_over(BYTES(0, 0, 0, 2, 1));

	(void)state;
	assert_int_equal(wire_read_blob(&huge, 1024).size, 0);
	assert_int_equal(wire_reader_end(&huge), STATUS_TOO_LARGE);
	assert_int_equal(wire_read_blob(&cut, 1024).size, 0);
	assert_int_equal(wire_reader_end(&cut), STATUS_TRUNCATED);
}

static void
impossible_counts_are_refused_before_anyone_allocates(void **state)
{
	struct wire_reader three_do_not =
		wire_reader_over(BYTES(0, 0, 0, 3, 1, 1, 1, 1, 2, 2, 2, 2));
	struct wire_reader two_do = wire_reader_over(BYTES(0, 0, 0, 2, 1, 1, 1, 1, 2, 2, 2, 2));
	struct wire_reader one_octet_short =
		wire_reader_over(BYTES(0, 0, 0, 2, 1, 1, 1, 1, 2, 2, 2));
	struct wire_reader huge = wire_reader_over(BYTES(0xff, 0xff, 0xff, 0xff, 1, 1, 1, 1));
	struct wire_reader none = wire_reader_over(BYTES(0, 0, 0, 0));

	(void)state;
	assert_int_equal(wire_read_count(&three_do_not, 4), 0);
	assert_int_equal(wire_reader_end(&three_do_not), STATUS_MALFORMED);
	assert_int_equal(wire_read_count(&two_do, 4), 2);
	assert_true(wire_reader_ok(&two_do));
	assert_int_equal(wire_read_count(&one_octet_short, 4), 0);
	assert_int_equal(wire_reader_end(&one_octet_short), STATUS_MALFORMED);
	assert_int_equal(wire_read_count(&huge, 1), 0);
	assert_int_equal(wire_reader_end(&huge), STATUS_MALFORMED);
	assert_int_equal(wire_read_count(&none, 1), 0);
	assert_int_equal(wire_reader_end(&none), STATUS_OK);
}

static void
a_section_cannot_be_left_and_does_not_hold_up_what_follows(void **state)
{
	struct wire_reader reader = wire_reader_over(BYTES(1, 2, 3, 4, 5));
	struct wire_reader section = wire_read_section(&reader, 3);

	(void)state;
	assert_int_equal(wire_read_u16(&section), 0x0102);
	assert_int_equal(wire_read_u16(&section), 0);
	assert_int_equal(wire_reader_end(&section), STATUS_TRUNCATED);
	assert_int_equal(wire_read_u16(&reader), 0x0405);
	assert_int_equal(wire_reader_end(&reader), STATUS_OK);
}

static void
a_section_with_octets_left_over_is_malformed_on_its_own(void **state)
{
	struct wire_reader reader = wire_reader_over(BYTES(1, 2, 3));
	struct wire_reader section = wire_read_section(&reader, 2);

	(void)state;
	assert_int_equal(wire_read_u8(&section), 1);
	assert_int_equal(wire_reader_end(&section), STATUS_MALFORMED);
	assert_int_equal(wire_read_u8(&reader), 3);
	assert_int_equal(wire_reader_end(&reader), STATUS_OK);
}

static void
a_section_that_does_not_fit_fails_with_its_parent(void **state)
{
	struct wire_reader reader = wire_reader_over(BYTES(1, 2, 3));
	struct wire_reader section = wire_read_section(&reader, 4);

	(void)state;
	/* Also a decoder that reads nothing of it must not take it for a whole, empty one. */
	assert_int_equal(wire_reader_end(&section), STATUS_TRUNCATED);
	assert_int_equal(wire_read_u8(&section), 0);
	assert_int_equal(wire_reader_end(&section), STATUS_TRUNCATED);
	assert_int_equal(wire_reader_end(&reader), STATUS_TRUNCATED);
}

static void
the_rest_and_what_was_read_are_views_of_the_message(void **state)
{
	struct bytes message = BYTES(1, 2, 3, 4, 5);
	struct wire_reader reader = wire_reader_over(message);
	const uint8_t *start;
	struct bytes rest;

	(void)state;
	wire_read_u8(&reader);
	start = reader.next;
	wire_read_u16(&reader);
	assert_ptr_equal(wire_read_since(&reader, start).at, message.at + 1);
	assert_int_equal(wire_read_since(&reader, start).size, 2);
	assert_int_equal(wire_reader_left(&reader), 2);
	rest = wire_read_rest(&reader);
	assert_ptr_equal(rest.at, message.at + 3);
	assert_int_equal(rest.size, 2);
	assert_int_equal(wire_read_rest(&reader).size, 0);
	assert_int_equal(wire_reader_end(&reader), STATUS_OK);
}

static void
an_empty_message_is_whole_until_something_is_wanted_of_it(void **state)
{
	struct wire_reader reader = wire_reader_over(nothing);

	(void)state;
	assert_int_equal(wire_read_bytes(&reader, 0).size, 0);
	assert_int_equal(wire_reader_end(&reader), STATUS_OK);
	wire_read_u8(&reader);
	assert_int_equal(wire_reader_end(&reader), STATUS_TRUNCATED);
}

static void
sizes_that_would_wrap_a_pointer_are_truncated(void **state)
{
	struct wire_reader reader = wire_reader_over(BYTES(1, 2, 3));

	(void)state;
	assert_int_equal(wire_read_bytes(&reader, SIZE_MAX).size, 0);
	assert_int_equal(wire_reader_end(&reader), STATUS_TRUNCATED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_in_network_order),
		cmocka_unit_test(every_truncation_is_truncated_and_one_octet_more_is_malformed),
		cmocka_unit_test(after_a_fault_every_read_is_empty_and_moves_nothing),
		cmocka_unit_test(the_first_fault_wins),
		cmocka_unit_test(half_a_long_integer_reads_as_zero),
		cmocka_unit_test(blobs_are_refused_beyond_their_limit_even_when_they_fit),
		cmocka_unit_test(
			a_blob_that_announces_too_much_is_too_large_before_it_is_truncated),
		cmocka_unit_test(impossible_counts_are_refused_before_anyone_allocates),
		cmocka_unit_test(a_section_cannot_be_left_and_does_not_hold_up_what_follows),
		cmocka_unit_test(a_section_with_octets_left_over_is_malformed_on_its_own),
		cmocka_unit_test(a_section_that_does_not_fit_fails_with_its_parent),
		cmocka_unit_test(the_rest_and_what_was_read_are_views_of_the_message),
		cmocka_unit_test(an_empty_message_is_whole_until_something_is_wanted_of_it),
		cmocka_unit_test(sizes_that_would_wrap_a_pointer_are_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
