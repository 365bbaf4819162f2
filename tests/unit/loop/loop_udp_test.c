/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_help.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;
static struct loop_udp *udp;
static size_t batch_count;
static size_t datagram_count;
static size_t answers_each; /* How often each datagram is echoed. */

static int
begin(void **state)
{
	struct problem problem;

	(void)state;
	loop = loop_new(&problem);
	assert_non_null(loop);
	batch_count = datagram_count = 0;
	answers_each = 1;
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
echo(void *context, struct loop_udp *from, const struct loop_datagram *batch, size_t count)
{
	(void)context;
	assert_ptr_equal(from, udp);
	assert_in_range(count, 1, UDP_BATCH_MAX);
	batch_count++;
	datagram_count += count;
	for (size_t i = 0; i < count * answers_each; i++) {
		const struct loop_datagram *datagram = &batch[i / answers_each];
		size_t size = datagram->octets.size;
		uint8_t *at = loop_udp_reserve(from, &datagram->peer);

		size = size < DATAGRAM_SIZE_MAX ? size : DATAGRAM_SIZE_MAX;
		if (size > 0) {
			memcpy(at, datagram->octets.at, size);
		}
		loop_udp_commit(from, size);
	}
}

/* Opens the socket under test and returns where it listens. */
static struct address
open_at(struct address address, loop_udp_received *received)
{
	struct problem problem = {.text = ""};

	udp = loop_udp_open(loop, &address, received, NULL, &problem);
	assert_string_equal(problem.text, "");
	assert_non_null(udp);
	loop_udp_address(udp, &address);
	return address;
}

static bool
has_datagrams(void *context)
{
	return datagram_count >= *(size_t *)context;
}

static void
run_until_datagrams(size_t count)
{
	run_until(loop, has_datagrams, &count);
}

static void
send_number(int fd, uint32_t number)
{
	assert_int_equal(send(fd, &number, sizeof(number), 0), sizeof(number));
}

static void
expect_number(int fd, uint32_t expected)
{
	uint32_t number = 0;

	assert_int_equal(recv(fd, &number, sizeof(number), 0), sizeof(number));
	assert_int_equal(number, expected);
}

static void
echoes_come_back_in_full_batches_from(struct address address)
{
	struct address at = open_at(address, echo);
	int peer = peer_open(at.any.sa_family, SOCK_DGRAM, &at);

	for (uint32_t i = 0; i < UDP_BATCH_MAX + 3; i++) {
		send_number(peer, i);
	}
	run_until_datagrams(UDP_BATCH_MAX + 3);
	for (uint32_t i = 0; i < UDP_BATCH_MAX + 3; i++) {
		expect_number(peer, i);
	}
	/* Two, unless the machine is slow to hand the datagrams over. */
	assert_in_range(batch_count, 2, UDP_BATCH_MAX / 2);
	assert_int_equal(loop_udp_counts(udp).received, UDP_BATCH_MAX + 3);
	assert_int_equal(loop_udp_counts(udp).sent, UDP_BATCH_MAX + 3);
	close(peer);
	loop_udp_close(udp);
}

static void
datagrams_are_served_in_batches_over_ipv4(void **state)
{
	(void)state;
	echoes_come_back_in_full_batches_from(loopback_v4(0));
}

static void
datagrams_are_served_in_batches_over_ipv6(void **state)
{
	(void)state;
	echoes_come_back_in_full_batches_from(loopback_v6(0));
}

static void
each_of_many_peers_gets_its_own_answer(void **state)
{
	struct address at = open_at(loopback_v4(0), echo);
	int peers[100];

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		peers[i] = peer_open(AF_INET, SOCK_DGRAM, &at);
		send_number(peers[i], 1000 + i);
	}
	run_until_datagrams(100);
	for (uint32_t i = 0; i < 100; i++) {
		expect_number(peers[i], 1000 + i);
		close(peers[i]);
	}
	loop_udp_close(udp);
}

