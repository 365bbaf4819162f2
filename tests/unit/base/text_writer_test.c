/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text_writer.h"
#include "support/cmocka_all.h"
#include "support/heap.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* Writes with `put` into exactly as much room as `wanted` takes, then into one less. */
#define ASSERT_WRITES(wanted, put)                                                   \
	do {                                                                         \
		struct bytes whole = bytes_from_string(wanted);                      \
		char *exact = malloc(whole.size);                                    \
		char *short_by_one = malloc(whole.size - 1);                         \
		struct text_writer writer = text_writer_over(exact, whole.size);     \
                                                                                     \
		put;                                                                 \
		assert_int_equal(text_writer_end(&writer), STATUS_OK);               \
		assert_int_equal(text_written(&writer).size, whole.size);            \
		assert_memory_equal(text_written(&writer).at, whole.at, whole.size); \
		writer = text_writer_over(short_by_one, whole.size - 1);             \
		put;                                                                 \
		assert_int_equal(text_writer_end(&writer), STATUS_NO_SPACE);         \
		assert_true(bytes_start_with(whole, text_written(&writer)));         \
		free(short_by_one);                                                  \
		free(exact);                                                         \
	} while (0)

static void
runs_strings_and_characters_fit_exactly_or_not_at_all(void **state)
{
	(void)state;
	ASSERT_WRITES("handle", text_write(&writer, TEXT("handle")));
	ASSERT_WRITES("handle", text_write_string(&writer, "handle"));
	ASSERT_WRITES("x", text_write_char(&writer, 'x'));
}

static void
numbers_have_their_shortest_decimal_form(void **state)
{
	(void)state;
	ASSERT_WRITES("0", text_write_u64(&writer, 0));
	ASSERT_WRITES("10", text_write_u64(&writer, 10));
	ASSERT_WRITES("18446744073709551615", text_write_u64(&writer, UINT64_MAX));
	ASSERT_WRITES("0", text_write_i64(&writer, 0));
	ASSERT_WRITES("-1", text_write_i64(&writer, -1));
	ASSERT_WRITES("9223372036854775807", text_write_i64(&writer, INT64_MAX));
	ASSERT_WRITES("-9223372036854775808", text_write_i64(&writer, INT64_MIN));
}

static void
hex_is_lower_case(void **state)
{
	(void)state;
	ASSERT_WRITES("00017f80abff", text_write_hex(&writer, BYTES(0, 1, 0x7f, 0x80, 0xab, 0xff)));
}

static void
what_may_not_stand_in_a_url_is_percent_encoded(void **state)
{
	(void)state;
	ASSERT_WRITES("azAZ09", text_write_percent(&writer, TEXT("azAZ09"), ""));
	ASSERT_WRITES("%60%7B%40%5B%2F%3A", text_write_percent(&writer, TEXT("`{@[/:"), ""));
	ASSERT_WRITES("-%2F", text_write_percent(&writer, TEXT("-/"), "-"));
	ASSERT_WRITES("%00%FF%E5", text_write_percent(&writer, BYTES(0, 0xff, 0xe5), "-"));
}

static void
nothing_fits_where_there_is_no_room(void **state)
{
	struct text_writer writer = text_writer_over(NULL, 0);

	(void)state;
	text_write(&writer, (struct bytes){NULL, 0});
	text_write_string(&writer, "");
	text_write_hex(&writer, (struct bytes){NULL, 0});
	text_write_escaped(&writer, (struct bytes){NULL, 0});
	assert_int_equal(text_writer_end(&writer), STATUS_OK);
	text_write_char(&writer, 'x');
	assert_int_equal(text_writer_end(&writer), STATUS_NO_SPACE);
}

