/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_worker.h"

#include <stdlib.h>

enum { ARENA_BLOCK_SIZE = 65536 };

struct native_settings
native_settings_default(void)
{
	struct native_settings settings = {
		.udp_byte_rate = 16384,
		.udp_byte_burst = 65536,
		.udp_fragment_count_max = UDP_RESPONSE_FRAGMENT_COUNT_MAX,
		.connection_count_max = TCP_CONNECTION_COUNT_MAX,
		.connection_per_source_max = TCP_CONNECTION_PER_SOURCE_MAX,
		.request_deadline_ms = TCP_REQUEST_DEADLINE_MS,
		.idle_ms = TCP_IDLE_MS,
		.write_stall_ms = TCP_WRITE_STALL_MS,
	};

	return settings;
}

static void
native_wake(void *context)
{
	struct native *native = context;

	service_enter(native->service);
}

static void
native_served(void *context)
{
	native_tcp_answer_held(context);
}

static void
native_sleep(void *context)
{
	struct native *native = context;

	service_leave(native->service);
}

struct native *
native_new(const struct native_parts *parts, struct problem *problem)
{
	struct native *native = calloc(1, sizeof(*native));

	if (native == NULL) {
		problem_system(problem, "cannot make a front");
		return NULL;
	}
	native->loop = parts->loop;
	native->service = parts->service;
	native->row = parts->row;
	native->census = parts->census;
	native->settings = parts->settings;
	native->arena = arena_new(ARENA_BLOCK_SIZE, REQUEST_MEMORY_MAX);
	native->limit = native_limit_new();
	native->reassembly = reassembly_new();
	if (native->arena == NULL || native->limit == NULL || native->reassembly == NULL) {
		problem_system(problem, "cannot make a front");
		native_free(native);
		return NULL;
	}
	loop_on_wake(native->loop, native_wake, native);
	loop_on_served(native->loop, native_served, native);
	loop_on_sleep(native->loop, native_sleep, native);
	return native;
}

void
native_use(struct native *native, const struct native_settings *settings)
{
	native->settings = settings;
}

bool
native_source_is_exempt(const struct native *native, const uint8_t source[16])
{
	for (uint32_t i = 0; i < native->settings->exempt_count; i++) {
		if (network_holds(&native->settings->exempt[i], source)) {
			return true;
		}
	}
	return false;
}

enum status
native_open_udp(struct native *native, const struct address *address, struct address *ret_bound,
	struct problem *problem)
{
	struct loop_udp *udp;
	struct address bound;

	if (native->udp_count == NATIVE_SOCKET_COUNT_MAX) {
		return problem_set(problem, STATUS_TOO_LARGE, "more than %d listening addresses",
			NATIVE_SOCKET_COUNT_MAX);
	}
	udp = loop_udp_open(native->loop, address, native_udp_received, native, problem);
	if (udp == NULL) {
		return problem == NULL ? STATUS_SYSTEM : problem->status;
	}
	loop_udp_address(udp, &bound);
	native->udp[native->udp_count] = udp;
	native->ports[native->udp_count++] = address_port(&bound);
	if (ret_bound != NULL) {
		*ret_bound = bound;
	}
	return STATUS_OK;
}

enum status
native_open_tcp(struct native *native, const struct address *address, struct address *ret_bound,
	struct problem *problem)
{
	struct loop_listener *listener;

	if (native->listener_count == NATIVE_SOCKET_COUNT_MAX) {
		return problem_set(problem, STATUS_TOO_LARGE, "more than %d listening addresses",
			NATIVE_SOCKET_COUNT_MAX);
	}
	listener = loop_listen(native->loop, address, native_tcp_accepted, native, problem);
	if (listener == NULL) {
		return problem == NULL ? STATUS_SYSTEM : problem->status;
	}
	loop_listener_on_exhausted(listener, native_tcp_exhausted);
	native->listeners[native->listener_count++] = listener;
	if (ret_bound != NULL) {
		loop_listener_address(listener, ret_bound);
	}
	return STATUS_OK;
}

void
native_stop(struct native *native)
{
	native->is_stopping = true;
	for (; native->udp_count > 0; native->udp_count--) {
		loop_udp_close(native->udp[native->udp_count - 1]);
	}
	for (; native->listener_count > 0; native->listener_count--) {
		loop_listener_close(native->listeners[native->listener_count - 1]);
	}
	native_tcp_stop(native);
}

void
native_abandon(struct native *native)
{
	native_tcp_abandon(native);
}

size_t
native_busy_count(const struct native *native)
{
	return native->connection_count + native->task_count;
}

void
native_free(struct native *native)
{
	if (native == NULL) {
		return;
	}
	loop_timer_clear(native->loop, &native->reassembly_timer);
	loop_on_wake(native->loop, NULL, NULL);
	loop_on_served(native->loop, NULL, NULL);
	loop_on_sleep(native->loop, NULL, NULL);
	reassembly_free(native->reassembly);
	native_limit_free(native->limit);
	arena_free(native->arena);
	free(native);
}
