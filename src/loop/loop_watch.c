/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_watch.h"

#include "loop/loop_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct loop_watch {
	struct loop_source source;
	loop_watch_ready *ready;
	void *context;
};

static void
watch_ready(struct loop_source *source, uint32_t events)
{
	struct loop_watch *watch = (struct loop_watch *)source;

	(void)events;
	watch->ready(watch->context);
}

static void
watch_dead(struct loop_source *source)
{
	free(source);
}

struct loop_watch *
loop_watch_open(struct loop *loop, int fd, loop_watch_ready *ready, void *context)
{
	struct loop_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL) {
		return NULL;
	}
	watch->source.ready = watch_ready;
	watch->source.dead = watch_dead;
	watch->source.fd = fd;
	watch->ready = ready;
	watch->context = context;
	if (!loop_source_open(loop, &watch->source, EPOLLIN)) {
		free(watch);
		return NULL;
	}
	return watch;
}

void
loop_watch_close(struct loop_watch *watch)
{
	if (watch != NULL) {
		loop_source_forget(&watch->source);
	}
}

bool
loop_socket_peek(int fd, uint8_t *ret_octet, bool *ret_is_over)
{
	ssize_t size = recv(fd, ret_octet, 1, MSG_PEEK | MSG_DONTWAIT);

	*ret_is_over = size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
	return size == 1;
}

bool
loop_socket_take(int fd, uint8_t *ret_octets, size_t size, size_t *ret_size, bool *ret_is_over)
{
	ssize_t got = recv(fd, ret_octets, size, MSG_DONTWAIT);

	*ret_is_over = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
	*ret_size = got > 0 ? (size_t)got : 0;
	return got > 0;
}

void
loop_socket_break(int fd)
{
	if (shutdown(fd, SHUT_RDWR) != 0) {
		/* The peer was faster: there is nothing left to break. */
	}
}

void
loop_socket_close(int fd)
{
	close(fd);
}
