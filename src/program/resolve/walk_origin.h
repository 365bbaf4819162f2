/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "node/node_recursion.h"

/*
 * Where a command that finds out for itself begins its walk: servers of the root, a bootstrap file,
 * or what a recursive node in a folder has.
 *
 *     struct walk_origin origin = {.bootstrap = path};
 *     status = walk_origin_open(&origin, &problem);
 *     ... origin.recursion.resolver: the settings of a resolver ...
 *     walk_origin_close(&origin);
 *
 * Without any of them it begins at 127.0.0.1:2641. If the root has an address of a private network,
 * site records may name such addresses, too.
 */
enum { WALK_ROOT_COUNT_MAX = 16 };

struct walk_origin {
	struct address roots[WALK_ROOT_COUNT_MAX];
	size_t root_count;
	const char *bootstrap, *directory;
	bool is_teleinfo;
	struct node_recursion recursion; /* walk_origin_open() fills it. */
};

/* One more server of the root. False: there is none of that name, or too many were named. */
bool walk_origin_add(struct walk_origin *origin, const char *name);
/* How many of the three were given: more than one is a mistake. */
size_t walk_origin_count(const struct walk_origin *origin);
enum status walk_origin_open(struct walk_origin *origin, struct problem *problem) MUST_CHECK;
void walk_origin_close(struct walk_origin *origin); /* One that was not opened, too. */
