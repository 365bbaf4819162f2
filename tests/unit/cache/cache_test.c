/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/cache/cache_rig.h"

#include <stdio.h>

static void
put_kind(struct rig *rig, const char *name, enum cache_kind kind, uint16_t code, int64_t now_ms)
{
	struct cache_key key = key_of(name);
	struct cache_answer answer = {.kind = kind, .response_code = code};

	cache_put(rig->cache, &key, &answer, now_ms, WALL_MS + now_ms);
}

static uint32_t
mark_of(const struct cache_entry *entry)
{
	struct wire_reader walk = handle_value_list_walk(&entry->values);
	struct handle_value value;
	uint32_t mark;

	assert_true(handle_value_next(&walk, &value));
	memcpy(&mark, value.data.at, sizeof(mark));
	return mark;
}

static void
what_was_put_is_found_as_it_was(void **state)
{
	struct rig *rig = *state;
	struct cache_key key = key_of("88.100/a");
	struct cache_answer answer = {.kind = CACHE_VALUES,
		.response_code = 1,
		.values = list_of(rig, HANDLE_TTL_RELATIVE, 100, 7, DATA_SIZE),
		.is_certified = true};
	struct cache_entry entry;

	assert_false(has(rig, "88.100/a", 5));
	cache_put(rig->cache, &key, &answer, 5, WALL_MS);
	assert_true(find(rig, "88.100/a", 6, &entry));
	assert_int_equal(entry.kind, CACHE_VALUES);
	assert_int_equal(entry.response_code, 1);
	assert_int_equal(entry.values.count, 1);
	assert_true(bytes_equal(entry.values.octets, answer.values.octets));
	assert_int_equal(entry.stored_ms, 5);
	assert_int_equal(entry.expires_ms, 100005);
	assert_true(entry.is_certified);
	assert_false(entry.is_stale || entry.is_held || entry.is_prefetch_due);
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_HITS), 1);
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_MISSES), 1);
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_PUTS), 1);
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_ENTRIES), 1);
}

static void
names_are_folded_in_the_prefix_alone(void **state)
{
	struct rig *rig = *state;
	struct cache_key key;

	put(rig, "10.AbC/Suffix", 100, 1, 0);
	assert_true(has(rig, "10.aBc/Suffix", 1));
	assert_false(has(rig, "10.abc/suffix", 1));
	put(rig, "0.NA/10.abc", 100, 1, 0);
	assert_true(has(rig, "0.na/10.ABC", 1));
	assert_true(has(rig, "10.abc", 1)); /* Without a slash: the prefix handle. */
	assert_true(cache_key_over(&key, TEXT("10.abc/Suffix"), CACHE_CERTIFIED));
	assert_false(cache_find(rig->cache, &key, 1, &(struct cache_entry){0}));
}

static void
names_of_no_octet_or_too_many_have_no_key(void **state)
{
	static uint8_t name[HANDLE_NAME_SIZE_MAX + 1];
	struct cache_key key;

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_false(cache_key_over(&key, (struct bytes){NULL, 0}, CACHE_NORMAL));
	assert_false(cache_key_over(&key, bytes_over(name, sizeof(name)), CACHE_NORMAL));
	assert_true(cache_key_over(&key, bytes_over(name, sizeof(name) - 1), CACHE_NORMAL));
	assert_int_equal(key.size, HANDLE_NAME_SIZE_MAX + 6);
	name[3] = '/';
	assert_true(cache_key_over(&key, bytes_over(name, sizeof(name) - 1), CACHE_CERTIFIED));
	assert_int_equal(key.size, HANDLE_NAME_SIZE_MAX + 1);
	assert_int_equal(key.octets[HANDLE_NAME_SIZE_MAX], 'a');
}

static int64_t
lifetime(struct rig *rig, uint8_t ttl_kind, uint32_t ttl, int64_t ttl_min_ms, int64_t most_ms)
{
	struct cache_limits limits = usual;
	struct cache_answer answer = {.kind = CACHE_VALUES,
		.values = list_of(rig, ttl_kind, ttl, 1, DATA_SIZE),
		.lifetime_ms = most_ms};

	limits.ttl_min_ms = ttl_min_ms;
	return cache_lifetime_ms(&limits, &answer, WALL_MS);
}

