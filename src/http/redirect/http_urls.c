/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_answer.h"
#include "http/page/http_page.h"
#include "http/redirect/http_redirect.h"

/*
 * The places of a record as XML, each with all its attributes. Those that are only in a template
 * get an address, too.
 */
static void
attribute_write(struct text_writer *writer, struct bytes name, struct bytes value)
{
	text_write_char(writer, ' ');
	text_write(writer, name);
	text_write_string(writer, "=\"");
	/* What is safe in HTML is in XML. */
	http_html_write(writer, value);
	text_write_char(writer, '"');
}

static void
location_write(struct text_writer *writer, const struct http_location *location,
	struct bytes handle, struct arena *arena)
{
	bool has_href = http_location_find(location, "href").size > 0;
	size_t size = HTTP_URL_SIZE_MAX;
	char *room = has_href ? NULL : arena_alloc(arena, size);
	struct text_writer address = text_writer_over(room, room == NULL ? 0 : size);

	text_write_string(writer, "<location");
	for (size_t i = 0; i < location->count; i++) {
		attribute_write(
			writer, location->attributes[i].name, location->attributes[i].value);
	}
	if (!has_href) {
		http_location_write(&address, location, handle);
		attribute_write(writer, TEXT("href"), text_written(&address));
	}
	text_write_string(writer, "/>\n");
}

/* Without any other place the first URL is where one lands, and the others are not. */
static void
legacy_write(struct text_writer *writer, const struct handle_value_list *values)
{
	struct wire_reader walk = handle_value_list_walk(values);
	bool has_plain = false;
	bool is_first = true;
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		has_plain = has_plain || bytes_equal_fold(value.type, TEXT("URL"));
	}
	walk = handle_value_list_walk(values);
	while (handle_value_next(&walk, &value)) {
		bool is_plain = bytes_equal_fold(value.type, TEXT("URL"));

		if (!handle_type_is(value.type, TEXT("URL")) || is_plain != has_plain) {
			continue;
		}
		text_write_string(writer, "<location");
		attribute_write(writer, TEXT("href"), value.data);
		attribute_write(writer, TEXT("weight"), is_first ? TEXT("1") : TEXT("0"));
		attribute_write(writer, TEXT("mode"), TEXT("legacy"));
		text_write_string(writer, "/>\n");
		is_first = false;
	}
}

void
http_urls_show(struct http_request *request, const struct http_resolved *resolved,
	const struct http_gathering *gathering)
{
	struct text_writer writer = text_writer_over(request->http->out, HTTP_ANSWER_SIZE_MAX);
	const struct http_locations *locations = &gathering->locations;

	text_write_string(&writer, "<locations>\n");
	if (!gathering->has_places) {
		legacy_write(&writer, &resolved->values);
	}
	for (size_t i = 0; i < locations->count && gathering->has_places; i++) {
		location_write(&writer, &locations->items[i], resolved->name, request->http->arena);
	}
	text_write_string(&writer, "</locations>\n");
	http_answer(request,
		&(struct http_answer){.status = text_writer_end(&writer) == STATUS_OK ? 200 : 500,
			.type = "text/xml;charset=utf-8",
			.is_shared = true,
			.max_age_s = gathering->ttl_s},
		text_written(&writer));
}

/* Text as it is; anything else in hex digits. */
static void
data_write(struct text_writer *writer, struct bytes data)
{
	if (bytes_are_utf8(data)) {
		text_write_escaped(writer, data);
	} else {
		text_write_string(writer, "0x");
		text_write_hex(writer, data);
	}
}

void
http_raw_show(struct http_request *request, const struct http_resolved *resolved)
{
	struct text_writer writer = text_writer_over(request->http->out, HTTP_ANSWER_SIZE_MAX);
	struct wire_reader walk = handle_value_list_walk(&resolved->values);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		text_write_u64(&writer, value.index);
		text_write_char(&writer, '\t');
		text_write_escaped(&writer, value.type);
		text_write_char(&writer, '\t');
		text_write_u64(&writer, value.ttl);
		text_write_char(&writer, '\t');
		text_write_time(&writer, value.timestamp);
		text_write_char(&writer, '\t');
		data_write(&writer, value.data);
		text_write_char(&writer, '\n');
	}
	http_answer(request,
		&(struct http_answer){.status = text_writer_end(&writer) == STATUS_OK ? 200 : 500,
			.type = "text/plain;charset=utf-8",
			.is_shared = true,
			.max_age_s = http_values_ttl(&resolved->values)},
		text_written(&writer));
}
