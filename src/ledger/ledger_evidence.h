/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "ledger/ledger.h"
#include "ledger/ledger_proof.h"

/*
 * Evidence from an open ledger, for disputes: signed heads of what the journal is, and proofs
 * against them. Works with every way to open a ledger; with LEDGER_READ and LEDGER_LOOK on one
 * thread only.
 *
 * A ledger open for writing that was given a key signs a head when `interval_ms` have gone by
 * since the last one and something was written, and one when it is closed. That is done by
 * the applier's thread; nobody waits for it.
 */

/* The key stays the caller's and lives until another is given or the ledger is closed; one that is
 * given later signs from the next head on, and the one before it is no longer used. A head of this
 * key is checked by ledger_verify(), too. For LEDGER_READ that is all it does. */
void ledger_evidence_sign(
	struct ledger *ledger, const struct crypto_key *key, uint32_t interval_ms);

/* How many entries the newest head covers that was signed so, or was there before; 0 without one.
 * From any thread. */
uint64_t ledger_evidence_size(const struct ledger *ledger);

/* What became of the last head to be signed so, and of the tree's last rows: OK, or why they
 * could not be written. */
enum status ledger_evidence_fault(struct ledger *ledger, struct problem *problem) MUST_CHECK;

/* Signs a head of all that is durable and appends it to DIR/heads.ndjson. With LEDGER_LOOK the
 * journal's last segments are synced first, as what is seen there need not be durable yet.
 * NOT_FOUND when the journal is empty. */
enum status ledger_evidence_checkpoint(struct ledger *ledger, const struct crypto_key *key,
	struct ledger_head *ret_head, struct problem *problem) MUST_CHECK;

/* Of the handle's entry `sequence`, or of its newest (0), against the newest head of DIR that
 * covers it. NOT_FOUND when there is no such entry or no such head. */
enum status ledger_evidence_entry(struct ledger *ledger, struct bytes name, uint64_t sequence,
	struct ledger_proof *ret_proof, struct problem *problem) MUST_CHECK;

/* That the journal of DIR's newest head begins with that of its head of `size` entries. */
enum status ledger_evidence_growth(struct ledger *ledger, uint64_t size,
	struct ledger_proof *ret_proof, struct problem *problem) MUST_CHECK;
