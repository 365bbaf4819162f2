/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"

#include "base/clock.h"
#include "crypto/crypto.h"
#include "fake/random_fake.h"
#include "loop/loop.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct loop *loop;
static struct loop_udp *udp;
static struct loop_listener *listener;
static struct address here;
static struct address there;
static size_t echoed_count;
static size_t batch_count;
static struct loop_stream *stream;
static enum status closed_status;
static size_t closed_count;
static size_t drained_count;
static size_t exhausted_count;

static struct address
address_of(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(bytes_from_string(text), 0, &address), STATUS_OK);
	return address;
}

static void
echo_datagrams(
	void *context, struct loop_udp *from, const struct loop_datagram *batch, size_t count)
{
	(void)context;
	batch_count++;
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = loop_udp_reserve(from, &batch[i].peer);

		if (batch[i].octets.size > 0) {
			memcpy(at, batch[i].octets.at, batch[i].octets.size);
		}
		loop_udp_commit(from, batch[i].octets.size);
		echoed_count++;
	}
}

/* Echoes lines; "q" finishes, "x" closes, "p" pauses. */
static size_t
echo_lines(void *context, struct loop_stream *from, struct bytes octets)
{
	size_t line_size = bytes_find(octets, '\n') + 1;

	(void)context;
	if (line_size > octets.size) {
		return 0;
	}
	switch (octets.at[0]) {
	case 'q':
		assert_int_equal(
			loop_stream_write(from, bytes_slice(octets, 0, line_size)), STATUS_OK);
		loop_stream_finish(from);
		break;
	case 'x':
		loop_stream_close(from);
		break;
	case 'p':
		loop_stream_pause(from, true);
		break;
	default:
		assert_int_equal(
			loop_stream_write(from, bytes_slice(octets, 0, line_size)), STATUS_OK);
		break;
	}
	return line_size;
}

static void
note_drained(void *context, struct loop_stream *from)
{
	(void)context;
	(void)from;
	drained_count++;
}

static void
note_closed(void *context, struct loop_stream *from, enum status status)
{
	(void)context;
	(void)from;
	closed_count++;
	closed_status = status;
}

static const struct loop_stream_calls echo_calls = {
	.received = echo_lines, .drained = note_drained, .closed = note_closed};

static void
take(void *context, struct loop_stream *accepted, const struct address *peer)
{
	(void)context;
	assert_true(address_equal(peer, &there));
	stream = accepted;
	loop_stream_own(accepted, &echo_calls, NULL);
}

static int
begin(void **state)
{
	struct problem problem;

	(void)state;
	fake_begin(7);
	here = address_of("192.0.2.1:2641");
	there = address_of("198.51.100.7:40000");
	echoed_count = batch_count = closed_count = drained_count = exhausted_count = 0;
	loop = loop_new(&problem);
	udp = loop_udp_open(loop, &here, echo_datagrams, NULL, &problem);
	listener = loop_listen(loop, &here, take, NULL, &problem);
	stream = NULL;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	loop_udp_close(udp);
	loop_listener_close(listener);
	loop_free(loop);
	fake_end();
	return 0;
}

static void
expect_line(struct fake_peer *peer, const char *line)
{
	struct bytes received = fake_peer_received(peer);

	assert_int_equal(received.size, strlen(line));
	assert_memory_equal(received.at, line, received.size);
	fake_peer_consume(peer, received.size);
}

static void
datagrams_go_in_and_their_answers_come_out_with_time_and_addresses(void **state)
{
	struct fake_sent sent;

	(void)state;
	fake_advance(250);
	fake_datagram(&there, &here, BYTES(1, 2, 3));
	assert_int_equal(echoed_count, 0);
	fake_run();
	assert_true(fake_sent_take(&sent));
	assert_int_equal(sent.at_ms, 250);
	assert_true(address_equal(&sent.from, &here));
	assert_true(address_equal(&sent.to, &there));
	assert_true(bytes_equal(sent.octets, BYTES(1, 2, 3)));
	assert_false(fake_sent_take(&sent));
}

