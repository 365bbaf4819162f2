/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_census.h"
#include "native/native_worker.h"

#include <stdlib.h>

/*
 * Connections. Whole requests are taken from the stream's octets in batches and answered in
 * order; a request that is not whole yet stays in the stream, which holds what really came
 * and nothing for what was only announced. One timer a connection watches its deadline:
 * for the rest of a request, for the next one, or for a peer that does not read. Only its
 * own delays count against a peer: while the connection is paused, requests wait for us, and
 * while answers wait to be read, a slow reader is not an idle one.
 *
 * Clients that wait for each answer send one small request at a time. Such requests are held
 * back until all connections that are ready have been read, so that their look-ups overlap
 * as those of a batch of datagrams do.
 *
 * A request that is answered later becomes a task (native_task.c). Tasks of a connection run side
 * by side where one cannot tell the other's work (operation_may_run_beside), so that changes
 * sent one behind the other are made durable together; their answers wait for each other and
 * leave in order. What can be answered at once waits behind them, and with
 * OPERATION_PER_CONNECTION_MAX waiting nothing more is read.
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

static void
connection_unlink(struct native_connection *connection)
{
	struct native *native = connection->native;

	*(connection->older != NULL ? &connection->older->newer : &native->oldest) =
		connection->newer;
	*(connection->newer != NULL ? &connection->newer->older : &native->newest) =
		connection->older;
}

static void
connection_link(struct native_connection *connection)
{
	struct native *native = connection->native;

	connection->older = native->newest;
	connection->newer = NULL;
	*(native->newest != NULL ? &native->newest->newer : &native->oldest) = connection;
	native->newest = connection;
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
static void
connection_watch(struct native_connection *connection)
{
	enum metric reason;
	int64_t deadline = connection_deadline(connection, &reason);

	if (!connection->timer.is_set || deadline < connection->timer.at_ms) {
		loop_timer_set(connection->native->loop, &connection->timer, deadline,
			connection_due, connection);
	}
}

/* What the peer has read since the last look; before and after octets are added, so that an
 * answer more does not hide what was read. */
static void
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

