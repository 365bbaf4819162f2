/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "fake/fake.h"
#include "loop/loop.h"
#include "loop/loop_timer.h"

#include <stdatomic.h>

/* What the files of the fake share. Lists are short here, so they are walked. */
struct fake_datagram {
	struct fake_datagram *next;
	int64_t at_ms;
	struct address from, to;
	struct bytes octets; /* An allocation of its own. */
};

struct fake_queue {
	struct fake_datagram *first;
	struct fake_datagram *last;
	size_t count;
};

/* One end of a connection; the other end is its neighbour in the connection. */
struct fake_peer {
	struct fake_peer *other;
	struct loop_stream *stream; /* NULL: outside. */
	struct address address;
	uint8_t *octets; /* Arrived, not yet read. */
	size_t size;
	size_t room; /* Octets still taken; SIZE_MAX: all. */
	int64_t received_ms;
	bool has_ended; /* This end sends no more. */
	bool is_closed; /* Nobody holds this end any more. */
	bool is_reset;
};

enum fake_connection_state {
	FAKE_CONNECTION_WAITS, /* For an accept. */
	FAKE_CONNECTION_STANDS,
};

struct fake_connection {
	struct fake_connection *next; /* Oldest first. */
	struct loop_listener *listener; /* NULL: the outside listens. */
	enum fake_connection_state state;
	struct fake_peer client;
	struct fake_peer server;
};

struct fake_world {
	int64_t now_ms;
	int64_t wall_shift_ms;
	struct loop *loops;
	struct fake_queue sent;
	struct fake_datagram *taken;
	struct fake_connection *connections;
	struct loop_pool *pools;
	bool pools_held;
	struct fake_named *named; /* name_fake.c */
	size_t name_asked_count;
	size_t fill_count;
	size_t refuse_count;
	size_t accept_refuse_count;
	size_t wake_count;
	uint16_t next_port;
};

extern struct fake_world fake_world;

struct loop {
	struct loop *next;
	int64_t now_ms;
	struct loop_timers timers;
	_Atomic(struct loop_post *) posts; /* Newest first. */
	atomic_bool is_stopping;
	void (*woken)(void *context);
	void *woken_context;
	void (*served)(void *context);
	void *served_context;
	void (*sleeping)(void *context);
	void *sleeping_context;
	struct loop_udp *udps;
	struct loop_listener *listeners;
	struct loop_stream *streams;
};

/* Runs one job of a helper thread; false if there is none. */
bool fake_pools_turn(void);

/* What each kind of socket has to do now, and one round of doing it. Closed sockets stay in
 * the lists until they are buried at the end of the wake-up. */
bool fake_udps_are_ready(const struct loop *loop);
void fake_udps_serve(struct loop *loop);
void fake_udps_flush(struct loop *loop);
void fake_udps_bury(struct loop *loop);
size_t fake_udp_count(const struct loop *loop);

bool fake_streams_are_ready(const struct loop *loop);
void fake_streams_serve(struct loop *loop);
bool fake_streams_bury(struct loop *loop); /* True if it called anybody. */
size_t fake_stream_count(const struct loop *loop);
size_t fake_stream_memory(const struct loop *loop);

bool fake_listeners_are_ready(const struct loop *loop);
void fake_listeners_serve(struct loop *loop);
void fake_listeners_bury(struct loop *loop);
size_t fake_listener_count(const struct loop *loop);
/* NULL: nobody listens there. */
struct loop_listener *fake_listener_find(const struct address *to);
struct fake_connection *fake_connection_new(
	const struct address *from, const struct address *to, struct loop_listener *listener);
struct loop_stream *fake_stream_new(struct loop *loop, struct fake_peer *end);
void fake_stream_close_unowned(struct loop_stream *stream);
void fake_stream_connected(struct loop_stream *stream);

void fake_queue_push(struct fake_queue *queue, const struct fake_datagram *datagram);
struct fake_datagram *fake_queue_pop(struct fake_queue *queue);
void fake_datagram_free(struct fake_datagram *datagram);

/* True if a socket bound to `bound` gets what is sent to `to`. */
bool fake_address_takes(const struct address *bound, const struct address *to);
bool fake_address_is_wildcard(const struct address *address);
/* `address` with a port: the next free one for port 0. */
struct address fake_address_bind(const struct address *address);
void fake_names_forget(void);
/* Memory of a test never runs out. */
void *fake_alloc(size_t size);
struct bytes fake_copy(struct bytes octets);
