/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "http/http_condition.h"

/* Any text as a list of entity tags and as a date. Tags lie in the list, in quotes, and each one
 * shortens it; a date is within what four digits of a year can say. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes list = bytes_over(data, size);
	struct http_tag tag;
	size_t left = size + 1;
	int64_t at_s;

	while (http_tag_next(&list, &tag)) {
		FUZZ_CHECK(list.size < left);
		FUZZ_CHECK(tag.text.size >= 2 && tag.text.at[0] == '"');
		FUZZ_CHECK(tag.text.at >= data && tag.text.at + tag.text.size <= data + size);
		left = list.size;
	}
	(void)http_tags_are_star(bytes_over(data, size));
	if (http_date_read(bytes_over(data, size), 1795904000, &at_s) == STATUS_OK) {
		FUZZ_CHECK(at_s >= -62198755200 && at_s <= 253402300800);
	}
	return 0;
}
