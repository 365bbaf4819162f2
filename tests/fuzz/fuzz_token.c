/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "service/token.h"

/* Any octets as a line of the file of tokens: a token that comes back the same when it is written
 * and read once more, or a problem that says why not. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096, REQUEST_MEMORY_MAX);
	static char text[65536];
	struct json_writer writer = json_writer_over(text, sizeof(text));
	struct token token, again;
	struct problem problem;

	if (token_line_read(bytes_over(data, size), arena, &token, &problem) != STATUS_OK) {
		FUZZ_CHECK(problem.text[0] != '\0');
		arena_free(arena);
		return 0;
	}
	FUZZ_CHECK(token_name_is_good(token.name));
	FUZZ_CHECK(
		token.identity.name.size > 0 && token.identity.name.size <= HANDLE_NAME_SIZE_MAX);
	FUZZ_CHECK(token.scope.prefix_count <= TOKEN_PREFIX_COUNT_MAX);
	token_line_write(&writer, &token);
	if (json_writer_end(&writer) == STATUS_OK) {
		FUZZ_CHECK(token_line_read(json_written(&writer), arena, &again, &problem) ==
			STATUS_OK);
		FUZZ_CHECK(bytes_equal(again.name, token.name));
		FUZZ_CHECK(memcmp(again.verifier, token.verifier, sizeof(token.verifier)) == 0);
		FUZZ_CHECK(again.scope.may_read == token.scope.may_read &&
			again.scope.may_write == token.scope.may_write &&
			again.scope.prefix_count == token.scope.prefix_count);
	}
	arena_free(arena);
	return 0;
}
