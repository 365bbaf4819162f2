/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto_tls.h"
#include "node/node.h"
#include "service/service.h"
#include "service/signer.h"

/*
 * Who the node is: its private key and the site record it tells about itself, read together
 * because the record must carry the key's public half.
 */
struct node_identity {
	struct service_site site;
	uint8_t *site_octets; /* What site.octets points into. */
	struct crypto_key *key; /* Until a signer takes it. */
};

/* A problem names the file and what to do. `ret_identity` is freed by node_identity_free(). */
enum status node_identity_read(const char *directory, const struct settings *settings,
	struct node_identity *ret_identity, struct problem *problem) MUST_CHECK;
/* The key alone: what signs evidence of the ledger. The caller frees it. */
enum status node_identity_key(const char *directory, const struct settings *settings,
	struct crypto_key **ret_key, struct problem *problem) MUST_CHECK;
/* DENIED for a private key that others of the machine may read; SYSTEM. */
enum status node_key_check(
	const char *directory, const char *name, struct problem *problem) MUST_CHECK;
void node_identity_free(struct node_identity *identity);

/* Makes key and site record of a new node; the servers are the settings' addresses, with
 * `public_address` (16 octets, may be NULL) in place of wildcards. */
enum status node_identity_make(const char *directory, const struct settings *settings,
	enum crypto_key_kind kind, const uint8_t *public_address,
	struct problem *problem) MUST_CHECK;
