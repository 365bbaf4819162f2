/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/limits.h"
#include "base/status.h"

#include <stdint.h>

/*
 * The names met in the objects that are open, so that none comes twice in one of them.
 *
 * Objects nest, so one stack holds the names of all: an object that closes takes its own
 * off. In a small object (nearly every one) a new name is told apart by one bit of a mask,
 * or by a look at the few names there are. A larger one grows a binary tree whose nodes
 * name the first bit that differs: a walk costs at most the bits of the name itself, so no
 * choice of names can make it slow, as it could with a hash.
 *
 * The reader alone uses this.
 */
struct json_name {
	const uint8_t *at;
	uint32_t size;
	uint32_t bit; /* Inner node made for this name: octet * 8 + bit from the top. */
	uint32_t child[2]; /* JSON_NAME_LEAF + a name, or the inner node of a name. */
};

struct json_level {
	uint64_t mask; /* One bit for each sort of name met: absent means new. */
	uint32_t first; /* Of its names in the stack. */
	uint32_t root; /* Of its tree, once it is larger than JSON_NAMES_SMALL. */
	bool is_object;
};

enum { JSON_NAMES_SMALL = 16, JSON_NAMES_START = 32 };

struct json_names {
	struct json_level levels[JSON_DEPTH_MAX];
	struct json_name *stack;
	uint32_t count;
	uint32_t capacity;
	struct json_name start[JSON_NAMES_START];
};

struct json_names *json_names_new(struct arena *arena); /* NULL past the arena's limit. */

/* OK, MALFORMED if the object has this name, TOO_LARGE, NO_MEMORY. `name` must outlive it. */
enum status json_names_add(struct json_names *names, struct json_level *level, struct bytes name,
	struct arena *arena) MUST_CHECK;
