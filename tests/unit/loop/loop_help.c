/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop_help.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

enum { RUN_MS_MAX = 10000, PEER_WAIT_S = 5 };

struct run {
	struct loop *loop;
	bool (*is_done)(void *context);
	void *context;
	int64_t end_ms;
	struct loop_timer timer;
	bool is_late;
};

struct address
loopback_v4(uint16_t port)
{
	return (struct address){
		.v4 = {.sin_family = AF_INET,
			.sin_port = htons(port),
			.sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}},
		.size = sizeof(struct sockaddr_in),
	};
}

struct address
loopback_v6(uint16_t port)
{
	return (struct address){
		.v6 = {.sin6_family = AF_INET6,
			.sin6_port = htons(port),
			.sin6_addr = IN6ADDR_LOOPBACK_INIT},
		.size = sizeof(struct sockaddr_in6),
	};
}

int
peer_open(int family, int kind, const struct address *address)
{
	struct timeval wait = {.tv_sec = PEER_WAIT_S};
	int fd = socket(family, kind | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)), 0);
	if (address != NULL) {
		assert_int_equal(connect(fd, &address->any, address->size), 0);
	}
	return fd;
}

static void
run_look(void *context)
{
	struct run *run = context;
	int64_t now_ms = loop_now_ms(run->loop);

	if (run->is_done(run->context)) {
		loop_stop(run->loop);
	} else if (now_ms >= run->end_ms) {
		run->is_late = true;
		loop_stop(run->loop);
	} else {
		loop_timer_set(run->loop, &run->timer, now_ms + 1, run_look, run);
	}
}

void
run_until(struct loop *loop, bool (*is_done)(void *context), void *context)
{
	struct run run = {.loop = loop,
		.is_done = is_done,
		.context = context,
		.end_ms = loop_now_ms(loop) + RUN_MS_MAX};

	loop_timer_set(loop, &run.timer, 0, run_look, &run);
	assert_int_equal(loop_run(loop), STATUS_OK);
	assert_false(run.is_late);
}

static void
run_stop(void *context)
{
	loop_stop(context);
}

void
run_for_ms(struct loop *loop, int64_t duration_ms)
{
	struct loop_timer timer = {0};

	loop_timer_set(loop, &timer, loop_now_ms(loop) + duration_ms, run_stop, loop);
	assert_int_equal(loop_run(loop), STATUS_OK);
}
