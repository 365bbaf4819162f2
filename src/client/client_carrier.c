/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_carrier.h"

#include "base/text_writer.h"
#include "client/client_http.h"
#include "loop/loop_channel.h"

#include <stdlib.h>

/*
 * A carrier outlives its connections, and a connection its carrier: a line stands between both,
 * and is freed when its channel says that it has closed.
 */
struct line {
	struct client_carrier *carrier; /* NULL: nobody waits for it any more. */
	struct loop_channel *channel;
};

struct client_carrier {
	struct loop *loop;
	struct client_place place;
	const struct client_carrier_calls *calls;
	void *context;
	struct crypto_tls_role *tls;
	struct line *line; /* NULL over HTTP: the next message gets one. */
	bool is_receiving; /* Its owner is shown octets. */
	bool is_closed; /* Meanwhile: freed when that returns. */
	/* HTTP. */
	struct client_http http;
	bool is_asking; /* A message is under way. */
	bool has_consumed; /* Of its answer. */
	uint8_t *request; /* Waits for TLS, or for the end of an answer; NULL: none does. */
	size_t request_size;
	uint8_t *room; /* Octets of messages, not consumed. */
	size_t room_size, room_capacity;
};

enum { HEAD_SIZE_MAX = 1024 };

const char *
client_transport_name(enum client_transport transport)
{
	switch (transport) {
	case CLIENT_TRANSPORT_UDP:
		return "udp";
	case CLIENT_TRANSPORT_TCP:
		return "tcp";
	case CLIENT_TRANSPORT_HTTP:
		return "http";
	case CLIENT_TRANSPORT_HTTPS:
		break;
	}
	return "https";
}

static bool
carrier_is_http(const struct client_carrier *carrier)
{
	return carrier->place.transport == CLIENT_TRANSPORT_HTTP ||
		carrier->place.transport == CLIENT_TRANSPORT_HTTPS;
}

static void
carrier_drop_line(struct client_carrier *carrier)
{
	struct line *line = carrier->line;

	if (line != NULL) {
		carrier->line = NULL;
		line->carrier = NULL;
		loop_channel_close(line->channel, STATUS_OK);
	}
}

static void
carrier_free(struct client_carrier *carrier)
{
	carrier_drop_line(carrier);
	crypto_tls_role_free(carrier->tls);
	free(carrier->request);
	free(carrier->room);
	free(carrier);
}

void
client_carrier_own(
	struct client_carrier *carrier, const struct client_carrier_calls *calls, void *context)
{
	carrier->calls = calls;
	carrier->context = context;
}

void
client_carrier_close(struct client_carrier *carrier)
{
	if (carrier == NULL) {
		return;
	}
	carrier->calls = NULL;
	if (carrier->is_receiving) {
		carrier->is_closed = true;
	} else {
		carrier_free(carrier);
	}
}

/* The end: told once, and not to who has closed the carrier himself. */
static void
carrier_fail(struct client_carrier *carrier, enum status status)
{
	const struct client_carrier_calls *calls = carrier->calls;

	carrier_drop_line(carrier);
	if (calls != NULL) {
		carrier->calls = NULL;
		calls->closed(carrier->context, status);
	}
}

static enum status line_open(struct client_carrier *carrier, struct problem *problem);

static bool
room_append(struct client_carrier *carrier, struct bytes octets)
{
	size_t size = carrier->room_size + octets.size;

	if (size > carrier->room_capacity) {
		uint8_t *room = realloc(carrier->room, size * 2);

		if (room == NULL) {
			return false;
		}
		carrier->room = room;
		carrier->room_capacity = size * 2;
	}
	if (octets.size > 0) {
		memcpy(carrier->room + carrier->room_size, octets.at, octets.size);
	}
	carrier->room_size = size;
	return true;
}

/* What of the body has come so far; OK as long as somebody listens. */
static enum status
carrier_show(struct client_carrier *carrier)
{
	bool was_asking = carrier->is_asking;
	size_t consumed = carrier->calls->received(
		carrier->context, bytes_over(carrier->room, carrier->room_size));

	if (consumed > 0 && !carrier->is_closed) {
		/* Unless the next message was written inside. */
		carrier->has_consumed = carrier->is_asking == was_asking;
		carrier->room_size -= consumed;
		memmove(carrier->room, carrier->room + consumed, carrier->room_size);
	}
	return carrier->room_size > STREAM_IN_SIZE_MAX ? STATUS_TOO_LARGE : STATUS_OK;
}

