/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/cache_private.h"
#include "unit/cache/cache_rig.h"

#include <stdio.h>

/* Who stays when room is short, and what each octet and each moment counts for. */

static void
put_sized(struct rig *rig, const char *name, size_t size)
{
	struct cache_key key = key_of(name);
	struct cache_answer answer = {
		.kind = CACHE_VALUES, .values = list_of(rig, HANDLE_TTL_RELATIVE, 1000, 1, size)};

	cache_put(rig->cache, &key, &answer, 0, WALL_MS);
}

/* `count` names that nobody asks for, or each of which is asked for once. */
static void
put_many(struct rig *rig, const char *prefix, unsigned count, bool is_asked)
{
	char name[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%u", prefix, i);
		put(rig, name, 1000, i, 0);
		if (is_asked) {
			assert_true(has(rig, name, 0));
		}
	}
}

static unsigned
count_kept(struct rig *rig, const char *prefix, unsigned from, unsigned to)
{
	unsigned kept = 0;
	char name[32];

	for (unsigned i = from; i < to; i++) {
		snprintf(name, sizeof(name), "%s/%u", prefix, i);
		kept += has(rig, name, 0) ? 1 : 0;
	}
	return kept;
}

enum { FULL_COUNT = 40000, SCAN_COUNT = 6000 }; /* More than all that fits; than the young. */

static void
what_is_still_asked_for_stays_and_what_no_longer_is_goes(void **state)
{
	struct rig *rig = *state;
	char prefix[16];

	put_many(rig, "88.1", 20000, true);
	for (unsigned i = 0; i < 3; i++) {
		assert_in_range(count_kept(rig, "88.1", 0, 2000), 1900, 2000);
	}
	for (unsigned round = 0; round < 60; round++) {
		snprintf(prefix, sizeof(prefix), "88.2.%u", round);
		put_many(rig, prefix, 2000, true);
		count_kept(rig, "88.1", 0, 1000);
	}
	assert_in_range(count_kept(rig, "88.1", 0, 1000), 850, 1000);
	assert_in_range(count_kept(rig, "88.1", 1000, 2000), 0, 150);
	assert_in_range(count_kept(rig, "88.1", 2000, 20000), 0, 900);
}

/* Most of them: what went is remembered by a hash, which another name's may displace. */
static void
names_that_went_too_early_are_welcome_back(void **state)
{
	enum { BACK_COUNT = 100 };
	struct rig *rig = *state;

	put_many(rig, "88.1", FULL_COUNT, true);
	put_many(rig, "88.2", BACK_COUNT, false);
	put_many(rig, "88.3", SCAN_COUNT, false);
	assert_int_equal(count_kept(rig, "88.2", 0, BACK_COUNT), 0);
	put_many(rig, "88.2", BACK_COUNT, false);
	put_many(rig, "88.4", SCAN_COUNT, false);
	assert_in_range(count_kept(rig, "88.2", 0, BACK_COUNT), BACK_COUNT / 4, BACK_COUNT);
}

/* Without asking for them, so that nothing is learnt from it. */
static unsigned
count_there(struct rig *rig, const char *prefix, unsigned count)
{
	unsigned there = 0;
	char name[32];

	for (unsigned i = 0; i < count; i++) {
		struct cache_entry entry;
		struct cache_key key;

		snprintf(name, sizeof(name), "%s/%u", prefix, i);
		key = key_of(name);
		there += cache_look(rig->cache, &key, 0, &entry) ? 1 : 0;
	}
	return there;
}

static void
put_sized_many(struct rig *rig, const char *prefix, unsigned count, size_t size)
{
	char name[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%u", prefix, i);
		put_sized(rig, name, size);
	}
}

static void
names_that_are_refreshed_keep_their_place(void **state)
{
	enum { COUNT = 100, MOST = 90 };
	struct rig *rig = *state;

	put_many(rig, "88.1", FULL_COUNT, true);
	put_many(rig, "88.2", COUNT, true);
	put_sized_many(rig, "88.2", COUNT, 2 * DATA_SIZE); /* They do not fit where they were. */
	put_many(rig, "88.3", SCAN_COUNT, false);
	assert_in_range(count_there(rig, "88.2", COUNT), MOST, COUNT);
	put_sized_many(rig, "88.2", COUNT, 4 * DATA_SIZE); /* Among the old by now. */
	put_many(rig, "88.4", SCAN_COUNT, false);
	assert_in_range(count_there(rig, "88.2", COUNT), MOST, COUNT);
}

