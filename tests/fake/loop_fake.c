/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "fake/fake_internal.h"
#include "fake/random_fake.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

enum { TURN_COUNT_MAX = 1000000, FIRST_PORT = 20000, AWAIT_ROUND_COUNT = 5000 };

struct fake_world fake_world;

void *
fake_alloc(size_t size)
{
	void *at = calloc(1, size > 0 ? size : 1);

	assert(at != NULL);
	return at;
}

struct bytes
fake_copy(struct bytes octets)
{
	/* malloc(0) for nothing: reading a single octet of it is an error that shows. */
	uint8_t *copy = malloc(octets.size);

	assert(copy != NULL || octets.size == 0);
	if (octets.size > 0) {
		memcpy(copy, octets.at, octets.size);
	}
	return bytes_over(copy, octets.size);
}

void
fake_begin(uint64_t seed)
{
	fake_world = (struct fake_world){.next_port = FIRST_PORT};
	random_fake_seed(seed);
}

void
fake_end(void)
{
	struct fake_datagram *datagram;

	assert(fake_world.loops == NULL && fake_world.pools == NULL);
	while ((datagram = fake_queue_pop(&fake_world.sent)) != NULL) {
		fake_datagram_free(datagram);
	}
	fake_datagram_free(fake_world.taken);
	while (fake_world.connections != NULL) {
		struct fake_connection *connection = fake_world.connections;

		fake_world.connections = connection->next;
		free(connection->client.octets);
		free(connection->server.octets);
		free(connection);
	}
	fake_names_forget();
	fake_world = (struct fake_world){0};
}

bool
fake_address_is_wildcard(const struct address *address)
{
	return address->any.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr)
						  : address->v4.sin_addr.s_addr == INADDR_ANY;
}

bool
fake_address_takes(const struct address *bound, const struct address *to)
{
	if (bound->any.sa_family != to->any.sa_family || address_port(bound) != address_port(to)) {
		return false;
	}
	return fake_address_is_wildcard(bound) || address_equal(bound, to);
}

struct address
fake_address_bind(const struct address *address)
{
	struct address bound = *address;

	if (address_port(&bound) == 0) {
		address_set_port(&bound, fake_world.next_port++);
	}
	return bound;
}

int64_t
fake_now_ms(void)
{
	return fake_world.now_ms;
}

void
fake_wall_shift(int64_t shift_ms)
{
	fake_world.wall_shift_ms += shift_ms;
}

struct fake_counts
fake_counts(void)
{
	struct fake_counts counts = {.wake_count = fake_world.wake_count};

	for (const struct loop *loop = fake_world.loops; loop != NULL; loop = loop->next) {
		counts.loop_count++;
		counts.udp_count += fake_udp_count(loop);
		counts.listener_count += fake_listener_count(loop);
		counts.stream_count += fake_stream_count(loop);
		counts.timer_count += loop->timers.count;
		counts.stream_memory += fake_stream_memory(loop);
	}
	return counts;
}

struct loop *
loop_new(struct problem *problem)
{
	struct loop *loop = fake_alloc(sizeof(*loop));
	struct loop **at = &fake_world.loops;

	(void)problem;
	while (*at != NULL) {
		at = &(*at)->next;
	}
	*at = loop;
	loop->now_ms = clock_monotonic_ms();
	return loop;
}

static void
loop_bury(struct loop *loop)
{
	/* A last call may close more. */
	do {
		fake_udps_bury(loop);
		fake_listeners_bury(loop);
	} while (fake_streams_bury(loop));
}

