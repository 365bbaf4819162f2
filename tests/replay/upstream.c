/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/upstream.h"

#include "fake/fake.h"
#include "handle/handle_name.h"
#include "message/credential.h"
#include "message/response.h"

#include <stdio.h>
#include <stdlib.h>

enum { UPSTREAM_COUNT_MAX = 256, RULE_COUNT_MAX = 64, ANSWER_SIZE_MAX = MESSAGE_SIZE_MAX + 20 };

struct rule {
	struct upstream_rule rule;
	uint8_t *octets; /* What its runs point into. */
};

struct upstream {
	struct upstream_world *world;
	struct address address;
	struct loop_udp *udp;
	struct loop_listener *listener;
	struct upstream_manner manner;
	struct upstream_seen seen;
	size_t rule_count;
	struct rule rules[RULE_COUNT_MAX];
};

/* An answer on its way. */
struct reply {
	struct reply *next;
	struct upstream *server;
	struct loop_timer timer;
	struct loop_stream *stream; /* NULL: UDP. */
	bool is_web;
	bool is_last; /* Of its connection. */
	struct address peer;
	size_t size;
	uint8_t octets[];
};

struct upstream_world {
	struct loop *loop;
	struct reply *replies;
	size_t count;
	struct upstream *servers[UPSTREAM_COUNT_MAX];
};

struct upstream_world *
upstream_world_new(void)
{
	struct upstream_world *world = calloc(1, sizeof(*world));
	struct problem problem;

	if (world != NULL) {
		world->loop = loop_new(&problem);
	}
	return world;
}

static void
rule_clear(struct rule *rule)
{
	free(rule->octets);
	*rule = (struct rule){.octets = NULL};
}

static void
reply_free(struct reply *reply)
{
	struct reply **at = &reply->server->world->replies;

	while (*at != reply) {
		at = &(*at)->next;
	}
	*at = reply->next;
	loop_timer_clear(reply->server->world->loop, &reply->timer);
	free(reply);
}

void
upstream_world_free(struct upstream_world *world)
{
	if (world == NULL) {
		return;
	}
	while (world->replies != NULL) {
		reply_free(world->replies);
	}
	for (size_t i = 0; i < world->count; i++) {
		struct upstream *server = world->servers[i];

		for (size_t j = 0; j < server->rule_count; j++) {
			rule_clear(&server->rules[j]);
		}
		loop_udp_close(server->udp);
		loop_listener_close(server->listener);
		free(server);
	}
	loop_free(world->loop);
	free(world);
}

struct upstream_manner *
upstream_manner(struct upstream *server)
{
	return &server->manner;
}

struct upstream_seen *
upstream_seen(struct upstream *server)
{
	return &server->seen;
}

static struct rule *
rule_find(struct upstream *server, struct bytes name)
{
	for (size_t i = 0; i < server->rule_count; i++) {
		if (handle_name_equal(server->rules[i].rule.name, name)) {
			return &server->rules[i];
		}
	}
	return NULL;
}

static struct bytes
keep(uint8_t **at, struct bytes run)
{
	struct bytes kept = bytes_over(*at, run.size);

	if (run.size > 0) {
		memcpy(*at, run.at, run.size);
	}
	*at += run.size;
	return kept;
}

void
upstream_set(struct upstream *server, const struct upstream_rule *from)
{
	struct rule *rule = rule_find(server, from->name);
	uint8_t *at = malloc(from->name.size + from->referred.size + from->told.size +
		from->values.octets.size + 1);

	if (rule == NULL && server->rule_count < RULE_COUNT_MAX) {
		rule = &server->rules[server->rule_count++];
	}
	if (rule == NULL || at == NULL) {
		free(at);
		return;
	}
	rule_clear(rule);
	rule->octets = at;
	rule->rule = *from;
	rule->rule.name = keep(&at, from->name);
	rule->rule.referred = keep(&at, from->referred);
	rule->rule.told = keep(&at, from->told);
	rule->rule.values.octets = keep(&at, from->values.octets);
}

void
upstream_forget(struct upstream *server, struct bytes name)
{
	struct rule *rule = rule_find(server, name);

	if (rule != NULL) {
		rule_clear(rule);
		*rule = server->rules[--server->rule_count];
		server->rules[server->rule_count] = (struct rule){.octets = NULL};
	}
}

