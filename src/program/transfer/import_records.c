/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup_lines.h"
#include "base/limits.h"
#include "base/text_writer.h"
#include "program/commands.h"
#include "program/ledger/ledger_tool.h"
#include "program/transfer/export.h"
#include "program/transfer/load.h"
#include "json/json_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * An export in three goes over one file: the seal and the order of the lines; the prefixes;
 * the records, by load.c. What comes through a pipe is kept in a nameless file first.
 */
enum { ARENA_BLOCK_SIZE = 65536, ARENA_LIMIT = 16 << 20, SPOOL_SIZE = 1 << 16 };

struct import_file {
	int fd;
	bool with_secrets;
	uint64_t records_from, records_from_line, records_to; /* Octets and a line. */
	uint64_t prefix_count;
	struct arena *arena;
};

/* A pipe is read to its end into DIR, where the records will need room as well. */
static enum status
spool(const char *directory, int from, int *ret_fd, struct problem *problem)
{
	static uint8_t octets[SPOOL_SIZE];
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ssize_t size = 1;

	if (fd < 0) {
		return problem_system(problem, "cannot make a file in %s", directory);
	}
	while (size != 0) {
		size = read(from, octets, sizeof(octets));
		if (size < 0 && errno == EINTR) {
			continue;
		}
		if (size < 0 || write(fd, octets, (size_t)size) != size) {
			enum status status = problem_system(problem, "cannot keep what comes");

			close(fd);
			return status;
		}
	}
	*ret_fd = fd;
	return STATUS_OK;
}

