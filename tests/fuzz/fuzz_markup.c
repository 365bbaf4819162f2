/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "markup/markup_check.h"
#include "markup/markup_headers.h"
#include "markup/markup_locations.h"

/* What passes the check of a 10320/loc leads to addresses that are safe; what passes that of
 * 10320/headers makes no line but its own. */
static void
check_headers(struct bytes lines)
{
	struct bytes line;

	while (markup_line_next(&lines, &line)) {
		enum markup_line_kind kind;
		char room[8 * MARKUP_LINE_SIZE_MAX];
		struct text_writer writer = text_writer_over(room, sizeof(room));
		struct bytes name, value;

		FUZZ_CHECK(markup_line_check(line, &kind, NULL) == STATUS_OK);
		if (kind == MARKUP_LINE_HEAD) {
			markup_head_write(&writer, line, TEXT("1/\"><a>"));
			FUZZ_CHECK(bytes_find(bytes_slice(text_written(&writer), 1, sizeof(room)),
					   '<') == text_written(&writer).size - 1);
		} else if (kind == MARKUP_LINE_HEADER &&
			markup_header_write(&writer, line, TEXT("1/\r\n"), &name, &value) ==
				STATUS_OK) {
			FUZZ_CHECK(bytes_find(value, '\n') == value.size);
			FUZZ_CHECK(bytes_find(value, '\r') == value.size);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bytes types[] = {
		{(const uint8_t *)"10320/loc", 9},
		{(const uint8_t *)"HS_NAMESPACE", 12},
		{(const uint8_t *)"10320/headers", 13},
	};
	struct arena *arena = arena_new(65536, REQUEST_MEMORY_MAX);
	struct problem problem;

	for (size_t i = 0; i < 3; i++) {
		struct handle_value value = {
			.index = 1, .type = types[i], .data = bytes_over(data, size)};
		enum status status = markup_value_check(&value, arena, &problem);

		FUZZ_CHECK(status == STATUS_OK || status == STATUS_INVALID_VALUE ||
			status == STATUS_NO_MEMORY);
		if (status == STATUS_OK && i == 2) {
			check_headers(value.data);
		}
		arena_reset(arena);
	}
	arena_free(arena);
	return 0;
}
