/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/status.h"
#include "handle/handle_value.h"

/*
 * What a dry run has read so far, so that it counts a handle that comes twice as the load itself
 * would: new once, then replaced or unchanged. Of each record two checksums are kept, 32 octets or
 * less with the room between; the file bounds their number.
 */
struct load_seen;

struct load_seen *load_seen_new(void); /* NULL if memory is short. */
void load_seen_free(struct load_seen *seen); /* NULL is fine. */

enum load_sight { LOAD_SIGHT_FIRST, LOAD_SIGHT_SAME, LOAD_SIGHT_OTHER };

/* Whether the handle came before, and then with the same values; these count from now on. */
enum status load_seen_look(struct load_seen *seen, struct bytes name,
	const struct handle_value_list *values, enum load_sight *ret_sight) MUST_CHECK;
