/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_timer.h"

#include <assert.h>

enum { SOON_MS = INT32_MIN }; /* No clock is as early. */

/*
 * Each node points to its first child and its next sibling; `previous` is the sibling in
 * front or, for a first child, the parent. A parent is never later than its children.
 */
static bool
timer_is_before(const struct loop_timer *one, const struct loop_timer *other)
{
	if (one->at_ms != other->at_ms) {
		return one->at_ms < other->at_ms;
	}
	return one->order < other->order;
}

/* Makes the later of two lone roots the first child of the other. */
static struct loop_timer *
timer_join(struct loop_timer *one, struct loop_timer *other)
{
	struct loop_timer *top;
	struct loop_timer *under;

	if (one == NULL || other == NULL) {
		return one == NULL ? other : one;
	}
	top = timer_is_before(one, other) ? one : other;
	under = top == one ? other : one;
	under->previous = top;
	under->sibling = top->child;
	if (top->child != NULL) {
		top->child->previous = under;
	}
	top->child = under;
	top->previous = NULL;
	top->sibling = NULL;
	return top;
}

/* Joins a list of siblings: neighbours in pairs, then the pairs from the last to the first.
 * This order is what makes the heap cheap (Fredman and others, 1986). */
static struct loop_timer *
timer_join_siblings(struct loop_timer *next)
{
	struct loop_timer *pairs = NULL;
	struct loop_timer *root = NULL;

	while (next != NULL) {
		struct loop_timer *one = next;
		struct loop_timer *other = one->sibling;
		struct loop_timer *pair;

		next = other == NULL ? NULL : other->sibling;
		one->sibling = NULL;
		pair = timer_join(one, other);
		pair->previous = NULL;
		pair->sibling = pairs;
		pairs = pair;
	}
	while (pairs != NULL) {
		struct loop_timer *pair = pairs;

		pairs = pair->sibling;
		pair->sibling = NULL;
		root = timer_join(root, pair);
	}
	return root;
}

void
loop_timers_clear(struct loop_timers *timers, struct loop_timer *timer)
{
	struct loop_timer *rest;

	if (!timer->is_set) {
		return;
	}
	rest = timer_join_siblings(timer->child);
	if (timer == timers->first) {
		timers->first = rest;
	} else {
		if (timer->previous->child == timer) {
			timer->previous->child = timer->sibling;
		} else {
			timer->previous->sibling = timer->sibling;
		}
		if (timer->sibling != NULL) {
			timer->sibling->previous = timer->previous;
		}
		timers->first = timer_join(timers->first, rest);
	}
	timer->previous = timer->child = timer->sibling = NULL;
	timer->is_set = false;
	timers->count--;
}

void
loop_timers_set(struct loop_timers *timers, struct loop_timer *timer, int64_t at_ms,
	loop_timer_fired *fired, void *context)
{
	assert(fired != NULL);
	loop_timers_clear(timers, timer);
	*timer = (struct loop_timer){
		.order = timers->set_count++,
		.at_ms = at_ms,
		.fired = fired,
		.context = context,
		.is_set = true,
	};
	timers->first = timer_join(timers->first, timer);
	timers->count++;
}

size_t
loop_timers_fire(struct loop_timers *timers, int64_t now_ms)
{
	size_t most = timers->count;
	size_t count = 0;

	while (count < most && timers->first != NULL && timers->first->at_ms <= now_ms) {
		struct loop_timer *timer = timers->first;

		loop_timers_clear(timers, timer);
		count++;
		timer->fired(timer->context);
	}
	return count;
}

void
loop_timers_set_soon(struct loop_timers *timers, struct loop_timer *timer, loop_timer_fired *fired,
	void *context)
{
	loop_timers_set(timers, timer, SOON_MS, fired, context);
}

void
loop_timers_fire_soon(struct loop_timers *timers)
{
	size_t rounds = 0;

	while (rounds < LOOP_SOON_ROUND_MAX && loop_timers_fire(timers, SOON_MS) > 0) {
		rounds++;
	}
}
