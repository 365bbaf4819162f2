/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "loop/loop.h"

/*
 * For a library that owns its sockets (HTTP): the loop accepts connections, tells when a
 * descriptor can be read, and leaves everything else to whoever the descriptor belongs to.
 *
 *     listener = loop_listen_sockets(loop, &address, accepted, context, &problem);
 *     ... accepted(context, fd, &peer) ...        the descriptor is the callee's
 *     watch = loop_watch_open(loop, fd, ready, context);
 *     ... ready(context) ...                      as long as there is something to read
 *     loop_watch_close(watch);                    the descriptor stays open
 *
 * Descriptors are the kernel's, so these have no fake twin.
 */
typedef void loop_accepted_socket(void *context, int fd, const struct address *peer);

/* Non-blocking sockets with TCP_NODELAY; else as loop_listen(). */
struct loop_listener *loop_listen_sockets(struct loop *loop, const struct address *address,
	loop_accepted_socket *accepted, void *context, struct problem *problem);

struct loop_watch;
typedef void loop_watch_ready(void *context);

/* NULL if memory is short. The watch is closed before its descriptor. */
struct loop_watch *loop_watch_open(
	struct loop *loop, int fd, loop_watch_ready *ready, void *context);
void loop_watch_close(struct loop_watch *watch); /* NULL is fine. */

/* The first octet that waits, which stays there. False: none has come, or none will. */
bool loop_socket_peek(int fd, uint8_t *ret_octet, bool *ret_is_over);
/* Takes at most `size` octets that wait. False as above. */
bool loop_socket_take(
	int fd, uint8_t *ret_octets, size_t size, size_t *ret_size, bool *ret_is_over);
/* Both sides see the end of the connection; the descriptor stays open. */
void loop_socket_break(int fd);
void loop_socket_close(int fd);
