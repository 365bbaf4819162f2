/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "loop/loop.h"

/*
 * For rehearsing faults: a loop whose network is impaired, as an operator asked for. Never in normal
 * life, where it costs one comparison with NULL for a datagram and for an event.
 *
 *   cut    what is sent to these hosts is lost, connections to them are never made, those that
 *          are there hang. Ports are not looked at. Who is cut off both ways needs both ends.
 *   delay  the loop serves what has come only so many milliseconds later: a slow host, or one
 *          that is far away. At most that much more for each wake-up, however much came.
 *
 * On the loop's thread. What was lost before stays lost when the impairment ends: connections
 * that hang run into their owners' deadlines.
 */
enum { LOOP_CUT_COUNT_MAX = 64 };

struct loop_impairment {
	struct address cut[LOOP_CUT_COUNT_MAX];
	size_t cut_count;
	uint32_t delay_ms;
};

/* `impairment` stays the caller's until another is named; NULL ends it. */
void loop_impair(struct loop *loop, const struct loop_impairment *impairment);

static inline bool
loop_impairment_cuts(const struct loop_impairment *impairment, const struct address *peer)
{
	for (size_t i = 0; i < impairment->cut_count; i++) {
		if (address_is_same_host(&impairment->cut[i], peer)) {
			return true;
		}
	}
	return false;
}
