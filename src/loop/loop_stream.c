/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_internal.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * Octets pass through two buffers of the loop, one each way; a stream has memory of its own
 * only for octets that nobody takes yet: half a message in, an answer that the peer does
 * not read out. Both grow with octets that are really there and go when they are empty, so
 * an idle connection costs this struct.
 *
 * After every callback, and at the end of the wake-up for streams that were touched from
 * elsewhere, stream_settle() sends, ends and tells epoll what to watch for, once.
 */
enum { BUFFER_SIZE_MIN = 512 };

static size_t
buffer_left(const struct stream_buffer *buffer)
{
	return buffer->size - buffer->taken;
}

static void
buffer_free(struct stream_buffer *buffer)
{
	free(buffer->octets);
	*buffer = (struct stream_buffer){0};
}

/* The octets must not lie in the buffer itself, and fit `limit` together with those there.
 * False: no memory, nothing changed. */
static bool
buffer_append(struct stream_buffer *buffer, struct bytes octets, size_t limit)
{
	if (octets.size > buffer->capacity - buffer->size) {
		size_t left = buffer_left(buffer);
		size_t capacity = BUFFER_SIZE_MIN;
		uint8_t *grown;

		while (capacity < left + octets.size) {
			capacity *= 2;
		}
		capacity = capacity < limit ? capacity : limit;
		grown = malloc(capacity);
		if (grown == NULL) {
			return false;
		}
		if (left > 0) {
			memcpy(grown, buffer->octets + buffer->taken, left);
		}
		free(buffer->octets);
		*buffer =
			(struct stream_buffer){.octets = grown, .size = left, .capacity = capacity};
	}
	memcpy(buffer->octets + buffer->size, octets.at, octets.size);
	buffer->size += octets.size;
	return true;
}

static void
stream_end(struct loop_stream *stream, enum status status)
{
	struct loop *loop = stream->source.loop;

	if (stream->source.fd < 0) {
		return;
	}
	stream->status = status;
	stream->error_number = errno;
	loop_timer_clear(loop, &stream->linger);
	if (loop->out_stream == stream) {
		loop->out_stream = NULL;
		loop->out_size = 0;
	}
	loop_source_close(&stream->source);
}

/* Ends the stream for a reason in errno. */
static void
stream_break(struct loop_stream *stream)
{
	switch (errno) {
	case ECONNRESET:
	case EPIPE:
		stream_end(stream, STATUS_CLOSED);
		break;
	case ETIMEDOUT:
		stream_end(stream, STATUS_TIMED_OUT);
		break;
	default:
		stream_end(stream, STATUS_SYSTEM);
		break;
	}
}

static bool
is_only_late(int number)
{
	return number == EAGAIN || number == EINTR || number == ENOBUFS;
}

static void
stream_touch(struct loop_stream *stream)
{
	struct loop *loop = stream->source.loop;

	if (stream->source.fd < 0 || stream->is_touched || loop->active == stream) {
		return;
	}
	stream->is_touched = true;
	stream->next_touched = loop->touched;
	loop->touched = stream;
}

/* Gives the loop's buffer away: what the kernel does not take moves to the stream's own. */
static void
stream_send_shared(struct loop_stream *stream)
{
	struct loop *loop = stream->source.loop;
	struct bytes octets = bytes_over(loop->out_octets, loop->out_size);
	ssize_t sent = send(stream->source.fd, octets.at, octets.size, MSG_NOSIGNAL);

	if (sent < 0 && !is_only_late(errno)) {
		stream_break(stream);
		return;
	}
	loop->out_stream = NULL;
	loop->out_size = 0;
	octets = bytes_slice(octets, sent < 0 ? 0 : (size_t)sent, SIZE_MAX);
	if (octets.size > 0 && !buffer_append(&stream->out, octets, TCP_OUT_SIZE_MAX)) {
		stream_end(stream, STATUS_NO_MEMORY);
	}
}

static void
stream_send(struct loop_stream *stream)
{
	ssize_t sent;

	if (stream->source.fd < 0) {
		return;
	}
	if (stream->source.loop->out_stream == stream) {
		stream_send_shared(stream);
		return;
	}
	if (stream->is_connecting || buffer_left(&stream->out) == 0) {
		return;
	}
	sent = send(stream->source.fd, stream->out.octets + stream->out.taken,
		buffer_left(&stream->out), MSG_NOSIGNAL);
	if (sent < 0) {
		if (!is_only_late(errno)) {
			stream_break(stream);
		}
		return;
	}
	stream->out.taken += (size_t)sent;
	if (buffer_left(&stream->out) == 0) {
		buffer_free(&stream->out);
	}
}

