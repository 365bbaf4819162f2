/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/limits.h"
#include "ledger/ledger_proof.h"
#include "program/commands.h"
#include "program/key/key_load.h"
#include "program/ledger/evidence_tool.h"
#include "program/ledger/history_print.h"
#include "program/terminal/json_print.h"
#include "program/terminal/value_print.h"
#include "records/record.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPTION_KEY = 1, OPTION_EARLIER_KEY, OPTION_JSON, MEMORY = 4 << 20 };

static const struct option_row rows[] = {
	{OPTION_KEY, "key", 'k', "PUBKEY",
		{"the node's public key, PEM or Handle encoding",
			"节点公钥（PEM 或 Handle 编码）"}},
	{OPTION_EARLIER_KEY, "earlier-key", 0, "PUBKEY",
		{"that of the earlier head, if the node has another one since",
			"较早树头所用的公钥（若节点此后更换过密钥）"}},
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_audit_verify_manual = {
	.name = "audit-verify",
	.usage = "PROOF --key PUBKEY [--earlier-key PUBKEY] [--json]",
	.about = {"Checks a proof that houji audit-proof wrote, with nothing but the public key "
		  "of\n"
		  "the node: the signature of the head, the way through the Merkle tree (RFC "
		  "9162),\n"
		  "the digest of the record. Says what is proven. Get the key from the node's\n"
		  "operator or its HS_SITE record, not from who gave you the proof.",
		"仅凭节点公钥核验 houji audit-proof 写出的证明：树头签名、Merkle 树路径\n"
		"（RFC 9162）与记录摘要，并说明证明了什么。公钥应取自节点运营者或其 HS_SITE\n"
		"记录，而非证明的提供者。"},
	.rows = rows,
	.ending = {"Exit codes: 0 proven; 1 not proven or not readable; 2 wrong use.",
		"退出码：0 得到证明；1 未得到证明或无法读取；2 用法错误。"},
};

struct audit {
	const char *proof_path, *key_path, *earlier_path;
	bool is_json;
	struct arena *arena;
	struct crypto_key *key, *earlier_key;
	struct ledger_proof proof;
};

static enum status
proof_read(struct audit *audit, struct problem *problem)
{
	uint8_t *text = arena_alloc(audit->arena, JSON_TEXT_SIZE_MAX + 1);
	struct json_reader reader;
	size_t size;
	enum status status = text == NULL
		? problem_set(problem, STATUS_NO_MEMORY, "no memory for the proof")
		: file_read(audit->proof_path, JSON_TEXT_SIZE_MAX, text, &size, problem);

	if (status != STATUS_OK) {
		return status;
	}
	reader = json_reader_over(bytes_over(text, size), audit->arena);
	status = ledger_proof_read_json(&reader, &audit->proof);
	if (status == STATUS_OK) {
		status = json_reader_end(&reader);
	}
	return status == STATUS_OK
		? STATUS_OK
		: problem_set(problem, status, "%s: no proof, near octet %zu: %s",
			  audit->proof_path, json_reader_at(&reader), status_text(status));
}

static enum status
audit_run(struct audit *audit, struct problem *problem)
{
	enum status status = proof_read(audit, problem);

	if (status == STATUS_OK) {
		status = key_load_public("audit-verify", audit->key_path, &audit->key, problem);
	}
	if (status == STATUS_OK && audit->earlier_path != NULL) {
		status = key_load_public(
			"audit-verify", audit->earlier_path, &audit->earlier_key, problem);
	}
	return status == STATUS_OK
		? ledger_proof_verify(&audit->proof, audit->key, audit->earlier_key, problem)
		: status;
}

static bool
record_of(const struct ledger_proof *proof, struct record *ret_record)
{
	return proof->kind == LEDGER_PROOF_ENTRY && proof->has_record &&
		proof->entry.kind == JOURNAL_PUT &&
		record_check(proof->entry.record) == STATUS_OK &&
		record_read(proof->entry.record, ret_record) == STATUS_OK;
}

static void
print_text(const struct ledger_proof *proof)
{
	char time[EVIDENCE_TIME_SIZE_MAX], signed_at[EVIDENCE_TIME_SIZE_MAX];
	struct record record;

	evidence_tool_time(proof->head.time_ms, signed_at);
	if (proof->kind == LEDGER_PROOF_GROWTH) {
		printf(SAY("proven: the ledger of %llu entries, signed at %s, begins with the one "
			   "of %llu entries that was signed at %s\n",
			       "得到证明：%llu 个条目的账本（签署于 %s）以 %llu "
			       "个条目的账本（签署于 "
			       "%s）为开头\n"),
			(unsigned long long)proof->head.size, signed_at,
			(unsigned long long)proof->earlier.size,
			evidence_tool_time(proof->earlier.time_ms, time));
		return;
	}
	printf(SAY("proven: entry %llu was in the ledger of %llu entries that was signed at %s\n",
		       "得到证明：条目 %llu 在 %llu 个条目的账本中（签署于 %s）\n"),
		(unsigned long long)proof->entry.sequence, (unsigned long long)proof->head.size,
		signed_at);
	printf("%s ", journal_kind_name(proof->entry.kind));
	value_print_escaped(record_of(proof, &record) ? record.name : proof->entry.key);
	printf("  %s  ", evidence_tool_time(proof->entry.time_ms, time));
	value_print_escaped(proof->entry.actor);
	putchar('\n');
	if (record_of(proof, &record)) {
		value_print_list(&record.values);
	}
}

static void
proof_write(struct json_writer *writer, const void *context)
{
	const struct ledger_proof *proof = context;
	struct record record;

	json_write_object(writer);
	json_write_name(writer, "proven");
	json_write_bool(writer, true);
	json_write_name(writer, "size");
	json_write_u64(writer, proof->head.size);
	json_write_name(writer, "signedMs");
	json_write_i64(writer, proof->head.time_ms);
	if (proof->kind == LEDGER_PROOF_GROWTH) {
		json_write_name(writer, "earlierSize");
		json_write_u64(writer, proof->earlier.size);
		json_write_name(writer, "earlierSignedMs");
		json_write_i64(writer, proof->earlier.time_ms);
	} else {
		json_write_name(writer, "sequence");
		json_write_u64(writer, proof->entry.sequence);
		json_write_name(writer, "timeMs");
		json_write_i64(writer, proof->entry.time_ms);
		json_write_name(writer, "kind");
		json_write_string(writer, bytes_from_string(journal_kind_name(proof->entry.kind)));
		json_write_name(writer, "actor");
		json_write_string(writer, proof->entry.actor);
		json_write_name(writer, "key");
		json_write_string(writer, proof->entry.key);
	}
	if (record_of(proof, &record)) {
		json_write_name(writer, "record");
		json_write_object(writer);
		json_write_name(writer, "handle");
		json_write_string(writer, record.name);
		history_write_values(writer, "values", &record.values);
		json_write_object_end(writer);
	}
	json_write_object_end(writer);
}

static int
audit_report(struct audit *audit)
{
	struct problem problem = {.text = ""};
	enum status status;

	if (audit_run(audit, &problem) != STATUS_OK) {
		return command_problem(&command_audit_verify_manual, &problem);
	}
	if (audit->is_json) {
		status = json_print(stdout, proof_write, &audit->proof);
		if (status != STATUS_OK) {
			return command_failure(&command_audit_verify_manual,
				SAY("what is proven cannot be printed: %s", "无法输出所证内容：%s"),
				status_text(status));
		}
	} else {
		print_text(&audit->proof);
	}
	return EXIT_CODE_OK;
}

int
command_audit_verify(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_audit_verify_manual, argc, argv);
	struct audit audit = {.is_json = false};
	int code;

	while (option_next(&walk)) {
		if (walk.key == OPTION_KEY) {
			audit.key_path = walk.argument;
		} else if (walk.key == OPTION_EARLIER_KEY) {
			audit.earlier_path = walk.argument;
		} else {
			audit.is_json = true;
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 1 || audit.key_path == NULL) {
		return command_usage_error(&command_audit_verify_manual, "%s",
			SAY("give one PROOF and --key PUBKEY", "请给出一个 PROOF 与 --key PUBKEY"));
	}
	audit.proof_path = argv[walk.index];
	audit.arena = arena_new(65536, 2 * MEMORY);
	if (audit.arena == NULL) {
		return command_no_memory(&command_audit_verify_manual);
	}
	code = audit_report(&audit);
	crypto_key_free(audit.key);
	crypto_key_free(audit.earlier_key);
	arena_free(audit.arena);
	return code;
}
