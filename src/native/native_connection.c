/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_connection.h"

#include "native/native_census.h"

#include <stdlib.h>

static void
connection_unlink(struct native_connection *connection)
{
	struct native *native = connection->native;

	*(connection->older != NULL ? &connection->older->newer : &native->oldest) =
		connection->newer;
	*(connection->newer != NULL ? &connection->newer->older : &native->newest) =
		connection->older;
}

void
connection_link(struct native_connection *connection)
{
	struct native *native = connection->native;

	connection->older = native->newest;
	connection->newer = NULL;
	*(native->newest != NULL ? &native->newest->newer : &native->oldest) = connection;
	native->newest = connection;
}

void
connection_leave(struct native_connection *connection)
{
	struct native *native = connection->native;

	connection_drop_tasks(connection);
	if (connection->moving != NULL) {
		native_task_free(connection->moving);
	}
	for (size_t i = 0; connection->is_held && i < native->held_count; i++) {
		if (native->held[i].connection == connection) {
			native->held[i].connection = NULL;
		}
	}
	if (!connection->is_exempt) {
		native_census_leave(native->census, connection->source);
	}
	loop_timer_clear(native->loop, &connection->timer);
	connection_unlink(connection);
	native->connection_count--;
	monitor_add(native->row, METRIC_TCP_CLOSED, 1);
	monitor_subtract(native->row, METRIC_TCP_OPEN, 1);
	free(connection);
}

static int64_t
connection_deadline(const struct native_connection *connection, enum metric *ret_reason)
{
	const struct native_settings *settings = connection->native->settings;
	int64_t deadline = connection->active_ms + settings->idle_ms;

	*ret_reason = METRIC_TCP_CLOSED_IDLE;
	if (connection->begun_ms != 0) {
		deadline = connection->begun_ms + settings->request_deadline_ms;
		*ret_reason = METRIC_TCP_CLOSED_DEADLINE;
	}
	if (connection->stalled_ms != 0 &&
		(connection->begun_ms == 0 ||
			connection->stalled_ms + settings->write_stall_ms < deadline)) {
		deadline = connection->stalled_ms + settings->write_stall_ms;
		*ret_reason = METRIC_TCP_CLOSED_STALL;
	}
	return deadline;
}

static void connection_due(void *context);

/* The timer may be set for earlier than the deadline, never for later. */
void
connection_watch(struct native_connection *connection)
{
	enum metric reason;
	int64_t deadline = connection_deadline(connection, &reason);

	if (!connection->timer.is_set || deadline < connection->timer.at_ms) {
		loop_timer_set(connection->native->loop, &connection->timer, deadline,
			connection_due, connection);
	}
}

void
connection_note_waiting(struct native_connection *connection)
{
	size_t waiting = loop_stream_waiting(connection->stream);

	if (waiting == 0) {
		if (connection->stalled_ms > connection->active_ms) {
			connection->active_ms = connection->stalled_ms;
		}
		connection->stalled_ms = 0;
	} else if (connection->stalled_ms == 0 || waiting < connection->waiting) {
		connection->stalled_ms = loop_now_ms(connection->native->loop);
	}
	connection->waiting = waiting;
}

static void
connection_due(void *context)
{
	struct native_connection *connection = context;
	enum metric reason;

	if (connection->moving != NULL) {
		connection_move(connection);
		return;
	}
	connection_note_waiting(connection);
	if (connection->task_count > 0) {
		connection->active_ms = loop_now_ms(connection->native->loop);
	}
	if (connection_deadline(connection, &reason) > loop_now_ms(connection->native->loop)) {
		connection_watch(connection);
		return;
	}
	monitor_add(connection->native->row, reason, 1);
	loop_stream_close(connection->stream);
}

void
connection_finish(struct native_connection *connection)
{
	if (connection->is_finishing || connection->moving != NULL) {
		return;
	}
	connection->is_finishing = true;
	connection->begun_ms = 0;
	loop_stream_finish(connection->stream);
	connection_note_waiting(connection);
	connection_watch(connection);
}

/* Requests that wait meanwhile have their deadline from when they are looked at again. */
static void
connection_pause(struct native_connection *connection)
{
	connection->is_paused = true;
	connection->begun_ms = 0;
	loop_stream_pause(connection->stream, true);
}

void
connection_await_reader(struct native_connection *connection)
{
	if (!connection->is_paused) {
		connection->task_count_wanted = OPERATION_PER_CONNECTION_MAX;
	}
	connection_pause(connection);
	loop_stream_await_drained(connection->stream);
}

void
connection_await_tasks(struct native_connection *connection, size_t count)
{
	connection_pause(connection);
	connection->task_count_wanted = count;
}

void
connection_await_move(struct native_connection *connection)
{
	struct loop *loop = connection->native->loop;

	connection_pause(connection);
	loop_timer_set(loop, &connection->timer, loop_now_ms(loop), connection_due, connection);
}

void
connection_flush(struct native_connection *connection, struct wire_writer *out)
{
	struct bytes octets = wire_written(out);

	if (octets.size > 0) {
		monitor_add(connection->native->row, METRIC_TCP_OCTETS_OUT, octets.size);
		connection_note_waiting(connection);
		if (loop_stream_write(connection->stream, octets) != STATUS_OK) {
			connection_finish(connection);
		}
		wire_writer_rewind(out, 0);
	}
	connection_note_waiting(connection);
}

void
connection_has_asked(struct native_connection *connection)
{
	connection->active_ms = loop_now_ms(connection->native->loop);
	connection->begun_ms = 0;
	connection_unlink(connection);
	connection_link(connection);
}
