/* SPDX-License-Identifier: Apache-2.0 */
#include "program/commands.h"
#include "program/ledger/ledger_tool.h"
#include "program/terminal/progress.h"

#include <inttypes.h>
#include <stdio.h>

enum { OPTION_JSON = 1, OPTION_QUIET };

static const struct option_row rows[] = {
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{OPTION_QUIET, "quiet", 'q', NULL, {"no progress", "不显示进度"}},
	{0},
};

const struct command_manual command_repair_manual = {
	.name = "repair",
	.usage = "[OPTION]... DIR",
	.about = {"Throws away DIR/view - where each handle's record is, and the handles in order "
		  "-\n"
		  "and makes it again from the journal in DIR/ledger, which is only read. Use it\n"
		  "when the node says that its view is damaged. A damaged journal cannot be made\n"
		  "again from anything on this disk: restore it from a copy.\n"
		  "\n"
		  "Nothing may be serving DIR meanwhile.",
		"丢弃 DIR/view（各标识记录的位置及有序索引），并由 DIR/ledger 中的日志重建；\n"
		"日志只读。当节点报告视图损坏时使用。日志本身损坏则无法在本机重建，须从\n"
		"备份恢复。\n"
		"\n"
		"期间不得有节点正在使用 DIR。"},
	.rows = rows,
};

int
command_repair(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_repair_manual, argc, argv);
	bool is_json = false, is_quiet = false;
	struct progress progress;
	struct problem problem;
	struct ledger *ledger;
	enum status status;
	uint64_t count;

	while (option_next(&walk)) {
		is_json = is_json || walk.key == OPTION_JSON;
		is_quiet = is_quiet || walk.key == OPTION_QUIET;
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 1) {
		return command_directory_error(&command_repair_manual);
	}
	progress = progress_begin("repair", "MiB", is_quiet);
	status = ledger_rebuild(
		argv[walk.index], progress_show_octets, &progress, &ledger, &problem);
	progress_end(&progress);
	if (status != STATUS_OK) {
		return command_problem(&command_repair_manual, &problem);
	}
	count = journal_last_sequence(ledger_journal(ledger));
	status = ledger_close(ledger, &problem);
	if (status != STATUS_OK) {
		return command_problem(&command_repair_manual, &problem);
	}
	if (is_json) {
		printf("{\"repaired\":true,\"entries\":%" PRIu64 ",\"seconds\":%.3f}\n", count,
			progress_seconds(&progress));
		return EXIT_CODE_OK;
	}
	printf(SAY("the view was made again from %s in %.1f s\n",
		       "已由 %s重建视图，用时 %.1f 秒\n"),
		COUNT_ENTRIES(count), progress_seconds(&progress));
	return EXIT_CODE_OK;
}
