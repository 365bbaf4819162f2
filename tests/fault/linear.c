/* SPDX-License-Identifier: Apache-2.0 */
#include "linear.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SET_SIZE = LINEAR_OPERATION_COUNT_MAX / 64, TRIED_SLOT_COUNT = 1 << 16 };

/* Which operations have happened, and what that left. */
struct situation {
	uint64_t happened[SET_SIZE];
	uint64_t value;
};

struct search {
	const struct linear_operation *operations;
	size_t count;
	struct situation now;
	size_t order[LINEAR_OPERATION_COUNT_MAX]; /* The story so far. */
	uint64_t before[LINEAR_OPERATION_COUNT_MAX]; /* The value before each of its steps. */
	size_t depth;
	struct situation *tried; /* A table; one with nothing happened is empty. */
	size_t tried_count, tried_room;
};

static bool
has_happened(const struct situation *situation, size_t number)
{
	return (situation->happened[number / 64] >> (number % 64) & 1) != 0;
}

static uint64_t
situation_hash(const struct situation *situation)
{
	uint64_t hash = situation->value * 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < SET_SIZE; i++) {
		hash = (hash ^ situation->happened[i]) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	return hash;
}

static bool tried_add(struct search *search, const struct situation *situation);

static void
tried_grow(struct search *search)
{
	struct situation *old = search->tried;
	size_t room = search->tried_room;

	search->tried_room = room == 0 ? TRIED_SLOT_COUNT : room * 2;
	search->tried = calloc(search->tried_room, sizeof(*search->tried));
	assert(search->tried != NULL);
	search->tried_count = 0;
	for (size_t i = 0; i < room; i++) {
		static const struct situation empty;

		if (memcmp(&old[i], &empty, sizeof(empty)) != 0) {
			(void)tried_add(search, &old[i]);
		}
	}
	free(old);
}

/* False if it was there already. */
static bool
tried_add(struct search *search, const struct situation *situation)
{
	static const uint64_t nothing[SET_SIZE];
	size_t slot;

	if (search->tried_count * 2 >= search->tried_room) {
		tried_grow(search);
	}
	slot = situation_hash(situation) & (search->tried_room - 1);
	while (memcmp(search->tried[slot].happened, nothing, sizeof(nothing)) != 0) {
		if (memcmp(&search->tried[slot], situation, sizeof(*situation)) == 0) {
			return false;
		}
		slot = (slot + 1) & (search->tried_room - 1);
	}
	search->tried[slot] = *situation;
	search->tried_count++;
	return true;
}

/* Whether the operation can happen now with the answer it got, and what it leaves. */
static bool
can_happen(const struct linear_operation *operation, uint64_t value, uint64_t *ret_value)
{
	bool is_fit = true;

	*ret_value = operation->value;
	switch (operation->kind) {
	case LINEAR_READ:
		*ret_value = value;
		return operation->value == value;
	case LINEAR_PUT:
		return !operation->is_refused;
	case LINEAR_CREATE:
		is_fit = value == 0;
		break;
	case LINEAR_REPLACE:
		is_fit = value != 0;
		break;
	case LINEAR_MODIFY:
		is_fit = value == operation->expected;
		break;
	case LINEAR_DELETE:
		is_fit = value != 0;
		*ret_value = 0;
		break;
	}
	if (operation->is_answered && operation->is_refused) {
		*ret_value = value;
		return !is_fit;
	}
	return is_fit;
}

/* The first answer that came of those that have not happened: nothing asked later may be next. */
static uint64_t
first_answer(const struct search *search, bool *ret_is_over)
{
	uint64_t first = UINT64_MAX;

	*ret_is_over = true;
	for (size_t i = 0; i < search->count; i++) {
		const struct linear_operation *operation = &search->operations[i];

		if (operation->is_answered && !has_happened(&search->now, i)) {
			*ret_is_over = false;
			first = operation->answered < first ? operation->answered : first;
		}
	}
	return first;
}

/* The next one from `from` on that may happen and leads to something new. */
static bool
step(struct search *search, size_t from, uint64_t limit)
{
	for (size_t i = from; i < search->count; i++) {
		const struct linear_operation *operation = &search->operations[i];
		struct situation next = search->now;

		if (has_happened(&search->now, i) || operation->asked > limit ||
			!can_happen(operation, search->now.value, &next.value)) {
			continue;
		}
		next.happened[i / 64] |= UINT64_C(1) << (i % 64);
		if (tried_add(search, &next)) {
			search->order[search->depth] = i;
			search->before[search->depth++] = search->now.value;
			search->now = next;
			return true;
		}
	}
	return false;
}

bool
linear_check(const struct linear_operation *operations, size_t count, uint64_t before)
{
	struct search search = {.operations = operations, .count = count};
	size_t from = 0;
	bool is_over;

	assert(count <= LINEAR_OPERATION_COUNT_MAX);
	search.now.value = before;
	while (true) {
		uint64_t limit = first_answer(&search, &is_over);

		if (is_over) {
			break; /* What was never answered need not have happened. */
		}
		if (step(&search, from, limit)) {
			from = 0;
			continue;
		}
		if (search.depth == 0) {
			break;
		}
		search.depth--;
		from = search.order[search.depth];
		search.now.happened[from / 64] &= ~(UINT64_C(1) << (from % 64));
		search.now.value = search.before[search.depth];
		from++;
	}
	free(search.tried);
	return is_over;
}
