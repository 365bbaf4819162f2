/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "loop/loop.h"

/*
 * What the tests of the loop share: loopback sockets of the other side, which block with a
 * time limit, and a way to run the loop until something has happened.
 */
struct address loopback_v4(uint16_t port);
struct address loopback_v6(uint16_t port);

/* A peer's socket, connected to `address` (NULL: not). Fails the test if there is none; every
 * blocking call on it gives up after 5 s. */
int peer_open(int family, int kind, const struct address *address);

/* Runs the loop until `is_done`, asked every millisecond; fails the test after 10 s. */
void run_until(struct loop *loop, bool (*is_done)(void *context), void *context);
void run_for_ms(struct loop *loop, int64_t duration_ms);
