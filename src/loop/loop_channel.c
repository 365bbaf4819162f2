/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_channel.h"

#include <assert.h>
#include <stdlib.h>

/*
 * Built on the public calls of a stream, so that it runs on the loop of tests as well.
 *
 * channel_pump() is the one place where TLS moves: it decrypts into `room`, shows what is
 * there, and sends what TLS wants to say.
 */
enum {
	RECORD_SIZE = 16384, /* Of TLS (RFC 8446, 5.1). */
	RECORD_FRAME_SIZE = 64, /* Head, tag and padding of one, generously. */
	TAKE_SIZE = 16384,
};

struct loop_channel {
	struct loop *loop;
	struct loop_stream *stream;
	const struct loop_channel_calls *calls;
	void *context;
	struct crypto_tls *tls;
	struct loop_timer resume;
	uint8_t *room; /* Decrypted and not yet consumed; grows as needed. */
	size_t size;
	size_t capacity;
	enum status status; /* For `closed`, when it is not the stream's. */
	bool is_closed; /* By us: no more calls but `closed`. */
	bool is_paused;
	bool is_ready; /* `secured` was called. */
	bool has_ended;
	bool is_pumping;
};

static void
channel_break(struct loop_channel *channel, enum status status)
{
	if (!channel->is_closed) {
		channel->is_closed = true;
		channel->status = status;
		loop_stream_close(channel->stream);
	}
}

static void
channel_ended(struct loop_channel *channel)
{
	if (channel->has_ended) {
		return;
	}
	channel->has_ended = true;
	if (channel->calls->ended != NULL) {
		channel->calls->ended(channel->context, channel);
	} else {
		loop_channel_finish(channel);
	}
}

/* Hands what TLS wants to say to the stream, which keeps it if the peer does not read. */
static void
channel_flush(struct loop_channel *channel)
{
	uint8_t octets[TAKE_SIZE];
	size_t size;

	while (!channel->is_closed &&
		(size = crypto_tls_take(channel->tls, octets, sizeof(octets))) > 0) {
		if (loop_stream_write(channel->stream, bytes_over(octets, size)) != STATUS_OK) {
			channel_break(channel, STATUS_CLOSED);
		}
	}
}

/* Room for one record behind what is kept. */
static bool
channel_reserve(struct loop_channel *channel)
{
	size_t capacity = channel->capacity == 0 ? RECORD_SIZE : channel->capacity;
	uint8_t *room;

	while (capacity - channel->size < RECORD_SIZE) {
		capacity *= 2;
	}
	if (capacity == channel->capacity) {
		return true;
	}
	room = realloc(channel->room, capacity);
	if (room == NULL) {
		return false;
	}
	channel->room = room;
	channel->capacity = capacity;
	return true;
}

static void
channel_show(struct loop_channel *channel)
{
	size_t consumed = channel->calls->received(
		channel->context, channel, bytes_over(channel->room, channel->size));

	assert(consumed <= channel->size);
	if (channel->is_closed) {
		return;
	}
	channel->size -= consumed;
	if (channel->size == 0) {
		free(channel->room);
		channel->room = NULL;
		channel->capacity = 0;
		return;
	}
	memmove(channel->room, channel->room + consumed, channel->size);
	if (channel->size >= STREAM_IN_SIZE_MAX && !channel->is_paused) {
		channel_break(channel, STATUS_TOO_LARGE);
	}
}

/* False: nothing more for now. */
static bool
channel_decrypt(struct loop_channel *channel)
{
	enum status status;
	size_t size = 0;

	if (!channel_reserve(channel)) {
		channel_break(channel, STATUS_NO_MEMORY);
		return false;
	}
	status = crypto_tls_read(channel->tls, channel->room + channel->size, RECORD_SIZE, &size);
	channel_flush(channel);
	if (status == STATUS_CLOSED) {
		channel_ended(channel);
		return false;
	}
	if (status != STATUS_OK) {
		channel_break(channel, status);
	}
	if (channel->is_closed) {
		return false;
	}
	if (!channel->is_ready && crypto_tls_is_ready(channel->tls)) {
		channel->is_ready = true;
		if (channel->calls->secured != NULL) {
			channel->calls->secured(channel->context, channel);
		}
	}
	channel->size += size;
	return size > 0;
}

static void
channel_pump(struct loop_channel *channel)
{
	if (channel->is_pumping || channel->is_closed) {
		return;
	}
	channel->is_pumping = true;
	while (!channel->is_closed && !channel->is_paused && channel_decrypt(channel)) {
		if (!channel->is_closed) {
			channel_show(channel);
		}
	}
	channel->is_pumping = false;
}

