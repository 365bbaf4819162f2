/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_connection.h"

/*
 * Requests that are answered later. Tasks of a connection run side by side where one cannot tell
 * the other's work (operation_may_run_beside), so that changes sent one behind the other are
 * made durable together; their answers wait for each other and leave in order.
 *
 * Behind the answer to a mirror follows a stream that is no more ours: the connection is given
 * up and its stream goes to the operation, not in the call that delivered the answer, but on a
 * timer that fires in the same wake-up.
 */
static bool
task_ends_connection(const struct native_connection *connection, const struct native_task *task)
{
	return task->is_last &&
		(!task->is_kept_alive || !operation_is_kept_alive(task->operation) ||
			(connection->native->is_stopping && connection->task_count == 1));
}

/* Fail closed: without octets there is no answer, and better none than an unsigned one. */
static bool
deliver_octets(struct native_connection *connection, struct native_task *task)
{
	struct bytes octets = operation_octets(task->operation);

	connection->active_ms = loop_now_ms(connection->native->loop);
	connection_note_waiting(connection);
	if (octets.size == 0 || loop_stream_write(connection->stream, octets) != STATUS_OK) {
		return false;
	}
	monitor_add(connection->native->row, METRIC_TCP_OCTETS_OUT, octets.size);
	connection_note_waiting(connection);
	return true;
}

/* The next answer in order, if it is there and the peer reads. */
static bool
deliver_one(struct native_connection *connection)
{
	struct native_task *task = connection->first_task;

	if (task == NULL || !task->is_answered || connection->waiting >= WAITING_MAX) {
		return false;
	}
	connection->has_asked_last = task_ends_connection(connection, task);
	if (!deliver_octets(connection, task)) {
		connection->has_asked_last = true;
	} else if (operation_takes_stream(task->operation)) {
		connection->has_asked_last = true;
		connection->first_task = task->next;
		connection->moving = task;
		return true;
	}
	if (task->is_last || connection->has_asked_last) {
		connection->first_task = task->next;
		connection->task_count--;
		native_task_free(task);
	} else {
		task->is_answered = false;
		operation_go_on(task->operation);
	}
	return true;
}

void
connection_move(struct native_connection *connection)
{
	if (connection->native->is_stopping) {
		loop_stream_close(connection->stream);
	} else if (operation_take_stream(connection->moving->operation, connection->stream) ==
		STATUS_OK) {
		connection_leave(connection);
	}
	/* Else the stream is closed, and tells so. */
}

void
connection_drop_tasks(struct native_connection *connection)
{
	while (connection->first_task != NULL) {
		struct native_task *task = connection->first_task;

		connection->first_task = task->next;
		task->connection = NULL;
		if (task->is_answered || !task->is_started) {
			native_task_free(task);
		}
	}
	connection->task_count = 0;
}

void
connection_deliver(struct native_connection *connection)
{
	if (connection->is_delivering || connection->is_finishing || connection->moving != NULL) {
		return;
	}
	connection->is_delivering = true;
	while (!connection->has_asked_last && deliver_one(connection)) {
	}
	connection->is_delivering = false;
	if (connection->moving != NULL) {
		/* Nothing behind it is begun: there is no way left for its answer. */
		connection_drop_tasks(connection);
		connection_await_move(connection);
		return;
	}
	if (connection->has_asked_last) {
		connection_drop_tasks(connection);
		connection_finish(connection);
		return;
	}
	connection_watch(connection);
	if (connection->waiting >= WAITING_MAX) {
		connection_await_reader(connection);
	} else if (connection->is_paused &&
		connection->task_count <= connection->task_count_wanted) {
		connection->is_paused = false;
		loop_stream_pause(connection->stream, false);
	}
}

/* The next task, unless it must wait for one before it. */
static struct native_task *
next_to_start(const struct native_connection *connection)
{
	struct native_task *task = connection->first_task;

	while (task != NULL && task->is_started) {
		task = task->next;
	}
	for (const struct native_task *before = connection->first_task;
		task != NULL && before != task; before = before->next) {
		if (!(before->is_answered && before->is_last) &&
			!operation_may_run_beside(task->operation, before->operation)) {
			return NULL;
		}
	}
	return task;
}

void
connection_start_tasks(struct native_connection *connection)
{
	struct native_task *task;

	if (connection->is_starting) {
		return;
	}
	connection->is_starting = true;
	while ((task = next_to_start(connection)) != NULL) {
		task->is_started = true;
		operation_start(task->operation);
	}
	connection->is_starting = false;
}

void
connection_task_answered(struct native_task *task, bool is_last)
{
	struct native_connection *connection;

	if (task->connection == NULL) {
		native_task_free(task);
		return;
	}
	task->is_answered = true;
	task->is_last = is_last;
	connection = task->connection;
	connection_deliver(connection);
	connection_start_tasks(connection);
}

void
connection_append(struct native_connection *connection, struct native_task *task)
{
	*(connection->first_task == NULL ? &connection->first_task : &connection->last_task->next) =
		task;
	connection->last_task = task;
	connection->task_count++;
}
