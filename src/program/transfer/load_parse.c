/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "handle/handle_json.h"
#include "markup/markup_check.h"
#include "program/terminal/language.h"
#include "program/transfer/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char NO_MEMORY_TEXT[] = "not enough memory";

void
load_complain(struct load_chunk *chunk, uint64_t line, const char *format, ...)
{
	struct load_complaint *complaint = arena_alloc(chunk->arena, sizeof(*complaint));
	char text[PROBLEM_TEXT_SIZE_MAX + 128];
	struct bytes copy;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (complaint == NULL) {
		chunk->fault = STATUS_NO_MEMORY;
		return;
	}
	copy = arena_copy(chunk->arena, bytes_over(text, strlen(text) + 1));
	complaint->line = line;
	complaint->text = copy.at == NULL ? NO_MEMORY_TEXT : (const char *)copy.at;
	*chunk->complaints_end = complaint;
	chunk->complaints_end = &complaint->next;
}

static bool
line_is_empty(struct bytes line)
{
	for (size_t i = 0; i < line.size; i++) {
		if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r') {
			return false;
		}
	}
	return true;
}

/* The change's views must outlive the scratch: the name stays in the chunk's text unless it
 * was escaped, the values are copied. */
static bool
change_keep(struct load_chunk *chunk, struct load_change *change, struct bytes name,
	const struct handle_value_list *values)
{
	bool is_in_text = name.at >= chunk->text && name.at < chunk->text + chunk->size;

	change->change.name = is_in_text ? name : arena_copy(chunk->arena, name);
	change->change.values =
		(struct handle_value_list){values->count, arena_copy(chunk->arena, values->octets)};
	return change->change.name.at != NULL && change->change.values.octets.at != NULL;
}

/* Whose prefix is it? Remembered from line to line: mostly it is the same one. */
struct prefix_memory {
	struct bytes prefix;
	bool is_homed;
};

static bool
prefix_is_homed(struct load_chunk *chunk, struct records_reader *reader, struct load_change *change,
	struct prefix_memory *memory)
{
	struct bytes name = change->change.name;
	struct bytes prefix = handle_name_prefix(name);
	bool is_plain = prefix.size < name.size && !handle_name_is_prefix_handle(name);
	struct records_missing missing;
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	size_t size;

	if (is_plain && memory->is_homed && bytes_equal(prefix, memory->prefix)) {
		return true;
	}
	size = handle_name_key(name, key);
	if (size > 0 && records_key_is_homed(reader, bytes_over(key, size), &missing)) {
		*memory = (struct prefix_memory){prefix, is_plain};
		return true;
	}
	/* The record of a prefix that is homed came from a node that had it, too. */
	if (chunk->load->options->is_import && size > 0 &&
		records_prefix_is_homed(reader, bytes_over(key, size))) {
		return true;
	}
	if (chunk->load->options->is_homing && size > 0) {
		change->missing =
			arena_copy(chunk->arena, bytes_over(missing.octets, missing.size));
		return change->missing.at != NULL;
	}
	load_complain(chunk, change->line,
		SAY("the prefix is not homed here (%.*s); --home homes prefixes as they are met",
			"前缀未在此托管（%.*s）；--home 可在遇到时予以托管"),
		(int)missing.size, (const char *)missing.octets);
	return false;
}

static void
line_parse(struct load_chunk *chunk, struct bytes line, uint64_t number,
	struct records_reader *reader, struct arena *scratch, struct prefix_memory *memory)
{
	struct load_change *change = &chunk->changes[chunk->change_count];
	struct json_reader json = json_reader_over(line, scratch);
	struct handle_value_list values;
	struct problem problem;
	struct bytes name;
	enum status status = handle_record_read_json(&json, &name, &values, &problem);

	if (status == STATUS_OK && json_reader_end(&json) != STATUS_OK) {
		status = problem_set(&problem, STATUS_MALFORMED,
			"octet %zu: more than one record in a line", json_reader_at(&json));
	}
	if (status == STATUS_OK) {
		status = handle_value_list_explain(&values, &problem);
	}
	/* An export may hold what another server let pass. */
	if (status == STATUS_OK && !chunk->load->options->is_import) {
		status = markup_values_check(&values, &problem);
	}
	if (status != STATUS_OK) {
		load_complain(chunk, number, "%s", problem.text);
		return;
	}
	*change = (struct load_change){.chunk = chunk, .line = number};
	change->change.kind = JOURNAL_PUT;
	change->change.actor =
		chunk->load->options->is_import ? TEXT("houji import") : TEXT("houji load");
	if (!change_keep(chunk, change, name, &values)) {
		load_complain(chunk, number, "%s", NO_MEMORY_TEXT);
		return;
	}
	if (prefix_is_homed(chunk, reader, change, memory)) {
		chunk->change_count++;
	}
}

void
load_chunk_parse(struct load_chunk *chunk, struct records_reader *reader, struct arena *scratch)
{
	struct prefix_memory memory = {{NULL, 0}, false};
	const uint8_t *at = chunk->text, *end = chunk->text + chunk->size;

	records_enter(reader);
	for (uint64_t number = chunk->first_line; at < end; number++) {
		const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
		struct bytes line = bytes_over(at, (size_t)((stop == NULL ? end : stop) - at));

		line = number == 1 ? bytes_behind_mark(line) : line;
		if (!line_is_empty(line)) {
			arena_reset(scratch);
			line_parse(chunk, line, number, reader, scratch, &memory);
		}
		at = stop == NULL ? end : stop + 1;
	}
	records_leave(reader);
}