static void
the_first_fault_is_kept_and_nothing_more_is_written(void **state)
{
	char room[4];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	(void)state;
	text_write_string(&writer, "ab");
	text_write_string(&writer, "cde");
	text_write_char(&writer, 'f');
	assert_int_equal(text_writer_end(&writer), STATUS_NO_SPACE);
	text_writer_fail(&writer, STATUS_INVALID);
	assert_int_equal(text_writer_end(&writer), STATUS_NO_SPACE);
	assert_true(bytes_equal(text_written(&writer), TEXT("ab")));
}

static void
times_are_written_as_rfc_3339_has_them(void **state)
{
	char room[32];
	struct text_writer outside;

	(void)state;
	ASSERT_WRITES("1970-01-01T00:00:00Z", text_write_time(&writer, 0));
	ASSERT_WRITES("2023-11-14T22:13:20Z", text_write_time(&writer, 1700000000));
	ASSERT_WRITES("2000-02-29T23:59:59Z", text_write_time(&writer, 951868799));
	ASSERT_WRITES("2000-03-01T00:00:00Z", text_write_time(&writer, 951868800));
	ASSERT_WRITES("9999-12-31T23:59:59Z", text_write_time(&writer, 253402300799));
	outside = text_writer_over(room, sizeof(room));
	text_write_time(&outside, 253402300800);
	assert_int_equal(text_writer_end(&outside), STATUS_INVALID);
	outside = text_writer_over(room, sizeof(room));
	text_write_time(&outside, -1);
	assert_int_equal(text_writer_end(&outside), STATUS_INVALID);
}

/* The C library is the judge, over every day and a moving second of 8030 years. */
static void
every_day_until_9999_is_what_the_c_library_says_and_reads_back(void **state)
{
	(void)state;
	for (int64_t day = 0; day < 253402300800 / 86400; day++) {
		time_t seconds = (time_t)(day * 86400 + day * 7919 % 86400);
		char wanted[32];
		char room[32];
		struct text_writer writer = text_writer_over(room, sizeof(room));
		struct tm fields;
		int64_t back = -1;

		strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &fields));
		text_write_time(&writer, seconds);
		if (!bytes_equal(text_written(&writer), bytes_from_string(wanted)) ||
			text_read_time(text_written(&writer), &back) != STATUS_OK ||
			back != seconds) {
			fail_msg("%s is written as %.20s, read as %" PRId64, wanted, room, back);
		}
	}
}

static void
times_of_http_are_written_as_rfc_9110_has_them(void **state)
{
	struct text_writer outside = text_writer_over((char[32]){0}, 32);
	char text[32];

	(void)state;
	ASSERT_WRITES("Sun, 06 Nov 1994 08:49:37 GMT", text_write_http_time(&writer, 784111777));
	ASSERT_WRITES("Thu, 01 Jan 1970 00:00:00 GMT", text_write_http_time(&writer, 0));
	ASSERT_WRITES("Fri, 31 Dec 9999 23:59:59 GMT", text_write_http_time(&writer, 253402300799));
	text_write_http_time(&outside, 253402300800);
	assert_int_equal(text_writer_end(&outside), STATUS_INVALID);
	assert_int_equal(text_written(&outside).size, 0);
	for (int64_t day = 0; day < 200 * 366; day += 13) {
		struct text_writer writer = text_writer_over(text, sizeof(text));
		time_t seconds = (time_t)(day * 86400 + day * 7919 % 86400);
		char wanted[32];
		struct tm fields;

		strftime(wanted, sizeof(wanted), "%a, %d %b %Y %H:%M:%S GMT",
			gmtime_r(&seconds, &fields));
		text_write_http_time(&writer, seconds);
		if (!bytes_equal(text_written(&writer), bytes_from_string(wanted))) {
			fail_msg("%s for %" PRId64, wanted, (int64_t)seconds);
		}
	}
}

