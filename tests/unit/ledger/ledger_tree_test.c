/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_tree.h"
#include "ledger_scene.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

/*
 * What the file of the tree says is what the journal says, whatever was lost of it; and a
 * sequence leads to its entry, in rows and behind them.
 */
enum { ENTRY_COUNT = 3 * LEDGER_TREE_ROW_COUNT + 17 };

static void
fill(const struct ledger_scene *scene, unsigned count)
{
	struct ledger *ledger = ledger_scene_open(scene, LEDGER_CREATE);
	char name[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "88.100/%u", i);
		assert_int_equal(put_text(ledger, name, "x"), STATUS_OK);
	}
	ledger_scene_close(ledger);
}

static void
tree_path(const struct ledger_scene *scene, char ret_path[96])
{
	snprintf(ret_path, 96, "%s/view/tree", scene->directory);
}

/* Opens journal and tree by themselves, without the threads of a ledger. */
struct stand {
	struct journal *journal;
	struct ledger_tree *tree;
};

static struct stand
stand_open(const struct ledger_scene *scene, bool is_writable)
{
	struct stand stand = {0};
	struct problem problem = {0};
	char path[96];

	tree_path(scene, path);
	if (journal_open(scene->directory, false, 0, &stand.journal, &problem) != STATUS_OK ||
		ledger_tree_open(path, is_writable, stand.journal, &stand.tree, &problem) !=
			STATUS_OK) {
		fail_msg("%s", problem.text);
	}
	return stand;
}

static void
stand_extend(struct stand *stand)
{
	struct problem problem = {0};
	bool is_complete = false;

	while (!is_complete) {
		if (ledger_tree_extend(stand->tree, 100, &is_complete, &problem) != STATUS_OK) {
			fail_msg("%s", problem.text);
		}
	}
}

static void
stand_close(struct stand *stand)
{
	ledger_tree_close(stand->tree);
	journal_close(stand->journal);
}

/* The root of the first `size` entries, leaf by leaf, by a walk through the journal. */
static struct ledger_merkle_hash
root_walked(struct journal *journal, uint64_t size)
{
	struct ledger_merkle merkle = {0};
	struct ledger_merkle_hash hash;
	struct journal_entry entry = {.next = journal_first(journal)};

	while (merkle.count < size) {
		assert_int_equal(journal_read(journal, entry.next, &entry), STATUS_OK);
		ledger_tree_leaf(&entry, &hash);
		ledger_merkle_add(&merkle, 0, &hash);
	}
	ledger_merkle_root(&merkle, &hash);
	return hash;
}

static void
assert_tree_is_right(const struct stand *stand)
{
	uint64_t last = journal_last_sequence(stand->journal);
	struct ledger_merkle_hash root, expected;
	struct journal_entry entry;
	uint64_t place;

	for (uint64_t size = 0; size <= last; size += size < 3 || size + 40 > last ? 1 : 37) {
		expected = root_walked(stand->journal, size);
		assert_int_equal(ledger_tree_root(stand->tree, size, &root), STATUS_OK);
		assert_memory_equal(root.octets, expected.octets, sizeof(root.octets));
	}
	for (uint64_t sequence = 1; sequence <= last; sequence++) {
		assert_int_equal(ledger_tree_place(stand->tree, sequence, &place), STATUS_OK);
		assert_int_equal(journal_read(stand->journal, place, &entry), STATUS_OK);
		assert_int_equal(entry.sequence, sequence);
	}
	assert_int_equal(ledger_tree_place(stand->tree, 0, &place), STATUS_NOT_FOUND);
	assert_int_equal(ledger_tree_place(stand->tree, last + 1, &place), STATUS_NOT_FOUND);
	assert_int_equal(ledger_tree_root(stand->tree, last + 1, &root), STATUS_NOT_FOUND);
}

static void
a_running_ledger_keeps_its_tree(void **state)
{
	struct stand stand;

	fill(*state, ENTRY_COUNT);
	stand = stand_open(*state, false);
	assert_int_equal(ledger_tree_row_count(stand.tree), ENTRY_COUNT / LEDGER_TREE_ROW_COUNT);
	assert_tree_is_right(&stand);
	stand_extend(&stand);
	assert_int_equal(ledger_tree_row_count(stand.tree), ENTRY_COUNT / LEDGER_TREE_ROW_COUNT);
	assert_tree_is_right(&stand);
	stand_close(&stand);
}

