/* SPDX-License-Identifier: Apache-2.0 */
#include "program/terminal/outline.h"

#include "base/text_writer.h"
#include "json/json_reader.h"

#include <stdio.h>

static void
run_print(struct bytes run)
{
	fwrite(run.at, 1, run.size, stdout);
}

/* A value in its place: strings without quotes and escapes of JSON, the rest as it is. */
static void
value_print(struct bytes value, struct arena *arena)
{
	struct json_reader reader = json_reader_over(value, arena);
	struct text_writer text;
	struct bytes string;
	char *characters;

	if (value.size == 0 || value.at[0] != '"') {
		run_print(value);
		return;
	}
	string = json_read_string(&reader);
	characters = arena_alloc(arena, string.size * 4);
	if (!json_reader_ok(&reader) || characters == NULL) {
		run_print(value);
		return;
	}
	text = text_writer_over(characters, string.size * 4);
	text_write_escaped(&text, string);
	run_print(text_written(&text));
}

/* `line` without indent and comma. Names are ours: they hold no quotes. */
static void
line_print(size_t indent, struct bytes line, struct arena *arena)
{
	size_t name_size = line.at[0] == '"' ? bytes_find(bytes_slice(line, 1, line.size), '"') : 0;
	struct bytes behind = bytes_slice(line, name_size + 2, line.size);

	printf("%*s", (int)indent, "");
	if (line.at[0] != '"' || !bytes_start_with(behind, TEXT(": "))) {
		fputs("- ", stdout);
		value_print(line, arena);
	} else {
		struct bytes value = bytes_slice(behind, 2, behind.size);

		run_print(bytes_slice(line, 1, name_size));
		putchar(':');
		if (!bytes_equal(value, TEXT("{")) && !bytes_equal(value, TEXT("["))) {
			putchar(' ');
			value_print(value, arena);
		}
	}
	putchar('\n');
}

void
outline_print(struct bytes pretty, struct arena *arena)
{
	while (pretty.size > 0) {
		struct bytes line = bytes_slice(pretty, 0, bytes_find(pretty, '\n'));
		size_t indent = 0;

		pretty = bytes_slice(pretty, line.size + 1, pretty.size);
		while (indent < line.size && line.at[indent] == ' ') {
			indent++;
		}
		line = bytes_slice(line, indent, line.size);
		if (line.size > 0 && line.at[line.size - 1] == ',') {
			line.size--;
		}
		if (bytes_equal(line, TEXT("{")) && indent > 0) {
			printf("%*s-\n", (int)indent, "");
		} else if (line.size > 0 && line.at[0] != '{' && line.at[0] != '}' &&
			line.at[0] != ']') {
			line_print(indent, line, arena);
		}
		arena_reset(arena);
	}
}
