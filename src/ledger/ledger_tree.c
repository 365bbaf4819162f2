/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_tree.h"

#include "base/checksum.h"
#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTE_ORDER_MARK = 0x01020304, ROWS_AT_ONCE = 128 };

#define TREE_MAGIC "HOUJITRE"

struct tree_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t byte_order;
	uint32_t row_size;
	uint8_t unused[36];
	uint64_t checksum; /* All before this field. */
};

struct tree_row {
	uint64_t place;
	int64_t time_ms;
	uint8_t hash[LEDGER_MERKLE_SIZE];
	uint64_t checksum; /* All before this field, seeded with the row's number. */
};

static_assert(sizeof(struct tree_header) == LEDGER_TREE_HEADER_SIZE, "no holes");
static_assert(sizeof(struct tree_row) == LEDGER_TREE_ROW_SIZE, "no holes");

/*
 * `row`, `next` and `pending` are the extending thread's: the row that is not full yet, and
 * where its next entry lies. An entry's hash stands in the chain of the one behind it, so its
 * leaf is made when that one is read, without hashing the entry again.
 */
struct ledger_tree {
	struct journal *journal;
	int fd; /* -1: no file. */
	bool is_writable;
	uint64_t file_count; /* Rows in the file; with `more` all rows. */
	uint8_t *more; /* Rows behind those of a file that is not writable. */
	uint64_t more_room;
	_Atomic uint64_t count;

	struct ledger_tree_row row;
	struct ledger_merkle merkle;
	uint64_t next; /* Place. */
	bool is_pending; /* The last entry read has no leaf in `merkle` yet. */
};

void
ledger_tree_row_encode(
	const struct ledger_tree_row *row, uint64_t number, uint8_t octets[LEDGER_TREE_ROW_SIZE])
{
	struct tree_row stored = {.place = row->place, .time_ms = row->time_ms};

	memcpy(stored.hash, row->hash.octets, sizeof(stored.hash));
	stored.checksum =
		checksum_over(bytes_over(&stored, offsetof(struct tree_row, checksum)), number);
	memcpy(octets, &stored, sizeof(stored));
}

bool
ledger_tree_row_decode(const uint8_t octets[LEDGER_TREE_ROW_SIZE], uint64_t number,
	struct ledger_tree_row *ret_row)
{
	struct tree_row stored;

	memcpy(&stored, octets, sizeof(stored));
	if (stored.checksum !=
		checksum_over(bytes_over(&stored, offsetof(struct tree_row, checksum)), number)) {
		return false;
	}
	ret_row->place = stored.place;
	ret_row->time_ms = stored.time_ms;
	memcpy(ret_row->hash.octets, stored.hash, sizeof(stored.hash));
	return true;
}

static struct tree_header
header_make(void)
{
	struct tree_header header = {
		.version = LEDGER_TREE_LAYOUT_VERSION,
		.byte_order = BYTE_ORDER_MARK,
		.row_size = LEDGER_TREE_ROW_SIZE,
	};

	memcpy(header.magic, TREE_MAGIC, sizeof(header.magic));
	header.checksum =
		checksum_over(bytes_over(&header, offsetof(struct tree_header, checksum)), 0);
	return header;
}

static off_t
row_offset(uint64_t number)
{
	return (off_t)(LEDGER_TREE_HEADER_SIZE + number * LEDGER_TREE_ROW_SIZE);
}

/* Up to `count` rows from `number` on, from the file or from memory. 0 at the end. */
static size_t
rows_read(const struct ledger_tree *tree, uint64_t number, size_t count, uint8_t *ret_octets)
{
	ssize_t size;

	if (number >= tree->file_count && !tree->is_writable) {
		uint64_t from = number - tree->file_count;
		uint64_t left = atomic_load(&tree->count) - number;

		count = left < count ? (size_t)left : count;
		if (count > 0) {
			memcpy(ret_octets, tree->more + from * LEDGER_TREE_ROW_SIZE,
				count * LEDGER_TREE_ROW_SIZE);
		}
		return count;
	}
	if (!tree->is_writable && count > tree->file_count - number) {
		count = (size_t)(tree->file_count - number);
	}
	size = pread(tree->fd, ret_octets, count * LEDGER_TREE_ROW_SIZE, row_offset(number));
	return size < 0 ? 0 : (size_t)size / LEDGER_TREE_ROW_SIZE;
}

