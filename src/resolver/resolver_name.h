/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/limits.h"
#include "loop/loop_name.h"
#include "monitor/monitor.h"

/*
 * Names that site records give in place of addresses (Handle.net 9, 10: `domain`, when the address
 * is all zeros), and the addresses that DNS has for them.
 *
 *     name = resolver_names_get(names, host);          NULL: too many are under way
 *     switch (name->state) ...
 *         RESOLVER_NAME_UNKNOWN   resolver_name_look_up(name); then as AWAITED
 *         RESOLVER_NAME_AWAITED   resolver_name_await(&wait, name, deadline_ms)
 *         RESOLVER_NAME_FOUND     name->found.addresses
 *         RESOLVER_NAME_MISSED    name->found.status says why, for a while
 *
 * A fixed table, RESOLVER_NAME_COUNT_MAX names in sets of eight, made when the first is needed: who
 * was not asked for the longest time gives way. A look-up is shared by all who need it, and counts
 * as failed after RESOLVER_NAME_MS, whatever DNS servers do. What DNS says is kept for as long as it
 * says, within RESOLVER_NAME_MIN_MS and _MAX_MS; that nothing was found, for RESOLVER_NAME_FAILURE_MS.
 *
 * Addresses are what somebody else's DNS server says they are. They go through the same filter as
 * those of site records, each time that they are used.
 */
enum { RESOLVER_HOST_NAME_SIZE_MAX = 253 }; /* RFC 1035, 2.3.4, as text. */

enum resolver_name_state {
	RESOLVER_NAME_UNKNOWN,
	RESOLVER_NAME_AWAITED,
	RESOLVER_NAME_FOUND,
	RESOLVER_NAME_MISSED,
};

struct resolver_names;

struct resolver_name {
	struct resolver_names *names;
	char host[RESOLVER_HOST_NAME_SIZE_MAX +
		1]; /* In small letters; empty: the place is free. */
	int64_t used_ms;
	int64_t expires_ms; /* Of FOUND and MISSED. */
	enum resolver_name_state state;
	struct loop_name found;
	bool is_asked; /* An answer is still to come. */
	struct loop_timer deadline; /* Of AWAITED. */
	struct resolver_name_wait *waits;
};

/* Somebody who waits for a name; it stays until `over` was called or the wait was cancelled. */
struct resolver_name_wait {
	struct resolver_name *name; /* NULL: nothing is waited for. */
	struct resolver_name_wait *next;
	struct loop_timer deadline;
	void (*over)(void *context);
	void *context;
};

struct resolver_names_parts {
	struct loop *loop;
	struct monitor_row *row;
	const struct address *servers; /* Without any, those of the system. */
	size_t server_count;
};

struct resolver_names *resolver_names_new(
	const struct resolver_names_parts *parts); /* NULL: memory. */
/* Whoever waits is told, and finds nothing. NULL is fine. */
void resolver_names_free(struct resolver_names *names);

/* The place of a name, as it is now; it stays until the next call. NULL: it is no host name, or all
 * places that it may have are waited for. */
struct resolver_name *resolver_names_get(struct resolver_names *names, struct bytes host);
/* Of an unknown one: MISSED or AWAITED afterwards. */
void resolver_name_look_up(struct resolver_name *name);
/* Of an awaited one: `over` is called when it is known, or at the deadline, from the loop. */
void resolver_name_await(
	struct resolver_name_wait *wait, struct resolver_name *name, int64_t deadline_ms);
void resolver_name_cancel(struct resolver_name_wait *wait);
