/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * How many handshakes of TLS a worker makes: a signature each, which a stranger gets for one
 * octet (reliability, T-06). A bucket of tokens for each network (IPv4 /24, IPv6 /56) and one for
 * all together; a bucket holds what comes in within a second.
 *
 * One table of fixed size. Sets of four; the entry not touched for the longest gives way, so a
 * flood of networks displaces itself.
 */
struct http_limit;

struct http_limit *http_limit_new(void); /* NULL if memory is short. */
void http_limit_free(struct http_limit *limit); /* NULL is fine. */

/* Takes a token, if there is one. `source` is an address in 16 octets; NULL: all together. */
bool http_limit_allows(
	struct http_limit *limit, const uint8_t source[16], int64_t now_ms, uint32_t per_second);
