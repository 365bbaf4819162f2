/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "message/credential.h"

/* Credentials that decode are written back to the same octets. */
int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static uint8_t room[2 * MESSAGE_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(room, sizeof(room));
	struct credential credential;

	if (credential_decode(bytes_over(octets, size), &credential) == STATUS_OK) {
		credential_write(&writer, &credential);
		FUZZ_CHECK(wire_writer_end(&writer) == STATUS_OK);
		FUZZ_CHECK(bytes_equal(wire_written(&writer), bytes_over(octets, size)));
	}
	return 0;
}
