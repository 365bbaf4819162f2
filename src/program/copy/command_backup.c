/* SPDX-License-Identifier: Apache-2.0 */
#include "backup/backup.h"
#include "base/text_writer.h"
#include "program/commands.h"
#include "program/terminal/progress.h"

#include <inttypes.h>
#include <stdio.h>

enum { OPTION_WITH_KEYS = 1, OPTION_CHECK, OPTION_JSON, OPTION_QUIET };

static const struct option_row rows[] = {
	{OPTION_WITH_KEYS, "with-keys", 0, NULL,
		{"copy houji.yaml, keys and the other files of DIR too",
			"同时复制 houji.yaml、密钥及 DIR 中的其他文件"}},
	{OPTION_CHECK, "check", 0, NULL,
		{"prove the backup in TO; change nothing", "核验 TO 中的备份，不作任何更改"}},
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{OPTION_QUIET, "quiet", 'q', NULL, {"no progress", "不显示进度"}},
	{0},
};

const struct command_manual command_backup_manual = {
	.name = "backup",
	.usage = "[OPTION]... DIR TO\n--check [OPTION]... TO",
	.about = {"Copies the ledger in DIR into the folder TO, consistent and with all history,\n"
		  "while houji serve DIR runs and takes changes: it waits for nobody and nobody\n"
		  "waits for it. Every entry is proven as it is copied. Into a TO that holds an\n"
		  "earlier backup of the same ledger only what is new is copied.\n"
		  "\n"
		  "The file TO/manifest is written last: before that the earlier backup counts,\n"
		  "so an interrupted backup harms nothing and is simply made again.\n"
		  "\n"
		  "A backup holds every record, secret keys (HS_SECKEY) among them: files are "
		  "made\n"
		  "0600 and folders 0700; keep them so. With --with-keys whoever has TO can be "
		  "the\n"
		  "node. --check reads all of TO and proves it.",
		"将 DIR 中的账本连同全部历史一致地复制到目录 TO，期间 houji serve DIR 可照常\n"
		"运行并接受变更，互不等待。复制时逐条核验。若 TO 已有同一账本的较早备份，\n"
		"则只复制新增部分。\n"
		"\n"
		"TO/manifest 最后写入：在此之前以较早的备份为准，因此中断的备份不造成损害，\n"
		"重做即可。\n"
		"\n"
		"备份包含全部记录，含口令值（HS_SECKEY）：文件权限为 0600，目录为 0700，请\n"
		"保持。使用 --with-keys 时，持有 TO 者即可冒充该节点。--check 通读并核验 TO。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji backup node /backup/node\n"
		   "  houji backup --check /backup/node && houji restore /backup/node restored\n"
		   "Exit codes: 0 the backup is whole; 1 it is not; 2 wrong use.",
		"示例：\n"
		"  houji backup node /backup/node\n"
		"  houji backup --check /backup/node && houji restore /backup/node restored\n"
		"退出码：0 备份完整；1 不完整；2 用法错误。"},
};

static void
print_json(const struct backup_report *report, const char *head, double seconds)
{
	printf("{\"complete\":true,\"sequence\":%" PRIu64 ",\"place\":%" PRIu64
	       ",\"head\":\"%s\",\"time_ms\":%" PRId64 ",\"copied\":%" PRIu64
	       ",\"incremental\":%s,\"node_files\":%" PRIu64 ",\"seconds\":%.3f}\n",
		report->end.sequence, report->end.place, head, report->end.time_ms,
		report->copied_size, report->is_incremental ? "true" : "false",
		report->node_file_count, seconds);
}

static void
print_report(const struct backup_report *report, double seconds, bool is_check, bool is_json)
{
	char head[2 * JOURNAL_DIGEST_SIZE + 1];
	struct text_writer writer = text_writer_over(head, sizeof(head));

	text_write_hex(&writer, bytes_over(report->end.head, JOURNAL_DIGEST_SIZE));
	head[2 * JOURNAL_DIGEST_SIZE] = '\0';
	if (is_json) {
		print_json(report, head, seconds);
		return;
	}
	if (is_check) {
		printf(SAY("the backup is whole: %s, %s, %s of the node\nlast hash: %s\n",
			       "备份完整：%s，%s，节点的 %s\n末条哈希：%s\n"),
			COUNT_ENTRIES(report->end.sequence), COUNT_OCTETS(report->total_size),
			COUNT_FILES(report->node_file_count), head);
		return;
	}
	printf(SAY("backed up %s: %s copied of %" PRIu64 ", %s of the node; %.1f s\n"
		   "last hash: %s\n",
		       "已备份 %s：复制 %s（共 %" PRIu64
		       " 字节），节点的 %s；%.1f 秒\n末条哈希：%s\n"),
		COUNT_ENTRIES(report->end.sequence), COUNT_OCTETS(report->copied_size),
		report->total_size, COUNT_FILES(report->node_file_count), seconds, head);
}

struct backup_call {
	const char *directory; /* NULL: check. */
	const char *to;
	bool with_keys, is_json, is_quiet;
};

static int
backup(const struct backup_call *call)
{
	struct progress progress = progress_begin("backup", "MiB", call->is_quiet);
	struct backup_options options = {call->with_keys, progress_show_octets, &progress};
	struct backup_report report;
	struct problem problem;
	enum status status = call->directory == NULL
		? backup_check(call->to, &options, &report, &problem)
		: backup_make(call->directory, call->to, &options, &report, &problem);

	progress_end(&progress);
	if (status != STATUS_OK) {
		return command_problem(&command_backup_manual, &problem);
	}
	print_report(&report, progress_seconds(&progress), call->directory == NULL, call->is_json);
	return EXIT_CODE_OK;
}

int
command_backup(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_backup_manual, argc, argv);
	struct backup_call call = {0};
	bool is_check = false;

	while (option_next(&walk)) {
		call.with_keys |= walk.key == OPTION_WITH_KEYS;
		call.is_json |= walk.key == OPTION_JSON;
		call.is_quiet |= walk.key == OPTION_QUIET;
		is_check |= walk.key == OPTION_CHECK;
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != (is_check ? 1 : 2)) {
		return command_usage_error(&command_backup_manual, "%s",
			is_check ? SAY("which TO?", "请给出一个 TO")
				 : SAY("DIR and TO are wanted", "需要给出 DIR 与 TO"));
	}
	call.to = argv[argc - 1];
	call.directory = is_check ? NULL : argv[walk.index];
	return backup(&call);
}
