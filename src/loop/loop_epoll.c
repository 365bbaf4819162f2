/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "loop/loop_internal.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENT_COUNT_MAX = 64, SLEEP_MS_MAX = 60000 };

bool
loop_source_open(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data = {.ptr = source}};

	source->loop = loop;
	source->events = events;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) != 0) {
		return false;
	}
	loop->source_count++;
	return true;
}

void
loop_source_watch(struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data = {.ptr = source}};

	if (source->fd < 0 || source->events == events) {
		return;
	}
	source->events = events;
	/* A change of a registered descriptor allocates nothing and cannot fail. */
	if (epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) != 0) {
		abort();
	}
}

static void
source_end(struct loop_source *source)
{
	source->fd = -1;
	source->next_dead = source->loop->dead;
	source->loop->dead = source;
}

void
loop_source_close(struct loop_source *source)
{
	if (source->fd < 0) {
		return;
	}
	/* Closing the only descriptor of a file takes it out of epoll (epoll(7)). */
	close(source->fd);
	source_end(source);
}

void
loop_source_forget(struct loop_source *source)
{
	struct epoll_event event = {.events = 0};

	if (source->fd < 0) {
		return;
	}
	/* Of a descriptor that is registered and open; cannot fail. */
	if (epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_DEL, source->fd, &event) != 0) {
		abort();
	}
	source_end(source);
}

/* A last call may close more sources; these are ended in the same breath. */
static void
loop_bury(struct loop *loop)
{
	while (loop->dead != NULL) {
		struct loop_source *source = loop->dead;

		loop->dead = source->next_dead;
		loop->source_count--;
		source->dead(source);
	}
}

struct loop *
loop_new(struct problem *problem)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	/* Edge-triggered: each write wakes once, and nobody needs to read the counter. */
	struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {.ptr = NULL}};

	if (loop == NULL) {
		problem_system(problem, "cannot make an event loop");
		return NULL;
	}
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop->in_octets = malloc(STREAM_IN_SIZE_MAX);
	loop->out_octets = malloc(STREAM_IN_SIZE_MAX);
	loop->now_ms = clock_monotonic_ms();
	atomic_init(&loop->posts, NULL);
	atomic_init(&loop->is_stopping, false);
	if (loop->epoll_fd < 0 || loop->wake_fd < 0 || loop->in_octets == NULL ||
		loop->out_octets == NULL ||
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) != 0) {
		problem_system(problem, "cannot make an event loop");
		loop_free(loop);
		return NULL;
	}
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL) {
		return;
	}
	/* What they posted may have run and ended everything, before they were done here. */
	while (atomic_load(&loop->poster_count) > 0) {
		sched_yield();
	}
	loop_bury(loop);
	assert(loop->source_count == 0);
	if (loop->epoll_fd >= 0) {
		close(loop->epoll_fd);
	}
	if (loop->wake_fd >= 0) {
		close(loop->wake_fd);
	}
	loop_udp_rooms_free(loop);
	free(loop->in_octets);
	free(loop->out_octets);
	free(loop);
}

int64_t
loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

void
loop_on_wake(struct loop *loop, void (*woken)(void *context), void *context)
{
	loop->woken = woken;
	loop->woken_context = context;
}

void
loop_on_served(struct loop *loop, void (*served)(void *context), void *context)
{
	loop->served = served;
	loop->served_context = context;
}

void
loop_on_sleep(struct loop *loop, void (*sleeping)(void *context), void *context)
{
	loop->sleeping = sleeping;
	loop->sleeping_context = context;
}

void
loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t at_ms, loop_timer_fired *fired,
	void *context)
{
	loop_timers_set(&loop->timers, timer, at_ms, fired, context);
}

void
loop_timer_set_soon(
	struct loop *loop, struct loop_timer *timer, loop_timer_fired *fired, void *context)
{
	loop_timers_set_soon(&loop->timers, timer, fired, context);
}

void
loop_timer_clear(struct loop *loop, struct loop_timer *timer)
{
	loop_timers_clear(&loop->timers, timer);
}

