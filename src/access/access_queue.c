/* SPDX-License-Identifier: Apache-2.0 */
#include "access/access_queue.h"

void
access_queue_add(struct access_queue *queue, struct access_link *links, uint32_t number)
{
	links[number] = (struct access_link){queue->last, ACCESS_QUEUE_END};
	if (queue->last != ACCESS_QUEUE_END) {
		links[queue->last].after = number;
	} else {
		queue->first = number;
	}
	queue->last = number;
	queue->count++;
}

void
access_queue_remove(struct access_queue *queue, struct access_link *links, uint32_t number)
{
	struct access_link link = links[number];

	if (link.before != ACCESS_QUEUE_END) {
		links[link.before].after = link.after;
	} else {
		queue->first = link.after;
	}
	if (link.after != ACCESS_QUEUE_END) {
		links[link.after].before = link.before;
	} else {
		queue->last = link.before;
	}
	queue->count--;
}
