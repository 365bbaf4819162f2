/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_lines.h"
#include "base/clock.h"
#include "base/limits.h"
#include "handle/handle_json.h"
#include "program/commands.h"
#include "program/ledger/ledger_tool.h"
#include "program/terminal/progress.h"
#include "program/transfer/export.h"
#include "records/records_order.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_PREFIX = 1, OPTION_WITH_SECRETS, OPTION_JSON, OPTION_QUIET };

static const struct option_row rows[] = {
	{OPTION_PREFIX, "prefix", 0, "P", {"only handles P/...", "只导出 P/... 的标识"}},
	{OPTION_WITH_SECRETS, "with-secrets", 0, NULL,
		{"HS_SECKEY values too; FILE is made 0600 and may not be -",
			"包含 HS_SECKEY 值；FILE 权限为 0600，且不能是 -"}},
	{OPTION_JSON, "json", 'j', NULL,
		{"write the summary as one JSON object", "以一个 JSON 对象输出汇总"}},
	{OPTION_QUIET, "quiet", 'q', NULL, {"no progress, no summary", "不显示进度与汇总"}},
	{0},
};

const struct command_manual command_export_manual = {
	.name = "export",
	.usage = "[OPTION]... DIR [FILE|-]",
	.about = {"Writes the records of DIR, as they are now, and the prefixes homed there, as\n"
		  "lines of JSON under a seal, to FILE or stdout:\n"
		  "\n"
		  "  {\"houji\":\"export\",\"version\":1,\"sequence\":N,\"head\":HASH,...}\n"
		  "  {\"home\":\"0.NA/88.100\"}                  each prefix\n"
		  "  {\"handle\":...,\"values\":[...]}           each record, as houji dump has "
		  "it\n"
		  "  {\"lines\":N,\"sha256\":HASH}               of all lines before\n"
		  "\n"
		  "houji import proves the seal before it changes anything. FILE must not be\n"
		  "there yet. The secret keys of records (HS_SECKEY) are left out, and the first\n"
		  "line says so, unless --with-secrets is given.\n"
		  "\n"
		  "An export has no history; houji backup has. Nothing may be serving DIR: export\n"
		  "from a restored backup instead.",
		"将 DIR 的当前记录与托管的前缀，以带封印的 JSON 行写入 FILE 或标准输出：\n"
		"\n"
		"  {\"houji\":\"export\",\"version\":1,\"sequence\":N,\"head\":哈希,...}\n"
		"  {\"home\":\"0.NA/88.100\"}                  每个前缀\n"
		"  {\"handle\":...,\"values\":[...]}           每条记录，同 houji dump\n"
		"  {\"lines\":N,\"sha256\":哈希}               以上各行\n"
		"\n"
		"houji import 先核验封印再作更改。FILE 必须尚不存在。记录中的口令值（HS_SECKEY）\n"
		"不导出并在首行注明，除非给出 --with-secrets。\n"
		"\n"
		"导出不含历史；备份（houji backup）含历史。期间不得有节点正在使用 DIR：可改由\n"
		"恢复出的备份导出。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji export node records.ndjson\n"
		   "  houji export --prefix 88.100 node - | gzip > part.ndjson.gz\n"
		   "Exit codes: 0 all was written; 1 it was not; 2 wrong use.",
		"示例：\n"
		"  houji export node records.ndjson\n"
		"  houji export --prefix 88.100 node - | gzip > part.ndjson.gz\n"
		"退出码：0 全部写出；1 未能写出；2 用法错误。"},
};

/* JSON of octets that are no text is base64, and each octet of a name can take six. */
enum { LINE_SIZE_MAX = 8 * RECORD_SIZE_MAX, HEADER_SIZE_MAX = 8 * HANDLE_NAME_SIZE_MAX };

struct export_call {
	const char *directory, *path;
	const char *prefix; /* NULL: all. */
	bool with_secrets, is_json, is_quiet;
};

struct export
{
	const struct export_call *call;
	struct ledger *ledger;
	struct backup_writer lines;
	struct progress progress;
	char *line; /* LINE_SIZE_MAX. */
	uint8_t *values; /* RECORD_SIZE_MAX: a record's without its secrets. */
	uint8_t start[HANDLE_KEY_SIZE_MAX]; /* Folded "P/"; empty for all. */
	size_t start_size;
	uint64_t record_count, prefix_count, secret_count;
};

