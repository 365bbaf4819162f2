/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "handle/handle_key.h"
#include "handle/handle_key_file.h"

/*
 * A private-key file, opened with the passphrase of the corpus. What opens, but for the
 * unencrypted kind, is a private key, and never has more octets than the file.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes file = bytes_over(octets, size);
	uint8_t *opened = malloc(size > 0 ? size : 1);
	enum handle_key_file_type type;
	struct handle_key key;
	size_t opened_size = 0;

	FUZZ_CHECK(opened != NULL);
	if (handle_key_file_open(file, TEXT("passphrase"), opened, size, &opened_size) ==
		STATUS_OK) {
		FUZZ_CHECK(handle_key_file_type(file, &type) == STATUS_OK);
		FUZZ_CHECK(opened_size < size);
		if (type != HANDLE_KEY_FILE_PLAIN) {
			FUZZ_CHECK(handle_key_decode(bytes_over(opened, opened_size), &key) ==
				STATUS_OK);
			FUZZ_CHECK(handle_key_is_private(&key));
		}
	}
	free(opened);
	return 0;
}