static void
datagrams_come_in_batches_and_too_large_ones_not_at_all(void **state)
{
	static uint8_t large[DATAGRAM_IN_SIZE_MAX + 1];

	(void)state;
	fake_datagram(&there, &here, bytes_over(large, sizeof(large)));
	for (size_t i = 0; i < UDP_BATCH_MAX + 1; i++) {
		fake_datagram(&there, &here, BYTES(1));
	}
	fake_run();
	assert_int_equal(echoed_count, UDP_BATCH_MAX + 1);
	assert_int_equal(batch_count, 2);
	assert_int_equal(fake_sent_count(), UDP_BATCH_MAX + 1);
	assert_int_equal(loop_udp_counts(udp).too_large, 1);
}

static void
sends_fail_on_demand_and_are_counted(void **state)
{
	(void)state;
	fake_udp_fill(1);
	fake_datagram(&there, &here, BYTES(1));
	fake_datagram(&there, &here, BYTES(2));
	fake_run();
	assert_int_equal(fake_sent_count(), 0);
	assert_int_equal(loop_udp_counts(udp).not_sent, 2);
	fake_udp_refuse(1);
	fake_datagram(&there, &here, BYTES(3));
	fake_datagram(&there, &here, BYTES(4));
	fake_run();
	assert_int_equal(fake_sent_count(), 1);
	assert_int_equal(loop_udp_counts(udp).not_sent, 3);
}

static void
a_wildcard_socket_answers_from_the_address_asked(void **state)
{
	struct address any = address_of("0.0.0.0:99");
	struct address asked = address_of("203.0.113.5:99");
	struct fake_sent sent;
	struct problem problem;
	struct loop_udp *wild = loop_udp_open(loop, &any, echo_datagrams, NULL, &problem);

	(void)state;
	fake_datagram(&there, &asked, BYTES(1));
	fake_run();
	assert_true(fake_sent_take(&sent));
	assert_true(address_equal(&sent.from, &asked));
	loop_udp_close(wild);
}

static void
note_datagrams(
	void *context, struct loop_udp *from, const struct loop_datagram *batch, size_t count)
{
	size_t *answer_count = context;

	(void)from;
	assert_true(address_equal(&batch[0].peer, &here));
	*answer_count += count;
}

static void
two_loops_reach_each_other(void **state)
{
	struct address other = address_of("192.0.2.2:0");
	struct problem problem;
	struct loop *second = loop_new(&problem);
	size_t answer_count = 0;
	struct loop_udp *caller =
		loop_udp_open(second, &other, note_datagrams, &answer_count, &problem);

	(void)state;
	memcpy(loop_udp_reserve(caller, &here), "a", 1);
	loop_udp_commit(caller, 1);
	fake_run();
	assert_int_equal(echoed_count, 1);
	assert_int_equal(answer_count, 1);
	assert_int_equal(fake_sent_count(), 0);
	loop_udp_close(caller);
	loop_free(second);
	assert_int_equal(fake_counts().loop_count, 1);
}

static int64_t fired_ms[3];
static struct loop_timer timers[3];

static void
note_fired(void *context)
{
	*(int64_t *)context = fake_now_ms();
}

static void
time_stands_still_until_advanced_and_stops_at_each_timer(void **state)
{
	int64_t start_ms = clock_monotonic_ms();
	int64_t wall_ms = clock_wall_ms();

	(void)state;
	memset(fired_ms, 0xff, sizeof(fired_ms));
	for (int i = 0; i < 3; i++) {
		loop_timer_set(loop, &timers[i], start_ms + 10 * i + 1, note_fired, &fired_ms[i]);
	}
	fake_run();
	assert_int_equal(fired_ms[0], -1);
	fake_advance(20);
	assert_int_equal(fired_ms[0], 1);
	assert_int_equal(fired_ms[1], 11);
	assert_int_equal(fired_ms[2], -1);
	assert_int_equal(fake_counts().timer_count, 1);
	assert_int_equal(clock_monotonic_ms(), start_ms + 20);
	fake_wall_shift(-5000);
	assert_int_equal(clock_wall_ms(), wall_ms + 20 - 5000);
	fake_advance(1);
	assert_int_equal(fired_ms[2], 21);
}

