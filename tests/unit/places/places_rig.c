/* SPDX-License-Identifier: Apache-2.0 */
#include "places_rig.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
matches(void *context, uint64_t place, struct bytes key)
{
	const struct model *model = context;
	uint64_t number;

	memcpy(&number, key.at, sizeof(number));
	return place >= 8 && place / 8 - 1 < model->entry_count &&
		model->entries[place / 8 - 1] == number;
}

struct model *
model_new(void)
{
	struct model *model = calloc(1, sizeof(*model));

	assert_non_null(model);
	snprintf(model->directory, sizeof(model->directory), "%s/houji-places-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(model->directory));
	snprintf(model->path, sizeof(model->path), "%s/places", model->directory);
	return model;
}

void
model_open(struct model *model, bool is_writable)
{
	struct problem problem;

	assert_int_equal(
		places_open(model->path, is_writable, &model->places, &model->is_new, &problem),
		STATUS_OK);
}

void
model_close(struct model *model)
{
	places_close(model->places);
	model->places = NULL;
}

void
model_free(struct model *model)
{
	char unfinished[96];

	model_close(model);
	snprintf(unfinished, sizeof(unfinished), "%s.tmp", model->path);
	assert_int_not_equal(access(unfinished, F_OK), 0);
	unlink(model->path);
	assert_int_equal(rmdir(model->directory), 0);
	free(model);
}

void
put_entry(struct model *model, size_t entry)
{
	uint64_t key = model->entries[entry];

	assert_int_equal(places_put(model->places, key_of(&key), place_of(entry), matches, model),
		STATUS_OK);
}

/* Appends an entry for the key and puts it. */
void
put(struct model *model, uint32_t key)
{
	size_t entry = model->entry_count++;

	assert_true(entry < ENTRY_COUNT_MAX && key < ENTRY_COUNT_MAX);
	model->entries[entry] = key;
	model->newest[key] = place_of(entry);
	put_entry(model, entry);
}

/* What a reading thread does with a key: candidates until one matches. */
uint64_t
look_up(struct model *model, struct places_reader *reader, uint64_t key)
{
	struct places_probe probe = places_probe(reader, key_of(&key));
	uint64_t place;

	while ((place = places_next(reader, &probe)) != 0) {
		if (matches(model, place, key_of(&key))) {
			break;
		}
	}
	return place;
}

void
assert_agrees(struct model *model, uint32_t key_count)
{
	struct places_reader *reader = places_reader_new(model->places);

	places_enter(reader);
	for (uint64_t key = 0; key < key_count; key++) {
		if (places_find(model->places, key_of(&key), matches, model) !=
				model->newest[key] ||
			look_up(model, reader, key) != model->newest[key]) {
			fail_msg("key %u is at %llu, not at %llu", (unsigned)key,
				(unsigned long long)places_find(
					model->places, key_of(&key), matches, model),
				(unsigned long long)model->newest[key]);
		}
	}
	places_leave(reader);
	places_reader_free(reader);
}

void
checkpoint(struct model *model)
{
	struct problem problem;

	assert_int_equal(places_checkpoint(model->places, place_of(model->entry_count), &problem),
		STATUS_OK);
}
