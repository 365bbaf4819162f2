/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto.h"
#include "message/message.h"

/*
 * Whether an answer's credential is a signature (HS_SIGNED) by `key` over these octets: OK,
 * DENIED, NOT_FOUND when it carries none, UNSUPPORTED for another kind of credential or a
 * digest that is not trusted. What is signed depends on the version (Handle.net 9, 12).
 */
enum status client_signature_verify(const struct envelope *envelope, const struct message *message,
	const struct crypto_key *key) MUST_CHECK;
