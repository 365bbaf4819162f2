/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "client/client_carrier.h"

/*
 * TCP connections that both sides keep after an answer (KEEP_ALIVE), for the next question to the
 * same address: a connection costs a way there and back, and its server a descriptor.
 *
 *     carrier = client_kept_take(kept, &address);      NULL: none; open one
 *     client_carrier_own(carrier, &calls, context);
 *     ... question and answer ...
 *     client_kept_give(kept, &address, carrier);
 *
 * Whoever takes one must be ready for its end at any time: the server may have closed it just now,
 * and has then not seen the question. A connection that says something unasked is closed; so is one
 * that nobody takes for CLIENT_KEPT_MS, and the oldest of more than CLIENT_KEPT_COUNT_MAX.
 */
struct client_kept;

struct client_kept *client_kept_new(struct loop *loop); /* NULL if memory is short. */
void client_kept_free(struct client_kept *kept); /* Closes all. NULL is fine. */

/* The caller's from now on, who must own it before the loop goes on. */
struct client_carrier *client_kept_take(struct client_kept *kept, const struct address *address);
/* Takes it over; nothing of an answer is outstanding, and no callback of it is running. */
void client_kept_give(
	struct client_kept *kept, const struct address *address, struct client_carrier *carrier);