size_t
loop_stream_waiting(const struct loop_stream *stream)
{
	const struct loop *loop = stream->source.loop;

	return buffer_left(&stream->out) + (loop->out_stream == stream ? loop->out_size : 0);
}

/* Takes the octets into the loop's buffer; false: they belong behind those that wait. */
static bool
stream_write_shared(struct loop_stream *stream, struct bytes octets)
{
	struct loop *loop = stream->source.loop;

	if (stream->is_connecting || buffer_left(&stream->out) > 0) {
		return false;
	}
	if (loop->out_stream != NULL &&
		(loop->out_stream != stream || octets.size > STREAM_IN_SIZE_MAX - loop->out_size)) {
		stream_send_shared(loop->out_stream);
		if (stream->source.fd < 0 || buffer_left(&stream->out) > 0) {
			return false;
		}
	}
	if (octets.size > STREAM_IN_SIZE_MAX) {
		return false;
	}
	memcpy(loop->out_octets + loop->out_size, octets.at, octets.size);
	loop->out_size += octets.size;
	loop->out_stream = stream;
	return true;
}

void
loop_stream_await_drained(struct loop_stream *stream)
{
	if (stream->source.fd >= 0) {
		stream->is_busy = true;
		stream_touch(stream);
	}
}

enum status
loop_stream_write(struct loop_stream *stream, struct bytes octets)
{
	if (stream->source.fd < 0 || stream->is_finishing) {
		return STATUS_CLOSED;
	}
	if (octets.size == 0) {
		return STATUS_OK;
	}
	stream_touch(stream);
	if (stream_write_shared(stream, octets)) {
		return STATUS_OK;
	}
	if (stream->source.fd < 0) {
		return STATUS_CLOSED;
	}
	if (octets.size > TCP_OUT_SIZE_MAX - buffer_left(&stream->out)) {
		stream->is_busy = true;
		return STATUS_BUSY;
	}
	return buffer_append(&stream->out, octets, TCP_OUT_SIZE_MAX) ? STATUS_OK : STATUS_NO_MEMORY;
}

void
loop_stream_pause(struct loop_stream *stream, bool is_paused)
{
	stream->is_resumed = !is_paused && (stream->is_paused || stream->is_resumed);
	stream->is_paused = is_paused;
	stream_touch(stream);
}

void
loop_stream_finish(struct loop_stream *stream)
{
	stream->is_finishing = true;
	stream_touch(stream);
}

void
loop_stream_close(struct loop_stream *stream)
{
	stream_end(stream, STATUS_OK);
}

void
loop_stream_own(struct loop_stream *stream, const struct loop_stream_calls *calls, void *context)
{
	stream->calls = calls;
	stream->context = context;
}

/* Shows octets to the owner and keeps what it leaves. `octets` are either in the loop's
 * buffer or all that `stream->in` holds. */
static void
stream_show(struct loop_stream *stream, struct bytes octets)
{
	size_t consumed = stream->calls->received(stream->context, stream, octets);
	struct bytes rest = bytes_slice(octets, consumed, SIZE_MAX);

	assert(consumed <= octets.size);
	if (stream->source.fd < 0) {
		return;
	}
	if (rest.size == 0 || stream->is_finishing) {
		buffer_free(&stream->in);
		return;
	}
	if (octets.at == stream->in.octets) {
		if (consumed > 0) {
			memmove(stream->in.octets, rest.at, rest.size);
			stream->in.size = rest.size;
		}
	} else if (!buffer_append(&stream->in, rest, STREAM_IN_SIZE_MAX)) {
		stream_end(stream, STATUS_NO_MEMORY);
		return;
	}
	if (rest.size == STREAM_IN_SIZE_MAX && !stream->is_paused) {
		stream_end(stream, STATUS_TOO_LARGE);
	}
}

static void
stream_peer_ended(struct loop_stream *stream)
{
	stream->has_ended = true;
	if (stream->calls->ended != NULL) {
		stream->calls->ended(stream->context, stream);
	} else {
		stream->is_finishing = true;
		stream->status = STATUS_CLOSED;
	}
}

