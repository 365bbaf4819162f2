/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/status.h"

#include <stdint.h>

/*
 * Merkle trees as RFC 9162, 2.1 has them, over SHA-256: what a log of n entries was, in 32
 * octets, and short proofs that an entry is in it or that a longer log begins with it.
 *
 *     leaf = SHA-256(0x00 || octets)          node = SHA-256(0x01 || left || right)
 *
 * Nothing here knows what the leaves are or where they lie. A growing tree is the roots of
 * its full subtrees, one for each bit of its size. Who makes a proof gives a function that
 * tells the root of a range of leaves; it is asked once for each hash of the proof.
 */
enum {
	LEDGER_MERKLE_SIZE = 32,
	LEDGER_MERKLE_LEVEL_COUNT = 64,
	LEDGER_MERKLE_PATH_COUNT_MAX = 65, /* Of hashes in a proof about 2^63 leaves. */
};

struct ledger_merkle_hash {
	uint8_t octets[LEDGER_MERKLE_SIZE];
};

struct ledger_merkle_path {
	size_t count;
	struct ledger_merkle_hash hashes[LEDGER_MERKLE_PATH_COUNT_MAX];
};

void ledger_merkle_leaf(struct bytes octets, struct ledger_merkle_hash *ret_hash);

/* A tree that grows; all zeros is the empty one. */
struct ledger_merkle {
	uint64_t count; /* Leaves. */
	struct ledger_merkle_hash subtrees[LEDGER_MERKLE_LEVEL_COUNT]; /* One for each set bit. */
};

/* Adds a full subtree of 2^level leaves; the leaves so far are a multiple of as many. */
void ledger_merkle_add(
	struct ledger_merkle *merkle, unsigned level, const struct ledger_merkle_hash *subtree);

/* Of no leaves: SHA-256 of nothing. */
void ledger_merkle_root(const struct ledger_merkle *merkle, struct ledger_merkle_hash *ret_root);

/* The root of the leaves from `from` up to and without `to`, of which there is one at least. */
typedef enum status ledger_merkle_range(
	void *context, uint64_t from, uint64_t to, struct ledger_merkle_hash *ret_root);

/* That leaf `index` is in the tree of `size` leaves (2.1.3.1). INVALID if it is not; else what
 * `range` says. */
enum status ledger_merkle_inclusion(ledger_merkle_range *range, void *context, uint64_t index,
	uint64_t size, struct ledger_merkle_path *ret_path) MUST_CHECK;

/* That the tree of `size` leaves begins with that of `earlier` (2.1.4.1). INVALID unless
 * 0 < earlier <= size. */
enum status ledger_merkle_consistency(ledger_merkle_range *range, void *context, uint64_t earlier,
	uint64_t size, struct ledger_merkle_path *ret_path) MUST_CHECK;

/* DENIED when it proves nothing of the kind (2.1.3.2). */
enum status ledger_merkle_inclusion_verify(const struct ledger_merkle_hash *leaf, uint64_t index,
	uint64_t size, const struct ledger_merkle_path *path,
	const struct ledger_merkle_hash *root) MUST_CHECK;

/* The same for two trees (2.1.4.2). */
struct ledger_merkle_tree {
	uint64_t size;
	struct ledger_merkle_hash root;
};
enum status ledger_merkle_consistency_verify(const struct ledger_merkle_tree *earlier,
	const struct ledger_merkle_tree *later, const struct ledger_merkle_path *path) MUST_CHECK;
