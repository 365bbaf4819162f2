/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text_writer.h"
#include "ledger/ledger_evidence.h"
#include "program/commands.h"
#include "program/ledger/evidence_tool.h"
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

const struct command_manual command_verify_manual = {
	.name = "verify",
	.usage = "[OPTION]... DIR",
	.about = {"Proves that the records in DIR are what the ledger says. It reads the whole\n"
		  "journal: each entry's checksum, its number, the chain of hashes, each record's\n"
		  "digest, and the link from each entry to the one before it for the same handle.\n"
		  "Then it proves that the newest entry of each handle, and no other, is what a\n"
		  "resolution and a listing find, that the Merkle tree is that of the journal, "
		  "and\n"
		  "that the journal begins with what every signed head in DIR/heads.ndjson "
		  "covers:\n"
		  "nothing of that was removed or changed, but for records that houji prune took,\n"
		  "each proven to have been replaced by the time that was said. Signatures are "
		  "checked with the key of\n"
		  "DIR, where there is one; heads that an earlier key signed are counted.\n"
		  "\n"
		  "Nothing may be serving DIR meanwhile. Nothing is changed, except that what a\n"
		  "crash left undone is done first, as the next start would do it.",
		"证明 DIR 中的记录与账本一致：通读整个日志，核对每个条目的校验和、序号、\n"
		"哈希链、记录摘要，以及同一标识前后条目的链接；再证明解析与列举所得正是\n"
		"每个标识的最新条目；Merkle 树与日志一致；日志以 DIR/heads.ndjson 中每个签名树头\n"
		"所覆盖的内容为开头，未被删改；houji prune 移除的记录除外，并逐一证明其确已在\n"
		"所述时间之前被取代。签名以 DIR 的密钥核验（若有）；先前密钥所签的\n"
		"树头另行计数。\n"
		"\n"
		"期间不得有节点正在使用 DIR。除补做崩溃时未完成的工作外，不作任何更改。"},
	.rows = rows,
	.ending =
		{"Exit codes: 0 all agrees; 1 it does not or cannot be told; 2 wrong use.\n"
		 "The hash printed is that of the last entry: note it down elsewhere, and nobody\n"
		 "can change history unseen.",
			"退出码：0 全部一致；1 不一致或无法判断；2 用法错误。\n"
			"输出的哈希属于最后一个条目：另行抄存，则历史无法被悄然改写。"},
};

static bool
show(void *context, uint64_t done, uint64_t total)
{
	progress_show(context, done, total, done);
	return true;
}

static void
print_report(const struct ledger_report *report, double seconds, bool is_json)
{
	char head[2 * JOURNAL_DIGEST_SIZE + 1], root[2 * JOURNAL_DIGEST_SIZE + 1];
	char time[EVIDENCE_TIME_SIZE_MAX];
	struct text_writer writer = text_writer_over(head, sizeof(head));

	text_write_hex(&writer, bytes_over(report->head, JOURNAL_DIGEST_SIZE));
	head[2 * JOURNAL_DIGEST_SIZE] = '\0';
	writer = text_writer_over(root, sizeof(root));
	text_write_hex(&writer, bytes_over(report->root, JOURNAL_DIGEST_SIZE));
	root[2 * JOURNAL_DIGEST_SIZE] = '\0';
	if (is_json) {
		printf("{\"verified\":true,\"entries\":%" PRIu64 ",\"handles\":%" PRIu64
		       ",\"deleted\":%" PRIu64 ",\"prefixes\":%" PRIu64
		       ",\"head\":\"%s\",\"root\":\"%s\",\"heads\":{\"signed\":%" PRIu64
		       ",\"unknown\":%" PRIu64 ",\"covered\":%" PRIu64
		       "},\"removed\":{\"records\":%" PRIu64 ",\"beforeMs\":%" PRId64
		       "},\"seconds\":%.3f}\n",
			report->entry_count, report->handle_count, report->deleted_count,
			report->prefix_count, head, root, report->signed_count,
			report->unknown_count, report->signed_size, report->pruned_count,
			report->pruned_before_ms, seconds);
		return;
	}
	printf(SAY("verified: %s, %s, %" PRIu64 " deleted, %s homed\nlast hash: %s\n",
		       "核验无误：%s，%s，%" PRIu64 " 个已删除，托管 %s\n末条哈希：%s\n"),
		COUNT_ENTRIES(report->entry_count), COUNT_HANDLES(report->handle_count),
		report->deleted_count, COUNT_PREFIXES(report->prefix_count), head);
	printf(SAY("root: %s\nsigned heads: %" PRIu64 " by this key, %" PRIu64
		   " by others, up to entry %" PRIu64 "\n",
		       "树根：%s\n签名树头：本密钥 %" PRIu64 " 个，其他密钥 %" PRIu64
		       " 个，至条目 %" PRIu64 "\n"),
		root, report->signed_count, report->unknown_count, report->signed_size);
	if (report->pruned_count > 0) {
		printf(SAY("removed by retention: %" PRIu64
			   " records, each replaced by %s or earlier; nothing else is missing\n",
			       "按保留期移除：%" PRIu64
			       " 条记录，均在 %s 或更早被取代；此外无任何缺失\n"),
			report->pruned_count, evidence_tool_time(report->pruned_before_ms, time));
	}
}

int
command_verify(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_verify_manual, argc, argv);
	bool is_json = false, is_quiet = false;
	struct ledger_report report;
	struct progress progress;
	struct problem problem;
	struct ledger *ledger;
	struct crypto_key *key = NULL;
	enum status status;

	while (option_next(&walk)) {
		is_json = is_json || walk.key == OPTION_JSON;
		is_quiet = is_quiet || walk.key == OPTION_QUIET;
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 1) {
		return command_directory_error(&command_verify_manual);
	}
	status = ledger_tool_open(argv[walk.index], &ledger, &problem);
	if (status != STATUS_OK) {
		return command_problem(&command_verify_manual, &problem);
	}
	/* A ledger without a node around it has no key: then signatures are of keys unknown. */
	if (evidence_tool_key(argv[walk.index], &key, &problem) == STATUS_OK) {
		ledger_evidence_sign(ledger, key, 0);
	}
	progress = progress_begin("verify", SAY("entries", "个条目"), is_quiet);
	status = ledger_verify(ledger, show, &progress, &report, &problem);
	progress_end(&progress);
	(void)ledger_close(ledger, NULL);
	crypto_key_free(key);
	if (status != STATUS_OK) {
		return command_problem(&command_verify_manual, &problem);
	}
	print_report(&report, progress_seconds(&progress), is_json);
	return EXIT_CODE_OK;
}
