/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_private.h"

#include "resolver/resolver_name.h"

/*
 * Servers that have only a name: their addresses are looked up when a walk wants to ask them. All
 * names of a service are looked up at once; the walk waits only as long as it has nobody to ask.
 * What comes later is there for the next question.
 */
struct walk_naming {
	struct resolver_name_wait waits[RESOLVER_SITE_COUNT_MAX];
	int64_t until_ms; /* No more waiting for names from then on. */
};

/* Made when the first name is met. NULL if memory is short. */
static struct resolver_names *
names_of(struct resolver *resolver)
{
	if (resolver->names == NULL) {
		resolver->names = resolver_names_new(&(struct resolver_names_parts){
			.loop = resolver->loop,
			.row = resolver->row,
			.servers = resolver->settings.name_servers,
			.server_count = resolver->settings.name_server_count,
		});
	}
	return resolver->names;
}

static void
note_address(struct walk *walk, struct bytes host, const struct address *address)
{
	struct resolver_trace *trace = walk->budget->trace;
	char text[ADDRESS_TEXT_SIZE_MAX];
	struct bytes shown = bytes_from_string(address_format(address, text));

	if (trace != NULL) {
		const struct resolver_step step = {.kind = RESOLVER_STEP_NOTE,
			.at_ms = (uint32_t)(loop_now_ms(walk->resolver->loop) - trace->begun_ms),
			.name = walk->goal.name,
			.text = RESOLVER_TEXT(walk->budget, host, TEXT(" is at "),
				bytes_slice(shown, 0, shown.size - 2))}; /* Without ":0". */

		resolver_trace_add(trace, walk->budget->arena, &step);
	}
}

size_t
resolver_walk_names_addresses(
	void *context, struct bytes host, struct address ret_addresses[LOOP_NAME_ADDRESS_COUNT_MAX])
{
	struct resolver_walk_names *naming = context;
	struct walk *walk = naming->walk;
	struct resolver_names *names = names_of(walk->resolver);
	struct resolver_name *name = names == NULL ? NULL : resolver_names_get(names, host);

	if (name != NULL && name->state == RESOLVER_NAME_UNKNOWN &&
		resolver_budget_take(walk->budget, &walk->budget->names)) {
		resolver_name_look_up(name);
	}
	if (name == NULL || name->state == RESOLVER_NAME_UNKNOWN) {
		naming->missed = host;
		naming->why = STATUS_BUSY;
		return 0;
	}
	if (name->state == RESOLVER_NAME_AWAITED) {
		if (naming->awaited_count < RESOLVER_SITE_COUNT_MAX) {
			naming->awaited[naming->awaited_count++] = name;
		}
		return 0;
	}
	if (name->state == RESOLVER_NAME_MISSED) {
		naming->missed = host;
		naming->why = name->found.status;
		return 0;
	}
	for (size_t i = 0; i < name->found.count; i++) {
		ret_addresses[i] = name->found.addresses[i];
		note_address(walk, host, &ret_addresses[i]);
	}
	return name->found.count;
}

static void
naming_over(void *context)
{
	struct walk *walk = context;

	resolver_walk_names_end(walk);
	resolver_walk_ready(walk);
}

bool
resolver_walk_names_await(struct resolver_walk_names *naming, void (*step)(struct walk *walk))
{
	struct walk *walk = naming->walk;
	int64_t now_ms = loop_now_ms(walk->resolver->loop);

	if (naming->awaited_count == 0) {
		return false;
	}
	if (walk->naming == NULL) {
		int64_t until_ms = walk->budget->deadline_ms;

		walk->naming = arena_alloc(walk->budget->arena, sizeof(*walk->naming));
		if (walk->naming == NULL) {
			walk->budget->is_spent = true;
			return false;
		}
		if (walk->is_stale_known && now_ms + RESOLVER_STALE_PATIENCE_MS < until_ms) {
			until_ms = now_ms + RESOLVER_STALE_PATIENCE_MS;
		}
		walk->naming->until_ms = until_ms;
	}
	if (walk->naming->until_ms <= now_ms) {
		naming->missed = bytes_from_string(naming->awaited[0]->host);
		naming->why = STATUS_TIMED_OUT;
		return false;
	}
	walk->step = step;
	for (size_t i = 0; i < naming->awaited_count; i++) {
		struct resolver_name_wait *wait = &walk->naming->waits[i];

		/* Two sites may have servers of the same name: one wait for each. */
		wait->over = naming_over;
		wait->context = walk;
		resolver_name_await(wait, naming->awaited[i], walk->naming->until_ms);
	}
	return true;
}

void
resolver_walk_names_end(struct walk *walk)
{
	for (size_t i = 0; walk->naming != NULL && i < RESOLVER_SITE_COUNT_MAX; i++) {
		resolver_name_cancel(&walk->naming->waits[i]);
	}
}

struct bytes
resolver_walk_names_text(const struct resolver_walk_names *naming)
{
	struct resolver_budget *budget = naming->walk->budget;

	if (naming->why == STATUS_NOT_FOUND) {
		return RESOLVER_TEXT(budget, naming->walk->service_name,
			TEXT(" has a server of the name "), naming->missed,
			TEXT(", which has no address"));
	}
	return RESOLVER_TEXT(budget, TEXT("of "), naming->walk->service_name,
		TEXT(" a server's name, "), naming->missed,
		naming->why == STATUS_TIMED_OUT ? TEXT(", was not found in time")
						: TEXT(", cannot be looked up now"));
}
