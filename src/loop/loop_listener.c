/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_internal.h"
#include "loop/loop_watch.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG_COUNT = 4096 };

struct loop_listener {
	struct loop_source source;
	loop_accepted *accepted;
	loop_accepted_socket *accepted_socket; /* Not NULL: instead of `accepted`. */
	loop_exhausted *exhausted;
	void *context;
	struct loop_timer rest;
	bool is_resting; /* Descriptors ran out. */
};

static void
listener_watch(struct loop_listener *listener)
{
	bool is_open = !listener->is_resting;

	loop_source_watch(&listener->source, is_open ? EPOLLIN : 0);
}

static void
listener_rested(void *context)
{
	struct loop_listener *listener = context;

	listener->is_resting = false;
	listener_watch(listener);
}

/* The connection stays in the backlog, so epoll would report it again at once and for ever:
 * look away for a while, and let the owner make room. */
static void
listener_rest(struct loop_listener *listener)
{
	struct loop *loop = listener->source.loop;

	listener->is_resting = true;
	listener_watch(listener);
	loop_timer_set(
		loop, &listener->rest, loop->now_ms + ACCEPT_REST_MS, listener_rested, listener);
	if (listener->exhausted != NULL) {
		listener->exhausted(listener->context, listener);
	}
}

static void
listener_hand_over(struct loop_listener *listener, int fd, const struct address *peer)
{
	struct loop_stream *stream;

	if (listener->accepted_socket != NULL) {
		listener->accepted_socket(listener->context, fd, peer);
		return;
	}
	stream = loop_stream_new(listener->source.loop, fd, EPOLLIN);
	if (stream == NULL) {
		close(fd);
		listener_rest(listener);
		return;
	}
	listener->accepted(listener->context, stream, peer);
	loop_stream_settle_accepted(stream);
}

static void
listener_ready(struct loop_source *source, uint32_t events)
{
	struct loop_listener *listener = (struct loop_listener *)source;

	(void)events;
	for (size_t i = 0;
		i < TCP_ACCEPT_COUNT_MAX && source->fd >= 0 && (source->events & EPOLLIN) != 0;
		i++) {
		struct address peer = {.size = sizeof(peer.v6)};
		int fd = accept4(source->fd, &peer.any, &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			listener_hand_over(listener, fd, &peer);
			continue;
		}
		switch (errno) {
		case EMFILE:
		case ENFILE:
		case ENOBUFS:
		case ENOMEM:
			listener_rest(listener);
			return;
		case EAGAIN:
			return;
		default:
			/* The connection broke before we took it (accept(2)): the next one. */
			break;
		}
	}
}

static void
listener_dead(struct loop_source *source)
{
	free(source);
}

struct loop_listener *
loop_listen_over(struct loop *loop, int fd, loop_accepted *accepted, void *context)
{
	struct loop_listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL) {
		return NULL;
	}
	listener->source.ready = listener_ready;
	listener->source.dead = listener_dead;
	listener->source.fd = fd;
	listener->accepted = accepted;
	listener->context = context;
	if (listen(fd, BACKLOG_COUNT) != 0 || !loop_source_open(loop, &listener->source, EPOLLIN)) {
		free(listener);
		return NULL;
	}
	return listener;
}

struct loop_listener *
loop_listen(struct loop *loop, const struct address *address, loop_accepted *accepted,
	void *context, struct problem *problem)
{
	struct loop_listener *listener = NULL;
	int on = 1;
	int fd = loop_socket_open(SOCK_STREAM, address, problem);

	if (fd < 0) {
		return NULL;
	}
	/* Linux hands TCP_NODELAY on to the connections: one call instead of one for each. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0) {
		listener = loop_listen_over(loop, fd, accepted, context);
	}
	if (listener == NULL) {
		problem_system(problem, "cannot listen");
		close(fd);
	}
	return listener;
}

struct loop_listener *
loop_listen_sockets(struct loop *loop, const struct address *address,
	loop_accepted_socket *accepted, void *context, struct problem *problem)
{
	struct loop_listener *listener = loop_listen(loop, address, NULL, context, problem);

	if (listener != NULL) {
		listener->accepted_socket = accepted;
	}
	return listener;
}

void
loop_listener_close(struct loop_listener *listener)
{
	loop_timer_clear(listener->source.loop, &listener->rest);
	loop_source_close(&listener->source);
}

void
loop_listener_address(const struct loop_listener *listener, struct address *ret_address)
{
	loop_socket_address(listener->source.fd, ret_address);
}

void
loop_listener_on_exhausted(struct loop_listener *listener, loop_exhausted *exhausted)
{
	listener->exhausted = exhausted;
}
