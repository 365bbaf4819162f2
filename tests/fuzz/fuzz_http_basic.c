/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "http/identity/http_identity.h"

/* Any text as what stands behind "Basic ". A claim has a handle that could be one, and an answer
 * with the code of its MAC; and the secret is nowhere in it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096, REQUEST_MEMORY_MAX);
	struct operation_claim claim = {.index = 0};

	if (http_basic_read(arena, bytes_over(data, size), &claim)) {
		FUZZ_CHECK(claim.name.size > 0 && claim.name.size <= HANDLE_NAME_SIZE_MAX);
		FUZZ_CHECK(bytes_are_utf8(claim.name));
		FUZZ_CHECK(bytes_equal(claim.kind, TEXT("HS_SECKEY")));
		FUZZ_CHECK(claim.response.size == 33 && claim.response.at[0] == 0x13);
		FUZZ_CHECK(claim.nonce.size == 16);
	}
	arena_free(arena);
	return 0;
}