/* The credential behind the answer, in place of the u32 that says there is none. */
static void
answer_sign(struct upstream *server, const struct envelope *envelope, struct wire_writer *writer)
{
	uint8_t signature[CRYPTO_SIGNATURE_SIZE_MAX], front[SIGNED_FRONT_SIZE_MAX];
	struct credential credential = {.type = TEXT("HS_SIGNED"), .digest_name = TEXT("SHA-256")};
	size_t size = wire_writer_size(writer) - ENVELOPE_SIZE - 4;
	struct bytes runs[2] = {{front, credential_signed_front(envelope, 0, front)},
		{writer->start + ENVELOPE_SIZE, size}};
	struct wire_length length;
	size_t signature_size = 0;

	if (server->manner.is_forger) {
		runs[1].size--;
	}
	if (crypto_sign(server->manner.key, CRYPTO_SHA256, runs, 2, signature, &signature_size) !=
		STATUS_OK) {
		return;
	}
	credential.signature = bytes_over(signature, signature_size);
	wire_writer_rewind(writer, ENVELOPE_SIZE + size);
	length = wire_write_length_open(writer);
	credential_write(writer, &credential);
	wire_write_length_close(writer, length);
}

static struct bytes
asked_name(const struct request *request)
{
	return request->message.header.opcode == OPCODE_VERIFY_CHALLENGE
		? request->verify_challenge.name
		: request->resolution.name;
}

static void
answer_fill(struct response *response, const struct request *request, const struct rule *rule)
{
	struct handle_value_list none = {0, {NULL, 0}};
	uint32_t code = rule == NULL ? (uint32_t)RESPONSE_HANDLE_NOT_FOUND : rule->rule.code;

	switch (response_shape(request->message.header.opcode, code)) {
	case RESPONSE_VERDICT:
		response->verdict =
			bytes_equal(request->verify_challenge.response, TEXT("right")) ? 1 : 0;
		break;
	case RESPONSE_VALUES:
		response->values.name =
			rule->rule.told.size > 0 ? rule->rule.told : request->resolution.name;
		response->values.list = rule->rule.values;
		break;
	case RESPONSE_REFERRAL:
		response->referral.name = rule->rule.referred;
		response->referral.has_values = rule->rule.values.count > 0;
		response->referral.list = rule->rule.values.count > 0 ? rule->rule.values : none;
		break;
	case RESPONSE_MESSAGE:
	case RESPONSE_EMPTY:
	case RESPONSE_SITE:
	case RESPONSE_CREATED:
	case RESPONSE_NAMES:
	case RESPONSE_SESSION:
	case RESPONSE_NUMBER:
	case RESPONSE_STREAM:
	case RESPONSE_CHALLENGE:
		response->error.text = (struct bytes){NULL, 0};
		break;
	}
}

/* Envelope and message; 0 octets for none. */
static size_t
answer_write(struct upstream *server, const struct request *request, uint8_t *octets)
{
	struct wire_writer writer = wire_writer_over(octets, ANSWER_SIZE_MAX);
	bool is_certified = (request->message.header.flags & MESSAGE_FLAG_CERTIFY) != 0;
	const struct rule *rule = rule_find(server, asked_name(request));
	uint8_t digest[REQUEST_DIGEST_SIZE_MAX];
	struct response response;
	uint32_t code;

	rule = rule == NULL ? rule_find(server, TEXT("*")) : rule;
	code = rule == NULL ? (uint32_t)RESPONSE_HANDLE_NOT_FOUND : rule->rule.code;
	if ((is_certified && server->manner.key == NULL && !server->manner.is_unsigned) ||
		(request->message.header.opcode == OPCODE_VERIFY_CHALLENGE &&
			!server->manner.is_verifier)) {
		code = RESPONSE_ERROR;
	}
	response_begin(request, code, server->manner.serial == 0 ? 1 : server->manner.serial, true,
		0, &response);
	if (code == RESPONSE_ERROR) {
		response.error.text = (struct bytes){NULL, 0};
	} else {
		answer_fill(&response, request, rule);
	}
	if (server->manner.is_keeping) {
		response.message.header.flags |=
			request->message.header.flags & MESSAGE_FLAG_KEEP_ALIVE;
	}
	if ((request->message.header.flags & MESSAGE_FLAG_REQUEST_DIGEST) != 0 &&
		!server->manner.is_digestless) {
		response_digest(request, false, digest, &response);
		digest[0] ^= server->manner.is_elsewhere ? 1 : 0;
	}
	wire_writer_take(&writer, ENVELOPE_SIZE);
	response_write(&writer, &response);
	if (is_certified && server->manner.key != NULL && !server->manner.is_unsigned) {
		answer_sign(server, &response.message.envelope, &writer);
	}
	response.message.envelope.message_size =
		(uint32_t)(wire_writer_size(&writer) - ENVELOPE_SIZE);
	struct wire_writer front = wire_writer_over(octets, ENVELOPE_SIZE);

	envelope_write(&front, &response.message.envelope);
	return wire_writer_end(&writer) == STATUS_OK ? wire_writer_size(&writer) : 0;
}