static void
lifetimes_keep_their_floor_their_cap_and_the_delegation(void **state)
{
	struct rig *rig = *state;
	const uint8_t relative = HANDLE_TTL_RELATIVE, absolute = HANDLE_TTL_ABSOLUTE;

	assert_int_equal(lifetime(rig, relative, 0, 0, 0), 0);
	assert_int_equal(lifetime(rig, relative, 1, 0, 0), 1000);
	assert_int_equal(lifetime(rig, relative, 1, 5000, 0), 5000);
	assert_int_equal(lifetime(rig, relative, 3599, 0, 0), HOUR_MS - 1000);
	assert_int_equal(lifetime(rig, relative, 3601, 0, 0), HOUR_MS);
	assert_int_equal(lifetime(rig, relative, UINT32_MAX, 0, 0), HOUR_MS);
	assert_int_equal(lifetime(rig, relative, 100, 0, 99999), 99999);
	assert_int_equal(lifetime(rig, relative, 100, 0, 100001), 100000);
	assert_int_equal(lifetime(rig, relative, 1, 5000, 2000), 2000);
	assert_int_equal(lifetime(rig, absolute, WALL_S + 10, 0, 0), 10000);
	assert_int_equal(lifetime(rig, absolute, WALL_S + 10, 20000, 0), 10000);
	assert_int_equal(lifetime(rig, absolute, WALL_S, 5000, 0), 0);
	assert_int_equal(lifetime(rig, absolute, WALL_S - 10, 5000, 0), 0);
	assert_int_equal(lifetime(rig, absolute, UINT32_MAX, 0, 0), HOUR_MS);
}

static void
the_shortest_lived_value_decides(void **state)
{
	struct cache_answer answer = {.kind = CACHE_VALUES};
	struct wire_writer writer;
	uint8_t octets[256];

	(void)state;
	writer = wire_writer_over(octets, sizeof(octets));
	for (uint32_t i = 1; i <= 3; i++) {
		handle_value_write(
			&writer, &(struct handle_value){.index = i, .ttl = i == 2 ? 30 : 100 * i});
	}
	answer.values = (struct handle_value_list){3, wire_written(&writer)};
	assert_int_equal(cache_lifetime_ms(&usual, &answer, WALL_MS), 30000);
}

static void
negative_answers_and_failures_have_times_of_their_own(void **state)
{
	struct rig *rig = *state;
	struct cache_answer failure = {
		.kind = CACHE_FAILURE, .lifetime_ms = CACHE_FAILURE_MS_MAX + 1};
	struct cache_limits limits = usual;
	struct cache_entry entry;

	limits.stale_ms = 0;
	cache_use(rig->cache, &limits);
	put_kind(rig, "88.1/none", CACHE_NEGATIVE, 100, 0);
	put_kind(rig, "88.1/fails", CACHE_FAILURE, 3, 0);
	assert_true(find(rig, "88.1/none", 59999, &entry));
	assert_int_equal(entry.kind, CACHE_NEGATIVE);
	assert_int_equal(entry.response_code, 100);
	assert_int_equal(entry.values.count, 0);
	assert_false(has(rig, "88.1/none", 60000));
	assert_true(find(rig, "88.1/fails", 4999, &entry));
	assert_int_equal(entry.kind, CACHE_FAILURE);
	assert_false(has(rig, "88.1/fails", 5000));
	assert_int_equal(cache_lifetime_ms(&limits, &failure, WALL_MS), CACHE_FAILURE_MS_MAX);
	failure.lifetime_ms = 60000;
	assert_int_equal(cache_lifetime_ms(&limits, &failure, WALL_MS), 60000);
}

static void
an_entry_is_fresh_then_stale_then_gone(void **state)
{
	struct rig *rig = *state;
	const int64_t gone_ms = 10000 + usual.stale_ms;
	struct cache_entry entry;

	put(rig, "88.1/a", 10, 1, 0);
	put_kind(rig, "88.1/fails", CACHE_FAILURE, 3, 0);
	assert_true(find(rig, "88.1/a", 9999, &entry) && !entry.is_stale);
	assert_true(find(rig, "88.1/a", 10000, &entry) && entry.is_stale && !entry.is_held);
	assert_true(find(rig, "88.1/a", gone_ms - 1, &entry) && entry.is_stale);
	assert_false(has(rig, "88.1/a", gone_ms));
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_STALE), 2);
	assert_false(has(rig, "88.1/fails", 5000)); /* Failures are never given late. */
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_ENTRIES), 0);
}

