/* SPDX-License-Identifier: Apache-2.0 */
#include "places_rig.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Power goes at any moment: of each page (and, harsher than any disk, each sector or each
 * word) of the file some version since the checkpoint is left. Replaying the journal from the
 * checkpoint's position must make every key lead to its newest entry.
 */
enum {
	SEED_COUNT = 1000,
	VERSION_COUNT = 4,
	FILE_SIZE_MAX = PLACES_HEADER_SIZE + (8 << 14),
};

struct crash {
	struct model *model;
	uint64_t random;
	size_t file_size;
	uint8_t versions[VERSION_COUNT][FILE_SIZE_MAX];
	uint8_t mixed[FILE_SIZE_MAX];
};

static uint32_t
draw(struct crash *crash, uint32_t count)
{
	crash->random = crash->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((crash->random >> 33) % count);
}

static void
take_version(struct crash *crash, size_t version)
{
	int fd = open(crash->model->path, O_RDONLY);
	struct stat file;

	assert_true(fd >= 0 && fstat(fd, &file) == 0 && file.st_size <= FILE_SIZE_MAX);
	crash->file_size = (size_t)file.st_size;
	assert_int_equal(pread(fd, crash->versions[version], FILE_SIZE_MAX, 0), crash->file_size);
	close(fd);
}

/* Closes, and leaves on the disk a mixture of the versions. The header is the newest: it is
 * synced when it is written. */
static void
lose_power(struct crash *crash)
{
	static const size_t grains[] = {4096, 512, 8};
	size_t grain = grains[draw(crash, 3)];
	uint8_t *newest = crash->versions[VERSION_COUNT - 1];
	int fd;

	model_close(crash->model);
	memcpy(crash->mixed, newest, PLACES_HEADER_SIZE);
	for (size_t at = PLACES_HEADER_SIZE; at < crash->file_size; at += grain) {
		memcpy(crash->mixed + at, crash->versions[draw(crash, VERSION_COUNT)] + at, grain);
	}
	fd = open(crash->model->path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, crash->mixed, crash->file_size, 0), crash->file_size);
	close(fd);
}

static void
put_many(struct crash *crash, uint32_t count, uint32_t key_count)
{
	while (count-- > 0) {
		put(crash->model, draw(crash, key_count));
	}
}

/* Puts the entries behind the checkpoint again. */
static void
replay(struct crash *crash, size_t from)
{
	struct model *model = crash->model;

	assert_int_equal(places_position(model->places), place_of(from));
	for (size_t entry = from; entry < model->entry_count; entry++) {
		put_entry(model, entry);
	}
}

static uint64_t
keys_put(const struct model *model, uint32_t key_count)
{
	uint64_t count = 0;

	for (uint32_t key = 0; key < key_count; key++) {
		count += model->newest[key] != 0;
	}
	return count;
}

static void
crash_with_seed(struct crash *crash, uint64_t seed)
{
	struct model *model = crash->model;
	uint32_t key_count;
	size_t checkpoint_count;

	crash->random = seed * 0x9e3779b97f4a7c15u + 1;
	key_count = 1 + draw(crash, 6000);
	model->entry_count = 0;
	memset(model->newest, 0, sizeof(model->newest));
	unlink(model->path);
	model_open(model, true);
	put_many(crash, draw(crash, 5000), key_count);
	checkpoint(model);
	checkpoint_count = model->entry_count;
	for (size_t version = 0; version < VERSION_COUNT; version++) {
		take_version(crash, version);
		put_many(crash, draw(crash, 1000), key_count);
	}
	/* Some crashes meet the replay. */
	for (uint32_t left = draw(crash, 4); left > 0; left--) {
		lose_power(crash);
		model_open(model, true);
		assert_false(model->is_new);
		for (size_t version = 0, at = checkpoint_count; version < VERSION_COUNT;
			version++) {
			take_version(crash, version);
			for (uint32_t some = draw(crash, 800); some > 0 && at < model->entry_count;
				some--) {
				put_entry(model, at++);
			}
		}
	}
	lose_power(crash);
	model_open(model, true);
	assert_false(model->is_new);
	replay(crash, checkpoint_count);
	assert_agrees(model, key_count);
	assert_int_equal(places_count(model->places), keys_put(model, key_count));
	/* Life goes on: the table grows, and every key has one slot. */
	put_many(crash, draw(crash, 3000), key_count);
	checkpoint(model);
	for (uint32_t more = 0; more < 2000; more++) {
		put(model, key_count + more);
	}
	assert_agrees(model, key_count + 2000);
	assert_int_equal(places_count(model->places), keys_put(model, key_count + 2000));
	model_close(model);
}

static void
replaying_repairs_any_loss_of_pages(void **state)
{
	(void)state;
	struct crash *crash = calloc(1, sizeof(*crash));

	assert_non_null(crash);
	crash->model = model_new();
	for (uint64_t seed = 0; seed < SEED_COUNT; seed++) {
		crash_with_seed(crash, seed);
	}
	model_free(crash->model);
	free(crash);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaying_repairs_any_loss_of_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
