/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "places/places_private.h"

#include <stddef.h>

/*
 * The table beside a model of what it must answer.
 *
 * The journal's stand-in: entry n lies at place 8 * (n + 1) and has a key of eight octets.
 */
enum { ENTRY_COUNT_MAX = 400000 };

struct model {
	char directory[64];
	char path[80];
	struct places *places;
	bool is_new;
	uint32_t entries[ENTRY_COUNT_MAX]; /* Key of entry n. */
	size_t entry_count;
	uint64_t newest[ENTRY_COUNT_MAX]; /* Place by key, 0 if none. */
};

static inline uint64_t
place_of(size_t entry)
{
	return 8 * (uint64_t)(entry + 1);
}

static inline struct bytes
key_of(const uint64_t *number)
{
	return bytes_over(number, sizeof(*number));
}

/* A new directory, in memory where there is such a file system; model_free() removes it. */
struct model *model_new(void);
void model_free(struct model *model);
void model_open(struct model *model, bool is_writable);
void model_close(struct model *model);

/* Whether the entry at a place has the key; `context` is the model. */
bool matches(void *context, uint64_t place, struct bytes key);

/* Appends an entry for the key and puts it; or puts an entry once more. */
void put(struct model *model, uint32_t key);
void put_entry(struct model *model, size_t entry);

/* Checkpoint of all entries. */
void checkpoint(struct model *model);

/* What a reading thread does with a key: candidates until one matches. */
uint64_t look_up(struct model *model, struct places_reader *reader, uint64_t key);

/* Keys 0 to key_count lead to where the model says. */
void assert_agrees(struct model *model, uint32_t key_count);
