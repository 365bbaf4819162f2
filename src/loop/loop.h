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
 * One wake-up: `woken` (once) -> due timers -> posts -> sockets -> `served` -> timers set soon ->
 * `closed` of the streams that went -> `sleeping`. Callbacks run on the loop's thread, never nested in each other:
 * a socket closed inside any callback gets no further call but `closed`, and its memory
 * stays until the wake-up ends. Only loop_post() and loop_stop() may be called from other
 * threads; loop_stop() also from a signal handler.
 *
 *     struct loop *loop = loop_new(&problem);
 *     struct loop_udp *udp = loop_udp_open(loop, &address, on_datagrams, worker, &problem);
 *     loop_run(loop);
 */
struct loop;

struct loop *loop_new(struct problem *problem); /* NULL: see the problem. */
void loop_free(struct loop *loop); /* All sockets closed before; makes `closed` calls left over. */
enum status loop_run(struct loop *loop) MUST_CHECK; /* Until loop_stop(), before or during. */
void loop_stop(struct loop *loop); /* The wake-up that runs is ended as usual. */

int64_t loop_now_ms(const struct loop *loop); /* Monotonic, read once a wake-up. */
void loop_on_wake(struct loop *loop, void (*woken)(void *context), void *context);
/* After every socket that was ready has been shown to its owner: what they held back, to be
 * answered together, is answered now. */
void loop_on_served(struct loop *loop, void (*served)(void *context), void *context);
/* Before the loop sleeps and after everything was served: flush, go off-line. */
void loop_on_sleep(struct loop *loop, void (*sleeping)(void *context), void *context);

/* A timer belongs to its owner's struct; setting it again moves it; zeroed means not set.
 * It fires at its time or later, in order of time; unset again before `fired` is called. */
typedef void loop_timer_fired(void *context);
struct loop_timer {
	struct loop_timer *previous, *child, *sibling; /* The loop's (loop_timer.h). */
	uint64_t order; /* Of setting: timers of the same millisecond fire in this order. */
	int64_t at_ms;
	loop_timer_fired *fired;
	void *context;
	bool is_set;
};
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t at_ms,
	loop_timer_fired *fired, void *context);
/* It fires in this wake-up still, after the sockets that are ready; what such timers set soon, too,
 * LOOP_SOON_ROUND_MAX times, and then sockets have their turn. */
void loop_timer_set_soon(
	struct loop *loop, struct loop_timer *timer, loop_timer_fired *fired, void *context);
void loop_timer_clear(struct loop *loop, struct loop_timer *timer);

/* From any thread: `posted` runs on the loop's thread. The node must stay until then. A call that
 * has shown its post may still be on its way out when the loop is freed: loop_free() waits. */
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

/* The address of ours that a datagram was sent to: known on sockets bound to a wildcard
 * address, elsewhere zero, which leaves the choice to the kernel. */
struct loop_local {
	uint8_t octets[16]; /* IPv4 takes the first 4. */
	uint32_t interface; /* Only for link-local addresses. */
};

struct loop_datagram {
	struct address peer;
	struct loop_local local;
	struct bytes octets; /* As received; longer ones than DATAGRAM_IN_SIZE_MAX are dropped. */
};
typedef void loop_udp_received(
	void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count);

/* Each worker opens the same address (SO_REUSEPORT), and the kernel would let a second process
 * do so, too, and deal the questions out between both. So this is asked first, once: IN_USE when
 * any socket has the address for UDP or listens there; SYSTEM when the machine does not have the
 * address, or refuses it. Port 0 is always free. */
enum status loop_address_check(const struct address *address, struct problem *problem) MUST_CHECK;

/* An address with port 0 is given one that nobody has, neither for UDP nor for TCP: what the kernel
 * chooses for one may be taken for the other. Any other address stays. IN_USE when there is none. */
enum status loop_address_choose(struct address *address, struct problem *problem) MUST_CHECK;

/* SO_REUSEPORT is set, so that each worker opens the same address. IPv6 sockets are v6 only. */
struct loop_udp *loop_udp_open(struct loop *loop, const struct address *address,
	loop_udp_received *received, void *context, struct problem *problem);
/* For whoever asks `peer` and waits for the answer: any address of ours of its family, a port of the
 * kernel's choice that nobody shares. One of thousands: room for datagrams is the loop's, the same for
 * all of them, and `local` of what comes is not known. Datagrams of others than the peer come, too. */
struct loop_udp *loop_udp_open_asking(struct loop *loop, const struct address *peer,
	loop_udp_received *received, void *context, struct problem *problem);
void loop_udp_close(struct loop_udp *udp); /* What is queued is dropped. */
void loop_udp_address(const struct loop_udp *udp, struct address *ret_address);

/* Room for one datagram of DATAGRAM_SIZE_MAX to `peer`; fill it, then commit its size (0
 * takes it back). Never NULL: a full queue is sent first. Outside a callback the queue
 * leaves at the end of the wake-up. What the kernel does not take at once is dropped and
 * counted: the loop never waits for a send.
 *
 * With `peer` inside the batch of the running callback the answer leaves from the address
 * that was asked. Answers given later keep the datagram's `local` and use the second form. */
