/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "loop/loop.h"
#include "loop/loop_impair.h"
#include "loop/loop_timer.h"

#include <stdatomic.h>

/*
 * What the files of the epoll loop share; nobody else includes this.
 *
 * Everything with a descriptor begins with a struct loop_source, which is what epoll hands
 * back. Closing a source closes its descriptor at once, but an event for it may already
 * lie in the array that epoll_wait filled, and a callback of it may be running; so its
 * memory waits on the loop's `dead` list until the wake-up ends.
 */
struct loop_source {
	struct loop *loop;
	/* Served by `ready` while open; `dead` ends it: last calls, then free. */
	void (*ready)(struct loop_source *source, uint32_t events);
	void (*dead)(struct loop_source *source);
	struct loop_source *next_dead;
	int fd; /* -1: closed. */
	uint32_t events; /* What epoll watches for. */
};

struct loop {
	int epoll_fd;
	int wake_fd; /* An eventfd: posts and stops of other threads. */
	int64_t now_ms;
	struct loop_timers timers;
	_Atomic(struct loop_post *) posts; /* Newest first. */
	atomic_uint poster_count; /* Within loop_post() or loop_stop(). */
	atomic_bool is_stopping;
	void (*woken)(void *context);
	void *woken_context;
	void (*served)(void *context);
	void *served_context;
	void (*sleeping)(void *context);
	void *sleeping_context;
	const struct loop_impairment *impairment; /* NULL: none. */
	struct loop_source *dead;
	size_t source_count; /* Open or dead, not yet freed. */
	struct loop_udp *queued; /* Sockets with datagrams that wait for the end of the wake-up. */
	struct udp_room
		*asking_rooms[2]; /* Of sockets that ask over IPv4 and IPv6; NULL: not yet. */
	struct loop_stream *touched; /* Streams to be settled at the end of the wake-up. */
	struct loop_stream *active; /* Whose callback runs: settled when it returns. */
	/* One buffer each way for all streams: only what a stream must keep is its own. */
	uint8_t *in_octets; /* STREAM_IN_SIZE_MAX */
	uint8_t *out_octets; /* STREAM_IN_SIZE_MAX */
	struct loop_stream *out_stream; /* Whose octets `out_octets` holds. */
	size_t out_size;
};

struct stream_buffer {
	uint8_t *octets;
	size_t size;
	size_t taken; /* Octets in front that have left. */
	size_t capacity;
};

struct loop_stream {
	struct loop_source source;
	const struct loop_stream_calls *calls;
	void *context;
	struct loop_stream *next_touched;
	struct loop_timer linger;
	struct stream_buffer in;
	struct stream_buffer out;
	size_t dropped_size; /* Since loop_stream_finish(). */
	enum status status; /* For `closed`; until then what finishing ends with. */
	int error_number;
	bool is_connecting;
	bool is_lost; /* Impaired: it never gets anywhere. */
	bool is_paused;
	bool is_resumed; /* What was kept must be shown again. */
	bool is_busy; /* A write was refused: `drained` is owed. */
	bool has_ended; /* The peer sends no more. */
	bool is_finishing;
	bool is_lingering; /* We send no more, and wait for the peer to end as well. */
	bool is_touched;
};

/* `source->fd` is open; on failure it stays the caller's. errno says why. */
bool loop_source_open(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_source_watch(struct loop_source *source, uint32_t events);
void loop_source_close(struct loop_source *source);
/* The same, but the descriptor stays open: it is somebody else's. */
void loop_source_forget(struct loop_source *source);

/* A non-blocking socket bound to `address`, SO_REUSEPORT set; -1 after problem_system(). */
int loop_socket_open(int kind, const struct address *address, struct problem *problem);
/* The same for UDP on a port of the kernel's choice, which nobody else may open. */
int loop_socket_open_alone(const struct address *address, struct problem *problem);
/* A listener over a bound socket, which is its own from then on. NULL: errno says why. */
struct loop_listener *loop_listen_over(
	struct loop *loop, int fd, loop_accepted *accepted, void *context);
void loop_socket_address(int fd, struct address *ret_address);

void loop_udp_flush_all(struct loop *loop);
void loop_udp_rooms_free(struct loop *loop);

/* loop_impair.c: only while the loop is impaired. */
void loop_impair_wait(struct loop *loop);
bool loop_impair_swallows(struct loop_source *source, uint32_t events);

struct loop_stream *loop_stream_new(struct loop *loop, int fd, uint32_t events);
void loop_stream_settle_accepted(struct loop_stream *stream); /* Closes it if nobody owns it. */
void loop_streams_settle(struct loop *loop);
