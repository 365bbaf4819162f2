/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_names.h"

#include <stdbool.h>
#include <string.h>

#define JSON_NAME_LEAF 0x80000000U

struct json_names *
json_names_new(struct arena *arena)
{
	struct json_names *names = arena_alloc(arena, sizeof(*names));

	if (names != NULL) {
		names->stack = names->start;
		names->capacity = JSON_NAMES_START;
	}
	return names;
}

/* Doubles the stack; the arena keeps the old one until it is reset. */
static enum status
json_names_grow(struct json_names *names, struct arena *arena)
{
	struct json_name *stack =
		arena_alloc_array(arena, (size_t)names->capacity * 2, sizeof(*stack));

	if (stack == NULL) {
		return STATUS_NO_MEMORY;
	}
	memcpy(stack, names->stack, names->count * sizeof(*stack));
	names->stack = stack;
	names->capacity *= 2;
	return STATUS_OK;
}

/* One bit of 64, cheap and different for most names that stand together in practice. */
static uint64_t
json_name_mask(struct bytes name)
{
	uint32_t sort = (uint32_t)name.size;

	if (name.size > 0) {
		sort = sort * 13 + name.at[0] + name.at[name.size - 1] * 7U;
	}
	return (uint64_t)1 << (sort & 63);
}

/* Bit `bit` of the name, counted from the top of its first octet. Behind the name all bits
 * are 0: no name holds a NUL, so that is still different for different names. */
static uint32_t
json_name_bit(const struct json_name *name, uint32_t bit)
{
	uint32_t octet = bit / 8;

	return octet < name->size ? (name->at[octet] >> (7 - bit % 8)) & 1U : 0;
}

/* The first bit in which two names differ; UINT32_MAX for equal names. */
static uint32_t
json_name_difference(const struct json_name *one, const struct json_name *other)
{
	uint32_t common = one->size < other->size ? one->size : other->size;
	uint32_t i = 0;
	uint32_t differ;

	while (i < common && one->at[i] == other->at[i]) {
		i++;
	}
	if (i == common && one->size == other->size) {
		return UINT32_MAX;
	}
	differ = (i < one->size ? one->at[i] : 0U) ^ (i < other->size ? other->at[i] : 0U);
	return i * 8 + (uint32_t)__builtin_clz(differ) - 24;
}

/* Puts the name at `index` of the stack into the tree; false if an equal one is there. */
static bool
json_tree_add(struct json_names *names, struct json_level *level, uint32_t index)
{
	struct json_name *stack = names->stack;
	struct json_name *name = &stack[index];
	uint32_t *link = &level->root;
	uint32_t node = level->root;
	uint32_t side;

	while ((node & JSON_NAME_LEAF) == 0) {
		node = stack[node].child[json_name_bit(name, stack[node].bit)];
	}
	name->bit = json_name_difference(name, &stack[node & ~JSON_NAME_LEAF]);
	if (name->bit == UINT32_MAX) {
		return false;
	}
	/* The leaf found shares the longest beginning, so the new node belongs on the way to
	 * it, above the first node that looks at a later bit. */
	while ((*link & JSON_NAME_LEAF) == 0 && stack[*link].bit < name->bit) {
		link = &stack[*link].child[json_name_bit(name, stack[*link].bit)];
	}
	side = json_name_bit(name, name->bit);
	name->child[side] = JSON_NAME_LEAF | index;
	name->child[1 - side] = *link;
	*link = index;
	return true;
}

static bool
json_names_hold(const struct json_names *names, const struct json_level *level, struct bytes name)
{
	for (uint32_t i = level->first; i < names->count; i++) {
		if (bytes_equal(bytes_over(names->stack[i].at, names->stack[i].size), name)) {
			return true;
		}
	}
	return false;
}

/* The names so far, one by one; they are known to differ. */
static void
json_tree_begin(struct json_names *names, struct json_level *level)
{
	level->root = JSON_NAME_LEAF | level->first;
	for (uint32_t i = level->first + 1; i < names->count; i++) {
		(void)json_tree_add(names, level, i);
	}
}

enum status
json_names_add(
	struct json_names *names, struct json_level *level, struct bytes name, struct arena *arena)
{
	uint32_t index = names->count;
	uint32_t count = index - level->first;
	uint64_t mask = json_name_mask(name);
	enum status status;

	if (count == JSON_MEMBER_COUNT_MAX) {
		return STATUS_TOO_LARGE;
	}
	if (count < JSON_NAMES_SMALL && (level->mask & mask) != 0 &&
		json_names_hold(names, level, name)) {
		return STATUS_MALFORMED;
	}
	if (index == names->capacity) {
		status = json_names_grow(names, arena);
		if (status != STATUS_OK) {
			return status;
		}
	}
	if (count == JSON_NAMES_SMALL) {
		json_tree_begin(names, level);
	}
	names->stack[index].at = name.at;
	names->stack[index].size = (uint32_t)name.size;
	if (count >= JSON_NAMES_SMALL && !json_tree_add(names, level, index)) {
		return STATUS_MALFORMED;
	}
	level->mask |= mask;
	names->count++;
	return STATUS_OK;
}
