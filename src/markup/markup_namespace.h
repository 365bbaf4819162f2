/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"
#include "markup/markup_tree.h"

/*
 * Values of type HS_NAMESPACE at a prefix handle: what holds for all identifiers of the prefix
 * (handle-protocol, 8 and 18.4).
 *
 *     <namespace>
 *       <contact>office@example.org</contact>
 *       <status>active</status> <statusmsg>...</statusmsg>
 *       <locs>88.100/places</locs>
 *       <template delimiter="@"> ... </template>
 *     </namespace>
 *
 * Of several values of one record the one with the lowest index counts.
 */

/* Of a prefix, those above it, and the configuration: as many as count. */
enum { MARKUP_NAMESPACE_COUNT_MAX = 12 };

/* False: the record has none. */
bool markup_namespace_find(const struct handle_value_list *values, struct handle_value *ret_value);

/* The text of <contact>, <status> and the like, without blanks at its ends; empty: it says nothing. */
struct bytes markup_namespace_text(const struct markup_element *root, const char *name);
bool markup_namespace_is_active(const struct markup_element *root);
/* The delimiter of its <template>; empty: none. */
struct bytes markup_namespace_delimiter(const struct markup_element *root);

/* OK, or what is wrong and where: unknown elements of a template, tests that are none, expressions
 * that cannot be, references that lead nowhere. */
enum status markup_namespace_check(
	const struct markup_element *root, struct arena *arena, struct problem *problem) MUST_CHECK;
