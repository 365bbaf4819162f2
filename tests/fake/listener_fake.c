/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake_internal.h"

#include <stdlib.h>

struct loop_listener {
	struct loop_listener *next;
	struct loop *loop;
	loop_accepted *accepted;
	loop_exhausted *exhausted;
	void *context;
	struct loop_timer rest;
	struct address address;
	bool is_resting;
	bool is_closed;
};

/* The oldest connection that waits for `listener`; NULL is the outside. */
static struct fake_connection *
connection_waiting(const struct loop_listener *listener)
{
	for (struct fake_connection *connection = fake_world.connections; connection != NULL;
		connection = connection->next) {
		if (connection->state == FAKE_CONNECTION_WAITS &&
			connection->listener == listener) {
			return connection;
		}
	}
	return NULL;
}

struct fake_connection *
fake_connection_new(
	const struct address *from, const struct address *to, struct loop_listener *listener)
{
	struct fake_connection *connection = fake_alloc(sizeof(*connection));
	struct fake_connection **at = &fake_world.connections;

	while (*at != NULL) {
		at = &(*at)->next;
	}
	*at = connection;
	connection->listener = listener;
	connection->client = (struct fake_peer){
		.other = &connection->server, .address = *from, .room = SIZE_MAX};
	connection->server =
		(struct fake_peer){.other = &connection->client, .address = *to, .room = SIZE_MAX};
	return connection;
}

struct loop_listener *
fake_listener_find(const struct address *to)
{
	for (struct loop *loop = fake_world.loops; loop != NULL; loop = loop->next) {
		for (struct loop_listener *listener = loop->listeners; listener != NULL;
			listener = listener->next) {
			if (!listener->is_closed && fake_address_takes(&listener->address, to)) {
				return listener;
			}
		}
	}
	return NULL;
}

struct fake_peer *
fake_connect(const struct address *from, const struct address *to)
{
	struct loop_listener *listener = fake_listener_find(to);

	return listener == NULL ? NULL : &fake_connection_new(from, to, listener)->client;
}

struct fake_peer *
fake_accept(struct address *ret_to)
{
	struct fake_connection *connection = connection_waiting(NULL);

	if (connection == NULL) {
		return NULL;
	}
	connection->state = FAKE_CONNECTION_STANDS;
	if (connection->client.stream != NULL) {
		fake_stream_connected(connection->client.stream);
	}
	*ret_to = connection->server.address;
	return &connection->server;
}

void
fake_accept_refuse(size_t count)
{
	fake_world.accept_refuse_count = count;
}

static void
listener_rested(void *context)
{
	struct loop_listener *listener = context;

	listener->is_resting = false;
}

static void
listener_rest(struct loop_listener *listener)
{
	fake_world.accept_refuse_count--;
	listener->is_resting = true;
	loop_timer_set(listener->loop, &listener->rest, listener->loop->now_ms + ACCEPT_REST_MS,
		listener_rested, listener);
	if (listener->exhausted != NULL) {
		listener->exhausted(listener->context, listener);
	}
}

static bool
listener_is_ready(const struct loop_listener *listener)
{
	return !listener->is_closed && !listener->is_resting &&
		connection_waiting(listener) != NULL;
}

static void
listener_accept(struct loop_listener *listener)
{
	struct fake_connection *connection = connection_waiting(listener);
	struct loop_stream *stream = fake_stream_new(listener->loop, &connection->server);

	connection->state = FAKE_CONNECTION_STANDS;
	if (connection->client.stream != NULL) {
		fake_stream_connected(connection->client.stream);
	}
	listener->accepted(listener->context, stream, &connection->client.address);
	fake_stream_close_unowned(stream);
}

static void
listener_serve(struct loop_listener *listener)
{
	for (size_t i = 0; i < TCP_ACCEPT_COUNT_MAX && listener_is_ready(listener); i++) {
		if (fake_world.accept_refuse_count > 0) {
			listener_rest(listener);
		} else {
			listener_accept(listener);
		}
	}
}

bool
fake_listeners_are_ready(const struct loop *loop)
{
	for (const struct loop_listener *listener = loop->listeners; listener != NULL;
		listener = listener->next) {
		if (listener->is_closed || listener_is_ready(listener)) {
			return true;
		}
	}
	return false;
}

void
fake_listeners_serve(struct loop *loop)
{
	for (struct loop_listener *listener = loop->listeners; listener != NULL;
		listener = listener->next) {
		listener_serve(listener);
	}
}

/* The backlog goes with its listener. */
static void
listener_refuse_waiting(const struct loop_listener *listener)
{
	struct fake_connection *connection;

	while ((connection = connection_waiting(listener)) != NULL) {
		connection->state = FAKE_CONNECTION_STANDS;
		fake_peer_reset(&connection->server);
	}
}

void
fake_listeners_bury(struct loop *loop)
{
	struct loop_listener **at = &loop->listeners;

	while (*at != NULL) {
		struct loop_listener *listener = *at;

		if (!listener->is_closed) {
			at = &listener->next;
			continue;
		}
		*at = listener->next;
		listener_refuse_waiting(listener);
		free(listener);
	}
}

size_t
fake_listener_count(const struct loop *loop)
{
	size_t count = 0;

	for (const struct loop_listener *listener = loop->listeners; listener != NULL;
		listener = listener->next) {
		count += listener->is_closed ? 0 : 1;
	}
	return count;
}

struct loop_listener *
loop_listen(struct loop *loop, const struct address *address, loop_accepted *accepted,
	void *context, struct problem *problem)
{
	struct loop_listener *listener = fake_alloc(sizeof(*listener));

	(void)problem;
	listener->loop = loop;
	listener->accepted = accepted;
	listener->context = context;
	listener->address = fake_address_bind(address);
	listener->next = loop->listeners;
	loop->listeners = listener;
	return listener;
}

void
loop_listener_close(struct loop_listener *listener)
{
	loop_timer_clear(listener->loop, &listener->rest);
	listener->is_closed = true;
}

void
loop_listener_address(const struct loop_listener *listener, struct address *ret_address)
{
	*ret_address = listener->address;
}

void
loop_listener_on_exhausted(struct loop_listener *listener, loop_exhausted *exhausted)
{
	listener->exhausted = exhausted;
}
