/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "node/node_recursion.h"
#include "program/terminal/options.h"

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
 * site records may name such addresses, too. A command puts WALK_ORIGIN_ROWS, with the help of
 * its --root, into its table of options, and hands over those it does not know.
 */
enum { WALK_ROOT_COUNT_MAX = 16 };

enum walk_origin_option { WALK_ORIGIN_ROOT = 901, WALK_ORIGIN_BOOTSTRAP, WALK_ORIGIN_TELEINFO };

#define WALK_ORIGIN_ROWS(...)                                                                      \
	{WALK_ORIGIN_ROOT, "root", 'r', "HOST:PORT", __VA_ARGS__},                                 \
		{WALK_ORIGIN_BOOTSTRAP, "bootstrap", 'b', "FILE",                                  \
			{"begin at the root that FILE describes, a bootstrap file",                \
				"由引导文件 FILE 所述的根开始"}},                                  \
	{                                                                                          \
		WALK_ORIGIN_TELEINFO, "teleinfo", 0, NULL,                                         \
		{                                                                                  \
			"the walk asks for the prefix 88.1 itself, not for 0.NA/88.1",             \
				"逐级查找时以前缀 88.1 本身（而非 0.NA/88.1）查询" \
		}                                                                                  \
	}

struct walk_origin {
	struct address roots[WALK_ROOT_COUNT_MAX];
	size_t root_count;
	const char *bootstrap, *directory;
	bool is_teleinfo;
	struct node_recursion recursion; /* walk_origin_open() fills it. */
};

/* False if the option is none of these, or names no server, or one server too many. */
bool walk_origin_option(struct walk_origin *origin, const struct option_walk *walk);
/* How many of the three were given: more than one is a mistake. */
size_t walk_origin_count(const struct walk_origin *origin);
enum status walk_origin_open(struct walk_origin *origin, struct problem *problem) MUST_CHECK;
void walk_origin_close(struct walk_origin *origin); /* One that was not opened, too. */