static void
more_answers_than_slots_all_leave(void **state)
{
	struct address at = open_at(loopback_v4(0), echo);
	int peer = peer_open(AF_INET, SOCK_DGRAM, &at);

	(void)state;
	answers_each = 3;
	for (uint32_t i = 0; i < UDP_BATCH_MAX; i++) {
		send_number(peer, i);
	}
	run_until_datagrams(UDP_BATCH_MAX);
	for (uint32_t i = 0; i < UDP_BATCH_MAX * 3; i++) {
		expect_number(peer, i / 3);
	}
	assert_int_equal(loop_udp_counts(udp).sent, UDP_BATCH_MAX * 3);
	close(peer);
	loop_udp_close(udp);
}

static size_t sizes_seen[8];
static size_t sizes_count;

static void
note_sizes(void *context, struct loop_udp *from, const struct loop_datagram *batch, size_t count)
{
	(void)context;
	(void)from;
	for (size_t i = 0; i < count; i++) {
		sizes_seen[sizes_count++ % 8] = batch[i].octets.size;
		for (size_t at = 0; at < batch[i].octets.size; at++) {
			assert_int_equal(batch[i].octets.at[at], batch[i].octets.size % 251);
		}
		assert_int_equal(ntohl(batch[i].peer.v4.sin_addr.s_addr), INADDR_LOOPBACK);
	}
	datagram_count += count;
}

static void
datagrams_past_the_limit_are_dropped_and_the_others_close_ranks(void **state)
{
	struct address at = open_at(loopback_v4(0), note_sizes);
	const size_t sizes[] = {DATAGRAM_IN_SIZE_MAX + 1, 0, DATAGRAM_IN_SIZE_MAX - 1, 60000,
		DATAGRAM_IN_SIZE_MAX, 7};
	static uint8_t octets[60000];
	/* Several peers, so that an address that stays behind would show. */
	int peers[6];

	(void)state;
	sizes_count = 0;
	for (size_t i = 0; i < 6; i++) {
		peers[i] = peer_open(AF_INET, SOCK_DGRAM, &at);
		memset(octets, (int)(sizes[i] % 251), sizes[i]);
		assert_int_equal(send(peers[i], octets, sizes[i], 0), sizes[i]);
	}
	run_until_datagrams(4);
	assert_int_equal(sizes_seen[0], 0);
	assert_int_equal(sizes_seen[1], DATAGRAM_IN_SIZE_MAX - 1);
	assert_int_equal(sizes_seen[2], DATAGRAM_IN_SIZE_MAX);
	assert_int_equal(sizes_seen[3], 7);
	assert_int_equal(loop_udp_counts(udp).too_large, 2);
	assert_int_equal(loop_udp_counts(udp).received, 4);
	for (size_t i = 0; i < 6; i++) {
		close(peers[i]);
	}
	loop_udp_close(udp);
}

static void
echo_after_a_large_one_reaches_the_right_peer(void **state)
{
	struct address at = open_at(loopback_v4(0), echo);
	int loud = peer_open(AF_INET, SOCK_DGRAM, &at);
	int modest = peer_open(AF_INET, SOCK_DGRAM, &at);
	static uint8_t octets[4000];

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		size_t want = datagram_count + 2;

		assert_int_equal(send(loud, octets, sizeof(octets), 0), sizeof(octets));
		send_number(modest, round);
		send_number(loud, 100 + round);
		run_until_datagrams(want);
		expect_number(modest, round);
		expect_number(loud, 100 + round);
	}
	close(loud);
	close(modest);
	loop_udp_close(udp);
}

static void
commit_nothing(
	void *context, struct loop_udp *from, const struct loop_datagram *batch, size_t count)
{
	(void)context;
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = loop_udp_reserve(from, &batch[i].peer);

		memset(at, 0xee, DATAGRAM_SIZE_MAX);
		loop_udp_commit(from, 0);
	}
	datagram_count += count;
}