static void
a_small_answer_in_place_of_a_large_one_gives_the_room_back(void **state)
{
	enum { LARGE_COUNT = 50, LARGE_SIZE = 60000 };
	struct rig *rig = *state;
	struct cache_stats stats;
	char name[32];

	for (unsigned i = 0; i < LARGE_COUNT; i++) {
		snprintf(name, sizeof(name), "88.1/%u", i);
		put_sized(rig, name, LARGE_SIZE);
		assert_true(has(rig, name, 0));
		put(rig, name, 1000, i, 0);
	}
	put_many(rig, "88.2", FULL_COUNT, false);
	cache_stats(rig->cache, &stats);
	assert_in_range(stats.entry_count, 20000, FULL_COUNT);
}

static void
all_that_is_there_counts_as_used(void **state)
{
	enum { COUNT = 1000 };
	struct rig *rig = *state;
	struct cache_stats stats;
	uint64_t before;

	put_many(rig, "88.1", COUNT, false);
	cache_stats(rig->cache, &stats);
	assert_int_equal(stats.entry_count, COUNT);
	assert_in_range(stats.used_size, COUNT * (DATA_SIZE + 48), COUNT * 256);
	before = stats.used_size;
	put_many(rig, "88.2", SCAN_COUNT, false); /* Some of them are among the old by now. */
	cache_stats(rig->cache, &stats);
	assert_in_range(stats.used_size, before * (stats.entry_count / COUNT), stats.size);
	assert_in_range(stats.used_size, 0, before * (stats.entry_count / COUNT + 1));
}

/* Two names of the same hash are not met by chance: another's hash is given instead. */
static void
names_are_told_apart_even_if_their_hash_is_the_same(void **state)
{
	struct rig *rig = *state;
	struct cache_key one = key_of("88.1/a");
	struct cache_key other = key_of("88.1/b");
	struct cache_key longer = key_of("88.1/ab");
	uint64_t hash = cache_hash(rig->cache, &one);

	put(rig, "88.1/a", 100, 1, 0);
	assert_non_null(cache_index_find(rig->cache, hash, &one));
	assert_null(cache_index_find(rig->cache, hash, &other));
	assert_null(cache_index_find(rig->cache, hash, &longer));
}

static void
a_drop_means_what_came_until_then_and_nothing_later(void **state)
{
	struct rig *rig = *state;

	put(rig, "88.1/a", 100, 1, 10);
	cache_drop_prefix(rig->cache, TEXT("88.1"), 10);
	assert_false(has(rig, "88.1/a", 10));
	put(rig, "88.1/a", 100, 1, 11);
	assert_true(has(rig, "88.1/a", 11));
	/* With everything the marks are forgotten, too. */
	cache_drop_prefix(rig->cache, TEXT("88.1"), 20);
	cache_drop_all(rig->cache);
	put(rig, "88.1/a", 100, 1, 20);
	assert_true(has(rig, "88.1/a", 20));
}

static void
a_later_drop_is_swept_as_the_first_was(void **state)
{
	struct rig *rig = *state;
	struct cache_stats stats;

	put_many(rig, "88.1", 1000, false);
	put_many(rig, "88.2", 1000, false);
	cache_drop_prefix(rig->cache, TEXT("88.1"), 1);
	assert_true(cache_tend(rig->cache, 1500)); /* Behind the last of 88.1. */
	cache_drop_prefix(rig->cache, TEXT("88.2"), 1);
	put(rig, "88.3/a", 100, 1, 2);
	assert_false(cache_tend(rig->cache, 10000));
	cache_stats(rig->cache, &stats);
	assert_int_equal(stats.entry_count, 1);
}

static void
drops_wait_for_the_sweep_and_are_forgotten_behind_it(void **state)
{
	struct rig *rig = *state;
	unsigned steps = 1;

	put_many(rig, "88.1", 10, false);
	put_many(rig, "88.2", 10, false);
	cache_drop_prefix(rig->cache, TEXT("88.1"), 1);
	cache_drop_prefix(rig->cache, TEXT("88.2"), 1);
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_DROPPED), 0);
	for (; cache_tend(rig->cache, 1); steps++) {
		assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_DROPPED), steps);
	}
	assert_int_equal(steps, 21);
	assert_int_equal(rig->cache->mark_count, 0);
}

