/* SPDX-License-Identifier: Apache-2.0 */
#include "base/checksum.h"
#include "cache/cache_snapshot.h"
#include "fuzz/fuzz.h"
#include "wire/wire_reader.h"

#include <string.h>

/*
 * The input is a saved cache. Nobody can guess a checksum, so all of them are set right when the
 * first octet is odd. Whatever is in the file, each entry that is there afterwards decodes, has
 * the name it would be looked for by, and lives no longer than the limits allow.
 */
enum { FILE_SIZE_MAX = 65536, TTL_MAX_MS = 3600000, STALE_MS = 60000, NOW_MS = 5000 };

static void
checksum_set(uint8_t *at, uint64_t checksum)
{
	struct wire_writer writer = wire_writer_over(at, sizeof(checksum));

	wire_write_u64(&writer, checksum);
}

static void
seal(uint8_t *file, size_t size)
{
	size_t at = CACHE_SNAPSHOT_HEADER_SIZE;

	if (size >= at) {
		checksum_set(file + at - 8, checksum_over(bytes_over(file, at - 8), 0));
	}
	for (uint64_t number = 0; at + CACHE_SNAPSHOT_BLOCK_SIZE <= size; number++) {
		struct wire_reader reader = wire_reader_over(bytes_over(file + at, size - at));
		uint32_t block = wire_read_u32(&reader);
		uint32_t count = wire_read_u32(&reader);

		at += CACHE_SNAPSHOT_BLOCK_SIZE;
		if (block > size - at) {
			return;
		}
		checksum_set(
			file + at - 8, checksum_over(bytes_over(file + at, block), number + count));
		at += block;
	}
}

static void
entries_check(struct cache *cache)
{
	struct cache_seen seen;
	uint64_t cursor = 0;

	while (cache_next(cache, &cursor, NOW_MS, &seen)) {
		struct wire_reader walk = handle_value_list_walk(&seen.entry.values);
		struct handle_value value;
		struct cache_entry found;
		struct cache_key key;
		uint32_t count = 0;

		while (seen.entry.kind == CACHE_VALUES && handle_value_next(&walk, &value)) {
			count++;
		}
		FUZZ_CHECK(count == seen.entry.values.count);
		FUZZ_CHECK(seen.entry.expires_ms <= NOW_MS + TTL_MAX_MS);
		FUZZ_CHECK(seen.entry.stored_ms <= NOW_MS);
		FUZZ_CHECK(cache_key_over(&key, seen.name, seen.question));
		FUZZ_CHECK(cache_find(cache, &key, NOW_MS, &found));
		FUZZ_CHECK(found.values.octets.at == seen.entry.values.octets.at);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	static const struct cache_limits limits = {.size = CACHE_SIZE_MIN,
		.ttl_max_ms = TTL_MAX_MS,
		.negative_ms = TTL_MAX_MS,
		.stale_ms = STALE_MS};
	const struct cache_time time = {NOW_MS, INT64_C(1700000000000)};
	static uint8_t file[FILE_SIZE_MAX];
	struct bytes input = bytes_over(octets, size);
	bool is_sealed = fuzz_take_octet(&input) % 2 == 1;
	struct monitor *monitor = monitor_new(1);
	struct cache *cache = cache_new(&limits, monitor_row(monitor, 0));
	struct problem problem;
	size_t count;
	enum status status;

	FUZZ_CHECK(cache != NULL);
	input = bytes_slice(input, 0, sizeof(file));
	if (input.size > 0) {
		memcpy(file, input.at, input.size);
	}
	if (is_sealed) {
		seal(file, input.size);
	}
	status = cache_snapshot_read(cache, bytes_over(file, input.size), &time, &count, &problem);
	FUZZ_CHECK(status == STATUS_OK || problem.text[0] != '\0');
	entries_check(cache);
	cache_free(cache);
	monitor_free(monitor);
	return 0;
}
