/* SPDX-License-Identifier: Apache-2.0 */
#include "places_rig.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
a_new_table_is_empty_and_finds_nothing(void **state)
{
	(void)state;
	struct model *model = model_new();

	for (int is_writable = 0; is_writable <= 1; is_writable++) {
		model_open(model, is_writable);
		assert_true(model->is_new);
		assert_int_equal(places_count(model->places), 0);
		assert_int_equal(places_position(model->places), 0);
		assert_agrees(model, 100);
		model_close(model);
		assert_int_not_equal(access(model->path, F_OK), 0);
	}
	model_free(model);
}

static void
keys_lead_to_their_newest_place(void **state)
{
	(void)state;
	struct model *model = model_new();

	model_open(model, true);
	for (uint32_t i = 0; i < 3000; i++) {
		put(model, i * 7 % 1000);
	}
	assert_int_equal(places_count(model->places), 1000);
	assert_agrees(model, 2000);
	model_free(model);
}

static void
a_growing_table_keeps_every_key(void **state)
{
	(void)state;
	struct model *model = model_new();

	model_open(model, true);
	for (uint32_t i = 0; i < 100000; i++) {
		put(model, i);
	}
	assert_int_equal(places_count(model->places), 100000);
	assert_int_equal(atomic_load(&model->places->table)->bits, 18);
	assert_agrees(model, 101000);
	checkpoint(model);
	model_close(model);
	model_open(model, true);
	assert_false(model->is_new);
	assert_int_equal(places_count(model->places), 100000);
	assert_int_equal(places_position(model->places), place_of(model->entry_count));
	assert_agrees(model, 101000);
	model_free(model);
}

static void
the_table_grows_at_its_load_and_not_before(void **state)
{
	(void)state;
	struct model *model = model_new();
	uint32_t limit = (1 << PLACES_BITS_MIN) * PLACES_LOAD_PERCENT_MAX / 100;

	model_open(model, true);
	for (uint32_t i = 0; i < limit; i++) {
		put(model, i);
	}
	assert_int_equal(atomic_load(&model->places->table)->bits, PLACES_BITS_MIN);
	put(model, 0); /* A key that is there takes no room. */
	assert_int_equal(atomic_load(&model->places->table)->bits, PLACES_BITS_MIN);
	put(model, limit);
	assert_int_equal(atomic_load(&model->places->table)->bits, PLACES_BITS_MIN + 1);
	assert_agrees(model, limit + 10);
	model_free(model);
}

static void
room_can_be_reserved(void **state)
{
	(void)state;
	struct model *model = model_new();

	model_open(model, true);
	put(model, 1);
	assert_int_equal(places_reserve(model->places, 0), STATUS_OK);
	assert_int_equal(atomic_load(&model->places->table)->bits, PLACES_BITS_MIN);
	assert_int_equal(places_reserve(model->places, 50000), STATUS_OK);
	assert_int_equal(atomic_load(&model->places->table)->bits, 17);
	assert_int_equal(places_reserve(model->places, UINT64_C(1) << 28), STATUS_NO_SPACE);
	assert_int_equal(places_reserve(model->places, UINT64_MAX), STATUS_NO_SPACE);
	assert_int_equal(places_reserve(model->places, 175000000), STATUS_NO_SPACE);
	assert_agrees(model, 10);
	model_free(model);
}

static void
places_have_their_limits(void **state)
{
	(void)state;
	struct model *model = model_new();
	uint64_t key = 5;
	uint64_t last = (UINT64_C(1) << 39) - 8;
	struct places_reader *reader;
	struct places_probe probe;

	model_open(model, true);
	assert_int_equal(
		places_put(model->places, key_of(&key), 0, matches, model), STATUS_INVALID);
	assert_int_equal(
		places_put(model->places, key_of(&key), 12, matches, model), STATUS_INVALID);
	assert_int_equal(
		places_put(model->places, key_of(&key), last + 8, matches, model), STATUS_INVALID);
	assert_int_equal(places_put(model->places, key_of(&key), last, matches, model), STATUS_OK);
	assert_int_equal(places_count(model->places), 1);
	reader = places_reader_new(model->places);
	places_enter(reader);
	probe = places_probe(reader, key_of(&key));
	assert_int_equal(places_next(reader, &probe), last);
	assert_int_equal(places_next(reader, &probe), 0);
	assert_int_equal(places_next(reader, &probe), 0);
	places_leave(reader);
	places_reader_free(reader);
	model_free(model);
}

