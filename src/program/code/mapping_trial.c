/* SPDX-License-Identifier: Apache-2.0 */
#include "program/code/mapping_trial.h"

#include "base/arena.h"
#include "base/checksum.h"
#include "base/limits.h"
#include "records/records.h"

#include <stdlib.h>

enum { SLOT_COUNT_FIRST = 1024, ARENA_BLOCK_SIZE = 1 << 20 };

/* Names in capitals, as records are found without regard to case. */
struct kept {
	struct bytes name; /* Empty: nobody's. */
	struct handle_value_list values;
};

struct mapping_trial {
	struct records_reader *reader;
	struct arena *arena;
	size_t count;
	size_t slot_count; /* A power of two, at least twice the count. */
	struct kept *slots;
};

struct mapping_trial *
mapping_trial_new(struct ledger *ledger)
{
	struct mapping_trial *trial = calloc(1, sizeof(*trial));

	if (trial == NULL) {
		return NULL;
	}
	trial->reader = records_reader_new(ledger_records(ledger));
	trial->arena = arena_new(ARENA_BLOCK_SIZE, MAPPING_TRIAL_SIZE_MAX);
	trial->slots = calloc(SLOT_COUNT_FIRST, sizeof(trial->slots[0]));
	trial->slot_count = SLOT_COUNT_FIRST;
	if (trial->reader == NULL || trial->arena == NULL || trial->slots == NULL) {
		mapping_trial_free(trial);
		return NULL;
	}
	/* Nobody changes anything meanwhile: what is found may stay. */
	records_enter(trial->reader);
	return trial;
}

void
mapping_trial_free(struct mapping_trial *trial)
{
	if (trial == NULL) {
		return;
	}
	if (trial->reader != NULL && trial->arena != NULL && trial->slots != NULL) {
		records_leave(trial->reader);
	}
	records_reader_free(trial->reader);
	arena_free(trial->arena);
	free(trial->slots);
	free(trial);
}

static struct bytes
folded(struct bytes name, char room[HANDLE_NAME_SIZE_MAX])
{
	size_t size = name.size < HANDLE_NAME_SIZE_MAX ? name.size : HANDLE_NAME_SIZE_MAX;

	for (size_t i = 0; i < size; i++) {
		room[i] = (char)ascii_upper(name.at[i]);
	}
	return bytes_over(room, size);
}

/* Where the name is, or belongs. */
static struct kept *
slot_of(const struct mapping_trial *trial, struct bytes name)
{
	size_t at = (size_t)checksum_over(name, 0) & (trial->slot_count - 1);

	while (trial->slots[at].name.size > 0 && !bytes_equal(trial->slots[at].name, name)) {
		at = (at + 1) & (trial->slot_count - 1);
	}
	return &trial->slots[at];
}

bool
mapping_trial_find(
	struct mapping_trial *trial, struct bytes name, struct handle_value_list *ret_values)
{
	char room[HANDLE_NAME_SIZE_MAX];
	const struct kept *kept = slot_of(trial, folded(name, room));
	struct record record;

	if (kept->name.size > 0) {
		*ret_values = kept->values;
		return true;
	}
	if (records_get(trial->reader, name, &record) != STATUS_OK) {
		return false;
	}
	*ret_values = record.values;
	return true;
}

static bool
grow(struct mapping_trial *trial)
{
	struct mapping_trial larger = *trial;

	larger.slot_count *= 2;
	larger.slots = calloc(larger.slot_count, sizeof(larger.slots[0]));
	if (larger.slots == NULL) {
		return false;
	}
	for (size_t i = 0; i < trial->slot_count; i++) {
		if (trial->slots[i].name.size > 0) {
			*slot_of(&larger, trial->slots[i].name) = trial->slots[i];
		}
	}
	free(trial->slots);
	*trial = larger;
	return true;
}

enum status
mapping_trial_keep(
	struct mapping_trial *trial, struct bytes name, const struct handle_value_list *values)
{
	char room[HANDLE_NAME_SIZE_MAX];
	struct bytes octets = arena_copy(trial->arena, values->octets);
	struct kept *kept;

	if (octets.at == NULL || (trial->count * 2 >= trial->slot_count && !grow(trial))) {
		return STATUS_NO_MEMORY;
	}
	name = folded(name, room);
	kept = slot_of(trial, name);
	if (kept->name.size == 0) {
		kept->name = arena_copy(trial->arena, name);
		if (kept->name.at == NULL) {
			kept->name.size = 0;
			return STATUS_NO_MEMORY;
		}
		trial->count++;
	}
	kept->values = (struct handle_value_list){values->count, octets};
	return STATUS_OK;
}
