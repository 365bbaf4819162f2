/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_name.h"
#include "resolver/resolver.h"
#include "resolver/resolver_exchange.h"
#include "resolver/resolver_host.h"
#include "resolver/resolver_name.h"

/*
 * What the files of this folder share. Private.
 */
enum { WALK_BUCKET_COUNT = 4096, WALK_TEXT_SIZE_MAX = 512 };
/* Prefixes that name no service even when primaries are asked: not asked again for a minute. */
enum { BARE_COUNT = 256, BARE_MS = 60000 };

struct resolver_bare {
	uint64_t hash; /* Of the prefix's record, seeded; whoever comes later takes the place. */
	int64_t expires_ms; /* Of the record that is remembered: another one is looked at anew. */
	int64_t until_ms;
};

/* resolver_renewal.c: the root as it is now. */
struct resolver_renewal {
	struct resolver_root *root; /* Never NULL. */
	struct resolver_root *configured; /* What it began as, to see that another was set. */
	struct resolver_root *next; /* In the making. */
	size_t next_further; /* Of the services that it names. */
	int64_t due_ms;
	int64_t earliest_ms; /* Not before, whatever is heard. */
	bool is_wanted; /* A server of the root has said that its record is newer. */
	bool is_under_way;
	bool is_void; /* Another root was set meanwhile: what comes proves nothing of that. */
	int64_t lifetime_ms;
};

struct resolver {
	struct loop *loop;
	struct loop_pool *pool;
	struct monitor_row *row;
	struct cache *cache;
	struct resolver_settings settings;
	struct resolver_hosts *hosts;
	struct client_kept *kept; /* Connections to servers of the national tree. */
	struct resolver_names *names; /* NULL until the first is needed. */
	struct resolver_renewal renewal;
	uint64_t seed;
	struct resolver_wait *waits; /* All questions. */
	struct walk *first_ready, *last_ready;
	struct loop_timer ready; /* Set while a walk is ready. */
	size_t walk_count;
	struct resolver_bare bare[BARE_COUNT];
	size_t job_count; /* Signatures that helper threads hold. */
	bool is_ending;
	struct walk *walks[WALK_BUCKET_COUNT];
};

/* A question of a client. */
struct resolver_wait {
	struct resolver *resolver;
	struct resolver_wait *previous, *next; /* Of all. */
	struct walk *walk; /* NULL when it is over. */
	struct resolver_wait *sibling; /* Of those who wait for the same walk. */
	struct loop_timer deadline;
	enum status refusal; /* When there is no walk from the beginning. */
	resolver_answered *answered;
	void *context;
};

/* What a walk is about: two of the same are one. */
struct walk_goal {
	struct bytes name;
	bool is_authoritative;
	bool is_certified;
	bool is_sites; /* Of a prefix: its HS_SITE values, and no others. */
	struct resolver_budget *owner; /* Not shared with other budgets; NULL: shared. */
	/* To be verified, in the owner's arena; NULL: values are asked for. */
	const struct request_verify_challenge *proof;
};

/* A service in the making: values, and the services that they name. */
struct walk_collection {
	struct resolver_service service;
	size_t next; /* Of service.further. */
	enum resolver_serves serves;
	void (*then)(struct walk *walk); /* When it is complete. */
};

struct walk {
	struct resolver *resolver;
	struct resolver_budget *budget;
	struct walk *next_in_bucket;
	struct walk *next_ready;
	bool is_ready;
	struct walk_goal goal;
	uint64_t hash;
	uint8_t recursion_count;

	/* Who waits. */
	struct resolver_wait *waits;
	struct walk *parents; /* Walks that wait for this one. */
	struct walk *next_parent;

	/* What it waits for, and what it does then: one function for each state. */
	struct walk *child;
	struct resolver_exchange *exchange;
	struct walk_naming *naming; /* NULL: no name was waited for. */
	void (*step)(struct walk *walk);
	enum status heard; /* What came of it. */
	struct handle_value_list heard_values;
	struct bytes heard_text;
	bool heard_certified;
	int64_t heard_expires_ms;

