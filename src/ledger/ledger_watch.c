/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_private.h"

void
ledger_watch_begin(struct ledger *ledger, struct ledger_watch *watch)
{
	watch->is_wanted = false;
	watch->post = (struct loop_post){.posted = watch->grown, .context = watch->context};
	pthread_mutex_lock(&ledger->watch_lock);
	watch->next = ledger->watches;
	ledger->watches = watch;
	pthread_mutex_unlock(&ledger->watch_lock);
}

void
ledger_watch_end(struct ledger *ledger, struct ledger_watch *watch)
{
	struct ledger_watch **at = &ledger->watches;

	pthread_mutex_lock(&ledger->watch_lock);
	while (*at != watch) {
		at = &(*at)->next;
	}
	*at = watch->next;
	pthread_mutex_unlock(&ledger->watch_lock);
}

void
ledger_watch_arm(struct ledger_watch *watch)
{
	atomic_store(&watch->is_wanted, true);
}

/* A post is on its way at most once, because only its owner wants the next. */
void
ledger_watches_tell(struct ledger *ledger)
{
	pthread_mutex_lock(&ledger->watch_lock);
	for (struct ledger_watch *watch = ledger->watches; watch != NULL; watch = watch->next) {
		if (atomic_exchange(&watch->is_wanted, false)) {
			loop_post(watch->loop, &watch->post);
		}
	}
	pthread_mutex_unlock(&ledger->watch_lock);
}
