/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "base/limits.h"
#include "base/problem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The event loop of one worker: timers, datagrams in batches, streams, posts from other
 * threads. src/loop/loop_epoll.c is the real one; tests/fake/loop_fake.c has the same
 * functions over scripted packets and a clock that a test moves, so everything above this
 * line runs unchanged in replays.
 *
 * One wake-up: `woken` (once) -> due timers -> posts -> sockets. Callbacks run on the
 * loop's thread, never nested in each other. Only loop_post() and loop_stop() may be
 * called from other threads.
 *
 *     struct loop *loop = loop_new(&problem);
 *     struct loop_udp *udp = loop_udp_open(loop, &address, on_datagrams, worker, &problem);
 *     loop_run(loop);
 */
struct loop;

struct loop *loop_new(struct problem *problem); /* NULL: see the problem. */
void loop_free(struct loop *loop); /* After all its sockets were closed. */
enum status loop_run(struct loop *loop) MUST_CHECK; /* Until loop_stop(). */
void loop_stop(struct loop *loop);

int64_t loop_now_ms(const struct loop *loop); /* Monotonic, read once a wake-up. */
void loop_on_wake(struct loop *loop, void (*woken)(void *context), void *context);
/* Before the loop sleeps and after everything was served: flush, go off-line. */
void loop_on_sleep(struct loop *loop, void (*sleeping)(void *context), void *context);

/* A timer belongs to its owner's struct; setting it again moves it; zeroed means not set. */
typedef void loop_timer_fired(void *context);
struct loop_timer {
	struct loop_timer *parent, *child, *sibling; /* The loop's (pairing heap). */
	int64_t at_ms;
	loop_timer_fired *fired;
	void *context;
	bool is_set;
};
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t at_ms,
	loop_timer_fired *fired, void *context);
void loop_timer_clear(struct loop *loop, struct loop_timer *timer);

/* From any thread: `posted` runs on the loop's thread. The node must stay until then. */
typedef void loop_posted(void *context);
struct loop_post {
	struct loop_post *next;
	loop_posted *posted;
	void *context;
};
void loop_post(struct loop *loop, struct loop_post *post);

/* Datagrams. The callback gets what one recvmmsg brought, at most UDP_BATCH_MAX, and
 * answers into the batch; answers leave with one sendmmsg after it returned. */
struct loop_udp;
struct loop_datagram {
	struct address peer;
	struct bytes octets; /* As received; longer ones than DATAGRAM_IN_SIZE_MAX are dropped. */
};
typedef void loop_udp_received(
	void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count);

/* SO_REUSEPORT is set, so that each worker opens the same address. IPv6 sockets are v6 only. */
struct loop_udp *loop_udp_open(struct loop *loop, const struct address *address,
	loop_udp_received *received, void *context, struct problem *problem);
void loop_udp_close(struct loop_udp *udp);
void loop_udp_address(const struct loop_udp *udp, struct address *ret_address);

/* Room for one datagram of DATAGRAM_SIZE_MAX to `peer`; fill it, then commit its size (0
 * takes it back). Never NULL: a full queue is sent first. Outside a callback the queue
 * leaves at the end of the wake-up. */
uint8_t *loop_udp_reserve(struct loop_udp *udp, const struct address *peer);
void loop_udp_commit(struct loop_udp *udp, size_t size);

/* Streams. A listener hands over each connection; its owner sets the callbacks. */
struct loop_stream;
struct loop_listener;

struct loop_stream_calls {
	/* Octets have come, together with those not consumed before. Returns how many were
	 * consumed; the rest is kept and shown again when more arrive. */
	size_t (*received)(void *context, struct loop_stream *stream, struct bytes octets);
	/* All that was written has left (only after loop_stream_write returned BUSY). */
	void (*drained)(void *context, struct loop_stream *stream);
	/* The peer is gone, or loop_stream_close() was called: the last call, exactly once. */
	void (*closed)(void *context, struct loop_stream *stream, enum status status);
};

typedef void loop_accepted(void *context, struct loop_stream *stream, const struct address *peer);

struct loop_listener *loop_listen(struct loop *loop, const struct address *address,
	loop_accepted *accepted, void *context, struct problem *problem);
void loop_listener_close(struct loop_listener *listener);
void loop_listener_address(const struct loop_listener *listener, struct address *ret_address);
/* Stops accepting until resumed: the caps of the front. */
void loop_listener_pause(struct loop_listener *listener, bool is_paused);

struct loop_stream *loop_connect(struct loop *loop, const struct address *address,
	const struct loop_stream_calls *calls, void *context, struct problem *problem);
void loop_stream_own(
	struct loop_stream *stream, const struct loop_stream_calls *calls, void *context);

/* Copies into the stream's buffer; leaves in one write at the end of the callback. BUSY past
 * TCP_OUT_SIZE_MAX: nothing was taken. */
enum status loop_stream_write(struct loop_stream *stream, struct bytes octets) MUST_CHECK;
/* Takes no more octets in until resumed: back-pressure. */
void loop_stream_pause(struct loop_stream *stream, bool is_paused);
size_t loop_stream_waiting(const struct loop_stream *stream); /* Octets not yet sent. */
/* Sends what waits, then closes. Octets that arrive meanwhile are dropped. */
void loop_stream_finish(struct loop_stream *stream);
void loop_stream_close(struct loop_stream *stream); /* At once. */