static void
send_datagrams(const struct reply *reply, uint32_t id_change)
{
	struct wire_reader reader = wire_reader_over(bytes_over(reply->octets, reply->size));
	struct bytes message =
		bytes_slice(bytes_over(reply->octets, reply->size), ENVELOPE_SIZE, SIZE_MAX);
	struct envelope envelope;

	envelope_read(&reader, &envelope);
	envelope.request_id ^= id_change;
	for (size_t i = 0; i < message_fragment_count(message.size); i++) {
		uint8_t octets[DATAGRAM_SIZE_MAX];
		struct wire_writer writer = wire_writer_over(octets, sizeof(octets));

		envelope.sequence = (uint32_t)i;
		envelope_write(&writer, &envelope);
		wire_write_bytes(&writer, message_fragment_data(message, i));
		/* From outside: who has closed its socket meanwhile hears nothing. */
		fake_datagram(&reply->server->address, &reply->peer, wire_written(&writer));
	}
}

static void
reply_by_web(const struct reply *reply)
{
	bool is_page = reply->server->manner.is_page;
	char head[256];
	int size = snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		"Connection: close\r\n\r\n",
		is_page ? "text/html" : "application/x-hdl-message", reply->size);

	if (loop_stream_write(reply->stream, bytes_over(head, (size_t)size)) == STATUS_OK &&
		loop_stream_write(reply->stream, bytes_over(reply->octets, reply->size)) ==
			STATUS_OK) {
		loop_stream_finish(reply->stream);
	}
}

static void
reply_by_tcp(const struct reply *reply)
{
	struct bytes octets = bytes_over(reply->octets, reply->size);
	bool is_twice = reply->server->manner.is_talking && !reply->is_last;

	if (loop_stream_write(reply->stream, octets) == STATUS_OK &&
		(!is_twice || loop_stream_write(reply->stream, octets) == STATUS_OK) &&
		reply->is_last) {
		loop_stream_finish(reply->stream);
	}
}

static void
reply_due(void *context)
{
	struct reply *reply = context;
	struct upstream *server = reply->server;

	if (reply->is_web) {
		reply_by_web(reply);
	} else if (reply->stream != NULL) {
		reply_by_tcp(reply);
	} else {
		for (uint32_t i = 1; i <= server->manner.forge_count; i++) {
			send_datagrams(reply, i);
		}
		send_datagrams(reply, 0);
		if (server->manner.is_twice) {
			send_datagrams(reply, 0);
		}
	}
	reply_free(reply);
}

/* Who asks, and how. */
struct caller {
	const struct address *peer; /* Over UDP; else NULL. */
	struct loop_stream *stream; /* Else. */
	struct bytes head; /* Over HTTP. */
};

static void
server_note(struct upstream *server, const struct request *request, const struct caller *caller)
{
	struct upstream_seen *seen = &server->seen;
	struct bytes name = asked_name(request);

	seen->count++;
	seen->tcp_count += caller->stream != NULL && caller->head.size == 0;
	seen->web_count += caller->head.size > 0;
	seen->head_size = caller->head.size < sizeof(seen->head) ? caller->head.size : 0;
	if (seen->head_size > 0) {
		memcpy(seen->head, caller->head.at, seen->head_size);
	}
	seen->header = request->message.header;
	seen->version = request->message.envelope.version;
	seen->name_size =
		name.size < sizeof(seen->name_octets) ? name.size : sizeof(seen->name_octets);
	memcpy(seen->name_octets, name.at, seen->name_size);
	seen->type_count = request->message.header.opcode == OPCODE_RESOLUTION
		? request->resolution.type_count
		: 0;
}

