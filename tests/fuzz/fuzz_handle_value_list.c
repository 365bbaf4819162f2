/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "handle/handle_json.h"

enum { ROOM = 1 << 21, ARENA_LIMIT = 1 << 23 };

static char text[ROOM];
static uint8_t written[ROOM];

static void
check_references(const struct handle_value *value)
{
	struct wire_reader walk = wire_reader_over(value->references);
	struct handle_reference reference;
	uint32_t count = 0;

	while (handle_reference_next(&walk, &reference)) {
		FUZZ_CHECK(reference.name.size <= HANDLE_NAME_SIZE_MAX);
		count++;
	}
	FUZZ_CHECK(count == value->reference_count);
	FUZZ_CHECK(wire_reader_end(&walk) == STATUS_OK);
}

/* A list that was read is what its values are, one behind the other. */
static void
check_values(const struct handle_value_list *list)
{
	struct wire_writer writer = wire_writer_over(written, sizeof(written));
	struct wire_reader walk = handle_value_list_walk(list);
	struct handle_value value;
	uint32_t count = 0;

	while (handle_value_next(&walk, &value)) {
		check_references(&value);
		handle_value_write(&writer, &value);
		count++;
	}
	FUZZ_CHECK(wire_reader_end(&walk) == STATUS_OK);
	FUZZ_CHECK(count == list->count);
	FUZZ_CHECK(bytes_equal(wire_written(&writer), list->octets));
}

/* What fits into a text and a record comes back from JSON as the same octets. */
static void
check_json(const struct handle_value_list *list, struct arena *arena)
{
	struct json_writer writer = json_writer_over(text, JSON_TEXT_SIZE_MAX);
	struct handle_value_list again;
	struct json_reader reader;
	struct bytes name;

	handle_record_write_json(&writer, TEXT("a/b"), list);
	if (!json_writer_ok(&writer) || list->octets.size > RECORD_SIZE_MAX) {
		return;
	}
	reader = json_reader_over(json_written(&writer), arena);
	FUZZ_CHECK(handle_record_read_json(&reader, &name, &again, NULL) == STATUS_OK);
	FUZZ_CHECK(json_reader_end(&reader) == STATUS_OK);
	FUZZ_CHECK(again.count == list->count);
	FUZZ_CHECK(bytes_equal(again.octets, list->octets));
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct wire_reader reader = wire_reader_over(bytes_over(octets, size));
	struct handle_value_list list = handle_value_list_read(&reader);
	uint32_t index;

	FUZZ_CHECK(list.octets.size <= size);
	(void)!handle_value_list_check(&list, &index);
	if (wire_reader_end(&reader) == STATUS_OK) {
		struct arena *arena = arena_new(1 << 16, ARENA_LIMIT);

		check_values(&list);
		check_json(&list, arena);
		arena_free(arena);
	} else if (!wire_reader_ok(&reader)) {
		FUZZ_CHECK(list.count == 0 && list.octets.size == 0);
	}
	return 0;
}
