/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_link_private.h"

#include "client/client_pause.h"

/*
 * What a busy server is spared: nothing is sent while a pause lasts.
 */

static void
pause_end(void *context)
{
	struct client_link *link = context;

	link->is_paused = false;
	client_link_pump(link);
}

bool
client_link_pause(struct client_link *link, struct client_call *call)
{
	int64_t now_ms = loop_now_ms(link->loop);
	uint8_t busy_count = call->busy_count < UINT8_MAX ? call->busy_count + 1 : UINT8_MAX;
	int64_t end_ms = now_ms + client_pause_ms(busy_count);

	if (end_ms >= call->begun_ms + link->settings.deadline_ms) {
		return false;
	}
	call->busy_count = busy_count;
	/* Of several that were refused together the first has waited as long as any. */
	if (!link->is_paused) {
		link->is_paused = true;
		link->facts.pauses++;
		loop_timer_set(link->loop, &link->pause, end_ms, pause_end, link);
	}
	return true;
}

/* Back to where it was handed in: what waits may build on it. */
static void
call_insert(struct client_call_list *list, struct client_call *call)
{
	struct client_call **place = &list->first;

	while (*place != NULL && (*place)->number < call->number) {
		place = &(*place)->next;
	}
	call->next = *place;
	*place = call;
	if (call->next == NULL) {
		list->last = call;
	}
	list->count++;
}

bool
client_link_try_again(struct client_link *link, struct client_call *call)
{
	if (!client_link_pause(link, call)) {
		return false;
	}
	call->challenge_count = 0;
	call_insert(&link->waiting, call);
	return true;
}
