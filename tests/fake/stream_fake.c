/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* The real one keeps less (loop_stream.c); what its owner can see is the same. */
struct loop_stream {
	struct loop_stream *next;
	struct loop *loop;
	struct fake_peer *end;
	const struct loop_stream_calls *calls;
	void *context;
	struct loop_timer linger;
	uint8_t *in; /* Shown and not consumed. */
	size_t in_size;
	uint8_t *out; /* Written and not sent. */
	size_t out_size;
	size_t dropped_size;
	enum status status;
	bool is_connecting;
	bool is_paused;
	bool is_resumed;
	bool is_busy;
	bool has_ended; /* The owner knows that the peer sends no more. */
	bool is_finishing;
	bool is_lingering;
	bool is_closed;
};

static void
octets_append(uint8_t **octets, size_t *size, struct bytes more)
{
	*octets = realloc(*octets, *size + more.size + 1);
	assert(*octets != NULL);
	if (more.size > 0) {
		memcpy(*octets + *size, more.at, more.size);
	}
	*size += more.size;
}

static void
octets_drop(uint8_t *octets, size_t *size, size_t count)
{
	assert(count <= *size);
	*size -= count;
	if (*size > 0) {
		memmove(octets, octets + count, *size);
	}
}

/* Carries octets from one end to the other, as many as that takes; returns how many. */
static size_t
end_send(struct fake_peer *end, struct bytes octets)
{
	struct fake_peer *other = end->other;
	size_t size = octets.size < other->room ? octets.size : other->room;

	if (other->is_closed || end->is_reset) {
		/* Into the void, and a reset comes back. */
		end->is_reset = end->is_reset || octets.size > 0;
		return octets.size;
	}
	if (size > 0) {
		octets_append(&other->octets, &other->size, bytes_slice(octets, 0, size));
		other->received_ms = fake_now_ms();
	}
	if (other->room != SIZE_MAX) {
		other->room -= size;
	}
	return size;
}

static void
end_reset(struct fake_peer *end)
{
	end->is_closed = true;
	end->is_reset = true;
	end->other->is_reset = true;
}

/* As the kernel does it: unread octets, or such that still come, turn a close into a reset. */
static void
end_close(struct fake_peer *end)
{
	if (end->size > 0 && !end->is_closed) {
		end_reset(end);
	}
	end->has_ended = true;
	end->is_closed = true;
}

static void
stream_end(struct loop_stream *stream, enum status status)
{
	if (stream->is_closed) {
		return;
	}
	stream->is_closed = true;
	stream->status = status;
	loop_timers_clear(&stream->loop->timers, &stream->linger);
	end_close(stream->end);
	stream->end->stream = NULL;
}

struct loop_stream *
fake_stream_new(struct loop *loop, struct fake_peer *end)
{
	struct loop_stream *stream = fake_alloc(sizeof(*stream));
	struct loop_stream **at = &loop->streams;

	/* Behind the others: served in the order of their coming. */
	while (*at != NULL) {
		at = &(*at)->next;
	}
	*at = stream;
	stream->loop = loop;
	stream->end = end;
	end->stream = stream;
	return stream;
}

void
fake_stream_close_unowned(struct loop_stream *stream)
{
	if (stream->calls == NULL) {
		stream_end(stream, STATUS_OK);
	}
}

static void
stream_send(struct loop_stream *stream)
{
	size_t sent;

	if (stream->is_closed || stream->is_connecting) {
		return;
	}
	sent = end_send(stream->end, bytes_over(stream->out, stream->out_size));
	octets_drop(stream->out, &stream->out_size, sent);
	if (stream->out_size == 0) {
		free(stream->out);
		stream->out = NULL;
	}
}

/* Shows what is kept and what came, in an allocation of exactly that size. */
static void
stream_show(struct loop_stream *stream)
{
	struct fake_peer *end = stream->end;
	size_t room = STREAM_IN_SIZE_MAX - stream->in_size;
	size_t size = end->size < room ? end->size : room;
	struct bytes shown;
	size_t consumed;

	octets_append(&stream->in, &stream->in_size, bytes_over(end->octets, size));
	octets_drop(end->octets, &end->size, size);
	shown = fake_copy(bytes_over(stream->in, stream->in_size));
	consumed = stream->calls->received(stream->context, stream, shown);
	free((void *)(uintptr_t)shown.at);
	octets_drop(stream->in, &stream->in_size, consumed);
	if (stream->is_finishing || stream->in_size == 0) {
		free(stream->in);
		stream->in = NULL;
		stream->in_size = 0;
	}
	if (stream->in_size == STREAM_IN_SIZE_MAX && !stream->is_paused) {
		stream_end(stream, STATUS_TOO_LARGE);
	}
}