void
loop_free(struct loop *loop)
{
	struct loop **at = &fake_world.loops;

	if (loop == NULL) {
		return;
	}
	loop_bury(loop);
	assert(loop->udps == NULL && loop->listeners == NULL && loop->streams == NULL);
	while (*at != loop) {
		at = &(*at)->next;
	}
	*at = loop->next;
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

void
loop_stop(struct loop *loop)
{
	atomic_store(&loop->is_stopping, true);
}

void
loop_post(struct loop *loop, struct loop_post *post)
{
	struct loop_post *newest = atomic_load(&loop->posts);

	do {
		post->next = newest;
	} while (!atomic_compare_exchange_weak(&loop->posts, &newest, post));
}

static void
loop_run_posts(struct loop *loop)
{
	struct loop_post *newest = atomic_exchange(&loop->posts, NULL);
	struct loop_post *oldest = NULL;

	while (newest != NULL) {
		struct loop_post *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	while (oldest != NULL) {
		struct loop_post *post = oldest;

		oldest = post->next;
		post->posted(post->context);
	}
}

static bool
loop_has_work(const struct loop *loop)
{
	const struct loop_timer *first = loop->timers.first;

	return atomic_load(&loop->posts) != NULL ||
		(first != NULL && first->at_ms <= clock_monotonic_ms()) ||
		fake_udps_are_ready(loop) || fake_listeners_are_ready(loop) ||
		fake_streams_are_ready(loop);
}

/* One wake-up, in the order that loop.h promises. */
static bool
loop_turn(struct loop *loop)
{
	if (!loop_has_work(loop)) {
		return false;
	}
	fake_world.wake_count++;
	loop->now_ms = clock_monotonic_ms();
	if (loop->woken != NULL) {
		loop->woken(loop->woken_context);
	}
	loop_timers_fire(&loop->timers, loop->now_ms);
	loop_run_posts(loop);
	fake_udps_serve(loop);
	fake_listeners_serve(loop);
	fake_streams_serve(loop);
	if (loop->served != NULL) {
		loop->served(loop->served_context);
	}
	loop_timers_fire_soon(&loop->timers);
	loop_bury(loop);
	if (loop->sleeping != NULL) {
		loop->sleeping(loop->sleeping_context);
	}
	fake_udps_flush(loop);
	return true;
}

static bool
fake_turn(void)
{
	bool has_turned = false;

	for (struct loop *loop = fake_world.loops; loop != NULL; loop = loop->next) {
		has_turned = loop_turn(loop) || has_turned;
	}
	return has_turned;
}

void
fake_run(void)
{
	size_t count = 0;

	while (fake_turn() || fake_pools_turn()) {
		/* A node that never sleeps is a node with a bug. */
		count++;
		assert(count < TURN_COUNT_MAX);
	}
}

/* The earliest timer of all loops as a time of fake_now_ms(); `limit_ms` if none is earlier. */
static int64_t
fake_next_ms(int64_t limit_ms)
{
	int64_t start_ms = clock_monotonic_ms() - fake_world.now_ms;
	int64_t next_ms = limit_ms;

	for (const struct loop *loop = fake_world.loops; loop != NULL; loop = loop->next) {
		const struct loop_timer *first = loop->timers.first;

		if (first != NULL && first->at_ms - start_ms < next_ms) {
			next_ms = first->at_ms - start_ms;
		}
	}
	return next_ms;
}

void
fake_advance(int64_t duration_ms)
{
	int64_t end_ms = fake_world.now_ms + duration_ms;

	fake_run();
	while (fake_world.now_ms < end_ms) {
		fake_world.now_ms = fake_next_ms(end_ms);
		fake_run();
	}
}

bool
fake_await(bool (*is_done)(void *context), void *context)
{
	for (size_t i = 0; i < AWAIT_ROUND_COUNT; i++) {
		fake_run();
		if (is_done(context)) {
			return true;
		}
		usleep(1000);
	}
	return false;
}

enum status
loop_run(struct loop *loop)
{
	while (!atomic_exchange(&loop->is_stopping, false)) {
		if (!fake_turn() && !fake_pools_turn()) {
			int64_t next_ms = fake_next_ms(INT64_MAX);

			/* Nothing will ever happen: the real loop would sleep for ever. */
			if (next_ms == INT64_MAX) {
				return STATUS_TIMED_OUT;
			}
			fake_world.now_ms = next_ms;
		}
	}
	return STATUS_OK;
}
