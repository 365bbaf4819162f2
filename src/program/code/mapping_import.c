/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/limits.h"
#include "code/code_csv.h"
#include "handle/handle_name.h"
#include "program/code/mapping.h"
#include "program/code/mapping_trial.h"
#include "program/ledger/ledger_tool.h"
#include "program/terminal/language.h"
#include "program/terminal/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Rows are gathered to a window; then the records by code are changed as one chain, and behind
 * them, for those that were taken, the records by handle: two syncs for a window. A crash in
 * between leaves codes that are found and handles that do not lead back; the same import again
 * mends it, since it writes what is missing and nothing else.
 */
enum { WINDOW_COUNT = 256, ARENA_SIZE_MAX = 512 << 20 };

struct import;

struct slot {
	struct import *import;
	struct code_mapping mapping;
	struct ledger_change change;
	uint64_t line;
	bool is_reverse;
	bool is_replacing;
	enum status status;
};

struct counts {
	uint64_t rows, created, updated, unchanged, failed;
};

struct import {
	const struct mapping_import *order;
	struct ledger *ledger;
	struct mapping_trial *trial; /* NULL: it is carried out. */
	struct arena *arena; /* Of a window: the reader's and, while it waits, the committer's. */
	FILE *file;
	uint64_t file_size;
	uint64_t octets;
	struct progress progress;
	struct counts counts;
	bool has_header;
	bool is_full; /* The ledger refused for a reason that is not the row's. */
	size_t columns[CODE_FIELD_COUNT]; /* 1 + the column of a field; 0: it has none. */
	struct code_csv csv;
	struct code_result result;
	char room[CODE_MAP_DATA_SIZE_MAX]; /* Of the one who judges. */
	size_t slot_count;
	struct slot slots[WINDOW_COUNT];
	pthread_mutex_t lock;
	pthread_cond_t is_answered;
	size_t waiting;
};

