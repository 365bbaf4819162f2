/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/text_writer.h"
#include "program/commands.h"
#include "program/ledger/ledger_tool.h"
#include "program/transfer/load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTION_HOME = 1,
	OPTION_DRY_RUN,
	OPTION_RESTART,
	OPTION_MAX_ERRORS,
	OPTION_JSON,
	OPTION_QUIET,
};

static const struct option_row rows[] = {
	{OPTION_HOME, "home", 0, NULL,
		{"home the prefixes of the records as they are met", "遇到未托管的前缀时予以托管"}},
	{OPTION_DRY_RUN, "dry-run", 'n', NULL,
		{"read and check everything, change nothing", "只读取并检查，不作更改"}},
	{OPTION_RESTART, "restart", 0, NULL,
		{"begin anew, even if the file was loaded in part", "从头开始，忽略上次的进度"}},
	{OPTION_MAX_ERRORS, "max-errors", 0, "N",
		{"stop after N lines that fail (default: never)", "N 行失败后停止（默认不停）"}},
	{OPTION_JSON, "json", 'j', NULL,
		{"write the summary as one JSON object", "以一个 JSON 对象输出汇总"}},
	{OPTION_QUIET, "quiet", 'q', NULL, {"no progress", "不显示进度"}},
	{0},
};

const struct command_manual command_load_manual = {
	.name = "load",
	.usage = "[OPTION]... DIR FILE|-",
	.about = {"Reads records into the ledger in DIR, from FILE or stdin, one JSON object a\n"
		  "line, as houji dump writes them:\n"
		  "\n"
		  "  {\"handle\":\"10.17487/RFC0001\",\"values\":[{\"index\":1,\"type\":\"URL\",\n"
		  "   \"data\":{\"format\":\"string\",\"value\":\"https://...\"}}]}   (in one "
		  "line)\n"
		  "\n"
		  "A record that is there already is replaced; one that is there unchanged is\n"
		  "only counted. A line that is wrong is reported as FILE:LINE: REASON on stderr,\n"
		  "and the rest is loaded. Records under prefixes that are not homed in DIR are\n"
		  "refused unless --home is given.\n"
		  "\n"
		  "A load that was interrupted goes on where it stopped when the same command is\n"
		  "given again; what was reported as loaded is on the disk. Nothing may be "
		  "serving\n"
		  "DIR meanwhile.",
		"把 FILE 或标准输入中的记录读入 DIR 的账本，每行一个 JSON 对象，格式与\n"
		"houji dump 的输出相同：\n"
		"\n"
		"  {\"handle\":\"10.17487/RFC0001\",\"values\":[{\"index\":1,\"type\":\"URL\",\n"
		"   \"data\":{\"format\":\"string\",\"value\":\"https://...\"}}]}   "
		"（写在一行内）\n"
		"\n"
		"已有的记录被替换；内容未变的只作计数。出错的行以 FILE:行号: 原因 报到标准\n"
		"错误，其余照常读入。前缀未在 DIR 托管的记录将被拒绝，除非给出 --home。\n"
		"\n"
		"中断后重新执行同一命令即从断点继续；报告为已读入的记录均已落盘。期间不得\n"
		"有节点正在使用 DIR。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji load --home node records.ndjson\n"
		   "  houji dump old | houji load --home new -\n"
		   "Exit codes: 0 every line was loaded; 1 not every line; 2 wrong use.",
		"示例：\n"
		"  houji load --home node records.ndjson\n"
		"  houji dump old | houji load --home new -\n"
		"退出码：0 全部读入；1 有行未读入；2 用法错误。"},
};

static void
stop(int number)
{
	(void)number;
	load_is_stopped = 1;
}

/* The first signal lets what is under way finish; a second one ends the program. */
static void
catch_signals(void)
{
	struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* A limit of file size is a full disk, not the end. */
	signal(SIGXFSZ, SIG_IGN);
}

static void
print_json(const struct load *load, double seconds, const struct problem *problem, bool is_complete)
{
	const struct load_counts *counts = &load->counts;

	printf("{\"complete\":%s,\"dry_run\":%s,\"lines\":%" PRIu64 ",\"created\":%" PRIu64
	       ",\"replaced\":%" PRIu64 ",\"unchanged\":%" PRIu64 ",\"failed\":%" PRIu64
	       ",\"prefixes_homed\":%" PRIu64 ",\"seconds\":%.3f",
		is_complete ? "true" : "false", load->options->is_dry_run ? "true" : "false",
		counts->lines, counts->created, counts->replaced, counts->unchanged, counts->failed,
		counts->homed, seconds);
	command_error_print(problem);
	puts("}");
}

