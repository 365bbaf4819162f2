/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "native/native_worker.h"

/*
 * One TCP connection: its deadlines, the octets that wait for its peer (native_connection.c),
 * and its requests that are answered later (native_connection_tasks.c). Private to this folder;
 * what comes in on it is read by native_tcp.c.
 *
 * One timer a connection watches its deadline: for the rest of a request, for the next one, or
 * for a peer that does not read. Only its own delays count against a peer: while the connection
 * is paused, requests wait for us, and while answers wait to be read, a slow reader is not an
 * idle one.
 */
enum { WAITING_MAX = TCP_OUT_SIZE_MAX / 4 };

_Static_assert(WAITING_MAX + NATIVE_OUT_SIZE <= TCP_OUT_SIZE_MAX, "a batch's answers always fit");

struct native_connection {
	struct native *native;
	struct loop_stream *stream;
	struct native_connection *older;
	struct native_connection *newer;
	struct loop_timer timer;
	struct native_task *first_task; /* In the order of their requests. */
	struct native_task *last_task;
	size_t task_count;
	size_t task_count_wanted; /* While paused: goes on when so few are left. */
	struct native_task *moving; /* Takes the stream over; see connection_move(). */
	int64_t active_ms; /* Last request answered, or accepted. */
	int64_t begun_ms; /* First octet of the request that is not whole; 0: none. */
	int64_t stalled_ms; /* Since when the same octets wait to be read; 0: none wait. */
	size_t waiting;
	size_t kept; /* Octets of requests not answered yet. */
	bool is_paused; /* For tasks, or until the peer has read. */
	bool is_delivering;
	bool is_starting;
	bool has_asked_last; /* Behind the last task the connection ends. */
	uint8_t source[16];
	bool is_exempt;
	bool is_finishing;
	bool is_held; /* One of its requests is among native->held. */
};

/* The connection becomes the newest of its worker. */
void connection_link(struct native_connection *connection);
/* Frees it, and its place in the census; the stream is not touched. */
void connection_leave(struct native_connection *connection);

/* Some octets were consumed: the connection is alive, and its next request not begun. */
void connection_has_asked(struct native_connection *connection);
/* Sets the timer for the deadline, whatever has changed it. */
void connection_watch(struct native_connection *connection);
/* What the peer has read since the last look; before and after octets are added, so that an
 * answer more does not hide what was read. */
void connection_note_waiting(struct native_connection *connection);
/* Sends the answers in `out` and empties it. */
void connection_flush(struct native_connection *connection, struct wire_writer *out);

/* Closes behind what waits to be read. */
void connection_finish(struct native_connection *connection);
/* The connection takes no more requests until the peer has read all that waits, or until no
 * more than `count` tasks are left. */
void connection_await_reader(struct native_connection *connection);
void connection_await_tasks(struct native_connection *connection, size_t count);
/* What comes on the stream from now on waits for its new owner; connection_move() follows in this
 * wake-up or the next, when nobody up the stack knows the connection any more. */
void connection_await_move(struct native_connection *connection);

/* native_connection_tasks.c */
void connection_append(struct native_connection *connection, struct native_task *task);
/* Starts what may start. A task may be answered, and gone, before this returns. */
void connection_start_tasks(struct native_connection *connection);
native_answered connection_task_answered;
/* Sends what can be sent, then goes on or ends. */
void connection_deliver(struct native_connection *connection);
/* Drops what is answered but cannot leave any more; the rest frees itself when it is answered. */
void connection_drop_tasks(struct native_connection *connection);
/* Gives the stream to the operation whose answer has left, and the connection up. */
void connection_move(struct native_connection *connection);