static void complain(struct import *import, uint64_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
complain(struct import *import, uint64_t line, const char *format, ...)
{
	va_list arguments;

	progress_clear(&import->progress);
	fprintf(stderr, "%s:%" PRIu64 ": ", import->order->path, line);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	putc('\n', stderr);
	import->counts.failed++;
}

/* On the committer's thread, while the reader waits. */
static enum status
judge(void *context, struct ledger_state *state, struct ledger_change *change,
	const struct record *before)
{
	struct slot *slot = context;
	struct mapping_merge merge = {
		.mapping = &slot->mapping,
		.is_reverse = slot->is_reverse,
		.arena = slot->import->arena,
		.room = slot->import->room,
		.timestamp = (uint32_t)(clock_wall_ms() / 1000),
	};

	(void)state;
	slot->is_replacing = before != NULL;
	return mapping_merge(&merge, before == NULL ? NULL : &before->values, &change->values);
}

static void
committed(void *context, struct ledger_change *change, enum status status, uint64_t sequence)
{
	struct slot *slot = context;
	struct import *import = slot->import;

	(void)change;
	(void)sequence;
	slot->status = status;
	pthread_mutex_lock(&import->lock);
	if (--import->waiting == 0) {
		pthread_cond_signal(&import->is_answered);
	}
	pthread_mutex_unlock(&import->lock);
}

static bool
name_slot(struct slot *slot, bool is_reverse)
{
	char name[HANDLE_NAME_SIZE_MAX];
	struct text_writer writer = text_writer_over(name, sizeof(name));
	struct bytes prefix = slot->import->order->prefix;

	if (is_reverse) {
		code_mapping_write_reverse_name(
			&writer, prefix, slot->mapping.fields[CODE_FIELD_HANDLE]);
	} else {
		code_mapping_write_name(&writer, prefix, &slot->mapping);
	}
	slot->is_reverse = is_reverse;
	slot->change = (struct ledger_change){
		.kind = JOURNAL_PUT,
		.name = arena_copy(slot->import->arena, text_written(&writer)),
		.actor = TEXT("houji code import"),
		.judge = judge,
		.committed = committed,
		.context = slot,
	};
	return text_writer_end(&writer) == STATUS_OK && slot->change.name.at != NULL;
}

/* What the committer would do with it, but for writing. */
static void
try_slot(struct import *import, struct slot *slot)
{
	struct record before;
	bool is_there = mapping_trial_find(import->trial, slot->change.name, &before.values);

	slot->status = judge(slot, NULL, &slot->change, is_there ? &before : NULL);
	if (slot->status == STATUS_OK) {
		slot->status =
			mapping_trial_keep(import->trial, slot->change.name, &slot->change.values);
	}
}

static enum status
submit(struct import *import, struct ledger_change *chain)
{
	enum status status = ledger_submit(import->ledger, chain);

	if (status != STATUS_OK) {
		return status;
	}
	pthread_mutex_lock(&import->lock);
	while (import->waiting > 0) {
		pthread_cond_wait(&import->is_answered, &import->lock);
	}
	pthread_mutex_unlock(&import->lock);
	return STATUS_OK;
}

/* Changes of all slots that are OK so far, as one chain; waits for the answers. */
static enum status
commit_slots(struct import *import, bool is_reverse)
{
	struct ledger_change *chain = NULL, **last = &chain;

	import->waiting = 0;
	for (size_t i = 0; i < import->slot_count; i++) {
		struct slot *slot = &import->slots[i];

		if (slot->status != STATUS_OK && slot->status != STATUS_EXISTS) {
			continue;
		}
		if (!name_slot(slot, is_reverse)) {
			slot->status = STATUS_TOO_LARGE;
		} else if (import->trial != NULL) {
			try_slot(import, slot);
		} else {
			*last = &slot->change;
			last = &slot->change.next;
			import->waiting++;
		}
	}
	return chain == NULL ? STATUS_OK : submit(import, chain);
}

static void
count_slot(struct import *import, const struct slot *slot, enum status forward, bool was_there)
{
	if (forward != STATUS_OK && forward != STATUS_EXISTS) {
		complain(import, slot->line, "%s",
			forward == STATUS_CONFLICT
				? SAY("the code is another handle's from that time on: withdraw "
				      "that mapping, or give another time",
					  "该编码自此时起已映射到其他标识：请先撤销，或另给时间")
				: status_text(forward));
		import->is_full |= forward != STATUS_CONFLICT && forward != STATUS_TOO_LARGE &&
			forward != STATUS_VALUE_EXISTS && forward != STATUS_INVALID;
	} else if (slot->status != STATUS_OK && slot->status != STATUS_EXISTS) {
		complain(import, slot->line, SAY("the way back: %s", "反向映射：%s"),
			status_text(slot->status));
		import->is_full |= slot->status != STATUS_TOO_LARGE;
	} else if (forward == STATUS_EXISTS && slot->status == STATUS_EXISTS) {
		import->counts.unchanged++;
	} else if (was_there) {
		import->counts.updated++;
	} else {
		import->counts.created++;
	}
}

static enum status
commit_window(struct import *import)
{
	enum status forwards[WINDOW_COUNT];
	bool were_there[WINDOW_COUNT];
	enum status status = commit_slots(import, false);

	for (size_t i = 0; i < import->slot_count; i++) {
		forwards[i] = import->slots[i].status;
		were_there[i] = import->slots[i].is_replacing;
	}
	if (status == STATUS_OK) {
		status = commit_slots(import, true);
	}
	for (size_t i = 0; status == STATUS_OK && i < import->slot_count; i++) {
		count_slot(import, &import->slots[i], forwards[i], were_there[i]);
	}
	import->slot_count = 0;
	arena_reset(import->arena);
	progress_show(&import->progress, import->octets, import->file_size, import->counts.rows);
	return status;
}

static bool
read_header(struct import *import)
{
	const struct code_csv *csv = &import->csv;
	uint64_t failed = import->counts.failed;

	for (size_t i = 0; i < csv->count; i++) {
		struct bytes name = code_csv_field(csv, i);
		enum code_field field;

		if (!code_field_find(name, &field)) {
			complain(import, csv->row_line,
				SAY("no such column: '%.*s'", "没有这一列：'%.*s'"), (int)name.size,
				(const char *)name.at);
		} else if (import->columns[field] != 0) {
			complain(import, csv->row_line, SAY("column %s comes twice", "列 %s 重复"),
				code_field_name(field));
		} else {
			import->columns[field] = i + 1;
		}
	}
	for (enum code_field field = CODE_FIELD_SCHEME; field <= CODE_FIELD_HANDLE; field++) {
		if (import->columns[field] == 0) {
			complain(import, csv->row_line, SAY("column %s is missing", "缺少列 %s"),
				code_field_name(field));
		}
	}
	import->has_header = true;
	return import->counts.failed == failed;
}

/* The reason why a code is none, from the candidate that comes nearest. */
static void
complain_of_code(struct import *import, const struct code_mapping *mapping, enum status status)
{
	struct bytes code = mapping->fields[CODE_FIELD_CODE];
	struct bytes scheme = mapping->fields[CODE_FIELD_SCHEME];
	char room[512], why[512];
	struct text_writer text = text_writer_over(room, sizeof(room));
	struct text_writer reason = text_writer_over(why, sizeof(why));

	text_write_escaped(&text, code);
	for (size_t i = 0; status == STATUS_NOT_FOUND && i < import->result.count; i++) {
		const struct code_candidate *candidate = &import->result.candidates[i];
		const char *system = code_system_name(candidate->scheme);

		if (!candidate->is_valid && candidate->reason_count > 0 &&
			(bytes_equal_fold(scheme, bytes_from_string(system)) ||
				bytes_equal_fold(scheme, bytes_from_string(candidate->kind)))) {
			text_write_string(&reason, ": ");
			code_reason_write(&reason, &candidate->reasons[candidate->reason_count - 1],
				language_is_chinese());
			break;
		}
	}
	complain(import, import->csv.row_line,
		status == STATUS_CONFLICT
			? SAY("code: '%.*s' may be several: say which in scheme (GTIN-13, "
			      "GLN)%.*s",
				  "code：'%.*s' 有多种可能：请在 scheme 中指明（GTIN-13、GLN）%.*s")
			: SAY("code: '%.*s' is no code of its scheme%.*s",
				  "code：'%.*s' 不是该 scheme 的编码%.*s"),
		(int)text_written(&text).size, room, (int)text_written(&reason).size, why);
}

static bool
keep_row(struct import *import, struct slot *slot, const struct code_mapping *mapping)
{
	*slot = (struct slot){
		.import = import,
		.line = import->csv.row_line,
		.status = STATUS_OK,
	};
	for (size_t i = 0; i < CODE_FIELD_COUNT; i++) {
		slot->mapping.fields[i] = arena_copy(import->arena, mapping->fields[i]);
		if (slot->mapping.fields[i].at == NULL && mapping->fields[i].size > 0) {
			return false;
		}
	}
	import->slot_count++;
	return true;
}

static enum status
read_row(struct import *import)
{
	const struct code_csv *csv = &import->csv;
	struct code_mapping mapping = {0};
	enum code_field field;
	enum status status;

	if (csv->count == 1 && code_csv_field(csv, 0).size == 0) {
		return STATUS_OK; /* A blank line. */
	}
	if (!import->has_header) {
		return read_header(import) ? STATUS_OK : STATUS_INVALID;
	}
	import->counts.rows++;
	for (size_t i = 0; i < CODE_FIELD_COUNT; i++) {
		mapping.fields[i] = import->columns[i] == 0
			? TEXT("")
			: code_csv_field(csv, import->columns[i] - 1);
	}
	if (code_mapping_check(&mapping, &field) != STATUS_OK) {
		complain(import, csv->row_line, SAY("%s: '%.*s' is not allowed", "%s：'%.*s' 无效"),
			code_field_name(field), (int)mapping.fields[field].size,
			(const char *)mapping.fields[field].at);
		return STATUS_OK;
	}
	import->result.count = 0;
	status = code_mapping_normalize(&mapping, &import->result);
	if (status != STATUS_OK) {
		complain_of_code(import, &mapping, status);
		return STATUS_OK;
	}
	if (!keep_row(import, &import->slots[import->slot_count], &mapping)) {
		return STATUS_NO_MEMORY;
	}
	return import->slot_count == WINDOW_COUNT ? commit_window(import) : STATUS_OK;
}

static enum status
read_rows(struct import *import)
{
	enum status status = STATUS_OK;
	enum code_csv_step step;

	import->csv = code_csv_begin();
	do {
		int octet = getc(import->file);

		import->octets += octet != EOF;
		step = code_csv_feed(&import->csv, octet == EOF ? CODE_CSV_OCTET_END : octet);
		if (step == CODE_CSV_ROW) {
			status = read_row(import);
		}
	} while (status == STATUS_OK && !import->is_full && step != CODE_CSV_END &&
		step != CODE_CSV_FAULT);
	if (step == CODE_CSV_FAULT) {
		complain(import, import->csv.line,
			SAY("column %" PRIu64 ": %s", "第 %" PRIu64 " 列：%s"), import->csv.column,
			SAY(import->csv.fault, import->csv.fault_chinese));
	}
	if (status == STATUS_OK && !import->is_full) {
		status = commit_window(import);
	}
	return ferror(import->file) ? STATUS_SYSTEM : status;
}

/* The prefix of the mappings is homed here, or is made so. */
static enum status
check_prefix(struct import *import, struct problem *problem)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	char name[HANDLE_NAME_SIZE_MAX];
	struct text_writer writer = text_writer_over(name, sizeof(name));
	struct records_reader *reader = records_reader_new(ledger_records(import->ledger));
	struct ledger_change change;
	enum status status;
	bool is_homed;
	size_t size;

	if (reader == NULL) {
		return problem_set(
			problem, STATUS_NO_MEMORY, "%s", text_say(status_text(STATUS_NO_MEMORY)));
	}
	text_write(&writer, import->order->prefix);
	text_write_string(&writer, "/x");
	size = handle_name_prefix_handle(text_written(&writer), key);
	records_enter(reader);
	is_homed = size > 0 && records_prefix_is_homed(reader, bytes_over(key, size));
	records_leave(reader);
	records_reader_free(reader);
	if (is_homed) {
		return STATUS_OK;
	}
	if (!import->order->is_homing) {
		return problem_set(problem, STATUS_NOT_RESPONSIBLE,
			SAY("%.*s is not homed in %s: --home homes it",
				"%.*s 未在 %s 托管：--home 予以托管"),
			(int)import->order->prefix.size, (const char *)import->order->prefix.at,
			import->order->directory);
	}
	if (import->trial != NULL) {
		return STATUS_OK;
	}
	change = (struct ledger_change){.kind = JOURNAL_HOME,
		.name = bytes_over(key, size),
		.actor = TEXT("houji code import")};
	status = ledger_commit(import->ledger, &change);
	return status == STATUS_OK
		? STATUS_OK
		: problem_set(problem, status, "%s", text_say(status_text(status)));
}