static void
rows_end_where_the_entries_do(void **state)
{
	static const unsigned counts[] = {
		0, 1, LEDGER_TREE_ROW_COUNT - 1, LEDGER_TREE_ROW_COUNT, LEDGER_TREE_ROW_COUNT + 1};

	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct stand stand;
		char command[128];

		snprintf(command, sizeof(command), "rm -rf %s",
			((struct ledger_scene *)*state)->directory);
		assert_int_equal(system(command), 0);
		fill(*state, counts[i]);
		stand = stand_open(*state, true);
		stand_extend(&stand);
		assert_int_equal(
			ledger_tree_row_count(stand.tree), counts[i] / LEDGER_TREE_ROW_COUNT);
		assert_tree_is_right(&stand);
		stand_close(&stand);
	}
}

static void
a_lost_file_is_made_again_by_writers_and_not_needed_by_readers(void **state)
{
	struct stand stand;
	char path[96];

	fill(*state, ENTRY_COUNT);
	tree_path(*state, path);
	assert_int_equal(unlink(path), 0);
	stand = stand_open(*state, false);
	assert_int_equal(ledger_tree_row_count(stand.tree), 0);
	assert_tree_is_right(&stand);
	stand_extend(&stand);
	assert_tree_is_right(&stand);
	stand_close(&stand);
	assert_int_equal(access(path, F_OK), -1);
	stand = stand_open(*state, true);
	stand_extend(&stand);
	assert_tree_is_right(&stand);
	stand_close(&stand);
	stand = stand_open(*state, false);
	assert_int_equal(ledger_tree_row_count(stand.tree), ENTRY_COUNT / LEDGER_TREE_ROW_COUNT);
	stand_close(&stand);
}

static void
octet_flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	uint8_t octet;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &octet, 1, at), 1);
	octet ^= 0x10;
	assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

static void
damaged_rows_are_made_again(void **state)
{
	char path[96];
	struct stand stand;

	fill(*state, ENTRY_COUNT);
	tree_path(*state, path);
	for (off_t at = 0; at < LEDGER_TREE_HEADER_SIZE + 3 * LEDGER_TREE_ROW_SIZE; at += 5) {
		stand = stand_open(*state, true);
		stand_extend(&stand);
		assert_int_equal(ledger_tree_row_count(stand.tree), 3);
		stand_close(&stand);
		octet_flip(path, at);
		/* A reader takes what stands before the damage. */
		stand = stand_open(*state, false);
		assert_int_equal(ledger_tree_row_count(stand.tree),
			at < LEDGER_TREE_HEADER_SIZE
				? 0
				: (at - LEDGER_TREE_HEADER_SIZE) / LEDGER_TREE_ROW_SIZE);
		stand_close(&stand);
	}
	stand = stand_open(*state, true);
	stand_extend(&stand);
	assert_tree_is_right(&stand);
	stand_close(&stand);
}

static void
a_torn_row_is_made_again(void **state)
{
	char path[96];
	struct stand stand;

	fill(*state, ENTRY_COUNT);
	tree_path(*state, path);
	for (off_t lost = 1; lost < LEDGER_TREE_ROW_SIZE; lost += 11) {
		stand = stand_open(*state, true);
		stand_extend(&stand);
		stand_close(&stand);
		assert_int_equal(
			truncate(path, LEDGER_TREE_HEADER_SIZE + 3 * LEDGER_TREE_ROW_SIZE - lost),
			0);
		stand = stand_open(*state, true);
		assert_int_equal(ledger_tree_row_count(stand.tree), 2);
		stand_extend(&stand);
		assert_int_equal(ledger_tree_row_count(stand.tree), 3);
		assert_tree_is_right(&stand);
		stand_close(&stand);
	}
}

