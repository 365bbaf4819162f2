/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "code/code_csv.h"
#include "fuzz/fuzz.h"

/* The row once more, from what is written of its fields: it must come back as it was. */
static void
check_row(const struct code_csv *csv)
{
	static char text[4 * CODE_ROW_SIZE_MAX];
	static struct code_csv again;
	struct text_writer writer = text_writer_over(text, sizeof(text));
	struct bytes written;

	for (size_t i = 0; i < csv->count; i++) {
		if (i > 0) {
			text_write_char(&writer, ',');
		}
		code_csv_write(&writer, code_csv_field(csv, i));
	}
	text_write_char(&writer, '\n');
	written = text_written(&writer);
	FUZZ_CHECK(text_writer_end(&writer) == STATUS_OK);
	again = code_csv_begin();
	again.row_line = 2; /* Not the first of a file: what begins like a mark is text. */
	again.line = 2;
	for (size_t i = 0; i < written.size; i++) {
		FUZZ_CHECK(code_csv_feed(&again, written.at[i]) ==
			(i + 1 < written.size ? CODE_CSV_MORE : CODE_CSV_ROW));
	}
	FUZZ_CHECK(again.count == csv->count);
	for (size_t i = 0; i < csv->count; i++) {
		FUZZ_CHECK(bytes_equal(code_csv_field(&again, i), code_csv_field(csv, i)));
	}
}

/* Any octets are rows up to the end or up to a fault that has its place. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static struct code_csv csv;
	enum code_csv_step step;
	size_t at = 0;

	csv = code_csv_begin();
	do {
		step = code_csv_feed(&csv, at < size ? octets[at] : CODE_CSV_OCTET_END);
		at++;
		FUZZ_CHECK(at <= size + 2 && csv.count <= CODE_COLUMN_COUNT_MAX);
		if (step == CODE_CSV_ROW) {
			check_row(&csv);
		}
	} while (step != CODE_CSV_END && step != CODE_CSV_FAULT);
	FUZZ_CHECK((step == CODE_CSV_FAULT) == (csv.fault != NULL));
	FUZZ_CHECK(csv.line >= csv.row_line && (step == CODE_CSV_END || csv.column > 0));
	return 0;
}
