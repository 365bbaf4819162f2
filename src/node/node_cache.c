/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_cache.h"

#include "base/clock.h"
#include "base/text_writer.h"
#include "cache/cache_snapshot.h"
#include "journal/journal.h"
#include "node/node.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	STEP_SIZE = 65536, /* Octets between two waits: some tens of microseconds. */
	STEP_MS = 5,
	TEND_MS = 10,
	TEND_COUNT = 4096,
	FILE_COUNT_MAX = 64, /* As many as workers. */
	MIB = 1 << 20,
	PREFIX_HANDLE_SIZE = 5, /* "0.NA/" */
};

struct node_cache {
	struct cache *cache;
	struct loop *loop;
	struct monitor_row *row;
	uint32_t snapshot_ms; /* 0: the cache is not saved. */
	struct cache_save *save; /* NULL: none is under way. */
	struct loop_timer save_timer;
	struct loop_timer tend_timer;
	struct ledger *ledger;
	struct ledger_watch watch;
	uint64_t place; /* The journal was looked through so far. */
	char path[NODE_PATH_SIZE_MAX];
};

static struct cache_limits
limits_from(const struct settings *settings, size_t worker_count)
{
	return (struct cache_limits){
		.size = (uint64_t)settings->cache_size_mib * MIB / worker_count,
		.ttl_min_ms = (int64_t)settings->cache_ttl_min_s * 1000,
		.ttl_max_ms = (int64_t)settings->cache_ttl_max_s * 1000,
		.negative_ms = (int64_t)settings->cache_negative_s * 1000,
		.failure_ms = (int64_t)settings->cache_failure_s * 1000,
		.stale_ms = (int64_t)settings->cache_stale_s * 1000,
		.prefetch_percent = settings->cache_prefetch_percent,
	};
}

static struct cache_time
time_now(void)
{
	return (struct cache_time){clock_monotonic_ms(), clock_wall_ms()};
}

static enum status
cache_path(const char *directory, size_t number, char *ret_path, struct problem *problem)
{
	char name[32];
	struct text_writer writer = text_writer_over(name, sizeof(name));

	text_write_string(&writer, "cache.");
	text_write_u64(&writer, number);
	text_write_char(&writer, '\0');
	return node_path(directory, name, ret_path, problem);
}

/* Its own file, and those of workers that the node does not have any more. */
static void
files_read(struct node_cache *cache, const struct node_cache_parts *parts)
{
	const struct cache_time time = time_now();

	for (size_t i = parts->number; i < FILE_COUNT_MAX; i += parts->worker_count) {
		char path[NODE_PATH_SIZE_MAX];
		size_t count = 0;
		enum status status = cache_path(parts->directory, i, path, NULL);

		if (status == STATUS_OK) {
			status = cache_load(cache->cache, path, &time, &count, NULL);
		}
		if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
			monitor_add(cache->row, METRIC_CACHE_SNAPSHOT_FAULTS, 1);
		}
		if (i != parts->number && status != STATUS_NOT_FOUND) {
			unlink(path);
		}
	}
}

static void save_due(void *context);

static void
save_wait(struct node_cache *cache, uint32_t wait_ms)
{
	loop_timer_set(cache->loop, &cache->save_timer, loop_now_ms(cache->loop) + wait_ms,
		save_due, cache);
}

static void
save_end(struct node_cache *cache, enum status status)
{
	if (status != STATUS_OK) {
		monitor_add(cache->row, METRIC_CACHE_SNAPSHOT_FAULTS, 1);
	}
	cache_save_free(cache->save);
	cache->save = NULL;
}

static void
save_due(void *context)
{
	struct node_cache *cache = context;
	const struct cache_time time = time_now();
	enum status status = STATUS_OK;
	bool is_done = false;

	if (cache->save == NULL) {
		status = cache_save_begin(cache->cache, cache->path, &time, &cache->save, NULL);
	}
	if (status == STATUS_OK) {
		status = cache_save_step(cache->save, STEP_SIZE, &time, &is_done, NULL);
	}
	if (status != STATUS_OK || is_done) {
		save_end(cache, status);
		save_wait(cache, cache->snapshot_ms);
	} else {
		save_wait(cache, STEP_MS);
	}
}

static void
save_all(struct node_cache *cache)
{
	const struct cache_time time = time_now();
	bool is_done = false;
	enum status status;

	save_end(cache, STATUS_OK);
	status = cache_save_begin(cache->cache, cache->path, &time, &cache->save, NULL);
	while (status == STATUS_OK && !is_done) {
		status = cache_save_step(cache->save, SIZE_MAX, &time, &is_done, NULL);
	}
	save_end(cache, status);
}

