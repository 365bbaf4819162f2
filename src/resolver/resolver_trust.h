/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "crypto/crypto.h"
#include "handle/handle_value.h"

/*
 * Is this record what its owner signed? (Handle.net 9, 21: HS_SIGNATURE and HS_CERT values.)
 *
 * An HS_SIGNATURE value holds digests of other values of its record, signed by an issuer; the
 * issuer's key stands in an HS_CERT value of the issuer's handle, signed by another issuer, and so
 * on up to the root, whose key is known. In this order: the digest of every value that is there;
 * the times; the signature; then of each certificate time, signature, and whether it may speak for
 * this handle; in the end the root.
 *
 *     YES      all of it holds
 *     NO       something does not
 *     UNKNOWN  nothing is signed, or not all of it, or the chain cannot be had
 *
 * The judge fetches nothing. What it wants to see next it names in `missing`; who can fetch that
 * handle's record adds it - or says that it cannot be had - and asks again:
 *
 *     while (resolver_trust_judge(&trust) == RESOLVER_TRUST_UNKNOWN && trust.missing.size > 0) {
 *             ... resolver_trust_add(&trust, trust.missing, values or NULL) ...
 *     }
 *
 * Whatever the values say, it verifies at most SIGNATURE_CHECK_COUNT_MAX signatures in one judgement,
 * and takes its memory from the arena.
 */
enum resolver_trust {
	RESOLVER_TRUST_UNKNOWN,
	RESOLVER_TRUST_YES,
	RESOLVER_TRUST_NO,
};

/* Who is believed without a certificate. */
struct resolver_trust_root {
	struct bytes name; /* 0.0/0.0, 88.111.1/0.0 */
	uint32_t index;
	const struct crypto_key *key;
	/* Certificates that do not say whether their subject may issue others let it (the national
	 * tree); elsewhere all do. */
	bool is_issuing_said;
};

struct resolver_trust_record {
	struct bytes name;
	bool is_known;
	struct handle_value_list values;
};

struct resolver_trust_case {
	struct bytes name; /* Of the record that is judged. */
	struct handle_value_list values;
	int64_t now_s; /* Since 1970. */
	const struct resolver_trust_root *root;
	struct arena *arena;

	size_t record_count;
	struct resolver_trust_record records[SIGNATURE_CHECK_COUNT_MAX];
	struct bytes missing; /* A handle; empty: nothing more would help. */
	const char *reason; /* Of the last judgement: a clause. */
};

enum resolver_trust resolver_trust_judge(struct resolver_trust_case *trust);

/* The octets stay the caller's; `values` may be NULL: it cannot be had. False: no room, the case
 * stays as it is. */
bool resolver_trust_add(struct resolver_trust_case *trust, struct bytes name,
	const struct handle_value_list *values);
