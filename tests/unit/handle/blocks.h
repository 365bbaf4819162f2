/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

#include <stdlib.h>

/* The first `size` octets of a run in a heap block of exactly that size, so that
 * AddressSanitizer sees a decoder that reads one octet too far. Freed with block_free(). */
static inline struct bytes
block_of(struct bytes run, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL) {
		abort();
	}
	if (size > 0) {
		memcpy(copy, run.at, size);
	}
	return bytes_over(size > 0 ? copy : copy + 1, size);
}

static inline void
block_free(struct bytes block)
{
	const uint8_t *start = block.size > 0 ? block.at : block.at - 1;

	free((void *)(uintptr_t)start);
}
