/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/streams_help.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct loop *loop;
struct loop_listener *listener;
struct address server_address;
struct seen seen[PEER_COUNT_MAX];
size_t seen_count;
size_t closed_total;
size_t octets_total;
struct loop_stream_calls calls;

void
note_closed(void *context, struct loop_stream *stream, enum status status)
{
	struct seen *one = context;

	assert_ptr_equal(one->stream, stream);
	one->closed_count++;
	one->status = status;
	closed_total++;
}

void
note_drained(void *context, struct loop_stream *stream)
{
	struct seen *one = context;

	assert_int_equal(loop_stream_waiting(stream), 0);
	one->drained_count++;
}

void
note_ended(void *context, struct loop_stream *stream)
{
	struct seen *one = context;

	(void)stream;
	one->ended_count++;
}

void
note_received(struct seen *one, struct bytes octets, size_t consumed)
{
	one->received_count++;
	one->octet_count += consumed;
	octets_total += consumed;
	if (octets.size > one->shown_size_max) {
		one->shown_size_max = octets.size;
	}
}

size_t
take_all(void *context, struct loop_stream *stream, struct bytes octets)
{
	(void)stream;
	note_received(context, octets, octets.size);
	return octets.size;
}

size_t
echo_frames(void *context, struct loop_stream *stream, struct bytes octets)
{
	size_t consumed = 0;

	while (octets.size - consumed >= sizeof(uint32_t)) {
		uint32_t size;

		memcpy(&size, octets.at + consumed, sizeof(size));
		if (octets.size - consumed - sizeof(size) < size) {
			break;
		}
		assert_int_equal(loop_stream_write(stream,
					 bytes_slice(octets, consumed, sizeof(size) + size)),
			STATUS_OK);
		consumed += sizeof(size) + size;
	}
	note_received(context, octets, consumed);
	return consumed;
}

static void
take_connection(void *context, struct loop_stream *stream, const struct address *peer)
{
	(void)context;
	assert_int_equal(peer->any.sa_family, server_address.any.sa_family);
	assert_int_equal(peer->size, server_address.size);
	assert_true(seen_count < PEER_COUNT_MAX);
	seen[seen_count].stream = stream;
	loop_stream_own(stream, &calls, &seen[seen_count]);
	seen_count++;
}

void
listen_at(struct address address)
{
	struct problem problem = {.text = ""};

	listener = loop_listen(loop, &address, take_connection, NULL, &problem);
	assert_string_equal(problem.text, "");
	assert_non_null(listener);
	loop_listener_address(listener, &server_address);
}

int
streams_begin(void **state)
{
	struct problem problem;

	(void)state;
	memset(seen, 0, sizeof(seen));
	seen_count = closed_total = octets_total = 0;
	calls = (struct loop_stream_calls){.received = take_all, .closed = note_closed};
	loop = loop_new(&problem);
	assert_non_null(loop);
	listen_at(loopback_v4(0));
	return 0;
}

int
streams_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < seen_count; i++) {
		if (seen[i].closed_count == 0) {
			loop_stream_close(seen[i].stream);
		}
	}
	loop_listener_close(listener);
	loop_free(loop);
	for (size_t i = 0; i < seen_count; i++) {
		assert_int_equal(seen[i].closed_count, 1);
	}
	return 0;
}

static bool
has_reached(void *context)
{
	const size_t *pair = context;

	return *(const size_t *)pair[0] >= pair[1];
}

void
run_until_count(const size_t *counter, size_t least)
{
	size_t pair[2] = {(size_t)counter, least};

	run_until(loop, has_reached, pair);
}

int
connect_peer(void)
{
	int fd = peer_open(server_address.any.sa_family, SOCK_STREAM, &server_address);
	int on = 1;

	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	run_until_count(&seen_count, seen_count + 1);
	return fd;
}

void
send_all(int fd, const void *octets, size_t size)
{
	assert_int_equal(send(fd, octets, size, MSG_NOSIGNAL), size);
}

void
send_frame(int fd, uint32_t size, uint8_t fill)
{
	uint8_t octets[sizeof(size) + 4096];

	assert_true(size <= 4096);
	memcpy(octets, &size, sizeof(size));
	memset(octets + sizeof(size), fill, size);
	send_all(fd, octets, sizeof(size) + size);
}

void
expect_frame(int fd, uint32_t size, uint8_t fill)
{
	uint8_t octets[sizeof(size) + 4096];
	uint32_t found;

	assert_int_equal(recv(fd, octets, sizeof(size) + size, MSG_WAITALL), sizeof(size) + size);
	memcpy(&found, octets, sizeof(found));
	assert_int_equal(found, size);
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(octets[sizeof(size) + i], fill);
	}
}

void
expect_end(int fd)
{
	uint8_t octet;

	assert_int_equal(recv(fd, &octet, 1, 0), 0);
}
