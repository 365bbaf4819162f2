/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

/* Alone in its file, because tests put a source they can predict in its place. Keys are made
 * by OpenSSL from its own generator, which the kernel seeds too. */
void
crypto_random(void *at, size_t size)
{
	uint8_t *next = at;

	while (size > 0) {
		ssize_t got = getrandom(next, size, 0);

		if (got > 0) {
			next += got;
			size -= (size_t)got;
		} else if (got == 0 || errno != EINTR) {
			/* No kernel since 3.17 comes here, and no answer could be trusted. */
			abort();
		}
	}
}
