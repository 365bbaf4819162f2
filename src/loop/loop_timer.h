/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "loop/loop.h"

#include <stddef.h>

/*
 * Timers in order of time: a pairing heap woven through the owners' structs, so that
 * setting one allocates nothing. Set and clear cost O(log n) on average; only the earliest
 * can be asked for. Both loops, the real one and the one of the tests, keep theirs here.
 */
struct loop_timers {
	struct loop_timer *first; /* NULL when none is set. */
	uint64_t set_count;
	size_t count;
};

void loop_timers_set(struct loop_timers *timers, struct loop_timer *timer, int64_t at_ms,
	loop_timer_fired *fired, void *context);
/* Before all others, and by loop_timers_fire_soon() as well. */
void loop_timers_set_soon(struct loop_timers *timers, struct loop_timer *timer,
	loop_timer_fired *fired, void *context);
void loop_timers_clear(struct loop_timers *timers, struct loop_timer *timer);

/* Fires what is due at `now_ms`, at most as many as are set when the call begins: a timer
 * that sets itself to the past comes round in the next wake-up. Returns how many fired. */
size_t loop_timers_fire(struct loop_timers *timers, int64_t now_ms);
/* Fires those that were set soon, and those that these set soon, LOOP_SOON_ROUND_MAX times. */
void loop_timers_fire_soon(struct loop_timers *timers);