static enum status
source_open(const struct import_records_call *call, int *ret_fd, struct problem *problem)
{
	bool is_stdin = strcmp(call->path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(call->path, O_RDONLY | O_CLOEXEC);
	enum status status = STATUS_OK;
	struct stat file;

	if (fd < 0 || fstat(fd, &file) != 0) {
		return problem_system(problem, "cannot open %s", call->path);
	}
	if (S_ISREG(file.st_mode)) {
		*ret_fd = fd;
		return lseek(fd, 0, SEEK_SET) == 0
			? STATUS_OK
			: problem_system(problem, "cannot read %s", call->path);
	}
	status = S_ISDIR(file.st_mode)
		? problem_set(problem, STATUS_INVALID, "%s is a directory", call->path)
		: spool(call->directory, fd, ret_fd, problem);
	if (!is_stdin) {
		close(fd);
	}
	return status == STATUS_OK && lseek(*ret_fd, 0, SEEK_SET) != 0
		? problem_system(problem, "cannot read %s", call->path)
		: status;
}

static enum status
header_check(struct import_file *file, struct bytes line, struct problem *problem)
{
	struct json_reader json = json_reader_over(line, file->arena);
	bool is_export = false, has_secrets = false;
	uint64_t version = 0;
	struct bytes name;

	json_read_object(&json);
	while (json_next_member(&json, &name)) {
		if (bytes_equal(name, TEXT("houji"))) {
			is_export = bytes_equal(json_read_string(&json), TEXT("export"));
		} else if (bytes_equal(name, TEXT("version"))) {
			version = json_read_u64(&json, UINT32_MAX);
		} else if (bytes_equal(name, TEXT("secrets"))) {
			file->with_secrets = json_read_bool(&json);
			has_secrets = true;
		} else {
			json_skip(&json);
		}
	}
	if (json_reader_end(&json) != STATUS_OK || !is_export) {
		return problem_set(problem, STATUS_MALFORMED,
			"line 1: not the first line of houji export; records alone are for houji "
			"load");
	}
	if (version != EXPORT_VERSION || !has_secrets) {
		return problem_set(problem, STATUS_UNKNOWN_VERSION,
			"line 1: form %llu of exports, but this program knows %d only",
			(unsigned long long)version, EXPORT_VERSION);
	}
	return STATUS_OK;
}

static bool
line_is_prefix(struct bytes line)
{
	return bytes_start_with(line, TEXT("{\"home\":"));
}

/* The first go: all lines, so that the seal is proven, and where the records stand. */
static enum status
file_prove(struct import_file *file, struct problem *problem)
{
	struct backup_reader lines;
	struct bytes line;
	enum status end,
		status = backup_reader_begin(&lines, file->fd, LOAD_CHUNK_TEXT_SIZE, problem);

	if (status != STATUS_OK) {
		return status;
	}
	if (backup_read_line(&lines, &line)) {
		status = header_check(file, line, problem);
	} else if (lines.is_sealed) {
		status = header_check(file, TEXT(""), problem); /* A seal, and nothing under it. */
	}
	file->records_from = lines.offset;
	file->records_from_line = lines.line_count;
	while (status == STATUS_OK && backup_read_line(&lines, &line)) {
		if (!line_is_prefix(line)) {
			continue;
		}
		if (file->records_from_line + 1 != lines.line_count) {
			status = problem_set(problem, STATUS_MALFORMED,
				"line %llu: prefixes stand before records",
				(unsigned long long)lines.line_count);
		}
		file->records_from = lines.offset;
		file->records_from_line = lines.line_count;
		file->prefix_count++;
	}
	file->records_to = lines.offset;
	if (status != STATUS_OK) {
		lines.problem = NULL; /* It has been said. */
	}
	end = backup_reader_end(&lines);
	return status == STATUS_OK ? end : status;
}

static enum status
prefix_look(struct ledger *ledger, struct bytes key, bool *ret_is_new)
{
	struct records_reader *reader = records_reader_new(ledger_records(ledger));

	if (reader == NULL) {
		return STATUS_NO_MEMORY;
	}
	records_enter(reader);
	*ret_is_new = !records_prefix_is_homed(reader, key);
	records_leave(reader);
	records_reader_free(reader);
	return STATUS_OK;
}

static enum status
prefix_home(struct import_file *file, struct load *load, struct bytes line, bool *ret_is_new)
{
	struct json_reader json = json_reader_over(line, file->arena);
	struct ledger_change change = {.kind = JOURNAL_HOME, .actor = TEXT("houji import")};
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	struct bytes name;
	enum status status;

	*ret_is_new = false;
	json_read_object(&json);
	while (json_next_member(&json, &name)) {
		change.name = json_read_string(&json);
	}
	if (json_reader_end(&json) != STATUS_OK || change.name.size > HANDLE_NAME_SIZE_MAX ||
		!handle_name_is_prefix_handle(change.name)) {
		return STATUS_MALFORMED;
	}
	change.name = bytes_over(key, handle_name_key(change.name, key));
	if (load->options->is_dry_run) {
		return prefix_look(load->ledger, change.name, ret_is_new);
	}
	status = ledger_commit(load->ledger, &change);
	*ret_is_new = status == STATUS_OK;
	return status == STATUS_EXISTS ? STATUS_OK : status;
}

/* The second go. */
static enum status
prefixes_home(struct import_file *file, struct load *load, struct problem *problem)
{
	struct backup_reader lines;
	enum status status = STATUS_OK;
	struct bytes line;
	bool is_new;

	if (lseek(file->fd, 0, SEEK_SET) != 0) {
		return problem_system(problem, "cannot read the export again");
	}
	status = backup_reader_begin(&lines, file->fd, LOAD_CHUNK_TEXT_SIZE, problem);
	if (status != STATUS_OK) {
		return status;
	}
	if (!backup_read_line(&lines, &line)) {
		return backup_reader_end(&lines);
	}
	while (status == STATUS_OK && lines.line_count < file->records_from_line &&
		backup_read_line(&lines, &line)) {
		arena_reset(file->arena);
		status = prefix_home(file, load, line, &is_new);
		load->counts.homed += is_new;
	}
	if (status != STATUS_OK) {
		(void)problem_set(problem, status, "line %llu: the prefix cannot be homed: %s",
			(unsigned long long)lines.line_count, status_text(status));
	}
	lines.problem = NULL; /* Not read to its seal this time. */
	(void)!backup_reader_end(&lines);
	return status;
}

static void
stop(int number)
{
	(void)number;
	load_is_stopped = 1;
}

static void
print_summary(const struct load *load, const struct problem *problem, bool is_complete)
{
	const struct load_counts *counts = &load->counts;
	double seconds = progress_seconds(&load->progress);

	if (load->options->is_json) {
		printf("{\"complete\":%s,\"dry_run\":%s,\"lines\":%" PRIu64 ",\"created\":%" PRIu64
		       ",\"replaced\":%" PRIu64 ",\"unchanged\":%" PRIu64 ",\"failed\":%" PRIu64
		       ",\"prefixes_homed\":%" PRIu64 ",\"seconds\":%.3f",
			is_complete ? "true" : "false",
			load->options->is_dry_run ? "true" : "false", counts->lines,
			counts->created, counts->replaced, counts->unchanged, counts->failed,
			counts->homed, seconds);
		command_error_print(problem);
		puts("}");
		return;
	}
	printf(SAY("imported: %s new, %" PRIu64 " replaced, %" PRIu64
		   " unchanged, %s failed, %s homed; %.1f s%s\n",
		       "导入：新增 %s，替换 %" PRIu64 "，未变 %" PRIu64
		       "，失败 %s，托管 %s；%.1f 秒%s\n"),
		COUNT_RECORDS(counts->created), counts->replaced, counts->unchanged,
		COUNT_LINES(counts->failed), COUNT_PREFIXES(counts->homed), seconds,
		load->options->is_dry_run
			? SAY(" (dry run: nothing was changed)", "（试运行，未作更改）")
			: "");
}

/* The third go. */
static int
records_load(struct import_file *file, struct load *load, struct problem *problem)
{
	const struct load_options *options = load->options;
	struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
	enum status status = STATUS_OK, end;
	struct problem closing;
	bool has_failed;

	if (!options->is_dry_run) {
		status = prefixes_home(file, load, problem);
	}
	if (status == STATUS_OK && file->records_from < file->records_to) {
		status = load_source_open(load, problem);
		if (status == STATUS_OK) {
			sigaction(SIGINT, &action, NULL);
			sigaction(SIGTERM, &action, NULL);
			signal(SIGXFSZ, SIG_IGN);
			status = load_run(load, problem);
		}
		load_source_close(load);
	}
	if (options->is_dry_run && status == STATUS_OK) {
		load->counts.homed =
			0; /* What the records would need is not what the file homes. */
		status = prefixes_home(file, load, problem);
	}
	end = ledger_close(load->ledger, &closing);
	progress_end(&load->progress);
	if (status == STATUS_OK && end != STATUS_OK) {
		status = end;
		*problem = closing;
	}
	has_failed = status != STATUS_OK && status != STATUS_CLOSED;
	print_summary(load, has_failed ? problem : NULL, status == STATUS_OK);
	if (has_failed) {
		return command_problem_told(&command_import_manual, problem);
	}
	return status == STATUS_OK && load->counts.failed == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int
import_run(const struct import_records_call *call, struct import_file *file, struct load *load)
{
	struct load_options options = {
		.directory = call->directory,
		.path = call->path,
		.is_dry_run = call->is_dry_run,
		.is_homing = call->is_dry_run, /* As if they were homed by then. */
		.is_restarting = call->is_restarting,
		.is_quiet = call->is_quiet,
		.is_json = call->is_json,
		.errors_max = call->errors_max,
		.is_import = true,
	};
	struct problem problem = {STATUS_OK, ""};
	struct text_writer writer = text_writer_over(load->name, sizeof(load->name) - 1);
	enum status status = source_open(call, &file->fd, &problem);

	if (status == STATUS_OK) {
		status = file_prove(file, &problem);
		options.fd = file->fd;
		options.from = file->records_from;
		options.from_line = file->records_from_line;
		options.to = file->records_to;
		options.keeps_secrets = !file->with_secrets;
	}
	text_write_escaped(&writer, bytes_from_string(call->path));
	if (status != STATUS_OK) {
		return command_failure(&command_import_manual, "%s: %s", load->name, problem.text);
	}
	load->options = &options;
	status = call->is_dry_run
		? ledger_tool_open(call->directory, &load->ledger, &problem)
		: ledger_open(call->directory, LEDGER_WRITE, &load->ledger, &problem);
	if (status != STATUS_OK) {
		return command_problem(&command_import_manual, &problem);
	}
	load->progress = progress_begin("import", SAY("records", "条记录"), call->is_quiet);
	return records_load(file, load, &problem);
}

int
import_records(const struct import_records_call *call)
{
	struct import_file file = {.fd = -1, .arena = arena_new(ARENA_BLOCK_SIZE, ARENA_LIMIT)};
	struct load *load = calloc(1, sizeof(*load));
	int exit_code;

	if (load == NULL || file.arena == NULL) {
		exit_code = command_no_memory(&command_import_manual);
	} else {
		exit_code = import_run(call, &file, load);
	}
	if (file.fd > STDIN_FILENO) {
		close(file.fd);
	}
	arena_free(file.arena);
	free(load);
	return exit_code;
}