static void
times_of_another_shape_or_day_are_refused(void **state)
{
	static const char *const bad[] = {"", "2023-11-14", "2023-11-14T22:13:20",
		"2023-11-14 22:13:20Z", "2023-11-14t22:13:20z", "2023-11-14T22:13:20+",
		"2023-11-14T22:13:20ZZ", "2023-00-14T22:13:20Z", "2023-13-14T22:13:20Z",
		"2023-11-00T22:13:20Z", "2023-11-31T22:13:20Z", "2023-02-29T22:13:20Z",
		"2100-02-29T22:13:20Z", "2023-11-14T24:00:00Z", "2023-11-14T22:60:00Z",
		"2023-11-14T22:13:60Z", "1969-12-31T23:59:59Z", "2023-11-1aT22:13:20Z",
		"202 -11-14T22:13:20Z", "+023-11-14T22:13:20Z", "2023-11-14T22:13:2-Z",
		"2023/11/14T22:13:20Z"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bytes text = heap_copy(bytes_from_string(bad[i]));
		int64_t seconds = 42;

		assert_int_equal(text_read_time(text, &seconds), STATUS_MALFORMED);
		assert_int_equal(seconds, 42);
		heap_free(text);
	}
	assert_int_equal(text_read_time(TEXT("2400-02-29T00:00:00Z"), &(int64_t){0}), STATUS_OK);
}

static void
what_could_move_a_terminal_is_escaped(void **state)
{
	(void)state;
	ASSERT_WRITES("a\\x1b[31m", text_write_escaped(&writer, TEXT("a\x1b[31m")));
	ASSERT_WRITES(
		"\\x00\\x0a\\x1f\\x7f ~", text_write_escaped(&writer, TEXT("\0\n\x1f\x7f ~")));
	ASSERT_WRITES("C:\\\\x", text_write_escaped(&writer, TEXT("C:\\x")));
	ASSERT_WRITES("\\xc2\\x80\\xc2\\x9f\u00a0",
		text_write_escaped(&writer, TEXT("\xc2\x80\xc2\x9f\u00a0")));
	ASSERT_WRITES("\u540e\u7a37 \U0001f33e",
		text_write_escaped(&writer, TEXT("\u540e\u7a37 \U0001f33e")));
	ASSERT_WRITES("\\xff\\xc3(", text_write_escaped(&writer, TEXT("\xff\xc3(")));
	ASSERT_WRITES("\\xe4\\xb8", text_write_escaped(&writer, TEXT("\xe4\xb8")));
}

static void
what_means_something_in_markup_becomes_an_entity_and_nothing_else_does(void **state)
{
	static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"};
	static const char meant[] = "<>&\"'";
	char room[8];

	(void)state;
	for (uint32_t character = 0; character < 0x180; character++) {
		struct text_writer writer = text_writer_over(room, sizeof(room));
		const char *place =
			character == 0 || character > 0x7f ? NULL : strchr(meant, (int)character);

		assert_int_equal(text_write_entity(&writer, character), place != NULL);
		assert_true(bytes_equal(text_written(&writer),
			bytes_from_string(place == NULL ? "" : entities[place - meant])));
	}
}

static void
marks_that_reorder_a_line_are_escaped_and_their_neighbours_are_not(void **state)
{
	static const uint32_t unsafe[][2] = {{0x61c, 0x61c}, {0x200e, 0x200f}, {0x2028, 0x202e},
		{0x2066, 0x2069}, {0xfeff, 0xfeff}};

	(void)state;
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
		for (uint32_t c = unsafe[i][0] - 1; c <= unsafe[i][1] + 1; c++) {
			bool is_unsafe = c >= unsafe[i][0] && c <= unsafe[i][1];
			uint8_t octets[3] = {(uint8_t)(0xe0 | c >> 12),
				(uint8_t)(0x80 | (c >> 6 & 0x3f)), (uint8_t)(0x80 | (c & 0x3f))};
			uint8_t two[2] = {(uint8_t)(0xc0 | c >> 6), (uint8_t)(0x80 | (c & 0x3f))};
			struct bytes run = c < 0x800 ? bytes_over(two, 2) : bytes_over(octets, 3);
			char room[16];
			struct text_writer writer = text_writer_over(room, sizeof(room));

			text_write_escaped(&writer, run);
			assert_int_equal(
				text_written(&writer).size, is_unsafe ? 4 * run.size : run.size);
		}
	}
}

