/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_watch.h"

#include "support/cmocka_all.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *worker;
static struct loop_watch *watch;
static int accepted_fd = -1;
static size_t ready_count;
static int pair[2];

static void
stop_due(void *context)
{
	loop_stop(context);
}

static void
run_shortly(void)
{
	struct loop_timer timer = {.is_set = false};

	loop_timer_set(worker, &timer, loop_now_ms(worker) + 20, stop_due, worker);
	assert_int_equal(loop_run(worker), STATUS_OK);
}

static void
ready(void *context)
{
	uint8_t octet;

	ready_count++;
	assert_int_equal(read(*(int *)context, &octet, 1), 1);
}

static void
ready_and_close(void *context)
{
	(void)context;
	ready_count++;
	loop_watch_close(watch);
}

static int
world_begin(void **state)
{
	(void)state;
	worker = loop_new(NULL);
	ready_count = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	return worker == NULL;
}

static int
world_end(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	loop_free(worker);
	return 0;
}

static void
a_watch_tells_as_long_as_there_is_something_to_read(void **state)
{
	(void)state;
	watch = loop_watch_open(worker, pair[0], ready, &pair[0]);
	assert_non_null(watch);
	assert_int_equal(write(pair[1], "abc", 3), 3);
	run_shortly();
	assert_int_equal(ready_count, 3);
	loop_watch_close(watch);
}

static void
a_closed_watch_leaves_the_descriptor_open_and_tells_nothing_more(void **state)
{
	uint8_t octets[4];

	(void)state;
	watch = loop_watch_open(worker, pair[0], ready_and_close, NULL);
	assert_int_equal(write(pair[1], "abc", 3), 3);
	run_shortly();
	assert_int_equal(ready_count, 1);
	assert_int_equal(read(pair[0], octets, sizeof(octets)), 3);
	loop_watch_close(NULL);
}

static void
peeking_takes_nothing_and_tells_the_end(void **state)
{
	uint8_t octet = 0;
	bool is_over = true;

	(void)state;
	assert_false(loop_socket_peek(pair[0], &octet, &is_over));
	assert_false(is_over);
	assert_int_equal(write(pair[1], "\x16z", 2), 2);
	assert_true(loop_socket_peek(pair[0], &octet, &is_over));
	assert_true(loop_socket_peek(pair[0], &octet, &is_over));
	assert_int_equal(octet, 0x16);
	assert_false(is_over);
	loop_socket_break(pair[1]);
	assert_int_equal(read(pair[0], &octet, 1), 1);
	assert_int_equal(read(pair[0], &octet, 1), 1);
	assert_false(loop_socket_peek(pair[0], &octet, &is_over));
	assert_true(is_over);
}

static void
take(void *context, int fd, const struct address *peer)
{
	(void)context;
	assert_int_equal(peer->any.sa_family, AF_INET);
	accepted_fd = fd;
}

static void
a_listener_hands_over_sockets_that_never_wait(void **state)
{
	struct address at = {.v4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}},
		.size = sizeof(struct sockaddr_in)};
	struct loop_listener *listener = loop_listen_sockets(worker, &at, take, NULL, NULL);
	int peer = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_non_null(listener);
	loop_listener_address(listener, &at);
	assert_int_equal(connect(peer, &at.any, at.size), 0);
	run_shortly();
	assert_true(accepted_fd >= 0);
	assert_int_equal(fcntl(accepted_fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(fcntl(accepted_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	loop_socket_close(accepted_fd);
	close(peer);
	loop_listener_close(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_watch_tells_as_long_as_there_is_something_to_read,
			world_begin, world_end),
		cmocka_unit_test_setup_teardown(
			a_closed_watch_leaves_the_descriptor_open_and_tells_nothing_more,
			world_begin, world_end),
		cmocka_unit_test_setup_teardown(
			peeking_takes_nothing_and_tells_the_end, world_begin, world_end),
		cmocka_unit_test_setup_teardown(
			a_listener_hands_over_sockets_that_never_wait, world_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