uint8_t *loop_udp_reserve(struct loop_udp *udp, const struct address *peer);
uint8_t *loop_udp_reserve_from(
	struct loop_udp *udp, const struct address *peer, const struct loop_local *local);
void loop_udp_commit(struct loop_udp *udp, size_t size);

struct loop_udp_counts {
	uint64_t received; /* Datagrams handed to the callback. */
	uint64_t too_large; /* Longer than DATAGRAM_IN_SIZE_MAX. */
	uint64_t sent;
	uint64_t not_sent; /* The kernel had no room, or no way to that peer. */
};
struct loop_udp_counts loop_udp_counts(const struct loop_udp *udp);

/* Streams. A listener hands over each connection; its owner sets the callbacks. */
struct loop_stream;
struct loop_listener;

struct loop_stream_calls {
	/* Octets have come, together with those not consumed before. Returns how many were
	 * consumed; the rest is kept and shown again when more arrive, or after a pause ends.
	 * A stream that is not paused and holds STREAM_IN_SIZE_MAX octets, none of which its
	 * owner takes, is closed as TOO_LARGE. */
	size_t (*received)(void *context, struct loop_stream *stream, struct bytes octets);
	/* All that was written has left: after loop_stream_write() returned BUSY, or when
	 * loop_stream_await_drained() asked for it. Once for each of these. */
	void (*drained)(void *context, struct loop_stream *stream);
	/* The peer sends no more but may still read: finish or close once the last answer is
	 * written. NULL: the loop finishes the stream itself. */
	void (*ended)(void *context, struct loop_stream *stream);
	/* The last call, exactly once, at the end of a wake-up: OK after loop_stream_close() or
	 * _finish(), CLOSED when the peer went away, TOO_LARGE, TIMED_OUT, NO_MEMORY, SYSTEM. */
	void (*closed)(void *context, struct loop_stream *stream, enum status status);
};

/* Octets that a stream keeps for its owner: one message with its envelope. */
enum { STREAM_IN_SIZE_MAX = MESSAGE_SIZE_MAX + 20 };

/* The stream is closed if `accepted` neither owns nor closes it. */
typedef void loop_accepted(void *context, struct loop_stream *stream, const struct address *peer);

struct loop_listener *loop_listen(struct loop *loop, const struct address *address,
	loop_accepted *accepted, void *context, struct problem *problem);
void loop_listener_close(struct loop_listener *listener);
void loop_listener_address(const struct loop_listener *listener, struct address *ret_address);

/* Descriptors or kernel memory ran out: the listener rests for ACCEPT_REST_MS, and its owner
 * (the context of `accepted`) may close an idle stream to make room. */
typedef void loop_exhausted(void *context, struct loop_listener *listener);
void loop_listener_on_exhausted(struct loop_listener *listener, loop_exhausted *exhausted);

/* Octets may be written at once; they leave when the connection stands. */
struct loop_stream *loop_connect(struct loop *loop, const struct address *address,
	const struct loop_stream_calls *calls, void *context, struct problem *problem);
/* `calls` must live as long as the stream; `received` is the one that must be there. */
void loop_stream_own(
	struct loop_stream *stream, const struct loop_stream_calls *calls, void *context);

/* Copies the octets; they leave in one send at the end of the callback. BUSY past
 * TCP_OUT_SIZE_MAX and NO_MEMORY: nothing was taken. CLOSED after finish or close. */
enum status loop_stream_write(struct loop_stream *stream, struct bytes octets) MUST_CHECK;
/* Asks for `drained` once, even if nothing waits by then. */
void loop_stream_await_drained(struct loop_stream *stream);
/* Takes no more octets in until resumed: back-pressure. */
void loop_stream_pause(struct loop_stream *stream, bool is_paused);
size_t loop_stream_waiting(const struct loop_stream *stream); /* Octets not yet sent. */

/* The same in the file system, for those who may enter the folder and are the owner (mode 0600). A
 * socket of that name is replaced; the peer's address says nothing. */
struct loop_local_name {
	const char *directory;
	const char *name;
};
struct loop_listener *loop_listen_local(struct loop *loop, const struct loop_local_name *name,
	loop_accepted *accepted, void *context, struct problem *problem);
struct loop_stream *loop_connect_local(struct loop *loop, const struct loop_local_name *name,
	const struct loop_stream_calls *calls, void *context, struct problem *problem);

/* Sends what waits, says that no more follows, and closes when the peer has done so too, at
 * the latest after TCP_LINGER_MS: a close with unread octets would be a reset, which can
 * destroy the last answer on its way. Octets that arrive meanwhile are dropped, at most
 * TCP_LINGER_SIZE_MAX. A peer that does not read is the owner's business until then. */
void loop_stream_finish(struct loop_stream *stream);
void loop_stream_close(struct loop_stream *stream); /* At once; what waits is dropped. */
