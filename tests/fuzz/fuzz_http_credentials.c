/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "http/identity/http_credentials.h"

/* Any text as what stands behind "Handle ". What is read lies in the text or the arena and is no
 * longer than the text; a claim has a handle that could be one, and a kind. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096, REQUEST_MEMORY_MAX);
	struct operation_claim claim = {.index = 0};
	struct http_credentials credentials;
	const char *fault;
	uint8_t nonce[16] = {0};

	if (http_credentials_read(bytes_over(data, size), arena, &credentials) == STATUS_OK) {
		FUZZ_CHECK(credentials.id.size <= size && credentials.signature.size <= size);
		if (http_credentials_prove(&credentials, bytes_over(nonce, sizeof(nonce)), arena,
			    &claim, &fault)) {
			FUZZ_CHECK(fault == NULL);
			FUZZ_CHECK(claim.name.size > 0 && claim.name.size <= HANDLE_NAME_SIZE_MAX);
			FUZZ_CHECK(bytes_are_utf8(claim.name));
			FUZZ_CHECK(bytes_equal(claim.kind, TEXT("HS_SECKEY")) ||
				bytes_equal(claim.kind, TEXT("HS_PUBKEY")));
			FUZZ_CHECK(claim.response.size > 0);
		} else {
			FUZZ_CHECK(fault != NULL);
		}
	}
	arena_free(arena);
	return 0;
}
