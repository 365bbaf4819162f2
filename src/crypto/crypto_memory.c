/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

#include <openssl/crypto.h>

bool
crypto_equal(struct bytes one, struct bytes other)
{
	return one.size == other.size &&
		(one.size == 0 || CRYPTO_memcmp(one.at, other.at, one.size) == 0);
}

void
crypto_forget(void *at, size_t size)
{
	if (size > 0) {
		OPENSSL_cleanse(at, size);
	}
}