enum status
ledger_tree_row(const struct ledger_tree *tree, uint64_t number, struct ledger_tree_row *ret_row)
{
	uint8_t octets[LEDGER_TREE_ROW_SIZE];

	if (number >= ledger_tree_row_count(tree)) {
		return STATUS_NOT_FOUND;
	}
	return rows_read(tree, number, 1, octets) == 1 &&
			ledger_tree_row_decode(octets, number, ret_row)
		? STATUS_OK
		: STATUS_CORRUPT;
}

uint64_t
ledger_tree_row_count(const struct ledger_tree *tree)
{
	return atomic_load_explicit(&tree->count, memory_order_acquire);
}

void
ledger_tree_leaf(const struct journal_entry *entry, struct ledger_merkle_hash *ret_leaf)
{
	uint8_t hash[JOURNAL_DIGEST_SIZE];

	journal_entry_hash(entry, hash);
	ledger_merkle_leaf(bytes_over(hash, sizeof(hash)), ret_leaf);
}

/* The subtree over the 256 entries from a row's place on, and where the next row begins. */
static enum status
row_make(struct journal *journal, uint64_t place, struct ledger_merkle_hash *ret_hash,
	uint64_t *ret_next)
{
	struct ledger_merkle merkle = {0};
	struct ledger_merkle_hash leaf;
	struct journal_entry entry;

	while (merkle.count < LEDGER_TREE_ROW_COUNT) {
		enum status status = journal_read(journal, place, &entry);

		if (status != STATUS_OK) {
			return status;
		}
		ledger_tree_leaf(&entry, &leaf);
		ledger_merkle_add(&merkle, 0, &leaf);
		place = entry.next;
	}
	ledger_merkle_root(&merkle, ret_hash);
	*ret_next = place;
	return STATUS_OK;
}

/* Whether a row is this journal's: its first entry has the number, its entries the hash. Then
 * also where the next row begins. */
static bool
row_is_of_journal(const struct ledger_tree *tree, uint64_t number,
	const struct ledger_tree_row *row, uint64_t *ret_next)
{
	struct journal_entry first;
	struct ledger_merkle_hash hash;
	uint64_t next;
	bool is_ours = journal_read(tree->journal, row->place, &first) == STATUS_OK &&
		first.place == row->place && first.time_ms == row->time_ms &&
		first.sequence == number * LEDGER_TREE_ROW_COUNT + 1 &&
		row_make(tree->journal, row->place, &hash, &next) == STATUS_OK &&
		bytes_equal(bytes_over(hash.octets, LEDGER_MERKLE_SIZE),
			bytes_over(row->hash.octets, LEDGER_MERKLE_SIZE));

	if (is_ours) {
		*ret_next = next;
	}
	return is_ours;
}

/* How many rows of the file can be taken: those before the first damaged one, as far as the
 * journal goes. None if the last of them is of another journal. */
static uint64_t
rows_count_sound(const struct ledger_tree *tree, uint64_t *ret_next)
{
	uint8_t octets[ROWS_AT_ONCE * LEDGER_TREE_ROW_SIZE];
	uint64_t max = journal_last_sequence(tree->journal) / LEDGER_TREE_ROW_COUNT;
	struct ledger_tree_row row, last = {0};
	uint64_t count = 0;
	bool is_sound = true;

	while (is_sound && count < max) {
		size_t read = rows_read(tree, count, ROWS_AT_ONCE, octets);

		is_sound = read > 0;
		for (size_t i = 0; i < read && is_sound && count < max; i++) {
			is_sound = ledger_tree_row_decode(
				octets + i * LEDGER_TREE_ROW_SIZE, count, &row);
			if (is_sound) {
				last = row;
				count++;
			}
		}
	}
	return count > 0 && row_is_of_journal(tree, count - 1, &last, ret_next) ? count : 0;
}