static void
write_header(struct export *export)
{
	struct journal *journal = ledger_journal(export->ledger);
	struct json_writer json = json_writer_over(export->line, HEADER_SIZE_MAX);
	uint8_t head[JOURNAL_DIGEST_SIZE];

	journal_head(journal, head);
	json_write_object(&json);
	json_write_name(&json, "houji");
	json_write_string(&json, TEXT("export"));
	json_write_name(&json, "version");
	json_write_u64(&json, EXPORT_VERSION);
	json_write_name(&json, "created_ms");
	json_write_i64(&json, clock_wall_ms());
	json_write_name(&json, "sequence");
	json_write_u64(&json, journal_last_sequence(journal));
	json_write_name(&json, "head");
	json_write_hex(&json, bytes_over(head, sizeof(head)));
	json_write_name(&json, "secrets");
	json_write_bool(&json, export->call->with_secrets);
	if (export->call->prefix != NULL) {
		json_write_name(&json, "prefix");
		json_write_string(&json, bytes_from_string(export->call->prefix));
	}
	json_write_object_end(&json);
	backup_write_line(&export->lines, json_written(&json));
}

/* Whether "0.NA/<prefix>" is the one asked for, or all are. */
static bool
prefix_is_wanted(const struct export *export, struct bytes key)
{
	struct bytes wanted = bytes_over(export->start, export->start_size);
	struct bytes prefix = bytes_slice(key, strlen("0.NA/"), key.size);

	return wanted.size == 0 || bytes_equal(prefix, bytes_slice(wanted, 0, wanted.size - 1));
}

/* Long names are shortened in the table: the entry has it whole. */
static enum status
write_prefix(struct export *export, struct bytes value)
{
	struct json_writer json = json_writer_over(export->line, HEADER_SIZE_MAX);
	struct journal_entry entry;
	uint64_t place = 0;
	enum status status;

	if (value.size != sizeof(place)) {
		return STATUS_CORRUPT;
	}
	memcpy(&place, value.at, sizeof(place));
	if ((place & 1) == 0) {
		return STATUS_OK; /* Given up. */
	}
	status = journal_read(ledger_journal(export->ledger), place & ~UINT64_C(1), &entry);
	if (status != STATUS_OK || !prefix_is_wanted(export, entry.key)) {
		return status;
	}
	json_write_object(&json);
	json_write_name(&json, "home");
	json_write_string(&json, entry.key);
	json_write_object_end(&json);
	backup_write_line(&export->lines, json_written(&json));
	export->prefix_count++;
	return json_writer_end(&json);
}

static enum status
write_prefixes(struct export *export)
{
	struct store_snapshot *snapshot;
	struct store_cursor *cursor;
	struct bytes key, value;
	enum status status = store_snapshot_begin(ledger_store(export->ledger), &snapshot);

	if (status != STATUS_OK) {
		return status;
	}
	status = store_cursor_open(snapshot, STORE_PREFIXES, TEXT(""), &cursor);
	if (status == STATUS_OK) {
		while (status == STATUS_OK && store_cursor_next(cursor, &key, &value)) {
			status = write_prefix(export, value);
		}
		status = status == STATUS_OK ? store_cursor_status(cursor) : status;
		store_cursor_close(cursor);
	}
	store_snapshot_end(snapshot);
	return status;
}

static enum status
write_record(struct export *export, const struct record *record)
{
	struct json_writer json = json_writer_over(export->line, LINE_SIZE_MAX);
	struct handle_value_list values = record->values;

	if (!export->call->with_secrets) {
		uint32_t left_out = export_leave_out_secrets(&values, export->values);

		export->secret_count += left_out;
		if (left_out > 0 && values.count == 0) {
			return STATUS_OK; /* Nothing of it may go out. */
		}
	}
	handle_record_write_json(&json, record->name, &values);
	if (json_writer_end(&json) != STATUS_OK) {
		return json_writer_end(&json);
	}
	backup_write_line(&export->lines, json_written(&json));
	export->record_count++;
	progress_show(&export->progress, export->record_count, 0, export->record_count);
	return STATUS_OK;
}

static enum status
write_records(struct export *export)
{
	struct bytes start = bytes_over(export->start, export->start_size);
	struct records_cursor *cursor;
	struct record record;
	struct bytes key;
	enum status status = records_cursor_open(ledger_records(export->ledger), start, &cursor);

	if (status != STATUS_OK) {
		return status;
	}
	while (status == STATUS_OK && records_cursor_next(cursor, &key, &record)) {
		if (bytes_start_with(key, start)) {
			status = write_record(export, &record);
		} else if (bytes_compare(key, start) > 0) {
			/* The table may begin a little early for a very long prefix. */
			break;
		}
	}
	status = status == STATUS_OK ? records_cursor_status(cursor) : status;
	records_cursor_close(cursor);
	return status;
}

