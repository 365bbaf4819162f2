/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "crypto/crypto.h"
#include "handle/handle_value.h"

/*
 * A node asks the node above to delegate a prefix to it (对接): what it sends, and how it proves that
 * the site is its own. Houji's own operation 8800, body as of CREATE_HANDLE: the handle
 * 0.NA/PREFIX and these values.
 *
 *     1   HS_SITE            where the child is
 *     2   DOCK.DERIVED       there if its site answers for the prefixes below PREFIX, too
 *     3   DOCK.CONTACT       whom the operator may ask; for people
 *     300 HS_PUBKEY          of who shall administer 0.NA/PREFIX; may be absent
 *     400 DOCK.SIGNATURE     by the private key of the first server of HS_SITE, with SHA-256, over
 *                            the words "houji dock 1", the handle and the values before, each
 *                            with its size in front
 *
 * The signature shows that whoever sends this has the key of the site it names; who they are is for the
 * operator of the node above to find out before the request is accepted. Nothing is delegated by it.
 */
enum { DOCKING_VALUES_SIZE_MAX = 65536, DOCKING_CONTACT_SIZE_MAX = 512 };

struct docking {
	struct bytes prefix; /* 0.NA/PREFIX. */
	struct handle_value_list values; /* All of them. */
	struct bytes site;
	struct bytes key; /* Empty: none. */
	struct bytes contact;
	bool has_derived;
	uint32_t time_s; /* When it was signed, as its sender says. */
};

/* What is signed: `docking` without its list. The list is written to `writer`. */
enum status docking_sign(const struct docking *docking, const struct crypto_key *site_key,
	struct wire_writer *writer, struct handle_value_list *ret_values) MUST_CHECK;

/* Views into what was given. INVALID: no such list, a site that makes no sense, text that is none;
 * DENIED: not signed by the site's key; UNSUPPORTED: a key that this program cannot use. */
enum status docking_read(struct bytes prefix, const struct handle_value_list *values,
	struct docking *ret_docking) MUST_CHECK;

/* SHA-256 of the first server's public key in the site, in hex: what two people compare. */
enum { DOCKING_FINGERPRINT_SIZE = 64 };
enum status docking_fingerprint(
	struct bytes site, char ret_text[DOCKING_FINGERPRINT_SIZE + 1]) MUST_CHECK;
