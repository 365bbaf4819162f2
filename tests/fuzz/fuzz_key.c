/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "handle/handle_key.h"
#include "wire/wire_writer.h"

/*
 * A key in Handle encoding. Whatever decodes writes back to the same octets; whatever makes a
 * key of crypto writes itself in a form that decodes again and makes the same key.
 */
static void
check_crypto_key(const struct crypto_key *key)
{
	static uint8_t first[KEY_SIZE_MAX];
	static uint8_t second[KEY_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(first, sizeof(first));
	struct wire_writer again = wire_writer_over(second, sizeof(second));
	struct handle_key view;
	struct crypto_key *back = NULL;

	FUZZ_CHECK(handle_key_write_public(&writer, key) == STATUS_OK);
	FUZZ_CHECK(handle_key_decode(wire_written(&writer), &view) == STATUS_OK);
	FUZZ_CHECK(!handle_key_is_private(&view));
	FUZZ_CHECK(handle_key_to_crypto(&view, &back) == STATUS_OK);
	FUZZ_CHECK(handle_key_write_public(&again, back) == STATUS_OK);
	FUZZ_CHECK(bytes_equal(wire_written(&writer), wire_written(&again)));
	crypto_key_free(back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static uint8_t room[KEY_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct bytes input = bytes_over(octets, size);
	struct handle_key view;
	struct crypto_key *key = NULL;

	if (handle_key_decode(input, &view) != STATUS_OK) {
		return 0;
	}
	handle_key_write(&writer, &view);
	FUZZ_CHECK(wire_writer_end(&writer) == STATUS_OK);
	FUZZ_CHECK(bytes_equal(wire_written(&writer), input));
	if (handle_key_to_crypto(&view, &key) == STATUS_OK) {
		FUZZ_CHECK(crypto_key_is_private(key) == handle_key_is_private(&view));
		check_crypto_key(key);
		crypto_key_free(key);
	}
	return 0;
}