/* Reads behind the octets kept, and what finds no room there into the loop's buffer. */
static ssize_t
stream_read_behind(struct loop_stream *stream)
{
	struct loop *loop = stream->source.loop;
	struct stream_buffer *in = &stream->in;
	size_t room = STREAM_IN_SIZE_MAX - in->size;
	size_t tail = in->capacity - in->size < room ? in->capacity - in->size : room;
	struct iovec runs[2] = {
		{in->octets + in->size, tail},
		{loop->in_octets, room - tail},
	};
	ssize_t size = readv(stream->source.fd, runs, 2);

	if (size <= 0) {
		return size;
	}
	if ((size_t)size <= tail) {
		in->size += (size_t)size;
		return size;
	}
	in->size += tail;
	if (!buffer_append(
		    in, bytes_over(loop->in_octets, (size_t)size - tail), STREAM_IN_SIZE_MAX)) {
		errno = ENOMEM;
		return -1;
	}
	return size;
}

static void
stream_read(struct loop_stream *stream)
{
	struct loop *loop = stream->source.loop;
	bool is_behind = stream->in.size > 0;
	ssize_t size = is_behind ? stream_read_behind(stream)
				 : recv(stream->source.fd, loop->in_octets, STREAM_IN_SIZE_MAX, 0);

	if (size < 0) {
		if (errno == ENOMEM) {
			stream_end(stream, STATUS_NO_MEMORY);
		} else if (!is_only_late(errno)) {
			stream_break(stream);
		}
		return;
	}
	if (size == 0) {
		stream_peer_ended(stream);
		return;
	}
	stream_show(stream,
		is_behind ? bytes_over(stream->in.octets, stream->in.size)
			  : bytes_over(loop->in_octets, (size_t)size));
}

/* While finishing: octets are read only so that the close is no reset. */
static void
stream_drop(struct loop_stream *stream)
{
	ssize_t size =
		recv(stream->source.fd, stream->source.loop->in_octets, STREAM_IN_SIZE_MAX, 0);

	if (size > 0) {
		stream->dropped_size += (size_t)size;
		if (stream->is_lingering && stream->dropped_size > TCP_LINGER_SIZE_MAX) {
			stream_end(stream, STATUS_OK);
		}
	} else if (size == 0) {
		stream->has_ended = true;
		if (stream->is_lingering) {
			stream_end(stream, STATUS_OK);
		}
	} else if (!is_only_late(errno)) {
		stream_end(stream, stream->is_lingering ? STATUS_OK : STATUS_CLOSED);
	}
}

static void
stream_linger_over(void *context)
{
	stream_end(context, STATUS_OK);
}

static void
stream_linger(struct loop_stream *stream)
{
	struct loop *loop = stream->source.loop;

	if (stream->has_ended || stream->is_connecting ||
		stream->dropped_size > TCP_LINGER_SIZE_MAX ||
		shutdown(stream->source.fd, SHUT_WR) != 0) {
		stream_end(stream, stream->status);
		return;
	}
	stream->is_lingering = true;
	loop_timer_set(
		loop, &stream->linger, loop->now_ms + TCP_LINGER_MS, stream_linger_over, stream);
}

static void
stream_watch(struct loop_stream *stream)
{
	bool wants_in = stream->is_finishing ? stream->dropped_size <= TCP_LINGER_SIZE_MAX
					     : !stream->is_paused;
	bool wants_out = stream->is_connecting || stream->is_busy || buffer_left(&stream->out) > 0;
	uint32_t events = 0;

	if (wants_in && !stream->has_ended && !stream->is_connecting) {
		events |= EPOLLIN;
	}
	if (wants_out) {
		events |= EPOLLOUT;
	}
	if (stream->is_lost) {
		events = 0;
	}
	loop_source_watch(&stream->source, events);
}

static void
stream_settle(struct loop_stream *stream)
{
	struct loop *loop = stream->source.loop;

	if (stream->source.fd >= 0 && stream->is_resumed && !stream->is_paused) {
		stream->is_resumed = false;
		if (stream->in.size > 0 && !stream->is_finishing) {
			loop->active = stream;
			stream_show(stream, bytes_over(stream->in.octets, stream->in.size));
			loop->active = NULL;
		}
	}
	stream_send(stream);
	if (stream->source.fd >= 0 && stream->is_finishing && !stream->is_lingering &&
		loop_stream_waiting(stream) == 0) {
		stream_linger(stream);
	}
	if (stream->source.fd >= 0) {
		stream_watch(stream);
	}
}

