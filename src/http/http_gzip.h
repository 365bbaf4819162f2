/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>

/*
 * Bodies made smaller where the client asks for it (RFC 9110, 8.4.1.3). The transport of a record
 * costs more than a millisecond of work only for large ones, so only bodies from HTTP_GZIP_SIZE_MIN
 * to HTTP_GZIP_SIZE_MAX are compressed, at the fastest level.
 */
struct http_gzip;

struct http_gzip *http_gzip_new(void); /* Of a worker. NULL if memory is short. */
void http_gzip_free(struct http_gzip *gzip); /* NULL is fine. */

/* True if the header Accept-Encoding (NULL: none) takes gzip: it or `*` is named, with a quality
 * above 0. */
bool http_gzip_is_accepted(const char *header);

/* `ret_body` lives until the next call. NO_SPACE: it would not become smaller. */
enum status http_gzip_compress(
	struct http_gzip *gzip, struct bytes body, struct bytes *ret_body) MUST_CHECK;
