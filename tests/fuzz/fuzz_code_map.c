/* SPDX-License-Identifier: Apache-2.0 */
#include "code/code_map.h"
#include "fuzz/fuzz.h"

#include <string.h>

enum { TEXT_SIZE_MAX = 1 << 20 };

/* What was read and holds is written, read again, and is the same. */
static void
check_again(const struct code_mapping *mapping, struct arena *arena)
{
	static char text[TEXT_SIZE_MAX];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	struct code_mapping again;

	code_mapping_write(&writer, mapping);
	FUZZ_CHECK(json_writer_end(&writer) == STATUS_OK);
	FUZZ_CHECK(code_mapping_read(json_written(&writer), arena, &again) == STATUS_OK);
	for (size_t i = 0; i < CODE_FIELD_COUNT; i++) {
		FUZZ_CHECK(bytes_equal(again.fields[i], mapping->fields[i]));
	}
}

/* A mapping cannot hold and be over; and only one that says "active" holds. */
static void
check_times(const struct code_mapping *mapping)
{
	static const char *const times[] = {
		"1970-01-01", "2026-11-27", "2026-11-27T08:00:00Z", "9999-12-31T23:59:59Z"};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct bytes now = bytes_from_string(times[i]);

		FUZZ_CHECK(!code_mapping_is_active(mapping, now) ||
			!code_mapping_is_over(mapping, now));
		FUZZ_CHECK(!code_mapping_is_active(mapping, now) ||
			bytes_equal(mapping->fields[CODE_FIELD_STATUS], TEXT("active")));
	}
}

/* A code that is normal stays what it is. */
static void
check_normal(struct code_mapping *mapping)
{
	static struct code_result result, again;
	struct code_mapping copy;

	if (code_mapping_normalize(mapping, &result) != STATUS_OK) {
		return;
	}
	copy = *mapping;
	FUZZ_CHECK(copy.fields[CODE_FIELD_CODE].size + 32 > CODE_SIZE_MAX ||
		code_mapping_normalize(&copy, &again) == STATUS_OK);
	FUZZ_CHECK(copy.fields[CODE_FIELD_CODE].size + 32 > CODE_SIZE_MAX ||
		bytes_equal(copy.fields[CODE_FIELD_CODE], mapping->fields[CODE_FIELD_CODE]));
}

/* The data of a value CODE_MAP, which anybody with the right to it may have written. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096, 1 << 20);
	struct code_mapping mapping;
	enum code_field field;

	if (code_mapping_read(bytes_over(data, size), arena, &mapping) == STATUS_OK) {
		check_times(&mapping);
		check_again(&mapping, arena);
		FUZZ_CHECK(code_mapping_is_of(&mapping, NULL, mapping.fields[CODE_FIELD_HANDLE]));
		if (code_mapping_check(&mapping, &field) == STATUS_OK) {
			FUZZ_CHECK(mapping.fields[CODE_FIELD_STATUS].size > 0);
			check_again(&mapping, arena);
			check_normal(&mapping);
		}
	}
	arena_free(arena);
	return 0;
}
