/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "loop/loop_internal.h"

#include <sys/epoll.h>
#include <time.h>

void
loop_impair(struct loop *loop, const struct loop_impairment *impairment)
{
	bool is_idle =
		impairment == NULL || (impairment->cut_count == 0 && impairment->delay_ms == 0);

	loop->impairment = is_idle ? NULL : impairment;
}

void
loop_impair_wait(struct loop *loop)
{
	struct timespec span = {
		.tv_sec = loop->impairment->delay_ms / 1000,
		.tv_nsec = (long)(loop->impairment->delay_ms % 1000) * 1000000,
	};

	nanosleep(&span, NULL);
}

/* What a connected socket brings from a host that is cut off stays with the kernel, as on a
 * line that is dead: nothing is told of it any more. */
bool
loop_impair_swallows(struct loop_source *source, uint32_t events)
{
	struct address peer = {.size = sizeof(peer.v6)};

	/* An end is told whatever is watched for, and would be told for ever. */
	if ((events & (EPOLLERR | EPOLLHUP)) != 0 || source->loop->impairment->cut_count == 0 ||
		getpeername(source->fd, &peer.any, &peer.size) != 0 ||
		!loop_impairment_cuts(source->loop->impairment, &peer)) {
		return false;
	}
	loop_source_watch(source, 0);
	return true;
}
