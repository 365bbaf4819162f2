/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "node/node_identity.h"

/*
 * What web clients are shown: the certificate that the operator put into the node's folder, or one
 * that the node signs itself. PEM texts, because the TLS of HTTP reads them itself.
 */
struct node_certificate {
	char certificate[CRYPTO_PEM_SIZE_MAX];
	char key[CRYPTO_PEM_SIZE_MAX];
};

/* SYSTEM, TOO_LARGE, DENIED, INVALID for files that are there and cannot be used. `key` is the
 * node's. */
enum status node_certificate_read(const char *directory, const struct settings *settings,
	const struct crypto_key *key, struct node_certificate **ret_certificate,
	struct problem *problem) MUST_CHECK;
void node_certificate_free(struct node_certificate *certificate); /* NULL is fine. */
