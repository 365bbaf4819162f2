/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_csv.h"

#include "base/limits.h"

struct code_csv
code_csv_begin(void)
{
	return (struct code_csv){.state = CODE_CSV_BEGINS, .line = 1, .row_line = 1};
}

static enum code_csv_step
fail(struct code_csv *csv, const char *english, const char *chinese)
{
	csv->fault = english;
	csv->fault_chinese = chinese;
	return CODE_CSV_FAULT;
}

static enum code_csv_step
add(struct code_csv *csv, int octet, enum code_csv_state state)
{
	if (csv->size == CODE_ROW_SIZE_MAX) {
		return fail(csv, "a row has too many octets", "行过长");
	}
	csv->octets[csv->size++] = (uint8_t)octet;
	csv->state = state;
	return CODE_CSV_MORE;
}

static enum code_csv_step
end_field(struct code_csv *csv)
{
	if (csv->count == CODE_COLUMN_COUNT_MAX) {
		return fail(csv, "a row has too many fields", "字段过多");
	}
	csv->count++;
	csv->starts[csv->count] = csv->size;
	csv->state = CODE_CSV_BEGINS;
	return CODE_CSV_MORE;
}

static enum code_csv_step
end_row(struct code_csv *csv)
{
	if (end_field(csv) == CODE_CSV_FAULT) {
		return CODE_CSV_FAULT;
	}
	csv->state = CODE_CSV_DONE;
	return CODE_CSV_ROW;
}

/* Of the file's first field only the byte order mark has come. */
static bool
is_mark_alone(const struct code_csv *csv)
{
	return csv->line == 1 && csv->count == 0 &&
		bytes_equal(bytes_over(csv->octets, csv->size), TEXT("\xef\xbb\xbf"));
}

/* What ends a field stands for itself only where the field is not quoted. */
static enum code_csv_step
feed_outside(struct code_csv *csv, int octet)
{
	switch (octet) {
	case ',':
		return end_field(csv);
	case '\n':
		return end_row(csv);
	case '\r':
		csv->state = CODE_CSV_CR_SEEN;
		return CODE_CSV_MORE;
	case CODE_CSV_OCTET_END:
		/* Behind the last line end there is no row. */
		return csv->state == CODE_CSV_BEGINS && csv->count == 0 ? CODE_CSV_END
									: end_row(csv);
	case '"':
		if (csv->state == CODE_CSV_BEGINS || is_mark_alone(csv)) {
			csv->size = csv->starts[csv->count];
			csv->state = CODE_CSV_QUOTED;
			return CODE_CSV_MORE;
		}
		if (csv->state == CODE_CSV_QUOTE_SEEN) {
			return add(csv, octet, CODE_CSV_QUOTED);
		}
		return fail(csv,
			"a quote within a field that is not quoted: double it and quote "
			"the field",
			"未加引号的字段中出现引号：请将其加倍并为字段加引号");
	default:
		return csv->state == CODE_CSV_QUOTE_SEEN
			? fail(csv, "text behind the closing quote", "右引号后仍有文本")
			: add(csv, octet, CODE_CSV_PLAIN);
	}
}

enum code_csv_step
code_csv_feed(struct code_csv *csv, int octet)
{
	if (csv->state == CODE_CSV_DONE) {
		csv->state = CODE_CSV_BEGINS;
		csv->count = csv->size = 0;
		csv->line++;
		csv->column = 0;
		csv->row_line = csv->line;
	}
	csv->column++;
	if (csv->state == CODE_CSV_CR_SEEN) {
		return octet == '\n' ? end_row(csv) : fail(csv, "CR without LF", "CR 之后没有 LF");
	}
	if (csv->state != CODE_CSV_QUOTED) {
		return feed_outside(csv, octet);
	}
	if (octet == CODE_CSV_OCTET_END) {
		return fail(csv, "a quote is never closed", "引号未闭合");
	}
	if (octet == '"') {
		csv->state = CODE_CSV_QUOTE_SEEN;
		return CODE_CSV_MORE;
	}
	if (octet == '\n') {
		csv->line++;
		csv->column = 0;
	}
	return add(csv, octet, CODE_CSV_QUOTED);
}

struct bytes
code_csv_field(const struct code_csv *csv, size_t number)
{
	struct bytes field = number < csv->count
		? bytes_over(csv->octets + csv->starts[number],
			  csv->starts[number + 1] - csv->starts[number])
		: TEXT("");

	if (csv->row_line == 1 && number == 0 && bytes_start_with(field, TEXT("\xef\xbb\xbf"))) {
		field = bytes_slice(field, 3, SIZE_MAX);
	}
	return field;
}

void
code_csv_write(struct text_writer *writer, struct bytes field)
{
	bool is_quoted = bytes_find(field, ',') < field.size ||
		bytes_find(field, '"') < field.size || bytes_find(field, '\n') < field.size ||
		bytes_find(field, '\r') < field.size;

	if (!is_quoted) {
		text_write(writer, field);
		return;
	}
	text_write_char(writer, '"');
	for (size_t i = 0; i < field.size; i++) {
		if (field.at[i] == '"') {
			text_write_char(writer, '"');
		}
		text_write_char(writer, (char)field.at[i]);
	}
	text_write_char(writer, '"');
}