/* Sends what waits, on a connection that may have to be made. */
static enum status
request_send(struct client_carrier *carrier)
{
	enum status status = carrier->line == NULL ? line_open(carrier, NULL) : STATUS_OK;

	carrier->is_asking = true;
	carrier->has_consumed = false;
	client_http_begin(&carrier->http);
	if (status == STATUS_OK &&
		(carrier->tls == NULL || loop_channel_is_secure(carrier->line->channel))) {
		status = loop_channel_write(carrier->line->channel,
			bytes_over(carrier->request, carrier->request_size));
		free(carrier->request);
		carrier->request = NULL;
	}
	return status;
}

static void
answer_end(struct client_carrier *carrier)
{
	carrier->is_asking = false;
	if (carrier->http.is_last) {
		carrier_drop_line(carrier);
	}
}

/* The end of an answer must be known before what it brought is shown: who sees the last message
 * may write the next one at once. */
static enum status
body_show(struct client_carrier *carrier)
{
	enum status status = STATUS_OK;
	bool is_over = carrier->http.step == CLIENT_HTTP_OVER;

	if (is_over) {
		answer_end(carrier);
	}
	if (carrier->room_size > 0) {
		status = carrier_show(carrier);
	}
	if (status != STATUS_OK || !is_over || carrier->is_closed || carrier->is_asking) {
		return status;
	}
	if (carrier->room_size > 0 || !carrier->has_consumed) {
		return STATUS_MALFORMED; /* It was no message, or not all of one. */
	}
	return carrier->request == NULL ? STATUS_OK : request_send(carrier);
}

static size_t
http_received(struct client_carrier *carrier, struct bytes octets)
{
	size_t taken = 0;
	enum status status = STATUS_OK;
	struct line *line = carrier->line;

	carrier->is_receiving = true;
	while (status == STATUS_OK && !carrier->is_closed && carrier->line == line) {
		struct bytes body;
		size_t size;

		if (!carrier->is_asking) {
			status = taken < octets.size ? STATUS_MALFORMED : STATUS_TRUNCATED;
			break;
		}
		status = client_http_take(
			&carrier->http, bytes_slice(octets, taken, octets.size), &size, &body);
		if (status != STATUS_OK) {
			break;
		}
		taken += size;
		status = room_append(carrier, body) ? STATUS_OK : STATUS_NO_MEMORY;
		if (status == STATUS_OK &&
			(body.size > 0 || carrier->http.step == CLIENT_HTTP_OVER)) {
			status = body_show(carrier);
		}
	}
	carrier->is_receiving = false;
	if (carrier->is_closed) {
		carrier_free(carrier);
	} else if (status != STATUS_OK && status != STATUS_TRUNCATED) {
		carrier_fail(carrier, status);
	}
	return status == STATUS_TRUNCATED ? taken : octets.size;
}

/* A message over TCP is what it is. */
static size_t
tcp_received(struct client_carrier *carrier, struct bytes octets)
{
	size_t taken;

	carrier->is_receiving = true;
	taken = carrier->calls->received(carrier->context, octets);
	carrier->is_receiving = false;
	if (carrier->is_closed) {
		carrier_free(carrier);
	}
	return taken;
}

static size_t
line_received(void *context, struct loop_channel *channel, struct bytes octets)
{
	struct line *line = context;

	(void)channel;
	if (line->carrier == NULL || line->carrier->calls == NULL) {
		return octets.size;
	}
	return carrier_is_http(line->carrier) ? http_received(line->carrier, octets)
					      : tcp_received(line->carrier, octets);
}

static void
line_secured(void *context, struct loop_channel *channel)
{
	struct line *line = context;
	struct client_carrier *carrier = line->carrier;
	enum status status;

	if (carrier == NULL || carrier->request == NULL) {
		return;
	}
	status = loop_channel_write(channel, bytes_over(carrier->request, carrier->request_size));
	free(carrier->request);
	carrier->request = NULL;
	if (status != STATUS_OK) {
		carrier_fail(carrier, status);
	}
}

static void
line_closed(void *context, enum status status)
{
	struct line *line = context;
	struct client_carrier *carrier = line->carrier;

	if (carrier != NULL) {
		carrier->line = NULL;
		if (!carrier_is_http(carrier) || carrier->is_asking) {
			carrier_fail(carrier, status);
		}
	}
	free(line);
}

static const struct loop_channel_calls line_calls = {
	.received = line_received, .secured = line_secured, .closed = line_closed};

static size_t
nothing_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	(void)context;
	(void)stream;
	(void)octets;
	return 0;
}

static const struct loop_stream_calls no_calls = {.received = nothing_received};

