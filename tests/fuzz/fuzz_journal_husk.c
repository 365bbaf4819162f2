/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "fuzz/fuzz.h"
#include "journal/journal_format.h"

#include <string.h>

/*
 * The input stands behind a pruned segment: a directory and husks. Nobody can guess a checksum,
 * so the driver sets right that of the husk each row leads to, where the sizes allow it.
 *
 *     flags | how many rows | directory and husks
 *
 * What is found lies in the octets given, is of the place asked for, and encoded again gives
 * the same octets.
 */
enum { FLAG_SEAL = 1, REGION_SIZE_MAX = 16384, SEGMENT_SIZE = 65536 };

static uint8_t region[REGION_SIZE_MAX];

static void
rows_seal(uint64_t count, size_t size)
{
	for (uint64_t i = 0; i < count; i++) {
		uint32_t row[2];
		struct journal_head head;
		uint64_t at, husk;

		memcpy(row, region + i * sizeof(row), sizeof(row));
		at = (uint64_t)row[1] * JOURNAL_ALIGNMENT;
		if (at > size || size - at < sizeof(head)) {
			continue;
		}
		memcpy(&head, region + at, sizeof(head));
		husk = journal_husk_size(head.key_size, head.actor_size);
		if (husk <= size - at) {
			head.checksum = checksum_over(bytes_over(region + at + 8, husk - 8),
				(uint64_t)row[0] * JOURNAL_ALIGNMENT);
			memcpy(region + at, &head, sizeof(head));
		}
	}
}

static void
run_check(struct bytes run, size_t size)
{
	FUZZ_CHECK(run.at >= region && run.size <= size && run.at + run.size <= region + size);
}

static void
entry_check(const struct journal_entry *entry, uint64_t place, size_t size)
{
	static uint8_t again[REGION_SIZE_MAX];
	uint64_t husk = journal_husk_size(entry->key.size, entry->actor.size);

	FUZZ_CHECK(entry->place == place && entry->next > place && entry->next <= SEGMENT_SIZE);
	FUZZ_CHECK(entry->kind >= JOURNAL_PUT && entry->kind <= JOURNAL_UNHOME);
	FUZZ_CHECK(entry->record.at == NULL && entry->is_pruned == (entry->record.size > 0));
	run_check(entry->key, size);
	run_check(entry->actor, size);
	run_check(entry->before, size);
	run_check(entry->after, size);
	run_check(entry->chain, size);
	memset(again, 0, husk);
	journal_husk_encode(again, entry);
	/* But for the checksum, which covers what was between actor and end, too. */
	FUZZ_CHECK(memcmp(again + JOURNAL_HEAD_SIZE, entry->key.at,
			   entry->key.size + JOURNAL_TAIL_SIZE) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct bytes input = bytes_over(octets, size);
	uint8_t flags = fuzz_take_octet(&input);
	struct journal_husks husks = {
		.octets = region,
		.count = fuzz_take_octet(&input),
		.segment_size = SEGMENT_SIZE,
	};

	husks.size = input.size < sizeof(region) ? input.size : sizeof(region);
	if (husks.size > 0) {
		memcpy(region, input.at, husks.size);
	}
	if (husks.count > husks.size / JOURNAL_DIRECTORY_ROW_SIZE) {
		struct journal_entry entry;

		FUZZ_CHECK(!journal_husk_find(&husks, JOURNAL_HEADER_SIZE, &entry));
		return 0;
	}
	if ((flags & FLAG_SEAL) != 0) {
		rows_seal(husks.count, husks.size);
	}
	for (uint64_t place = 0; place <= SEGMENT_SIZE; place += JOURNAL_ALIGNMENT) {
		struct journal_entry entry;

		if (journal_husk_find(&husks, place, &entry)) {
			entry_check(&entry, place, husks.size);
		}
	}
	return 0;
}
