/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "handle/handle_json.h"
#include "program/commands.h"
#include "program/ledger/ledger_tool.h"
#include "program/transfer/export.h"
#include "records/records_order.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_PREFIX = 1, OPTION_WITH_SECRETS, OPTION_JSON };

static const struct option_row rows[] = {
	{OPTION_PREFIX, "prefix", 0, "P", {"only handles P/...", "只输出 P/... 的标识"}},
	{OPTION_WITH_SECRETS, "with-secrets", 0, NULL,
		{"the data of HS_SECKEY, too; not to a terminal",
			"同时输出 HS_SECKEY 的数据；不可输出到终端"}},
	{OPTION_JSON, "json", 'j', NULL,
		{"the default: one JSON object a line", "默认格式：每行一个 JSON 对象"}},
	{0},
};

const struct command_manual command_dump_manual = {
	.name = "dump",
	.usage = "[OPTION]... DIR",
	.about = {"Writes every record in DIR to stdout, in the order of the folded handles, one\n"
		  "JSON object a line: {\"handle\":...,\"values\":[...]}. houji load of that "
		  "output\n"
		  "--with-secrets gives the same records, octet for octet.\n"
		  "\n"
		  "Without that option secret keys (HS_SECKEY) are left out: how many, is said on\n"
		  "stderr, and houji load and batch refuse the records that lack one, each with\n"
		  "its line. To move a node, dump it --with-secrets and keep what comes out as\n"
		  "safe as the node itself.\n"
		  "\n"
		  "Nothing may be serving DIR meanwhile.",
		"把 DIR 中的全部记录按标识（大写折叠后）的顺序写到标准输出，每行一个 JSON\n"
		"对象：{\"handle\":...,\"values\":[...]}。用 houji load 读入 "
		"--with-secrets\n"
		"的输出即得逐字节相同的记录。\n"
		"\n"
		"不给该选项时，口令值（HS_SECKEY）不予输出：其数目报到标准错误，houji load 与\n"
		"batch 会逐行拒绝缺少口令值的记录。迁移节点时请用 --with-secrets，并像保护节点\n"
		"一样保护其输出。\n"
		"\n"
		"期间不得有节点正在使用 DIR。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji dump node --with-secrets | gzip > records.ndjson.gz\n"
		   "  houji dump node --prefix 88.999.10001\n"
		   "Exit codes: 0 all was written; 1 it was not; 2 wrong use.",
		"示例：\n"
		"  houji dump node --with-secrets | gzip > records.ndjson.gz\n"
		"  houji dump node --prefix 88.999.10001\n"
		"退出码：0 全部写出；1 未能写出；2 用法错误。"},
};

/* JSON of octets that are no text is base64, and each octet of a name can take six. */
enum { LINE_SIZE_MAX = 8 * RECORD_SIZE_MAX };

/* What is written where. */
struct dumping {
	char *line; /* LINE_SIZE_MAX. */
	bool hides_secrets;
	uint64_t record_count, secret_count; /* With a secret left out; secrets. */
};

static void
secrets_count(const struct record *record, struct dumping *dumping)
{
	struct wire_reader walk = handle_value_list_walk(&record->values);
	struct handle_value value;
	uint64_t count = 0;

	while (handle_value_next(&walk, &value)) {
		count += export_is_secret(&value);
	}
	dumping->secret_count += count;
	dumping->record_count += count > 0;
}

static enum status
dump_record(const struct record *record, struct dumping *dumping, struct problem *problem)
{
	struct json_writer writer = json_writer_over(dumping->line, LINE_SIZE_MAX);
	struct bytes text;

	writer.hides_secrets = dumping->hides_secrets;
	secrets_count(record, dumping);
	handle_record_write_json(&writer, record->name, &record->values);
	if (json_writer_end(&writer) != STATUS_OK) {
		return problem_set(problem, STATUS_TOO_LARGE, "a record has no form in JSON: %s",
			status_text(json_writer_end(&writer)));
	}
	text = json_written(&writer);
	if (fwrite(text.at, 1, text.size, stdout) != text.size || putchar('\n') == EOF) {
		return problem_system(problem, "stdout");
	}
	return STATUS_OK;
}