/* A request came: the answer is made now, and sent when it is time. */
static void
server_asked(struct upstream *server, const struct envelope *envelope, struct bytes octets,
	const struct caller *caller)
{
	struct loop_stream *stream = caller->stream;
	const struct address *peer = caller->peer;
	static uint8_t answer[ANSWER_SIZE_MAX];
	struct message message;
	struct request request;
	struct reply *reply;
	size_t size;

	if (message_decode(envelope, octets, &message) != STATUS_OK ||
		request_decode(&message, &request) != STATUS_OK ||
		(message.header.opcode != OPCODE_RESOLUTION &&
			message.header.opcode != OPCODE_VERIFY_CHALLENGE)) {
		return;
	}
	if (stream != NULL && server->manner.hang_count > 0) {
		server->manner.hang_count--;
		loop_stream_close(stream);
		return;
	}
	server_note(server, &request, caller);
	if (peer != NULL) {
		server->seen.peer = *peer;
	}
	if (server->manner.lose_count > 0) {
		server->manner.lose_count--;
		return;
	}
	if (stream == NULL ? server->manner.is_deaf_udp : server->manner.is_deaf_tcp) {
		return;
	}
	size = answer_write(server, &request, answer);
	reply = calloc(1, sizeof(*reply) + size);
	if (size == 0 || reply == NULL) {
		free(reply);
		return;
	}
	reply->server = server;
	reply->stream = stream;
	reply->is_web = caller->head.size > 0;
	reply->is_last =
		!server->manner.is_keeping || (message.header.flags & MESSAGE_FLAG_KEEP_ALIVE) == 0;
	if (peer != NULL) {
		reply->peer = *peer;
	}
	reply->size = size;
	memcpy(reply->octets, answer, size);
	reply->next = server->world->replies;
	server->world->replies = reply;
	loop_timer_set(server->world->loop, &reply->timer,
		loop_now_ms(server->world->loop) + server->manner.slow_ms, reply_due, reply);
}

static void
udp_received(void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count)
{
	struct upstream *server = context;

	(void)udp;
	for (size_t i = 0; i < count; i++) {
		struct wire_reader reader = wire_reader_over(batch[i].octets);
		struct envelope envelope;

		envelope_read(&reader, &envelope);
		if (wire_reader_ok(&reader)) {
			server_asked(server, &envelope, wire_read_rest(&reader),
				&(struct caller){.peer = &batch[i].peer});
		}
	}
}

/* The head of an HTTP request, with the empty line; empty: it is none. */
static struct bytes
head_of(struct bytes octets)
{
	struct bytes end = TEXT("\r\n\r\n");

	for (size_t at = 0; bytes_start_with(octets, TEXT("POST ")) && at + end.size <= octets.size;
		at++) {
		if (bytes_equal(bytes_slice(octets, at, end.size), end)) {
			return bytes_slice(octets, 0, at + end.size);
		}
	}
	return bytes_slice(octets, 0, 0);
}

static size_t
stream_received(void *context, struct loop_stream *stream, struct bytes octets)
{
	struct upstream *server = context;
	struct caller caller = {.stream = stream, .head = head_of(octets)};
	struct wire_reader reader =
		wire_reader_over(bytes_slice(octets, caller.head.size, octets.size));
	struct envelope envelope;
	struct bytes message;

	envelope_read(&reader, &envelope);
	message = wire_read_bytes(&reader, envelope.message_size);
	if (!wire_reader_ok(&reader)) {
		return 0;
	}
	server_asked(server, &envelope, message, &caller);
	return octets.size;
}

static void
stream_closed(void *context, struct loop_stream *stream, enum status status)
{
	struct upstream *server = context;

	(void)status;
	for (struct reply *reply = server->world->replies, *next; reply != NULL; reply = next) {
		next = reply->next;
		if (reply->stream == stream) {
			reply_free(reply);
		}
	}
}

static const struct loop_stream_calls stream_calls = {
	.received = stream_received, .closed = stream_closed};

static void
stream_accepted(void *context, struct loop_stream *stream, const struct address *peer)
{
	struct upstream *server = context;

	(void)peer;
	server->seen.connection_count++;
	if (!server->manner.is_closing_tcp) {
		loop_stream_own(stream, &stream_calls, server);
	}
}

struct upstream *
upstream_get(struct upstream_world *world, const struct address *address)
{
	struct upstream *server;
	struct problem problem;

	for (size_t i = 0; i < world->count; i++) {
		if (address_equal(&world->servers[i]->address, address)) {
			return world->servers[i];
		}
	}
	server = calloc(1, sizeof(*server));
	if (server == NULL || world->count == UPSTREAM_COUNT_MAX) {
		free(server);
		return NULL;
	}
	server->world = world;
	server->address = *address;
	server->udp = loop_udp_open(world->loop, address, udp_received, server, &problem);
	server->listener = loop_listen(world->loop, address, stream_accepted, server, &problem);
	world->servers[world->count++] = server;
	return server;
}