static bool
header_is_sound(int fd)
{
	struct tree_header expected = header_make();
	struct tree_header header;

	return pread(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
		memcmp(&header, &expected, sizeof(header)) == 0;
}

static enum status
file_open(struct ledger_tree *tree, const char *path, struct problem *problem)
{
	struct tree_header header = header_make();
	int flags = tree->is_writable ? O_RDWR | O_CREAT : O_RDONLY;

	tree->fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (tree->fd < 0) {
		return !tree->is_writable && errno == ENOENT
			? STATUS_OK
			: problem_system(problem, "cannot open %s", path);
	}
	if (header_is_sound(tree->fd)) {
		/* Else reading from it would be reading from memory. */
		tree->file_count = UINT64_MAX;
		tree->file_count = rows_count_sound(tree, &tree->next);
	}
	if (tree->is_writable &&
		(ftruncate(tree->fd, row_offset(tree->file_count)) != 0 ||
			!file_write_at(tree->fd,
				bytes_over((const uint8_t *)&header, sizeof(header)), 0))) {
		return problem_system(problem, "cannot write %s", path);
	}
	return STATUS_OK;
}

enum status
ledger_tree_open(const char *path, bool is_writable, struct journal *journal,
	struct ledger_tree **ret_tree, struct problem *problem)
{
	struct ledger_tree *tree = calloc(1, sizeof(*tree));
	enum status status;

	if (tree == NULL) {
		return problem_set(problem, STATUS_NO_MEMORY, "no memory for the tree");
	}
	tree->journal = journal;
	tree->is_writable = is_writable;
	tree->next = journal_first(journal);
	status = file_open(tree, path, problem);
	if (status != STATUS_OK) {
		ledger_tree_close(tree);
		return status;
	}
	atomic_store(&tree->count, tree->file_count);
	*ret_tree = tree;
	return STATUS_OK;
}

void
ledger_tree_close(struct ledger_tree *tree)
{
	if (tree != NULL) {
		if (tree->fd >= 0) {
			close(tree->fd);
		}
		free(tree->more);
		free(tree);
	}
}

/* A file that cannot be written keeps the rows it has; the row is made again by the next
 * opening. */
static enum status
row_append(struct ledger_tree *tree, struct problem *problem)
{
	uint64_t number = ledger_tree_row_count(tree);
	uint8_t octets[LEDGER_TREE_ROW_SIZE];
	uint64_t used = number - tree->file_count;

	ledger_tree_row_encode(&tree->row, number, octets);
	if (tree->is_writable) {
		if (!file_write_at(tree->fd, bytes_over(octets, sizeof(octets)),
			    (uint64_t)row_offset(number))) {
			return problem_system(problem, "cannot write the tree of the journal");
		}
	} else {
		if (used == tree->more_room) {
			uint64_t room = used == 0 ? ROWS_AT_ONCE : 2 * used;
			uint8_t *more = realloc(tree->more, room * LEDGER_TREE_ROW_SIZE);

			if (more == NULL) {
				return problem_set(
					problem, STATUS_NO_MEMORY, "no memory for the tree");
			}
			tree->more = more;
			tree->more_room = room;
		}
		memcpy(tree->more + used * LEDGER_TREE_ROW_SIZE, octets, sizeof(octets));
	}
	atomic_store_explicit(&tree->count, number + 1, memory_order_release);
	return STATUS_OK;
}

static enum status
extend_by(struct ledger_tree *tree, const struct journal_entry *entry, struct problem *problem)
{
	struct ledger_merkle_hash leaf;
	enum status status;

	if (tree->is_pending) {
		ledger_merkle_leaf(entry->chain, &leaf);
		ledger_merkle_add(&tree->merkle, 0, &leaf);
		tree->is_pending = false;
	}
	if (tree->merkle.count == 0) {
		tree->row.place = entry->place;
		tree->row.time_ms = entry->time_ms;
	}
	if (tree->merkle.count < LEDGER_TREE_ROW_COUNT - 1) {
		tree->is_pending = true;
		tree->next = entry->next;
		return STATUS_OK;
	}
	ledger_tree_leaf(entry, &leaf);
	ledger_merkle_add(&tree->merkle, 0, &leaf);
	ledger_merkle_root(&tree->merkle, &tree->row.hash);
	status = row_append(tree, problem);
	/* After a failure this row is begun anew. */
	tree->merkle.count = 0;
	tree->next = status == STATUS_OK ? entry->next : tree->row.place;
	return status;
}

enum status
ledger_tree_extend(struct ledger_tree *tree, uint64_t count_max, bool *ret_is_complete,
	struct problem *problem)
{
	struct journal_entry entry;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && count_max-- > 0) {
		status = journal_read(tree->journal, tree->next, &entry);
		if (status == STATUS_NOT_FOUND) {
			*ret_is_complete = true;
			return STATUS_OK;
		}
		if (status != STATUS_OK) {
			return problem_set(problem, status,
				"the journal cannot be read at place %llu: %s",
				(unsigned long long)tree->next, status_text(status));
		}
		status = extend_by(tree, &entry, problem);
	}
	if (status == STATUS_OK) {
		*ret_is_complete = false;
	}
	return status;
}

