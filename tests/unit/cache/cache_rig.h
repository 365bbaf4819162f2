/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cache/cache.h"
#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

/*
 * One cache of the least size, and what puts into it and finds in it by names alone. Times are
 * milliseconds from zero on; WALL_MS is what the wall says then.
 *
 *     cmocka_unit_test_setup_teardown(test, rig_open, rig_close)
 *
 *     put(rig, "88.100/a", 100, 7, 0);          100 s to live; its data begins with 7
 *     assert_true(find(rig, "88.100/a", 1, &entry));
 */
enum { WALL_S = 1700000000, HOUR_MS = 3600000, DATA_SIZE = 60 };
#define WALL_MS (WALL_S * INT64_C(1000))

static const struct cache_limits usual = {.size = CACHE_SIZE_MIN,
	.ttl_min_ms = 0,
	.ttl_max_ms = HOUR_MS,
	.negative_ms = 60000,
	.failure_ms = 5000,
	.stale_ms = 24 * HOUR_MS,
	.prefetch_percent = 10};

struct rig {
	struct monitor *monitor;
	struct cache *cache;
	uint8_t octets[RECORD_SIZE_MAX];
};

static inline int
rig_open(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->monitor = monitor_new(1);
	assert_non_null(rig->monitor);
	rig->cache = cache_new(&usual, monitor_row(rig->monitor, 0));
	assert_non_null(rig->cache);
	*state = rig;
	return 0;
}

static inline int
rig_close(void **state)
{
	struct rig *rig = *state;

	cache_free(rig->cache);
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_ENTRIES), 0);
	monitor_free(rig->monitor);
	free(rig);
	return 0;
}

static inline struct cache_key
key_of(const char *name)
{
	struct cache_key key;

	assert_true(cache_key_over(&key, bytes_from_string(name), CACHE_NORMAL));
	return key;
}

/* One value with that time to live and `size` octets of data that begin with `mark`. */
static inline struct handle_value_list
list_of(struct rig *rig, uint8_t ttl_kind, uint32_t ttl, uint32_t mark, size_t size)
{
	static uint8_t data[RECORD_SIZE_MAX];
	struct wire_writer writer = wire_writer_over(rig->octets, sizeof(rig->octets));
	struct handle_value value = {.index = 1,
		.ttl_kind = ttl_kind,
		.ttl = ttl,
		.permissions = HANDLE_PERMISSION_DEFAULT,
		.type = TEXT("URL"),
		.data = bytes_over(data, size)};

	memcpy(data, &mark, sizeof(mark));
	handle_value_write(&writer, &value);
	return (struct handle_value_list){1, wire_written(&writer)};
}

static inline void
put(struct rig *rig, const char *name, uint32_t ttl, uint32_t mark, int64_t now_ms)
{
	struct cache_key key = key_of(name);
	struct cache_answer answer = {.kind = CACHE_VALUES,
		.response_code = 1,
		.values = list_of(rig, HANDLE_TTL_RELATIVE, ttl, mark, DATA_SIZE)};

	cache_put(rig->cache, &key, &answer, now_ms, WALL_MS + now_ms);
}

static inline bool
find(struct rig *rig, const char *name, int64_t now_ms, struct cache_entry *ret_entry)
{
	struct cache_key key = key_of(name);

	return cache_find(rig->cache, &key, now_ms, ret_entry);
}

static inline bool
has(struct rig *rig, const char *name, int64_t now_ms)
{
	struct cache_entry entry;

	return find(rig, name, now_ms, &entry);
}
