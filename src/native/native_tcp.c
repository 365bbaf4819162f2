/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_census.h"
#include "native/native_connection.h"

#include <stdlib.h>

/*
 * What comes in on connections. Whole requests are taken from the stream's octets in batches and
 * answered in order; a request that is not whole yet stays in the stream, which holds what really
 * came and nothing for what was only announced.
 *
 * Clients that wait for each answer send one small request at a time. Such requests are held
 * back until all connections that are ready have been read, so that their look-ups overlap
 * as those of a batch of datagrams do.
 *
 * A request that is answered later becomes a task (native_connection_tasks.c). What can be
 * answered at once waits behind the tasks of its connection, and with
 * OPERATION_PER_CONNECTION_MAX waiting nothing more is read.
 */
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

enum next_step {
	STEP_NEXT, /* The next request may be answered. */
	STEP_WAIT, /* Not before tasks are done, or the peer has read. */
	STEP_AGAIN, /* The same, and this request is to be shown again. */
	STEP_LAST, /* The client did not ask to keep the connection. */
};
/* Begins what cannot be answered at once; the answers in `out` leave before. */
static enum next_step
begin_task(struct native_connection *connection, struct wire_writer *out, struct exchange *exchange,
	bool is_kept_alive)
{
	struct native *native = connection->native;
	struct operation_order order = {.is_kept_alive = is_kept_alive, .request_size = SIZE_MAX};
	struct native_task *task;
	enum status status;

	connection_flush(connection, out);
	memcpy(order.source, connection->source, sizeof(order.source));
	status = native_task_new(native, exchange, &order, connection_task_answered, &task);
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
	connection_flush(connection, out);
	connection_finish(connection);
	return STEP_LAST;
}

/* Takes up to a batch of whole requests; returns how many octets they were. `ret_count` is
 * how many; `ret_status` is OK, TRUNCATED (more octets needed) or why the next is refused. */
static size_t
take_batch(struct native_connection *connection, struct bytes octets, size_t *ret_count,
	enum status *ret_status)
{
	struct native *native = connection->native;
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
		exchange_begin(native->service, exchange, connection->source, &native->ahead);
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
	size_t taken = take_batch(connection, octets, &count, &status);
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
			connection_flush(connection, &out);
			step = step == STEP_NEXT && connection->waiting >= WAITING_MAX ? STEP_WAIT
										       : step;
		}
	}
	connection_flush(connection, &out);
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
	exchange_begin(native->service, &held->exchange, connection->source, &native->held_ahead);
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
		connection_flush(connection, &out);
		connection_finish(connection);
	} else {
		connection_flush(connection, &out);
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

	/* What was kept is shown again. */
	monitor_add(native->row, METRIC_TCP_OCTETS_IN, octets.size - connection->kept);
	monitor_add(native->row, METRIC_TCP_READS, 1);
	if (connection->is_held || native->held_count == UDP_BATCH_MAX) {
		native_tcp_answer_held(native);
	}
	if (step == STEP_NEXT && hold(connection, octets)) {
		connection->kept = 0;
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
		connection->kept = 0;
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

	(void)stream;
	if (status != STATUS_OK) {
		monitor_add(connection->native->row, METRIC_TCP_CLOSED_ERROR, 1);
	}
	connection_leave(connection);
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
	monitor_add(native->row, METRIC_TCP_OPEN, 1);
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
