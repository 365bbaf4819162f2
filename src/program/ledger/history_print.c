/* SPDX-License-Identifier: Apache-2.0 */
#include "program/ledger/history_print.h"

#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "program/terminal/value_print.h"

#include <stdio.h>

enum { TIME_SIZE_MAX = 32 };

/* Seconds are for people; "timeMs" has the rest. */
static struct bytes
time_text(const struct journal_entry *entry, char text[TIME_SIZE_MAX])
{
	struct text_writer writer = text_writer_over(text, TIME_SIZE_MAX);

	text_write_time(&writer, entry->time_ms / 1000);
	return text_writer_end(&writer) == STATUS_OK ? text_written(&writer) : TEXT("?");
}

void
history_print_entry(const struct journal_entry *entry)
{
	char text[TIME_SIZE_MAX];
	struct bytes time = time_text(entry, text);

	printf("#%llu  %.*s  ", (unsigned long long)entry->sequence, (int)time.size,
		(const char *)time.at);
	value_print_escaped(entry->actor.size > 0 ? entry->actor : TEXT("-"));
}

void
history_write_entry(struct json_writer *writer, const struct journal_entry *entry)
{
	char text[TIME_SIZE_MAX];

	json_write_name(writer, "sequence");
	json_write_u64(writer, entry->sequence);
	json_write_name(writer, "time");
	json_write_string(writer, time_text(entry, text));
	json_write_name(writer, "timeMs");
	json_write_i64(writer, entry->time_ms);
	json_write_name(writer, "actor");
	json_write_string(writer, entry->actor);
}

void
history_write_values(
	struct json_writer *writer, const char *name, const struct handle_value_list *list)
{
	struct wire_reader walk = handle_value_list_walk(list);
	struct handle_value value;

	json_write_name(writer, name);
	json_write_array(writer);
	while (handle_value_next(&walk, &value)) {
		struct handle_value veiled = value_veiled(&value);

		handle_value_write_json(writer, &veiled);
	}
	json_write_array_end(writer);
}

const char *
history_action(const struct journal_entry *entry, const struct record *before)
{
	return entry->kind == JOURNAL_DELETE ? "delete" : before == NULL ? "create" : "modify";
}