static void
prefixes_of_every_size_that_a_name_may_have_are_dropped(void **state)
{
	struct rig *rig = *state;
	char name[HANDLE_NAME_SIZE_MAX + 2];

	put(rig, "8/a", 100, 1, 0);
	put(rig, "88/a", 100, 1, 0);
	cache_drop_prefix(rig->cache, (struct bytes){NULL, 0}, 1);
	assert_int_equal(rig->cache->mark_count, 0);
	cache_drop_prefix(rig->cache, TEXT("8"), 1);
	assert_false(has(rig, "8/a", 1));
	assert_true(has(rig, "88/a", 1));
	memset(name, '8', sizeof(name));
	memcpy(name + HANDLE_NAME_SIZE_MAX - 2, "/a", 3);
	put(rig, name, 100, 1, 0);
	assert_true(has(rig, name, 1));
	cache_drop_prefix(rig->cache, bytes_over(name, HANDLE_NAME_SIZE_MAX - 2), 1);
	assert_false(has(rig, name, 1));
	assert_int_equal(rig->cache->mark_count, 1);
	memset(name, '8', sizeof(name));
	cache_drop_prefix(rig->cache, bytes_over(name, HANDLE_NAME_SIZE_MAX), 1);
	assert_int_equal(rig->cache->mark_count, 2);
	cache_drop_prefix(rig->cache, bytes_over(name, HANDLE_NAME_SIZE_MAX + 1), 1);
	assert_int_equal(rig->cache->mark_count, 2);
}

static void
a_walk_passes_over_what_is_gone(void **state)
{
	struct rig *rig = *state;
	struct cache_seen seen;
	uint64_t cursor = 0;

	put(rig, "88.1/short", 10, 1, 0);
	put(rig, "88.1/long", 11, 1, 0);
	put(rig, "88.2/dropped", 11, 1, 0);
	cache_drop_prefix(rig->cache, TEXT("88.2"), 1);
	assert_true(cache_next(rig->cache, &cursor, 10000 + usual.stale_ms, &seen));
	assert_true(bytes_equal(seen.name, TEXT("88.1/long")));
	assert_true(seen.entry.is_stale);
	assert_false(cache_next(rig->cache, &cursor, 10000 + usual.stale_ms, &seen));
	cursor = 0;
	assert_false(cache_next(rig->cache, &cursor, 11000 + usual.stale_ms, &seen));
}

static void
only_what_is_fresh_and_hot_is_fetched_ahead(void **state)
{
	struct rig *rig = *state;
	struct cache_key key = key_of("88.1/fails");
	struct cache_answer failure = {.kind = CACHE_FAILURE, .response_code = 2};
	struct cache_entry entry;

	/* Asked for more often than an octet counts to. */
	put(rig, "88.1/hot", 100, 1, 0);
	for (unsigned i = 0; i < 256; i++) {
		assert_true(has(rig, "88.1/hot", 1));
	}
	assert_true(find(rig, "88.1/hot", 95000, &entry) && entry.is_prefetch_due);
	put(rig, "88.1/late", 100, 1, 0);
	for (unsigned i = 0; i < 10; i++) {
		assert_true(find(rig, "88.1/late", 100000, &entry) && !entry.is_prefetch_due);
	}
	cache_put(rig->cache, &key, &failure, 0, WALL_MS);
	for (unsigned i = 0; i < 10; i++) {
		assert_true(find(rig, "88.1/fails", usual.failure_ms - 1, &entry));
		assert_false(entry.is_prefetch_due);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_open, rig_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_still_asked_for_stays_and_what_no_longer_is_goes),
		TEST(names_that_went_too_early_are_welcome_back),
		TEST(names_that_are_refreshed_keep_their_place),
		TEST(a_small_answer_in_place_of_a_large_one_gives_the_room_back),
		TEST(all_that_is_there_counts_as_used),
		TEST(names_are_told_apart_even_if_their_hash_is_the_same),
		TEST(a_drop_means_what_came_until_then_and_nothing_later),
		TEST(a_later_drop_is_swept_as_the_first_was),
		TEST(drops_wait_for_the_sweep_and_are_forgotten_behind_it),
		TEST(prefixes_of_every_size_that_a_name_may_have_are_dropped),
		TEST(a_walk_passes_over_what_is_gone),
		TEST(only_what_is_fresh_and_hot_is_fetched_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
