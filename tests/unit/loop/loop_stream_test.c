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

static void
a_frame_that_comes_octet_by_octet_is_shown_whole_in_the_end(void **state)
{
	uint8_t frame[sizeof(uint32_t) + 10] = {10};
	int peer;

	(void)state;
	calls.received = echo_frames;
	peer = connect_peer();
	for (size_t i = 0; i < sizeof(frame); i++) {
		send_all(peer, frame + i, 1);
		run_until_count(&seen[0].received_count, i + 1);
	}
	assert_int_equal(seen[0].octet_count, sizeof(frame));
	assert_int_equal(seen[0].shown_size_max, sizeof(frame));
	expect_frame(peer, 10, 0);
	close(peer);
}

static void
pipelined_frames_are_answered_in_order_in_one_go(void **state)
{
	int peer;

	(void)state;
	calls.received = echo_frames;
	peer = connect_peer();
	for (uint8_t i = 0; i < 100; i++) {
		send_frame(peer, 50u + i, i);
	}
	run_until_count(&octets_total, 100 * 54 + 99 * 100 / 2);
	for (uint8_t i = 0; i < 100; i++) {
		expect_frame(peer, 50u + i, i);
	}
	assert_int_equal(seen[0].stream->source.fd >= 0, 1);
	close(peer);
	run_until_count(&closed_total, 1);
	assert_int_equal(seen[0].status, STATUS_CLOSED);
}

static void
streams_work_over_ipv6(void **state)
{
	int peer;

	(void)state;
	loop_listener_close(listener);
	listen_at(loopback_v6(0));
	calls.received = echo_frames;
	peer = connect_peer();
	send_frame(peer, 9, 9);
	run_until_count(&octets_total, 13);
	expect_frame(peer, 9, 9);
	close(peer);
}

static size_t
take_when_whole(void *context, struct loop_stream *stream, struct bytes octets)
{
	size_t consumed = octets.size == STREAM_IN_SIZE_MAX ? octets.size : 0;

	(void)stream;
	for (size_t i = 0; i < octets.size; i += 1009) {
		assert_int_equal(octets.at[i], (uint8_t)(i * 31));
	}
	note_received(context, octets, consumed);
	return consumed;
}

