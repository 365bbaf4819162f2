/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "http/http_accept.h"
#include "http/http_url.h"
#include "http/redirect/http_links.h"

/*
 * Lines: the handle, the type of a value, Accept and Accept-Language, a relation, a query; the rest
 * is the data of the value.
 */
enum { JSON_SIZE_MAX = 8 << 20 };

static struct bytes
line_take(struct bytes *text)
{
	size_t end = bytes_find(*text, '\n');
	struct bytes line = bytes_slice(*text, 0, end);

	*text = bytes_slice(*text, end + 1, text->size);
	return line;
}

static bool
is_for_a_header(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] <= ' ' || text.at[i] >= 0x7f ||
			strchr("\"<>\\", text.at[i]) != NULL) {
			return false;
		}
	}
	return text.size > 0;
}

/* Host and all before it stay what they were, and so does the fragment. */
static void
check_location(const struct http_link *link, struct bytes query)
{
	static char room[HTTP_LINK_TARGET_SIZE_MAX];
	struct text_writer writer = text_writer_over(room, sizeof(room));
	size_t hash = bytes_find(link->target, '#');
	struct bytes written;

	http_link_write_location(&writer, link, query);
	if (text_writer_end(&writer) != STATUS_OK) {
		return;
	}
	written = text_written(&writer);
	FUZZ_CHECK(is_for_a_header(written) && http_url_is_safe(written));
	FUZZ_CHECK(bytes_start_with(written, bytes_slice(link->target, 0, hash)));
	FUZZ_CHECK(bytes_equal(bytes_slice(written, bytes_find(written, '#'), written.size),
		bytes_slice(link->target, hash, link->target.size)));
}

static void
check_links(const struct http_links *links, struct bytes query)
{
	static char json[JSON_SIZE_MAX];
	static char header[HTTP_LINK_HEADER_SIZE_MAX];
	struct json_writer writer = json_writer_over(json, sizeof(json));
	struct text_writer head = text_writer_over(header, sizeof(header));

	for (size_t i = 0; i < links->count; i++) {
		const struct http_link *link = &links->items[i];

		FUZZ_CHECK(http_url_is_safe(link->target) && is_for_a_header(link->target));
		FUZZ_CHECK(is_for_a_header(link->relation));
		FUZZ_CHECK(bytes_are_utf8(link->title));
		http_link_write_header(&head, link);
		FUZZ_CHECK(head.status == STATUS_OK);
		check_location(link, query);
	}
	for (const char *at = header; at < head.next; at++) {
		FUZZ_CHECK((uint8_t)*at >= ' ' && (uint8_t)*at < 0x7f);
	}
	http_links_write_json(&writer, TEXT("/a"), links, NULL);
	FUZZ_CHECK(json_writer_end(&writer) == STATUS_OK);
}

static void
check_choice(const struct http_links *links, const struct http_link_wish *wish)
{
	struct http_link_choice choice = http_links_choose(links, wish);

	FUZZ_CHECK((choice.link == NULL) == (choice.equal_count == 0));
	FUZZ_CHECK(choice.link == NULL || bytes_equal(choice.link->relation, wish->relation));
	FUZZ_CHECK(choice.link != NULL || !choice.is_met);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_links links;
	struct arena *arena = arena_new(65536, REQUEST_MEMORY_MAX);
	struct bytes rest = bytes_over(data, size);
	struct bytes handle = line_take(&rest);
	struct bytes type = line_take(&rest);
	struct bytes accepted = line_take(&rest);
	char *header = calloc(1, accepted.size + 1);
	struct bytes relation = http_relation_expand(line_take(&rest), arena);
	struct bytes query = line_take(&rest);
	struct handle_value value = {.index = 1, .type = type, .data = rest};
	size_t capacity = handle_value_size(&value);
	uint8_t *octets = malloc(capacity);
	struct wire_writer writer = wire_writer_over(octets, capacity);
	struct handle_value_list values;

	if (accepted.size > 0) {
		memcpy(header, accepted.at, accepted.size);
	}
	handle_value_write(&writer, &value);
	values = (struct handle_value_list){1, wire_written(&writer)};
	if (http_links_make(handle, &values, NULL, arena, &links) == STATUS_OK) {
		struct http_link_wish wish = {relation, query, header, header};

		check_links(&links, query);
		check_choice(&links, &wish);
	}
	free(octets);
	free(header);
	arena_free(arena);
	return 0;
}
