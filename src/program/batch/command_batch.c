/* SPDX-License-Identifier: Apache-2.0 */
#include "program/batch/batch_run.h"
#include "program/commands.h"

#include "json/json_writer.h"

#include <signal.h>
#include <stdio.h>

enum {
	OPTION_DRY_RUN = 1,
	OPTION_RESUME,
	OPTION_PARALLEL,
	OPTION_DEPTH,
	OPTION_RESULTS,
	OPTION_MAX_ERRORS,
	OPTION_NO_SESSION,
	OPTION_NO_ADMIN,
};

enum { LINK_COUNT_DEFAULT = 2 };

static const struct option_row rows[] = {
	{OPTION_DRY_RUN, "dry-run", 'n', NULL,
		{"read and check everything, ask nobody", "读取并检查全部内容，不联系服务器"}},
	{OPTION_RESUME, "resume", 0, NULL,
		{"go on where the last run of this FILE stopped", "从该 FILE 上次中断处继续"}},
	{OPTION_PARALLEL, "parallel", 'p', "N",
		{"connections at once (default 2)", "同时使用的连接数（默认 2）"}},
	{OPTION_DEPTH, "depth", 0, "N",
		{"items on their way in each connection (default 256)",
			"每个连接中同时进行的项数（默认 256）"}},
	{OPTION_RESULTS, "results", 'r', "FILE",
		{"write a line of JSON for each item: line, op, handle, code, message",
			"逐项写出一行 JSON：line、op、handle、responseCode、message"}},
	{OPTION_MAX_ERRORS, "max-errors", 0, "N",
		{"stop after N refusals (default: never)", "被拒绝 N 次后停止（默认不停止）"}},
	{OPTION_NO_SESSION, "no-session", 0, NULL,
		{"prove the identity for each item: slow, for servers without sessions",
			"逐项证明身份：较慢，用于不支持会话的服务器"}},
	{OPTION_NO_ADMIN, "no-admin", 0, NULL,
		{"write no HS_ADMIN value to records created without one",
			"不为未带 HS_ADMIN 的新记录写入该值"}},
	ADMINISTER_IDENTITY_ROWS,
	{ADMINISTER_JSON, "json", 'j', NULL,
		{"print the summary as one JSON object", "以一个 JSON 对象输出摘要"}},
	{ADMINISTER_QUIET, "quiet", 'q', NULL, {"no progress", "不显示进度"}},
	{0},
};

const struct command_manual command_batch_manual = {
	.name = "batch",
	.usage = "FILE|- --user INDEX:HANDLE --key FILE [OPTION]...",
	.about = {"Carries out the operations in FILE at a server, many at a time, each durable\n"
		  "when it is answered. FILE is JSON, an object a line:\n\n"
		  "  {\"op\":\"create\",\"handle\":\"88.999/A\",\"values\":[{\"index\":1,\n"
		  "   \"type\":\"URL\",\"data\":\"https://...\"}]}            (in one line)\n"
		  "  {\"op\":\"remove\",\"handle\":\"88.999/A\",\"indexes\":[2,3]}\n\n"
		  "with op create (also without op), add, modify, remove, delete, home, unhome,\n"
		  "and \"overwrite\":true or \"mint\":true where they apply; or it is in the form\n"
		  "of Handle.net's GenericBatch: CREATE, ADD, MODIFY, REMOVE, DELETE, HOME,\n"
		  "UNHOME, AUTHENTICATE, SESSIONSETUP. A JSON create without an HS_ADMIN value\n"
		  "gets one for --user, as `houji create` does.\n\n"
		  "What was answered is noted in FILE.batch until everything is: --resume does\n"
		  "not ask for it again. Items of one handle take effect in the order of FILE.",
		"在服务器上执行 FILE 中的操作，成批进行；每项在收到应答时即已持久。FILE 可为\n"
		"JSON，每行一个对象：\n\n"
		"  {\"op\":\"create\",\"handle\":\"88.999/A\",\"values\":[{\"index\":1,\n"
		"   \"type\":\"URL\",\"data\":\"https://...\"}]}            （写在一行内）\n"
		"  {\"op\":\"remove\",\"handle\":\"88.999/A\",\"indexes\":[2,3]}\n\n"
		"op 可为 create（可省略）、add、modify、remove、delete、home、unhome，适用时可加\n"
		"\"overwrite\":true 或 \"mint\":true；亦可采用 Handle.net 的 GenericBatch 格式：\n"
		"CREATE、ADD、MODIFY、REMOVE、DELETE、HOME、UNHOME、AUTHENTICATE、SESSIONSETUP。\n"
		"JSON 的 create 若不含 HS_ADMIN 值，则为 --user 写入一个，与 houji create 相同。\n"
		"\n"
		"已获应答的项记录在 FILE.batch 中，全部完成后删除：--resume 不会重复请求。\n"
		"同一标识的各项按 FILE 中的次序生效。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji batch new.ndjson --user 300:0.NA/88.999 --key admin.pem\n"
		   "  houji dump old | houji batch - --user 300:0.NA/88.999 --key admin.pem\n"
		   "  houji batch --dry-run handles.txt\n\n"
		   "Exit codes: 0 everything was done; 1 not everything; 2 wrong use.",
		"示例：\n"
		"  houji batch new.ndjson --user 300:0.NA/88.999 --key admin.pem\n"
		"  houji dump old | houji batch - --user 300:0.NA/88.999 --key admin.pem\n"
		"  houji batch --dry-run handles.txt\n\n"
		"退出码：0 全部完成；1 未全部完成；2 用法错误。"},
};

