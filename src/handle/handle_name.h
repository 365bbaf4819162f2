/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"

#include <stdint.h>

/*
 * Names: prefix "/" suffix, split at the first slash (RFC 3651, 2.1).
 *
 * A name without a slash, X, stands for 0.NA/X. Only ASCII letters are folded. Three
 * spellings are kept apart: as asked (answers echo it), the key (whole name in upper
 * case, slashless names expanded: how records are stored and found), and the
 * prefix-folded form (how administrators and references are compared).
 */

/* The part before the first slash; the whole of a slashless name. */
struct bytes handle_name_prefix(struct bytes name);

/* The part behind the first slash; empty without one. */
struct bytes handle_name_suffix(struct bytes name);

/* Writes the storage key of `name`: at most name.size + 5 octets into `ret_key`, which
 * holds HANDLE_KEY_SIZE_MAX. Returns its size, or 0 if the name is empty or longer than
 * HANDLE_NAME_SIZE_MAX. */
enum { HANDLE_KEY_SIZE_MAX = HANDLE_NAME_SIZE_MAX + 5 };
size_t handle_name_key(struct bytes name, uint8_t ret_key[HANDLE_KEY_SIZE_MAX]);

/* Equal as administrators and references are: without case in the prefix, or in the
 * whole if it starts with "0."; octet by octet in the suffix. */
bool handle_name_equal(struct bytes one, struct bytes other);

/* "0.NA/" and the upper-cased prefix; "0.NA/0.NA" for a slashless name and for 0.NA/X.
 * Same buffer and return as handle_name_key(). */
size_t handle_name_prefix_handle(struct bytes name, uint8_t ret_key[HANDLE_KEY_SIZE_MAX]);

/* True for 0.NA/A.B and below: a "." behind "0.NA/". */
bool handle_name_is_derived_prefix(struct bytes name);
bool handle_name_is_prefix_handle(struct bytes name); /* Starts with "0.NA/". */

/* 0.NA/A.B.C -> 0.NA/A.B -> 0.NA/A; empty when there is none. A view into `name`. */
struct bytes handle_name_parent_prefix(struct bytes name);

/* "0."/"0/" names and slashless ones: resolved at the root (client flow). */
bool handle_name_is_global(struct bytes name);

/* Which server of a site answers for `name`: the last 4 octets of MD5 over the upper-cased
 * part that `option` selects, as a number >= 0 whose remainder by the number of servers is
 * the position in the site's list. 0x80000000 stays itself, unsigned. An option beyond
 * the three counts as by all; `name` is at most HANDLE_NAME_SIZE_MAX octets. */
enum handle_hash_option {
	HANDLE_HASH_BY_PREFIX = 0,
	HANDLE_HASH_BY_SUFFIX = 1,
	HANDLE_HASH_BY_ALL = 2,
};
uint32_t handle_name_hash(struct bytes name, enum handle_hash_option option);

/* A reference written as "index:handle" (300:0.NA/20.500); MALFORMED otherwise. */
enum status handle_reference_parse(
	struct bytes text, uint32_t *ret_index, struct bytes *ret_name) MUST_CHECK;
