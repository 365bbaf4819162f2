/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "code/code_csv.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>

static struct code_csv csv;
static char told[4096];

/* All rows as text, fields in brackets; then "end" or the place and words of the fault. */
static const char *
read_all(struct bytes text)
{
	enum code_csv_step step;
	size_t at = 0, size = 0;

	csv = code_csv_begin();
	told[0] = '\0';
	do {
		step = code_csv_feed(&csv, at < text.size ? text.at[at] : CODE_CSV_OCTET_END);
		at++;
		for (size_t i = 0; step == CODE_CSV_ROW && i < csv.count; i++) {
			struct bytes field = code_csv_field(&csv, i);

			size += (size_t)snprintf(told + size, sizeof(told) - size, "[%.*s]",
				(int)field.size, (const char *)field.at);
		}
		if (step == CODE_CSV_ROW) {
			size += (size_t)snprintf(
				told + size, sizeof(told) - size, "%d\n", (int)csv.row_line);
		}
	} while (step != CODE_CSV_END && step != CODE_CSV_FAULT);
	if (step == CODE_CSV_END) {
		snprintf(told + size, sizeof(told) - size, "end");
	} else {
		snprintf(told + size, sizeof(told) - size, "%d:%d %s", (int)csv.line,
			(int)csv.column, csv.fault);
	}
	return told;
}

static void
rows_of_the_standard_are_read(void **state)
{
	(void)state;
	assert_string_equal(read_all(TEXT("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n")),
		"[aaa][bbb][ccc]1\n[zzz][yyy][xxx]2\nend");
	assert_string_equal(read_all(TEXT("aaa,bbb,ccc\r\nzzz,yyy,xxx")),
		"[aaa][bbb][ccc]1\n[zzz][yyy][xxx]2\nend");
	assert_string_equal(read_all(TEXT("\"aaa\",\"b \r\nbb\",\"ccc\"\r\nzzz,yyy,xxx")),
		"[aaa][b \r\nbb][ccc]1\n[zzz][yyy][xxx]3\nend");
	assert_string_equal(
		read_all(TEXT("\"aaa\",\"b\"\"bb\",\"ccc\"")), "[aaa][b\"bb][ccc]1\nend");
	assert_string_equal(read_all(TEXT("")), "end");
}

static void
empty_fields_and_lines_are_read(void **state)
{
	(void)state;
	assert_string_equal(read_all(TEXT(",\n\na,\n")), "[][]1\n[]2\n[a][]3\nend");
	assert_string_equal(read_all(TEXT("a,")), "[a][]1\nend");
	assert_string_equal(read_all(TEXT("\"\"")), "[]1\nend");
}

static void
a_byte_order_mark_is_skipped(void **state)
{
	(void)state;
	assert_string_equal(read_all(TEXT("\xef\xbb\xbf"
					  "a,b\nc")),
		"[a][b]1\n[c]2\nend");
	assert_string_equal(read_all(TEXT("\xef\xbb\xbf\"a\"\"x\",b")), "[a\"x][b]1\nend");
}

static void
what_is_no_csv_is_told_with_line_and_column(void **state)
{
	(void)state;
	assert_string_equal(read_all(TEXT("a,b\nc,d\"e\n")),
		"[a][b]1\n2:4 a quote within a field that is not quoted: double it and quote the "
		"field");
	assert_string_equal(read_all(TEXT("\"a\"b\n")), "1:4 text behind the closing quote");
	assert_string_equal(read_all(TEXT("\"a\nb")), "2:2 a quote is never closed");
	assert_string_equal(read_all(TEXT("a\rb")), "1:3 CR without LF");
}

static const char *
row_of(size_t fields, size_t octets)
{
	static char text[CODE_ROW_SIZE_MAX + CODE_COLUMN_COUNT_MAX + 3];
	size_t size = 0;

	for (size_t i = 1; i < fields; i++) {
		text[size++] = ',';
	}
	memset(text + size, 'x', octets);
	text[size + octets] = '\0';
	return text;
}

static size_t
fields_of(size_t count)
{
	read_all(bytes_from_string(row_of(count, 1)));
	return csv.fault == NULL ? count : 0;
}

static size_t
octets_of(size_t count)
{
	struct bytes text = bytes_from_string(row_of(1, count));

	csv = code_csv_begin();
	for (size_t i = 0; i < text.size; i++) {
		if (code_csv_feed(&csv, text.at[i]) != CODE_CSV_MORE) {
			return 0;
		}
	}
	return code_csv_feed(&csv, '\n') == CODE_CSV_ROW ? code_csv_field(&csv, 0).size : 0;
}

static void
rows_are_held_at_their_limits(void **state)
{
	(void)state;
	assert_int_equal(fields_of(CODE_COLUMN_COUNT_MAX - 1), CODE_COLUMN_COUNT_MAX - 1);
	assert_int_equal(fields_of(CODE_COLUMN_COUNT_MAX), CODE_COLUMN_COUNT_MAX);
	assert_int_equal(fields_of(CODE_COLUMN_COUNT_MAX + 1), 0);
	assert_int_equal(octets_of(CODE_ROW_SIZE_MAX - 1), CODE_ROW_SIZE_MAX - 1);
	assert_int_equal(octets_of(CODE_ROW_SIZE_MAX), CODE_ROW_SIZE_MAX);
	assert_int_equal(octets_of(CODE_ROW_SIZE_MAX + 1), 0);
}

static void
assert_written(const char *field, const char *expected)
{
	char room[64];
	struct text_writer writer = text_writer_over(room, sizeof(room));

	code_csv_write(&writer, bytes_from_string(field));
	assert_true(bytes_equal(text_written(&writer), bytes_from_string(expected)));
}

static void
fields_are_quoted_where_they_must_be(void **state)
{
	(void)state;
	assert_written("a b", "a b");
	assert_written("a,b", "\"a,b\"");
	assert_written("a\"b", "\"a\"\"b\"");
	assert_written("a\nb", "\"a\nb\"");
	assert_written("a\rb", "\"a\rb\"");
	assert_written("", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_the_standard_are_read),
		cmocka_unit_test(empty_fields_and_lines_are_read),
		cmocka_unit_test(a_byte_order_mark_is_skipped),
		cmocka_unit_test(what_is_no_csv_is_told_with_line_and_column),
		cmocka_unit_test(rows_are_held_at_their_limits),
		cmocka_unit_test(fields_are_quoted_where_they_must_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
