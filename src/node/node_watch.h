/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "node/node_cache.h"

/*
 * Follows what changes at other Houji nodes, so that the cache of a worker forgets it at once:
 * one connection for each address of cache.watch, over which the other node tells its changes as
 * they happen (GET /v1/changes?follow, a line of JSON each; docs/http.md).
 *
 *     watch = node_watch_open(&parts);      ... node_watch_close(watch);
 *
 * All it can do is make the cache forget: a name that changed, and when a prefix is homed there
 * or not any more, all below it. What another node says is not believed, it is asked again. An
 * answer that was under way at that moment may be older than the change, so each name is forgotten
 * once more when no such answer can be left.
 *
 * When the connection breaks, or nothing comes for longer than the other side's heartbeat allows,
 * it is made again, after pauses that double from NODE_WATCH_PAUSE_MIN_MS to
 * NODE_WATCH_PAUSE_MAX_MS; and goes on behind the last change that came. When the other side cannot
 * go on there, because its ledger is another one, or nothing is known of where it was, everything is
 * forgotten as soon as it tells changes again: who knows what changed meanwhile. So is what the file
 * of an earlier process brought, as soon as the first stream begins.
 */
struct node_watch;

#define NODE_WATCH_TYPE "application/x-ndjson"

struct node_watch_parts {
	struct loop *loop; /* These outlive the watch. */
	struct node_cache *cache;
	struct monitor_row *row;
	struct address address; /* Where its web face is; HTTP. */
};

struct node_watch *node_watch_open(const struct node_watch_parts *parts); /* NULL: no memory. */
void node_watch_close(struct node_watch *watch); /* NULL is fine. */

/* One line. */
struct node_watch_event {
	uint64_t version; /* How far the stream is. */
	struct bytes handle; /* What changed; empty: nothing did. */
	bool is_prefix; /* With all that is below it. */
};

/* INVALID, MALFORMED, TOO_LARGE, NO_MEMORY: this is no such line. */
enum status node_watch_read(
	struct bytes line, struct arena *arena, struct node_watch_event *ret_event) MUST_CHECK;
