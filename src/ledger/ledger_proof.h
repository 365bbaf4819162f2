/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger_head.h"

/*
 * Proofs that an outsider checks with nothing but the node's public key.
 *
 * Of one entry: the entry, its record, the way through the tree, and a signed head that
 * covers it. Proven is that the node's journal held exactly this entry under this number, when
 * the node signed the head.
 *
 *     {"proof":"houji entry 1",
 *      "entry":{"sequence":N,"kind":N,"time":MS,"previous":N,"batch":N,"key":BASE64,
 *               "actor":BASE64,"before":HEX,"after":HEX,"chain":HEX,"recordSize":N},
 *      "record":BASE64, "path":[HEX,...], "head":{...}}
 *
 * The record may be missing: the entry's hash covers its digest only.
 *
 * Of two heads: that the later journal begins with the earlier one, so that nothing in it was
 * removed or changed between the two.
 *
 *     {"proof":"houji growth 1","earlier":{...},"later":{...},"path":[HEX,...]}
 *
 * The entry's octets, from which its leaf follows, are in docs/ledger.md.
 */
enum ledger_proof_kind { LEDGER_PROOF_ENTRY, LEDGER_PROOF_GROWTH };

struct ledger_proof {
	enum ledger_proof_kind kind;
	struct journal_entry entry; /* `place` and `next` are not part of it. */
	bool has_record; /* Else only the size of entry.record counts. */
	struct ledger_merkle_path path;
	struct ledger_head head; /* The later one. */
	struct ledger_head earlier;
};

void ledger_proof_write_json(struct json_writer *writer, const struct ledger_proof *proof);

/* What is read lies in the reader's arena or text. INVALID for another kind of proof, for
 * sizes that no entry has, and for missing members. */
enum status ledger_proof_read_json(
	struct json_reader *reader, struct ledger_proof *ret_proof) MUST_CHECK;

/* DENIED with what does not fit; `earlier_key` is that of an earlier head, NULL for the same. */
enum status ledger_proof_verify(const struct ledger_proof *proof, const struct crypto_key *key,
	const struct crypto_key *earlier_key, struct problem *problem) MUST_CHECK;
