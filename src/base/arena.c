/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *older;
	size_t capacity;
	size_t used;
	alignas(max_align_t) uint8_t octets[];
};

struct arena {
	struct arena_block *newest;
	struct arena_block *first;
	size_t block_size;
	size_t limit;
	size_t used;
};

static struct arena_block *
arena_block_new(size_t capacity)
{
	struct arena_block *block = malloc(sizeof(*block) + capacity);

	if (block != NULL) {
		block->older = NULL;
		block->capacity = capacity;
		block->used = 0;
	}
	return block;
}

struct arena *
arena_new(size_t block_size, size_t limit)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena == NULL) {
		return NULL;
	}
	arena->first = arena_block_new(block_size);
	if (arena->first == NULL) {
		free(arena);
		return NULL;
	}
	arena->newest = arena->first;
	arena->block_size = block_size;
	arena->limit = limit;
	return arena;
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL) {
		return;
	}
	arena_reset(arena);
	free(arena->first);
	free(arena);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->newest;
	void *at;

	if (size > arena->limit || size > SIZE_MAX - alignof(max_align_t)) {
		return NULL;
	}
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (size > arena->limit - arena->used) {
		return NULL;
	}
	if (size > block->capacity - block->used) {
		block = arena_block_new(size > arena->block_size ? size : arena->block_size);
		if (block == NULL) {
			return NULL;
		}
		block->older = arena->newest;
		arena->newest = block;
	}
	at = block->octets + block->used;
	block->used += size;
	arena->used += size;
	return memset(at, 0, size);
}

void *
arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		return NULL;
	}
	return arena_alloc(arena, total);
}

struct bytes
arena_copy(struct arena *arena, struct bytes run)
{
	uint8_t *at = arena_alloc(arena, run.size);

	if (at == NULL) {
		return (struct bytes){NULL, 0};
	}
	if (run.size > 0) {
		memcpy(at, run.at, run.size);
	}
	return (struct bytes){at, run.size};
}

void
arena_reset(struct arena *arena)
{
	while (arena->newest != arena->first) {
		struct arena_block *older = arena->newest->older;

		free(arena->newest);
		arena->newest = older;
	}
	arena->first->used = 0;
	arena->used = 0;
}

void
arena_forget(struct arena *arena, void (*forget)(void *at, size_t size))
{
	struct arena_block *block = arena == NULL ? NULL : arena->newest;

	for (; block != NULL; block = block->older) {
		forget(block->octets, block->used);
	}
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
