/* SPDX-License-Identifier: Apache-2.0 */
#include "http/redirect/http_suffix.h"

#include "http/http_answer.h"
#include "http/http_elsewhere.h"
#include "http/http_url.h"
#include "http/redirect/http_leave.h"

/* The next shorter name whose end may be a part: cut before its last slash or point; empty: none,
 * or only the prefix would be left. */
static struct bytes
http_suffix_shorten(struct bytes name)
{
	size_t slash = bytes_find(name, '/');

	while (name.size > slash + 2) {
		name.size--;
		if (name.at[name.size] == '/' || name.at[name.size] == '.') {
			return name;
		}
	}
	return (struct bytes){NULL, 0};
}

/* The first URL, if the record passes suffixes on; empty: it does not. */
static struct bytes
url_of(const struct http_request *request, const struct http_resolved *resolved)
{
	struct wire_reader walk = handle_value_list_walk(&resolved->values);
	struct bytes url = {NULL, 0};
	struct handle_value value;
	bool passes = false;

	while (handle_value_next(&walk, &value)) {
		passes |= bytes_equal_fold(value.type, TEXT("PASS_SUFFIX"));
		if (url.size == 0 && bytes_equal_fold(value.type, TEXT("URL")) &&
			http_leads_to(request, resolved->name, value.data)) {
			url = value.data;
		}
	}
	return passes ? url : (struct bytes){NULL, 0};
}

/* The suffix as a part of a path: it can begin neither a query nor a fragment. */
static void
lead(struct http_request *request, const struct http_resolved *resolved, struct bytes url,
	struct bytes suffix)
{
	struct arena *arena = request->http->arena;
	size_t capacity = 3 * suffix.size + 1;
	char *part = arena_alloc(arena, capacity);
	char *room = arena_alloc(arena, HTTP_LINK_TARGET_SIZE_MAX + 1);
	struct text_writer path = text_writer_over(part, part == NULL ? 0 : capacity);
	struct text_writer writer =
		text_writer_over(room, room == NULL ? 0 : HTTP_LINK_TARGET_SIZE_MAX);

	text_write_char(&path, (char)suffix.at[0]);
	http_path_write(&path, bytes_slice(suffix, 1, suffix.size));
	http_url_write(&writer, url, text_written(&path));
	if (text_writer_end(&path) != STATUS_OK || text_writer_end(&writer) != STATUS_OK) {
		http_answer_wrong(request, "The address", (struct bytes){NULL, 0},
			"that this leads to is too long");
		return;
	}
	*writer.next = '\0';
	if (http_leave_take(request, resolved->name, room)) {
		return;
	}
	http_answer(request,
		&(struct http_answer){.status = 302,
			.type = "text/plain;charset=utf-8",
			.is_shared = true,
			.max_age_s = http_values_ttl(&resolved->values),
			.location = room},
		text_written(&writer));
}

bool
http_suffix_take(struct http_request *request, struct bytes name)
{
	struct http *http = request->http;
	struct bytes shorter = name;

	for (int i = 0; i < HTTP_SUFFIX_PART_COUNT_MAX; i++) {
		struct request question = {
			.message = {.envelope = {.version = VERSION_OURS,
					    .suggested = VERSION_OURS},
				.header = {.opcode = OPCODE_RESOLUTION,
					.flags =
						MESSAGE_FLAG_PUBLIC_ONLY | MESSAGE_FLAG_RECURSIVE}},
		};
		struct http_resolved resolved;
		struct bytes url;

		shorter = http_suffix_shorten(shorter);
		if (shorter.size == 0) {
			return false;
		}
		question.resolution.name = shorter;
		http_find(request, &question, http->arena, &resolved);
		if (http_elsewhere_fetch(request)) {
			return true;
		}
		if (resolved.code == RESPONSE_SUCCESS) {
			url = url_of(request, &resolved);
			if (url.size > 0) {
				lead(request, &resolved, url,
					bytes_slice(name, shorter.size, name.size));
			}
			return url.size > 0;
		}
	}
	return false;
}
