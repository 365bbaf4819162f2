/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/random_fake.h"

#include "crypto/crypto.h"

#include <stdlib.h>

static struct bytes left;

void
random_fake_next(struct bytes run)
{
	left = run;
}

size_t
random_fake_left(void)
{
	return left.size;
}

void
crypto_random(void *at, size_t size)
{
	if (size > left.size) {
		abort();
	}
	memcpy(at, left.at, size);
	left = bytes_slice(left, size, left.size);
}
