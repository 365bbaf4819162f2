/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_links.h"

#include "http/http_url.h"

/*
 * Links as others read them: a linkset, a header, an address to go to.
 */
static void
words_write(struct json_writer *writer, const char *name, struct bytes list)
{
	struct bytes word;

	if (list.size == 0) {
		return;
	}
	json_write_name(writer, name);
	json_write_array(writer);
	while (http_link_word_next(&list, &word)) {
		json_write_string(writer, word);
	}
	json_write_array_end(writer);
}

static void
member_write(struct json_writer *writer, const char *name, struct bytes text)
{
	if (text.size > 0) {
		json_write_name(writer, name);
		json_write_string(writer, text);
	}
}

static void
link_write(struct json_writer *writer, const struct http_link *link, struct bytes title)
{
	json_write_object(writer);
	json_write_name(writer, "href");
	json_write_string(writer, link->target);
	member_write(writer, "title", link->title.size > 0 ? link->title : title);
	member_write(writer, "type", link->type);
	member_write(writer, "media", link->media);
	words_write(writer, "hreflang", link->languages);
	words_write(writer, "context", link->contexts);
	json_write_object_end(writer);
}

/* The default is told without what it says of itself: it is for everybody. */
static void
default_write(struct json_writer *writer, const struct http_link *link, struct bytes title)
{
	const struct http_link bare = {.target = link->target, .title = link->title};

	json_write_name(writer, HTTP_RELATION_DEFAULT);
	json_write_array(writer);
	link_write(writer, &bare, title);
	json_write_array_end(writer);
}

static bool
is_default(struct bytes relation)
{
	return bytes_equal(relation, TEXT(HTTP_RELATION_DEFAULT));
}

static bool
came_before(const struct http_links *links, size_t number)
{
	for (size_t i = 0; i < number; i++) {
		if (bytes_equal(links->items[i].relation, links->items[number].relation)) {
			return true;
		}
	}
	return false;
}

void
http_links_write_json(struct json_writer *writer, struct bytes anchor,
	const struct http_links *links, const struct http_link *like)
{
	json_write_object(writer);
	json_write_name(writer, "anchor");
	json_write_string(writer, anchor);
	if (links->default_number < links->count && like == NULL) {
		default_write(writer, &links->items[links->default_number], anchor);
	}
	for (size_t i = 0; i < links->count; i++) {
		struct bytes relation = links->items[i].relation;

		if (is_default(relation) || came_before(links, i) ||
			(like != NULL && !bytes_equal(relation, like->relation))) {
			continue;
		}
		json_write_name_bytes(writer, relation);
		json_write_array(writer);
		for (size_t j = i; j < links->count; j++) {
			const struct http_link *link = &links->items[j];

			if (bytes_equal(link->relation, relation) &&
				(like == NULL || http_link_is_like(link, like))) {
				link_write(writer, link, anchor);
			}
		}
		json_write_array_end(writer);
	}
	json_write_object_end(writer);
}

static void
attribute_write(struct text_writer *writer, const char *name, struct bytes value)
{
	size_t from = 0; /* What is not written yet. */

	if (value.size == 0) {
		return;
	}
	text_write_string(writer, "; ");
	text_write_string(writer, name);
	text_write_string(writer, "=\"");
	if (bytes_find(value, '"') == value.size && bytes_find(value, '\\') == value.size) {
		text_write(writer, value);
		text_write_char(writer, '"');
		return;
	}
	for (size_t i = 0; i < value.size; i++) {
		if (value.at[i] == '"' || value.at[i] == '\\') {
			text_write(writer, bytes_slice(value, from, i - from));
			text_write_char(writer, '\\');
			from = i;
		}
	}
	text_write(writer, bytes_slice(value, from, value.size));
	text_write_char(writer, '"');
}

static bool
is_ascii(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

/* RFC 8187: what is not ASCII is percent-encoded UTF-8. */
static void
title_write(struct text_writer *writer, struct bytes title)
{
	if (is_ascii(title)) {
		attribute_write(writer, "title", title);
		return;
	}
	text_write_string(writer, "; title*=UTF-8''");
	text_write_percent(writer, title, "");
}

void
http_link_write_header(struct text_writer *writer, const struct http_link *link)
{
	struct text_writer before = *writer;
	struct bytes languages = link->languages;
	struct bytes word;

	text_write_string(writer, writer->next > writer->start ? ", <" : "<");
	text_write(writer, link->target);
	text_write_char(writer, '>');
	attribute_write(writer, "rel", link->relation);
	attribute_write(writer, "type", link->type);
	while (http_link_word_next(&languages, &word)) {
		attribute_write(writer, "hreflang", word);
	}
	if (is_ascii(link->media)) {
		attribute_write(writer, "media", link->media);
	}
	title_write(writer, link->title);
	if (writer->status != STATUS_OK) {
		*writer = before;
	}
}

void
http_link_write_location(
	struct text_writer *writer, const struct http_link *link, struct bytes query)
{
	size_t hash = bytes_find(link->target, '#');
	struct bytes front = bytes_slice(link->target, 0, hash);

	text_write(writer, front);
	if (link->keeps_query && query.size > 0) {
		text_write_char(writer, bytes_find(front, '?') < front.size ? '&' : '?');
		/* What could be a fragment would hide that of the target. */
		while (query.size > 0) {
			size_t end = bytes_find(query, '#');

			http_query_write(writer, bytes_slice(query, 0, end));
			text_write_string(writer, end < query.size ? "%23" : "");
			query = bytes_slice(query, end + 1, query.size);
		}
	}
	text_write(writer, bytes_slice(link->target, hash, link->target.size));
}