static void
a_failure_holds_what_is_stale_and_spares_what_is_fresh(void **state)
{
	struct rig *rig = *state;
	struct cache_entry entry;

	put(rig, "88.1/a", 10, 1, 0);
	put_kind(rig, "88.1/a", CACHE_FAILURE, 3, 9000);
	assert_true(find(rig, "88.1/a", 9000, &entry) && entry.kind == CACHE_VALUES);
	assert_true(find(rig, "88.1/a", 12000, &entry) && entry.is_stale && !entry.is_held);
	put_kind(rig, "88.1/a", CACHE_FAILURE, 3, 12000);
	assert_true(find(rig, "88.1/a", 16999, &entry) && entry.is_held && entry.is_stale);
	assert_int_equal(mark_of(&entry), 1);
	assert_true(find(rig, "88.1/a", 17000, &entry) && !entry.is_held);
	put(rig, "88.1/a", 10, 2, 17000);
	assert_true(find(rig, "88.1/a", 17000, &entry) && !entry.is_stale && !entry.is_held);
	assert_int_equal(mark_of(&entry), 2);
	assert_true(find(rig, "88.1/a", 27000, &entry) && entry.is_stale && !entry.is_held);
	/* Long after its time there is nothing to hold. */
	put_kind(rig, "88.1/a", CACHE_FAILURE, 3, 27000 + usual.stale_ms);
	assert_true(find(rig, "88.1/a", 27000 + usual.stale_ms, &entry));
	assert_int_equal(entry.kind, CACHE_FAILURE);
}

static void
an_answer_that_may_not_be_kept_takes_away_what_was_there(void **state)
{
	struct rig *rig = *state;

	put(rig, "88.1/a", 10, 1, 0);
	put(rig, "88.1/a", 0, 2, 1);
	assert_false(has(rig, "88.1/a", 1));
}

static void
a_negative_answer_replaces_values(void **state)
{
	struct rig *rig = *state;
	struct cache_entry entry;

	put(rig, "88.1/a", 10, 1, 0);
	put_kind(rig, "88.1/a", CACHE_NEGATIVE, 100, 20000);
	assert_true(find(rig, "88.1/a", 20000, &entry));
	assert_int_equal(entry.kind, CACHE_NEGATIVE);
	assert_false(entry.is_stale);
}

static void
a_hot_name_is_to_be_fetched_once_before_its_time_is_over(void **state)
{
	struct rig *rig = *state;
	struct cache_entry entry;

	put(rig, "88.1/hot", 100, 1, 0);
	put(rig, "88.1/cold", 100, 1, 0);
	assert_true(has(rig, "88.1/hot", 1) && has(rig, "88.1/hot", 2));
	assert_true(find(rig, "88.1/hot", 89999, &entry) && !entry.is_prefetch_due);
	assert_true(find(rig, "88.1/cold", 95000, &entry) && !entry.is_prefetch_due);
	assert_true(find(rig, "88.1/cold", 95001, &entry) && !entry.is_prefetch_due);
	assert_true(find(rig, "88.1/hot", 90000, &entry) && entry.is_prefetch_due);
	assert_true(find(rig, "88.1/hot", 90001, &entry) && !entry.is_prefetch_due);
	put(rig, "88.1/hot", 100, 2, 90000); /* Another lifetime: it must become hot again. */
	assert_true(find(rig, "88.1/hot", 185000, &entry) && !entry.is_prefetch_due);
	assert_true(find(rig, "88.1/hot", 185001, &entry) && !entry.is_prefetch_due);
	assert_true(find(rig, "88.1/hot", 185002, &entry) && entry.is_prefetch_due);
}

static void
looking_ahead_finds_and_changes_nothing(void **state)
{
	struct rig *rig = *state;
	static const uint8_t long_name[HANDLE_NAME_SIZE_MAX + 1] = {'a', '/'};
	const struct bytes names[] = {TEXT("88.1/hot"), TEXT("88.1/HOT"), TEXT("88.1/none"),
		{NULL, 0}, bytes_over(long_name, sizeof(long_name)), TEXT("88.1"),
		TEXT("88.1/large")};
	struct cache_key large = key_of("88.1/large");
	struct cache_answer answer = {.kind = CACHE_VALUES};
	struct bytes batch[UDP_BATCH_MAX];
	struct cache_entry entry;

	cache_look_ahead(rig->cache, names, 0);
	put(rig, "88.1/hot", 100, 7, 0);
	answer.values = list_of(rig, HANDLE_TTL_RELATIVE, 100, 8, 50000);
	cache_put(rig->cache, &large, &answer, 0, WALL_MS);
	for (size_t i = 0; i < UDP_BATCH_MAX; i++) {
		batch[i] = names[i % (sizeof(names) / sizeof(names[0]))];
	}
	for (size_t i = 0; i < 10; i++) {
		cache_look_ahead(rig->cache, batch, UDP_BATCH_MAX);
	}
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_HITS), 0);
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_MISSES), 0);
	for (unsigned i = 1; i <= CACHE_HOT_COUNT; i++) {
		assert_true(find(rig, "88.1/hot", 95000, &entry));
		assert_int_equal(mark_of(&entry), 7);
		assert_int_equal(entry.is_prefetch_due, i == CACHE_HOT_COUNT);
	}
	assert_true(find(rig, "88.1/large", 1, &entry));
	assert_int_equal(mark_of(&entry), 8);
}

