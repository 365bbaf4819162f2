/* SPDX-License-Identifier: Apache-2.0 */
#include "resolver/resolver_name.h"

#include "base/checksum.h"
#include "crypto/crypto.h"

#include <stdlib.h>

enum { SET_SIZE = 8, SET_COUNT = RESOLVER_NAME_COUNT_MAX / SET_SIZE };

struct resolver_names {
	struct loop *loop;
	struct monitor_row *row;
	struct loop_names *dns;
	uint64_t seed; /* Nobody outside can choose names that share a set. */
	struct resolver_name names[RESOLVER_NAME_COUNT_MAX];
};

struct resolver_names *
resolver_names_new(const struct resolver_names_parts *parts)
{
	struct resolver_names *names = calloc(1, sizeof(*names));

	if (names == NULL) {
		return NULL;
	}
	names->loop = parts->loop;
	names->row = parts->row;
	names->dns = loop_names_new(parts->loop, parts->servers, parts->server_count);
	if (names->dns == NULL) {
		free(names);
		return NULL;
	}
	crypto_random(&names->seed, sizeof(names->seed));
	return names;
}

static void
name_tell(struct resolver_name *name)
{
	while (name->waits != NULL) {
		struct resolver_name_wait *wait = name->waits;

		resolver_name_cancel(wait);
		wait->over(wait->context);
	}
}

static void
name_miss(struct resolver_name *name, enum status status)
{
	monitor_add(name->names->row, METRIC_RESOLVER_NAMES_MISSED, 1);
	loop_timer_clear(name->names->loop, &name->deadline);
	name->state = RESOLVER_NAME_MISSED;
	name->found = (struct loop_name){.status = status};
	name->expires_ms = loop_now_ms(name->names->loop) + RESOLVER_NAME_FAILURE_MS;
}

void
resolver_names_free(struct resolver_names *names)
{
	if (names == NULL) {
		return;
	}
	loop_names_free(names->dns);
	for (size_t i = 0; i < RESOLVER_NAME_COUNT_MAX; i++) {
		loop_timer_clear(names->loop, &names->names[i].deadline);
		name_tell(&names->names[i]);
	}
	free(names);
}

/* In small letters, with a NUL. False: no host name. */
static bool
host_copy(struct bytes host, char ret_host[RESOLVER_HOST_NAME_SIZE_MAX + 1])
{
	if (host.size == 0 || host.size > RESOLVER_HOST_NAME_SIZE_MAX) {
		return false;
	}
	memset(ret_host, 0, RESOLVER_HOST_NAME_SIZE_MAX + 1);
	for (size_t i = 0; i < host.size; i++) {
		uint8_t octet = host.at[i];

		if (octet == 0) {
			return false;
		}
		ret_host[i] = (char)(octet >= 'A' && octet <= 'Z' ? octet + ('a' - 'A') : octet);
	}
	return true;
}

struct resolver_name *
resolver_names_get(struct resolver_names *names, struct bytes host)
{
	char text[RESOLVER_HOST_NAME_SIZE_MAX + 1];
	int64_t now_ms = loop_now_ms(names->loop);
	struct resolver_name *oldest = NULL, *set;

	if (!host_copy(host, text)) {
		return NULL;
	}
	set = names->names +
		checksum_over(bytes_from_string(text), names->seed) % SET_COUNT * SET_SIZE;
	for (size_t i = 0; i < SET_SIZE; i++) {
		struct resolver_name *name = &set[i];

		if (strcmp(name->host, text) == 0) {
			if (name->state != RESOLVER_NAME_AWAITED && name->expires_ms <= now_ms) {
				name->state = RESOLVER_NAME_UNKNOWN;
			}
			name->used_ms = now_ms;
			return name;
		}
		if (!name->is_asked && name->waits == NULL &&
			(oldest == NULL || name->used_ms < oldest->used_ms)) {
			oldest = name;
		}
	}
	if (oldest != NULL) {
		*oldest = (struct resolver_name){.names = names, .used_ms = now_ms};
		memcpy(oldest->host, text, sizeof(text));
	}
	return oldest;
}

/* DNS is as silent as it was too long: whoever waits has other things to try. */
static void
name_due(void *context)
{
	struct resolver_name *name = context;

	name_miss(name, STATUS_TIMED_OUT);
	name_tell(name);
}

/* Also when nobody counts on it any more: it is right all the same. */
static void
name_found(void *context, const struct loop_name *found)
{
	struct resolver_name *name = context;
	struct resolver_names *names = name->names;
	int64_t lifetime_ms = (int64_t)found->ttl_s * 1000;

	name->is_asked = false;
	if (found->status == STATUS_OK) {
		loop_timer_clear(names->loop, &name->deadline);
		lifetime_ms = lifetime_ms < RESOLVER_NAME_MIN_MS ? RESOLVER_NAME_MIN_MS
			: lifetime_ms > RESOLVER_NAME_MAX_MS	 ? RESOLVER_NAME_MAX_MS
								 : lifetime_ms;
		name->state = RESOLVER_NAME_FOUND;
		name->found = *found;
		name->expires_ms = loop_now_ms(names->loop) + lifetime_ms;
	} else if (name->state == RESOLVER_NAME_AWAITED) {
		name_miss(name, found->status);
	}
	name_tell(name);
}

void
resolver_name_look_up(struct resolver_name *name)
{
	struct resolver_names *names = name->names;

	monitor_add(names->row, METRIC_RESOLVER_NAMES, 1);
	name->state = RESOLVER_NAME_AWAITED;
	loop_timer_set(names->loop, &name->deadline, loop_now_ms(names->loop) + RESOLVER_NAME_MS,
		name_due, name);
	if (name->is_asked) {
		return; /* The question of before is still on its way. */
	}
	name->is_asked = true;
	if (loop_names_find(names->dns, name->host, name_found, name) != STATUS_OK) {
		name->is_asked = false;
		name_miss(name, STATUS_NO_MEMORY);
	}
}

static void
wait_due(void *context)
{
	struct resolver_name_wait *wait = context;

	resolver_name_cancel(wait);
	wait->over(wait->context);
}

void
resolver_name_await(
	struct resolver_name_wait *wait, struct resolver_name *name, int64_t deadline_ms)
{
	wait->name = name;
	wait->next = name->waits;
	name->waits = wait;
	loop_timer_set(name->names->loop, &wait->deadline, deadline_ms, wait_due, wait);
}

void
resolver_name_cancel(struct resolver_name_wait *wait)
{
	struct resolver_name_wait **at;

	if (wait->name == NULL) {
		return;
	}
	loop_timer_clear(wait->name->names->loop, &wait->deadline);
	for (at = &wait->name->waits; *at != wait; at = &(*at)->next) {
	}
	*at = wait->next;
	wait->name = NULL;
}
