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

static size_t
answer_and_finish(void *context, struct loop_stream *stream, struct bytes octets)
{
	static const uint8_t answer[200000] = {42};

	note_received(context, octets, octets.size);
	assert_int_equal(loop_stream_write(stream, bytes_over(answer, sizeof(answer))), STATUS_OK);
	loop_stream_finish(stream);
	assert_int_equal(loop_stream_write(stream, TEXT("more")), STATUS_CLOSED);
	return octets.size;
}

static void
finish_sends_what_waits_and_survives_a_peer_that_talks_on(void **state)
{
	static uint8_t octets[300000];
	int peer;

	(void)state;
	calls.received = answer_and_finish;
	peer = connect_peer();
	/* More than is read before the answer: a close would reset the connection. */
	send_all(peer, octets, sizeof(octets));
	run_until_count(&seen[0].received_count, 1);
	run_for_ms(loop, 10);
	assert_int_equal(recv(peer, octets, 200000, MSG_WAITALL), 200000);
	assert_int_equal(octets[0], 42);
	expect_end(peer);
	assert_int_equal(closed_total, 0);
	close(peer);
	run_until_count(&closed_total, 1);
	assert_int_equal(seen[0].received_count, 1);
	assert_int_equal(seen[0].status, STATUS_OK);
}

static void
finish_waits_a_second_for_a_silent_peer_and_no_longer(void **state)
{
	int peer = connect_peer();
	int64_t start_ms = loop_now_ms(loop);

	(void)state;
	loop_stream_finish(seen[0].stream);
	run_until_count(&closed_total, 1);
	assert_true(loop_now_ms(loop) - start_ms >= TCP_LINGER_MS);
	assert_int_equal(seen[0].status, STATUS_OK);
	expect_end(peer);
	close(peer);
}

static void
finish_drops_only_so_much(void **state)
{
	static uint8_t octets[65536];
	int peer = connect_peer();
	size_t sent = 0;
	int64_t start_ms = loop_now_ms(loop);

	(void)state;
	loop_stream_finish(seen[0].stream);
	while (closed_total == 0 && sent < 64u * 1024 * 1024) {
		ssize_t count = send(peer, octets, sizeof(octets), MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += count > 0 ? (size_t)count : 0;
		run_for_ms(loop, 1);
	}
	assert_int_equal(closed_total, 1);
	/* A machine too busy to send so much in time closes for the time. */
	assert_true(sent >= TCP_LINGER_SIZE_MAX || loop_now_ms(loop) - start_ms >= TCP_LINGER_MS);
	assert_true(sent < 32u * 1024 * 1024);
	close(peer);
}

static size_t
write_and_close(void *context, struct loop_stream *stream, struct bytes octets)
{
	note_received(context, octets, octets.size);
	assert_int_equal(loop_stream_write(stream, TEXT("never sent")), STATUS_OK);
	loop_stream_close(stream);
	loop_stream_close(stream);
	assert_int_equal(loop_stream_write(stream, TEXT("more")), STATUS_CLOSED);
	loop_stream_pause(stream, true);
	loop_stream_finish(stream);
	assert_int_equal(seen[0].closed_count, 0);
	return 0;
}

static void
close_inside_a_callback_drops_what_waits_and_calls_closed_once(void **state)
{
	int peer;

	(void)state;
	calls.received = write_and_close;
	peer = connect_peer();
	send_all(peer, "x", 1);
	run_until_count(&closed_total, 1);
	assert_int_equal(seen[0].status, STATUS_OK);
	expect_end(peer);
	close(peer);
}

static size_t
close_all(void *context, struct loop_stream *stream, struct bytes octets)
{
	(void)stream;
	note_received(context, octets, octets.size);
	for (size_t i = 0; i < seen_count; i++) {
		loop_stream_close(seen[i].stream);
	}
	return octets.size;
}

static void
streams_with_events_pending_may_be_closed_by_another_stream(void **state)
{
	int peers[20];

	(void)state;
	calls.received = close_all;
	for (size_t i = 0; i < 20; i++) {
		peers[i] = connect_peer();
	}
	for (size_t i = 0; i < 20; i++) {
		send_all(peers[i], "x", 1);
	}
	run_until_count(&closed_total, 20);
	assert_int_equal(octets_total, 1);
	for (size_t i = 0; i < 20; i++) {
		close(peers[i]);
	}
}

static void
write_to_the_next_and_close_it(void *context, struct loop_stream *stream, enum status status)
{
	note_closed(context, stream, status);
	for (size_t i = 0; i < seen_count; i++) {
		if (seen[i].closed_count == 0) {
			(void)!loop_stream_write(seen[i].stream, TEXT("farewell"));
			loop_stream_close(seen[i].stream);
			return;
		}
	}
}

static void
a_last_call_may_write_to_another_stream_and_close_it(void **state)
{
	int peers[4];

	(void)state;
	calls.closed = write_to_the_next_and_close_it;
	for (size_t i = 0; i < 4; i++) {
		peers[i] = connect_peer();
	}
	loop_stream_close(seen[1].stream);
	run_until_count(&closed_total, 4);
	run_for_ms(loop, 2);
	for (size_t i = 0; i < 4; i++) {
		close(peers[i]);
	}
}

static size_t
write_to_all(void *context, struct loop_stream *stream, struct bytes octets)
{
	(void)stream;
	note_received(context, octets, octets.size);
	for (size_t i = 0; i < seen_count; i++) {
		if (seen[i].closed_count == 0) {
			enum status status = loop_stream_write(seen[i].stream, TEXT("hello"));

			assert_true(status == STATUS_OK || status == STATUS_CLOSED);
		}
	}
	return octets.size;
}

static void
a_stream_may_write_to_others_some_of_which_are_gone(void **state)
{
	struct linger abort_now = {.l_onoff = 1};
	int peers[9];
	char hello[5];

	(void)state;
	calls.received = write_to_all;
	for (size_t i = 0; i < 9; i++) {
		peers[i] = connect_peer();
	}
	send_all(peers[0], "x", 1);
	for (size_t i = 1; i < 9; i += 2) {
		assert_int_equal(
			setsockopt(peers[i], SOL_SOCKET, SO_LINGER, &abort_now, sizeof(abort_now)),
			0);
		close(peers[i]);
	}
	run_until_count(&closed_total, 4);
	run_until_count(&octets_total, 1);
	for (size_t i = 0; i < 9; i += 2) {
		assert_int_equal(recv(peers[i], hello, 5, MSG_WAITALL), 5);
		close(peers[i]);
	}
}

static void
a_reset_by_the_peer_closes_the_stream(void **state)
{
	struct linger abort_now = {.l_onoff = 1};
	int peer = connect_peer();

	(void)state;
	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &abort_now, sizeof(abort_now)), 0);
	close(peer);
	run_until_count(&closed_total, 1);
	assert_int_equal(seen[0].status, STATUS_CLOSED);
}