static void
nothing_is_prefetched_when_told_so(void **state)
{
	struct rig *rig = *state;
	struct cache_limits limits = usual;
	struct cache_entry entry;

	limits.prefetch_percent = 0;
	cache_use(rig->cache, &limits);
	put(rig, "88.1/hot", 100, 1, 0);
	for (int i = 0; i < 10; i++) {
		assert_true(find(rig, "88.1/hot", 99999, &entry) && !entry.is_prefetch_due);
	}
}

static void
a_dropped_name_is_gone_however_it_was_asked_for(void **state)
{
	struct rig *rig = *state;
	struct cache_answer answer = {.kind = CACHE_NEGATIVE, .is_certified = true};
	struct cache_key key;

	assert_false(cache_drop(rig->cache, TEXT("88.1/a")));
	assert_false(cache_drop(rig->cache, (struct bytes){NULL, 0}));
	put(rig, "88.1/a", 10, 1, 0);
	put(rig, "88.1/b", 10, 1, 0);
	assert_true(cache_key_over(&key, TEXT("88.1/a"), CACHE_CERTIFIED));
	cache_put(rig->cache, &key, &answer, 0, WALL_MS);
	assert_true(cache_drop(rig->cache, TEXT("88.1/a")));
	assert_false(has(rig, "88.1/a", 1));
	assert_false(cache_find(rig->cache, &key, 1, &(struct cache_entry){0}));
	assert_true(has(rig, "88.1/b", 1));
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_DROPPED), 2);
}

static void
a_dropped_prefix_takes_all_below_it_and_nothing_beside(void **state)
{
	static const char *below[] = {
		"88.1a/x", "88.1A.5/x", "0.NA/88.1A", "0.NA/88.1A.5", "88.1a/"};
	static const char *beside[] = {"88.1ab/x", "88.1/x", "88/x", "0.NA/88.1AB", "0.NA/88",
		"9/88.1A", "0.NA/77.1A",
		"1234588.1A.5/x"}; /* The last: behind five octets, where a prefix handle has its own. */
	struct rig *rig = *state;
	struct cache_stats before, after;

	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		put(rig, below[i], 100, 1, 0);
	}
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		put(rig, beside[i], 100, 1, 0);
	}
	cache_drop_prefix(rig->cache, TEXT("88.1a"), 10);
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		assert_false(has(rig, below[i], 11));
	}
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		assert_true(has(rig, beside[i], 11));
	}
	put(rig, "88.1a/x", 100, 2, 11); /* What is learnt later is not meant. */
	assert_true(has(rig, "88.1a/x", 12));
	cache_stats(rig->cache, &before);
	assert_false(cache_tend(rig->cache, 1000));
	assert_true(has(rig, "88.1a/x", 12));
	cache_stats(rig->cache, &after);
	assert_int_equal(before.entry_count, after.entry_count);
}

static void
a_dropped_prefix_is_swept_bit_by_bit(void **state)
{
	struct rig *rig = *state;
	struct cache_stats stats;
	size_t rounds = 0;
	char name[32];

	for (unsigned i = 0; i < 8000; i++) {
		snprintf(name, sizeof(name), "88.%u/%u", i % 2, i);
		put(rig, name, 100, i, 0);
	}
	cache_drop_prefix(rig->cache, TEXT("88.1"), 10);
	while (cache_tend(rig->cache, 100)) {
		rounds++;
	}
	assert_in_range(rounds, 80, 81);
	cache_stats(rig->cache, &stats);
	assert_int_equal(stats.entry_count, 4000);
	assert_int_equal(monitor_read(rig->monitor, METRIC_CACHE_DROPPED), 4000);
}

