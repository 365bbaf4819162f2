/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_merkle.h"

#include "crypto/crypto.h"

#include <assert.h>

static const uint8_t LEAF_MARK[] = {0x00};
static const uint8_t NODE_MARK[] = {0x01};

static struct bytes
run_of(const struct ledger_merkle_hash *hash)
{
	return bytes_over(hash->octets, sizeof(hash->octets));
}

static bool
hashes_are_equal(const struct ledger_merkle_hash *one, const struct ledger_merkle_hash *other)
{
	return bytes_equal(run_of(one), run_of(other));
}

void
ledger_merkle_leaf(struct bytes octets, struct ledger_merkle_hash *ret_hash)
{
	struct bytes runs[] = {{LEAF_MARK, sizeof(LEAF_MARK)}, octets};

	crypto_digest_runs(CRYPTO_SHA256, runs, 2, ret_hash->octets);
}

/* `ret_node` may be one of the two. */
static void
join(const struct ledger_merkle_hash *left, const struct ledger_merkle_hash *right,
	struct ledger_merkle_hash *ret_node)
{
	struct bytes runs[] = {{NODE_MARK, sizeof(NODE_MARK)}, run_of(left), run_of(right)};

	crypto_digest_runs(CRYPTO_SHA256, runs, 3, ret_node->octets);
}

void
ledger_merkle_add(
	struct ledger_merkle *merkle, unsigned level, const struct ledger_merkle_hash *subtree)
{
	struct ledger_merkle_hash node = *subtree;
	uint64_t leaves = UINT64_C(1) << level;

	assert(merkle->count % leaves == 0);
	for (; (merkle->count >> level & 1) != 0; level++) {
		join(&merkle->subtrees[level], &node, &node);
	}
	merkle->subtrees[level] = node;
	merkle->count += leaves;
}

void
ledger_merkle_root(const struct ledger_merkle *merkle, struct ledger_merkle_hash *ret_root)
{
	struct ledger_merkle_hash root;
	bool is_begun = false;

	for (unsigned level = 0; level < LEDGER_MERKLE_LEVEL_COUNT; level++) {
		if ((merkle->count >> level & 1) == 0) {
			continue;
		}
		if (is_begun) {
			join(&merkle->subtrees[level], &root, &root);
		} else {
			root = merkle->subtrees[level];
		}
		is_begun = true;
	}
	if (!is_begun) {
		crypto_digest(CRYPTO_SHA256, (struct bytes){NULL, 0}, root.octets);
	}
	*ret_root = root;
}

/* Where a tree of two leaves or more parts: the largest power of two below its size. */
static uint64_t
split_of(uint64_t size)
{
	return UINT64_C(1) << (63 - __builtin_clzll(size - 1));
}

/* Proofs run from the leaf to the root; they are made the other way. */
static void
reverse(struct ledger_merkle_path *path)
{
	for (size_t i = 0; i < path->count / 2; i++) {
		struct ledger_merkle_hash hash = path->hashes[i];

		path->hashes[i] = path->hashes[path->count - 1 - i];
		path->hashes[path->count - 1 - i] = hash;
	}
}

enum status
ledger_merkle_inclusion(ledger_merkle_range *range, void *context, uint64_t index, uint64_t size,
	struct ledger_merkle_path *ret_path)
{
	struct ledger_merkle_path path = {0};
	uint64_t from = 0, to = size;
	enum status status = STATUS_OK;

	if (index >= size || size > INT64_MAX) {
		return STATUS_INVALID;
	}
	while (to - from > 1 && status == STATUS_OK) {
		struct ledger_merkle_hash *next = &path.hashes[path.count++];
		uint64_t middle = from + split_of(to - from);

		if (index < middle) {
			status = range(context, middle, to, next);
			to = middle;
		} else {
			status = range(context, from, middle, next);
			from = middle;
		}
	}
	if (status == STATUS_OK) {
		reverse(&path);
		*ret_path = path;
	}
	return status;
}

