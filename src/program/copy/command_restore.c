/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup.h"
#include "base/text_writer.h"
#include "program/commands.h"
#include "program/terminal/progress.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

enum { OPTION_AT = 1, OPTION_SEQUENCE, OPTION_LEDGER, OPTION_JSON, OPTION_QUIET };

static const struct option_row rows[] = {
	{OPTION_AT, "at", 0, "TIME",
		{"as of TIME, 2026-11-14T22:13:20Z: to the first later entry",
			"恢复到 TIME（如 2026-11-14T22:13:20Z）：止于其后的首个条目"}},
	{OPTION_SEQUENCE, "sequence", 0, "N",
		{"up to entry N, included", "恢复到第 N 个条目（含）"}},
	{OPTION_LEDGER, "ledger", 0, "DIR2",
		{"go on behind the backup with the journal in DIR2",
			"备份之后接着使用 DIR2 中的日志"}},
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{OPTION_QUIET, "quiet", 'q', NULL, {"no progress", "不显示进度"}},
	{0},
};

const struct command_manual command_restore_manual = {
	.name = "restore",
	.usage = "[OPTION]... TO DIR",
	.about = {"Makes a node's folder DIR from the backup in TO: the ledger with all its\n"
		  "history, the view, and houji.yaml and keys if the backup has them. DIR must be\n"
		  "absent or empty; nothing is ever overwritten. Every entry is proven on the "
		  "way,\n"
		  "and the result is proven as houji verify does.\n"
		  "\n"
		  "With --ledger DIR2 the journal of a node that is damaged - or running - goes "
		  "on\n"
		  "where the backup ends, as far as its entries are sound: then nothing that can\n"
		  "still be read is lost. --at and --sequence stop earlier: a state before a\n"
		  "mistake. Times are those of the node's clock when it wrote.",
		"由 TO 中的备份建立节点目录 DIR：含全部历史的账本、视图，以及备份中的\n"
		"houji.yaml 与密钥（如有）。DIR 必须不存在或为空；绝不覆盖任何内容。沿途逐条\n"
		"核验，结果再按 houji verify 的方式证明。\n"
		"\n"
		"使用 --ledger DIR2 时，备份之后接着采用（损坏或正在运行的）节点的日志，直至\n"
		"其条目不再完好：凡仍可读出者均不丢失。--at 与 --sequence 使恢复止于较早的\n"
		"时刻，例如误操作之前。时间为节点写入时的时钟。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji restore /backup/node node2\n"
		   "  houji restore --ledger node --at 2026-11-14T22:13:20Z /backup/node before\n"
		   "Exit codes: 0 DIR is restored and proven; 1 it is not; 2 wrong use.",
		"示例：\n"
		"  houji restore /backup/node node2\n"
		"  houji restore --ledger node --at 2026-11-14T22:13:20Z /backup/node before\n"
		"退出码：0 已恢复并核验；1 未成功；2 用法错误。"},
};

static void
time_write(int64_t time_ms, char ret_text[32])
{
	struct text_writer writer = text_writer_over(ret_text, 31);

	text_write_time(&writer, time_ms / 1000);
	*writer.next = '\0';
}

static void
print_report(const struct backup_report *report, double seconds, bool is_json)
{
	char head[2 * JOURNAL_DIGEST_SIZE + 1], time[32];
	struct text_writer writer = text_writer_over(head, sizeof(head));

	text_write_hex(&writer, bytes_over(report->end.head, JOURNAL_DIGEST_SIZE));
	head[2 * JOURNAL_DIGEST_SIZE] = '\0';
	time_write(report->end.time_ms, time);
	if (is_json) {
		printf("{\"restored\":true,\"sequence\":%" PRIu64 ",\"time_ms\":%" PRId64
		       ",\"head\":\"%s\",\"from_ledger\":%" PRIu64 ",\"stopped_at\":%" PRIu64
		       ",\"node_files\":%" PRIu64 ",\"seconds\":%.3f}\n",
			report->end.sequence, report->end.time_ms, head, report->from_ledger_count,
			report->stopped_at, report->node_file_count, seconds);
		return;
	}
	printf(SAY("restored and proven: %s, the last of %s, %" PRIu64
		   " of them not in the backup; %s of the node; %.1f s\nlast hash: %s\n",
		       "已恢复并核验：%s，末条时间 %s，其中 %" PRIu64
		       " 条不在备份内；节点的 %s；%.1f 秒\n末条哈希：%s\n"),
		COUNT_ENTRIES(report->end.sequence), time, report->from_ledger_count,
		COUNT_FILES(report->node_file_count), seconds, head);
	if (report->stopped_at != 0) {
		printf(SAY("the ledger goes on at place %" PRIu64
			   " with something that is no entry: a change cut by a crash, or damage\n",
			       "该账本在位置 %" PRIu64
			       " 之后不是条目：可能是崩溃截断的变更，或已损坏\n"),
			report->stopped_at);
	}
}

static int
restore(const char *to, const char *directory, struct backup_restore_options *options, bool is_json,
	bool is_quiet)
{
	struct progress progress = progress_begin("restore", "MiB", is_quiet);
	struct backup_report report;
	struct problem problem;
	enum status status;

	options->progress = progress_show_octets;
	options->context = &progress;
	status = backup_restore(to, directory, options, &report, &problem);
	progress_end(&progress);
	if (status != STATUS_OK) {
		return command_problem(&command_restore_manual, &problem);
	}
	print_report(&report, progress_seconds(&progress), is_json);
	return EXIT_CODE_OK;
}

/* False if the argument makes no sense. */
static bool
option_take(const struct option_walk *walk, struct backup_restore_options *options)
{
	unsigned long number;
	int64_t seconds;

	if (walk->key == OPTION_SEQUENCE) {
		if (!option_number(walk->argument, ULONG_MAX, &number) || number == 0) {
			return false;
		}
		options->has_sequence = true;
		options->sequence = number;
	}
	if (walk->key == OPTION_AT) {
		if (text_read_time(bytes_from_string(walk->argument), &seconds) != STATUS_OK) {
			return false;
		}
		options->has_time = true;
		options->time_ms = seconds * 1000 + 999; /* All of that second. */
	}
	return true;
}

int
command_restore(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_restore_manual, argc, argv);
	struct backup_restore_options options = {0};
	bool is_json = false, is_quiet = false;

	while (option_next(&walk)) {
		is_json |= walk.key == OPTION_JSON;
		is_quiet |= walk.key == OPTION_QUIET;
		options.ledger = walk.key == OPTION_LEDGER ? walk.argument : options.ledger;
		if (!option_take(&walk, &options)) {
			return command_usage_error(&command_restore_manual,
				SAY("no point in time: '%s'", "不是时间点：'%s'"), walk.argument);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 2) {
		return command_usage_error(&command_restore_manual, "%s",
			SAY("TO and DIR are wanted", "需要给出 TO 与 DIR"));
	}
	return restore(argv[walk.index], argv[walk.index + 1], &options, is_json, is_quiet);
}
