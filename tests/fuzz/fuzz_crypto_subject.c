/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto_subject.h"
#include "fuzz/fuzz.h"

/* Any octets as the certificate of a client. What is read has a key that meets the checks of all
 * keys, is no longer than its room, and what is refused leaves nothing behind. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crypto_subject subject;

	if (crypto_subject_read(bytes_over(data, size), &subject) == STATUS_OK) {
		FUZZ_CHECK(subject.key != NULL && !crypto_key_is_private(subject.key));
		FUZZ_CHECK(crypto_key_bits(subject.key) <= RSA_BITS_MAX);
		FUZZ_CHECK(subject.name_size <= sizeof(subject.name));
		FUZZ_CHECK(subject.name_size <= 4 * size);
	} else {
		FUZZ_CHECK(subject.key == NULL);
	}
	crypto_subject_clear(&subject);
	return 0;
}
