/* SPDX-License-Identifier: Apache-2.0 */
#include "program/transfer/import.h"

#include "base/text_writer.h"
#include "json/json_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_TEXT_SIZE_MAX = 8192, VALUE_SHOWN_SIZE_MAX = 120 };

static const struct {
	const char *name;
	struct words words;
} fates[] = {
	[IMPORT_TAKEN] = {"taken", {"taken", "采用"}},
	[IMPORT_UNNEEDED] = {"not_needed", {"not needed", "不需要"}},
	[IMPORT_LACKING] = {"not_supported", {"NOT SUPPORTED", "不支持"}},
	[IMPORT_DANGEROUS] = {"dangerous", {"DANGEROUS", "危险"}},
	[IMPORT_INVALID] = {"invalid", {"NOT UNDERSTOOD", "无法理解"}},
	[IMPORT_UNKNOWN] = {"unknown", {"UNKNOWN", "未知"}},
};

struct import_line *
import_add(struct import *import, enum import_fate fate, struct bytes key, const char *text)
{
	struct import_line *line = arena_alloc(import->arena, sizeof(*line));

	import->counts[fate]++;
	if (line == NULL) {
		import->is_short_of_memory = true;
		import->spare = (struct import_line){.fate = fate, .setting = ""};
		return &import->spare;
	}
	*line = (struct import_line){.fate = fate, .key = key, .text = text, .setting = ""};
	*import->lines_end = line;
	import->lines_end = &line->next;
	return line;
}

void
import_change(
	struct import *import, struct import_line *line, enum import_fate fate, const char *text)
{
	import->counts[line->fate]--;
	import->counts[fate]++;
	line->fate = fate;
	line->text = text;
}

bool
import_pattern_fits(const char *pattern, struct bytes name)
{
	size_t at = 0;

	for (; *pattern != '\0'; pattern++) {
		if (strcmp(pattern, "**") == 0) {
			return true;
		}
		if (strcmp(pattern, ".**") == 0 && at == name.size) {
			return true;
		}
		if (*pattern == '*') {
			/* The shortest run that lets the rest fit; patterns have few stars. */
			for (;; at++) {
				if (import_pattern_fits(
					    pattern + 1, bytes_slice(name, at, SIZE_MAX))) {
					return true;
				}
				if (at == name.size || name.at[at] == '.') {
					return false;
				}
			}
		}
		if (at == name.size || name.at[at] != (uint8_t)*pattern) {
			return false;
		}
		at++;
	}
	return at == name.size;
}

static bool
line_is_loud(const struct import_line *line)
{
	return line->is_warning || line->fate > IMPORT_UNNEEDED;
}

static void
line_print(const struct import_line *line)
{
	char text[LINE_TEXT_SIZE_MAX];
	struct text_writer writer = text_writer_over(text, sizeof(text));

	text_write_string(&writer, line_is_loud(line) ? "! " : "  ");
	if (line->line > 0) {
		text_write_u64(&writer, line->line);
		text_write_string(&writer, ": ");
	}
	text_write_escaped(&writer, line->key);
	if (line->value.size > 0) {
		text_write_string(&writer, " = ");
		text_write_escaped(&writer, bytes_slice(line->value, 0, VALUE_SHOWN_SIZE_MAX));
	}
	text_write_string(&writer, "\n      ");
	text_write_string(&writer, words_say(fates[line->fate].words));
	if (line->fate == IMPORT_TAKEN && line->setting[0] != '\0') {
		text_write_string(&writer, SAY(" as ", "为 "));
		text_write_string(&writer, line->setting);
	}
	text_write_string(&writer, SAY(": ", "："));
	text_write_string(&writer, line->text);
	printf("%.*s\n", (int)text_written(&writer).size, text);
}

static void
lines_print(const struct import *import, bool is_file)
{
	for (const struct import_line *line = import->lines; line != NULL; line = line->next) {
		if ((line->line == 0) == is_file) {
			line_print(line);
		}
	}
}

static void
line_write_json(struct json_writer *writer, const struct import_line *line)
{
	json_write_object(writer);
	json_write_name(writer, line->line == 0 ? "file" : "key");
	json_write_string(writer, line->key);
	if (line->line > 0) {
		json_write_name(writer, "line");
		json_write_u64(writer, line->line);
	}
	if (line->value.size > 0) {
		json_write_name(writer, "value");
		json_write_string(writer, line->value);
	}
	json_write_name(writer, "fate");
	json_write_string(writer, bytes_from_string(fates[line->fate].name));
	if (line->fate == IMPORT_TAKEN && line->setting[0] != '\0') {
		json_write_name(writer, "setting");
		json_write_string(writer, bytes_from_string(line->setting));
	}
	json_write_name(writer, "warning");
	json_write_bool(writer, line_is_loud(line));
	json_write_name(writer, "text");
	json_write_string(writer, bytes_from_string(line->text));
	json_write_object_end(writer);
}

static void
lines_write_json(struct json_writer *writer, const struct import *import, bool is_file)
{
	json_write_name(writer, is_file ? "files" : "keys");
	json_write_array(writer);
	for (const struct import_line *line = import->lines; line != NULL; line = line->next) {
		if ((line->line == 0) == is_file) {
			line_write_json(writer, line);
		}
	}
	json_write_array_end(writer);
}

static void
print_json(const struct import *import, bool is_prepared)
{
	size_t capacity = 16 * 1048576;
	char *text = malloc(capacity);
	struct json_writer writer = json_writer_over(text, text == NULL ? 0 : capacity);

	json_write_object(&writer);
	lines_write_json(&writer, import, true);
	lines_write_json(&writer, import, false);
	json_write_name(&writer, "counts");
	json_write_object(&writer);
	for (size_t i = 0; i < IMPORT_FATE_COUNT; i++) {
		json_write_name(&writer, fates[i].name);
		json_write_u64(&writer, import->counts[i]);
	}
	json_write_object_end(&writer);
	json_write_name(&writer, "prefixes");
	json_write_array(&writer);
	for (size_t i = 0; i < import->prefix_count; i++) {
		json_write_string(&writer, import->prefixes[i]);
	}
	json_write_array_end(&writer);
	json_write_name(&writer, "prepared");
	json_write_bool(&writer, is_prepared);
	json_write_object_end(&writer);
	if (json_writer_end(&writer) == STATUS_OK) {
		printf("%.*s\n", (int)json_written(&writer).size, text);
	}
	free(text);
}

void
import_print(const struct import *import, bool is_prepared)
{
	if (import->is_json) {
		print_json(import, is_prepared);
		return;
	}
	printf(SAY("files of %s\n", "%s 中的文件\n"), import->source);
	lines_print(import, true);
	printf("%s\n", SAY("keys of config.dct", "config.dct 中的各项"));
	lines_print(import, false);
	printf(SAY("%zu taken, %zu not needed, %zu not supported, %zu not understood, %zu unknown, "
		   "%zu dangerous\n",
		       "采用 %zu，不需要 %zu，不支持 %zu，无法理解 %zu，未知 %zu，危险 %zu\n"),
		import->counts[IMPORT_TAKEN], import->counts[IMPORT_UNNEEDED],
		import->counts[IMPORT_LACKING], import->counts[IMPORT_INVALID],
		import->counts[IMPORT_UNKNOWN], import->counts[IMPORT_DANGEROUS]);
}