static void
a_peer_that_only_stops_sending_still_gets_its_answer(void **state)
{
	int peer;

	(void)state;
	calls.ended = note_ended;
	peer = connect_peer();
	send_all(peer, "x", 1);
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	run_until_count(&seen[0].ended_count, 1);
	run_for_ms(loop, 10);
	assert_int_equal(closed_total, 0);
	assert_int_equal(seen[0].ended_count, 1);
	/* As if a signer had needed its time. */
	assert_int_equal(loop_stream_write(seen[0].stream, TEXT("late")), STATUS_OK);
	loop_stream_finish(seen[0].stream);
	run_until_count(&closed_total, 1);
	assert_int_equal(seen[0].status, STATUS_OK);
	{
		char answer[4];

		assert_int_equal(recv(peer, answer, 4, MSG_WAITALL), 4);
	}
	expect_end(peer);
	close(peer);
}

static void
a_half_closed_stream_does_not_spin(void **state)
{
	int peer;

	(void)state;
	calls.ended = note_ended;
	peer = connect_peer();
	assert_int_equal(shutdown(peer, SHUT_WR), 0);
	run_until_count(&seen[0].ended_count, 1);
	assert_int_equal(seen[0].stream->source.events, 0);
	close(peer);
}

#define STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, streams_begin, streams_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(finish_sends_what_waits_and_survives_a_peer_that_talks_on),
		STREAM_TEST(finish_waits_a_second_for_a_silent_peer_and_no_longer),
		STREAM_TEST(finish_drops_only_so_much),
		STREAM_TEST(close_inside_a_callback_drops_what_waits_and_calls_closed_once),
		STREAM_TEST(streams_with_events_pending_may_be_closed_by_another_stream),
		STREAM_TEST(a_last_call_may_write_to_another_stream_and_close_it),
		STREAM_TEST(a_stream_may_write_to_others_some_of_which_are_gone),
		STREAM_TEST(a_reset_by_the_peer_closes_the_stream),
		STREAM_TEST(a_peer_that_only_stops_sending_still_gets_its_answer),
		STREAM_TEST(a_half_closed_stream_does_not_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