void
loop_streams_settle(struct loop *loop)
{
	struct loop_stream *next = loop->touched;

	loop->touched = NULL;
	while (next != NULL) {
		struct loop_stream *stream = next;

		next = stream->next_touched;
		stream->is_touched = false;
		stream_settle(stream);
	}
}

void
loop_stream_settle_accepted(struct loop_stream *stream)
{
	if (stream->calls == NULL) {
		loop_stream_close(stream);
	}
}

static bool
stream_is_connected(struct loop_stream *stream)
{
	int number = 0;
	socklen_t size = sizeof(number);

	if (getsockopt(stream->source.fd, SOL_SOCKET, SO_ERROR, &number, &size) != 0) {
		number = errno;
	}
	if (number != 0) {
		errno = number;
		stream_break(stream);
		return false;
	}
	stream->is_connecting = false;
	return true;
}

static void
stream_ready_in(struct loop_stream *stream, uint32_t events)
{
	if (stream->has_ended || (!stream->is_finishing && stream->is_paused) ||
		stream->is_resumed) {
		/* epoll tells of a reset even when nobody asks; it would tell for ever. */
		if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
			stream_end(stream, stream->is_lingering ? STATUS_OK : STATUS_CLOSED);
		}
	} else if (stream->is_finishing) {
		stream_drop(stream);
	} else {
		stream_read(stream);
	}
}

static void
stream_ready(struct loop_source *source, uint32_t events)
{
	struct loop_stream *stream = (struct loop_stream *)source;
	struct loop *loop = source->loop;

	if (stream->is_connecting && !stream_is_connected(stream)) {
		return;
	}
	loop->active = stream;
	if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
		stream_ready_in(stream, events);
	}
	if ((events & EPOLLOUT) != 0) {
		stream_send(stream);
		if (source->fd >= 0 && stream->is_busy && loop_stream_waiting(stream) == 0) {
			stream->is_busy = false;
			if (!stream->is_finishing && stream->calls->drained != NULL) {
				stream->calls->drained(stream->context, stream);
			}
		}
	}
	loop->active = NULL;
	stream_settle(stream);
}

static void
stream_dead(struct loop_source *source)
{
	struct loop_stream *stream = (struct loop_stream *)source;

	if (stream->is_touched) {
		struct loop_stream **at = &source->loop->touched;

		while (*at != stream) {
			at = &(*at)->next_touched;
		}
		*at = stream->next_touched;
	}
	if (stream->calls != NULL && stream->calls->closed != NULL) {
		errno = stream->error_number;
		stream->calls->closed(stream->context, stream, stream->status);
	}
	buffer_free(&stream->in);
	buffer_free(&stream->out);
	free(stream);
}

struct loop_stream *
loop_stream_new(struct loop *loop, int fd, uint32_t events)
{
	struct loop_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL) {
		return NULL;
	}
	stream->source.ready = stream_ready;
	stream->source.dead = stream_dead;
	stream->source.fd = fd;
	if (!loop_source_open(loop, &stream->source, events)) {
		free(stream);
		return NULL;
	}
	return stream;
}

/* A connection that is never made: a descriptor of which nothing is ever told. */
static struct loop_stream *
stream_lose(struct loop *loop, const struct loop_stream_calls *calls, void *context,
	struct problem *problem)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct loop_stream *stream = fd < 0 ? NULL : loop_stream_new(loop, fd, 0);

	if (stream == NULL) {
		problem_system(problem, "cannot make a connection");
		if (fd >= 0) {
			close(fd);
		}
		return NULL;
	}
	stream->is_connecting = stream->is_lost = true;
	loop_stream_own(stream, calls, context);
	return stream;
}

struct loop_stream *
loop_connect(struct loop *loop, const struct address *address,
	const struct loop_stream_calls *calls, void *context, struct problem *problem)
{
	char text[ADDRESS_TEXT_SIZE_MAX];
	struct loop_stream *stream;
	int on = 1;
	int number, fd;

	if (loop->impairment != NULL && loop_impairment_cuts(loop->impairment, address)) {
		return stream_lose(loop, calls, context, problem);
	}
	fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
		(connect(fd, &address->any, address->size) == 0 || errno == EINPROGRESS)) {
		stream = loop_stream_new(loop, fd, EPOLLOUT);
		if (stream != NULL) {
			stream->is_connecting = true;
			loop_stream_own(stream, calls, context);
			return stream;
		}
	}
	number = errno;
	if (fd >= 0) {
		close(fd);
	}
	address_format(address, text);
	errno = number;
	problem_system(problem, "cannot connect to %s", text);
	return NULL;
}
