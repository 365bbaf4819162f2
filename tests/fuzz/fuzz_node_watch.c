/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "node/node_watch.h"

#include "base/limits.h"

/*
 * The input is a line of another node's changes. It is refused, or says how far the stream is and
 * names at most one handle, which can be one.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct arena *arena = arena_new(4096, 65536);
	struct node_watch_event event = {.version = UINT64_MAX};
	enum status status = node_watch_read(bytes_over(octets, size), arena, &event);

	if (status != STATUS_OK) {
		FUZZ_CHECK(event.version == UINT64_MAX && event.handle.size == 0);
	} else {
		FUZZ_CHECK(event.version <= INT64_MAX);
		FUZZ_CHECK(event.handle.size <= HANDLE_NAME_SIZE_MAX);
		FUZZ_CHECK(!event.is_prefix || event.handle.size > 5);
	}
	arena_free(arena);
	return 0;
}
