/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache by itself, in one thread: what an entry costs beside its octets, and how long a look-up
 * takes when entries are all over memory.
 *
 *     bench_cache [ENTRIES [MIB]]
 *
 * Puts ENTRIES (10,000,000) names of 24 octets with one value of 60 octets of data into a cache of
 * MIB (2048), counts how many of them are still there, then asks for names at random: all over, and
 * among 95,000 as a busy resolver has them; one at a time, and looking ahead over what comes in one
 * system call.
 */
#include "cache/cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ASK_COUNT = 10000000, HOT_COUNT = 95000, DATA_SIZE = 60, HOUR_MS = 3600000 };

static double
seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
key_make(struct cache_key *key, uint64_t number)
{
	char name[32];
	int size = snprintf(
		name, sizeof(name), "88.980.%04" PRIu64 "/%012" PRIu64, number % 1000, number);

	if (!cache_key_over(key, bytes_over(name, (size_t)size), CACHE_NORMAL)) {
		abort();
	}
}

static void
look_ahead(struct cache *cache, const struct cache_key keys[UDP_BATCH_MAX])
{
	struct bytes names[UDP_BATCH_MAX];

	for (size_t i = 0; i < UDP_BATCH_MAX; i++) {
		names[i] = bytes_over(keys[i].octets + 1, keys[i].size - 1);
	}
	cache_look_ahead(cache, names, UDP_BATCH_MAX);
}

static double
ask(struct cache *cache, uint64_t among, bool is_ahead, uint64_t *ret_found)
{
	static struct cache_key keys[4096];
	uint64_t seed = 88, found = 0;
	double spent = 0;

	for (unsigned round = 0; round < ASK_COUNT / 4096; round++) {
		double begun;

		/* Names are made before the clock runs: they come with the question. */
		for (size_t i = 0; i < 4096; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			key_make(&keys[i], (seed >> 33) % among);
		}
		begun = seconds();
		for (size_t i = 0; i < 4096; i++) {
			struct cache_entry entry;

			if (is_ahead && i % UDP_BATCH_MAX == 0) {
				look_ahead(cache, &keys[i]);
			}
			found += cache_find(cache, &keys[i], 1000, &entry) ? 1 : 0;
		}
		spent += seconds() - begun;
	}
	*ret_found = found;
	return spent * 1e9 / (ASK_COUNT / 4096 * 4096);
}

int
main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
	uint64_t mib = argc > 2 ? strtoull(argv[2], NULL, 10) : 2048;
	const struct cache_limits limits = {
		.size = mib << 20, .ttl_max_ms = HOUR_MS, .negative_ms = 1, .stale_ms = 0};
	struct monitor *monitor = monitor_new(1);
	struct cache *cache = cache_new(&limits, monitor_row(monitor, 0));
	uint8_t data[DATA_SIZE] = {0}, octets[256];
	struct wire_writer writer = wire_writer_over(octets, sizeof(octets));
	struct cache_answer answer = {.kind = CACHE_VALUES, .response_code = 1};
	struct cache_stats stats;
	struct cache_key key;
	double begun, all, all_ahead, hot, hot_ahead;
	uint64_t found, hot_found;
	size_t payload;

	if (cache == NULL) {
		perror("bench_cache");
		return 1;
	}
	handle_value_write(&writer,
		&(struct handle_value){.index = 1,
			.ttl = 3600,
			.permissions = HANDLE_PERMISSION_DEFAULT,
			.type = TEXT("URL"),
			.data = bytes_over(data, sizeof(data))});
	answer.values = (struct handle_value_list){1, wire_written(&writer)};
	begun = seconds();
	for (uint64_t i = 0; i < count; i++) {
		key_make(&key, i);
		cache_put(cache, &key, &answer, 0, 0);
	}
	begun = seconds() - begun;
	cache_stats(cache, &stats);
	payload = key.size + answer.values.octets.size;
	all = ask(cache, count, false, &found);
	all_ahead = ask(cache, count, true, &found);
	hot = ask(cache, count < HOT_COUNT ? count : HOT_COUNT, false, &hot_found);
	hot_ahead = ask(cache, count < HOT_COUNT ? count : HOT_COUNT, true, &hot_found);
	printf("put: %" PRIu64 " entries in %.1f s (%.0f ns each), %" PRIu64 " kept\n", count,
		begun, begun * 1e9 / (double)count, stats.entry_count);
	printf("room: %.1f octets an entry in use, of which name and values %zu; with index and "
	       "what "
	       "is free %.1f\n",
		(double)stats.used_size / (double)stats.entry_count, payload,
		(double)stats.size / (double)stats.entry_count);
	printf("overhead: %.1f octets an entry (rings %.1f, index and ghosts %.1f)\n",
		(double)stats.used_size / (double)stats.entry_count - (double)payload +
			(double)(stats.entry_count_max * 10) / (double)stats.entry_count,
		(double)stats.used_size / (double)stats.entry_count - (double)payload,
		(double)(stats.entry_count_max * 10) / (double)stats.entry_count);
	printf("find among all: %.0f ns, looking ahead %.0f ns, %.1f %% hits\n", all, all_ahead,
		100.0 * (double)found / (ASK_COUNT / 4096 * 4096));
	printf("find among %d: %.0f ns, looking ahead %.0f ns, %.1f %% hits\n", HOT_COUNT, hot,
		hot_ahead, 100.0 * (double)hot_found / (ASK_COUNT / 4096 * 4096));
	cache_free(cache);
	monitor_free(monitor);
	return 0;
}
