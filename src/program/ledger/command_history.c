/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "handle/handle_json.h"
#include "program/commands.h"
#include "program/ledger/evidence_tool.h"
#include "program/ledger/history_print.h"
#include "program/terminal/value_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_JSON = 1, OPTION_LIMIT, OPTION_HOMED, LINE_SIZE_MAX = 16 * RECORD_SIZE_MAX };

static const struct option_row rows[] = {
	{OPTION_JSON, "json", 'j', NULL,
		{"one JSON object a line, with every change value by value",
			"每行一个 JSON 对象，逐值列出更改"}},
	{OPTION_LIMIT, "limit", 'n', "N", {"only the newest N entries", "只输出最新的 N 个条目"}},
	{OPTION_HOMED, "homed", 0, NULL,
		{"HANDLE is a prefix: when it was homed and unhomed, and by whom;\n"
		 "reads the whole journal",
			"HANDLE 为前缀：列出其何时由何人托管与取消托管；通读整个日志"}},
	{0},
};

const struct command_manual command_history_manual = {
	.name = "history",
	.usage = "[OPTION]... DIR HANDLE",
	.about = {"Tells what HANDLE was, from the newest change back: the number of the entry in\n"
		  "the ledger, when, by whom, and value by value what was added (+), taken away\n"
		  "(-) and changed (- and +). What was deleted is told, too. Where values were "
		  "removed\n"
		  "by retention (houji prune), the entry says so.\n"
		  "\n"
		  "A node may be serving DIR meanwhile. Nothing is changed.",
		"由新到旧列出 HANDLE 的历史：账本条目序号、时间、操作者，以及逐值的增加（+）、\n"
		"删除（-）与修改（- 和 +）。已删除的标识同样列出；\n"
		"其值已按保留期移除（houji prune）者会注明。\n"
		"\n"
		"期间节点可继续使用 DIR 提供服务。不作任何更改。"},
	.rows = rows,
	.ending = {"Examples:\n"
		   "  houji history node 88.999.1/IC.07\n"
		   "  houji history node 0.NA/88.999.1 --homed\n"
		   "  houji resolve 88.999.1/IC.07 --dir node --at '#12'\n"
		   "  houji revert node 88.999.1/IC.07 --to 12\n"
		   "Exit codes: 0 there is a history; 1 there is none or it cannot be read; 2 "
		   "wrong use.",
		"示例：\n"
		"  houji history node 88.999.1/IC.07\n"
		"  houji history node 0.NA/88.999.1 --homed\n"
		"  houji resolve 88.999.1/IC.07 --dir node --at '#12'\n"
		"  houji revert node 88.999.1/IC.07 --to 12\n"
		"退出码：0 有历史；1 无历史或无法读取；2 用法错误。"},
};

/* How values differ: called for each index of which one side or both have a value. */
typedef void value_differs(
	void *context, const struct handle_value *before, const struct handle_value *after);

static bool
list_find(const struct handle_value_list *list, uint32_t index, struct handle_value *ret_value)
{
	struct wire_reader walk = handle_value_list_walk(list);

	while (handle_value_next(&walk, ret_value)) {
		if (ret_value->index == index) {
			return true;
		}
	}
	return false;
}

static bool
values_are_equal(const struct handle_value *one, const struct handle_value *other)
{
	return one->timestamp == other->timestamp && one->ttl_kind == other->ttl_kind &&
		one->ttl == other->ttl && one->permissions == other->permissions &&
		bytes_equal(one->type, other->type) && bytes_equal(one->data, other->data) &&
		bytes_equal(one->references, other->references);
}

static void
lists_compare(const struct handle_value_list *before, const struct handle_value_list *after,
	value_differs *differs, void *context)
{
	struct wire_reader walk = handle_value_list_walk(before);
	struct handle_value value, other;

	while (handle_value_next(&walk, &value)) {
		if (!list_find(after, value.index, &other)) {
			differs(context, &value, NULL);
		} else if (!values_are_equal(&value, &other)) {
			differs(context, &value, &other);
		}
	}
	walk = handle_value_list_walk(after);
	while (handle_value_next(&walk, &value)) {
		if (!list_find(before, value.index, &other)) {
			differs(context, NULL, &value);
		}
	}
}

