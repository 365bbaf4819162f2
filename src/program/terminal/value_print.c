/* SPDX-License-Identifier: Apache-2.0 */
#include "program/terminal/value_print.h"

#include "base/limits.h"
#include "base/text_writer.h"
#include "handle/handle_json.h"
#include "program/terminal/json_print.h"

#include <stdio.h>
#include <stdlib.h>

void
value_print_escaped_to(FILE *file, struct bytes run)
{
	size_t capacity = run.size * 4 + 1;
	char *text = malloc(capacity);
	struct text_writer writer = text_writer_over(text, text == NULL ? 0 : capacity);

	text_write_escaped(&writer, run);
	fprintf(file, "%.*s", (int)text_written(&writer).size, text == NULL ? "" : text);
	free(text);
}

void
value_print_escaped(struct bytes run)
{
	value_print_escaped_to(stdout, run);
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

static void
value_write(struct json_writer *writer, const void *context)
{
	handle_value_write_json(writer, context);
}

/* The member "data" of the value as JSON. */
static enum status
print_structure(const struct handle_value *value)
{
	struct arena *arena = arena_new(4096, MESSAGE_SIZE_MAX * 4);
	struct json_reader reader;
	struct bytes name, json;
	char *room = NULL;
	enum status status = arena == NULL ? STATUS_NO_MEMORY
					   : json_print_make(value_write, value, &room, &json);

	if (status == STATUS_OK) {
		reader = json_reader_over(json, arena);
		json_read_object(&reader);
		while (json_next_member(&reader, &name)) {
			struct bytes member = json_skip(&reader);

			if (bytes_equal(name, TEXT("data"))) {
				printf("%.*s", (int)member.size, (const char *)member.at);
			}
		}
		status = reader.status;
	}
	arena_free(arena);
	free(room);
	return status;
}

/* Data for a person: text as it is, structured types as JSON, the rest as base64. */
static void
print_data(const struct handle_value *value)
{
	enum status status;

	if (bytes_are_utf8(value->data) && !handle_type_is(value->type, TEXT("HS_ADMIN")) &&
		!handle_type_is(value->type, TEXT("HS_SITE")) &&
		!handle_type_is(value->type, TEXT("HS_VLIST")) &&
		!handle_type_is(value->type, TEXT("HS_PUBKEY"))) {
		value_print_escaped(value->data);
		return;
	}
	status = print_structure(value);
	if (status != STATUS_OK) {
		printf("(%zu octets: %s)", value->data.size, status_text(status));
	}
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
