/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "node/node_worker.h"

/*
 * How the operator talks to a node that runs: a socket `control` in its folder, for the owner
 * alone. One request, a line of JSON, and one answer, which ends the connection:
 *
 *     {"do":"cache-stats"}
 *     {"do":"cache-show","handle":"88.1/x"}      with its values
 *     {"do":"cache-show","prefix":"88.1","limit":100}    names alone
 *     {"do":"cache-drop","handle":"88.1/x"}      or "prefix", or "all":true
 *
 * {"error":"..."} answers what cannot be done. With "pretty":true the answer has an indent.
 *
 * Requests are taken by the first worker, which asks the others and waits for them: what takes
 * long is bounded (base/limits.h), or cut, and the answer says so.
 */
enum node_control_act {
	NODE_CONTROL_CACHE_STATS,
	NODE_CONTROL_CACHE_SHOW,
	NODE_CONTROL_CACHE_DROP,
};

struct node_control_request {
	enum node_control_act act;
	struct bytes handle; /* One of the three, or none. */
	struct bytes prefix;
	bool is_all;
	bool is_pretty;
	uint32_t limit;
};

/* Views into the line or the arena. INVALID and what the JSON reader says, with a sentence. */
enum status node_control_read(struct bytes line, struct arena *arena,
	struct node_control_request *ret_request, struct problem *problem) MUST_CHECK;

struct node_control_parts {
	const char *directory; /* These outlive it. */
	struct node_worker *workers;
	size_t worker_count;
};

struct node_control;

/* On the thread of the first worker, when all workers run. */
enum status node_control_open(const struct node_control_parts *parts,
	struct node_control **ret_control, struct problem *problem) MUST_CHECK;
/* When its loop runs no more. NULL is fine. */
void node_control_close(struct node_control *control);
