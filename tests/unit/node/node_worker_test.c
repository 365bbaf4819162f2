/* SPDX-License-Identifier: Apache-2.0 */
#include "node/node_worker.h"

#include "support/cmocka_all.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/epoll.h>

/* Names that the linker makes. */
int __real_epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms);

static atomic_bool is_ailing;
static atomic_uint failed_count;

int
__wrap_epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms)
{
	if (atomic_load(&is_ailing)) {
		atomic_fetch_add(&failed_count, 1);
		errno = ENOMEM;
		return -1;
	}
	return __real_epoll_wait(fd, events, count, timeout_ms);
}

static void
count(void *context)
{
	++*(unsigned *)context;
}

static void
ail(void *context)
{
	count(context);
	atomic_store(&is_ailing, true);
}

static void
stop(void *context)
{
	loop_stop(context);
}

/* Else a node that is reloaded or stopped would wait for it for ever. */
static void
a_worker_that_cannot_wait_does_what_it_is_told(void **state)
{
	struct node_worker worker = {.loop = loop_new(NULL)};
	unsigned called_count = 0;

	(void)state;
	assert_non_null(worker.loop);
	assert_int_equal(node_worker_start(&worker, NULL), STATUS_OK);
	node_worker_call(&worker, ail, &called_count);
	while (atomic_load(&failed_count) < 3) {
		sched_yield();
	}
	node_worker_call(&worker, count, &called_count);
	assert_int_equal(called_count, 2);
	/* It may get well. */
	atomic_store(&is_ailing, false);
	node_worker_call(&worker, count, &called_count);
	assert_int_equal(called_count, 3);
	atomic_store(&is_ailing, true);
	node_worker_call(&worker, stop, worker.loop);
	assert_int_equal(pthread_join(worker.thread, NULL), 0);
	loop_free(worker.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_that_cannot_wait_does_what_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