/* Sends without blocking, as the loop must run in between. */
static void
trickle(int fd, size_t size)
{
	static uint8_t octets[STREAM_IN_SIZE_MAX + 1];
	size_t sent = 0;

	for (size_t i = 0; i < size; i++) {
		octets[i] = (uint8_t)(i * 31);
	}
	while (sent < size && closed_total == 0) {
		size_t part = size - sent < 20011 ? size - sent : 20011;
		ssize_t count = send(fd, octets + sent, part, MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += count > 0 ? (size_t)count : 0;
		run_for_ms(loop, 1);
	}
}

static void
a_message_of_the_largest_size_is_kept_until_it_is_whole(void **state)
{
	int peer;

	(void)state;
	calls.received = take_when_whole;
	peer = connect_peer();
	trickle(peer, STREAM_IN_SIZE_MAX);
	run_until_count(&octets_total, STREAM_IN_SIZE_MAX);
	assert_int_equal(closed_total, 0);
	assert_null(seen[0].stream->in.octets);
	close(peer);
}

static size_t
take_nothing(void *context, struct loop_stream *stream, struct bytes octets)
{
	(void)stream;
	note_received(context, octets, 0);
	return 0;
}

static void
an_owner_that_never_takes_anything_has_its_stream_closed_at_the_limit(void **state)
{
	int peer;

	(void)state;
	calls.received = take_nothing;
	peer = connect_peer();
	trickle(peer, STREAM_IN_SIZE_MAX - 1);
	run_for_ms(loop, 5);
	assert_int_equal(closed_total, 0);
	assert_true(seen[0].stream->in.capacity <= STREAM_IN_SIZE_MAX);
	send_all(peer, "x", 1);
	run_until_count(&closed_total, 1);
	assert_int_equal(seen[0].status, STATUS_TOO_LARGE);
	assert_int_equal(seen[0].shown_size_max, STREAM_IN_SIZE_MAX);
	close(peer);
}

static void
memory_kept_follows_what_came_not_what_was_announced(void **state)
{
	uint32_t announced = MESSAGE_SIZE_MAX;
	int peer;

	(void)state;
	calls.received = echo_frames;
	peer = connect_peer();
	send_all(peer, &announced, sizeof(announced));
	run_until_count(&seen[0].received_count, 1);
	assert_in_range(seen[0].stream->in.capacity, 4, 1024);
	close(peer);
}

static void
an_idle_stream_holds_no_buffer(void **state)
{
	int peer;

	(void)state;
	calls.received = echo_frames;
	peer = connect_peer();
	send_all(peer, "\3\0\0", 3);
	run_until_count(&seen[0].received_count, 1);
	assert_non_null(seen[0].stream->in.octets);
	send_all(peer, "\0abc", 4);
	run_until_count(&seen[0].octet_count, 7);
	assert_null(seen[0].stream->in.octets);
	assert_null(seen[0].stream->out.octets);
	close(peer);
}

/* Writes until BUSY; returns how many octets were taken. */
static size_t
write_until_busy(struct loop_stream *stream)
{
	static uint8_t octets[65536];
	size_t size = 0;

	while (size < 64u * 1024 * 1024) {
		enum status status = loop_stream_write(stream, bytes_over(octets, sizeof(octets)));

		if (status == STATUS_BUSY) {
			return size;
		}
		assert_int_equal(status, STATUS_OK);
		size += sizeof(octets);
	}
	fail_msg("never busy");
	return 0;
}

static size_t
read_all_that_waits(int fd)
{
	static uint8_t octets[262144];
	size_t size = 0;
	ssize_t count;

	while ((count = recv(fd, octets, sizeof(octets), MSG_DONTWAIT)) > 0) {
		size += (size_t)count;
	}
	return size;
}

static void
a_peer_that_does_not_read_makes_writes_busy_until_it_has_drained(void **state)
{
	size_t written;
	size_t read_size = 0;
	int peer;

	(void)state;
	calls.drained = note_drained;
	peer = connect_peer();
	written = write_until_busy(seen[0].stream);
	assert_true(loop_stream_waiting(seen[0].stream) <= TCP_OUT_SIZE_MAX);
	assert_true(loop_stream_waiting(seen[0].stream) > TCP_OUT_SIZE_MAX - 65536);
	run_for_ms(loop, 5);
	assert_int_equal(seen[0].drained_count, 0);
	while (read_size < written) {
		read_size += read_all_that_waits(peer);
		run_for_ms(loop, 1);
	}
	run_for_ms(loop, 5);
	assert_int_equal(read_size, written);
	assert_int_equal(seen[0].drained_count, 1);
	assert_int_equal(loop_stream_waiting(seen[0].stream), 0);
	assert_null(seen[0].stream->out.octets);
	close(peer);
}

static void
a_write_past_the_limit_takes_nothing(void **state)
{
	static uint8_t octets[TCP_OUT_SIZE_MAX + 1];
	struct loop_stream *stream;
	int peer;

	(void)state;
	calls.drained = note_drained;
	peer = connect_peer();
	stream = seen[0].stream;
	assert_int_equal(
		loop_stream_write(stream, bytes_over(octets, TCP_OUT_SIZE_MAX + 1)), STATUS_BUSY);
	assert_int_equal(loop_stream_waiting(stream), 0);
	/* Also one who was refused with nothing waiting is told to go on. */
	run_until_count(&seen[0].drained_count, 1);
	assert_int_equal(
		loop_stream_write(stream, bytes_over(octets, TCP_OUT_SIZE_MAX)), STATUS_OK);
	close(peer);
}

static void
two_streams_written_by_turns_keep_their_octets_apart(void **state)
{
	int one = connect_peer();
	int other = connect_peer();

	(void)state;
	for (uint8_t i = 0; i < 200; i++) {
		uint8_t octets[2] = {i, (uint8_t)(255 - i)};

		assert_int_equal(
			loop_stream_write(seen[0].stream, bytes_over(octets, 1)), STATUS_OK);
		assert_int_equal(
			loop_stream_write(seen[1].stream, bytes_over(octets + 1, 1)), STATUS_OK);
	}
	run_for_ms(loop, 2);
	for (uint8_t i = 0; i < 200; i++) {
		uint8_t octet;

		assert_int_equal(recv(one, &octet, 1, 0), 1);
		assert_int_equal(octet, i);
		assert_int_equal(recv(other, &octet, 1, 0), 1);
		assert_int_equal(octet, 255 - i);
	}
	close(one);
	close(other);
}

static char taken[32];

static size_t
take_four_then_pause(void *context, struct loop_stream *stream, struct bytes octets)
{
	size_t consumed = octets.size < 4 ? octets.size : 4;

	memcpy(taken + octets_total, octets.at, consumed);
	note_received(context, octets, consumed);
	loop_stream_pause(stream, true);
	return consumed;
}

static void
a_paused_stream_takes_nothing_in_and_shows_what_it_kept_when_resumed(void **state)
{
	int peer;

	(void)state;
	calls.received = take_four_then_pause;
	memset(taken, 0, sizeof(taken));
	peer = connect_peer();
	send_all(peer, "abcdefghij", 10);
	run_until_count(&octets_total, 4);
	send_all(peer, "klm", 3);
	run_for_ms(loop, 10);
	assert_int_equal(seen[0].received_count, 1);
	loop_stream_pause(seen[0].stream, false);
	run_until_count(&octets_total, 8);
	run_for_ms(loop, 5);
	assert_int_equal(seen[0].received_count, 2);
	loop_stream_pause(seen[0].stream, false);
	run_until_count(&octets_total, 10);
	loop_stream_pause(seen[0].stream, false);
	run_until_count(&octets_total, 13);
	assert_string_equal(taken, "abcdefghijklm");
	close(peer);
}

/* First and second keep what they get; resumed, the first wakes the second, and that writes
 * to the third. */
static size_t
pass_on_when_resumed(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct seen *one = context;

	note_received(one, octets, 0);
	if (one->received_count == 1) {
		loop_stream_pause(stream, true);
		return 0;
	}
	if (one == &seen[0]) {
		loop_stream_pause(seen[1].stream, false);
	} else {
		assert_int_equal(loop_stream_write(seen[2].stream, octets), STATUS_OK);
	}
	return octets.size;
}

static void
resume_first(void *context)
{
	(void)context;
	loop_stream_pause(seen[0].stream, false);
}

static void
stop_after_receiving(void *context)
{
	(void)context;
	loop_stop(loop);
}

static size_t
take_and_stop(void *context, struct loop_stream *stream, struct bytes octets)
{
	(void)context;
	(void)stream;
	loop_stop(loop);
	return octets.size;
}

static void
what_resumed_streams_do_to_others_is_done_before_the_loop_sleeps(void **state)
{
	struct loop_stream_calls client_calls = {.received = take_and_stop};
	struct loop_timer resume = {0};
	struct loop_timer late = {0};
	struct loop_stream *client;
	struct problem problem;
	int peers[2];

	(void)state;
	calls.received = pass_on_when_resumed;
	peers[0] = connect_peer();
	peers[1] = connect_peer();
	client = loop_connect(loop, &server_address, &client_calls, NULL, &problem);
	assert_non_null(client);
	run_until_count(&seen_count, 3);
	for (size_t i = 0; i < 2; i++) {
		send_all(peers[i], "x", 1);
		run_until_count(&seen[i].received_count, 1);
	}
	/* No other timer may wake the loop while it should not sleep. */
	loop_timer_set(loop, &resume, loop_now_ms(loop) + 5, resume_first, NULL);
	loop_timer_set(loop, &late, loop_now_ms(loop) + 9000, stop_after_receiving, NULL);
	assert_int_equal(loop_run(loop), STATUS_OK);
	assert_true(late.is_set);
	loop_timer_clear(loop, &late);
	loop_stream_close(client);
	close(peers[0]);
	close(peers[1]);
}

static void
a_paused_stream_notices_that_its_peer_reset_without_spinning(void **state)
{
	struct linger abort_now = {.l_onoff = 1};
	int peer = connect_peer();

	(void)state;
	loop_stream_pause(seen[0].stream, true);
	run_for_ms(loop, 2);
	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &abort_now, sizeof(abort_now)), 0);
	close(peer);
	run_until_count(&closed_total, 1);
	assert_int_equal(seen[0].status, STATUS_CLOSED);
}