static void
streams_echo_in_pieces_and_keep_what_is_not_whole(void **state)
{
	struct fake_peer *peer = fake_connect(&there, &here);

	(void)state;
	assert_non_null(peer);
	fake_peer_send(peer, TEXT("hel"));
	fake_run();
	assert_int_equal(fake_counts().stream_count, 1);
	assert_int_equal(fake_counts().stream_memory, 3);
	expect_line(peer, "");
	fake_advance(30);
	fake_peer_send(peer, TEXT("lo\n"));
	fake_run();
	expect_line(peer, "hello\n");
	assert_int_equal(fake_peer_received_ms(peer), 30);
	assert_int_equal(fake_counts().stream_memory, 0);
	fake_peer_close(peer);
	fake_run();
	assert_int_equal(closed_count, 1);
	assert_int_equal(closed_status, STATUS_CLOSED);
	assert_int_equal(fake_counts().stream_count, 0);
}

static void
finish_sends_ends_and_lingers(void **state)
{
	struct fake_peer *peer = fake_connect(&there, &here);

	(void)state;
	fake_peer_send(peer, TEXT("quit\nmore"));
	fake_run();
	expect_line(peer, "quit\n");
	assert_true(fake_peer_has_ended(peer));
	assert_false(fake_peer_is_closed(peer));
	fake_advance(TCP_LINGER_MS - 1);
	assert_int_equal(closed_count, 0);
	fake_advance(1);
	assert_int_equal(closed_count, 1);
	assert_int_equal(closed_status, STATUS_OK);
	assert_true(fake_peer_is_closed(peer));
	assert_false(fake_peer_is_reset(peer));
}

static void
close_resets_a_peer_whose_octets_nobody_read(void **state)
{
	struct fake_peer *polite = fake_connect(&there, &here);
	struct fake_peer *loud;

	(void)state;
	fake_peer_send(polite, TEXT("x\n"));
	fake_run();
	assert_true(fake_peer_is_closed(polite));
	assert_false(fake_peer_is_reset(polite));
	loud = fake_connect(&there, &here);
	fake_run();
	loop_stream_pause(stream, true);
	fake_peer_send(loud, TEXT("unread"));
	fake_run();
	loop_stream_close(stream);
	fake_run();
	assert_true(fake_peer_is_reset(loud));
	assert_int_equal(closed_count, 2);
}

static void
a_paused_stream_goes_on_where_it_stopped(void **state)
{
	struct fake_peer *peer = fake_connect(&there, &here);

	(void)state;
	fake_peer_send(peer, TEXT("pause\na\n"));
	fake_run();
	expect_line(peer, "");
	loop_stream_pause(stream, false);
	fake_run();
	expect_line(peer, "a\n");
}

static int
end_with_peer(void **state)
{
	loop_stream_close(stream);
	return end(state);
}

static void
a_peer_that_takes_little_makes_writes_busy(void **state)
{
	static uint8_t octets[100000];
	struct fake_peer *peer = fake_connect(&there, &here);
	size_t written = 0;

	(void)state;
	fake_peer_take(peer, 150000);
	fake_run();
	while (loop_stream_write(stream, bytes_over(octets, sizeof(octets))) == STATUS_OK) {
		written += sizeof(octets);
	}
	fake_run();
	assert_int_equal(fake_peer_received(peer).size, 150000);
	assert_int_equal(loop_stream_waiting(stream), written - 150000);
	assert_int_equal(drained_count, 0);
	fake_peer_take(peer, SIZE_MAX);
	fake_run();
	assert_int_equal(fake_peer_received(peer).size, written);
	assert_int_equal(drained_count, 1);
}

static void
a_peer_that_ends_is_answered_and_closed(void **state)
{
	struct fake_peer *peer = fake_connect(&there, &here);

	(void)state;
	fake_peer_send(peer, TEXT("a\n"));
	fake_peer_end(peer);
	fake_run();
	expect_line(peer, "a\n");
	assert_true(fake_peer_is_closed(peer));
	assert_int_equal(closed_status, STATUS_CLOSED);
	assert_int_equal(closed_count, 1);
}

static void
note_exhausted(void *context, struct loop_listener *from)
{
	(void)context;
	assert_ptr_equal(from, listener);
	exhausted_count++;
}

