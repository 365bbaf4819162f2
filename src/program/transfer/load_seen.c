/* SPDX-License-Identifier: Apache-2.0 */
#include "program/transfer/load_seen.h"

#include "base/checksum.h"
#include "base/limits.h"
#include "handle/handle_name.h"

#include <stdlib.h>

enum { SLOT_COUNT_FIRST = 1024 };

struct slot {
	uint64_t name; /* 0: free. */
	uint64_t values;
};

struct load_seen {
	struct slot *slots;
	size_t slot_count; /* A power of two; at most half of them are taken. */
	size_t count;
};

struct load_seen *
load_seen_new(void)
{
	struct load_seen *seen = calloc(1, sizeof(*seen));

	if (seen == NULL) {
		return NULL;
	}
	seen->slot_count = SLOT_COUNT_FIRST;
	seen->slots = calloc(seen->slot_count, sizeof(seen->slots[0]));
	if (seen->slots == NULL) {
		free(seen);
		return NULL;
	}
	return seen;
}

void
load_seen_free(struct load_seen *seen)
{
	if (seen != NULL) {
		free(seen->slots);
		free(seen);
	}
}

/* The slot of a name, or the free one where it belongs. */
static struct slot *
slot_of(struct slot *slots, size_t slot_count, uint64_t name)
{
	size_t at = name & (slot_count - 1);

	while (slots[at].name != 0 && slots[at].name != name) {
		at = (at + 1) & (slot_count - 1);
	}
	return &slots[at];
}

static enum status
seen_grow(struct load_seen *seen)
{
	size_t slot_count = 2 * seen->slot_count;
	struct slot *slots = calloc(slot_count, sizeof(slots[0]));

	if (slots == NULL) {
		return STATUS_NO_MEMORY;
	}
	for (size_t i = 0; i < seen->slot_count; i++) {
		if (seen->slots[i].name != 0) {
			*slot_of(slots, slot_count, seen->slots[i].name) = seen->slots[i];
		}
	}
	free(seen->slots);
	seen->slots = slots;
	seen->slot_count = slot_count;
	return STATUS_OK;
}

enum status
load_seen_look(struct load_seen *seen, struct bytes name, const struct handle_value_list *values,
	enum load_sight *ret_sight)
{
	uint8_t key[HANDLE_KEY_SIZE_MAX];
	uint64_t sum = checksum_over(bytes_over(key, handle_name_key(name, key)), 0) | 1;
	uint64_t values_sum = checksum_over(values->octets, values->count);
	struct slot *slot;

	if (2 * seen->count >= seen->slot_count && seen_grow(seen) != STATUS_OK) {
		return STATUS_NO_MEMORY;
	}
	slot = slot_of(seen->slots, seen->slot_count, sum);
	*ret_sight = slot->name == 0	     ? LOAD_SIGHT_FIRST
		: slot->values == values_sum ? LOAD_SIGHT_SAME
					     : LOAD_SIGHT_OTHER;
	seen->count += slot->name == 0;
	*slot = (struct slot){sum, values_sum};
	return STATUS_OK;
}
