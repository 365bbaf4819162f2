/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "handle/handle_json.h"

enum { ROOM = 1 << 22, ARENA_LIMIT = 1 << 23 };

static char text[ROOM];

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct arena *arena = arena_new(1 << 16, ARENA_LIMIT);
	struct json_reader reader = json_reader_over(bytes_over(octets, size), arena);
	struct json_writer writer = json_writer_over(text, sizeof(text));
	struct problem problem = {.status = STATUS_OK};
	struct handle_value_list list;
	struct handle_value_list again;
	struct bytes name;
	struct bytes name_again;
	enum status status = handle_record_read_json(&reader, &name, &list, &problem);

	FUZZ_CHECK(status == reader.status);
	FUZZ_CHECK(status == problem.status);
	FUZZ_CHECK(json_reader_at(&reader) <= size);
	if (status == STATUS_OK) {
		struct wire_reader walk = handle_value_list_walk(&list);
		struct handle_value value;
		uint32_t count = 0;

		for (; handle_value_next(&walk, &value); count++) {
		}
		FUZZ_CHECK(wire_reader_end(&walk) == STATUS_OK);
		FUZZ_CHECK(count == list.count && count <= HANDLE_VALUE_COUNT_MAX);
		FUZZ_CHECK(list.octets.size <= RECORD_SIZE_MAX);
		FUZZ_CHECK(name.size > 0 && name.size <= HANDLE_NAME_SIZE_MAX);
		handle_record_write_json(&writer, name, &list);
		FUZZ_CHECK(json_writer_ok(&writer));
		/* Whatever was said in other words says the same in ours, if it is not too long. */
		if (json_written(&writer).size <= JSON_TEXT_SIZE_MAX) {
			reader = json_reader_over(json_written(&writer), arena);
			FUZZ_CHECK(handle_record_read_json(&reader, &name_again, &again, NULL) ==
				STATUS_OK);
			FUZZ_CHECK(bytes_equal(name, name_again));
			FUZZ_CHECK(bytes_equal(list.octets, again.octets));
		}
	}
	arena_free(arena);
	return 0;
}
