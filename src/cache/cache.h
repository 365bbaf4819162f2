/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "base/problem.h"
#include "handle/handle_value.h"
#include "monitor/monitor.h"

/*
 * What other servers answered, kept for as long as they said.
 *
 * A cache belongs to one worker and is used by its thread alone: no locks, and the node's
 * budget of octets is divided by the workers. One mapping, made at start, holds everything;
 * nothing is allocated afterwards, and nothing is ever larger than the budget.
 *
 *     if (cache_key_over(&key, name, CACHE_NORMAL) && cache_find(cache, &key, now_ms, &entry)) {
 *             answer with entry.response_code and entry.values;
 *             if (entry.is_stale ? !entry.is_held : entry.is_prefetch_due) ask upstream, too;
 *     }
 *     ...
 *     cache_put(cache, &key, &answer, now_ms, wall_ms);
 *
 * An entry is fresh until its time is over, then stale for `stale_ms`, then gone. Stale
 * entries are for the case that nobody upstream answers (the spirit of RFC 8767): cache_put()
 * of a failure leaves them in their place and holds them, so that whoever asks gets them at
 * once and upstream is left alone for as long as the failure lasts.
 *
 * What gives way when room is short (after S3-FIFO, Yang et al., SOSP 2023): new names queue in
 * a tenth of the room, and only those asked for again move on to the rest, where those asked for
 * since they were last looked at go round once more. A scan of names that nobody asks for twice
 * therefore washes through the tenth. Each step is bounded.
 *
 * Keys are hashed with a random seed. Even who found names of the same hash would only make
 * sixteen of them displace each other: a look-up reads two lines of the index at most.
 */
struct cache;

struct cache_limits {
	uint64_t size; /* Octets of the mapping, index included; CACHE_SIZE_MIN at least. */
	int64_t ttl_min_ms; /* Relative lifetimes below are raised to this ... */
	int64_t ttl_max_ms; /* ... and all above are cut. */
	int64_t negative_ms; /* Of "no such handle" and "no such value". */
	int64_t failure_ms; /* Of failures that do not say themselves. */
	int64_t stale_ms; /* Kept beyond its lifetime; 0: never. */
	/* Of its lifetime, left when a hot name is asked for anew; 0: never. */
	uint32_t prefetch_percent;
};

enum {
	CACHE_SIZE_MIN = 4 << 20,
	CACHE_HOT_COUNT = 3, /* Hits in one lifetime that make a name hot. */
	CACHE_FAILURE_MS_MAX = 300000, /* As RFC 2308, 7 has it. */
};

/* NULL if memory is short. `row` is where hits and the like are counted. */
struct cache *cache_new(const struct cache_limits *limits, struct monitor_row *row);
void cache_free(struct cache *cache); /* NULL is fine. */

/* Other limits from now on; the size stays as it is. */
void cache_use(struct cache *cache, const struct cache_limits *limits);

/* A certified answer may be given where a normal one is asked for, by asking here twice. The sites
 * of a prefix alone are kept apart from its whole record. */
enum cache_question {
	CACHE_NORMAL,
	CACHE_CERTIFIED,
	CACHE_SITES,
	CACHE_SITES_CERTIFIED,
};
enum { CACHE_QUESTION_COUNT = CACHE_SITES_CERTIFIED + 1 };

/* A name, its case folded as far as handle_name_equal() does, and how it was asked for. */
struct cache_key {
	size_t size;
	uint8_t octets[HANDLE_NAME_SIZE_MAX + 6];
};

/* False for a name that is empty or longer than HANDLE_NAME_SIZE_MAX. */
bool cache_key_over(
	struct cache_key *key, struct bytes name, enum cache_question question) MUST_CHECK;

enum cache_kind {
	CACHE_VALUES,
	CACHE_NEGATIVE, /* The handle, or the value asked for, does not exist. */
	CACHE_FAILURE, /* Nobody could tell. */
};

struct cache_entry {
	enum cache_kind kind;
	uint16_t response_code;
	struct handle_value_list values; /* Until the next put or drop. */
	int64_t stored_ms;
	int64_t expires_ms; /* Earlier than now if it is stale. */
	bool is_certified;
	bool is_stale;
	bool is_held; /* Stale, and asking upstream failed a moment ago. */
	bool is_prefetch_due; /* Told once in a lifetime. */
};

/* Brings near what cache_find() of each of these names will read, asked for in the normal way: the
 * lines of memory that one needs are on their way while the others are looked for. Nothing is
 * counted or changed. At most UDP_BATCH_MAX at once. */
void cache_look_ahead(struct cache *cache, const struct bytes *names, size_t count);

/* False if there is nothing, or nothing that may still be given. Never allocates or waits. */
bool cache_find(struct cache *cache, const struct cache_key *key, int64_t now_ms,
	struct cache_entry *ret_entry);

/* The same for people who look on: nothing is counted, and nobody is told to prefetch. */
bool cache_look(struct cache *cache, const struct cache_key *key, int64_t now_ms,
	struct cache_entry *ret_entry);

struct cache_answer {
	enum cache_kind kind;
	uint16_t response_code;
	/* Encoded; they are not looked at again. Of negative answers and failures the octets may be
	 * a text for people, with a count of 0. */
	struct handle_value_list values;
	bool is_certified;
	/* Values, negative: no longer than this, whatever the values say (a child may not outlive
	 * its parent's delegation). Failure: how long. 0: as the limits have it. */
	int64_t lifetime_ms;
};

/* How long an answer lives: the shortest of its values' times, within the limits; an absolute
 * time never grows. 0: it must not be kept. */
int64_t cache_lifetime_ms(
	const struct cache_limits *limits, const struct cache_answer *answer, int64_t wall_ms);

/* In place of what was there, with the exception told above. An answer without a lifetime, or
 * too large for the cache, leaves nothing behind. */
void cache_put(struct cache *cache, const struct cache_key *key, const struct cache_answer *answer,
	int64_t now_ms, int64_t wall_ms);

/* Forgets one name, however it was asked for. False if nothing was known. */
bool cache_drop(struct cache *cache, struct bytes name);

/* Forgets all names under `prefix`, of prefixes below it, and their prefix handles. They are gone
 * at once; their room is given back bit by bit by cache_tend(). */
void cache_drop_prefix(struct cache *cache, struct bytes prefix, int64_t now_ms);
void cache_drop_all(struct cache *cache);
/* Whether cache_drop_prefix() would forget this folded name. */
bool cache_name_is_below(struct bytes name, struct bytes prefix);

/* Work that was put off: looks at no more than `count` entries. True if more is left. */
bool cache_tend(struct cache *cache, size_t count);

struct cache_stats {
	uint64_t size; /* Of the mapping. */
	uint64_t used_size; /* Entries and what is dead between them. */
	uint64_t entry_count;
	uint64_t entry_count_max; /* Places of the index. */
};
void cache_stats(const struct cache *cache, struct cache_stats *ret_stats);

/* Entries one after the other, in no order, for people and snapshots. `*cursor` begins with 0;
 * false at the end. An entry that moves meanwhile may be seen twice or not at all. */
struct cache_seen {
	struct bytes name; /* Folded. */
	enum cache_question question;
	struct cache_entry entry;
};
bool cache_next(struct cache *cache, uint64_t *cursor, int64_t now_ms, struct cache_seen *ret_seen);