static void
numbers_are_read_strictly(void **state)
{
	static const char *const bad[] = {
		"", "-1", "+1", " 1", "1 ", "01", "00", "1a", "0x1", "1.0", "/", ":"};
	uint64_t number = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(text_read_u64(bytes_from_string(bad[i]), UINT64_MAX, &number),
			STATUS_MALFORMED);
	}
	assert_int_equal(
		text_read_u64(TEXT("18446744073709551616"), UINT64_MAX, &number), STATUS_TOO_LARGE);
	assert_int_equal(text_read_u64(TEXT("99999999999999999999999"), UINT64_MAX, &number),
		STATUS_TOO_LARGE);
	assert_int_equal(text_read_u64(TEXT("99999999999999999999999x"), UINT64_MAX, &number),
		STATUS_MALFORMED);
	assert_int_equal(text_read_u64(TEXT("256"), 255, &number), STATUS_TOO_LARGE);
	assert_int_equal(number, 42);
	assert_int_equal(text_read_u64(TEXT("255"), 255, &number), STATUS_OK);
	assert_int_equal(number, 255);
	assert_int_equal(text_read_u64(TEXT("0"), 0, &number), STATUS_OK);
	assert_int_equal(number, 0);
	assert_int_equal(
		text_read_u64(TEXT("18446744073709551615"), UINT64_MAX, &number), STATUS_OK);
	assert_true(number == UINT64_MAX);
}

static void
hex_is_read_in_either_case_and_in_pairs(void **state)
{
	uint8_t octets[4] = {9, 9, 9, 9};

	(void)state;
	assert_int_equal(text_read_hex(TEXT("00fFaB9"), octets), STATUS_MALFORMED);
	assert_int_equal(text_read_hex(TEXT("00fg"), octets), STATUS_MALFORMED);
	assert_int_equal(octets[0], 9);
	assert_int_equal(text_read_hex(TEXT("00fFaB9a"), octets), STATUS_OK);
	assert_memory_equal(octets, BYTES(0x00, 0xff, 0xab, 0x9a).at, 4);
	assert_int_equal(text_read_hex((struct bytes){NULL, 0}, NULL), STATUS_OK);
}

static void
exactly_22_octets_are_hex_digits(void **state)
{
	int count = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t octet;

		count += text_read_hex(BYTES('0', (uint8_t)i), &octet) == STATUS_OK;
	}
	assert_int_equal(count, 22);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_strings_and_characters_fit_exactly_or_not_at_all),
		cmocka_unit_test(numbers_have_their_shortest_decimal_form),
		cmocka_unit_test(hex_is_lower_case),
		cmocka_unit_test(what_may_not_stand_in_a_url_is_percent_encoded),
		cmocka_unit_test(nothing_fits_where_there_is_no_room),
		cmocka_unit_test(the_first_fault_is_kept_and_nothing_more_is_written),
		cmocka_unit_test(times_are_written_as_rfc_3339_has_them),
		cmocka_unit_test(times_of_http_are_written_as_rfc_9110_has_them),
		cmocka_unit_test(every_day_until_9999_is_what_the_c_library_says_and_reads_back),
		cmocka_unit_test(times_of_another_shape_or_day_are_refused),
		cmocka_unit_test(what_could_move_a_terminal_is_escaped),
		cmocka_unit_test(
			what_means_something_in_markup_becomes_an_entity_and_nothing_else_does),
		cmocka_unit_test(
			marks_that_reorder_a_line_are_escaped_and_their_neighbours_are_not),
		cmocka_unit_test(numbers_are_read_strictly),
		cmocka_unit_test(hex_is_read_in_either_case_and_in_pairs),
		cmocka_unit_test(exactly_22_octets_are_hex_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