static void
print_summary(
	const struct load *load, double seconds, const struct problem *problem, bool is_complete)
{
	const struct load_counts *counts = &load->counts;
	uint64_t good = counts->created + counts->replaced + counts->unchanged;

	if (load->options->is_json) {
		print_json(load, seconds, problem, is_complete);
		return;
	}
	printf(load->options->is_dry_run ? SAY("would load %s: ", "将读入 %s：")
					 : SAY("loaded %s: ", "已读入 %s："),
		COUNT_RECORDS(good));
	printf(SAY("%" PRIu64 " new, %" PRIu64 " replaced, %" PRIu64
		   " unchanged, %s failed, %s homed; %.1f s, %.0f/s\n",
		       "新增 %" PRIu64 "，替换 %" PRIu64 "，未变 %" PRIu64
		       "，失败 %s，托管 %s；%.1f 秒，每秒 %.0f 条\n"),
		counts->created, counts->replaced, counts->unchanged, COUNT_LINES(counts->failed),
		COUNT_PREFIXES(counts->homed), seconds, seconds > 0 ? (double)good / seconds : 0);
	if (!is_complete && load->is_resumable) {
		printf("%s\n",
			SAY("stopped: the same command goes on from here",
				"已停止：再次执行同一命令即从此处继续"));
	}
}

static int
load_end(struct load *load, enum status status, struct problem *problem)
{
	struct problem closing;
	bool is_complete = status == STATUS_OK, has_failed;
	enum status end = ledger_close(load->ledger, &closing);

	progress_end(&load->progress);
	if (status == STATUS_OK && end != STATUS_OK) {
		status = end;
		*problem = closing;
	}
	has_failed = status != STATUS_OK && status != STATUS_CLOSED;
	print_summary(
		load, progress_seconds(&load->progress), has_failed ? problem : NULL, is_complete);
	if (has_failed) {
		return command_problem_told(&command_load_manual, problem);
	}
	return status == STATUS_OK && load->counts.failed == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int
load_begin(struct load *load)
{
	const struct load_options *options = load->options;
	struct problem problem = {STATUS_OK, ""};
	struct text_writer writer = text_writer_over(load->name, sizeof(load->name) - 1);
	enum status status;

	text_write_escaped(&writer, bytes_from_string(options->path));
	status = options->is_dry_run
		? ledger_tool_open(options->directory, &load->ledger, &problem)
		: ledger_open(options->directory, LEDGER_WRITE, &load->ledger, &problem);
	if (status != STATUS_OK) {
		return command_problem(&command_load_manual, &problem);
	}
	load->progress = progress_begin("load", SAY("records", "条记录"), options->is_quiet);
	status = load_source_open(load, &problem);
	if (status == STATUS_OK && load->offset > 0 && !options->is_quiet) {
		fprintf(stderr,
			SAY("houji load: going on behind line %" PRIu64 "\n",
				"houji load: 从第 %" PRIu64 " 行之后继续\n"),
			load->line);
	}
	if (status != STATUS_OK) {
		struct problem closing;

		load_source_close(load);
		if (ledger_close(load->ledger, &closing) != STATUS_OK) {
			fprintf(stderr, "houji load: %s\n", closing.text);
		}
		return command_problem(&command_load_manual, &problem);
	}
	catch_signals();
	status = load_run(load, &problem);
	load_source_close(load);
	return load_end(load, status, &problem);
}

int
command_load(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_load_manual, argc, argv);
	struct load_options options = {0};
	struct load *load;
	int exit_code;

	while (option_next(&walk)) {
		options.is_homing |= walk.key == OPTION_HOME;
		options.is_dry_run |= walk.key == OPTION_DRY_RUN;
		options.is_restarting |= walk.key == OPTION_RESTART;
		options.is_json |= walk.key == OPTION_JSON;
		options.is_quiet |= walk.key == OPTION_QUIET;
		if (walk.key == OPTION_MAX_ERRORS &&
			!option_number(walk.argument, LONG_MAX, &options.errors_max)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 2) {
		return command_usage_error(&command_load_manual, "%s",
			SAY("DIR and FILE are wanted", "需要给出 DIR 与 FILE"));
	}
	options.directory = argv[walk.index];
	options.path = argv[walk.index + 1];
	load = calloc(1, sizeof(*load));
	if (load == NULL) {
		return command_no_memory(&command_load_manual);
	}
	load->options = &options;
	exit_code = load_begin(load);
	free(load);
	return exit_code;
}
