/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/problem.h"

#include <stdbool.h>
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
 * table grows, readers that were inside keep the old one until they leave or enter anew
 * (once a wake-up).
 *
 * The file is a checkpoint of the journal up to places_position(); after a crash the ledger
 * replays from there. Replaying twice does no harm (the argument is in places.c). A new or
 * grown table becomes the file at its first checkpoint. Opened read-only, the file is a
 * starting point in this process's memory: puts are seen here and nowhere else.
 */
struct places;
struct places_reader;

/* Starts empty if there is no file or it is not sound (`ret_is_new`: replay everything). */
enum status places_open(const char *path, bool is_writable, struct places **ret_places,
	bool *ret_is_new, struct problem *problem) MUST_CHECK;

/* Without a checkpoint; see places_checkpoint(). Its readers are freed before. NULL is fine. */
void places_close(struct places *places);

/* One for each reading thread. NULL if memory is short. */
struct places_reader *places_reader_new(struct places *places);
void places_reader_free(struct places_reader *reader); /* NULL is fine. */
void places_enter(struct places_reader *reader); /* Also while inside: takes the newest table. */
void places_leave(struct places_reader *reader);

/* Looking up, in steps that let a batch overlap its cache misses:
 *
 *     probe = places_probe(reader, key);         hash
 *     places_touch(reader, &probe);              for every probe of the batch, in one loop
 *     place = places_next(reader, &probe);       first candidate, 0 when there is none
 *
 * Touching reads the slot: the processor has many reads under way at once, and unlike a
 * prefetch a read is not given up when the page's address is not at hand, which in a table
 * of this size is the rule. Between places_enter() and places_leave(); a probe ends with
 * them. */
struct places_probe {
	uint64_t hash;
	uint64_t slot;
	uint64_t left; /* Slots not looked at. */
};
struct places_probe places_probe(const struct places_reader *reader, struct bytes key);
uint64_t places_touch(const struct places_reader *reader, const struct places_probe *probe);
uint64_t places_next(const struct places_reader *reader, struct places_probe *probe);

/* The writer's side. `matches` says whether the entry at a place has this key; the place may
 * be any number if the file is older or newer than the journal. */
typedef bool places_matches(void *context, uint64_t place, struct bytes key);
uint64_t places_find(
	struct places *places, struct bytes key, places_matches *matches, void *context);

/* Reads the key's slot, so that it is at hand soon; for a batch's keys in one loop. */
uint64_t places_warm(const struct places *places, struct bytes key);

/* Sets the key's place: a multiple of 8 below 2^39, not 0 (INVALID). NO_SPACE past 2^28 slots
 * or when the disk has no room for a larger table; SYSTEM; CORRUPT when damage filled the
 * table: remove the file. Then nothing changed. */
enum status places_put(struct places *places, struct bytes key, uint64_t place,
	places_matches *matches, void *context) MUST_CHECK;

/* Makes room for `count` more keys at once, so that as many puts cannot fail for room. */
enum status places_reserve(struct places *places, uint64_t count) MUST_CHECK;

uint64_t places_count(const struct places *places);
uint64_t places_position(const struct places *places); /* Journal place of the checkpoint. */

/* Makes durable that every put of the journal's entries before `position` is in the file.
 * Those puts have returned. May run beside the writer, on one thread; a put that must grow
 * the table waits for it. After a failure READ_ONLY for good: the last checkpoint stays. */
enum status places_checkpoint(
	struct places *places, uint64_t position, struct problem *problem) MUST_CHECK;