static void
more_prefixes_than_marks_are_dropped_all_the_same(void **state)
{
	struct rig *rig = *state;
	char name[32];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "88.%u/x", i);
		put(rig, name, 100, i, 0);
	}
	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "88.%u", i);
		cache_drop_prefix(rig->cache, bytes_from_string(name), 10);
	}
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "88.%u/x", i);
		assert_int_equal(has(rig, name, 11), i >= 50);
	}
}

static void
everything_can_be_forgotten_at_once(void **state)
{
	struct rig *rig = *state;
	struct cache_stats stats;
	char name[32];

	for (unsigned i = 0; i < 50000; i++) {
		snprintf(name, sizeof(name), "88.1/%u", i);
		put(rig, name, 100, i, 0);
	}
	cache_drop_all(rig->cache);
	cache_stats(rig->cache, &stats);
	assert_int_equal(stats.entry_count, 0);
	assert_int_equal(stats.used_size, 0);
	assert_false(has(rig, "88.1/49999", 1));
	put(rig, "88.1/1", 100, 1, 1);
	assert_true(has(rig, "88.1/1", 1));
}

static void
an_answer_too_large_is_not_kept(void **state)
{
	struct rig *rig = *state;
	struct cache_key key = key_of("88.1/a");
	struct cache_answer answer = {.kind = CACHE_VALUES};

	put(rig, "88.1/a", 100, 1, 0);
	answer.values = list_of(rig, HANDLE_TTL_RELATIVE, 100, 2, HANDLE_VALUE_DATA_SIZE_MAX);
	cache_put(rig->cache, &key, &answer, 0, WALL_MS);
	assert_false(has(rig, "88.1/a", 1)); /* What was there is not true any more. */
	answer.values = list_of(rig, HANDLE_TTL_RELATIVE, 100, 2, 65536);
	cache_put(rig->cache, &key, &answer, 0, WALL_MS);
	assert_true(has(rig, "88.1/a", 1));
}

/* Names asked for again and again, among ten times as many that nobody asks for twice as the
 * cache can hold. */
static void
a_scan_does_not_wash_out_what_is_asked_for(void **state)
{
	enum { HOT = 2000, SCAN = 300000 };
	struct rig *rig = *state;
	struct cache_stats stats;
	unsigned kept = 0;
	char name[32];

	for (unsigned i = 0; i < SCAN; i++) {
		snprintf(name, sizeof(name), "88.1/%u", i);
		put(rig, name, 1000, i, i);
		snprintf(name, sizeof(name), "88.2/%u", i % HOT);
		if (!has(rig, name, i)) {
			put(rig, name, 1000, i % HOT, i);
		}
	}
	for (unsigned i = 0; i < HOT; i++) {
		snprintf(name, sizeof(name), "88.2/%u", i);
		kept += has(rig, name, SCAN) ? 1 : 0;
	}
	assert_in_range(kept, HOT * 98 / 100, HOT);
	cache_stats(rig->cache, &stats);
	assert_true(monitor_read(rig->monitor, METRIC_CACHE_EVICTED) > SCAN / 2);
	assert_true(stats.used_size <= stats.size);
	assert_true(stats.entry_count <= stats.entry_count_max);
}

/* A simple model beside it: what is found is what was put last, and not beyond its time. */
enum { MODEL_NAMES = 30000 };

struct model {
	uint32_t mark; /* 0: nothing. */
	size_t size;
	int64_t gone_ms;
};

static void
model_put(struct rig *rig, struct model *model, const char *name, uint32_t mark, int64_t now_ms)
{
	struct cache_key key = key_of(name);
	struct cache_answer answer = {.kind = CACHE_VALUES, .response_code = 1};
	uint32_t ttl = 1 + mark % 50;

	model->mark = mark;
	model->size = 4 + mark % 997 * (mark % 31 == 0 ? 40 : 1);
	model->gone_ms = now_ms + ttl * 1000 + usual.stale_ms;
	answer.values = list_of(rig, HANDLE_TTL_RELATIVE, ttl, mark, model->size);
	cache_put(rig->cache, &key, &answer, now_ms, WALL_MS);
}

static size_t
model_check(struct rig *rig, const struct model *model, const char *name, int64_t now_ms)
{
	struct cache_entry entry;
	struct wire_reader walk;
	struct handle_value value;

	if (!find(rig, name, now_ms, &entry)) {
		return 0;
	}
	assert_int_not_equal(model->mark, 0);
	assert_int_equal(mark_of(&entry), model->mark);
	assert_true(now_ms < model->gone_ms);
	walk = handle_value_list_walk(&entry.values);
	assert_true(handle_value_next(&walk, &value));
	assert_int_equal(value.data.size, model->size);
	return 1;
}

