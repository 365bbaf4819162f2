/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "message/request.h"
#include "program/resolve/resolve_alias.h"
#include "program/resolve/walk_origin.h"

/*
 * houji resolve HANDLE --root HOST:PORT: no server is asked to find out; this process walks from
 * the root to whoever answers for the handle, as a recursive node does, and remembers nothing.
 */
struct resolve_walk {
	struct walk_origin origin;
	struct request_resolution asked; /* The handle, and which of its values. */
	bool is_certified; /* Each answer on the way must be signed by a key that is known by then. */
	bool is_json;
	struct resolve_aliases *aliases; /* NULL: they are not followed. */
	uint32_t timeout_ms; /* 0: 10 seconds; of each question. */
};

/* Prints the values, or why there are none. Returns an exit code. */
int resolve_walk(struct resolve_walk *walk);
