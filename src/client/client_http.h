/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"

/*
 * Reads what an HTTP server answers (RFC 9112), as far as a client of the native tunnel needs it:
 * the status, where the body ends, and whether the connection ends with it.
 *
 *     client_http_begin(&http);
 *     while ((status = client_http_take(&http, octets, &taken, &body)) == STATUS_OK) {
 *             ... keep `body`; go on behind `taken` ...
 *     }
 *
 * A body ends where Content-Length says, behind the last chunk, or with the connection. Heads are
 * taken whole or not at all and have a limit; nothing is kept here but numbers.
 */
enum client_http_step {
	CLIENT_HTTP_HEAD,
	CLIENT_HTTP_SIZED, /* `left` octets of body. */
	CLIENT_HTTP_CHUNK_HEAD,
	CLIENT_HTTP_CHUNK, /* `left` octets of a chunk. */
	CLIENT_HTTP_CHUNK_END,
	CLIENT_HTTP_TRAILER,
	CLIENT_HTTP_OPEN, /* Until the connection ends. */
	CLIENT_HTTP_OVER,
};

struct client_http {
	enum client_http_step step;
	uint64_t left;
	const char *type; /* Of the body; NULL: Handle messages. */
	bool is_last; /* Nothing may be asked any more on this connection. */
};

void client_http_begin(struct client_http *http); /* For the next answer. */
/* The same for bodies of another media type, a string that outlives it. */
void client_http_begin_type(struct client_http *http, const char *type);

/* OK: `ret_taken` octets were understood, of which `ret_body` (a view, maybe empty) is body.
 * TRUNCATED: more octets are needed. CLOSED: the answer is over, and nothing was taken.
 * BUSY: the server says 503. UNSUPPORTED: it answers something else than was wanted.
 * MALFORMED, TOO_LARGE: this is no HTTP that anybody should read on. */
enum status client_http_take(struct client_http *http, struct bytes octets, size_t *ret_taken,
	struct bytes *ret_body) MUST_CHECK;