static void
difference_print(void *context, const struct handle_value *before, const struct handle_value *after)
{
	(void)context;
	if (before != NULL) {
		printf("  - ");
		value_print(before);
		putchar('\n');
	}
	if (after != NULL) {
		printf("  + ");
		value_print(after);
		putchar('\n');
	}
}

static void
difference_write(void *context, const struct handle_value *before, const struct handle_value *after)
{
	struct json_writer *writer = context;
	struct handle_value veiled;

	json_write_object(writer);
	if (before != NULL) {
		json_write_name(writer, "before");
		veiled = value_veiled(before);
		handle_value_write_json(writer, &veiled);
	}
	if (after != NULL) {
		json_write_name(writer, "after");
		veiled = value_veiled(after);
		handle_value_write_json(writer, &veiled);
	}
	json_write_object_end(writer);
}

/* One change: the entry's record, if it has one, and the one before it. */
struct step {
	const struct journal_entry *entry;
	const struct record *before, *after; /* Without values if retention removed them. */
	int64_t removed_before_ms; /* When the entry's own are gone; else 0. */
	bool is_before_removed;
};

static struct handle_value_list
values_of(const struct record *record)
{
	return record == NULL ? (struct handle_value_list){0, {NULL, 0}} : record->values;
}

static const char *
action_of(const struct step *step)
{
	return step->entry->kind == JOURNAL_PUT ? history_action(step->entry, step->before)
						: journal_kind_name(step->entry->kind);
}

static const char *
action_text(const char *action)
{
	static const struct {
		const char *action, *english, *chinese;
	} texts[] = {
		{"create", "created", "创建"},
		{"modify", "modified", "修改"},
		{"delete", "deleted", "删除"},
		{"home", "homed", "托管"},
		{"unhome", "unhomed", "取消托管"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].action, action) == 0) {
			return SAY(texts[i].english, texts[i].chinese);
		}
	}
	return action;
}

static void
step_print(const struct step *step)
{
	struct handle_value_list before = values_of(step->before), after = values_of(step->after);
	char time[EVIDENCE_TIME_SIZE_MAX];

	history_print_entry(step->entry);
	printf("  %s\n", action_text(action_of(step)));
	if (step->removed_before_ms != 0) {
		printf(SAY("  (values removed by retention, before %s)\n",
			       "  （其值已按保留期移除，早于 %s）\n"),
			evidence_tool_time(step->removed_before_ms, time));
		return;
	}
	if (step->is_before_removed) {
		printf("%s",
			SAY("  (what was before was removed by retention: all values)\n",
				"  （此前的值已按保留期移除：以下为全部值）\n"));
	}
	lists_compare(&before, &after, difference_print, NULL);
}

static enum status
step_write(const struct step *step, char *line, struct problem *problem)
{
	struct handle_value_list before = values_of(step->before), after = values_of(step->after);
	struct json_writer writer = json_writer_over(line, LINE_SIZE_MAX);

	json_write_object(&writer);
	history_write_entry(&writer, step->entry);
	json_write_name(&writer, "action");
	json_write_string(&writer, bytes_from_string(action_of(step)));
	if (step->removed_before_ms != 0) {
		json_write_name(&writer, "removedBeforeMs");
		json_write_i64(&writer, step->removed_before_ms);
		after = before = values_of(NULL);
	} else if (step->is_before_removed) {
		json_write_name(&writer, "previousRemoved");
		json_write_bool(&writer, true);
	}
	json_write_name(&writer, "changes");
	json_write_array(&writer);
	lists_compare(&before, &after, difference_write, &writer);
	json_write_array_end(&writer);
	json_write_object_end(&writer);
	if (json_writer_end(&writer) != STATUS_OK) {
		return problem_set(problem, STATUS_TOO_LARGE, "entry %llu has no form in JSON",
			(unsigned long long)step->entry->sequence);
	}
	printf("%.*s\n", (int)json_written(&writer).size, line);
	return STATUS_OK;
}

