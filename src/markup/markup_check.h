/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "handle/handle_value.h"
#include "markup/markup_tree.h"

/*
 * Values that are more than data, checked before they are kept: 10320/loc, 10320/headers and
 * HS_NAMESPACE. Those of other types are always OK.
 *
 * Whoever writes one that cannot be used is told so at once, wherever it came from, and not the
 * readers of the record. What other servers hold may still come over a mirror or an import: it is
 * kept as it is, and passed over when it is read.
 */

/* INVALID_VALUE, with what and where in `problem` (may be NULL); NO_MEMORY. `arena` is for the
 * time of the call: it is not reset. */
enum status markup_value_check(
	const struct handle_value *value, struct arena *arena, struct problem *problem) MUST_CHECK;

/* All values of a list, with an arena of its own: the first that is wrong. */
enum status markup_values_check(
	const struct handle_value_list *values, struct problem *problem) MUST_CHECK;