static size_t
stream_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct loop_channel *channel = context;
	size_t consumed = 0;
	enum status status;

	(void)stream;
	if (channel->tls == NULL) {
		consumed = channel->calls->received(channel->context, channel, octets);
		if (channel->tls == NULL || channel->is_closed) {
			return consumed;
		}
	}
	status = crypto_tls_give(channel->tls, bytes_slice(octets, consumed, SIZE_MAX));
	if (status != STATUS_OK) {
		channel_break(channel, status);
	}
	channel_pump(channel);
	return octets.size;
}

static void
stream_drained(void *context, struct loop_stream *stream)
{
	struct loop_channel *channel = context;

	(void)stream;
	if (!channel->is_closed && channel->calls->drained != NULL) {
		channel->calls->drained(channel->context, channel);
	}
}

/* Inside TLS the peer must say that it ends: a stream cut by others does not pass for one that
 * is whole (RFC 8446, 6.1). */
static void
stream_ended(void *context, struct loop_stream *stream)
{
	struct loop_channel *channel = context;

	(void)stream;
	if (channel->is_closed || channel->has_ended) {
		return;
	}
	if (channel->tls != NULL) {
		channel_break(channel, STATUS_CLOSED);
	} else {
		channel_ended(channel);
	}
}

static void
stream_closed(void *context, struct loop_stream *stream, enum status status)
{
	struct loop_channel *channel = context;

	(void)stream;
	loop_timer_clear(channel->loop, &channel->resume);
	channel->calls->closed(channel->context, channel->is_closed ? channel->status : status);
	crypto_tls_free(channel->tls);
	free(channel->room);
	free(channel);
}

static const struct loop_stream_calls stream_calls = {
	stream_received, stream_drained, stream_ended, stream_closed};

struct loop_channel *
loop_channel_new(struct loop *loop, struct loop_stream *stream,
	const struct loop_channel_calls *calls, void *context)
{
	struct loop_channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL) {
		loop_stream_close(stream);
		return NULL;
	}
	*channel = (struct loop_channel){
		.loop = loop, .stream = stream, .calls = calls, .context = context};
	loop_stream_own(stream, &stream_calls, channel);
	return channel;
}

enum status
loop_channel_secure(struct loop_channel *channel, struct crypto_tls *tls)
{
	assert(channel->tls == NULL);
	if (tls == NULL) {
		return STATUS_NO_MEMORY;
	}
	channel->tls = tls;
	channel_pump(channel);
	return STATUS_OK;
}

bool
loop_channel_is_secure(const struct loop_channel *channel)
{
	return channel->is_ready;
}

size_t
loop_channel_waiting(const struct loop_channel *channel)
{
	return loop_stream_waiting(channel->stream);
}

void
loop_channel_await_drained(struct loop_channel *channel)
{
	loop_stream_await_drained(channel->stream);
}

enum status
loop_channel_write(struct loop_channel *channel, struct bytes octets)
{
	size_t size = octets.size + (octets.size / RECORD_SIZE + 1) * RECORD_FRAME_SIZE;
	enum status status;

	if (channel->is_closed) {
		return STATUS_CLOSED;
	}
	if (channel->tls == NULL) {
		return loop_stream_write(channel->stream, octets);
	}
	if (!channel->is_ready || size > TCP_OUT_SIZE_MAX - loop_stream_waiting(channel->stream)) {
		loop_stream_await_drained(channel->stream);
		return STATUS_BUSY;
	}
	status = crypto_tls_write(channel->tls, octets);
	channel_flush(channel);
	return channel->is_closed ? STATUS_CLOSED : status;
}

static void
channel_resumed(void *context)
{
	struct loop_channel *channel = context;

	if (channel->size > 0 && !channel->is_paused && !channel->is_closed) {
		channel->is_pumping = true;
		channel_show(channel);
		channel->is_pumping = false;
	}
	channel_pump(channel);
}

void
loop_channel_pause(struct loop_channel *channel, bool is_paused)
{
	bool is_resumed = channel->is_paused && !is_paused;

	channel->is_paused = is_paused;
	loop_stream_pause(channel->stream, is_paused);
	/* What lies decrypted, or half so, comes without the socket becoming ready. */
	if (is_resumed && channel->tls != NULL && !channel->is_closed) {
		loop_timer_set(channel->loop, &channel->resume, loop_now_ms(channel->loop),
			channel_resumed, channel);
	}
}

void
loop_channel_finish(struct loop_channel *channel)
{
	if (channel->is_closed) {
		return;
	}
	if (channel->tls != NULL) {
		crypto_tls_end(channel->tls);
		channel_flush(channel);
	}
	loop_stream_finish(channel->stream);
}

void
loop_channel_close(struct loop_channel *channel, enum status status)
{
	channel_break(channel, status);
}
