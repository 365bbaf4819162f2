/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Slots of a table in an order, by their numbers: what is added goes to the end, so a queue of
 * who was heard of has the longest silent in front. A slot is in one queue at a time, and may
 * leave it from any place; all queues of a table share one array of links.
 *
 *     struct access_link *links = calloc(count, sizeof(*links));
 *     struct access_queue queue = access_queue_empty();
 *
 *     access_queue_add(&queue, links, number);
 *     access_queue_remove(&queue, links, queue.first);
 *
 * No number is checked: that a slot is in this queue and no other, the caller knows.
 */
#define ACCESS_QUEUE_END UINT32_MAX

struct access_link {
	uint32_t before, after;
};

struct access_queue {
	uint32_t first, last; /* ACCESS_QUEUE_END: empty. */
	uint32_t count;
};

static inline struct access_queue
access_queue_empty(void)
{
	return (struct access_queue){ACCESS_QUEUE_END, ACCESS_QUEUE_END, 0};
}

void access_queue_add(struct access_queue *queue, struct access_link *links, uint32_t number);
void access_queue_remove(struct access_queue *queue, struct access_link *links, uint32_t number);
