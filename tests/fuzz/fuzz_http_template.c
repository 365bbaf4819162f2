/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "http/page/http_template.h"

/* Any file as a page: it is refused, or what it writes holds no variable unescaped. */
static bool
find(void *context, struct bytes name, struct bytes *ret_text)
{
	(void)name;
	*ret_text = *(const struct bytes *)context;
	return true;
}

static void
part(void *context, enum http_variable variable, struct text_writer *writer)
{
	(void)context;
	(void)variable;
	(void)writer;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_over(data, size);
	const struct http_template_source source = {
		.name = TEXT("a.html"), .text = text, .find = find, .context = &text};
	struct http_template *template;
	struct problem problem;

	if (http_template_new(&source, &template, &problem) == STATUS_OK) {
		struct http_template_values values = {.part = part};
		static char room[1 << 20];
		struct text_writer writer = text_writer_over(room, sizeof(room));
		struct bytes written;

		for (size_t i = 0; i < HTTP_VARIABLE_COUNT; i++) {
			values.texts[i] = TEXT("\x01");
		}
		http_template_write(&writer, template, &values);
		written = text_written(&writer);
		/* A control becomes U+FFFD: one that is there was in the page. */
		FUZZ_CHECK(bytes_find(written, 1) == written.size || bytes_find(text, 1) < size);
		http_template_free(template);
	}
	return 0;
}