static void
stream_linger_over(void *context)
{
	stream_end(context, STATUS_OK);
}

/* One step of the way out; see loop_stream_finish(). */
static void
stream_step_out(struct loop_stream *stream)
{
	struct fake_peer *end = stream->end;

	stream->dropped_size += end->size;
	end->size = 0;
	if (stream->out_size > 0) {
		return;
	}
	if (end->other->has_ended || stream->dropped_size > TCP_LINGER_SIZE_MAX) {
		stream_end(stream, stream->status);
	} else if (!stream->is_lingering) {
		stream->is_lingering = true;
		end->has_ended = true;
		loop_timer_set(stream->loop, &stream->linger, stream->loop->now_ms + TCP_LINGER_MS,
			stream_linger_over, stream);
	}
}

static bool
stream_wants_in(const struct loop_stream *stream)
{
	return !stream->is_connecting && !stream->is_paused && !stream->has_ended &&
		!stream->is_finishing;
}

static bool
stream_is_ready(const struct loop_stream *stream)
{
	const struct fake_peer *end = stream->end;
	bool can_send = !stream->is_connecting &&
		((stream->out_size > 0 && end->other->room > 0) ||
			(stream->is_busy && stream->out_size == 0));

	if (stream->is_closed || end->is_reset || can_send) {
		return true;
	}
	if (stream->is_finishing && !stream->is_connecting) {
		return end->size > 0 ||
			(stream->out_size == 0 && (end->other->has_ended || !stream->is_lingering));
	}
	if (stream->is_resumed && !stream->is_paused && stream->in_size > 0) {
		return true;
	}
	return stream_wants_in(stream) && (end->size > 0 || end->other->has_ended);
}

static void
stream_serve_in(struct loop_stream *stream)
{
	struct fake_peer *end = stream->end;

	if (!stream_wants_in(stream)) {
		return;
	}
	if (end->size > 0 || (stream->is_resumed && stream->in_size > 0)) {
		stream->is_resumed = false;
		stream_show(stream);
	} else if (end->other->has_ended) {
		stream->has_ended = true;
		if (stream->calls->ended != NULL) {
			stream->calls->ended(stream->context, stream);
		} else {
			stream->is_finishing = true;
			stream->status = STATUS_CLOSED;
		}
	}
}

static void
stream_serve(struct loop_stream *stream)
{
	if (stream->is_closed) {
		return;
	}
	if (stream->end->is_reset) {
		stream_end(stream,
			stream->is_lingering		? STATUS_OK
				: stream->is_connecting ? STATUS_SYSTEM
							: STATUS_CLOSED);
		return;
	}
	stream_serve_in(stream);
	stream_send(stream);
	if (!stream->is_closed && stream->is_busy && stream->out_size == 0) {
		stream->is_busy = false;
		if (!stream->is_finishing && stream->calls->drained != NULL) {
			stream->calls->drained(stream->context, stream);
			stream_send(stream);
		}
	}
	if (!stream->is_closed && stream->is_finishing && !stream->is_connecting) {
		stream_step_out(stream);
	}
}

bool
fake_streams_are_ready(const struct loop *loop)
{
	for (const struct loop_stream *stream = loop->streams; stream != NULL;
		stream = stream->next) {
		if (stream_is_ready(stream)) {
			return true;
		}
	}
	return false;
}

void
fake_streams_serve(struct loop *loop)
{
	for (struct loop_stream *stream = loop->streams; stream != NULL; stream = stream->next) {
		stream_serve(stream);
	}
}

bool
fake_streams_bury(struct loop *loop)
{
	struct loop_stream **at = &loop->streams;
	struct loop_stream *dead = NULL;

	while (*at != NULL) {
		struct loop_stream *stream = *at;

		if (stream->is_closed) {
			*at = stream->next;
			stream->next = dead;
			dead = stream;
		} else {
			at = &stream->next;
		}
	}
	if (dead == NULL) {
		return false;
	}
	while (dead != NULL) {
		struct loop_stream *stream = dead;

		dead = stream->next;
		if (stream->calls != NULL && stream->calls->closed != NULL) {
			errno = ECONNREFUSED; /* The one reason for SYSTEM there is here. */
			stream->calls->closed(stream->context, stream, stream->status);
		}
		free(stream->in);
		free(stream->out);
		free(stream);
	}
	return true;
}

