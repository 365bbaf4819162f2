/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

#include <stdint.h>

/*
 * Where the newest journal entry of each key lies: one open-addressing table in a mapped
 * file, so that finding a record among ten million costs two cache misses and no system
 * call, and none of it is the process's own memory.
 *
 * A slot is 8 octets: 28 bits of the key's hash, 36 bits of place / 8. The table is ordered
 * by the top bits of the hash, so growing it is one sequential sweep. A hit is a hint: the
 * caller compares the key in the journal and asks for the next candidate if it differs.
 * Slots are never emptied (a deleted handle's slot leads to its delete entry).
 *
 * One writer; readers on other threads need no lock: a slot is one atomic word. When the
 * table grows, readers that were inside keep the old one until they leave (places_enter,
 * places_leave: once a wake-up).
 *
 * The file is a checkpoint of the journal up to places_position(); after a crash the ledger
 * replays from there. Replaying twice does no harm.
 */
struct places;
struct places_reader;

/* Makes the file if there is none or if it is not sound (`ret_is_new`: replay everything). */
enum status places_open(const char *path, bool is_writable, struct places **ret_places,
	bool *ret_is_new, struct problem *problem) MUST_CHECK;
void places_close(struct places *places); /* Without a checkpoint; see places_checkpoint(). */

/* One for each reading thread. */
struct places_reader *places_reader_new(struct places *places);
void places_reader_free(struct places_reader *reader);
void places_enter(struct places_reader *reader);
void places_leave(struct places_reader *reader);

/* Looking up, in steps that let a batch overlap its cache misses:
 *
 *     probe = places_probe(reader, key);         hash, prefetch the slot
 *     place = places_next(reader, &probe);       first candidate, 0 when there is none
 *     journal_prefetch(journal, place);
 */
struct places_probe {
	uint64_t hash;
	uint64_t slot;
};
struct places_probe places_probe(struct places_reader *reader, struct bytes key);
uint64_t places_next(struct places_reader *reader, struct places_probe *probe);

/* The writer's side. `matches` says whether the entry at a place has this key. */
typedef bool places_matches(void *context, uint64_t place, struct bytes key);
uint64_t places_find(
	struct places *places, struct bytes key, places_matches *matches, void *context);
enum status places_put(struct places *places, struct bytes key, uint64_t place,
	places_matches *matches, void *context) MUST_CHECK;

uint64_t places_count(const struct places *places);
uint64_t places_position(const struct places *places); /* Journal place of the checkpoint. */
enum status places_checkpoint(
	struct places *places, uint64_t position, struct problem *problem) MUST_CHECK;