static void
loop_wake(struct loop *loop)
{
	uint64_t one = 1;
	int number = errno;
	/* Can only fail when 2^64 - 2 wakes were never answered. */
	ssize_t written = write(loop->wake_fd, &one, sizeof(one));

	(void)written;
	errno = number;
}

void
loop_stop(struct loop *loop)
{
	atomic_fetch_add(&loop->poster_count, 1);
	atomic_store(&loop->is_stopping, true);
	loop_wake(loop);
	atomic_fetch_sub(&loop->poster_count, 1);
}

void
loop_post(struct loop *loop, struct loop_post *post)
{
	struct loop_post *newest;

	atomic_fetch_add(&loop->poster_count, 1);
	newest = atomic_load_explicit(&loop->posts, memory_order_relaxed);
	do {
		post->next = newest;
	} while (!atomic_compare_exchange_weak(&loop->posts, &newest, post));
	/* Whoever found the list empty wakes the loop for all who come before it looks. */
	if (newest == NULL) {
		loop_wake(loop);
	}
	atomic_fetch_sub(&loop->poster_count, 1);
}

static void
loop_run_posts(struct loop *loop)
{
	struct loop_post *newest;
	struct loop_post *oldest = NULL;

	if (atomic_load_explicit(&loop->posts, memory_order_relaxed) == NULL) {
		return;
	}
	newest = atomic_exchange(&loop->posts, NULL);
	while (newest != NULL) {
		struct loop_post *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	while (oldest != NULL) {
		struct loop_post *post = oldest;

		/* The node is its owner's again once `posted` runs. */
		oldest = post->next;
		post->posted(post->context);
	}
}

static int
loop_sleep_ms(const struct loop *loop)
{
	int64_t left_ms = SLEEP_MS_MAX;

	if (loop->touched != NULL || loop->dead != NULL) {
		return 0;
	}
	if (loop->timers.first != NULL) {
		left_ms = loop->timers.first->at_ms - loop->now_ms;
	}
	if (left_ms < 0) {
		left_ms = 0;
	}
	return (int)(left_ms < SLEEP_MS_MAX ? left_ms : SLEEP_MS_MAX);
}

static void
loop_tell_served(struct loop *loop)
{
	if (loop->served != NULL) {
		loop->served(loop->served_context);
	}
}

static void
loop_serve(struct loop *loop, const struct epoll_event *events, size_t count)
{
	loop->now_ms = clock_monotonic_ms();
	if (loop->woken != NULL) {
		loop->woken(loop->woken_context);
	}
	loop_timers_fire(&loop->timers, loop->now_ms);
	loop_run_posts(loop);
	for (size_t i = 0; i < count; i++) {
		struct loop_source *source = events[i].data.ptr;

		/* NULL is the wake-up descriptor; a source may have been closed just now. */
		if (source != NULL && source->fd >= 0 &&
			(loop->impairment == NULL ||
				!loop_impair_swallows(source, events[i].events))) {
			source->ready(source, events[i].events);
		}
	}
	loop_tell_served(loop);
	/* Streams that go on after a pause are shown what they kept, and may hold it back. */
	loop_streams_settle(loop);
	loop_tell_served(loop);
	loop_timers_fire_soon(&loop->timers);
	loop_bury(loop);
	if (loop->sleeping != NULL) {
		loop->sleeping(loop->sleeping_context);
	}
	loop_streams_settle(loop);
	loop_udp_flush_all(loop);
}

enum status
loop_run(struct loop *loop)
{
	struct epoll_event events[EVENT_COUNT_MAX];

	/* What was written, closed or set before is served by a first wake-up of its own. */
	loop_serve(loop, NULL, 0);
	while (!atomic_load_explicit(&loop->is_stopping, memory_order_relaxed)) {
		int count =
			epoll_wait(loop->epoll_fd, events, EVENT_COUNT_MAX, loop_sleep_ms(loop));

		if (count < 0 && errno != EINTR) {
			return STATUS_SYSTEM;
		}
		if (loop->impairment != NULL && count > 0) {
			loop_impair_wait(loop);
		}
		loop_serve(loop, events, count < 0 ? 0 : (size_t)count);
	}
	loop_bury(loop);
	atomic_store(&loop->is_stopping, false);
	return STATUS_OK;
}