static enum status
open_file(struct import *import, struct problem *problem)
{
	struct stat stat;

	import->file =
		strcmp(import->order->path, "-") == 0 ? stdin : fopen(import->order->path, "re");
	if (import->file == NULL) {
		return problem_system(problem, "%s", import->order->path);
	}
	if (fstat(fileno(import->file), &stat) == 0 && S_ISREG(stat.st_mode)) {
		import->file_size = (uint64_t)stat.st_size;
	}
	return STATUS_OK;
}

static void
print_summary(const struct import *import, bool is_complete)
{
	const struct counts *counts = &import->counts;

	if (import->order->is_json) {
		printf("{\"complete\":%s,\"rows\":%" PRIu64 ",\"created\":%" PRIu64
		       ",\"updated\":%" PRIu64 ",\"unchanged\":%" PRIu64 ",\"failed\":%" PRIu64
		       "}\n",
			is_complete ? "true" : "false", counts->rows, counts->created,
			counts->updated, counts->unchanged, counts->failed);
		return;
	}
	printf(SAY("%" PRIu64 " rows: %" PRIu64 " new, %" PRIu64 " updated, %" PRIu64
		   " unchanged, %" PRIu64 " failed\n",
		       "%" PRIu64 " 行：新增 %" PRIu64 "，更新 %" PRIu64 "，未变 %" PRIu64
		       "，失败 %" PRIu64 "\n"),
		counts->rows, counts->created, counts->updated, counts->unchanged, counts->failed);
}

