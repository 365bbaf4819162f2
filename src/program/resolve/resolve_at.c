/* SPDX-License-Identifier: Apache-2.0 */
#include "program/resolve/resolve_at.h"

#include "ledger/ledger_history.h"
#include "program/commands.h"
#include "program/ledger/history_print.h"
#include "program/terminal/json_print.h"
#include "program/terminal/value_print.h"

#include <stdio.h>

/* A record as it was, or that there was none. */
struct shown {
	const struct journal_entry *entry;
	const struct record *record; /* NULL: a tombstone. */
	struct bytes handle;
};

static void
shown_write(struct json_writer *writer, const void *context)
{
	const struct shown *shown = context;

	json_write_object(writer);
	json_write_name(writer, "handle");
	json_write_string(writer, shown->record == NULL ? shown->handle : shown->record->name);
	history_write_entry(writer, shown->entry);
	if (shown->record != NULL) {
		history_write_values(writer, "values", &shown->record->values);
	}
	json_write_object_end(writer);
}

static enum status
print_json(const struct journal_entry *entry, const struct record *record, struct bytes handle)
{
	struct shown shown = {entry, record, handle};

	return json_print(stdout, shown_write, &shown);
}

static enum status
print_text(const struct journal_entry *entry, const struct record *record, struct bytes handle)
{
	printf("; ");
	value_print_escaped(record == NULL ? handle : record->name);
	printf(" ");
	history_print_entry(entry);
	if (record == NULL) {
		printf(SAY(": deleted\n", "：已删除\n"));
	} else {
		putchar('\n');
		value_print_list(&record->values);
	}
	return STATUS_OK;
}

/* What it was is no longer known; when it changed, and by whom, still is. */
static int
print_removed(struct ledger *ledger, const struct journal_entry *entry, bool is_json)
{
	struct problem problem;

	(void)ledger_entry_removed(ledger, entry, &problem);
	if (is_json) {
		printf("{\"sequence\":%llu,\"timeMs\":%lld,\"removedBeforeMs\":%lld}\n",
			(unsigned long long)entry->sequence, (long long)entry->time_ms,
			(long long)journal_pruned_before(ledger_journal(ledger), entry->place));
	}
	return command_problem(&command_resolve_manual, &problem);
}

/* A tombstone is an answer, but not a record: told, and the exit code is that of none. */
static int
print_state(
	struct ledger *ledger, const struct journal_entry *entry, struct bytes handle, bool is_json)
{
	struct record record;
	const struct record *found = NULL;
	enum status status;

	if (entry->is_pruned) {
		return print_removed(ledger, entry, is_json);
	}
	if (entry->kind == JOURNAL_PUT) {
		if (ledger_entry_record(entry, &record) != STATUS_OK) {
			return command_failure(&command_resolve_manual,
				SAY("the record is damaged: try houji verify",
					"记录已损坏：请运行 houji verify"));
		}
		found = &record;
	}
	status = (is_json ? print_json : print_text)(entry, found, handle);
	if (status != STATUS_OK) {
		return command_failure(&command_resolve_manual,
			SAY("the record cannot be printed: %s", "无法输出记录：%s"),
			status_text(status));
	}
	return found == NULL ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int
resolve_at(const char *directory, struct bytes handle, const char *when, bool is_json)
{
	struct ledger_moment moment = {.sequence = UINT64_MAX};
	struct problem problem = {.text = ""};
	struct journal_entry entry;
	struct ledger *ledger;
	enum status status;
	int code;

	if (when != NULL && ledger_moment_read(bytes_from_string(when), &moment) != STATUS_OK) {
		return command_usage_error(&command_resolve_manual,
			SAY("'%s' is no time (2026-11-27T08:00:00Z or seconds since 1970) and no "
			    "entry (#123)",
				"'%s' 既不是时间（2026-11-27T08:00:00Z 或 1970 年以来的秒数），"
				"也不是条目（#123）"),
			when);
	}
	status = ledger_open(directory, LEDGER_LOOK, &ledger, &problem);
	if (status != STATUS_OK) {
		return command_problem(&command_resolve_manual, &problem);
	}
	status = when != NULL ? ledger_moment_check(ledger, &moment, &problem) : STATUS_OK;
	if (status == STATUS_OK) {
		status = ledger_record_at(ledger, handle, &moment, &entry, &problem);
	}
	code = status == STATUS_OK ? print_state(ledger, &entry, handle, is_json)
				   : command_problem(&command_resolve_manual, &problem);
	(void)ledger_close(ledger, NULL);
	return code;
}
