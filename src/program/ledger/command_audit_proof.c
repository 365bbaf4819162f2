/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "ledger/ledger_evidence.h"
#include "ledger/ledger_history.h"
#include "program/commands.h"
#include "program/terminal/value_print.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPTION_SEQUENCE = 1, OPTION_SINCE, OPTION_RECORD, OPTION_NO_RECORD, OPTION_JSON };

static const struct option_row rows[] = {
	{OPTION_SEQUENCE, "sequence", 0, "N",
		{"of this entry of HANDLE, not of its newest",
			"证明 HANDLE 的该条目，而非最新条目"}},
	{OPTION_SINCE, "since", 0, "SIZE",
		{"that nothing was removed since the head of SIZE entries",
			"证明自覆盖 SIZE 个条目的树头以来未删除任何内容"}},
	{OPTION_RECORD, "record", 0, NULL,
		{"with the record, though not everybody may read all of it",
			"包含记录，即使其中有非公开的值"}},
	{OPTION_NO_RECORD, "no-record", 0, NULL,
		{"leave the record out: only its digest is proven", "不含记录本身，仅证明其摘要"}},
	{OPTION_JSON, "json", 'j', NULL, {"the default", "默认格式"}},
	{0},
};

const struct command_manual command_audit_proof_manual = {
	.name = "audit-proof",
	.usage = "DIR HANDLE [--sequence N] [--record|--no-record]\nDIR --since SIZE",
	.about = {"Writes a proof to stdout, one JSON object, that anybody checks with the node's\n"
		  "public key alone (houji audit-verify):\n"
		  "\n"
		  "  of HANDLE: that the ledger held this entry - its record, when, by whom -\n"
		  "    when the node signed a head that covers it;\n"
		  "  --since SIZE: that the ledger of the newest head begins with that of the\n"
		  "    head of SIZE entries, which the auditor has kept: nothing was removed.\n"
		  "\n"
		  "A record that not everybody may read is left out, unless --record is given: "
		  "then\n"
		  "its digest alone is proven. One with a secret key is always left out.\n"
		  "\n"
		  "A node may be serving DIR meanwhile. Nothing is changed.",
		"向标准输出写出一个 JSON 证明，任何人仅凭节点公钥即可核验（houji audit-verify）：\n"
		"\n"
		"  HANDLE：节点签署覆盖该条目的树头时，账本中已有该条目（记录、时间、操作者）；\n"
		"  --since SIZE：最新树头的账本以审计者所存、覆盖 SIZE 个条目的树头的账本为开头，\n"
		"    即没有任何内容被删除或修改。\n"
		"\n"
		"含非公开值的记录默认不写入证明（除非给出 --record），仅证明其摘要；含密钥\n"
		"（HS_SECKEY）的记录一律不写入。\n"
		"\n"
		"期间节点可继续使用 DIR 提供服务。不作任何更改。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji audit-proof node 88.999.1/IC.07 > proof.json\n"
		   "  houji audit-verify proof.json --key server.pub.pem\n"
		   "Exit codes: 0 the proof was written; 1 it was not; 2 wrong use.",
		"示例：\n"
		"  houji audit-proof node 88.999.1/IC.07 > proof.json\n"
		"  houji audit-verify proof.json --key server.pub.pem\n"
		"退出码：0 证明已写出；1 未能写出；2 用法错误。"},
};

struct asking {
	const char *directory;
	const char *handle; /* NULL with `since`. */
	unsigned long sequence;
	unsigned long since;
	bool is_with_record, is_without_record;
};

static enum status
proof_print(const struct ledger_proof *proof, struct problem *problem)
{
	char *text = malloc(JSON_TEXT_SIZE_MAX);
	struct json_writer writer = json_writer_over(text, text == NULL ? 0 : JSON_TEXT_SIZE_MAX);
	enum status status;

	ledger_proof_write_json(&writer, proof);
	status = json_writer_end(&writer);
	if (status != STATUS_OK) {
		(void)problem_set(
			problem, status, "the proof has no form in JSON: %s", status_text(status));
	} else if (printf("%.*s\n", (int)json_written(&writer).size, text) < 0 ||
		fflush(stdout) != 0) {
		status = problem_system(problem, "stdout");
	}
	free(text);
	return status;
}