static bool
take_option(struct batch_options *options, const struct option_walk *walk)
{
	switch (walk->key) {
	case OPTION_DRY_RUN:
		return options->is_dry_run = true;
	case OPTION_RESUME:
		return options->is_resuming = true;
	case OPTION_PARALLEL:
		return option_number(walk->argument, BATCH_LINK_COUNT_MAX, &options->link_count) &&
			options->link_count > 0;
	case OPTION_DEPTH:
		return option_number(walk->argument, BATCH_DEPTH_MAX, &options->depth) &&
			options->depth > 0;
	case OPTION_RESULTS:
		options->results = walk->argument;
		return true;
	case OPTION_MAX_ERRORS:
		return option_number(walk->argument, UINT32_MAX, &options->errors_max);
	case OPTION_NO_ADMIN:
		return options->is_without_admin = true;
	case OPTION_NO_SESSION:
		options->administer.is_session = false;
		return true;
	default:
		return administer_option(&options->administer, walk);
	}
}

static void
print_counts(const struct batch_options *options, const struct batch_counts *counts,
	const struct problem *problem)
{
	double rate = counts->seconds > 0 ? (double)counts->done / counts->seconds : 0;
	const struct {
		const char *name;
		uint64_t count;
	} members[] = {{"items", counts->items}, {"done", counts->done},
		{"skipped", counts->skipped}, {"refused", counts->refused},
		{"wrong", counts->wrong}, {"unanswered", counts->unanswered},
		{"not_administered", counts->foreign}};
	char text[1024 + 6 * PROBLEM_TEXT_SIZE_MAX], number[32];
	struct json_writer writer = json_writer_over(text, sizeof(text));

	if (!options->administer.is_json) {
		printf(options->is_dry_run ? "%s" : SAY("%s: ", "%s："),
			options->is_dry_run
				? count_say(counts->items, "operation", "operations", "项操作").text
				: COUNT_ITEMS(counts->items));
		if (!options->is_dry_run) {
			printf(SAY("%llu done (%.0f/s), %llu done before, %llu refused, %llu "
				   "without answer",
				       "完成 %llu（每秒 %.0f），先前已处理 %llu，被拒绝 %llu，"
				       "无应答 %llu"),
				(unsigned long long)counts->done, rate,
				(unsigned long long)counts->skipped,
				(unsigned long long)counts->refused,
				(unsigned long long)counts->unanswered);
		}
		printf(SAY(", %s\n", "，%s\n"),
			count_say(counts->wrong, "wrong line", "wrong lines", "行有误").text);
		return;
	}
	json_write_object(&writer);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		json_write_name(&writer, members[i].name);
		json_write_u64(&writer, members[i].count);
	}
	json_write_name(&writer, "seconds");
	snprintf(number, sizeof(number), "%.3f", counts->seconds);
	json_write_raw(&writer, bytes_from_string(number));
	if (problem->status != STATUS_OK) {
		command_error_write(
			&writer, status_name(problem->status), bytes_from_string(problem->text));
	}
	json_write_object_end(&writer);
	printf("%.*s\n", (int)json_written(&writer).size, text);
}

static int
run(struct batch_options *options)
{
	/* The second one ends at once. */
	const struct sigaction interrupt = {
		.sa_handler = batch_interrupt, .sa_flags = (int)SA_RESETHAND};
	struct batch_counts counts = {0};
	struct problem problem = {.text = ""};
	enum status status;
	bool is_told;
	int exit_code = options->is_dry_run ? administer_identify(&options->administer)
					    : administer_open(&options->administer);

	if (exit_code != EXIT_CODE_OK) {
		return exit_code;
	}
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGTERM, &interrupt, NULL);
	status = batch_run(options, &counts, &problem);
	problem.status = status;
	is_told = status == STATUS_OK || counts.items > 0;
	if (is_told) {
		print_counts(options, &counts, &problem);
	}
	if (counts.foreign > 0) {
		fprintf(stderr,
			SAY("houji batch: warning: %s without an HS_ADMIN value for the one who "
			    "makes it, who cannot change it afterwards; the first is in line "
			    "%llu\n",
				"houji batch: 警告：%s的 HS_ADMIN "
				"值未包含建立者本人，建立后其将无法"
				"修改；首条在第 %llu 行\n"),
			COUNT_RECORDS(counts.foreign), (unsigned long long)counts.foreign_line);
	}
	if (status != STATUS_OK && !is_told) {
		return command_problem(&command_batch_manual, &problem);
	}
	if (status != STATUS_OK) {
		return command_refusal(&command_batch_manual, "%s%s", problem.text,
			!counts.is_resumable
				? ""
				: SAY("; --resume goes on from here", "；可用 --resume 继续"));
	}
	return counts.refused + counts.wrong + counts.unanswered == 0 ? EXIT_CODE_OK
								      : EXIT_CODE_FAILED;
}

int
command_batch(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_batch_manual, argc, argv);
	static struct batch_options options;
	int exit_code;

	options =
		(struct batch_options){.link_count = LINK_COUNT_DEFAULT, .depth = BATCH_DEPTH_MAX};
	administer_begin(&options.administer, &command_batch_manual);
	options.administer.is_session = true;
	while (option_next(&walk)) {
		if (!take_option(&options, &walk)) {
			return option_argument_error(&walk);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (walk.index != argc - 1) {
		return command_usage_error(
			&command_batch_manual, "%s", SAY("give one file", "请给出一个文件"));
	}
	options.path = argv[walk.index];
	exit_code = run(&options);
	administer_close(&options.administer);
	return exit_code;
}
