/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_limit.h"
#include "http/http_proxy.h"
#include "http/http_worker.h"
#include "http/identity/http_certificate.h"

#include <stdlib.h>

enum { TLS_HANDSHAKE = 0x16, NETWORK_SIZE = 7 };

struct http_front {
	size_t size;
	uint8_t octets[HTTP_PROXY_SIZE_MAX];
};

/* IPv6 networks are given out by the /56 and smaller: one customer is one source. */
static void
source_of(const struct address *peer, uint8_t ret_source[16])
{
	address_octets(peer, ret_source);
	if (peer->any.sa_family == AF_INET6) {
		memset(ret_source + NETWORK_SIZE, 0, 16 - NETWORK_SIZE);
	}
}

static uint32_t
bucket_of(const uint8_t source[16])
{
	uint32_t hash = 2166136261U; /* FNV-1a. */

	for (size_t i = 0; i < 16; i++) {
		hash = (hash ^ source[i]) * 16777619U;
	}
	return hash % HTTP_BUCKET_COUNT;
}

/* It is a server of the operator. */
static bool
http_peer_is_trusted(const struct http_settings *settings, const struct address *peer)
{
	struct http_networks proxies = {settings->proxies, settings->proxy_count};

	return http_networks_hold(&proxies, peer);
}

static bool
source_is_exempt(const struct http_settings *settings, const struct address *peer)
{
	uint8_t octets[16];

	address_octets(peer, octets);
	for (uint32_t i = 0; i < settings->exempt_count; i++) {
		if (network_holds(&settings->exempt[i], octets)) {
			return true;
		}
	}
	/* Everybody comes from there. */
	return http_peer_is_trusted(settings, peer);
}

static uint32_t
source_count(const struct http *http, const uint8_t source[16], uint32_t bucket)
{
	uint32_t count = 0;

	for (const struct http_connection *one = http->buckets[bucket]; one != NULL;
		one = one->bucket_next) {
		count += memcmp(one->source, source, sizeof(one->source)) == 0;
	}
	return count;
}

static void
connection_link(struct http_connection *connection)
{
	struct http *http = connection->http;
	struct http_connection **bucket = &http->buckets[connection->bucket];

	connection->next = http->connections;
	if (connection->next != NULL) {
		connection->next->previous = connection;
	}
	http->connections = connection;
	connection->bucket_next = *bucket;
	if (connection->bucket_next != NULL) {
		connection->bucket_next->bucket_previous = connection;
	}
	*bucket = connection;
	http->connection_count++;
	monitor_add(http->row, METRIC_HTTP_OPEN, 1);
}

static void
connection_unlink(struct http_connection *connection)
{
	struct http *http = connection->http;

	if (connection->previous != NULL) {
		connection->previous->next = connection->next;
	} else {
		http->connections = connection->next;
	}
	if (connection->next != NULL) {
		connection->next->previous = connection->previous;
	}
	if (connection->bucket_previous != NULL) {
		connection->bucket_previous->bucket_next = connection->bucket_next;
	} else {
		http->buckets[connection->bucket] = connection->bucket_next;
	}
	if (connection->bucket_next != NULL) {
		connection->bucket_next->bucket_previous = connection->bucket_previous;
	}
	http->connection_count--;
	monitor_subtract(http->row, METRIC_HTTP_OPEN, 1);
}

static struct http_connection *
connection_new(struct http *http, int fd, const struct address *peer)
{
	struct http_connection *connection;
	uint8_t source[16];
	uint32_t bucket;

	source_of(peer, source);
	bucket = bucket_of(source);
	if (http->is_stopping || http->connection_count >= http->settings->connection_count_max ||
		(!source_is_exempt(http->settings, peer) &&
			source_count(http, source, bucket) >=
				http->settings->connection_per_source_max)) {
		return NULL;
	}
	connection = calloc(1, sizeof(*connection));
	if (connection != NULL) {
		connection->http = http;
		connection->fd = fd;
		connection->peer = *peer;
		connection->bucket = bucket;
		memcpy(connection->source, source, sizeof(source));
		connection_link(connection);
	}
	return connection;
}

void
http_connection_free(struct http_connection *connection)
{
	if (connection->watch != NULL) {
		/* No daemon has it yet. */
		loop_watch_close(connection->watch);
		loop_socket_close(connection->fd);
	}
	loop_timer_clear(connection->http->loop, &connection->timer);
	free(connection->front);
	http_certificate_free(connection->certificate);
	connection_unlink(connection);
	if (connection->face != NULL && --connection->face->connection_count == 0 &&
		connection->face->is_retired) {
		/* Not here: this may be inside its daemon. */
		http_face_wake(connection->face);
	}
	free(connection);
}

/* The time is up: the daemon sees the end of the connection and lets it go. */
static void
connection_due(void *context)
{
	struct http_connection *connection = context;
	struct http *http = connection->http;
	int64_t now_ms = loop_now_ms(http->loop);

	if (now_ms < connection->deadline_ms) {
		/* It was moved: the timer follows only now, which costs less than each time. */
		loop_timer_set(http->loop, &connection->timer, connection->deadline_ms,
			connection_due, connection);
		return;
	}
	if (connection->request.is_suspended) {
		/* What it waits for always ends, and only then may the connection. */
		http_connection_expire(connection, http->settings->answer_deadline_ms);
		return;
	}
	monitor_add(http->row, METRIC_HTTP_CLOSED_DEADLINE, 1);
	if (connection->watch != NULL) {
		http_connection_free(connection);
	} else {
		loop_socket_break(connection->fd);
	}
}