	/* Whom it asks. */
	struct walk_collection collection;
	const struct resolver_server *servers;
	size_t server_count;
	struct bytes service_name; /* Whose service that is, for people. */
	struct bytes referrer; /* The service that refers to it; empty: none does. */
	struct bytes above; /* The prefix above the one looked for, whose site is asked next. */
	bool is_stale_known; /* There is something better than nothing: less patience. */
	bool is_refresh; /* What is known does not count. */
	bool is_retried; /* Primaries were asked, after mirrors had nothing. */
	bool is_referred; /* By whoever was asked first. */
	bool is_forwarded; /* A rule says who is asked; they find out for us. */

	/* What is found. */
	bool is_over;
	enum status status;
	struct handle_value_list values;
	struct bytes text;
	bool is_certified; /* So far, every answer on the way was. */
	bool is_stale;
	bool is_proven;
	int64_t expires_ms; /* Not to be believed for longer, because of what led here. */
};

/* resolver.c */
void resolver_walk_ready(struct walk *walk); /* Its step is called soon, from the loop. */
void resolver_walk_over(struct walk *walk); /* Tells who waits; the walk goes. */
/* Lets `walk` wait for a walk with this goal, one under way or a new one: `step` is called when
 * it is over. BUSY, NO_MEMORY; CONFLICT if that one waits for `walk`. */
enum status resolver_walk_await(struct walk *walk, const struct walk_goal *goal,
	void (*step)(struct walk *walk)) MUST_CHECK;

/* resolver_renewal.c */
void resolver_renewal_begin(struct resolver *resolver);
void resolver_renewal_end(struct resolver *resolver);
void resolver_renewal_use(struct resolver *resolver); /* Other settings came. */
/* Fetches the record of the root if it is time, and somebody is asking something anyway. */
void resolver_renewal_check(struct resolver *resolver);
/* A server of the root told this serial number, or that ours is out of date. */
void resolver_renewal_heard(struct resolver *resolver, const struct resolver_server *server,
	const struct header *header);

/* resolver_walk.c: the first step of every walk. */
void resolver_walk_begin(struct walk *walk);

/* resolver_walk_names.c: addresses of servers that have only a name, for one look at a service. */
struct resolver_walk_names {
	struct walk *walk;
	size_t awaited_count; /* Of names that are being looked up. */
	struct resolver_name *awaited[RESOLVER_SITE_COUNT_MAX];
	struct bytes missed; /* A name without addresses; empty: there is none. */
	enum status why;
};
/* As resolver_host_addresses; the context is a struct resolver_walk_names. */
size_t resolver_walk_names_addresses(void *context, struct bytes host,
	struct address ret_addresses[LOOP_NAME_ADDRESS_COUNT_MAX]);
/* True if something is to come: `step` is called when the first has. */
bool resolver_walk_names_await(struct resolver_walk_names *naming, void (*step)(struct walk *walk));
struct bytes resolver_walk_names_text(
	const struct resolver_walk_names *naming); /* What was missed. */
void resolver_walk_names_end(struct walk *walk);

/* resolver_bare.c: the service of the prefix of this walk's handle. */
bool resolver_bare_is_known(const struct walk *walk);
void resolver_bare_note(const struct walk *walk);

/* resolver_text.c: sentences for people, in the budget's arena. Names are shown so that they cannot
 * do harm on a terminal; what does not fit is cut. */
struct bytes resolver_text(struct resolver_budget *budget, const struct bytes *parts, size_t count);
#define RESOLVER_TEXT(budget, ...)                                 \
	resolver_text(budget, (const struct bytes[]){__VA_ARGS__}, \
		sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes))

/* resolver_store.c: what is kept between questions. */
enum resolver_known {
	RESOLVER_KNOWN_NOTHING,
	RESOLVER_KNOWN_FRESH,
	RESOLVER_KNOWN_STALE,
};
struct resolver_record {
	enum status status;
	struct handle_value_list values; /* The cache's, until it is changed. */
	bool is_certified;
	int64_t expires_ms;
	bool is_held; /* Stale, and asking failed a moment ago. */
	bool is_prefetch_due; /* Should be asked for anew before its time is over. */
};
enum resolver_known resolver_store_find(struct resolver *resolver, const struct walk_goal *goal,
	struct resolver_record *ret_record);
/* A walk for what is known but will soon not be, for nobody who waits. */
void resolver_refresh(struct resolver *resolver, const struct walk_goal *goal);
void resolver_store_put(struct resolver *resolver, const struct walk *walk);
