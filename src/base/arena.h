/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"

#include <stddef.h>

/*
 * Memory with one lifetime: everything allocated for a request, freed together by
 * arena_reset() after the answer has left. There is no free of a single object.
 *
 * `limit` is the most one request may take, in octets. Beyond it arena_alloc()
 * returns NULL: a hostile message costs the sender, not the node.
 */
struct arena;

struct arena *arena_new(size_t block_size, size_t limit); /* NULL if memory is short. */
void arena_free(struct arena *arena); /* NULL is fine. */
void *arena_alloc(struct arena *arena, size_t size); /* Zeroed, max_align_t. NULL past the limit. */
void *arena_alloc_array(struct arena *arena, size_t count, size_t size);

/* A copy that lives as long as the arena; `ret.at` is NULL past the limit. */
struct bytes arena_copy(struct arena *arena, struct bytes run);

void arena_reset(struct arena *arena); /* Keeps the first block. */
/* Overwrites by `forget` everything allocated since the last reset: secrets are not left in
 * memory that is given back. NULL is fine. */
void arena_forget(struct arena *arena, void (*forget)(void *at, size_t size));
size_t arena_used(const struct arena *arena);