static void
whatever_happens_it_never_tells_anything_but_the_last_answer(void **state)
{
	struct model *models = calloc(MODEL_NAMES, sizeof(*models));
	struct rig *rig = *state;
	uint64_t seed = 88;
	size_t found = 0, seen = 0;
	struct cache_seen entry;
	struct cache_stats stats;
	uint64_t cursor = 0;
	char name[32];
	int64_t now_ms = 0;

	assert_non_null(models);
	for (uint32_t i = 1; i <= 300000; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		uint32_t number = (uint32_t)(seed >> 33) % MODEL_NAMES;
		unsigned act = (unsigned)(seed >> 20) % 1000;

		number = act % 3 == 0 ? number : number % 1000;
		now_ms += i % 4 == 0;
		snprintf(name, sizeof(name), "88.%u/%u", number % 7, number);
		if (act < 500) {
			model_put(rig, &models[number], name, i, now_ms);
		} else if (act < 990) {
			found += model_check(rig, &models[number], name, now_ms);
		} else if (act < 999) {
			cache_drop(rig->cache, bytes_from_string(name));
			models[number].mark = 0;
		} else if (i % 50 == 0) {
			snprintf(name, sizeof(name), "88.%u", number % 7);
			cache_drop_prefix(rig->cache, bytes_from_string(name), now_ms++);
			for (uint32_t k = number % 7; k < MODEL_NAMES; k++) {
				models[k].mark = k % 7 == number % 7 ? 0 : models[k].mark;
			}
		}
	}
	while (cache_next(rig->cache, &cursor, now_ms, &entry)) {
		seen++;
	}
	cache_tend(rig->cache, SIZE_MAX);
	cache_stats(rig->cache, &stats);
	assert_int_equal(seen, stats.entry_count);
	assert_int_equal(stats.entry_count, monitor_read(rig->monitor, METRIC_CACHE_ENTRIES));
	assert_true(found > 50000);
	free(models);
}

static void
a_walk_sees_each_entry_once(void **state)
{
	struct rig *rig = *state;
	static bool is_seen[1000];
	struct cache_seen seen;
	uint64_t cursor = 0;
	size_t count = 0;
	char name[32];

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "88.1A/n%u", i);
		put(rig, name, 100, i, 0);
	}
	assert_true(cache_drop(rig->cache, TEXT("88.1A/n77")));
	while (cache_next(rig->cache, &cursor, 1, &seen)) {
		uint32_t mark = mark_of(&seen.entry);

		snprintf(name, sizeof(name), "88.1A/n%u", mark);
		assert_true(bytes_equal(seen.name, bytes_from_string(name)));
		assert_int_equal(seen.question, CACHE_NORMAL);
		assert_false(is_seen[mark]);
		is_seen[mark] = true;
		count++;
	}
	assert_int_equal(count, 999);
	assert_false(is_seen[77]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_open, rig_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_put_is_found_as_it_was),
		TEST(names_are_folded_in_the_prefix_alone),
		TEST(names_of_no_octet_or_too_many_have_no_key),
		TEST(lifetimes_keep_their_floor_their_cap_and_the_delegation),
		TEST(the_shortest_lived_value_decides),
		TEST(negative_answers_and_failures_have_times_of_their_own),
		TEST(an_entry_is_fresh_then_stale_then_gone),
		TEST(a_failure_holds_what_is_stale_and_spares_what_is_fresh),
		TEST(an_answer_that_may_not_be_kept_takes_away_what_was_there),
		TEST(a_negative_answer_replaces_values),
		TEST(a_hot_name_is_to_be_fetched_once_before_its_time_is_over),
		TEST(looking_ahead_finds_and_changes_nothing),
		TEST(nothing_is_prefetched_when_told_so),
		TEST(a_dropped_name_is_gone_however_it_was_asked_for),
		TEST(a_dropped_prefix_takes_all_below_it_and_nothing_beside),
		TEST(a_dropped_prefix_is_swept_bit_by_bit),
		TEST(more_prefixes_than_marks_are_dropped_all_the_same),
		TEST(everything_can_be_forgotten_at_once),
		TEST(an_answer_too_large_is_not_kept),
		TEST(a_scan_does_not_wash_out_what_is_asked_for),
		TEST(whatever_happens_it_never_tells_anything_but_the_last_answer),
		TEST(a_walk_sees_each_entry_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
