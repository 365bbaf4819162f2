/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/bytes.h"
#include "base/problem.h"

#include <stdint.h>

/*
 * The text in which Handle.net keeps its configuration (config.dct) and some of its state:
 *
 *     {
 *       "server_type" = "server"
 *       "interfaces" = ( "hdl_udp" "hdl_tcp" )
 *       "server_config" = { "this_server_id" = "1" }
 *     }
 *
 * An object holds names with values, a list holds values, a text is all else; quotes may be
 * left out where a text has no space and none of {}()=" in it. Between items stand white space,
 * commas or semicolons. In quotes, \" \\ \n \r \t stand for themselves.
 *
 * The whole is decoded into the arena: a tree of items, each with its line. Bounded by
 * CONFIGURATION_SIZE_MAX, HANDLE_TABLE_DEPTH_MAX and HANDLE_TABLE_ITEM_COUNT_MAX, without
 * recursion. A name that comes twice stands there twice; Handle.net takes the last.
 */
enum handle_table_kind {
	HANDLE_TABLE_TEXT,
	HANDLE_TABLE_LIST,
	HANDLE_TABLE_OBJECT,
};

struct handle_table {
	enum handle_table_kind kind;
	uint32_t line; /* From 1. */
	struct bytes name; /* Within an object. */
	struct bytes text; /* HANDLE_TABLE_TEXT. */
	struct handle_table *parent; /* NULL for the whole. */
	struct handle_table *first; /* Of a list or object; NULL when it is empty. */
	struct handle_table *next;
};

/* The text is one object. A problem begins with "NAME:LINE: ". MALFORMED, TRUNCATED,
 * TOO_LARGE, NO_MEMORY. Texts without escapes stay in `text`. */
enum status handle_table_decode(struct bytes text, const char *name, struct arena *arena,
	const struct handle_table **ret_table, struct problem *problem) MUST_CHECK;
