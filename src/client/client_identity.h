/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"
#include "message/request.h"
#include "message/response.h"

/*
 * Who asks, and the answer to a server that wants it proven (Handle.net 9, 13): a signature
 * with the private key whose public half is value `index` of `handle`, or a MAC with the
 * secret that is that value.
 */
struct client_identity {
	struct bytes handle;
	uint32_t index; /* 0: any value of the handle. */
	const struct crypto_key *key; /* Private; NULL: `secret` counts. */
	struct bytes secret;
};

enum { CLIENT_PROOF_SIZE_MAX = CRYPTO_SIGNATURE_SIZE_MAX + 64 };

/* True if the challenge carries the digest of `signed_run`, header and body of what was asked:
 * nothing else is ever signed. */
bool client_challenge_is_about(const struct response *challenge, struct bytes signed_run);

/* The body of the answer (operation 200); `ret_proof` holds what its `response` points to.
 * UNSUPPORTED when this version of the protocol cannot carry such a key's signature. */
enum status client_identity_prove(const struct client_identity *identity,
	const struct response *challenge, uint8_t ret_proof[CLIENT_PROOF_SIZE_MAX],
	struct request_challenge_response *ret_answer) MUST_CHECK;
