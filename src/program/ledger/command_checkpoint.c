/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_evidence.h"
#include "program/commands.h"
#include "program/ledger/evidence_tool.h"

#include <stdio.h>

enum { OPTION_JSON = 1 };

static const struct option_row rows[] = {
	{OPTION_JSON, "json", 'j', NULL,
		{"write the head as it stands in heads.ndjson", "按 heads.ndjson 的格式输出树头"}},
	{0},
};

const struct command_manual command_checkpoint_manual = {
	.name = "checkpoint",
	.usage = "DIR [--json]",
	.about = {"Signs a tree head with the node's key - how many entries the ledger in DIR "
		  "has,\n"
		  "the root of the Merkle tree over them (RFC 9162), the hash of the last one, "
		  "the\n"
		  "time - and appends it to DIR/heads.ndjson. Keep a copy elsewhere: with it, and\n"
		  "houji audit-proof, anybody can prove what was registered by then.\n"
		  "\n"
		  "A node that serves DIR does the same by itself (evidence.interval_s), and may "
		  "go\n"
		  "on serving meanwhile.",
		"用节点密钥签署账本树头：DIR 中账本的条目数、其 Merkle 树根（RFC 9162）、末条\n"
		"哈希与时间，并追加到 DIR/heads.ndjson。请另存一份：凭它与 houji audit-proof，\n"
		"任何人都能证明截至当时登记了什么。\n"
		"\n"
		"正在服务的节点会定期自动签署（evidence.interval_s），期间可继续服务。"},
	.rows = rows,
};

static void
print_head(const struct ledger_head *head, bool is_json)
{
	char text[LEDGER_HEAD_LINE_SIZE_MAX], time[EVIDENCE_TIME_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));

	if (is_json) {
		ledger_head_write_json(&writer, head);
		printf("%.*s\n", (int)json_written(&writer).size, text);
		return;
	}
	printf(SAY("signed: %s at %s\nroot: ", "已签署：%s，时间 %s\n树根："),
		COUNT_ENTRIES(head->size), evidence_tool_time(head->time_ms, time));
	for (size_t i = 0; i < LEDGER_MERKLE_SIZE; i++) {
		printf("%02x", head->root.octets[i]);
	}
	putchar('\n');
}

int
command_checkpoint(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_checkpoint_manual, argc, argv);
	struct problem problem = {.text = ""};
	struct crypto_key *key = NULL;
	struct ledger *ledger = NULL;
	struct ledger_head head;
	bool is_json = false;
	enum status status;

	while (option_next(&walk)) {
		is_json = true;
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 1) {
		return command_directory_error(&command_checkpoint_manual);
	}
	status = evidence_tool_key(argv[walk.index], &key, &problem);
	if (status == STATUS_OK) {
		status = ledger_open(argv[walk.index], LEDGER_LOOK, &ledger, &problem);
	}
	if (status == STATUS_OK) {
		status = ledger_evidence_checkpoint(ledger, key, &head, &problem);
		(void)ledger_close(ledger, NULL);
	}
	crypto_key_free(key);
	if (status != STATUS_OK) {
		return command_problem(&command_checkpoint_manual, &problem);
	}
	print_head(&head, is_json);
	return EXIT_CODE_OK;
}
