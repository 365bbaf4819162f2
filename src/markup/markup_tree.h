/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Values that are XML: 10320/loc (places that an identifier leads to) and HS_NAMESPACE (what holds
 * for all of a prefix), read into a tree.
 *
 * Whoever may write a record wrote this XML, and anybody may ask for it. So there is no DOCTYPE and
 * hence no entity but the five of XML itself, nothing is loaded, and size, depth and the number of
 * elements are limited (T-09).
 *
 *     struct markup_element *root;
 *     status = markup_read(value.data, MARKUP_DEPTH_MAX, arena, &root, &problem);
 *     for (child = root->first; child != NULL; child = child->next) ...
 *
 * Everything lies in the arena, but for `inside`, which is a view into the XML that was read.
 */
struct markup_attribute {
	struct bytes name;
	struct bytes value;
};

struct markup_element {
	struct bytes name;
	size_t count;
	struct markup_attribute *attributes;
	struct bytes text; /* Up to its first child: entities are resolved, and blanks kept. */
	struct bytes inside; /* As it was written, with its children; set when it has any. */
	uint32_t line; /* Where it begins. */
	struct markup_element *parent, *first, *last, *next;
};

/* MALFORMED: no such XML, or one with a DOCTYPE; TOO_LARGE; NO_MEMORY. `problem` (may be NULL)
 * says what, and in which line. `depth_max` is MARKUP_DEPTH_MAX at the most. */
enum status markup_read(struct bytes xml, size_t depth_max, struct arena *arena,
	struct markup_element **ret_root, struct problem *problem) MUST_CHECK;

bool markup_is(const struct markup_element *element, const char *name);
/* NULL: it has no such attribute. */
const struct bytes *markup_find(const struct markup_element *element, const char *name);
/* The value of the attribute, or nothing. */
struct bytes markup_get(const struct markup_element *element, const char *name);
/* As Handle.net reads them: `true`, `yes`, `1` and `y` in any case. */
bool markup_is_true(const struct markup_element *element, const char *name);
/* The first child of that name, or NULL. */
const struct markup_element *markup_child(const struct markup_element *element, const char *name);
/* Without blanks at its ends. */
struct bytes markup_trim(struct bytes text);
