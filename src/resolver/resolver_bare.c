/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_private.h"

#include "base/checksum.h"

/*
 * A prefix whose record names no service that can be found - none at all, or services that lead back
 * to it - is asked for once more at primaries (Handle.net 9, 20, step 5). What that brought is
 * remembered with the record that the cache has of the prefix; else everybody who asks for another
 * handle of it would make this node ask again.
 */
struct known {
	uint64_t hash;
	int64_t expires_ms;
};

/* False: nothing is remembered of the prefix. */
static bool
prefix_known(const struct walk *walk, struct known *ret_known)
{
	struct resolver *resolver = walk->resolver;
	uint8_t octets[HANDLE_KEY_SIZE_MAX];
	const struct walk_goal goal = {
		.name = bytes_over(octets, handle_name_prefix_handle(walk->goal.name, octets)),
		.is_certified = walk->goal.is_certified};
	struct resolver_record record;

	if (resolver_store_find(resolver, &goal, &record) != RESOLVER_KNOWN_FRESH) {
		return false;
	}
	ret_known->hash = checksum_over(goal.name, resolver->seed + (goal.is_certified ? 1 : 0));
	ret_known->expires_ms = record.expires_ms;
	return true;
}

bool
resolver_bare_is_known(const struct walk *walk)
{
	const struct resolver_bare *bare;
	struct known known;

	if (!prefix_known(walk, &known)) {
		return false;
	}
	bare = &walk->resolver->bare[known.hash % BARE_COUNT];
	return bare->hash == known.hash && bare->expires_ms == known.expires_ms &&
		bare->until_ms > loop_now_ms(walk->resolver->loop);
}

void
resolver_bare_note(const struct walk *walk)
{
	struct known known;

	if (prefix_known(walk, &known)) {
		walk->resolver->bare[known.hash % BARE_COUNT] = (struct resolver_bare){
			known.hash, known.expires_ms, loop_now_ms(walk->resolver->loop) + BARE_MS};
	}
}