static void
without_a_checkpoint_nothing_is_kept(void **state)
{
	(void)state;
	struct model *model = model_new();

	model_open(model, true);
	put(model, 1);
	model_close(model);
	model_open(model, true);
	assert_true(model->is_new);
	assert_int_equal(places_count(model->places), 0);
	model_free(model);
}

static void
the_count_is_right_after_a_crash(void **state)
{
	(void)state;
	struct model *model = model_new();

	model_open(model, true);
	for (uint32_t i = 0; i < 100; i++) {
		put(model, i);
	}
	checkpoint(model);
	model_close(model);
	model_open(model, true);
	for (uint32_t i = 100; i < 150; i++) {
		put(model, i);
	}
	model_close(model); /* As after a crash that kept every page: no checkpoint. */
	model_open(model, true);
	assert_int_equal(places_position(model->places), place_of(100));
	assert_int_equal(places_count(model->places), 150);
	for (size_t entry = 100; entry < model->entry_count; entry++) {
		put_entry(model, entry);
	}
	assert_int_equal(places_count(model->places), 150);
	assert_agrees(model, 200);
	model_free(model);
}

static void
a_read_only_table_can_be_put_to_and_leaves_the_file_alone(void **state)
{
	(void)state;
	struct model *model = model_new();
	struct stat was, is;

	model_open(model, true);
	for (uint32_t i = 0; i < 1000; i++) {
		put(model, i);
	}
	checkpoint(model);
	model_close(model);
	assert_int_equal(stat(model->path, &was), 0);
	model_open(model, false);
	assert_false(model->is_new);
	for (uint32_t i = 500; i < 5000; i++) {
		put(model, i);
	}
	assert_agrees(model, 6000);
	assert_int_equal(places_checkpoint(model->places, 8, NULL), STATUS_READ_ONLY);
	model_close(model);
	assert_int_equal(stat(model->path, &is), 0);
	assert_true(was.st_ino == is.st_ino && was.st_mtim.tv_nsec == is.st_mtim.tv_nsec &&
		was.st_mtim.tv_sec == is.st_mtim.tv_sec);
	model_open(model, false);
	assert_int_equal(places_count(model->places), 1000);
	model_free(model);
}

/* Opens, and says whether the table was taken as new. */
static bool
opens_as_new(struct model *model)
{
	model_open(model, true);
	model_close(model);
	return model->is_new;
}

static void
a_file_that_is_not_sound_is_not_used(void **state)
{
	(void)state;
	struct model *model = model_new();
	uint8_t page[PLACES_HEADER_SIZE];
	uint8_t octet;
	int fd;

	model_open(model, true);
	put(model, 1);
	checkpoint(model);
	model_close(model);
	fd = open(model->path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, page, sizeof(page), 0), sizeof(page));
	assert_false(opens_as_new(model));
	/* Both copies hurt: each octet of the header counts. */
	for (size_t i = 0; i < sizeof(struct places_header); i++) {
		for (off_t copy = 0; copy < 2; copy++) {
			off_t at = (off_t)i + copy * PLACES_HEADER_COPY_SIZE;

			octet = page[at] ^ 0x20;
			assert_int_equal(pwrite(fd, &octet, 1, at), 1);
		}
		assert_true(opens_as_new(model));
		assert_int_equal(pwrite(fd, page, sizeof(page), 0), sizeof(page));
	}
	assert_false(opens_as_new(model));
	for (off_t size = 0; size < (off_t)(PLACES_HEADER_SIZE + (8 << PLACES_BITS_MIN));
		size += 1111) {
		assert_int_equal(ftruncate(fd, size), 0);
		assert_true(opens_as_new(model));
	}
	close(fd);
	model_free(model);
}

