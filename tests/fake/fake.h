/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The world of a replay: one clock that stands still, one network without wires, random
 * numbers from a seed. A program linked with this folder instead of the platform library
 * runs everything above src/loop unchanged, in one thread and without one sleep; several
 * loops in one program are nodes that can reach each other.
 *
 *     fake_begin(1);
 *     struct loop *loop = loop_new(&problem);       the node: as in production
 *     ... loop_udp_open(loop, &here, ...) ...
 *     fake_datagram(&there, &here, octets);         the world outside
 *     fake_run();
 *     while (fake_sent_take(&sent)) { ... }         what the node sent
 *     fake_advance(5000);
 *     loop_free(loop);
 *     fake_end();
 *
 * Injecting only queues: nothing of the node runs before fake_run() or fake_advance().
 * Whatever a callback is shown lies in an allocation of exactly its size that goes when the
 * callback returns, so that a sanitizer sees a read too far or too late.
 */
void fake_begin(uint64_t seed);
void fake_end(void); /* After all loops were freed; frees every peer. */

/* Time. Nothing but these moves it. */
int64_t fake_now_ms(void); /* Since fake_begin(). */
void fake_run(void); /* Until all loops would sleep. */
void fake_advance(int64_t duration_ms); /* From timer to timer; runs the loops at each. */
void fake_wall_shift(int64_t shift_ms); /* The wall clock jumps; the monotonic one does not. */

/* For parts with threads of their own: runs the loops until `is_done`; false after 5 s of
 * real time. */
bool fake_await(bool (*is_done)(void *context), void *context);

/* Jobs of helper threads (loop/loop_pool.h) run when all loops would sleep, one by one; while
 * they are held, none does. */
void fake_jobs_hold(bool is_held);

/* What DNS says of a name from now on, and how long it takes; of others it says that there are
 * none. Then how many names were asked for since the last call. */
struct loop_name;
void fake_name_set(const char *host, const struct loop_name *name, int64_t delay_ms);
size_t fake_name_asked_count(void);

/* Datagrams. Dropped when no socket is open at `to`. */
void fake_datagram(const struct address *from, const struct address *to, struct bytes octets);

struct fake_sent {
	int64_t at_ms;
	struct address from, to;
	struct bytes octets; /* Valid until the next call of fake_sent_take(). */
};
/* The oldest datagram sent to an address that no loop of this program has. */
bool fake_sent_take(struct fake_sent *ret_sent);
size_t fake_sent_count(void);

/* The next `count` flushes find no room in the kernel; or the next `count` datagrams have no
 * way to their peer. */
void fake_udp_fill(size_t count);
void fake_udp_refuse(size_t count);

/* Streams, seen from outside. All live until fake_end(). */
struct fake_peer;

/* NULL: nobody listens there. Waits in the backlog while the listener does not accept. */
struct fake_peer *fake_connect(const struct address *from, const struct address *to);
/* The oldest connection that a node opened to an address that no loop of this program has:
 * accepted, or refused by fake_peer_reset(). NULL: none. */
struct fake_peer *fake_accept(struct address *ret_to);

void fake_peer_send(struct fake_peer *peer, struct bytes octets);
void fake_peer_end(struct fake_peer *peer); /* Sends no more, still reads. */
void fake_peer_close(struct fake_peer *peer); /* A reset if the node's octets were not read. */
void fake_peer_reset(struct fake_peer *peer);
/* How many more octets the peer takes; SIZE_MAX at first. */
void fake_peer_take(struct fake_peer *peer, size_t size);

struct bytes fake_peer_received(const struct fake_peer *peer); /* Not yet consumed. */
void fake_peer_consume(struct fake_peer *peer, size_t size);
int64_t fake_peer_received_ms(const struct fake_peer *peer); /* When octets came last. */
bool fake_peer_has_ended(const struct fake_peer *peer); /* The node sends no more. */
bool fake_peer_is_closed(const struct fake_peer *peer); /* By the node, in any way. */
bool fake_peer_is_reset(const struct fake_peer *peer);

/* The next `count` accepts find no descriptor. */
void fake_accept_refuse(size_t count);

struct fake_counts {
	size_t loop_count;
	size_t udp_count;
	size_t listener_count;
	size_t stream_count;
	size_t timer_count; /* Timers that are set. */
	size_t stream_memory; /* Octets kept by all streams, in and out. */
	size_t wake_count; /* Wake-ups of all loops so far. */
};
struct fake_counts fake_counts(void);
