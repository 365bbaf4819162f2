/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

#include <stdlib.h>

/*
 * A copy of a run in an allocation of exactly its size, so that AddressSanitizer sees a
 * decoder that reads one octet too far. The caller frees it with heap_free().
 */
static inline struct bytes
heap_copy(struct bytes run)
{
	uint8_t *at = malloc(run.size);

	if (at == NULL) {
		abort();
	}
	if (run.size > 0) {
		memcpy(at, run.at, run.size);
	}
	return bytes_over(at, run.size);
}

static inline void
heap_free(struct bytes run)
{
	union {
		const uint8_t *given;
		void *taken;
	} at = {run.at};

	free(at.taken);
}
