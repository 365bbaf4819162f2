/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What became of a change, kept for a while in case the answer was lost and the client asks
 * again with the very same message: it is told what happened, and nothing happens twice.
 */
enum {
	ACCESS_MINT_SIZE = 36, /* What MINT appends: a UUID as text (RFC 9562, 4). */
	ACCESS_DIGEST_SIZE = 32, /* SHA-256 over a message's header and body. */
};

struct access_result {
	enum status status;
	bool has_overwritten; /* The OVERWRITE flag of the answer. */
	uint8_t mint[ACCESS_MINT_SIZE]; /* CREATE_HANDLE with MINT. */
};
