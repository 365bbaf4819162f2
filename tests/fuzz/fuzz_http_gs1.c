/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "http/redirect/http_gs1.h"

/* A code that a path is has levels, of which the first is all of it; each is a path of its own that
 * reads as itself. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct code_result result, again;
	static char room[CODE_SIZE_MAX], other[CODE_SIZE_MAX];
	struct bytes path = bytes_over(data, size);
	struct bytes levels[HTTP_GS1_LEVEL_COUNT_MAX];
	const struct code_candidate *candidate;
	size_t count;

	if (!http_gs1_is_path(path)) {
		return 0;
	}
	candidate = http_gs1_read(path, room, &result);
	if (candidate == NULL || !candidate->is_valid) {
		FUZZ_CHECK(candidate == NULL || candidate->reason_count > 0);
		return 0;
	}
	count = http_gs1_split(candidate->normal, levels);
	FUZZ_CHECK(count > 0 && bytes_equal(levels[0], candidate->normal));
	FUZZ_CHECK(count == candidate->part_count);
	for (size_t i = 0; i < count; i++) {
		char text[CODE_SIZE_MAX];
		struct text_writer writer = text_writer_over(text, sizeof(text));
		const struct code_candidate *level;

		text_write_char(&writer, '/');
		text_write(&writer, levels[i]);
		if (text_writer_end(&writer) != STATUS_OK || levels[i].size + 16 > CODE_SIZE_MAX) {
			continue;
		}
		FUZZ_CHECK(http_gs1_is_path(text_written(&writer)));
		level = http_gs1_read(text_written(&writer), other, &again);
		FUZZ_CHECK(level != NULL && level->is_valid);
		FUZZ_CHECK(bytes_equal(level->normal, levels[i]));
	}
	return 0;
}
