/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"

#include <stddef.h>

/*
 * What is known of each server that was asked: how long it takes, and whether it answers at all.
 *
 * A fixed table, RESOLVER_HOST_COUNT_MAX servers in sets of eight: who was not asked for the
 * longest time gives way. Times are estimated as TCP does (RFC 6298). A server that stayed silent
 * RESOLVER_SILENCE_COUNT_MAX times in a row is held down, for RESOLVER_HOLD_MIN_MS, then twice as
 * long each time, up to RESOLVER_HOLD_MAX_MS; meanwhile it is asked only if there is no other.
 * One answer makes all well.
 */
struct resolver_hosts;
struct resolver_attempt; /* resolver_exchange.c */

struct resolver_host {
	struct address address; /* Of size 0: the place is free. */
	int64_t used_ms;
	int64_t held_until_ms;
	int64_t tcp_until_ms; /* UDP does not get through. */
	int64_t web_until_ms; /* Nor does TCP. */
	uint32_t time_us; /* Smoothed; 0: never answered. */
	uint32_t deviation_us;
	uint32_t silence_count; /* In a row. */
	uint32_t busy_count; /* Attempts under way, and waiting; a host in use keeps its place. */
	/* Attempts in line, because RESOLVER_PER_HOST_MAX are under way. */
	uint32_t active_count;
	struct resolver_attempt *first_waiting, *last_waiting;
};

struct resolver_hosts *resolver_hosts_new(void); /* NULL if memory is short. */
void resolver_hosts_free(struct resolver_hosts *hosts); /* NULL is fine. */

/* The place of a server, made if there is none; NULL if all of its set are busy. It stays as long
 * as its busy_count is not 0, otherwise until the next call. */
struct resolver_host *resolver_hosts_get(
	struct resolver_hosts *hosts, const struct address *address, int64_t now_ms);

/* It answered after `elapsed_us`, or did not. */
void resolver_host_answered(struct resolver_host *host, uint32_t elapsed_us);
void resolver_host_silent(struct resolver_host *host, int64_t now_ms);

bool resolver_host_is_held(const struct resolver_host *host, int64_t now_ms);
/* When to ask somebody else, too. */
uint32_t resolver_host_patience_ms(const struct resolver_host *host);
/* How long it is expected to take, for sorting. A server that was never asked is worth a try
 * before slow ones, not before quick ones. */
uint32_t resolver_host_cost_us(const struct resolver_host *host);