static void
connections_have_no_delay(void **state)
{
	int on = 0;
	socklen_t size = sizeof(on);
	int peer = connect_peer();

	(void)state;
	assert_int_equal(
		getsockopt(seen[0].stream->source.fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
	assert_true(on != 0);
	close(peer);
}

static void
a_stream_that_connects_sends_what_was_written_before(void **state)
{
	struct seen client = {0};
	struct loop_stream_calls client_calls = {.received = take_all, .closed = note_closed};
	struct problem problem;

	(void)state;
	calls.received = echo_frames;
	client.stream = loop_connect(loop, &server_address, &client_calls, &client, &problem);
	assert_non_null(client.stream);
	assert_int_equal(loop_stream_write(client.stream, bytes_over("\2\0\0\0ab", 6)), STATUS_OK);
	run_until_count(&client.octet_count, 6);
	loop_stream_finish(client.stream);
	run_until_count(&client.closed_count, 1);
	assert_int_equal(client.status, STATUS_OK);
	run_until_count(&seen[0].closed_count, 1);
	assert_int_equal(seen[0].status, STATUS_CLOSED);
}

static void
a_refused_connection_is_closed_with_the_reason(void **state)
{
	struct seen client = {0};
	struct loop_stream_calls client_calls = {.received = take_all, .closed = note_closed};
	struct address nobody = server_address;
	struct problem problem;

	(void)state;
	loop_listener_close(listener);
	client.stream = loop_connect(loop, &nobody, &client_calls, &client, &problem);
	assert_non_null(client.stream);
	run_until_count(&client.closed_count, 1);
	assert_int_equal(client.status, STATUS_SYSTEM);
	listen_at(loopback_v4(0));
}

static void
five_hundred_connections_are_served_at_once(void **state)
{
	static int peers[PEER_COUNT_MAX];

	(void)state;
	calls.received = echo_frames;
	for (size_t i = 0; i < PEER_COUNT_MAX; i++) {
		peers[i] = peer_open(AF_INET, SOCK_STREAM, &server_address);
	}
	run_until_count(&seen_count, PEER_COUNT_MAX);
	for (uint32_t i = 0; i < PEER_COUNT_MAX; i++) {
		send_frame(peers[i], 10 + i, (uint8_t)i);
	}
	run_until_count(&octets_total, PEER_COUNT_MAX * 14 + 499 * 500 / 2);
	for (uint32_t i = 0; i < PEER_COUNT_MAX; i++) {
		expect_frame(peers[i], 10 + i, (uint8_t)i);
		close(peers[i]);
	}
	run_until_count(&closed_total, PEER_COUNT_MAX);
}

#define STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, streams_begin, streams_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(a_frame_that_comes_octet_by_octet_is_shown_whole_in_the_end),
		STREAM_TEST(pipelined_frames_are_answered_in_order_in_one_go),
		STREAM_TEST(streams_work_over_ipv6),
		STREAM_TEST(a_message_of_the_largest_size_is_kept_until_it_is_whole),
		STREAM_TEST(an_owner_that_never_takes_anything_has_its_stream_closed_at_the_limit),
		STREAM_TEST(memory_kept_follows_what_came_not_what_was_announced),
		STREAM_TEST(an_idle_stream_holds_no_buffer),
		STREAM_TEST(a_peer_that_does_not_read_makes_writes_busy_until_it_has_drained),
		STREAM_TEST(a_write_past_the_limit_takes_nothing),
		STREAM_TEST(two_streams_written_by_turns_keep_their_octets_apart),
		STREAM_TEST(a_paused_stream_takes_nothing_in_and_shows_what_it_kept_when_resumed),
		STREAM_TEST(what_resumed_streams_do_to_others_is_done_before_the_loop_sleeps),
		STREAM_TEST(a_paused_stream_notices_that_its_peer_reset_without_spinning),
		STREAM_TEST(connections_have_no_delay),
		STREAM_TEST(a_stream_that_connects_sends_what_was_written_before),
		STREAM_TEST(a_refused_connection_is_closed_with_the_reason),
		STREAM_TEST(five_hundred_connections_are_served_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
