/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "resolver/resolver_root.h"
#include "resolver/resolver_trace.h"

/*
 * What one question may cost, all together: handed down by pointer to every walk that begins for
 * it, so that no chain of referrals, aliases and services of services costs more than this,
 * whoever wrote it. Memory is the arena's limit: what is kept for a question lies there.
 *
 * The budget goes with the last walk that began under it.
 */
struct resolver;

struct resolver_budget {
	size_t user_count;
	struct resolver_root *root; /* That of its beginning, whatever is configured since. */
	struct arena *arena;
	struct resolver_trace *trace; /* NULL: nobody wants to see. */
	int64_t deadline_ms;
	uint32_t exchanges; /* Attempts at servers that are left. */
	uint32_t referrals;
	uint32_t walks;
	uint32_t signatures;
	uint32_t names; /* Of servers, to be looked up. */
	bool is_spent; /* Something was left undone because of it. */
};

/* NULL if memory is short. */
struct resolver_budget *resolver_budget_new(
	struct resolver *resolver, int64_t deadline_ms, bool is_traced);
void resolver_budget_enter(struct resolver_budget *budget);
void resolver_budget_leave(struct resolver_budget *budget);

/* Takes one of what is left; false, and the budget is spent, if there is none. */
bool resolver_budget_take(struct resolver_budget *budget, uint32_t *left);
