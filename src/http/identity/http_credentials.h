/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "service/operation.h"

/*
 * What a client says of itself to the web face (http-api, 10): the header
 *
 *     Authorization: Handle sessionId="..", id="301:0.NA/20.500", type="HS_SECKEY",
 *             cnonce="<base64>", alg="SHA256", signature="<base64>"
 *
 * or parameters of the same names. A stranger wrote it. The proof in it is turned into the answer
 * to a challenge as the Handle protocol has it, over nonce and cnonce, so that one way to verify
 * serves all fronts.
 */
struct http_credentials {
	struct bytes session_id;
	struct bytes id; /* Percent-encoded. */
	struct bytes type;
	struct bytes cnonce;
	struct bytes alg;
	struct bytes signature;
	struct bytes salt;
	struct bytes iterations;
	struct bytes length; /* Of the derived key, in bits. */
	struct bytes client_certificate; /* "true": the certificate of the connection speaks. */
};

/* What stands behind "Handle ": items NAME=TOKEN or NAME="TEXT", with commas between; names in any
 * case, unknown ones are passed over. MALFORMED, also for a name that comes twice; NO_MEMORY. */
enum status http_credentials_read(struct bytes text, struct arena *arena,
	struct http_credentials *ret_credentials) MUST_CHECK;

/* The place of what is called `name`; NULL: nothing is. */
struct bytes *http_credentials_place(struct http_credentials *credentials, struct bytes name);

/* "301:0.NA/20.500", or a handle alone, whose index is then 0: any of it. */
bool http_identity_read(struct bytes text, struct operation_claim *claim);

/* Makes a claim of it, in `arena`; false: `ret_fault` says what is wrong, for people. */
bool http_credentials_prove(const struct http_credentials *credentials, struct bytes nonce,
	struct arena *arena, struct operation_claim *claim, const char **ret_fault);
