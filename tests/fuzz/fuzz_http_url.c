/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "http/http_url.h"
#include "http/page/http_page.h"
#include "markup/markup_url.h"

/* The host as a browser finds it. */
static struct bytes
host_of(struct bytes url)
{
	size_t at = bytes_find(url, '/') + 2;
	size_t end = at;

	while (end < url.size && strchr("/?#\\", url.at[end]) == NULL) {
		end++;
	}
	return bytes_slice(url, at, end - at);
}

/* The first line is a URL, the rest what is appended to it. */
static void
check_url(struct bytes url, struct bytes append)
{
	size_t capacity = 3 * (url.size + append.size) + MARKUP_HOST_SIZE_MAX;
	char *room = malloc(capacity);
	struct text_writer writer = text_writer_over(room, capacity);

	if (http_url_is_safe(url)) {
		http_url_write(&writer, url, append);
		FUZZ_CHECK(text_writer_end(&writer) == STATUS_OK);
		FUZZ_CHECK(http_url_is_safe(text_written(&writer)));
		FUZZ_CHECK(markup_url_is_plain(text_written(&writer)));
		FUZZ_CHECK(!markup_url_is_plain(url) ||
			bytes_equal(host_of(text_written(&writer)), host_of(url)));
		for (const char *at = room; at < writer.next; at++) {
			FUZZ_CHECK(*at > ' ' && *at < 0x7f && strchr("\"'<>\\`", *at) == NULL);
		}
	}
	free(room);
}

static void
check_text(struct bytes text)
{
	size_t capacity = 6 * text.size + 1;
	char *room = malloc(capacity);
	struct text_writer writer = text_writer_over(room, capacity);

	http_html_write(&writer, text);
	FUZZ_CHECK(text_writer_end(&writer) == STATUS_OK);
	FUZZ_CHECK(bytes_are_utf8(text_written(&writer)));
	for (const char *at = room; at < writer.next; at++) {
		FUZZ_CHECK(strchr("<>\"'", *at) == NULL);
	}
	free(room);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_over(data, size);
	size_t line = bytes_find(text, '\n');
	char *header = calloc(1, size + 1);

	check_url(bytes_slice(text, 0, line), bytes_slice(text, line + 1, size));
	check_text(text);
	memcpy(header, data, size);
	(void)http_language_is_chinese(header);
	free(header);
	return 0;
}