static enum status
export_write(struct export *export, int fd, struct problem *problem)
{
	enum status status = backup_writer_begin(&export->lines, fd), end;

	if (status != STATUS_OK) {
		return problem_set(problem, status, "%s", text_say(status_text(status)));
	}
	write_header(export);
	status = write_prefixes(export);
	if (status == STATUS_OK) {
		status = write_records(export);
	}
	if (status != STATUS_OK) {
		backup_writer_abandon(&export->lines);
		return problem_set(problem, status,
			"the view cannot be read (%s): try houji verify, then houji repair",
			status_text(status));
	}
	end = backup_writer_end(&export->lines);
	if (end != STATUS_OK || (fd != STDOUT_FILENO && fsync(fd) != 0)) {
		return problem_system(problem, "cannot write %s", export->call->path);
	}
	return STATUS_OK;
}

static enum status
export_run(struct export *export, struct problem *problem)
{
	const struct export_call *call = export->call;
	bool is_stdout = strcmp(call->path, "-") == 0;
	int fd = STDOUT_FILENO;
	enum status status = ledger_tool_open(call->directory, &export->ledger, problem);

	if (status != STATUS_OK) {
		return status;
	}
	if (!is_stdout) {
		fd = open(call->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	status = fd < 0 ? problem_system(problem, "cannot make %s", call->path)
			: export_write(export, fd, problem);
	if (fd > STDOUT_FILENO) {
		if (close(fd) != 0 && status == STATUS_OK) {
			status = problem_system(problem, "cannot write %s", call->path);
		}
		if (status != STATUS_OK) {
			(void)unlink(call->path);
		}
	}
	(void)ledger_close(export->ledger, NULL);
	return status;
}

/* On stderr where stdout has the export itself. */
static void
print_summary(const struct export *export, double seconds)
{
	const struct export_call *call = export->call;
	FILE *to = strcmp(call->path, "-") == 0 ? stderr : stdout;

	if (call->is_json) {
		fprintf(to,
			"{\"complete\":true,\"records\":%" PRIu64 ",\"prefixes\":%" PRIu64
			",\"secrets_left_out\":%" PRIu64 ",\"seconds\":%.3f}\n",
			export->record_count, export->prefix_count, export->secret_count, seconds);
	} else if (!call->is_quiet) {
		fprintf(to,
			SAY("exported %s and %s; %s left out; %.1f s\n",
				"已导出 %s、%s；未导出 %s；%.1f 秒\n"),
			COUNT_RECORDS(export->record_count), COUNT_PREFIXES(export->prefix_count),
			count_say(export->secret_count, "secret key", "secret keys", "个口令值")
				.text,
			seconds);
	}
}

static int
export_call(const struct export_call *call)
{
	struct export *export = calloc(1, sizeof(*export));
	struct problem problem = {STATUS_OK, ""};
	enum status status = STATUS_NO_MEMORY;

	if (export == NULL) {
		return command_failure(&command_export_manual, "%s", text_say(status_text(status)));
	}
	export->call = call;
	export->line = malloc(LINE_SIZE_MAX);
	export->values = malloc(RECORD_SIZE_MAX);
	export->progress = progress_begin("export", SAY("records", "条记录"), call->is_quiet);
	if (call->prefix != NULL) {
		struct bytes text = bytes_from_string(call->prefix);

		for (size_t i = 0; i < text.size; i++) {
			export->start[i] = ascii_upper(text.at[i]);
		}
		export->start[text.size] = '/';
		export->start_size = text.size + 1;
	}
	if (export->line != NULL && export->values != NULL) {
		status = export_run(export, &problem);
	}
	progress_end(&export->progress);
	if (status == STATUS_OK) {
		print_summary(export, progress_seconds(&export->progress));
	}
	free(export->line);
	free(export->values);
	free(export);
	problem.status = status;
	return status == STATUS_OK ? EXIT_CODE_OK
				   : command_problem(&command_export_manual, &problem);
}

int
command_export(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_export_manual, argc, argv);
	struct export_call call = {.path = "-"};

	while (option_next(&walk)) {
		call.with_secrets |= walk.key == OPTION_WITH_SECRETS;
		call.is_json |= walk.key == OPTION_JSON;
		call.is_quiet |= walk.key == OPTION_QUIET;
		if (walk.key == OPTION_PREFIX) {
			size_t size = strlen(walk.argument);

			call.prefix = walk.argument;
			if (size == 0 || size + 1 > HANDLE_KEY_SIZE_MAX) {
				return command_usage_error(&command_export_manual,
					SAY("no prefix: '%s'", "不是前缀：'%s'"), walk.argument);
			}
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index < 1 || argc - walk.index > 2) {
		return command_directory_error(&command_export_manual);
	}
	call.directory = argv[walk.index];
	call.path = argc - walk.index == 2 ? argv[walk.index + 1] : call.path;
	if (call.with_secrets && strcmp(call.path, "-") == 0) {
		return command_usage_error(&command_export_manual, "%s",
			SAY("secrets go to a FILE only, which is made 0600",
				"口令值只能导出到 FILE（权限 0600）"));
	}
	return export_call(&call);
}