size_t
fake_stream_count(const struct loop *loop)
{
	size_t count = 0;

	for (const struct loop_stream *stream = loop->streams; stream != NULL;
		stream = stream->next) {
		count += stream->is_closed ? 0 : 1;
	}
	return count;
}

size_t
fake_stream_memory(const struct loop *loop)
{
	size_t size = 0;

	for (const struct loop_stream *stream = loop->streams; stream != NULL;
		stream = stream->next) {
		size += stream->in_size + stream->out_size;
	}
	return size;
}

void
loop_stream_own(struct loop_stream *stream, const struct loop_stream_calls *calls, void *context)
{
	stream->calls = calls;
	stream->context = context;
}

enum status
loop_stream_write(struct loop_stream *stream, struct bytes octets)
{
	if (stream->is_closed || stream->is_finishing) {
		return STATUS_CLOSED;
	}
	/* As the real one: what fills the loop's buffer is sent before anything is refused. */
	if (stream->out_size + octets.size > STREAM_IN_SIZE_MAX) {
		stream_send(stream);
	}
	if (octets.size > TCP_OUT_SIZE_MAX - stream->out_size) {
		stream->is_busy = true;
		return STATUS_BUSY;
	}
	octets_append(&stream->out, &stream->out_size, octets);
	return STATUS_OK;
}

void
loop_stream_await_drained(struct loop_stream *stream)
{
	stream->is_busy = true;
}

void
loop_stream_pause(struct loop_stream *stream, bool is_paused)
{
	stream->is_resumed = !is_paused && (stream->is_paused || stream->is_resumed);
	stream->is_paused = is_paused;
}

size_t
loop_stream_waiting(const struct loop_stream *stream)
{
	return stream->out_size;
}

void
loop_stream_finish(struct loop_stream *stream)
{
	stream->is_finishing = true;
}

void
loop_stream_close(struct loop_stream *stream)
{
	stream_end(stream, STATUS_OK);
}

/* The connection stands or is refused as soon as the other side has said so. */
void
fake_stream_connected(struct loop_stream *stream)
{
	stream->is_connecting = false;
}

struct loop_stream *
loop_connect(struct loop *loop, const struct address *address,
	const struct loop_stream_calls *calls, void *context, struct problem *problem)
{
	struct address from = *address; /* Of the same family. */
	struct loop_listener *listener = fake_listener_find(address);
	struct fake_connection *connection;
	struct loop_stream *stream;

	(void)problem;
	address_set_port(&from, 0);
	from = fake_address_bind(&from);
	connection = fake_connection_new(&from, address, listener);
	stream = fake_stream_new(loop, &connection->client);
	stream->is_connecting = true;
	loop_stream_own(stream, calls, context);
	return stream;
}

/* The outside end, as tests move it. */
void
fake_peer_send(struct fake_peer *peer, struct bytes octets)
{
	assert(!peer->has_ended);
	(void)end_send(peer, octets);
}

void
fake_peer_end(struct fake_peer *peer)
{
	peer->has_ended = true;
}

void
fake_peer_close(struct fake_peer *peer)
{
	end_close(peer);
}

void
fake_peer_reset(struct fake_peer *peer)
{
	end_reset(peer);
}

void
fake_peer_take(struct fake_peer *peer, size_t size)
{
	peer->room = size;
}

struct bytes
fake_peer_received(const struct fake_peer *peer)
{
	return bytes_over(peer->octets, peer->size);
}

void
fake_peer_consume(struct fake_peer *peer, size_t size)
{
	octets_drop(peer->octets, &peer->size, size);
}

int64_t
fake_peer_received_ms(const struct fake_peer *peer)
{
	return peer->received_ms;
}

bool
fake_peer_has_ended(const struct fake_peer *peer)
{
	return peer->other->has_ended;
}

bool
fake_peer_is_closed(const struct fake_peer *peer)
{
	return peer->other->is_closed;
}

bool
fake_peer_is_reset(const struct fake_peer *peer)
{
	return peer->is_reset;
}
