/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/streams_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DESCRIPTORS_LEFT = 10, PEERS_TOO_MANY = 20, EXHAUSTED_COUNT = 4 };

static void
an_address_that_somebody_listens_on_is_not_free(void **state)
{
	struct problem problem;

	(void)state;
	assert_int_equal(loop_address_check(&server_address, &problem), STATUS_IN_USE);
	assert_non_null(strstr(problem.text, "(TCP)"));
}

static void
take_nothing(void *context, struct loop_stream *stream, const struct address *peer)
{
	(void)context;
	(void)peer;
	(void)stream;
	seen_count++;
}

static void
a_stream_that_nobody_takes_is_closed(void **state)
{
	struct problem problem;
	struct loop_listener *one;
	struct address at = loopback_v4(0);
	uint8_t octet;
	int peer;

	(void)state;
	one = loop_listen(loop, &at, take_nothing, NULL, &problem);
	assert_non_null(one);
	loop_listener_address(one, &at);
	peer = peer_open(AF_INET, SOCK_STREAM, &at);
	run_until_count(&seen_count, 1);
	assert_int_equal(recv(peer, &octet, 1, 0), 0);
	seen_count = 0;
	loop_listener_close(one);
	close(peer);
}

static void
close_at_once(void *context, struct loop_stream *stream, const struct address *peer)
{
	(void)peer;
	loop_stream_close(stream);
	loop_listener_close(*(struct loop_listener **)context);
	seen_count++;
}

static void
stream_and_listener_may_be_closed_inside_accepted(void **state)
{
	struct problem problem;
	struct loop_listener *one;
	struct address at = loopback_v4(0);
	int peers[3];

	(void)state;
	one = loop_listen(loop, &at, close_at_once, &one, &problem);
	assert_non_null(one);
	loop_listener_address(one, &at);
	for (size_t i = 0; i < 3; i++) {
		peers[i] = peer_open(AF_INET, SOCK_STREAM, &at);
	}
	run_for_ms(loop, 10);
	assert_int_equal(seen_count, 1);
	seen_count = 0;
	for (size_t i = 0; i < 3; i++) {
		close(peers[i]);
	}
}

static size_t exhausted_count;
static size_t wake_count;
static bool is_shedding;

static void
note_exhausted(void *context, struct loop_listener *one)
{
	(void)context;
	exhausted_count++;
	if (exhausted_count == EXHAUSTED_COUNT) {
		loop_stop(loop);
	}
	if (one == listener && is_shedding && closed_total < seen_count) {
		loop_stream_close(seen[closed_total].stream);
	}
}

static void
count_wake(void *context)
{
	(void)context;
	wake_count++;
}

/* In a process of its own, which may run out of descriptors as it likes: 0 when all is well,
 * else the number of the claim that failed. */
static int
live_without_descriptors(void)
{
	struct rlimit limit;
	int highest = dup(0);
	int64_t start_ms;
	int peers[PEERS_TOO_MANY];

	for (size_t i = 0; i < PEERS_TOO_MANY; i++) {
		peers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(peers[i], &server_address.any, server_address.size) != 0) {
			return 1;
		}
		highest = peers[i] > highest ? peers[i] : highest;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = (rlim_t)highest + 1 + DESCRIPTORS_LEFT;
	setrlimit(RLIMIT_NOFILE, &limit);
	loop_listener_on_exhausted(listener, note_exhausted);
	loop_on_wake(loop, count_wake, NULL);
	start_ms = loop_now_ms(loop);
	if (loop_run(loop) != STATUS_OK || seen_count != DESCRIPTORS_LEFT) {
		return 2;
	}
	if (loop_now_ms(loop) - start_ms < (EXHAUSTED_COUNT - 1) * ACCEPT_REST_MS) {
		return 3;
	}
	/* A wake-up for each look, and those of the connections that were taken. */
	if (wake_count > DESCRIPTORS_LEFT + 2 * EXHAUSTED_COUNT + 2) {
		return 4;
	}
	is_shedding = true;
	run_until_count(&seen_count, DESCRIPTORS_LEFT + 2);
	if (closed_total < 2) {
		return 5;
	}
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	run_until_count(&seen_count, PEERS_TOO_MANY);
	return 0;
}

static void
without_descriptors_the_listener_rests_and_recovers(void **state)
{
	int outcome = -1;
	pid_t child;

	(void)state;
	exhausted_count = wake_count = 0;
	is_shedding = false;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		_exit(live_without_descriptors());
	}
	assert_int_equal(waitpid(child, &outcome, 0), child);
	assert_true(WIFEXITED(outcome));
	assert_int_equal(WEXITSTATUS(outcome), 0);
}

static void
many_connections_at_once_are_all_taken(void **state)
{
	static int peers[TCP_ACCEPT_COUNT_MAX * 3];

	(void)state;
	for (size_t i = 0; i < TCP_ACCEPT_COUNT_MAX * 3; i++) {
		peers[i] = peer_open(AF_INET, SOCK_STREAM, &server_address);
	}
	run_until_count(&seen_count, TCP_ACCEPT_COUNT_MAX * 3);
	for (size_t i = 0; i < TCP_ACCEPT_COUNT_MAX * 3; i++) {
		close(peers[i]);
	}
}

static void
an_address_that_is_not_ours_is_a_problem_that_names_it(void **state)
{
	struct address address = loopback_v4(7);
	struct problem problem;

	(void)state;
	address.v4.sin_addr.s_addr = 0x01020308; /* 8.3.2.1 on this machine's order. */
	assert_null(loop_listen(loop, &address, take_nothing, NULL, &problem));
	assert_non_null(strstr(problem.text, "8.3.2.1:7"));
	assert_non_null(strstr(problem.text, "TCP"));
}

#define STREAM_TEST(name) cmocka_unit_test_setup_teardown(name, streams_begin, streams_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(an_address_that_somebody_listens_on_is_not_free),
		STREAM_TEST(a_stream_that_nobody_takes_is_closed),
		STREAM_TEST(stream_and_listener_may_be_closed_inside_accepted),
		STREAM_TEST(without_descriptors_the_listener_rests_and_recovers),
		STREAM_TEST(many_connections_at_once_are_all_taken),
		STREAM_TEST(an_address_that_is_not_ours_is_a_problem_that_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