static void
one_torn_header_copy_does_no_harm(void **state)
{
	(void)state;
	struct model *model = model_new();
	uint8_t zeros[PLACES_HEADER_COPY_SIZE] = {0};
	uint64_t positions[2];
	int fd;

	model_open(model, true);
	put(model, 1);
	checkpoint(model);
	put(model, 2);
	checkpoint(model);
	model_close(model);
	model_open(model, true);
	put(model, 3);
	checkpoint(model);
	model_close(model);
	fd = open(model->path, O_RDWR);
	for (off_t copy = 0; copy < 2; copy++) {
		uint8_t octets[PLACES_HEADER_COPY_SIZE];
		off_t at = copy * PLACES_HEADER_COPY_SIZE;

		assert_int_equal(pread(fd, octets, sizeof(octets), at), sizeof(octets));
		assert_int_equal(pwrite(fd, zeros, sizeof(zeros), at), sizeof(zeros));
		model_open(model, false);
		assert_false(model->is_new);
		positions[copy] = places_position(model->places);
		assert_agrees(model, 10);
		model_close(model);
		assert_int_equal(pwrite(fd, octets, sizeof(octets), at), sizeof(octets));
	}
	close(fd);
	assert_true(positions[0] >= place_of(2) && positions[1] >= place_of(2));
	model_free(model);
}

static void
a_table_full_of_damage_ends_every_search(void **state)
{
	(void)state;
	struct model *model = model_new();
	uint64_t slots[1 << PLACES_BITS_MIN];
	uint64_t key = 77;
	int fd;

	model_open(model, true);
	put(model, 1);
	checkpoint(model);
	model_close(model);
	memset(slots, 0xab, sizeof(slots));
	fd = open(model->path, O_RDWR);
	assert_int_equal(pwrite(fd, slots, sizeof(slots), PLACES_HEADER_SIZE), sizeof(slots));
	close(fd);
	model_open(model, true);
	assert_int_equal(places_find(model->places, key_of(&key), matches, model), 0);
	assert_int_equal(
		places_put(model->places, key_of(&key), 8, matches, model), STATUS_CORRUPT);

	struct places_reader *reader = places_reader_new(model->places);

	places_enter(reader);
	assert_int_equal(look_up(model, reader, key), 0);
	places_leave(reader);
	places_reader_free(reader);
	model_free(model);
}

static void
a_reader_inside_keeps_the_table_it_entered(void **state)
{
	(void)state;
	struct model *model = model_new();
	struct places_reader *inside, *outside;

	model_open(model, true);
	put(model, 1);
	inside = places_reader_new(model->places);
	outside = places_reader_new(model->places);
	places_enter(inside);
	for (uint32_t i = 2; i < 20000; i++) {
		put(model, i);
	}
	assert_non_null(model->places->retired);
	assert_int_equal(look_up(model, inside, 1), model->newest[1]);
	assert_int_equal(look_up(model, inside, 19999), 0);
	places_enter(inside); /* Anew, without having left. */
	assert_int_equal(look_up(model, inside, 19999), model->newest[19999]);
	places_enter(outside);
	assert_int_equal(look_up(model, outside, 19999), model->newest[19999]);
	put(model, 20000);
	assert_null(model->places->retired);
	places_leave(inside);
	places_leave(outside);
	places_reader_free(inside);
	places_reader_free(outside);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_table_is_empty_and_finds_nothing),
		cmocka_unit_test(keys_lead_to_their_newest_place),
		cmocka_unit_test(a_growing_table_keeps_every_key),
		cmocka_unit_test(the_table_grows_at_its_load_and_not_before),
		cmocka_unit_test(room_can_be_reserved),
		cmocka_unit_test(places_have_their_limits),
		cmocka_unit_test(without_a_checkpoint_nothing_is_kept),
		cmocka_unit_test(the_count_is_right_after_a_crash),
		cmocka_unit_test(a_read_only_table_can_be_put_to_and_leaves_the_file_alone),
		cmocka_unit_test(a_file_that_is_not_sound_is_not_used),
		cmocka_unit_test(one_torn_header_copy_does_no_harm),
		cmocka_unit_test(a_table_full_of_damage_ends_every_search),
		cmocka_unit_test(a_reader_inside_keeps_the_table_it_entered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
