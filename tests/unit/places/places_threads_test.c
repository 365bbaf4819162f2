/* SPDX-License-Identifier: Apache-2.0 */
#include "places_rig.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

/* Keys are put in order, in rounds: place 8 * (round * KEY_COUNT + key + 1). So everybody can
 * tell a place's key without sharing memory. */
enum { KEY_COUNT = 30000, ROUND_COUNT = 3, READER_COUNT = 2 };

struct shared {
	struct model *model;
	_Atomic uint64_t done; /* Puts that have returned. */
};

static bool
place_has_key(void *context, uint64_t place, struct bytes key)
{
	(void)context;
	return (place / 8 - 1) % KEY_COUNT == *(const uint64_t *)(const void *)key.at;
}

static uint64_t
find(struct places_reader *reader, uint64_t key)
{
	struct places_probe probe = places_probe(reader, key_of(&key));
	uint64_t place;

	while ((place = places_next(reader, &probe)) != 0) {
		if (place_has_key(NULL, place, key_of(&key))) {
			break;
		}
	}
	return place;
}

/* Whatever had been put when the reader entered is there, as new or newer. */
static void *
read_along(void *context)
{
	struct shared *shared = context;
	struct places_reader *reader = places_reader_new(shared->model->places);
	uint64_t done = 0;
	uint64_t key = 0;

	assert_non_null(reader);
	while (done < KEY_COUNT * ROUND_COUNT) {
		done = atomic_load(&shared->done);
		places_enter(reader);
		for (uint64_t i = 0; i < 64; i++) {
			uint64_t place, round;

			key = (key + 7919) % KEY_COUNT;
			place = find(reader, key);
			round = (done + KEY_COUNT - 1 - key) / KEY_COUNT; /* Rounds it was put. */
			assert_true(place >=
				(round == 0 ? 0 : 8 * ((round - 1) * KEY_COUNT + key + 1)));
		}
		if (key % 3 != 0) {
			places_leave(reader);
		}
	}
	places_leave(reader);
	places_reader_free(reader);
	return NULL;
}

static void *
checkpoint_along(void *context)
{
	struct shared *shared = context;
	uint64_t done;

	do {
		done = atomic_load(&shared->done);
		assert_int_equal(
			places_checkpoint(shared->model->places, 8 * (done + 1), NULL), STATUS_OK);
		assert_true(places_position(shared->model->places) <= 8 * (done + 1));
		usleep(1000);
	} while (done < KEY_COUNT * ROUND_COUNT);
	return NULL;
}

static void
readers_and_checkpoints_go_on_while_the_table_grows(void **state)
{
	(void)state;
	struct shared shared = {.model = model_new()};
	pthread_t threads[READER_COUNT + 1];

	model_open(shared.model, true);
	for (int i = 0; i < READER_COUNT; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, read_along, &shared), 0);
	}
	assert_int_equal(
		pthread_create(&threads[READER_COUNT], NULL, checkpoint_along, &shared), 0);
	for (uint64_t i = 0; i < KEY_COUNT * ROUND_COUNT; i++) {
		uint64_t key = i % KEY_COUNT;

		assert_int_equal(places_put(shared.model->places, key_of(&key), 8 * (i + 1),
					 place_has_key, NULL),
			STATUS_OK);
		atomic_store(&shared.done, i + 1);
	}
	for (int i = 0; i <= READER_COUNT; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	assert_int_equal(places_count(shared.model->places), KEY_COUNT);
	model_close(shared.model);
	model_open(shared.model, true);
	assert_false(shared.model->is_new);
	assert_int_equal(places_count(shared.model->places), KEY_COUNT);
	assert_int_equal(places_position(shared.model->places), 8 * (KEY_COUNT * ROUND_COUNT + 1));
	model_free(shared.model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_and_checkpoints_go_on_while_the_table_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
