/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/text_writer.h"
#include "ledger/ledger_prune.h"
#include "node/node.h"
#include "program/commands.h"
#include "program/ledger/evidence_tool.h"
#include "program/terminal/progress.h"

#include <inttypes.h>
#include <stdio.h>

enum { OPTION_KEEP = 1, OPTION_DRY_RUN, OPTION_JSON, OPTION_QUIET };

static const struct option_row rows[] = {
	{OPTION_KEEP, "keep", 0, "SPAN",
		{"how long states are kept after they were replaced: 400d, 12h, or forever;\n"
		 "without it history.keep of DIR/houji.yaml decides",
			"状态被取代后保留多久：400d、12h 或 forever；缺省取 DIR/houji.yaml 的\n"
			"history.keep"}},
	{OPTION_DRY_RUN, "dry-run", 0, NULL,
		{"only tell what would go and what it would free",
			"仅报告将移除的内容与可释放的空间"}},
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{OPTION_QUIET, "quiet", 'q', NULL, {"no progress", "不显示进度"}},
	{0},
};

const struct command_manual command_prune_manual = {
	.name = "prune",
	.usage = "[OPTION]... DIR",
	.about = {"Frees the room of states that records had long ago: of each that was replaced\n"
		  "longer ago than SPAN the values go. The newest state of every handle stays, "
		  "and\n"
		  "so does whatever lasted into the SPAN. Number, time, who and digest of every\n"
		  "entry stay for ever, so that houji verify, audit-proof and signed heads prove\n"
		  "what they proved; houji history then says that the values were removed.\n"
		  "\n"
		  "Room comes back in whole segments of the journal (64 MiB) that have nothing\n"
		  "younger than SPAN. A state whose removal would free nothing may stay: this is\n"
		  "about room, it does not promise that something is forgotten. Backups keep what\n"
		  "they have until the next one.\n"
		  "\n"
		  "A node may be serving DIR meanwhile; it gives back the room when it is started\n"
		  "anew. Interrupted at any moment it has done no harm: run it again.",
		"释放早已被取代的记录状态所占的空间：凡被取代的时间早于 SPAN 者，其值被移除。\n"
		"每个标识的最新状态以及在 SPAN 内仍有效过的状态均保留。每个条目的序号、时间、\n"
		"操作者与摘要永久保留，因此 houji verify、audit-proof 与签名树头的证明力不变；\n"
		"houji history 会注明其值已移除。\n"
		"\n"
		"空间按日志的完整分段（64 MiB）释放，且分段内不得有新于 SPAN 的条目。移除后\n"
		"不能释放空间的状态可能保留：本命令只为空间，不保证内容被遗忘。备份在下次备份\n"
		"之前保留其已有内容。\n"
		"\n"
		"期间节点可继续使用 DIR 提供服务，空间在其重启后归还。任何时刻中断均无损害，\n"
		"重新运行即可。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji prune node --keep 400d --dry-run\n"
		   "  houji prune node --keep 400d && houji verify node\n"
		   "Exit codes: 0 done, or nothing to do; 1 it was not; 2 wrong use.",
		"示例：\n"
		"  houji prune node --keep 400d --dry-run\n"
		"  houji prune node --keep 400d && houji verify node\n"
		"退出码：0 已完成或无可移除；1 未能完成；2 用法错误。"},
};

struct prune_call {
	const char *directory;
	const char *keep; /* NULL: as houji.yaml says. */
	bool is_dry_run, is_json, is_quiet;
	int64_t span_ms;
};

/* From the command line, else from the settings; a ledger without a node keeps everything. */
static enum status
span_find(struct prune_call *call, struct problem *problem)
{
	char path[NODE_PATH_SIZE_MAX];
	struct settings settings;
	enum status status;

	if (call->keep != NULL) {
		return ledger_span_read(bytes_from_string(call->keep), &call->span_ms);
	}
	status = node_path(call->directory, "houji.yaml", path, problem);
	if (status == STATUS_OK) {
		status = settings_read(path, &settings, problem);
	}
	if (status == STATUS_OK) {
		call->span_ms = settings.history_keep.ms;
	}
	return status;
}

