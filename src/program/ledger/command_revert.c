/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_history.h"
#include "program/commands.h"

#include <stdio.h>

enum { OPTION_TO = 1, OPTION_JSON };

static const struct option_row rows[] = {
	{OPTION_TO, "to", 0, "SEQUENCE",
		{"the entry whose state is restored, as houji history numbers it",
			"要恢复到的条目序号（见 houji history）"}},
	{OPTION_JSON, "json", 'j', NULL, {"write one JSON object", "输出一个 JSON 对象"}},
	{0},
};

const struct command_manual command_revert_manual = {
	.name = "revert",
	.usage = "DIR HANDLE --to SEQUENCE [--json]",
	.about = {"Makes HANDLE again what it was after entry SEQUENCE of the ledger: with the\n"
		  "values it had then, or deleted if it was deleted then. That is a new change at\n"
		  "the end of the ledger; nothing of the history goes away, and what was reverted\n"
		  "can be reverted to.\n"
		  "\n"
		  "Nothing may be serving DIR meanwhile.",
		"把 HANDLE 恢复为账本第 SEQUENCE 个条目之后的状态：恢复当时的值；若当时已被删除，\n"
		"则删除。恢复本身是账本末尾的一次新更改，历史不会消失，也可再恢复回来。\n"
		"\n"
		"期间不得有节点正在使用 DIR。"},
	.rows = rows,
	.ending = {"Exit codes: 0 restored, or it was so already; 1 it was not; 2 wrong use.",
		"退出码：0 已恢复或本就如此；1 未能恢复；2 用法错误。"},
};

struct reverting {
	const char *handle;
	uint64_t to;
	bool is_json;
	uint64_t sequence; /* Of the new entry; 0 if nothing had to be changed. */
};

/* Whether the handle stands already as the entry left it. */
static bool
entries_are_alike(const struct journal_entry *one, const struct journal_entry *other)
{
	return one->kind == other->kind && bytes_equal(one->record, other->record);
}

static enum status
revert(struct ledger *ledger, struct reverting *reverting, struct problem *problem)
{
	struct bytes name = bytes_from_string(reverting->handle);
	struct ledger_moment then = {.sequence = reverting->to}, now = {.sequence = UINT64_MAX};
	struct journal_entry target, newest;
	struct record record = {.is_all_public = false};
	struct ledger_change change = {.name = name, .actor = TEXT("houji revert")};
	enum status status = ledger_moment_check(ledger, &then, problem);

	if (status == STATUS_OK) {
		status = ledger_record_at(ledger, name, &now, &newest, problem);
	}
	if (status == STATUS_OK) {
		status = ledger_record_at(ledger, name, &then, &target, problem);
	}
	if (status == STATUS_OK && target.is_pruned) {
		return ledger_entry_removed(ledger, &target, problem);
	}
	if (status != STATUS_OK || entries_are_alike(&target, &newest)) {
		return status;
	}
	change.kind = target.kind;
	change.expected = newest.kind == JOURNAL_PUT ? newest.sequence : LEDGER_EXPECT_NONE;
	if (target.kind == JOURNAL_PUT) {
		status = ledger_entry_record(&target, &record);
		change.values = record.values;
	}
	if (status == STATUS_OK) {
		status = ledger_commit(ledger, &change);
	}
	if (status != STATUS_OK) {
		return problem_set(
			problem, status, "%s: %s", reverting->handle, status_text(status));
	}
	reverting->sequence = journal_sequence_at(ledger_journal(ledger), change.place);
	return STATUS_OK;
}

static void
print_result(const struct reverting *reverting)
{
	if (reverting->is_json) {
		printf("{\"reverted\":%s,\"to\":%llu,\"sequence\":%llu}\n",
			reverting->sequence != 0 ? "true" : "false",
			(unsigned long long)reverting->to, (unsigned long long)reverting->sequence);
	} else if (reverting->sequence == 0) {
		printf(SAY("nothing to do: %s stands as entry %llu left it\n",
			       "无需更改：%s 与条目 %llu 之后的状态一致\n"),
			reverting->handle, (unsigned long long)reverting->to);
	} else {
		printf(SAY("%s is again as entry %llu left it (entry %llu)\n",
			       "%s 已恢复为条目 %llu 之后的状态（条目 %llu）\n"),
			reverting->handle, (unsigned long long)reverting->to,
			(unsigned long long)reverting->sequence);
	}
}

static int
revert_in(const char *directory, struct reverting *reverting)
{
	struct problem problem = {.text = ""}, later = {.text = ""};
	struct ledger *ledger;
	enum status status = ledger_open(directory, LEDGER_WRITE, &ledger, &problem);

	if (status != STATUS_OK) {
		return command_problem(&command_revert_manual, &problem);
	}
	status = revert(ledger, reverting, &problem);
	if (ledger_close(ledger, &later) != STATUS_OK && status == STATUS_OK) {
		status = later.status;
		problem = later;
	}
	if (status != STATUS_OK) {
		return command_problem(&command_revert_manual, &problem);
	}
	print_result(reverting);
	return EXIT_CODE_OK;
}

int
command_revert(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_revert_manual, argc, argv);
	struct reverting reverting = {.to = 0};
	unsigned long to = 0;

	while (option_next(&walk)) {
		reverting.is_json = reverting.is_json || walk.key == OPTION_JSON;
		if (walk.key == OPTION_TO && !option_number(walk.argument, ~0UL >> 1, &to)) {
			return command_usage_error(&command_revert_manual,
				SAY("'%s' is no number of an entry", "'%s' 不是条目序号"),
				walk.argument);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 2 || to == 0) {
		return command_usage_error(&command_revert_manual, "%s",
			SAY("give DIR, one HANDLE and --to SEQUENCE",
				"请给出 DIR、一个 HANDLE 与 --to SEQUENCE"));
	}
	reverting.to = to;
	reverting.handle = argv[walk.index + 1];
	return revert_in(argv[walk.index], &reverting);
}