static void
a_listener_without_descriptors_rests(void **state)
{
	(void)state;
	loop_listener_on_exhausted(listener, note_exhausted);
	fake_accept_refuse(2);
	fake_connect(&there, &here);
	fake_run();
	assert_int_equal(exhausted_count, 1);
	fake_advance(ACCEPT_REST_MS);
	assert_int_equal(exhausted_count, 2);
	assert_null(stream);
	fake_advance(ACCEPT_REST_MS);
	assert_non_null(stream);
}

static void
nodes_connect_to_the_outside_and_to_each_other(void **state)
{
	struct address far = address_of("203.0.113.9:2641");
	struct address asked;
	struct problem problem;
	struct loop_stream *out = loop_connect(loop, &far, &echo_calls, NULL, &problem);
	struct fake_peer *peer;

	(void)state;
	assert_int_equal(loop_stream_write(out, TEXT("first\n")), STATUS_OK);
	fake_run();
	peer = fake_accept(&asked);
	assert_non_null(peer);
	assert_true(address_equal(&asked, &far));
	fake_run();
	expect_line(peer, "first\n");
	fake_peer_reset(peer);
	fake_run();
	assert_int_equal(closed_status, STATUS_CLOSED);
	out = loop_connect(loop, &far, &echo_calls, NULL, &problem);
	peer = fake_accept(&asked);
	fake_peer_send(peer, TEXT("a\n"));
	fake_run();
	expect_line(peer, "a\n");
	loop_stream_close(out);
	fake_run();
	assert_int_equal(closed_count, 2);
	assert_null(fake_connect(&there, &far));
}

static void
random_numbers_come_from_the_seed(void **state)
{
	uint8_t one[13];
	uint8_t other[13];

	(void)state;
	crypto_random(one, sizeof(one));
	random_fake_seed(7);
	crypto_random(other, sizeof(other));
	assert_memory_equal(one, other, sizeof(one));
	crypto_random(other, sizeof(other));
	assert_memory_not_equal(one, other, sizeof(one));
}

static size_t posted_count;

static void
note_posted(void *context)
{
	(void)context;
	posted_count++;
}

static void *
post_one(void *context)
{
	loop_post(loop, context);
	return NULL;
}

static bool
is_posted(void *context)
{
	(void)context;
	return posted_count == 1;
}

static void
posts_of_threads_are_awaited(void **state)
{
	struct loop_post post = {.posted = note_posted};
	pthread_t thread;

	(void)state;
	posted_count = 0;
	assert_int_equal(pthread_create(&thread, NULL, post_one, &post), 0);
	assert_true(fake_await(is_posted, NULL));
	pthread_join(thread, NULL);
}

#define FAKE_TEST(name)	       cmocka_unit_test_setup_teardown(name, begin, end)
#define FAKE_STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end_with_peer)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FAKE_TEST(datagrams_go_in_and_their_answers_come_out_with_time_and_addresses),
		FAKE_TEST(datagrams_come_in_batches_and_too_large_ones_not_at_all),
		FAKE_TEST(sends_fail_on_demand_and_are_counted),
		FAKE_TEST(a_wildcard_socket_answers_from_the_address_asked),
		FAKE_TEST(two_loops_reach_each_other),
		FAKE_TEST(time_stands_still_until_advanced_and_stops_at_each_timer),
		FAKE_TEST(streams_echo_in_pieces_and_keep_what_is_not_whole),
		FAKE_TEST(finish_sends_ends_and_lingers),
		FAKE_TEST(close_resets_a_peer_whose_octets_nobody_read),
		FAKE_STREAM_TEST(a_paused_stream_goes_on_where_it_stopped),
		FAKE_STREAM_TEST(a_peer_that_takes_little_makes_writes_busy),
		FAKE_TEST(a_peer_that_ends_is_answered_and_closed),
		FAKE_STREAM_TEST(a_listener_without_descriptors_rests),
		FAKE_TEST(nodes_connect_to_the_outside_and_to_each_other),
		FAKE_TEST(random_numbers_come_from_the_seed),
		FAKE_TEST(posts_of_threads_are_awaited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