/* A directory whose ledger/ came from a backup and whose view/ did not. */
static void
the_tree_of_another_journal_is_not_taken(void **state)
{
	const struct ledger_scene *scene = *state;
	char command[256];
	struct stand stand;

	fill(scene, ENTRY_COUNT);
	snprintf(command, sizeof(command), "cp %s/view/tree %s.tree && rm -rf %s", scene->directory,
		scene->directory, scene->directory);
	assert_int_equal(system(command), 0);
	usleep(2000); /* Other times, so other hashes at the same places. */
	fill(scene, ENTRY_COUNT);
	snprintf(command, sizeof(command), "mv %s.tree %s/view/tree", scene->directory,
		scene->directory);
	assert_int_equal(system(command), 0);
	stand = stand_open(scene, true);
	assert_int_equal(ledger_tree_row_count(stand.tree), 0);
	stand_extend(&stand);
	assert_tree_is_right(&stand);
	stand_close(&stand);
}

/* The same places and times, one entry another: only its hash tells. */
static void
a_last_row_with_another_hash_is_not_taken(void **state)
{
	uint8_t octets[LEDGER_TREE_ROW_SIZE];
	struct ledger_tree_row row;
	struct stand stand;
	char path[96];

	fill(*state, ENTRY_COUNT);
	tree_path(*state, path);
	for (int round = 0; round < 4; round++) {
		bool is_writable = round % 2 != 0;
		int fd = open(path, O_RDWR);
		off_t at = LEDGER_TREE_HEADER_SIZE + 2 * LEDGER_TREE_ROW_SIZE;

		assert_int_equal(pread(fd, octets, sizeof(octets), at), sizeof(octets));
		assert_true(ledger_tree_row_decode(octets, 2, &row));
		row.hash.octets[9] ^= round < 2;
		row.time_ms -= round >= 2;
		ledger_tree_row_encode(&row, 2, octets);
		assert_int_equal(pwrite(fd, octets, sizeof(octets), at), sizeof(octets));
		close(fd);
		stand = stand_open(*state, is_writable);
		assert_int_equal(ledger_tree_row_count(stand.tree), 0);
		stand_extend(&stand);
		assert_tree_is_right(&stand);
		stand_close(&stand);
		/* The reader changed nothing; the lie goes for the next round. */
		row.hash.octets[9] ^= round < 2;
		row.time_ms += round >= 2;
		ledger_tree_row_encode(&row, 2, octets);
		fd = open(path, O_RDWR);
		assert_int_equal(pwrite(fd, octets, sizeof(octets), at), sizeof(octets));
		close(fd);
	}
}

/* A full disk: what could not be written is made once there is room. */
static void
a_row_that_could_not_be_written_is_made_later(void **state)
{
	struct rlimit limit, low;
	struct problem problem = {0};
	struct stand stand;
	bool is_complete;
	char path[96];

	fill(*state, ENTRY_COUNT);
	tree_path(*state, path);
	assert_int_equal(unlink(path), 0);
	stand = stand_open(*state, true);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	low = limit;
	low.rlim_cur = LEDGER_TREE_HEADER_SIZE + LEDGER_TREE_ROW_SIZE + 5;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_not_equal(
			ledger_tree_extend(stand.tree, UINT64_MAX, &is_complete, &problem),
			STATUS_OK);
		assert_int_equal(ledger_tree_row_count(stand.tree), 1);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_tree_is_right(&stand);
	stand_extend(&stand);
	assert_int_equal(ledger_tree_row_count(stand.tree), 3);
	assert_tree_is_right(&stand);
	stand_close(&stand);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, ledger_scene_begin, ledger_scene_end)
	const struct CMUnitTest tests[] = {
		TEST(a_running_ledger_keeps_its_tree),
		TEST(rows_end_where_the_entries_do),
		TEST(a_lost_file_is_made_again_by_writers_and_not_needed_by_readers),
		TEST(damaged_rows_are_made_again),
		TEST(a_torn_row_is_made_again),
		TEST(the_tree_of_another_journal_is_not_taken),
		TEST(a_last_row_with_another_hash_is_not_taken),
		TEST(a_row_that_could_not_be_written_is_made_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
