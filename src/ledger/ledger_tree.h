/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/problem.h"
#include "journal/journal.h"
#include "ledger/ledger_merkle.h"

/*
 * The sequence index and Merkle tree of a journal, in DIR/view/tree.
 *
 * Leaf i (from 0) is the entry with sequence i + 1, and its octets are the entry's hash, the
 * one that the next entry carries in its chain. One row stands for 256 entries: where the
 * first of them lies, when it was written, and the root of their subtree. So a sequence leads
 * to a place, and any proof is made, by reading the entries of two rows and one pass over the
 * rows' hashes.
 *
 *     header (64)   "HOUJITRE", version, byte order, size of a row, zeros, checksum
 *     row (56)      place, time in ms, hash (32), checksum seeded with the row's number
 *
 * All of it follows from the journal: rows that are missing, damaged or of another journal
 * are made again. Rows are appended by one thread, the ledger's applier, and never synced on
 * their own; any number of threads may ask at the same time. When a row cannot be written the
 * file stays as it is, and answers take longer.
 */
enum {
	LEDGER_TREE_ROW_COUNT = 256, /* Entries of a row. */
	LEDGER_TREE_ROW_LEVEL = 8,
	LEDGER_TREE_LAYOUT_VERSION = 1,
	LEDGER_TREE_HEADER_SIZE = 64,
	LEDGER_TREE_ROW_SIZE = 56,
};

struct ledger_tree;

/* `path` is made if it is missing and `is_writable`; else what is missing is kept in memory.
 * The journal stays the caller's and outlives the tree. */
enum status ledger_tree_open(const char *path, bool is_writable, struct journal *journal,
	struct ledger_tree **ret_tree, struct problem *problem) MUST_CHECK;
void ledger_tree_close(struct ledger_tree *tree); /* NULL is fine. */

/* Makes rows of what is durable in the journal, but reads `count_max` entries at the most. One
 * thread. CORRUPT if an entry is. */
enum status ledger_tree_extend(struct ledger_tree *tree, uint64_t count_max, bool *ret_is_complete,
	struct problem *problem) MUST_CHECK;

uint64_t ledger_tree_row_count(const struct ledger_tree *tree);
struct ledger_tree_row {
	uint64_t place;
	int64_t time_ms;
	struct ledger_merkle_hash hash;
};
enum status ledger_tree_row(const struct ledger_tree *tree, uint64_t number,
	struct ledger_tree_row *ret_row) MUST_CHECK;

/* Where the entry with this sequence lies. NOT_FOUND for 0 and past the last; CORRUPT. */
enum status ledger_tree_place(
	const struct ledger_tree *tree, uint64_t sequence, uint64_t *ret_place) MUST_CHECK;

/* For ledger_merkle_inclusion() and its kin; `context` is the tree. */
enum status ledger_tree_range(
	void *context, uint64_t from, uint64_t to, struct ledger_merkle_hash *ret_root) MUST_CHECK;

/* Root of the tree of the first `size` entries. NOT_FOUND past the last. */
enum status ledger_tree_root(const struct ledger_tree *tree, uint64_t size,
	struct ledger_merkle_hash *ret_root) MUST_CHECK;

/* The leaf of an entry: the hash of its hash. */
void ledger_tree_leaf(const struct journal_entry *entry, struct ledger_merkle_hash *ret_leaf);

/* One row as octets, for the file and its tests. False unless the checksum is right. */
void ledger_tree_row_encode(
	const struct ledger_tree_row *row, uint64_t number, uint8_t octets[LEDGER_TREE_ROW_SIZE]);
bool ledger_tree_row_decode(const uint8_t octets[LEDGER_TREE_ROW_SIZE], uint64_t number,
	struct ledger_tree_row *ret_row);
