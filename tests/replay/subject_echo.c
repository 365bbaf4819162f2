/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay.h"

#include "message/response.h"

#include <stdlib.h>

/*
 * The subject that the runner itself is tried with. Datagrams that are requests get a
 * "handle not found", others come back as they went; streams get every octet back, and are
 * finished after IDLE_MS of silence.
 *
 *     ACT mute       answers no more
 */
enum { IDLE_MS = 60000 };

struct echo;

struct echo_stream {
	struct echo *echo;
	struct loop_stream *stream;
	struct loop_timer idle;
};

struct echo {
	struct loop *loop;
	struct loop_udp *udp;
	struct loop_listener *listener;
	bool is_mute;
};

/* Writes an answer to a request; 0 if the octets are none. */
static size_t
request_answer(struct bytes octets, uint8_t ret_answer[DATAGRAM_SIZE_MAX])
{
	struct wire_reader reader = wire_reader_over(octets);
	struct wire_writer head = wire_writer_over(ret_answer, ENVELOPE_SIZE);
	struct wire_writer rest =
		wire_writer_over(ret_answer + ENVELOPE_SIZE, DATAGRAM_SIZE_MAX - ENVELOPE_SIZE);
	struct envelope envelope;
	struct message message;
	struct request request;
	struct response response;

	envelope_read(&reader, &envelope);
	if (!wire_reader_ok(&reader) ||
		message_decode(&envelope, wire_read_bytes(&reader, envelope.message_size),
			&message) != STATUS_OK ||
		request_decode(&message, &request) != STATUS_OK) {
		return 0;
	}
	response_begin(&request, RESPONSE_HANDLE_NOT_FOUND, 1, true, 0, &response);
	response_write(&rest, &response);
	response.message.envelope.message_size = (uint32_t)wire_writer_size(&rest);
	envelope_write(&head, &response.message.envelope);
	return ENVELOPE_SIZE + wire_writer_size(&rest);
}

static void
echo_datagrams(void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count)
{
	const struct echo *echo = context;

	for (size_t i = 0; i < count && !echo->is_mute; i++) {
		struct bytes octets = batch[i].octets;
		uint8_t *at = loop_udp_reserve(udp, &batch[i].peer);
		size_t size = request_answer(octets, at);

		if (size == 0) {
			size = octets.size < DATAGRAM_SIZE_MAX ? octets.size : DATAGRAM_SIZE_MAX;
			memcpy(at, octets.at, size);
		}
		loop_udp_commit(udp, size);
	}
}

static void
echo_idle(void *context)
{
	struct echo_stream *one = context;

	loop_stream_finish(one->stream);
}

static size_t
echo_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct echo_stream *one = context;

	loop_timer_set(one->echo->loop, &one->idle, loop_now_ms(one->echo->loop) + IDLE_MS,
		echo_idle, one);
	if (loop_stream_write(stream, octets) != STATUS_OK) {
		loop_stream_close(stream);
	}
	return octets.size;
}

static void
echo_closed(void *context, struct loop_stream *stream, enum status status)
{
	struct echo_stream *one = context;

	(void)stream;
	(void)status;
	loop_timer_clear(one->echo->loop, &one->idle);
	free(one);
}

static const struct loop_stream_calls echo_calls = {
	.received = echo_received, .closed = echo_closed};

static void
echo_accepted(void *context, struct loop_stream *stream, const struct address *peer)
{
	struct echo *echo = context;
	struct echo_stream *one = calloc(1, sizeof(*one));

	(void)peer;
	if (one == NULL) {
		loop_stream_close(stream);
		return;
	}
	one->echo = echo;
	one->stream = stream;
	loop_timer_set(echo->loop, &one->idle, loop_now_ms(echo->loop) + IDLE_MS, echo_idle, one);
	loop_stream_own(stream, &echo_calls, one);
}

static void *
echo_open(struct loop *loop, const struct address *address, const struct bytes *options,
	size_t option_count, struct problem *problem)
{
	struct echo *echo;

	if (option_count > 0) {
		problem_set(problem, STATUS_INVALID, "echo takes no option, not \"%.*s\"",
			(int)options[0].size, (const char *)options[0].at);
		return NULL;
	}
	echo = calloc(1, sizeof(*echo));
	if (echo == NULL) {
		problem_system(problem, "cannot make the echo");
		return NULL;
	}
	echo->loop = loop;
	echo->udp = loop_udp_open(loop, address, echo_datagrams, echo, problem);
	echo->listener = loop_listen(loop, address, echo_accepted, echo, problem);
	return echo;
}

static void
echo_close(void *subject)
{
	struct echo *echo = subject;

	loop_udp_close(echo->udp);
	loop_listener_close(echo->listener);
	free(echo);
}

static enum status
echo_act(void *subject, const struct bytes *words, size_t word_count, struct problem *problem)
{
	struct echo *echo = subject;

	if (word_count != 1 || !bytes_equal(words[0], TEXT("mute"))) {
		return problem_set(problem, STATUS_INVALID, "echo only knows `mute`");
	}
	echo->is_mute = true;
	return STATUS_OK;
}

const struct replay_subject subject_echo = {
	.name = "echo", .open = echo_open, .close = echo_close, .act = echo_act};
