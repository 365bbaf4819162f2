/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "loop/loop.h"
#include "monitor/monitor.h"
#include "service/service.h"

/*
 * The front for Handle clients of one worker: datagrams and streams in, answers out.
 *
 * Over UDP nothing is answered that is not a well-formed request, and an answer never gives
 * a source more than it can be trusted with (native_limit.h). Over TCP a connection is kept
 * for those who ask for it; requests are answered in order.
 *
 *     native = native_new(loop, service, &settings, row, &problem);
 *     native_open_udp(native, &address, &problem);
 *     native_open_tcp(native, &address, &problem);
 *     ... loop_run(loop) ...
 *     native_stop(native);   stop accepting, let what is under way finish
 *     native_free(native);
 */
struct native;
struct native_census; /* Connections by source, shared by the workers. */

enum { NATIVE_EXEMPT_COUNT_MAX = 64 };

/* Shared by all workers, replaced as a whole by native_use(). */
struct native_settings {
	uint32_t udp_byte_rate; /* Octets a second to one unproven address, per worker. */
	uint32_t udp_byte_burst; /* Octets at once. */
	uint32_t udp_fragment_count_max;
	uint32_t udp_answer_rate; /* The same answer to one network in a second; 0: no limit. */
	uint32_t udp_answer_slip; /* One in so many of those beyond says: use TCP; 0: none. */
	uint32_t exempt_count;
	struct network exempt[NATIVE_EXEMPT_COUNT_MAX]; /* No limits by source for these. */
	uint32_t connection_count_max; /* Per worker. */
	uint32_t connection_per_source_max;
	uint32_t request_deadline_ms;
	uint32_t idle_ms;
	uint32_t write_stall_ms;
};

struct native_settings native_settings_default(void);

struct native_census *native_census_new(size_t connection_count_max);
void native_census_free(struct native_census *census);

struct native_parts {
	struct loop *loop;
	struct service *service;
	struct monitor_row *row;
	struct native_census *census;
	const struct native_settings *settings;
};

struct native *native_new(const struct native_parts *parts, struct problem *problem);
/* `settings` must outlive the next native_use(). */
void native_use(struct native *native, const struct native_settings *settings);

/* The address really bound (port 0 picks one) goes to `ret_bound`, which may be NULL. */
enum status native_open_udp(struct native *native, const struct address *address,
	struct address *ret_bound, struct problem *problem) MUST_CHECK;
enum status native_open_tcp(struct native *native, const struct address *address,
	struct address *ret_bound, struct problem *problem) MUST_CHECK;

/* No new datagrams or connections; each connection closes behind its last answer. */
void native_stop(struct native *native);
/* Closes what is open at once; operations are still under way until the count is 0. */
void native_abandon(struct native *native);
size_t native_busy_count(const struct native *native); /* Connections and operations left. */
void native_free(struct native *native);
