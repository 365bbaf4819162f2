/* SPDX-License-Identifier: Apache-2.0 */
#include "program/value_print.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_json.h"

#include <stdio.h>
#include <stdlib.h>

void
value_print_escaped(struct bytes run)
{
	size_t capacity = run.size * 4 + 1;
	char *text = malloc(capacity);
	struct text_writer writer = text_writer_over(text, text == NULL ? 0 : capacity);

	text_write_escaped(&writer, run);
	printf("%.*s", (int)text_written(&writer).size, text == NULL ? "" : text);
	free(text);
}

bool
value_is_secret(const struct handle_value *value)
{
	return handle_type_is(value->type, TEXT("HS_SECKEY"));
}

struct handle_value
value_veiled(const struct handle_value *value)
{
	struct handle_value veiled = *value;

	if (value_is_secret(value)) {
		veiled.data = TEXT("(secret)");
	}
	return veiled;
}

/* Data for a person: text as it is, structured types as JSON, the rest as base64. */
static void
print_data(const struct handle_value *value)
{
	size_t capacity = value->data.size * 6 + value->type.size * 6 + 4096;
	char *text = malloc(capacity);
	struct json_writer writer = json_writer_over(text, text == NULL ? 0 : capacity);
	struct json_reader reader;
	struct arena *arena = arena_new(4096, MESSAGE_SIZE_MAX * 4);
	struct bytes name;

	if (bytes_are_utf8(value->data) && !handle_type_is(value->type, TEXT("HS_ADMIN")) &&
		!handle_type_is(value->type, TEXT("HS_SITE")) &&
		!handle_type_is(value->type, TEXT("HS_VLIST")) &&
		!handle_type_is(value->type, TEXT("HS_PUBKEY"))) {
		value_print_escaped(value->data);
	} else if (arena != NULL) {
		handle_value_write_json(&writer, value);
		reader = json_reader_over(json_written(&writer), arena);
		json_read_object(&reader);
		while (json_next_member(&reader, &name)) {
			struct bytes member = json_skip(&reader);

			if (bytes_equal(name, TEXT("data"))) {
				printf("%.*s", (int)member.size, (const char *)member.at);
			}
		}
	}
	arena_free(arena);
	free(text);
}

void
value_print(const struct handle_value *value)
{
	struct handle_value veiled = value_veiled(value);
	static const char letters[] = "rwrw";
	char permissions[5] = "----";

	for (unsigned i = 0; i < 4; i++) {
		if ((value->permissions & (8U >> i)) != 0) {
			permissions[i] = letters[i];
		}
	}
	printf("%6u  ", value->index);
	value_print_escaped(value->type);
	printf("%*s  %7u%s  %s  ", value->type.size < 14 ? (int)(14 - value->type.size) : 0, "",
		value->ttl, value->ttl_kind == HANDLE_TTL_ABSOLUTE ? "@" : "", permissions);
	print_data(&veiled);
}

void
value_print_list(const struct handle_value_list *list)
{
	struct wire_reader walk = handle_value_list_walk(list);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		value_print(&value);
		putchar('\n');
	}
}