static void
a_reservation_taken_back_sends_nothing(void **state)
{
	struct address at = open_at(loopback_v4(0), commit_nothing);
	int peer = peer_open(AF_INET, SOCK_DGRAM, &at);
	uint32_t number;

	(void)state;
	send_number(peer, 1);
	run_until_datagrams(1);
	assert_int_equal(loop_udp_counts(udp).sent, 0);
	assert_int_equal(recv(peer, &number, sizeof(number), MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	close(peer);
	loop_udp_close(udp);
}

static struct address late_peer;

static void
answer_late(void *context)
{
	uint32_t number = 77;
	uint8_t *at = loop_udp_reserve(context, &late_peer);

	memcpy(at, &number, sizeof(number));
	loop_udp_commit(context, sizeof(number));
	datagram_count++;
}

static void
what_is_queued_outside_a_callback_leaves_at_the_end_of_the_wake_up(void **state)
{
	struct address at = open_at(loopback_v4(0), echo);
	int peer = peer_open(AF_INET, SOCK_DGRAM, &at);
	struct loop_timer timer = {0};

	(void)state;
	late_peer.size = sizeof(late_peer.v6);
	assert_int_equal(getsockname(peer, &late_peer.any, &late_peer.size), 0);
	loop_timer_set(loop, &timer, 0, answer_late, udp);
	run_until_datagrams(1);
	expect_number(peer, 77);
	close(peer);
	loop_udp_close(udp);
}

static void
a_socket_closed_with_answers_queued_leaves_no_trace(void **state)
{
	(void)state;
	open_at(loopback_v4(0), echo);
	late_peer = loopback_v4(9);
	answer_late(udp);
	loop_udp_close(udp);
	run_for_ms(loop, 1);
}

static void
close_inside(void *context, struct loop_udp *from, const struct loop_datagram *batch, size_t count)
{
	echo(context, from, batch, count);
	loop_udp_close(from);
	/* The batch stays readable until the callback returns. */
	assert_int_equal(batch[0].octets.size, sizeof(uint32_t));
}

static void
a_socket_may_be_closed_inside_its_callback(void **state)
{
	struct address at = open_at(loopback_v4(0), close_inside);
	int peer = peer_open(AF_INET, SOCK_DGRAM, &at);

	(void)state;
	for (uint32_t i = 0; i < UDP_BATCH_MAX + 3; i++) {
		send_number(peer, i);
	}
	run_until_datagrams(1);
	run_for_ms(loop, 5);
	assert_int_equal(batch_count, 1);
	close(peer);
}

static void
answer_one_that_cannot_be_sent(
	void *context, struct loop_udp *from, const struct loop_datagram *batch, size_t count)
{
	struct address nowhere = loopback_v4(0); /* Port 0: the kernel refuses. */
	uint8_t *at = loop_udp_reserve(from, &nowhere);

	at[0] = 1;
	loop_udp_commit(from, 1);
	echo(context, from, batch, count);
}

static void
one_bad_peer_does_not_cost_the_others_their_answers(void **state)
{
	struct address at = open_at(loopback_v4(0), answer_one_that_cannot_be_sent);
	int peer = peer_open(AF_INET, SOCK_DGRAM, &at);

	(void)state;
	send_number(peer, 5);
	run_until_datagrams(1);
	expect_number(peer, 5);
	assert_int_equal(loop_udp_counts(udp).not_sent, 1);
	assert_int_equal(loop_udp_counts(udp).sent, 1);
	close(peer);
	loop_udp_close(udp);
}

/* A connected peer takes answers only from the address it asked. */
static void
answers_leave_from_the_address_asked(struct address wildcard, struct address asked)
{
	struct address at = open_at(wildcard, echo);
	int peer;

	address_set_port(&asked, address_port(&at));
	peer = peer_open(asked.any.sa_family, SOCK_DGRAM, &asked);
	for (uint32_t round = 0; round < 3; round++) {
		size_t want = datagram_count + 1;

		send_number(peer, round);
		run_until_datagrams(want);
		expect_number(peer, round);
	}
	close(peer);
	loop_udp_close(udp);
}

static void
a_wildcard_socket_answers_from_the_address_asked(void **state)
{
	struct address any_v4 = loopback_v4(0);
	struct address any_v6 = loopback_v6(0);
	struct address odd = loopback_v4(0);

	(void)state;
	any_v4.v4.sin_addr.s_addr = htonl(INADDR_ANY);
	any_v6.v6.sin6_addr = in6addr_any;
	odd.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 41);
	answers_leave_from_the_address_asked(any_v4, odd);
	answers_leave_from_the_address_asked(any_v6, loopback_v6(0));
}

static struct loop_datagram kept;

static void
keep(void *context, struct loop_udp *from, const struct loop_datagram *batch, size_t count)
{
	(void)context;
	(void)from;
	kept = batch[0];
	datagram_count += count;
}

static void
answer_kept(void *context)
{
	memset(loop_udp_reserve_from(context, &kept.peer, &kept.local), 9, 4);
	loop_udp_commit(context, 4);
	datagram_count++;
}

static void
an_answer_given_later_can_leave_from_the_address_asked(void **state)
{
	struct address any = loopback_v4(0);
	struct address odd = loopback_v4(0);
	struct loop_timer timer = {0};
	int peer;

	(void)state;
	any.v4.sin_addr.s_addr = htonl(INADDR_ANY);
	any = open_at(any, keep);
	odd.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 42);
	address_set_port(&odd, address_port(&any));
	peer = peer_open(AF_INET, SOCK_DGRAM, &odd);
	send_number(peer, 1);
	run_until_datagrams(1);
	loop_timer_set(loop, &timer, 0, answer_kept, udp);
	run_until_datagrams(2);
	expect_number(peer, 0x09090909);
	close(peer);
	loop_udp_close(udp);
}