/* One address may serve many names: which one is meant is said before the handshake. */
static struct crypto_tls *
tls_new(const struct client_carrier *carrier)
{
	struct crypto_tls *tls = crypto_tls_new(carrier->tls);
	struct bytes host;
	struct address address;

	if (tls != NULL && carrier->place.host != NULL) {
		host = bytes_from_string(carrier->place.host);
		if (address_parse(host, 0, &address) != STATUS_OK) {
			crypto_tls_set_host(tls, bytes_slice(host, 0, bytes_find(host, ':')));
		}
	}
	return tls;
}

/* TLS, too, is begun at once: it waits for the connection by itself. */
static enum status
line_open(struct client_carrier *carrier, struct problem *problem)
{
	struct line *line = calloc(1, sizeof(*line));
	struct loop_stream *stream = NULL;
	enum status status = STATUS_OK;

	if (line != NULL) {
		stream = loop_connect(
			carrier->loop, &carrier->place.address, &no_calls, NULL, problem);
	}
	if (stream == NULL) {
		status = line == NULL ? STATUS_NO_MEMORY : STATUS_SYSTEM;
		free(line);
		return status;
	}
	line->channel = loop_channel_new(carrier->loop, stream, &line_calls, line);
	if (line->channel == NULL) {
		free(line);
		return STATUS_NO_MEMORY;
	}
	line->carrier = carrier;
	carrier->line = line;
	if (carrier->tls != NULL) {
		status = loop_channel_secure(line->channel, tls_new(carrier));
	}
	if (status != STATUS_OK) {
		carrier_drop_line(carrier);
	}
	return status;
}

struct client_carrier *
client_carrier_open(struct loop *loop, const struct client_place *place,
	const struct client_carrier_calls *calls, void *context, struct problem *problem)
{
	struct client_carrier *carrier = calloc(1, sizeof(*carrier));
	enum status status = STATUS_NO_MEMORY;

	if (carrier != NULL) {
		*carrier = (struct client_carrier){
			.loop = loop, .place = *place, .calls = calls, .context = context};
		status = place->transport == CLIENT_TRANSPORT_HTTPS
			? crypto_tls_client(NULL, &carrier->tls)
			: STATUS_OK;
	}
	if (status == STATUS_OK) {
		status = line_open(carrier, problem);
	}
	if (status == STATUS_OK) {
		return carrier;
	}
	if (problem != NULL && problem->status == STATUS_OK) {
		problem_set(problem, status, "cannot connect: %s", status_text(status));
	}
	if (carrier != NULL) {
		carrier_free(carrier);
	}
	return NULL;
}

static struct bytes
head_write(struct client_carrier *carrier, size_t size, char room[HEAD_SIZE_MAX])
{
	struct text_writer writer = text_writer_over(room, HEAD_SIZE_MAX);
	const struct client_place *place = &carrier->place;
	char address[ADDRESS_TEXT_SIZE_MAX];

	text_write_string(&writer, "POST ");
	text_write_string(&writer, place->path == NULL ? "/" : place->path);
	text_write_string(&writer, " HTTP/1.1\r\nHost: ");
	text_write_string(&writer,
		place->host == NULL ? address_format(&place->address, address) : place->host);
	text_write_string(&writer,
		"\r\nAccept: application/x-hdl-message\r\n"
		"Content-Type: application/x-hdl-message\r\nContent-Length: ");
	text_write_u64(&writer, size);
	text_write_string(&writer, "\r\n\r\n");
	return text_writer_end(&writer) == STATUS_OK ? text_written(&writer)
						     : (struct bytes){NULL, 0};
}

static enum status
request_keep(struct client_carrier *carrier, struct bytes message)
{
	char room[HEAD_SIZE_MAX];
	struct bytes head = head_write(carrier, message.size, room);

	if (head.size == 0) {
		return STATUS_TOO_LARGE;
	}
	carrier->request = malloc(head.size + message.size);
	if (carrier->request == NULL) {
		return STATUS_NO_MEMORY;
	}
	carrier->request_size = head.size + message.size;
	memcpy(carrier->request, head.at, head.size);
	memcpy(carrier->request + head.size, message.at, message.size);
	return STATUS_OK;
}

enum status
client_carrier_write(struct client_carrier *carrier, struct bytes message)
{
	enum status status;

	if (carrier->calls == NULL) {
		return STATUS_CLOSED;
	}
	if (!carrier_is_http(carrier)) {
		return loop_channel_write(carrier->line->channel, message);
	}
	if (carrier->request != NULL) {
		return STATUS_BUSY;
	}
	status = request_keep(carrier, message);
	if (status == STATUS_OK && carrier->is_asking && carrier->http.step == CLIENT_HTTP_OPEN) {
		/* Who goes on has got all that he waited for. */
		answer_end(carrier);
	}
	return status == STATUS_OK && !carrier->is_asking ? request_send(carrier) : status;
}
