/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_trace.h"

void
resolver_trace_add(
	struct resolver_trace *trace, struct arena *arena, const struct resolver_step *step)
{
	struct resolver_step *copy;

	if (trace == NULL) {
		return;
	}
	if (trace->count == RESOLVER_STEP_COUNT_MAX) {
		trace->dropped_count++;
		return;
	}
	copy = &trace->steps[trace->count++];
	*copy = *step;
	copy->name = arena_copy(arena, step->name);
	copy->text = arena_copy(arena, step->text);
	if (copy->name.at == NULL) {
		copy->name.size = 0;
	}
	if (copy->text.at == NULL) {
		copy->text.size = 0;
	}
}