static void
print_result(const struct prune_call *call, const struct ledger_pruned *pruned, int64_t before_ms)
{
	char time[EVIDENCE_TIME_SIZE_MAX];

	evidence_tool_time(before_ms, time);
	if (call->is_json) {
		printf("{\"pruned\":%s,\"before\":\"%s\",\"beforeMs\":%" PRId64
		       ",\"segments\":%" PRIu64 ",\"records\":%" PRIu64 ",\"octets\":%" PRIu64
		       ",\"freed\":%" PRIu64 "}\n",
			call->is_dry_run ? "false" : "true", time, before_ms, pruned->segment_count,
			pruned->removed_count, pruned->removed_size, pruned->freed_size);
		return;
	}
	printf(call->is_dry_run
			? SAY("would remove %s replaced before %s: %s; would free %s of the disk "
			      "in %s\n",
				  "将移除 %s（在 %s 之前被取代）：%s；将释放磁盘 %s，涉及 %s\n")
			: SAY("removed %s replaced before %s: %s; freed %s of the disk in %s\n",
				  "已移除 %s（在 %s 之前被取代）：%s；已释放磁盘 %s，涉及 %s\n"),
		COUNT_RECORDS(pruned->removed_count), time, COUNT_OCTETS(pruned->removed_size),
		COUNT_OCTETS(pruned->freed_size),
		count_say(pruned->segment_count, "segment", "segments", "个分段").text);
}

static int
prune(const struct prune_call *call)
{
	struct progress progress = progress_begin("prune", "MiB", call->is_quiet);
	struct ledger_prune_order order = {
		.before_ms = clock_wall_ms() - call->span_ms,
		.is_dry_run = call->is_dry_run,
		.progress = progress_show_octets,
		.context = &progress,
	};
	struct ledger_pruned pruned = {0};
	struct problem problem = {.text = ""};
	struct ledger *ledger;
	enum status status = ledger_open(call->directory, LEDGER_LOOK, &ledger, &problem);

	if (status == STATUS_OK) {
		status = ledger_prune(ledger, &order, &pruned, &problem);
		(void)ledger_close(ledger, NULL);
	}
	progress_end(&progress);
	if (status != STATUS_OK) {
		return command_problem(&command_prune_manual, &problem);
	}
	print_result(call, &pruned, order.before_ms);
	return EXIT_CODE_OK;
}

/* Nothing is to go: told, so that nobody waits for room. */
static int
kept_forever(const struct prune_call *call)
{
	if (call->is_json) {
		printf("{\"pruned\":false,\"keep\":\"forever\"}\n");
	} else {
		printf("%s",
			SAY("nothing to do: history is kept forever (history.keep, or --keep "
			    "SPAN)\n",
				"无需处理：历史永久保留（history.keep 或 --keep SPAN）\n"));
	}
	return EXIT_CODE_OK;
}

int
command_prune(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_prune_manual, argc, argv);
	struct problem problem = {.text = ""};
	struct prune_call call = {.keep = NULL};
	enum status status;

	while (option_next(&walk)) {
		call.keep = walk.key == OPTION_KEEP ? walk.argument : call.keep;
		call.is_dry_run |= walk.key == OPTION_DRY_RUN;
		call.is_json |= walk.key == OPTION_JSON;
		call.is_quiet |= walk.key == OPTION_QUIET;
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 1) {
		return command_directory_error(&command_prune_manual);
	}
	call.directory = argv[walk.index];
	status = span_find(&call, &problem);
	if (status != STATUS_OK && call.keep != NULL) {
		return command_usage_error(&command_prune_manual,
			SAY("'%s' is no span: expected forever, or a number and d, h, m or s, like "
			    "400d",
				"'%s' 不是时间跨度：应为 forever，或数字加 d、h、m、s，如 400d"),
			call.keep);
	}
	if (status != STATUS_OK) {
		return command_problem(&command_prune_manual, &problem);
	}
	return call.span_ms == LEDGER_SPAN_FOREVER ? kept_forever(&call) : prune(&call);
}
