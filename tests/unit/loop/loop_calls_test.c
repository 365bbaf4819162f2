/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * The linker puts the functions below between the loop and the C library, so that what the
 * datagram path asks of kernel and heap can be counted call by call.
 */
enum { ROUND_COUNT = 100, DATAGRAM_COUNT = 40 };

struct counts {
	size_t receive; /* recvmmsg */
	size_t send; /* sendmmsg */
	size_t wait; /* epoll_wait */
	size_t other; /* Any other system call of the loop. */
	size_t heap; /* malloc, calloc, realloc, aligned_alloc, free */
	size_t octets; /* Asked for with calloc and aligned_alloc. */
	size_t lock;
};

static struct counts counts;

#define WRAP(result, name, parameters, arguments, counter) \
	result __real_##name parameters;                   \
	result __wrap_##name parameters;                   \
	result __wrap_##name parameters                    \
	{                                                  \
		counts.counter++;                          \
		return __real_##name arguments;            \
	}

WRAP(int, recvmmsg,
	(int fd, struct mmsghdr *headers, unsigned count, int flags, struct timespec *wait),
	(fd, headers, count, flags, wait), receive)
WRAP(int, sendmmsg, (int fd, struct mmsghdr *headers, unsigned count, int flags),
	(fd, headers, count, flags), send)
WRAP(int, epoll_wait, (int fd, struct epoll_event *events, int count, int wait_ms),
	(fd, events, count, wait_ms), wait)
WRAP(int, epoll_ctl, (int fd, int how, int other, struct epoll_event *event),
	(fd, how, other, event), other)
WRAP(ssize_t, read, (int fd, void *at, size_t size), (fd, at, size), other)
WRAP(ssize_t, write, (int fd, const void *at, size_t size), (fd, at, size), other)
WRAP(ssize_t, recv, (int fd, void *at, size_t size, int flags), (fd, at, size, flags), other)
WRAP(ssize_t, send, (int fd, const void *at, size_t size, int flags), (fd, at, size, flags), other)
WRAP(ssize_t, readv, (int fd, const struct iovec *runs, int count), (fd, runs, count), other)
WRAP(void *, malloc, (size_t size), (size), heap)
WRAP(void *, realloc, (void *at, size_t size), (at, size), heap)
WRAP(int, pthread_mutex_lock, (void *mutex), (mutex), lock)

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *
__wrap_calloc(size_t count, size_t size)
{
	counts.heap++;
	counts.octets += count * size;
	return __real_calloc(count, size);
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *
__wrap_aligned_alloc(size_t alignment, size_t size)
{
	counts.heap++;
	counts.octets += size;
	return __real_aligned_alloc(alignment, size);
}

void __real_free(void *at);
void __wrap_free(void *at);
void
__wrap_free(void *at)
{
	counts.heap++;
	__real_free(at);
}

static struct loop *loop;
static size_t datagram_count;
static size_t batch_count;
static size_t round_number;
static int peer;

static void
echo(void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count)
{
	(void)context;
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = loop_udp_reserve(udp, &batch[i].peer);

		memcpy(at, batch[i].octets.at, batch[i].octets.size);
		loop_udp_commit(udp, batch[i].octets.size);
	}
	datagram_count += count;
	batch_count++;
}

/* Between two wake-ups: takes the echoes and sends the next round, past the counters. */
static void
play_peer(void *context)
{
	uint8_t octets[64] = {0};

	if (datagram_count < round_number * DATAGRAM_COUNT) {
		return;
	}
	for (size_t i = 0; round_number > 0 && i < DATAGRAM_COUNT; i++) {
		assert_int_equal(__real_recv(peer, octets, sizeof(octets), 0), sizeof(octets));
	}
	if (round_number == ROUND_COUNT) {
		loop_stop(context);
		return;
	}
	round_number++;
	for (size_t i = 0; i < DATAGRAM_COUNT; i++) {
		assert_int_equal(__real_send(peer, octets, sizeof(octets), 0), sizeof(octets));
	}
}

static void
a_batch_costs_one_wait_one_receive_and_one_send(struct address address)
{
	struct problem problem;
	struct loop_udp *udp;
	struct loop_timer far = {0};

	loop = loop_new(&problem);
	assert_non_null(loop);
	udp = loop_udp_open(loop, &address, echo, NULL, &problem);
	assert_non_null(udp);
	loop_udp_address(udp, &address);
	if (address.v4.sin_addr.s_addr == INADDR_ANY) {
		address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	peer = peer_open(AF_INET, SOCK_DGRAM, &address);
	/* Deadlines cost nothing more. */
	loop_timer_set(loop, &far, loop_now_ms(loop) + 100000, play_peer, loop);
	loop_on_sleep(loop, play_peer, loop);
	datagram_count = round_number = batch_count = 0;
	counts = (struct counts){0};
	assert_int_equal(loop_run(loop), STATUS_OK);
	assert_int_equal(datagram_count, ROUND_COUNT * DATAGRAM_COUNT);
	/* A round is one batch, unless the machine is slow to hand it over. */
	assert_in_range(batch_count, ROUND_COUNT, 2 * ROUND_COUNT);
	assert_int_equal(counts.receive, batch_count);
	assert_int_equal(counts.send, batch_count);
	assert_int_equal(counts.wait, batch_count);
	assert_int_equal(counts.other, 1); /* loop_stop() writes to its eventfd. */
	assert_int_equal(counts.heap, 0);
	assert_int_equal(counts.lock, 0);
	loop_timer_clear(loop, &far);
	loop_udp_close(udp);
	loop_free(loop);
	close(peer);
}

static void
a_batch_asks_kernel_and_heap_for_nothing_but_its_three_calls(void **state)
{
	(void)state;
	a_batch_costs_one_wait_one_receive_and_one_send(loopback_v4(0));
}

static void
nor_does_a_batch_on_a_wildcard_socket(void **state)
{
	struct address any = loopback_v4(0);

	(void)state;
	any.v4.sin_addr.s_addr = htonl(INADDR_ANY);
	a_batch_costs_one_wait_one_receive_and_one_send(any);
}

/* A resolver has thousands of them. */
static void
a_socket_that_asks_takes_little_memory_once_there_is_one(void **state)
{
	struct address peers[2] = {loopback_v4(9), loopback_v6(9)};
	struct loop_udp *first, *second;

	(void)state;
	loop = loop_new(NULL);
	for (size_t i = 0; i < 2; i++) {
		first = loop_udp_open_asking(loop, &peers[i], echo, NULL, NULL);
		assert_non_null(first);
		counts = (struct counts){0};
		second = loop_udp_open_asking(loop, &peers[i], echo, NULL, NULL);
		assert_non_null(second);
		assert_int_equal(counts.heap, 1);
		assert_in_range(counts.octets, 1, 256);
		assert_int_equal(counts.other, 1); /* It is watched. */
		loop_udp_close(first);
		loop_udp_close(second);
	}
	loop_free(loop);
}

static void
the_counters_do_count(void **state)
{
	struct problem problem;

	(void)state;
	counts = (struct counts){0};
	loop = loop_new(&problem);
	assert_true(counts.heap >= 3);
	assert_true(counts.octets > 0);
	assert_true(counts.other >= 1);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_asks_kernel_and_heap_for_nothing_but_its_three_calls),
		cmocka_unit_test(nor_does_a_batch_on_a_wildcard_socket),
		cmocka_unit_test(a_socket_that_asks_takes_little_memory_once_there_is_one),
		cmocka_unit_test(the_counters_do_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
