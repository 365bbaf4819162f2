/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"
#include "http/identity/http_credentials.h"

/*
 * Who asks (http-api, 10): what the header Authorization claims, as a claim that the service can
 * verify. Only over TLS: on plain HTTP it is as if nothing had been said, for a secret that
 * travelled in the clear proves nothing any more.
 *
 * Handle: a session is named, and a nonce of it is answered, or was (http_credentials.h).
 *
 * It may also say that the certificate of the connection speaks (http_certificate.h).
 *
 * Basic: the user is index:handle, percent-encoded; the password is the secret key. It is made
 * into the answer to a challenge that was never sent (HMAC-SHA256), so that one way to verify
 * secrets serves all fronts and the secret itself goes no further.
 */

/*
 * A proof that was right is remembered for a while, as a digest of its header: it is verified each
 * time all the same, but no longer counted against those who guess. So is one that was sent just
 * now: to guess the same again tells nobody more. So a client may send its secret with many
 * requests at once, and who tries other ones is counted as ever.
 */
enum { HTTP_KNOWN_COUNT = 256, HTTP_KNOWN_LIFE_MS = 600000, HTTP_KNOWN_TRIED_MS = 2000 };

struct http_known {
	uint8_t salt[32]; /* What is remembered is of no use to anybody else. */
	struct {
		uint8_t digest[32];
		int64_t until_ms;
	} items[HTTP_KNOWN_COUNT];
};

void http_known_make(struct http_known *known);
/* The header of this request was right, or at least was tried. */
void http_identity_remember(struct http_request *request, int64_t life_ms);

/* The session that the request named, as it is now. */
bool http_identity_session(const struct http_request *request, struct http_session *ret_session);
/* An identity was proven by this request: its session, if it named one, has it from now on. */
void http_identity_prove(struct http_request *request, const struct access_identity *identity);
/* What the header says and, where the route takes parameters from a body, what they say beyond
 * it. False: answered. */
bool http_identity_credentials(
	struct http_request *request, struct http_credentials *ret_credentials);

/* `ret_claim` is NULL for nobody; it lives in the request's arena. False: answered. */
bool http_identity_take(struct http_request *request, const struct operation_claim **ret_claim);

/* What stands behind "Basic " (RFC 7617): base64 of user, colon, password; the user has its own
 * colon percent-encoded. False if it is none. */
bool http_basic_read(struct arena *arena, struct bytes text, struct operation_claim *ret_claim);
bool http_identity_is_claimed(const struct http_request *request);