/* A proof is for outsiders. */
static bool
record_may_be_shown(const struct ledger_proof *proof, const struct asking *asking)
{
	struct handle_value value;
	struct wire_reader walk;
	struct record record;

	if (asking->is_without_record) {
		return false;
	}
	if (proof->entry.kind != JOURNAL_PUT ||
		ledger_entry_record(&proof->entry, &record) != STATUS_OK || record.is_all_public) {
		return true;
	}
	walk = handle_value_list_walk(&record.values);
	while (handle_value_next(&walk, &value)) {
		if (value_is_secret(&value)) {
			return false;
		}
	}
	return asking->is_with_record;
}

static void
record_choose(struct ledger_proof *proof, const struct asking *asking)
{
	if (proof->entry.is_pruned) {
		fputs(SAY("houji audit-proof: the record was removed by retention and is left out "
			  "of the proof\n",
			      "houji audit-proof：记录已按保留期移除，未写入证明\n"),
			stderr);
		return;
	}
	proof->has_record = record_may_be_shown(proof, asking);
	if (proof->kind == LEDGER_PROOF_ENTRY && !proof->has_record && !asking->is_without_record) {
		fprintf(stderr, "%s\n",
			SAY("houji audit-proof: the record is left out: not everybody may read it",
				"houji audit-proof：记录含非公开的值，未写入证明"));
	}
}

static int
prove(const struct asking *asking)
{
	struct problem problem = {.text = ""};
	struct ledger_proof proof;
	struct ledger *ledger;
	enum status status = ledger_open(asking->directory, LEDGER_LOOK, &ledger, &problem);

	if (status == STATUS_OK) {
		status = asking->handle == NULL
			? ledger_evidence_growth(ledger, asking->since, &proof, &problem)
			: ledger_evidence_entry(ledger, bytes_from_string(asking->handle),
				  asking->sequence, &proof, &problem);
		if (status == STATUS_OK) {
			record_choose(&proof, asking);
			status = proof_print(&proof, &problem);
		}
		(void)ledger_close(ledger, NULL);
	}
	return status == STATUS_OK ? EXIT_CODE_OK
				   : command_problem(&command_audit_proof_manual, &problem);
}

static bool
take_option(const struct option_walk *walk, struct asking *asking)
{
	switch (walk->key) {
	case OPTION_SEQUENCE:
		return option_number(walk->argument, ~0UL >> 1, &asking->sequence) &&
			asking->sequence > 0;
	case OPTION_SINCE:
		return option_number(walk->argument, ~0UL >> 1, &asking->since) &&
			asking->since > 0;
	case OPTION_RECORD:
		return asking->is_with_record = true;
	case OPTION_NO_RECORD:
		return asking->is_without_record = true;
	default:
		return true;
	}
}

int
command_audit_proof(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_audit_proof_manual, argc, argv);
	struct asking asking = {.handle = NULL};

	while (option_next(&walk)) {
		if (!take_option(&walk, &asking)) {
			return command_usage_error(&command_audit_proof_manual,
				SAY("'%s' is no number from 1 on", "'%s' 不是正整数"),
				walk.argument);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != (asking.since > 0 ? 1 : 2) ||
		(asking.since > 0 && (asking.sequence > 0 || asking.is_without_record))) {
		return command_usage_error(&command_audit_proof_manual, "%s",
			SAY("give DIR and one HANDLE, or DIR and --since SIZE",
				"请给出 DIR 与一个 HANDLE，或 DIR 与 --since SIZE"));
	}
	asking.directory = argv[walk.index];
	asking.handle = asking.since > 0 ? NULL : argv[walk.index + 1];
	return prove(&asking);
}