void
http_connection_expire(struct http_connection *connection, uint32_t after_ms)
{
	struct loop *loop = connection->http->loop;

	connection->deadline_ms = loop_now_ms(loop) + after_ms;
	if (!connection->timer.is_set || connection->timer.at_ms > connection->deadline_ms) {
		loop_timer_set(loop, &connection->timer, connection->deadline_ms, connection_due,
			connection);
	}
}

void
http_connection_notified(void *context, struct MHD_Connection *transport, void **place,
	enum MHD_ConnectionNotificationCode code)
{
	struct http *http = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*place = http->adding;
		http->adding = NULL;
		if (((struct http_connection *)*place)->asks_certificate) {
			http_certificate_ask(transport);
		}
	} else if (*place != NULL) {
		http_connection_free(*place);
		*place = NULL;
	}
}

/* A handshake costs the node a signature and its client nothing (T-06). */
static bool
handshake_is_allowed(const struct http_connection *connection)
{
	struct http *http = connection->http;
	const struct http_settings *settings = http->settings;
	int64_t now_ms = loop_now_ms(http->loop);

	if ((source_is_exempt(settings, &connection->peer) ||
		    http_limit_allows(http->limit, connection->source, now_ms,
			    settings->handshake_rate_per_source)) &&
		http_limit_allows(http->limit, NULL, now_ms, settings->handshake_rate)) {
		monitor_add(http->row, METRIC_HTTP_HANDSHAKES, 1);
		return true;
	}
	monitor_add(http->row, METRIC_HTTP_HANDSHAKES_REFUSED, 1);
	return false;
}

/* The daemon takes the descriptor over, whatever becomes of it. */
static void
connection_hand_over(struct http_connection *connection, bool is_tls)
{
	struct http *http = connection->http;
	struct http_face *face = is_tls ? http->tls : &http->plain;

	if (face == NULL || (!is_tls && connection->asks_certificate) ||
		(is_tls && !handshake_is_allowed(connection))) {
		http_connection_free(connection);
		return;
	}
	connection->face = face;
	face->connection_count++;
	loop_watch_close(connection->watch);
	connection->watch = NULL;
	http->adding = connection;
	if (MHD_add_connection(face->daemon, connection->fd, &connection->peer.any,
		    connection->peer.size) == MHD_YES) {
		http_face_run(face);
	} else if (http->adding != NULL) {
		/* Refused before it was told of; otherwise it is gone by now. */
		http->adding = NULL;
		http_connection_free(connection);
	}
}

/* From now on it counts for the client, who may have too many. */
static bool
connection_move(struct http_connection *connection, const struct address *peer)
{
	struct http *http = connection->http;

	connection_unlink(connection);
	connection->previous = connection->next = NULL;
	connection->bucket_previous = connection->bucket_next = NULL;
	connection->peer = *peer;
	source_of(peer, connection->source);
	connection->bucket = bucket_of(connection->source);
	connection_link(connection);
	/* It is among those that are counted. */
	return source_is_exempt(http->settings, peer) ||
		source_count(http, connection->source, connection->bucket) <=
		http->settings->connection_per_source_max;
}

/* False: it is not whole yet, or the connection is gone. */
static bool
connection_take_front(struct http_connection *connection)
{
	struct http_front *front = connection->front;
	struct http_proxy proxy;
	enum status status;
	size_t size;
	bool is_over = false;

	while ((status = http_proxy_read(bytes_over(front->octets, front->size), &proxy)) ==
		STATUS_TRUNCATED) {
		if (!loop_socket_take(connection->fd, front->octets + front->size, proxy.wanted,
			    &size, &is_over)) {
			break;
		}
		front->size += size;
	}
	if (status == STATUS_TRUNCATED && !is_over) {
		return false;
	}
	if (status != STATUS_OK ||
		(proxy.has_address && !connection_move(connection, &proxy.address))) {
		monitor_add(connection->http->row, METRIC_HTTP_REFUSED, 1);
		http_connection_free(connection);
		return false;
	}
	free(connection->front);
	connection->front = NULL;
	return true;
}

static void
connection_readable(void *context)
{
	struct http_connection *connection = context;
	uint8_t octet;
	bool is_over;

	if (connection->front != NULL && !connection_take_front(connection)) {
		return;
	}
	if (loop_socket_peek(connection->fd, &octet, &is_over)) {
		connection_hand_over(connection, octet == TLS_HANDSHAKE);
	} else if (is_over) {
		http_connection_free(connection);
	}
}

void
http_accepted(void *context, int fd, const struct address *peer)
{
	const struct http_listener *listener = context;
	struct http *http = listener->http;
	struct http_connection *connection = connection_new(http, fd, peer);

	if (connection == NULL) {
		monitor_add(http->row, METRIC_HTTP_REFUSED, 1);
		loop_socket_close(fd);
		return;
	}
	connection->asks_certificate = listener->asks_certificate;
	monitor_add(http->row, METRIC_HTTP_ACCEPTED, 1);
	if (http->settings->takes_proxy_protocol && http_peer_is_trusted(http->settings, peer)) {
		connection->front = calloc(1, sizeof(*connection->front));
		if (connection->front == NULL) {
			http_connection_free(connection);
			loop_socket_close(fd);
			return;
		}
	}
	connection->watch = loop_watch_open(http->loop, fd, connection_readable, connection);
	if (connection->watch == NULL) {
		http_connection_free(connection);
		loop_socket_close(fd);
		return;
	}
	http_connection_expire(connection, http->settings->head_deadline_ms);
}