static void
an_address_in_use_by_a_stranger_is_a_problem_that_names_it(void **state)
{
	int stranger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct address address = loopback_v4(0);
	char text[ADDRESS_TEXT_SIZE_MAX];
	struct problem problem;

	(void)state;
	assert_int_equal(bind(stranger, &address.any, address.size), 0);
	assert_int_equal(getsockname(stranger, &address.any, &address.size), 0);
	assert_null(loop_udp_open(loop, &address, echo, NULL, &problem));
	assert_int_equal(problem.status, STATUS_SYSTEM);
	assert_non_null(strstr(problem.text, address_format(&address, text)));
	close(stranger);
}

static void
two_workers_may_open_the_same_address(void **state)
{
	struct address at = open_at(loopback_v4(0), echo);
	struct problem problem;
	struct loop_udp *second = loop_udp_open(loop, &at, echo, NULL, &problem);

	(void)state;
	assert_non_null(second);
	loop_udp_close(second);
	loop_udp_close(udp);
}

static void
an_address_that_anybody_has_is_not_free(void **state)
{
	struct address at = open_at(loopback_v4(0), echo);
	struct address any = loopback_v4(0);
	struct problem problem;

	(void)state;
	assert_int_equal(loop_address_check(&at, &problem), STATUS_IN_USE);
	assert_non_null(strstr(problem.text, "(UDP)"));
	assert_int_equal(loop_address_check(&any, &problem), STATUS_OK);
	loop_udp_close(udp);
	assert_int_equal(loop_address_check(&at, &problem), STATUS_OK);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

enum { CHOSEN_COUNT = 500, DRAWN_COUNT = 4000, LISTENED_COUNT = 700 };

static void
nothing_received(
	void *context, struct loop_udp *from, const struct loop_datagram *batch, size_t count)
{
	(void)context;
	(void)from;
	(void)batch;
	(void)count;
}

static uint16_t
chosen_port(const struct loop_udp *one)
{
	struct address address;

	loop_udp_address(one, &address);
	return address_port(&address);
}

/* Each question to another server has a port of its own: answers are for nobody else. */
static void
ports_of_the_kernel_s_choice_are_shared_with_nobody(void **state)
{
	static struct loop_udp *sockets[CHOSEN_COUNT];
	static bool is_taken[65536];
	struct loop *own = loop_new(NULL);
	struct address any, again;

	(void)state;
	assert_int_equal(address_parse(TEXT("127.0.0.1:0"), 0, &any), STATUS_OK);
	for (size_t i = 0; i < CHOSEN_COUNT; i++) {
		sockets[i] = loop_udp_open(own, &any, nothing_received, NULL, NULL);
		assert_non_null(sockets[i]);
		assert_false(is_taken[chosen_port(sockets[i])]);
		is_taken[chosen_port(sockets[i])] = true;
	}
	/* But workers open what the first one was given. */
	loop_udp_address(sockets[0], &again);
	struct loop_udp *worker = loop_udp_open(own, &again, nothing_received, NULL, NULL);

	assert_non_null(worker);
	loop_udp_close(worker);
	for (size_t i = 0; i < CHOSEN_COUNT; i++) {
		loop_udp_close(sockets[i]);
	}
	loop_free(own);
}

/* Whoever forges answers must guess the port: of 4000 draws from N ports, about
 * N (1 - e^(-4000/N)) differ. Of 2^13 ports that would be 3165; Linux has 28,232. */
static void
ports_are_drawn_from_more_than_two_to_the_thirteenth(void **state)
{
	static bool is_drawn[65536];
	struct loop *own = loop_new(NULL);
	struct address any;
	size_t distinct = 0;

	(void)state;
	assert_int_equal(address_parse(TEXT("127.0.0.1:0"), 0, &any), STATUS_OK);
	for (size_t i = 0; i < DRAWN_COUNT; i++) {
		struct loop_udp *one =
			loop_udp_open_asking(own, &any, nothing_received, NULL, NULL);
		uint16_t port;

		assert_non_null(one);
		port = chosen_port(one);
		distinct += !is_drawn[port];
		is_drawn[port] = true;
		loop_udp_close(one);
		if (i % 100 == 99) {
			/* What was closed goes at the end of a wake-up. */
			loop_stop(own);
			assert_int_equal(loop_run(own), STATUS_OK);
		}
	}
	assert_true(distinct > 3300);
	loop_free(own);
}

/* Of 28,232 ports 700 are listened at, so that in 500 choices about 12 of the kernel's for UDP are
 * taken for TCP. */
static void
a_chosen_port_is_free_for_udp_and_tcp(void **state)
{
	struct address at = loopback_v4(0);
	struct address any = at;
	struct problem problem;
	int taken[LISTENED_COUNT];

	(void)state;
	for (size_t i = 0; i < LISTENED_COUNT; i++) {
		taken[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_true(taken[i] >= 0);
		assert_int_equal(bind(taken[i], &any.any, any.size), 0);
		assert_int_equal(listen(taken[i], 1), 0);
	}
	for (size_t i = 0; i < CHOSEN_COUNT; i++) {
		at = any;
		assert_int_equal(loop_address_choose(&at, &problem), STATUS_OK);
		assert_int_not_equal(address_port(&at), 0);
		assert_int_equal(loop_address_check(&at, &problem), STATUS_OK);
	}
	any = at;
	assert_int_equal(loop_address_choose(&at, &problem), STATUS_OK);
	assert_true(address_equal(&at, &any));
	for (size_t i = 0; i < LISTENED_COUNT; i++) {
		close(taken[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_of_the_kernel_s_choice_are_shared_with_nobody),
		cmocka_unit_test(a_chosen_port_is_free_for_udp_and_tcp),
		cmocka_unit_test(ports_are_drawn_from_more_than_two_to_the_thirteenth),
		LOOP_TEST(datagrams_are_served_in_batches_over_ipv4),
		LOOP_TEST(datagrams_are_served_in_batches_over_ipv6),
		LOOP_TEST(each_of_many_peers_gets_its_own_answer),
		LOOP_TEST(more_answers_than_slots_all_leave),
		LOOP_TEST(datagrams_past_the_limit_are_dropped_and_the_others_close_ranks),
		LOOP_TEST(echo_after_a_large_one_reaches_the_right_peer),
		LOOP_TEST(a_reservation_taken_back_sends_nothing),
		LOOP_TEST(what_is_queued_outside_a_callback_leaves_at_the_end_of_the_wake_up),
		LOOP_TEST(a_socket_closed_with_answers_queued_leaves_no_trace),
		LOOP_TEST(a_socket_may_be_closed_inside_its_callback),
		LOOP_TEST(one_bad_peer_does_not_cost_the_others_their_answers),
		LOOP_TEST(a_wildcard_socket_answers_from_the_address_asked),
		LOOP_TEST(an_answer_given_later_can_leave_from_the_address_asked),
		LOOP_TEST(an_address_in_use_by_a_stranger_is_a_problem_that_names_it),
		LOOP_TEST(two_workers_may_open_the_same_address),
		LOOP_TEST(an_address_that_anybody_has_is_not_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
