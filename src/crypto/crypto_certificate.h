/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto_openssl.h"
#include "crypto/crypto_tls.h"

#include <openssl/x509.h>

/*
 * Names the key and nothing else; valid for ever: "no well-defined expiration" is RFC 5280,
 * 4.1.2.5. Signed by the key itself, RSA or Ed25519; NULL if it cannot be made. Private.
 */
X509 *crypto_certificate_new(const struct crypto_key *key);
