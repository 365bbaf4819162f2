/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "http/http_worker.h"
#include "service/operation.h"

/*
 * Who asks (http-api, 10): what the header Authorization claims, as a claim that the service can
 * verify. Only over TLS: on plain HTTP it is as if nothing had been said, for a secret that
 * travelled in the clear proves nothing any more.
 *
 * Basic: the user is index:handle, percent-encoded; the password is the secret key. It is made
 * into the answer to a challenge that was never sent (HMAC-SHA256), so that one way to verify
 * secrets serves all fronts and the secret itself goes no further.
 */

/* `ret_claim` is NULL for nobody; it lives in the request's arena. False: answered. */
bool http_identity_take(struct http_request *request, const struct operation_claim **ret_claim);

/* What stands behind "Basic " (RFC 7617): base64 of user, colon, password; the user has its own
 * colon percent-encoded. False if it is none. */
bool http_basic_read(struct arena *arena, struct bytes text, struct operation_claim *ret_claim);
bool http_identity_is_claimed(const struct http_request *request);
