/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/rate_table.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * How many octets may leave over UDP to an address that nobody has proven to be the asker's:
 * the defence against being an amplifier.
 *
 * An answer of at most three times its request is free. A larger one is paid for in full
 * from two buckets of octets, one for the address (IPv4 /32, IPv6 /56) and one for its
 * neighbourhood (/24, /48, twice as large); when either is empty there is no answer,
 * and an honest client turns to TCP after its retries. Whatever a forger sends, a victim
 * gets no more than three times that, plus the bucket.
 *
 * Three tables of fixed size for each worker (rate_table.h).
 */
struct native_limit;

struct native_limit *native_limit_new(void); /* NULL if memory is short. */
void native_limit_free(struct native_limit *limit);

/* The budget is in octets. */
bool native_limit_allows(struct native_limit *limit, const uint8_t source[16], int64_t now_ms,
	struct rate_budget budget, size_t request_size, size_t answer_size);

/* Whether an answer about `name` may go to the network of `source` (/24, /56) once more: an answer
 * that is given again and again is no use to anybody but a forger. The budget is in answers. */
bool native_limit_repeats(struct native_limit *limit, const uint8_t source[16], int64_t now_ms,
	struct rate_budget budget, struct bytes name);
