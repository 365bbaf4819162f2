/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_impair.h"

#include "base/clock.h"
#include "loop/loop_help.h"
#include "support/cmocka_all.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct loop_impairment impairment;
static size_t received, closed;
static enum status closed_as;

static int
begin(void **state)
{
	struct problem problem;

	(void)state;
	loop = loop_new(&problem);
	assert_non_null(loop);
	impairment = (struct loop_impairment){.cut_count = 0};
	received = closed = 0;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void
cut(const char *host)
{
	assert_int_equal(
		address_parse(bytes_from_string(host), 1, &impairment.cut[impairment.cut_count++]),
		STATUS_OK);
	loop_impair(loop, &impairment);
}

static void
udp_taken(void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count)
{
	(void)context;
	(void)udp;
	(void)batch;
	received += count;
}

static size_t
stream_taken(void *context, struct loop_stream *stream, struct bytes octets)
{
	(void)context;
	(void)stream;
	received += octets.size;
	return octets.size;
}

static void
stream_closed(void *context, struct loop_stream *stream, enum status status)
{
	(void)context;
	(void)stream;
	closed++;
	closed_as = status;
}

static const struct loop_stream_calls calls = {.received = stream_taken, .closed = stream_closed};

static void
send_to(struct loop_udp *udp, const struct address *peer)
{
	memcpy(loop_udp_reserve(udp, peer), "octet", 5);
	loop_udp_commit(udp, 5);
	run_for_ms(loop, 5);
}

static size_t
peer_waiting(int fd)
{
	char octets[64];
	ssize_t size = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);

	return size < 0 ? 0 : (size_t)size;
}

static void
datagrams_to_a_host_that_is_cut_off_are_lost(void **state)
{
	struct problem problem;
	struct address any = loopback_v4(0), ours, theirs;
	struct loop_udp *udp = loop_udp_open(loop, &any, udp_taken, NULL, &problem);
	int peer;

	(void)state;
	assert_non_null(udp);
	loop_udp_address(udp, &ours);
	peer = peer_open(AF_INET, SOCK_DGRAM, &ours);
	theirs.size = sizeof(theirs.v6);
	assert_int_equal(getsockname(peer, &theirs.any, &theirs.size), 0);
	cut("127.0.0.2");
	send_to(udp, &theirs);
	assert_int_equal(peer_waiting(peer), 5);
	cut("127.0.0.1:9"); /* Whatever the port. */
	send_to(udp, &theirs);
	assert_int_equal(peer_waiting(peer), 0);
	loop_impair(loop, NULL);
	send_to(udp, &theirs);
	assert_int_equal(peer_waiting(peer), 5);
	close(peer);
	loop_udp_close(udp);
}

static void
connections_to_it_are_never_made_and_can_be_closed(void **state)
{
	struct problem problem;
	struct address server = loopback_v4(9);
	struct loop_stream *stream;

	(void)state;
	cut("127.0.0.1");
	stream = loop_connect(loop, &server, &calls, NULL, &problem);
	assert_non_null(stream);
	assert_int_equal(loop_stream_write(stream, TEXT("never sent")), STATUS_OK);
	run_for_ms(loop, 30);
	assert_int_equal(
		closed, 0); /* Nothing listens there: in normal life it is refused at once. */
	loop_stream_close(stream);
	run_for_ms(loop, 5);
	assert_int_equal(closed, 1);
	assert_int_equal(closed_as, STATUS_OK);
	loop_impair(loop, NULL);
	stream = loop_connect(loop, &server, &calls, NULL, &problem);
	run_for_ms(loop, 30);
	assert_int_equal(closed, 2);
	assert_int_not_equal(closed_as, STATUS_OK);
}

static void
accepted(void *context, struct loop_stream *stream, const struct address *peer)
{
	(void)peer;
	*(struct loop_stream **)context = stream;
	loop_stream_own(stream, &calls, NULL);
}

static void
connections_that_are_there_hang_until_they_are_written_to_again(void **state)
{
	struct problem problem;
	struct address any = loopback_v4(0), ours;
	struct loop_stream *stream = NULL;
	struct loop_listener *listener = loop_listen(loop, &any, accepted, &stream, &problem);
	int peer;

	(void)state;
	assert_non_null(listener);
	loop_listener_address(listener, &ours);
	peer = peer_open(AF_INET, SOCK_STREAM, &ours);
	assert_int_equal(send(peer, "one", 3, 0), 3);
	run_for_ms(loop, 20);
	assert_int_equal(received, 3);
	cut("127.0.0.1");
	assert_int_equal(send(peer, "two", 3, 0), 3);
	run_for_ms(loop, 20);
	assert_int_equal(received, 3);
	loop_impair(loop, NULL);
	loop_stream_pause(stream, false); /* Whatever settles it makes it be watched again. */
	run_for_ms(loop, 20);
	assert_int_equal(received, 6);
	close(peer);
	loop_stream_close(stream);
	loop_listener_close(listener);
	run_for_ms(loop, 5);
}

static bool
has_received(void *context)
{
	(void)context;
	return received > 0;
}

static void
what_comes_is_served_so_much_later(void **state)
{
	struct problem problem;
	struct address any = loopback_v4(0), ours;
	struct loop_udp *udp = loop_udp_open(loop, &any, udp_taken, NULL, &problem);
	int64_t begun_ms;
	int peer;

	(void)state;
	loop_udp_address(udp, &ours);
	peer = peer_open(AF_INET, SOCK_DGRAM, &ours);
	impairment.delay_ms = 60;
	loop_impair(loop, &impairment);
	assert_int_equal(send(peer, "octet", 5, 0), 5);
	begun_ms = clock_monotonic_ms();
	run_until(loop, has_received, NULL);
	assert_true(clock_monotonic_ms() - begun_ms >= 60); /* Not sooner: later may be. */
	close(peer);
	loop_udp_close(udp);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			datagrams_to_a_host_that_is_cut_off_are_lost, begin, end),
		cmocka_unit_test_setup_teardown(
			connections_to_it_are_never_made_and_can_be_closed, begin, end),
		cmocka_unit_test_setup_teardown(
			connections_that_are_there_hang_until_they_are_written_to_again, begin,
			end),
		cmocka_unit_test_setup_teardown(what_comes_is_served_so_much_later, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