enum status
ledger_merkle_consistency(ledger_merkle_range *range, void *context, uint64_t earlier,
	uint64_t size, struct ledger_merkle_path *ret_path)
{
	struct ledger_merkle_path path = {0};
	uint64_t from = 0, to = size;
	bool is_whole = true; /* What is left begins with the first leaf. */
	enum status status = STATUS_OK;

	if (earlier == 0 || earlier > size || size > INT64_MAX) {
		return STATUS_INVALID;
	}
	while (earlier != to && status == STATUS_OK) {
		struct ledger_merkle_hash *next = &path.hashes[path.count++];
		uint64_t middle = from + split_of(to - from);

		if (earlier <= middle) {
			status = range(context, middle, to, next);
			to = middle;
		} else {
			status = range(context, from, middle, next);
			from = middle;
			is_whole = false;
		}
	}
	if (status == STATUS_OK && !is_whole) {
		status = range(context, from, to, &path.hashes[path.count++]);
	}
	if (status == STATUS_OK) {
		reverse(&path);
		*ret_path = path;
	}
	return status;
}

enum status
ledger_merkle_inclusion_verify(const struct ledger_merkle_hash *leaf, uint64_t index, uint64_t size,
	const struct ledger_merkle_path *path, const struct ledger_merkle_hash *root)
{
	uint64_t node = index, last = size - 1;
	struct ledger_merkle_hash hash = *leaf;

	if (index >= size) {
		return STATUS_DENIED;
	}
	for (size_t i = 0; i < path->count; i++) {
		if (last == 0) {
			return STATUS_DENIED;
		}
		if ((node & 1) != 0 || node == last) {
			join(&path->hashes[i], &hash, &hash);
			while ((node & 1) == 0 && node != 0) {
				node >>= 1;
				last >>= 1;
			}
		} else {
			join(&hash, &path->hashes[i], &hash);
		}
		node >>= 1;
		last >>= 1;
	}
	return last == 0 && hashes_are_equal(&hash, root) ? STATUS_OK : STATUS_DENIED;
}

/* The walk of 2.1.4.2 from the node where the two trees part. */
static enum status
consistency_walk(const struct ledger_merkle_tree *earlier, const struct ledger_merkle_tree *later,
	const struct ledger_merkle_hash *hashes, size_t count)
{
	uint64_t node = earlier->size - 1, last = later->size - 1;
	struct ledger_merkle_hash first = hashes[0], second = hashes[0];

	while ((node & 1) != 0) {
		node >>= 1;
		last >>= 1;
	}
	for (size_t i = 1; i < count; i++) {
		if (last == 0) {
			return STATUS_DENIED;
		}
		if ((node & 1) != 0 || node == last) {
			join(&hashes[i], &first, &first);
			join(&hashes[i], &second, &second);
			while ((node & 1) == 0 && node != 0) {
				node >>= 1;
				last >>= 1;
			}
		} else {
			join(&second, &hashes[i], &second);
		}
		node >>= 1;
		last >>= 1;
	}
	return last == 0 && hashes_are_equal(&first, &earlier->root) &&
			hashes_are_equal(&second, &later->root)
		? STATUS_OK
		: STATUS_DENIED;
}

enum status
ledger_merkle_consistency_verify(const struct ledger_merkle_tree *earlier,
	const struct ledger_merkle_tree *later, const struct ledger_merkle_path *path)
{
	struct ledger_merkle_hash hashes[LEDGER_MERKLE_PATH_COUNT_MAX + 1];
	size_t count = 0;

	if (earlier->size == 0 || earlier->size > later->size) {
		return STATUS_DENIED;
	}
	if (earlier->size == later->size) {
		return path->count == 0 && hashes_are_equal(&earlier->root, &later->root)
			? STATUS_OK
			: STATUS_DENIED;
	}
	if (path->count == 0 || path->count > LEDGER_MERKLE_PATH_COUNT_MAX) {
		return STATUS_DENIED;
	}
	/* A full earlier tree is a node of the later one: it is known and not in the proof. */
	if ((earlier->size & (earlier->size - 1)) == 0) {
		hashes[count++] = earlier->root;
	}
	for (size_t i = 0; i < path->count; i++) {
		hashes[count++] = path->hashes[i];
	}
	return consistency_walk(earlier, later, hashes, count);
}
