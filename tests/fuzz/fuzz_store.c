/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A store whose file is scribbled over as the input says: pairs of place (3 octets, modulo the
 * file's size) and new octet; the first octet cuts or lengthens the file. It is refused, or it
 * opens and every table can be walked: LMDB is never given what would make it raise a signal.
 */
static char directory[32];
static char path[sizeof(directory) + 8];
static uint8_t *image;
static size_t image_size;

static void
clean(void)
{
	char lock[sizeof(path) + 8];

	snprintf(lock, sizeof(lock), "%s-lock", path);
	unlink(lock);
	unlink(path);
	rmdir(directory);
}

/* A store of a few hundred entries, so that its trees have more than one level. */
static void
fill(void)
{
	struct store *store;
	struct store_transaction *transaction;
	struct problem problem;

	FUZZ_CHECK(store_open(path, true, &store, &problem) == STATUS_OK);
	FUZZ_CHECK(store_transaction_begin(store, &transaction) == STATUS_OK);
	for (unsigned i = 0; i < 600; i++) {
		char key[32];
		char value[64];

		snprintf(key, sizeof(key), "88.999.1/ITEM-%05u", i * 7919 % 10007);
		snprintf(value, sizeof(value), "place %u and a little more to fill the page", i);
		FUZZ_CHECK(store_put(transaction, STORE_HANDLES, bytes_from_string(key),
				   bytes_from_string(value)) == STATUS_OK);
	}
	FUZZ_CHECK(store_put(transaction, STORE_META, TEXT("layout"), TEXT("1")) == STATUS_OK);
	FUZZ_CHECK(store_transaction_commit(transaction, &problem) == STATUS_OK);
	store_close(store);
}

static void
prepare(void)
{
	struct stat about;
	int fd;

	snprintf(directory, sizeof(directory), "%s/houji-fuzz-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FUZZ_CHECK(mkdtemp(directory) != NULL);
	atexit(clean);
	snprintf(path, sizeof(path), "%s/o.mdb", directory);
	fill();
	FUZZ_CHECK(stat(path, &about) == 0);
	image_size = (size_t)about.st_size;
	image = malloc(image_size);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	FUZZ_CHECK(image != NULL && read(fd, image, image_size) == (ssize_t)image_size);
	close(fd);
}

static void
scribble(const uint8_t *octets, size_t size)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);

	FUZZ_CHECK(fd >= 0 && write(fd, image, image_size) == (ssize_t)image_size);
	for (size_t at = 1; at + 4 <= size; at += 4) {
		size_t place =
			((size_t)octets[at] << 16 | (size_t)octets[at + 1] << 8 | octets[at + 2]) %
			image_size;

		FUZZ_CHECK(pwrite(fd, &octets[at + 3], 1, (off_t)place) == 1);
	}
	if (size > 0 && octets[0] != 0) {
		FUZZ_CHECK(ftruncate(fd, (off_t)(image_size * octets[0] / 128)) == 0);
	}
	close(fd);
}

static void
walk(struct store *store)
{
	struct store_snapshot *snapshot;

	if (store_snapshot_begin(store, &snapshot) != STATUS_OK) {
		return;
	}
	for (int table = 0; table < STORE_TABLE_COUNT; table++) {
		struct store_cursor *cursor;
		struct bytes key;
		struct bytes value;
		size_t octets = 0;

		if (store_cursor_open(snapshot, (enum store_table)table, bytes_over(NULL, 0),
			    &cursor) != STATUS_OK) {
			continue;
		}
		while (store_cursor_next(cursor, &key, &value)) {
			octets += key.size + value.size + (value.size > 0 ? value.at[0] : 0U);
		}
		FUZZ_CHECK(octets < SIZE_MAX); /* Read, not left out. */
		store_cursor_close(cursor);
	}
	store_snapshot_end(snapshot);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct store *store;
	struct problem problem = {.text = ""};

	if (image == NULL) {
		prepare();
	}
	scribble(octets, size);
	if (store_open(path, false, &store, &problem) != STATUS_OK) {
		FUZZ_CHECK(problem.text[0] != '\0');
		return 0;
	}
	walk(store);
	store_close(store);
	return 0;
}
