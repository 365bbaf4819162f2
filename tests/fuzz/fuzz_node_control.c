/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "node/node_control.h"

/*
 * The input is a line at the control socket. It is refused with a sentence, or it is one whole
 * request: what it names is named once.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct arena *arena = arena_new(4096, 1 << 20);
	struct node_control_request request = {.limit = UINT32_MAX};
	struct problem problem = {.text = ""};
	enum status status = node_control_read(bytes_over(octets, size), arena, &request, &problem);
	int named = (request.handle.size > 0) + (request.prefix.size > 0) + request.is_all;

	if (status != STATUS_OK) {
		FUZZ_CHECK(problem.text[0] != '\0' && request.limit == UINT32_MAX);
	} else {
		FUZZ_CHECK(named == (request.act == NODE_CONTROL_CACHE_STATS ? 0 : 1));
		FUZZ_CHECK(request.limit <= 10000);
	}
	arena_free(arena);
	return 0;
}
