/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "fuzz/fuzz.h"
#include "ledger/ledger_tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The input is the file of a tree beside a journal of a few hundred entries. Nobody can guess a
 * checksum, so the first octet says whether they are set right. Whatever is in the file, what
 * the tree says of the journal's newest entries is right, or it says that it cannot tell.
 */
enum { ENTRY_COUNT = 2 * LEDGER_TREE_ROW_COUNT + 40, FLAG_SEAL = 1, FLAG_WRITABLE = 2 };

static char directory[40];
static char ledger[64];
static char segment[128];
static char path[64];

static struct journal *
journal_fill(void)
{
	struct journal_change change = {.kind = JOURNAL_PUT, .key = TEXT("KEY"), .time_ms = 1};
	struct journal *journal;
	uint64_t place;

	snprintf(directory, sizeof(directory), "%s/houji-fuzz-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FUZZ_CHECK(mkdtemp(directory) != NULL);
	snprintf(ledger, sizeof(ledger), "%s/ledger", directory);
	snprintf(segment, sizeof(segment), "%s/%016x.seg", ledger, 0U);
	snprintf(path, sizeof(path), "%s/tree", directory);
	FUZZ_CHECK(journal_open_as(directory,
			   &(struct journal_opening){
				   .is_writable = true, .known_place = 0, .segment_size = 1 << 18},
			   &journal, NULL) == STATUS_OK);
	for (unsigned i = 0; i < ENTRY_COUNT; i++) {
		FUZZ_CHECK(journal_add(journal, &change, &place) == STATUS_OK);
	}
	FUZZ_CHECK(journal_flush(journal, NULL) == STATUS_OK);
	return journal;
}

static void
file_make(uint8_t flags, struct bytes input)
{
	static uint8_t octets[LEDGER_TREE_HEADER_SIZE + 4 * LEDGER_TREE_ROW_SIZE];
	size_t size = input.size < sizeof(octets) ? input.size : sizeof(octets);
	uint64_t checksum;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	memset(octets, 0, sizeof(octets));
	if (size > 0) {
		memcpy(octets, input.at, size);
	}
	if ((flags & FLAG_SEAL) != 0) {
		checksum = checksum_over(
			bytes_over(octets, LEDGER_TREE_HEADER_SIZE - sizeof(checksum)), 0);
		memcpy(octets + LEDGER_TREE_HEADER_SIZE - sizeof(checksum), &checksum,
			sizeof(checksum));
	}
	for (size_t at = LEDGER_TREE_HEADER_SIZE, number = 0;
		(flags & FLAG_SEAL) != 0 && at + LEDGER_TREE_ROW_SIZE <= size;
		at += LEDGER_TREE_ROW_SIZE, number++) {
		checksum = checksum_over(
			bytes_over(octets + at, LEDGER_TREE_ROW_SIZE - sizeof(checksum)), number);
		memcpy(octets + at + LEDGER_TREE_ROW_SIZE - sizeof(checksum), &checksum,
			sizeof(checksum));
	}
	FUZZ_CHECK(fd >= 0 && write(fd, octets, size) == (ssize_t)size);
	close(fd);
}

static void
ask(struct journal *journal, bool is_writable)
{
	struct ledger_tree *tree;
	struct journal_entry entry;
	struct ledger_merkle_hash root;
	uint64_t place;
	bool is_complete;

	FUZZ_CHECK(ledger_tree_open(path, is_writable, journal, &tree, NULL) == STATUS_OK);
	FUZZ_CHECK(ledger_tree_extend(tree, UINT64_MAX, &is_complete, NULL) == STATUS_OK);
	FUZZ_CHECK(ledger_tree_row_count(tree) == ENTRY_COUNT / LEDGER_TREE_ROW_COUNT);
	for (uint64_t i = 1; i <= ENTRY_COUNT; i += 19) {
		enum status status = ledger_tree_place(tree, i, &place);

		FUZZ_CHECK(status == STATUS_OK || status == STATUS_CORRUPT);
		if (status == STATUS_OK) {
			FUZZ_CHECK(journal_read(journal, place, &entry) == STATUS_OK);
			FUZZ_CHECK(entry.sequence == i);
		}
	}
	(void)(ledger_tree_root(tree, ENTRY_COUNT, &root) == STATUS_OK);
	ledger_tree_close(tree);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes input = bytes_over(octets, size);
	uint8_t flags = fuzz_take_octet(&input);
	struct journal *journal = journal_fill();

	file_make(flags, input);
	ask(journal, (flags & FLAG_WRITABLE) != 0);
	journal_close(journal);
	unlink(path);
	unlink(segment);
	rmdir(ledger);
	rmdir(directory);
	return 0;
}
