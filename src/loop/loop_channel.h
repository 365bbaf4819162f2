/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto_tls.h"
#include "loop/loop.h"

/*
 * A stream that may turn to TLS while it is open: the same calls before and after.
 *
 *     channel = loop_channel_new(loop, stream, &calls, context);
 *     loop_channel_write(channel, marker);
 *     loop_channel_secure(channel, crypto_tls_new(role));
 *     ... `secured`, then loop_channel_write() as before ...
 *
 * It owns the stream, and goes with it: `closed` is the last call, after which the channel is
 * freed. Rules of time, nesting, pausing, writing and closing are those of loop.h. Octets that
 * the peer sent behind those its owner consumed belong to TLS when the channel turns.
 *
 * Memory is bounded as a stream's: at most STREAM_IN_SIZE_MAX octets are kept decrypted, one
 * read of the loop not yet decrypted, and what waits to be sent is the stream's.
 */
struct loop_channel;

struct loop_channel_calls {
	/* As in struct loop_stream_calls. */
	size_t (*received)(void *context, struct loop_channel *channel, struct bytes octets);
	void (*drained)(void *context, struct loop_channel *channel);
	/* The handshake is over; may be NULL. */
	void (*secured)(void *context, struct loop_channel *channel);
	/* The peer sends no more; NULL: the channel finishes itself. */
	void (*ended)(void *context, struct loop_channel *channel);
	/* The last call. Besides the statuses of a stream: DENIED when the peer has not the key
	 * that was pinned, MALFORMED when it does not speak TLS as we want it. */
	void (*closed)(void *context, enum status status);
};

/* Takes the stream over; NULL if memory is short: the stream is then closed. */
struct loop_channel *loop_channel_new(struct loop *loop, struct loop_stream *stream,
	const struct loop_channel_calls *calls, void *context);

/* Takes `tls` over, which may be NULL (NO_MEMORY). What was written before leaves plain. */
enum status loop_channel_secure(struct loop_channel *channel, struct crypto_tls *tls) MUST_CHECK;
bool loop_channel_is_secure(const struct loop_channel *channel); /* The handshake is over. */

/* BUSY while too much waits, or the handshake goes on: nothing was taken. */
enum status loop_channel_write(struct loop_channel *channel, struct bytes octets) MUST_CHECK;
void loop_channel_await_drained(struct loop_channel *channel);
void loop_channel_pause(struct loop_channel *channel, bool is_paused);
size_t loop_channel_waiting(const struct loop_channel *channel);
void loop_channel_finish(struct loop_channel *channel);
/* At once; `status` is what `closed` will be told. */
void loop_channel_close(struct loop_channel *channel, enum status status);