static enum status
dump_all(struct records *records, struct bytes start, struct dumping *dumping,
	struct problem *problem)
{
	struct records_cursor *cursor;
	struct record record;
	struct bytes key;
	enum status status = records_cursor_open(records, start, &cursor);

	if (status != STATUS_OK) {
		return problem_set(problem, status, "the ordered view cannot be read: %s",
			status_text(status));
	}
	while (status == STATUS_OK && records_cursor_next(cursor, &key, &record)) {
		if (!bytes_start_with(key, start)) {
			/* The table may begin a little early for a very long prefix. */
			if (bytes_compare(key, start) < 0) {
				continue;
			}
			break;
		}
		status = dump_record(&record, dumping, problem);
	}
	if (status == STATUS_OK && records_cursor_status(cursor) != STATUS_OK) {
		status = problem_set(problem, STATUS_CORRUPT,
			"the view is damaged: try houji verify, then houji repair");
	}
	records_cursor_close(cursor);
	return status;
}

/* The folded start of all handles of a prefix, "P/". */
static struct bytes
prefix_start(const char *prefix, uint8_t key[HANDLE_KEY_SIZE_MAX])
{
	struct bytes text = bytes_from_string(prefix);

	if (text.size == 0 || text.size + 1 > HANDLE_KEY_SIZE_MAX) {
		return (struct bytes){NULL, 0};
	}
	for (size_t i = 0; i < text.size; i++) {
		key[i] = ascii_upper(text.at[i]);
	}
	key[text.size] = '/';
	return bytes_over(key, text.size + 1);
}

static int
dump(const char *directory, struct bytes start, bool hides_secrets)
{
	struct problem problem;
	struct ledger *ledger;
	struct dumping dumping = {malloc(LINE_SIZE_MAX), hides_secrets, 0, 0};
	enum status status = STATUS_NO_MEMORY;

	if (dumping.line == NULL) {
		return command_failure(&command_dump_manual, "%s", text_say(status_text(status)));
	}
	status = ledger_tool_open(directory, &ledger, &problem);
	if (status == STATUS_OK) {
		status = dump_all(ledger_records(ledger), start, &dumping, &problem);
		(void)ledger_close(ledger, NULL);
	}
	free(dumping.line);
	if (hides_secrets && dumping.secret_count > 0) {
		fflush(stdout);
		fprintf(stderr,
			SAY("houji dump: %s left out of %s, which houji load will refuse; "
			    "--with-secrets writes them\n",
				"houji dump: 未输出 %s，涉及 %s，houji load 将拒绝这些记录；"
				"--with-secrets 可输出\n"),
			count_say(dumping.secret_count, "secret", "secrets", "个口令值").text,
			COUNT_RECORDS(dumping.record_count));
	}
	return status == STATUS_OK ? EXIT_CODE_OK : command_problem(&command_dump_manual, &problem);
}

int
command_dump(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_dump_manual, argc, argv);
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	struct bytes start = {NULL, 0};
	bool hides_secrets = true;

	while (option_next(&walk)) {
		if (walk.key == OPTION_WITH_SECRETS) {
			hides_secrets = false;
		} else if (walk.key == OPTION_PREFIX) {
			start = prefix_start(walk.argument, key);
			if (start.size == 0) {
				return command_usage_error(&command_dump_manual,
					SAY("no prefix: '%s'", "不是前缀：'%s'"), walk.argument);
			}
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 1) {
		return command_directory_error(&command_dump_manual);
	}
	if (!hides_secrets && isatty(STDOUT_FILENO)) {
		return command_usage_error(&command_dump_manual, "%s",
			SAY("secrets are not written to a terminal", "口令值不可输出到终端"));
	}
	return dump(argv[walk.index], start, hides_secrets);
}