/* The record of an entry; NULL for a tombstone and in front of the first entry. */
static enum status
record_of(const struct journal_entry *entry, bool exists, struct record *room,
	const struct record **ret_record)
{
	*ret_record = NULL;
	if (!exists || entry->kind != JOURNAL_PUT) {
		return STATUS_OK;
	}
	*ret_record = room;
	if (entry->is_pruned) {
		*room = (struct record){.values = values_of(NULL)};
		return STATUS_OK;
	}
	return ledger_entry_record(entry, room);
}

static enum status
history_walk(
	struct ledger_history *history, unsigned long limit, char *line, struct problem *problem)
{
	struct journal_entry entry, older;
	struct record records[2];
	enum status status = ledger_history_next(history, &entry), more;

	for (unsigned long i = 0; i < limit && status == STATUS_OK; i++) {
		struct step step = {.entry = &entry};

		more = ledger_history_next(history, &older);
		if ((more != STATUS_OK && more != STATUS_NOT_FOUND) ||
			record_of(&entry, true, &records[0], &step.after) != STATUS_OK ||
			record_of(&older, more == STATUS_OK, &records[1], &step.before) !=
				STATUS_OK) {
			status = STATUS_CORRUPT;
			break;
		}
		if (entry.is_pruned) {
			step.removed_before_ms =
				journal_pruned_before(ledger_journal(history->ledger), entry.place);
		}
		step.is_before_removed =
			more == STATUS_OK && older.is_pruned && entry.kind == JOURNAL_PUT;
		if (line == NULL) {
			step_print(&step);
		} else {
			status = step_write(&step, line, problem);
		}
		entry = older;
		status = status == STATUS_OK ? more : status;
	}
	if (status == STATUS_CORRUPT) {
		return problem_set(problem, status, "the history is damaged: try houji verify");
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

struct history_call {
	const char *directory;
	struct bytes handle;
	unsigned long limit;
	bool is_json, is_homed;
};

static int
history_show(const struct history_call *call)
{
	struct problem problem = {.text = ""};
	struct ledger_history history;
	struct ledger *ledger;
	char *line = call->is_json ? malloc(LINE_SIZE_MAX) : NULL;
	enum status status;

	if (call->is_json && line == NULL) {
		return command_no_memory(&command_history_manual);
	}
	status = ledger_open(call->directory, LEDGER_LOOK, &ledger, &problem);
	if (status == STATUS_OK) {
		status = (call->is_homed ? ledger_history_begin_homed : ledger_history_begin)(
			ledger, call->handle, &history, &problem);
		if (status == STATUS_OK) {
			status = history_walk(&history, call->limit, line, &problem);
		}
		(void)ledger_close(ledger, NULL);
	}
	free(line);
	return status == STATUS_OK ? EXIT_CODE_OK
				   : command_problem(&command_history_manual, &problem);
}

int
command_history(int argc, char **argv)
{
	struct option_walk walk = option_walk_over(&command_history_manual, argc, argv);
	struct history_call call = {.limit = ~0UL};

	while (option_next(&walk)) {
		call.is_json |= walk.key == OPTION_JSON;
		call.is_homed |= walk.key == OPTION_HOMED;
		if (walk.key == OPTION_LIMIT && !option_number(walk.argument, ~0UL, &call.limit)) {
			return command_usage_error(&command_history_manual,
				SAY("'%s' is no number", "'%s' 不是数字"), walk.argument);
		}
	}
	if (walk.is_done) {
		return walk.exit_code;
	}
	if (argc - walk.index != 2) {
		return command_usage_error(&command_history_manual, "%s",
			SAY("give DIR and one HANDLE", "请给出 DIR 与一个 HANDLE"));
	}
	call.directory = argv[walk.index];
	call.handle = bytes_from_string(argv[walk.index + 1]);
	return history_show(&call);
}