static enum status
open_ledger(struct import *import, struct problem *problem)
{
	enum status status;

	if (!import->order->is_dry_run) {
		return ledger_open(
			import->order->directory, LEDGER_WRITE, &import->ledger, problem);
	}
	status = ledger_tool_open(import->order->directory, &import->ledger, problem);
	if (status == STATUS_OK) {
		import->trial = mapping_trial_new(import->ledger);
		status = import->trial == NULL ? STATUS_NO_MEMORY : STATUS_OK;
	}
	return status;
}

static enum status
close_ledger(struct import *import, enum status status, struct problem *problem)
{
	struct problem closing;
	enum status end;

	mapping_trial_free(import->trial);
	end = ledger_close(import->ledger, &closing);
	if (status == STATUS_OK && end != STATUS_OK) {
		*problem = closing;
		return end;
	}
	return status;
}

static enum status
run(struct import *import, struct problem *problem)
{
	enum status status = open_file(import, problem);

	if (status != STATUS_OK) {
		return status;
	}
	status = open_ledger(import, problem);
	if (status == STATUS_OK) {
		status = check_prefix(import, problem);
		if (status == STATUS_OK) {
			status = read_rows(import);
			problem_set(problem, status, "%s: %s", import->order->path,
				status_text(status));
		}
	}
	if (import->ledger != NULL) {
		status = close_ledger(import, status, problem);
	}
	if (import->file != stdin) {
		(void)fclose(import->file);
	}
	return status;
}

int
mapping_import(const struct mapping_import *order)
{
	struct import *import = calloc(1, sizeof(*import));
	struct problem problem = {.text = ""};
	enum status status = STATUS_NO_MEMORY;
	bool is_good = false;

	if (import != NULL) {
		import->order = order;
		import->arena = arena_new(1 << 20, ARENA_SIZE_MAX);
		import->progress = progress_begin("code", SAY("rows", "行"), order->is_quiet);
		pthread_mutex_init(&import->lock, NULL);
		pthread_cond_init(&import->is_answered, NULL);
	}
	if (import != NULL && import->arena != NULL) {
		status = run(import, &problem);
		progress_end(&import->progress);
		is_good = status == STATUS_OK && import->counts.failed == 0;
		print_summary(import, status == STATUS_OK && !import->is_full);
	}
	if (import != NULL) {
		arena_free(import->arena);
	}
	free(import);
	/* A header that makes no sense was told of already. */
	if (status != STATUS_OK && status != STATUS_INVALID) {
		problem.status = status;
		return command_problem_told(order->manual, &problem);
	}
	return is_good ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}
