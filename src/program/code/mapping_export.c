/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "code/code_csv.h"
#include "handle/handle_name.h"
#include "program/code/mapping.h"
#include "program/ledger/ledger_tool.h"
#include "program/terminal/progress.h"
#include "records/records_order.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row of quotes only, each doubled. */
enum { ROW_SIZE_MAX = 4 * CODE_MAP_DATA_SIZE_MAX, ARENA_SIZE_MAX = 64 << 20 };

struct export
{
	const struct mapping_import *order;
	FILE *file;
	struct arena *arena;
	char *row;
	uint64_t count;
	struct progress progress;
};

static bool
write_row(struct export *export, const struct code_mapping *mapping)
{
	struct text_writer writer = text_writer_over(export->row, ROW_SIZE_MAX);
	struct bytes row;

	for (size_t i = 0; i < CODE_FIELD_COUNT; i++) {
		if (i > 0) {
			text_write_char(&writer, ',');
		}
		code_csv_write(&writer,
			mapping == NULL ? bytes_from_string(code_field_name((enum code_field)i))
					: mapping->fields[i]);
	}
	text_write_string(&writer, "\r\n");
	row = text_written(&writer);
	return text_writer_end(&writer) == STATUS_OK &&
		fwrite(row.at, 1, row.size, export->file) == row.size;
}

static bool
write_record(struct export *export, const struct record *record)
{
	struct wire_reader walk = handle_value_list_walk(&record->values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		struct code_mapping mapping;

		if (bytes_equal_fold(value.type, TEXT("CODE_MAP")) &&
			code_mapping_read(value.data, export->arena, &mapping) == STATUS_OK) {
			if (!write_row(export, &mapping)) {
				return false;
			}
			export->count++;
		}
	}
	arena_reset(export->arena);
	progress_show(&export->progress, export->count, 0, export->count);
	return true;
}

/* Records by code only: those by handle say the same again. */
static enum status
write_all(struct export *export, struct records *records, struct problem *problem)
{
	char start[HANDLE_KEY_SIZE_MAX + 16];
	struct text_writer writer = text_writer_over(start, sizeof(start));
	struct records_cursor *cursor;
	struct bytes from, reverse, key;
	struct record record;
	enum status status;

	for (size_t i = 0; i < export->order->prefix.size; i++) {
		text_write_char(&writer, (char)ascii_upper(export->order->prefix.at[i]));
	}
	text_write_string(&writer, "/IDENTIFIER/");
	reverse = text_written(&writer);
	from = bytes_slice(reverse, 0, export->order->prefix.size + 1);
	status = records_cursor_open(records, from, &cursor);
	if (status != STATUS_OK || !write_row(export, NULL)) {
		return problem_set(problem, status == STATUS_OK ? STATUS_SYSTEM : status, "%s",
			SAY("cannot be read or written", "无法读取或写出"));
	}
	while (status == STATUS_OK && records_cursor_next(cursor, &key, &record)) {
		if (bytes_compare(key, from) < 0 || bytes_start_with(key, reverse)) {
			continue;
		}
		if (!bytes_start_with(key, from)) {
			break;
		}
		if (!write_record(export, &record)) {
			status = problem_system(problem, "%s", export->order->path);
		}
	}
	if (status == STATUS_OK && records_cursor_status(cursor) != STATUS_OK) {
		status = problem_set(problem, STATUS_CORRUPT,
			"the view is damaged: try houji verify, then houji repair");
	}
	records_cursor_close(cursor);
	return status;
}

static enum status
run(struct export *export, struct problem *problem)
{
	struct ledger *ledger;
	bool is_stdout = strcmp(export->order->path, "-") == 0;
	enum status status = ledger_tool_open(export->order->directory, &ledger, problem);

	if (status != STATUS_OK) {
		return status;
	}
	export->file = is_stdout ? stdout : fopen(export->order->path, "wxe");
	if (export->file == NULL) {
		status = problem_system(problem, "%s", export->order->path);
	} else {
		status = write_all(export, ledger_records(ledger), problem);
		if ((is_stdout ? fflush(stdout) : fclose(export->file)) != 0 &&
			status == STATUS_OK) {
			status = problem_system(problem, "%s", export->order->path);
		}
	}
	(void)ledger_close(ledger, NULL);
	return status;
}

int
mapping_export(const struct mapping_import *order)
{
	struct export export = {
		.order = order,
		.arena = arena_new(1 << 20, ARENA_SIZE_MAX),
		.row = malloc(ROW_SIZE_MAX),
		.progress = progress_begin("code", SAY("rows", "行"), order->is_quiet),
	};
	struct problem problem = {.text = ""};
	enum status status = STATUS_NO_MEMORY;

	if (export.arena != NULL && export.row != NULL) {
		status = run(&export, &problem);
	}
	progress_end(&export.progress);
	arena_free(export.arena);
	free(export.row);
	if (status != STATUS_OK) {
		problem.status = status;
		return command_problem(order->manual, &problem);
	}
	if (order->is_json && strcmp(order->path, "-") != 0) {
		printf("{\"rows\":%" PRIu64 "}\n", export.count);
	} else if (!order->is_quiet) {
		fprintf(stderr,
			SAY("houji code: %" PRIu64 " rows\n", "houji code：%" PRIu64 " 行\n"),
			export.count);
	}
	return EXIT_CODE_OK;
}