static void
connection_finish(struct native_connection *connection)
{
	if (connection->is_finishing) {
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

/* The connection takes no more requests until the peer has read all that waits. */
static void
connection_await_reader(struct native_connection *connection)
{
	if (!connection->is_paused) {
		connection->task_count_wanted = OPERATION_PER_CONNECTION_MAX;
	}
	connection_pause(connection);
	loop_stream_await_drained(connection->stream);
}

/* ... until no more than `count` tasks are left. */
static void
connection_await_tasks(struct native_connection *connection, size_t count)
{
	connection_pause(connection);
	connection->task_count_wanted = count;
}

/* Puts one answer behind the others in the worker's buffer. */
static void
put_exchange(struct native *native, struct wire_writer *out, struct exchange *exchange,
	bool is_kept_alive)
{
	size_t before = wire_writer_size(out);

	if (is_kept_alive) {
		exchange->response.message.header.flags |= MESSAGE_FLAG_KEEP_ALIVE;
	}
	service_count_answer(native->service, &exchange->response);
	service_write(out, &exchange->response);
	if (wire_writer_end(out) != STATUS_OK) {
		/* A record too large for a message cannot be stored; an answer that still does
		 * not fit must not cut the stream in the middle. */
		wire_writer_rewind(out, before);
		exchange_refuse(native->service, exchange, STATUS_TOO_LARGE,
			TEXT("the answer is larger than a message can be"));
		service_write(out, &exchange->response);
	}
}

static void
flush_out(struct native_connection *connection, struct wire_writer *out)
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

/* Drops what is answered but cannot leave any more; the rest frees itself when it is answered. */
static void
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

/* Sends what can be sent, then goes on or ends. */
static void
connection_deliver(struct native_connection *connection)
{
	if (connection->is_delivering || connection->is_finishing) {
		return;
	}
	connection->is_delivering = true;
	while (!connection->has_asked_last && deliver_one(connection)) {
	}
	connection->is_delivering = false;
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

/* Starts what may start. A task may be answered, and gone, before this returns. */
static void
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

static void
tcp_answered(struct native_task *task, bool is_last)
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

enum next_step {
	STEP_NEXT, /* The next request may be answered. */
	STEP_WAIT, /* Not before tasks are done, or the peer has read. */
	STEP_AGAIN, /* The same, and this request is to be shown again. */
	STEP_LAST, /* The client did not ask to keep the connection. */
};
static void
connection_append(struct native_connection *connection, struct native_task *task)
{
	*(connection->first_task == NULL ? &connection->first_task : &connection->last_task->next) =
		task;
	connection->last_task = task;
	connection->task_count++;
}

/* Begins what cannot be answered at once; the answers in `out` leave before. */
static enum next_step
begin_task(struct native_connection *connection, struct wire_writer *out, struct exchange *exchange,
	bool is_kept_alive)
{
	struct native *native = connection->native;
	struct operation_order order = {.is_kept_alive = is_kept_alive, .request_size = SIZE_MAX};
	struct native_task *task;
	enum status status;

	flush_out(connection, out);
	memcpy(order.source, connection->source, sizeof(order.source));
	status = native_task_new(native, exchange, &order, tcp_answered, &task);
	if (status != STATUS_OK && connection->task_count > 0) {
		connection_await_tasks(connection, 0);
		return STEP_AGAIN;
	}
	if (status != STATUS_OK) {
		exchange_refuse(native->service, exchange, status,
			TEXT("too many operations are under way"));
		put_exchange(native, out, exchange, is_kept_alive);
		return is_kept_alive ? STEP_NEXT : STEP_LAST;
	}
	task->connection = connection;
	connection_append(connection, task);
	connection_start_tasks(connection);
	if (!is_kept_alive && !connection->is_finishing) {
		connection_await_tasks(connection, 0);
	}
	if (connection->is_finishing) {
		return STEP_LAST;
	}
	return connection->is_paused ? STEP_WAIT : STEP_NEXT;
}

static enum next_step
answer_request(
	struct native_connection *connection, struct wire_writer *out, struct exchange *exchange)
{
	struct native *native = connection->native;
	bool is_kept_alive = !native->is_stopping &&
		((exchange->request.message.header.flags & MESSAGE_FLAG_KEEP_ALIVE) != 0 ||
			exchange->request.message.envelope.is_encrypted);
	enum next_step step = is_kept_alive ? STEP_NEXT : STEP_LAST;

	if (connection->task_count > 0 &&
		(!exchange->is_operation ||
			connection->task_count >= OPERATION_PER_CONNECTION_MAX)) {
		connection_await_tasks(
			connection, exchange->is_operation ? OPERATION_PER_CONNECTION_MAX / 2 : 0);
		return STEP_AGAIN;
	}
	if (exchange_answer(native->service, exchange, native->arena)) {
		put_exchange(native, out, exchange, is_kept_alive);
	} else {
		step = begin_task(connection, out, exchange, is_kept_alive);
	}
	arena_reset(native->arena);
	return step;
}

/* Cuts the next message off `rest`. TRUNCATED: it is not whole yet. */
static enum status
next_frame(struct bytes rest, struct envelope *ret_envelope, struct bytes *ret_octets)
{
	struct wire_reader reader = wire_reader_over(rest);

	envelope_read(&reader, ret_envelope);
	*ret_octets = wire_read_bytes(&reader, ret_envelope->message_size);
	return reader.status;
}

/* What cannot be served is answered once, and the connection closed: the place of the next
 * message in the stream is not known any more. */
static enum next_step
refuse_frame(struct native_connection *connection, struct wire_writer *out,
	struct exchange *exchange, enum status status)
{
	struct native *native = connection->native;

	if (connection->task_count > 0) {
		connection_await_tasks(connection, 0);
		return STEP_AGAIN;
	}
	monitor_add(native->row, METRIC_TCP_REFUSED_MALFORMED, 1);
	/* INVALID: a response. That says nothing about the handle in it. */
	status = status == STATUS_INVALID ? STATUS_MALFORMED : status;
	exchange_refuse(native->service, exchange, status,
		status == STATUS_UNSUPPORTED	     ? TEXT("unknown operation")
			: status == STATUS_TOO_LARGE ? TEXT("message is too large")
						     : TEXT("Invalid message"));
	put_exchange(native, out, exchange, false);
	flush_out(connection, out);
	connection_finish(connection);
	return STEP_LAST;
}

/* Takes up to a batch of whole requests; returns how many octets they were. `ret_count` is
 * how many; `ret_status` is OK, TRUNCATED (more octets needed) or why the next is refused. */
static size_t
take_batch(struct native *native, struct bytes octets, size_t *ret_count, enum status *ret_status)
{
	size_t taken = 0;
	size_t count = 0;
	enum status status = STATUS_OK;

	native->ahead.count = 0;
	while (count < UDP_BATCH_MAX && taken < octets.size) {
		struct exchange *exchange = &native->exchanges[count];
		struct envelope envelope;
		struct bytes message;

		status = next_frame(bytes_slice(octets, taken, SIZE_MAX), &envelope, &message);
		if (status == STATUS_OK) {
			status = exchange_decode(&envelope, message, exchange);
			taken += status == STATUS_OK ? ENVELOPE_SIZE + message.size : 0;
			/* Whole by its length, so more octets would not mend it. */
			status = status == STATUS_TRUNCATED ? STATUS_MALFORMED : status;
		} else if (status != STATUS_TRUNCATED) {
			exchange->request.message = (struct message){.envelope = envelope};
		}
		if (status != STATUS_OK) {
			break;
		}
		exchange_begin(native->service, exchange, &native->ahead);
		count++;
	}
	*ret_count = count;
	*ret_status = status;
	return taken;
}

/* Answers a batch from the front of `octets`; returns how many of them were consumed. */
static size_t
serve_batch(struct native_connection *connection, struct bytes octets, enum next_step *ret_step)
{
	struct native *native = connection->native;
	struct wire_writer out = wire_writer_over(native->out, sizeof(native->out));
	size_t count;
	enum status status;
	size_t taken = take_batch(native, octets, &count, &status);
	size_t consumed = 0;
	enum next_step step = STEP_NEXT;

	service_look_ahead(native->service, native->ahead.queries, native->ahead.count);
	for (size_t i = 0; i < count && step == STEP_NEXT; i++) {
		struct exchange *exchange = &native->exchanges[i];

		step = answer_request(connection, &out, exchange);
		if (step == STEP_AGAIN) {
			break;
		}
		consumed += ENVELOPE_SIZE + exchange->request.message.envelope.message_size;
		monitor_add(native->row, METRIC_TCP_REQUESTS, 1);
		if (wire_writer_size(&out) > NATIVE_OUT_SIZE / 2) {
			flush_out(connection, &out);
			step = step == STEP_NEXT && connection->waiting >= WAITING_MAX ? STEP_WAIT
										       : step;
		}
	}
	flush_out(connection, &out);
	if (step == STEP_LAST) {
		connection_finish(connection);
	} else if (step == STEP_NEXT && status != STATUS_OK && status != STATUS_TRUNCATED) {
		step = refuse_frame(connection, &out, &native->exchanges[count], status);
	} else if (step == STEP_NEXT && (status == STATUS_TRUNCATED || taken == octets.size)) {
		step = STEP_WAIT;
	}
	*ret_step = step;
	return consumed;
}

/* Some octets were consumed: the connection is alive, and its next request not begun. */
static void
connection_has_asked(struct native_connection *connection)
{
	connection->active_ms = loop_now_ms(connection->native->loop);
	connection->begun_ms = 0;
	connection_unlink(connection);
	connection_link(connection);
}

/* Holds the request back if it is small, whole, all there is, and may wait. */
static bool
hold(struct native_connection *connection, struct bytes octets)
{
	struct native *native = connection->native;
	struct tcp_held *held = &native->held[native->held_count];
	struct envelope envelope;
	struct bytes message;

	if (connection->task_count > 0 || octets.size > HELD_SIZE_MAX ||
		next_frame(octets, &envelope, &message) != STATUS_OK ||
		message.size + ENVELOPE_SIZE != octets.size) {
		return false;
	}
	memcpy(held->octets, message.at, message.size);
	if (exchange_decode(&envelope, bytes_over(held->octets, message.size), &held->exchange) !=
			STATUS_OK ||
		held->exchange.is_operation) {
		return false;
	}
	if (native->held_count == 0) {
		native->held_ahead.count = 0;
	}
	exchange_begin(native->service, &held->exchange, &native->held_ahead);
	held->connection = connection;
	connection->is_held = true;
	native->held_count++;
	connection_has_asked(connection);
	return true;
}

static void
answer_held(struct native *native, struct tcp_held *held)
{
	struct native_connection *connection = held->connection;
	struct wire_writer out = wire_writer_over(native->out, sizeof(native->out));

	if (connection == NULL) {
		return;
	}
	connection->is_held = false;
	if (answer_request(connection, &out, &held->exchange) == STEP_LAST) {
		flush_out(connection, &out);
		connection_finish(connection);
	} else {
		flush_out(connection, &out);
		connection_watch(connection);
	}
	monitor_add(native->row, METRIC_TCP_REQUESTS, 1);
}

void
native_tcp_answer_held(struct native *native)
{
	size_t count = native->held_count;

	if (count == 0) {
		return;
	}
	native->held_count = 0;
	service_look_ahead(native->service, native->held_ahead.queries, native->held_ahead.count);
	for (size_t i = 0; i < count; i++) {
		answer_held(native, &native->held[i]);
	}
}

static size_t
tcp_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct native_connection *connection = context;
	struct native *native = connection->native;
	int64_t now_ms = loop_now_ms(native->loop);
	size_t consumed = 0;
	enum next_step step = connection->is_finishing ? STEP_LAST : STEP_NEXT;

	monitor_add(native->row, METRIC_TCP_READS, 1);
	if (connection->is_held || native->held_count == UDP_BATCH_MAX) {
		native_tcp_answer_held(native);
	}
	if (step == STEP_NEXT && hold(connection, octets)) {
		return octets.size;
	}
	while (step == STEP_NEXT) {
		struct bytes rest = bytes_slice(octets, consumed, SIZE_MAX);

		consumed += serve_batch(connection, rest, &step);
		if (loop_stream_waiting(stream) >= WAITING_MAX) {
			connection_await_reader(connection);
			step = step == STEP_NEXT ? STEP_WAIT : step;
		}
	}
	if (connection->is_finishing) {
		return octets.size;
	}
	if (consumed > 0) {
		connection_has_asked(connection);
	}
	connection->kept = octets.size - consumed;
	if (connection->kept > 0 && connection->begun_ms == 0 && !connection->is_paused) {
		connection->begun_ms = now_ms;
	}
	connection_watch(connection);
	return consumed;
}

static void
tcp_drained(void *context, struct loop_stream *stream)
{
	struct native_connection *connection = context;

	(void)stream;
	connection_note_waiting(connection);
	connection_deliver(connection);
}

/* The peer has said all it had to say; it may still wait for answers. */
static void
tcp_ended(void *context, struct loop_stream *stream)
{
	struct native_connection *connection = context;

	(void)stream;
	if (connection->is_held) {
		native_tcp_answer_held(connection->native);
	}
	if (connection->task_count > 0) {
		connection->last_task->is_kept_alive = false;
	} else {
		connection_finish(connection);
	}
}

static void
tcp_closed(void *context, struct loop_stream *stream, enum status status)
{
	struct native_connection *connection = context;
	struct native *native = connection->native;

	(void)stream;
	(void)status;
	connection_drop_tasks(connection);
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
	free(connection);
}

static const struct loop_stream_calls tcp_calls = {
	tcp_received, tcp_drained, tcp_ended, tcp_closed};

void
native_tcp_accepted(void *context, struct loop_stream *stream, const struct address *peer)
{
	struct native *native = context;
	struct native_connection *connection = calloc(1, sizeof(*connection));
	bool is_counted = false;

	if (connection == NULL || native->is_stopping ||
		native->connection_count >= native->settings->connection_count_max) {
		goto refuse;
	}
	address_octets(peer, connection->source);
	connection->is_exempt = native_source_is_exempt(native, connection->source);
	is_counted = connection->is_exempt ||
		native_census_enter(native->census, connection->source,
			native->settings->connection_per_source_max);
	if (!is_counted) {
		goto refuse;
	}
	connection->native = native;
	connection->stream = stream;
	connection->active_ms = loop_now_ms(native->loop);
	connection_link(connection);
	native->connection_count++;
	monitor_add(native->row, METRIC_TCP_ACCEPTED, 1);
	loop_stream_own(stream, &tcp_calls, connection);
	connection_watch(connection);
	return;

refuse:
	free(connection);
	monitor_add(native->row, METRIC_TCP_REFUSED, 1);
	loop_stream_close(stream);
}

/* No descriptor is left: whoever was silent for the longest makes room. */
void
native_tcp_exhausted(void *context, struct loop_listener *listener)
{
	struct native *native = context;
	struct native_connection *idle = native->oldest;

	(void)listener;
	while (idle != NULL && (idle->task_count > 0 || loop_stream_waiting(idle->stream) > 0)) {
		idle = idle->newer;
	}
	if (idle != NULL) {
		monitor_add(native->row, METRIC_TCP_CLOSED_EXHAUSTED, 1);
		loop_stream_close(idle->stream);
	}
}

void
native_tcp_stop(struct native *native)
{
	struct native_connection *next;

	for (struct native_connection *connection = native->oldest; connection != NULL;
		connection = next) {
		next = connection->newer;
		/* A request half received has its deadline to become whole and be answered. */
		if (connection->task_count == 0 && connection->kept == 0 &&
			!connection->is_finishing) {
			connection_finish(connection);
		}
	}
}

void
native_tcp_abandon(struct native *native)
{
	/* They leave the list at the end of the wake-up. */
	for (struct native_connection *connection = native->oldest; connection != NULL;
		connection = connection->newer) {
		loop_stream_close(connection->stream);
	}
}
