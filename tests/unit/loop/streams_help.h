/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "loop/loop_help.h"
#include "loop/loop_internal.h"

/*
 * A loop with a listener whose connections are owned by `calls`, which each test sets
 * before it connects, and what the owners saw. Each test runs between streams_begin() and
 * streams_end(), which checks that every stream was closed exactly once.
 */
enum { PEER_COUNT_MAX = 500 };

/* What the owner of a stream saw; one for each connection, in the order of accepting. */
struct seen {
	struct loop_stream *stream;
	size_t received_count;
	size_t drained_count;
	size_t ended_count;
	size_t closed_count;
	size_t octet_count;
	size_t shown_size_max;
	enum status status;
};

extern struct loop *loop;
extern struct loop_listener *listener;
extern struct address server_address;
extern struct seen seen[PEER_COUNT_MAX];
extern size_t seen_count;
extern size_t closed_total;
extern size_t octets_total;
extern struct loop_stream_calls calls;

int streams_begin(void **state);
int streams_end(void **state);
void listen_at(struct address address);

/* Callbacks for `calls`. */
size_t take_all(void *context, struct loop_stream *stream, struct bytes octets);
/* Frames of 4 octets of length (of this machine), then as many; each is echoed whole. */
size_t echo_frames(void *context, struct loop_stream *stream, struct bytes octets);
void note_drained(void *context, struct loop_stream *stream);
void note_ended(void *context, struct loop_stream *stream);
void note_closed(void *context, struct loop_stream *stream, enum status status);
void note_received(struct seen *one, struct bytes octets, size_t consumed);

void run_until_count(const size_t *counter, size_t least);

/* A peer whose connection was accepted. */
int connect_peer(void);
void send_all(int fd, const void *octets, size_t size);
void send_frame(int fd, uint32_t size, uint8_t fill);
void expect_frame(int fd, uint32_t size, uint8_t fill);
void expect_end(int fd);
