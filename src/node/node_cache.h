/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cache/cache.h"
#include "ledger/ledger.h"
#include "loop/loop.h"
#include "node/node_settings.h"

/*
 * The cache of one worker: a share of the node's memory, and its file cache.N in the node's folder
 * (cache_snapshot.h), read at start and written from time to time, bit by bit between questions,
 * and when the node stops. All calls but open and close are the worker's.
 *
 * When a prefix is homed here, or not any more, what others said about it is forgotten.
 */
struct node_cache;

struct node_cache_parts {
	const char *directory; /* These stay the caller's and outlive the cache ... */
	struct loop *loop;
	struct monitor_row *row;
	size_t number; /* Of the worker. */
	size_t worker_count;
	struct ledger *ledger; /* NULL: nothing is learnt from it. */
	const struct settings *settings; /* ... but not these. */
};

/* A file that cannot be read is passed over and counted: the node asks anew. */
enum status node_cache_open(const struct node_cache_parts *parts, struct node_cache **ret_cache,
	struct problem *problem) MUST_CHECK;
void node_cache_use(struct node_cache *cache, const struct settings *settings);
/* Writes the file if so set. NULL is fine. */
void node_cache_close(struct node_cache *cache);

struct cache *node_cache_get(const struct node_cache *cache); /* NULL of NULL. */

/* Forget a name, a prefix and all below it, or all: in the file, too. How many entries went; of a
 * prefix, 0 as long as it is not known. */
size_t node_cache_drop(struct node_cache *cache, struct bytes name);
void node_cache_drop_prefix(struct node_cache *cache, struct bytes prefix);
size_t node_cache_drop_all(struct node_cache *cache);
