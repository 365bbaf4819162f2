/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "message/change_line.h"

/* Any octets as a line of a batch: a change that a message can carry, or a problem that says why
 * not. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[CHANGE_LINE_ROOM];
	struct arena *arena = arena_new(4096, REQUEST_MEMORY_MAX);
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct change_line line;
	struct problem problem;
	uint32_t index;

	if (change_line_read(bytes_over(data, size), arena, &writer, &line, &problem) !=
		STATUS_OK) {
		FUZZ_CHECK(problem.text[0] != '\0');
	} else if (change_line_check(&line, &problem) != STATUS_OK) {
		FUZZ_CHECK(problem.text[0] != '\0');
	} else {
		FUZZ_CHECK(line.handle.size > 0 && line.handle.size <= HANDLE_NAME_SIZE_MAX);
		FUZZ_CHECK(line.indexes.size == (size_t)line.index_count * 4);
		FUZZ_CHECK(handle_value_list_check(&line.values, &index) == STATUS_OK);
		FUZZ_CHECK(change_line_operation(line.opcode)[0] != '?');
	}
	arena_free(arena);
	return 0;
}
