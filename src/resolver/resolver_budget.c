/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_budget.h"

#include "base/limits.h"
#include "resolver/resolver_private.h"

#include <stdlib.h>

enum { BUDGET_BLOCK_SIZE = 4096 };

struct resolver_budget *
resolver_budget_new(struct resolver *resolver, int64_t deadline_ms, bool is_traced)
{
	struct resolver_budget *budget = calloc(1, sizeof(*budget));

	if (budget == NULL) {
		return NULL;
	}
	budget->arena = arena_new(BUDGET_BLOCK_SIZE, REQUEST_MEMORY_MAX);
	if (budget->arena == NULL) {
		free(budget);
		return NULL;
	}
	if (is_traced) {
		budget->trace = arena_alloc(budget->arena, sizeof(*budget->trace));
		if (budget->trace != NULL) {
			budget->trace->begun_ms = loop_now_ms(resolver->loop);
		}
	}
	budget->root = resolver_root_enter(resolver->renewal.root);
	budget->user_count = 1;
	budget->deadline_ms = deadline_ms;
	budget->exchanges = RESOLVER_EXCHANGE_COUNT_MAX;
	budget->referrals = RESOLVER_REFERRAL_COUNT_MAX;
	budget->walks = RESOLVER_WALK_PER_QUESTION_MAX;
	budget->names = RESOLVER_NAME_PER_QUESTION_MAX;
	budget->signatures = SIGNATURE_CHECK_COUNT_MAX;
	return budget;
}

void
resolver_budget_enter(struct resolver_budget *budget)
{
	budget->user_count++;
}

void
resolver_budget_leave(struct resolver_budget *budget)
{
	if (--budget->user_count == 0) {
		resolver_root_leave(budget->root);
		arena_free(budget->arena);
		free(budget);
	}
}

bool
resolver_budget_take(struct resolver_budget *budget, uint32_t *left)
{
	if (*left == 0) {
		budget->is_spent = true;
		return false;
	}
	(*left)--;
	return true;
}
