/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_internal.h"
#include "loop/loop_name.h"

#include <stdlib.h>

/* What a test has said of names; of others there is nothing. */
struct fake_named {
	struct fake_named *next;
	char *host;
	struct loop_name name;
	int64_t delay_ms;
};

struct look_up {
	struct look_up *next;
	struct loop_names *names;
	struct loop_timer timer;
	struct loop_name name;
	loop_name_found *found;
	void *context;
};

struct loop_names {
	struct loop *loop;
	struct look_up *look_ups;
};

void
fake_name_set(const char *host, const struct loop_name *name, int64_t delay_ms)
{
	struct fake_named *named;

	for (named = fake_world.named; named != NULL; named = named->next) {
		if (strcmp(named->host, host) == 0) {
			break;
		}
	}
	if (named == NULL) {
		named = fake_alloc(sizeof(*named));
		named->host = fake_alloc(strlen(host) + 1);
		memcpy(named->host, host, strlen(host));
		named->next = fake_world.named;
		fake_world.named = named;
	}
	named->name = *name;
	named->delay_ms = delay_ms;
}

void
fake_names_forget(void)
{
	while (fake_world.named != NULL) {
		struct fake_named *named = fake_world.named;

		fake_world.named = named->next;
		free(named->host);
		free(named);
	}
}

size_t
fake_name_asked_count(void)
{
	size_t count = fake_world.name_asked_count;

	fake_world.name_asked_count = 0;
	return count;
}

struct loop_names *
loop_names_new(struct loop *loop, const struct address *servers, size_t server_count)
{
	struct loop_names *names = fake_alloc(sizeof(*names));

	(void)servers;
	(void)server_count;
	names->loop = loop;
	return names;
}

static void
look_up_free(struct look_up *look_up)
{
	struct look_up **at = &look_up->names->look_ups;

	while (*at != look_up) {
		at = &(*at)->next;
	}
	*at = look_up->next;
	loop_timer_clear(look_up->names->loop, &look_up->timer);
	free(look_up);
}

void
loop_names_free(struct loop_names *names)
{
	if (names == NULL) {
		return;
	}
	while (names->look_ups != NULL) {
		look_up_free(names->look_ups);
	}
	free(names);
}

static void
look_up_due(void *context)
{
	struct look_up *look_up = context;
	struct loop_name name = look_up->name;
	loop_name_found *found = look_up->found;
	void *owner = look_up->context;

	look_up_free(look_up);
	found(owner, &name);
}

enum status
loop_names_find(struct loop_names *names, const char *host, loop_name_found *found, void *context)
{
	struct look_up *look_up = fake_alloc(sizeof(*look_up));
	const struct fake_named *named = fake_world.named;
	int64_t delay_ms = 0;

	fake_world.name_asked_count++;
	while (named != NULL && strcmp(named->host, host) != 0) {
		named = named->next;
	}
	look_up->name.status = STATUS_NOT_FOUND;
	if (named != NULL) {
		look_up->name = named->name;
		delay_ms = named->delay_ms;
	}
	look_up->names = names;
	look_up->next = names->look_ups;
	names->look_ups = look_up;
	look_up->found = found;
	look_up->context = context;
	loop_timer_set(names->loop, &look_up->timer, loop_now_ms(names->loop) + delay_ms,
		look_up_due, look_up);
	return STATUS_OK;
}
