/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "support/json_rewrite.h"

enum { ROOM = 1 << 20 };

static char rooms[2][ROOM];

/* Asks for what the text does not promise to hold, chosen by its own octets. */
static void
ask_anything(struct bytes text, struct arena *arena)
{
	struct json_reader reader = json_reader_over(text, arena);
	uint32_t choice = (uint32_t)text.size;

	while (json_reader_ok(&reader) && reader.is_value_due) {
		size_t at = json_reader_at(&reader);
		struct bytes name;

		choice = choice * 31 + (at < text.size ? text.at[at] : 0U);
		switch (choice >> 3 & 7) {
		case 0:
			json_read_u64(&reader, choice);
			break;
		case 1:
			json_read_i64(&reader);
			break;
		case 2:
			json_read_bool(&reader);
			break;
		case 3:
			json_read_base64(&reader, BASE64_STANDARD);
			break;
		case 4:
			json_read_hex(&reader);
			break;
		case 5:
			json_read_array(&reader);
			(void)(json_reader_ok(&reader) && json_next_element(&reader));
			break;
		case 6:
			json_read_object(&reader);
			(void)(json_reader_ok(&reader) && json_next_member(&reader, &name));
			break;
		default:
			json_skip(&reader);
			break;
		}
		FUZZ_CHECK(json_reader_at(&reader) <= text.size);
	}
	(void)!json_reader_end(&reader);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct arena *arena = arena_new(4096, REQUEST_MEMORY_MAX);
	struct json_reader reader = json_reader_over(bytes_over(octets, size), arena);
	struct json_writer writers[2];
	struct bytes skipped = json_skip(&reader);
	enum status status = json_reader_end(&reader);
	enum status copied;

	FUZZ_CHECK(json_reader_at(&reader) <= size);
	FUZZ_CHECK(status != STATUS_OK || skipped.size <= size);
	FUZZ_CHECK(status != STATUS_INVALID);
	arena_reset(arena);
	writers[0] = json_writer_over(rooms[0], ROOM);
	copied = json_rewrite(bytes_over(octets, size), arena, &writers[0]);
	/* Reading takes memory that skipping does not. */
	FUZZ_CHECK(copied == status || copied == STATUS_NO_MEMORY);
	if (copied == STATUS_OK && json_writer_ok(&writers[0])) {
		arena_reset(arena);
		writers[1] = json_writer_over(rooms[1], ROOM);
		FUZZ_CHECK(
			json_rewrite(json_written(&writers[0]), arena, &writers[1]) == STATUS_OK);
		FUZZ_CHECK(json_writer_ok(&writers[1]));
		FUZZ_CHECK(bytes_equal(json_written(&writers[0]), json_written(&writers[1])));
	}
	arena_reset(arena);
	ask_anything(bytes_over(octets, size), arena);
	arena_free(arena);
	return 0;
}
