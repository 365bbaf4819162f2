/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "loop/loop.h"

/*
 * Addresses of host names, asked of DNS servers without ever waiting for them (c-ares).
 *
 *     names = loop_names_new(loop, servers, server_count);
 *     status = loop_names_find(names, "hdl.example.org", found, context);
 *     ... loop ... found(context, &name) ...
 *     loop_names_free(names);
 *
 * A name is what it is: no domain is searched, and no file of this machine has a say. IPv4 and
 * IPv6 addresses are asked for together. Each server is asked LOOP_NAME_TRY_COUNT times, over UDP,
 * and over TCP when the answer is too long for that. What an address may be used for is the
 * caller's business: anybody can let a name of theirs lead anywhere.
 *
 * tests/fake/name_fake.c has the same functions over names that a test gives.
 */
enum { LOOP_NAME_ADDRESS_COUNT_MAX = 4, LOOP_NAME_SERVER_COUNT_MAX = 4, LOOP_NAME_TRY_COUNT = 2 };

struct loop_names;

/* Without servers those that the system is configured with. NULL if memory is short. */
struct loop_names *loop_names_new(
	struct loop *loop, const struct address *servers, size_t server_count);
/* What is under way is given up: no call follows. NULL is fine. */
void loop_names_free(struct loop_names *names);

struct loop_name {
	/* OK: there are addresses. NOT_FOUND: there are none. TIMED_OUT: no server answered. SYSTEM:
	 * none could, or its answer was none. */
	enum status status;
	uint32_t ttl_s; /* Of OK: the shortest. */
	size_t count;
	struct address addresses[LOOP_NAME_ADDRESS_COUNT_MAX]; /* Of both families; port 0. */
};
typedef void loop_name_found(void *context, const struct loop_name *name);

/* `found` is called once, from the loop, never before this returns. NO_MEMORY: it never is. */
enum status loop_names_find(struct loop_names *names, const char *host, loop_name_found *found,
	void *context) MUST_CHECK;