/* Entries that came since: prefixes that moved in or out. */
static void
ledger_grown(void *context)
{
	struct node_cache *cache = context;
	struct journal *journal = ledger_journal(cache->ledger);
	struct journal_entry entry;

	ledger_watch_arm(&cache->watch);
	while (cache->place < journal_end(journal) &&
		journal_read(journal, cache->place, &entry) == STATUS_OK) {
		if (entry.kind == JOURNAL_HOME || entry.kind == JOURNAL_UNHOME) {
			node_cache_drop_prefix(
				cache, bytes_slice(entry.key, PREFIX_HANDLE_SIZE, SIZE_MAX));
		}
		cache->place = entry.next;
	}
}

static void
ledger_follow(struct node_cache *cache, struct ledger *ledger)
{
	cache->ledger = ledger;
	if (ledger != NULL) {
		cache->place = journal_end(ledger_journal(ledger));
		cache->watch = (struct ledger_watch){
			.loop = cache->loop, .grown = ledger_grown, .context = cache};
		ledger_watch_begin(ledger, &cache->watch);
		ledger_watch_arm(&cache->watch);
	}
}

enum status
node_cache_open(const struct node_cache_parts *parts, struct node_cache **ret_cache,
	struct problem *problem)
{
	const struct cache_limits limits = limits_from(parts->settings, parts->worker_count);
	struct node_cache *cache = calloc(1, sizeof(*cache));
	enum status status;

	if (cache == NULL) {
		return problem_system(problem, "cannot make a cache");
	}
	cache->loop = parts->loop;
	cache->row = parts->row;
	cache->cache = cache_new(&limits, parts->row);
	if (cache->cache == NULL) {
		status = problem_system(problem, "cannot map the memory that cache.size_mib says");
	} else {
		status = cache_path(parts->directory, parts->number, cache->path, problem);
	}
	if (status != STATUS_OK) {
		cache_free(cache->cache);
		free(cache);
		return status;
	}
	if (parts->settings->cache_snapshot_s > 0) {
		files_read(cache, parts);
	}
	node_cache_use(cache, parts->settings);
	ledger_follow(cache, parts->ledger);
	*ret_cache = cache;
	return STATUS_OK;
}

void
node_cache_use(struct node_cache *cache, const struct settings *settings)
{
	const struct cache_limits limits = limits_from(settings, 1);
	uint32_t snapshot_ms = settings->cache_snapshot_s * 1000;

	cache_use(cache->cache, &limits);
	if (snapshot_ms == cache->snapshot_ms) {
		return;
	}
	cache->snapshot_ms = snapshot_ms;
	save_end(cache, STATUS_OK);
	if (snapshot_ms > 0) {
		save_wait(cache, snapshot_ms);
	} else {
		loop_timer_clear(cache->loop, &cache->save_timer);
	}
}

void
node_cache_close(struct node_cache *cache)
{
	if (cache == NULL) {
		return;
	}
	if (cache->snapshot_ms > 0) {
		save_all(cache);
	}
	save_end(cache, STATUS_OK);
	if (cache->ledger != NULL) {
		ledger_watch_end(cache->ledger, &cache->watch);
	}
	loop_timer_clear(cache->loop, &cache->save_timer);
	loop_timer_clear(cache->loop, &cache->tend_timer);
	cache_free(cache->cache);
	free(cache);
}

struct cache *
node_cache_get(const struct node_cache *cache)
{
	return cache == NULL ? NULL : cache->cache;
}

/* What was saved may hold what is to be forgotten: it must not come back by a restart. */
static void
file_forget(struct node_cache *cache)
{
	if (cache->snapshot_ms > 0) {
		save_end(cache, STATUS_OK);
		unlink(cache->path);
		save_wait(cache, cache->snapshot_ms);
	}
}

size_t
node_cache_drop(struct node_cache *cache, struct bytes name)
{
	struct cache_stats before, after;

	file_forget(cache);
	cache_stats(cache->cache, &before);
	cache_drop(cache->cache, name);
	cache_stats(cache->cache, &after);
	return before.entry_count - after.entry_count;
}

static void
tend_due(void *context)
{
	struct node_cache *cache = context;

	if (cache_tend(cache->cache, TEND_COUNT)) {
		loop_timer_set(cache->loop, &cache->tend_timer, loop_now_ms(cache->loop) + TEND_MS,
			tend_due, cache);
	}
}

void
node_cache_drop_prefix(struct node_cache *cache, struct bytes prefix)
{
	file_forget(cache);
	cache_drop_prefix(cache->cache, prefix, loop_now_ms(cache->loop));
	tend_due(cache);
}

size_t
node_cache_drop_all(struct node_cache *cache)
{
	struct cache_stats stats;

	file_forget(cache);
	cache_stats(cache->cache, &stats);
	cache_drop_all(cache->cache);
	return stats.entry_count;
}
