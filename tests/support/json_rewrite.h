/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "json/json_reader.h"
#include "json/json_writer.h"

/* Copies the value that is due, or opens it if it is a container. Numbers stay as written. */
static inline void
json_rewrite_value(struct json_reader *reader, struct json_writer *writer)
{
	switch (json_peek(reader)) {
	case JSON_NULL:
	case JSON_NUMBER:
		json_write_raw(writer, json_skip(reader));
		break;
	case JSON_FALSE:
	case JSON_TRUE:
		json_write_bool(writer, json_read_bool(reader));
		break;
	case JSON_STRING:
		json_write_string(writer, json_read_string(reader));
		break;
	case JSON_ARRAY:
		json_read_array(reader);
		json_write_array(writer);
		break;
	case JSON_OBJECT:
		json_read_object(reader);
		json_write_object(writer);
		break;
	case JSON_NONE:
		json_skip(reader);
		break;
	}
}

/* Reads one whole text question by question and writes it again, as a decoder and an encoder
 * would. The reader's verdict; the writer has its own. */
static inline enum status
json_rewrite(struct bytes text, struct arena *arena, struct json_writer *writer)
{
	struct json_reader reader = json_reader_over(text, arena);
	uint32_t objects = 0; /* One bit a level. */
	uint32_t depth = 0;

	do {
		struct bytes name;

		if (depth < reader.depth) {
			depth++; /* The value just read opened a container. */
		} else if (depth == 0) {
			objects = json_peek(&reader) == JSON_OBJECT;
			json_rewrite_value(&reader, writer);
			continue;
		}
		if ((objects >> (depth - 1) & 1) == 0) {
			if (!json_next_element(&reader)) {
				depth--;
				if (json_reader_ok(&reader)) {
					json_write_array_end(writer);
				}
				continue;
			}
		} else if (json_next_member(&reader, &name)) {
			json_write_name_bytes(writer, name);
		} else {
			depth--;
			if (json_reader_ok(&reader)) {
				json_write_object_end(writer);
			}
			continue;
		}
		if (depth < 32) {
			objects &= ~((uint32_t)1 << depth);
			objects |= (uint32_t)(json_peek(&reader) == JSON_OBJECT) << depth;
		}
		json_rewrite_value(&reader, writer);
	} while (json_reader_ok(&reader) && reader.depth > 0);
	return json_reader_end(&reader);
}
