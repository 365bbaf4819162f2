/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_merkle.h"

#include "base/text_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka.h needs the three above. */
#include <cmocka.h>
#include <string.h>

/*
 * The vectors are those of the reference implementation of RFC 6962, whose trees RFC 9162
 * keeps: eight leaves, their roots, and proofs.
 */
static const struct bytes LEAVES[] = {
	{(const uint8_t *)"", 0},
	{(const uint8_t *)"\x00", 1},
	{(const uint8_t *)"\x10", 1},
	{(const uint8_t *)"\x20\x21", 2},
	{(const uint8_t *)"\x30\x31", 2},
	{(const uint8_t *)"\x40\x41\x42\x43", 4},
	{(const uint8_t *)"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
	{(const uint8_t *)"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

static const char *const ROOTS[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

#define A96 "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
#define A5F "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
#define A6B "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
#define ABC "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
#define ACA "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
#define AD3 "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
#define AFA "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
#define A6E "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
#define A0E "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

static const struct proof_vector {
	uint64_t index; /* Or the earlier size. */
	uint64_t size;
	const char *hashes[4];
} INCLUSIONS[] =
	{
		{0, 1, {NULL}},
		{0, 8, {A96, A5F, A6B}},
		{5, 8, {ABC, ACA, AD3}},
		{2, 3, {AFA}},
		{1, 5, {A6E, A5F, ABC}},
},
  CONSISTENCIES[] = {
	  {1, 1, {NULL}},
	  {1, 8, {A96, A5F, A6B}},
	  {6, 8, {A0E, ACA, AD3}},
	  {2, 5, {A5F, ABC}},
};

enum { COUNT_MAX = 130 };

struct forest {
	uint64_t asked; /* Ranges. */
	struct ledger_merkle_hash leaves[COUNT_MAX];
};

static struct ledger_merkle_hash
root_of(const struct forest *forest, uint64_t from, uint64_t to)
{
	struct ledger_merkle merkle = {0};
	struct ledger_merkle_hash root;

	for (uint64_t i = from; i < to; i++) {
		ledger_merkle_add(&merkle, 0, &forest->leaves[i]);
	}
	ledger_merkle_root(&merkle, &root);
	return root;
}

static enum status
range(void *context, uint64_t from, uint64_t to, struct ledger_merkle_hash *ret_root)
{
	struct forest *forest = context;

	assert_true(from < to);
	forest->asked++;
	*ret_root = root_of(forest, from, to);
	return STATUS_OK;
}

static void
plant(struct forest *forest, bool is_vector)
{
	*forest = (struct forest){0};
	for (uint8_t i = 0; i < COUNT_MAX; i++) {
		ledger_merkle_leaf(
			is_vector && i < 8 ? LEAVES[i] : bytes_over(&i, 1), &forest->leaves[i]);
	}
}

static void
assert_hash(const struct ledger_merkle_hash *hash, const char *expected)
{
	uint8_t octets[LEDGER_MERKLE_SIZE];

	assert_int_equal(text_read_hex(bytes_from_string(expected), octets), STATUS_OK);
	assert_memory_equal(hash->octets, octets, sizeof(octets));
}

static void
assert_path(const struct ledger_merkle_path *path, const char *const *expected)
{
	size_t count = 0;

	for (; expected[count] != NULL; count++) {
		assert_true(count < path->count);
		assert_hash(&path->hashes[count], expected[count]);
	}
	assert_int_equal(path->count, count);
}

static void
roots_and_proofs_are_those_of_the_reference(void **state)
{
	struct forest forest;
	struct ledger_merkle_path path;

	(void)state;
	plant(&forest, true);
	for (uint64_t size = 0; size <= 8; size++) {
		struct ledger_merkle_hash root = root_of(&forest, 0, size);

		assert_hash(&root, ROOTS[size]);
	}
	for (size_t i = 0; i < sizeof(INCLUSIONS) / sizeof(INCLUSIONS[0]); i++) {
		assert_int_equal(ledger_merkle_inclusion(range, &forest, INCLUSIONS[i].index,
					 INCLUSIONS[i].size, &path),
			STATUS_OK);
		assert_path(&path, INCLUSIONS[i].hashes);
	}
	for (size_t i = 0; i < sizeof(CONSISTENCIES) / sizeof(CONSISTENCIES[0]); i++) {
		assert_int_equal(ledger_merkle_consistency(range, &forest, CONSISTENCIES[i].index,
					 CONSISTENCIES[i].size, &path),
			STATUS_OK);
		assert_path(&path, CONSISTENCIES[i].hashes);
	}
}

/* Every proof of one tree must fail for anything else: another leaf, place, size, root, a
 * hash more or less or changed. */
static void
refuse_neighbours(const struct ledger_merkle_hash *leaf, uint64_t index, uint64_t size,
	const struct ledger_merkle_path *path, const struct ledger_merkle_hash *root)
{
	struct ledger_merkle_hash other = *leaf, other_root = *root;
	struct ledger_merkle_path changed = *path;

	other.octets[31] ^= 1;
	other_root.octets[0] ^= 1;
	assert_int_equal(
		ledger_merkle_inclusion_verify(&other, index, size, path, root), STATUS_DENIED);
	assert_int_equal(ledger_merkle_inclusion_verify(leaf, index, size, path, &other_root),
		STATUS_DENIED);
	assert_int_equal(
		ledger_merkle_inclusion_verify(leaf, size, size, path, root), STATUS_DENIED);
	if (size > 1) {
		assert_int_equal(ledger_merkle_inclusion_verify(leaf, index ^ 1, size, path, root),
			STATUS_DENIED);
	}
	changed.count = path->count + 1;
	assert_int_equal(
		ledger_merkle_inclusion_verify(leaf, index, size, &changed, root), STATUS_DENIED);
	if (path->count > 0) {
		changed.count = path->count - 1;
		assert_int_equal(ledger_merkle_inclusion_verify(leaf, index, size, &changed, root),
			STATUS_DENIED);
		changed = *path;
		changed.hashes[path->count / 2].octets[7] ^= 0x80;
		assert_int_equal(ledger_merkle_inclusion_verify(leaf, index, size, &changed, root),
			STATUS_DENIED);
	}
}

static void
every_leaf_of_every_tree_has_a_proof_and_no_other(void **state)
{
	struct forest forest;
	struct ledger_merkle_path path;

	(void)state;
	plant(&forest, false);
	for (uint64_t size = 1; size <= 70; size++) {
		struct ledger_merkle_hash root = root_of(&forest, 0, size);

		for (uint64_t index = 0; index < size; index++) {
			assert_int_equal(
				ledger_merkle_inclusion(range, &forest, index, size, &path),
				STATUS_OK);
			assert_int_equal(ledger_merkle_inclusion_verify(
						 &forest.leaves[index], index, size, &path, &root),
				STATUS_OK);
			refuse_neighbours(&forest.leaves[index], index, size, &path, &root);
		}
	}
}

static void
every_tree_is_the_beginning_of_every_later_one(void **state)
{
	struct forest forest;
	struct ledger_merkle_path path;

	(void)state;
	plant(&forest, false);
	for (uint64_t size = 1; size <= 70; size++) {
		struct ledger_merkle_tree later = {size, root_of(&forest, 0, size)};

		for (uint64_t before = 1; before <= size; before++) {
			struct ledger_merkle_tree earlier = {before, root_of(&forest, 0, before)};

			assert_int_equal(
				ledger_merkle_consistency(range, &forest, before, size, &path),
				STATUS_OK);
			assert_int_equal(ledger_merkle_consistency_verify(&earlier, &later, &path),
				STATUS_OK);
			/* A log that was cut shorter, or one whose past is another. */
			if (before < size) {
				assert_int_equal(
					ledger_merkle_consistency_verify(&later, &earlier, &path),
					STATUS_DENIED);
			}
			earlier.root.octets[3] ^= 4;
			assert_int_equal(ledger_merkle_consistency_verify(&earlier, &later, &path),
				STATUS_DENIED);
			earlier.root.octets[3] ^= 4;
			path.count++;
			assert_int_equal(ledger_merkle_consistency_verify(&earlier, &later, &path),
				STATUS_DENIED);
		}
	}
}

static void
proofs_about_what_is_not_there_are_refused(void **state)
{
	struct forest forest;
	struct ledger_merkle_path path = {.count = 7};
	struct ledger_merkle_tree none = {0}, one = {.size = 1};

	(void)state;
	plant(&forest, false);
	assert_int_equal(ledger_merkle_inclusion(range, &forest, 8, 8, &path), STATUS_INVALID);
	assert_int_equal(ledger_merkle_inclusion(range, &forest, 0, 0, &path), STATUS_INVALID);
	assert_int_equal(ledger_merkle_consistency(range, &forest, 0, 8, &path), STATUS_INVALID);
	assert_int_equal(ledger_merkle_consistency(range, &forest, 9, 8, &path), STATUS_INVALID);
	assert_int_equal(path.count, 7);
	path.count = 0;
	assert_int_equal(ledger_merkle_consistency_verify(&none, &one, &path), STATUS_DENIED);
	assert_int_equal(
		ledger_merkle_inclusion_verify(&one.root, 0, 0, &path, &one.root), STATUS_DENIED);
}

static void
a_proof_asks_once_for_each_of_its_hashes(void **state)
{
	struct forest forest;
	struct ledger_merkle_path path;

	(void)state;
	plant(&forest, false);
	assert_int_equal(ledger_merkle_inclusion(range, &forest, 77, 130, &path), STATUS_OK);
	assert_int_equal(forest.asked, path.count);
	assert_true(path.count <= 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_and_proofs_are_those_of_the_reference),
		cmocka_unit_test(every_leaf_of_every_tree_has_a_proof_and_no_other),
		cmocka_unit_test(every_tree_is_the_beginning_of_every_later_one),
		cmocka_unit_test(proofs_about_what_is_not_there_are_refused),
		cmocka_unit_test(a_proof_asks_once_for_each_of_its_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