/* The entry with this sequence: from the row at or before it, then one by one. */
static enum status
entry_find(const struct ledger_tree *tree, uint64_t sequence, struct journal_entry *ret_entry)
{
	uint64_t rows = ledger_tree_row_count(tree);
	uint64_t row_number = (sequence - 1) / LEDGER_TREE_ROW_COUNT;
	uint64_t place = journal_first(tree->journal);
	struct ledger_tree_row row;
	enum status status = STATUS_OK;

	if (sequence == 0 || sequence > journal_last_sequence(tree->journal)) {
		return STATUS_NOT_FOUND;
	}
	if (rows > 0) {
		status = ledger_tree_row(tree, row_number < rows ? row_number : rows - 1, &row);
		place = status == STATUS_OK ? row.place : place;
	}
	while (status == STATUS_OK) {
		status = journal_read(tree->journal, place, ret_entry);
		if (status == STATUS_OK && ret_entry->sequence >= sequence) {
			return ret_entry->sequence == sequence ? STATUS_OK : STATUS_CORRUPT;
		}
		place = ret_entry->next;
	}
	return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

enum status
ledger_tree_place(const struct ledger_tree *tree, uint64_t sequence, uint64_t *ret_place)
{
	struct journal_entry entry;
	enum status status = entry_find(tree, sequence, &entry);

	if (status == STATUS_OK) {
		*ret_place = entry.place;
	}
	return status;
}

/* Whole rows from `*from` on, as many as the file has before `to`. */
static enum status
range_rows(
	const struct ledger_tree *tree, uint64_t *from, uint64_t to, struct ledger_merkle *merkle)
{
	uint8_t octets[ROWS_AT_ONCE * LEDGER_TREE_ROW_SIZE];
	uint64_t number = *from / LEDGER_TREE_ROW_COUNT;
	uint64_t end = to / LEDGER_TREE_ROW_COUNT, rows = ledger_tree_row_count(tree);
	struct ledger_tree_row row;

	end = end < rows ? end : rows;
	while (*from % LEDGER_TREE_ROW_COUNT == 0 && number < end) {
		size_t wanted = end - number < ROWS_AT_ONCE ? (size_t)(end - number) : ROWS_AT_ONCE;
		size_t read = rows_read(tree, number, wanted, octets);

		if (read == 0) {
			return STATUS_CORRUPT;
		}
		for (size_t i = 0; i < read; i++, number++) {
			if (!ledger_tree_row_decode(
				    octets + i * LEDGER_TREE_ROW_SIZE, number, &row)) {
				return STATUS_CORRUPT;
			}
			ledger_merkle_add(merkle, LEDGER_TREE_ROW_LEVEL, &row.hash);
		}
		*from = number * LEDGER_TREE_ROW_COUNT;
	}
	return STATUS_OK;
}

enum status
ledger_tree_range(void *context, uint64_t from, uint64_t to, struct ledger_merkle_hash *ret_root)
{
	const struct ledger_tree *tree = context;
	struct ledger_merkle merkle = {0};
	struct ledger_merkle_hash leaf;
	struct journal_entry entry;
	enum status status = range_rows(tree, &from, to, &merkle);

	if (status == STATUS_OK && from < to) {
		status = entry_find(tree, from + 1, &entry);
	}
	while (status == STATUS_OK && from < to) {
		ledger_tree_leaf(&entry, &leaf);
		ledger_merkle_add(&merkle, 0, &leaf);
		if (++from < to) {
			status = journal_read(tree->journal, entry.next, &entry);
		}
	}
	if (status == STATUS_OK) {
		ledger_merkle_root(&merkle, ret_root);
	}
	return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

enum status
ledger_tree_root(const struct ledger_tree *tree, uint64_t size, struct ledger_merkle_hash *ret_root)
{
	struct ledger_merkle empty = {0};

	if (size > journal_last_sequence(tree->journal)) {
		return STATUS_NOT_FOUND;
	}
	if (size == 0) {
		ledger_merkle_root(&empty, ret_root);
		return STATUS_OK;
	}
	return ledger_tree_range((void *)(uintptr_t)tree, 0, size, ret_root);
}
