/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_ask.h"
#include "client/client_identity.h"

#include "client/client_pause.h"
#include "crypto/crypto.h"
#include <stdlib.h>

/* When to send again (Handle.net's clients: after 0.5, 1 and 1.5 s), then TCP. */
enum {
	WAIT_DEFAULT_MS = 500,
	TRY_COUNT_DEFAULT = 3,
	DEADLINE_DEFAULT_MS = 10000,
	REQUEST_SIZE_USUAL = 1024, /* Larger ones are written into a buffer of the largest size. */
	FRAGMENT_COUNT_MAX =
		(MESSAGE_SIZE_MAX + FRAGMENT_DATA_SIZE_MAX - 1) / FRAGMENT_DATA_SIZE_MAX,
};

struct client_ask {
	struct loop *loop;
	struct address server;
	uint16_t tcp_port;
	client_answered *answered;
	void *context;
	enum client_transport transport;
	uint32_t tries;
	uint32_t udp_tries; /* Of UDP, when TCP is tried already. */
	bool is_busy_an_answer;
	bool is_paused; /* The server is busy: what comes now is late. */
	uint32_t busy_count; /* How often it was. */
	uint32_t udp_wait_ms;
	uint32_t udp_try_count;
	uint32_t tcp_wait_ms;
	uint32_t forgery_count; /* Datagrams that were no answer. */
	uint32_t opcode;
	struct envelope envelope;
	int64_t begun_ms;
	int64_t deadline_ms;
	struct loop_timer retry;
	struct loop_timer deadline;
	struct loop_udp *udp;
	struct client_carrier *carrier;
	struct client_kept *kept;
	struct address carrier_address;
	bool is_carrier_kept; /* It was: that it ends says nothing. */
	bool has_more_come; /* Behind the answer: who does that is not listened to again. */
	bool is_without_tcp;
	bool has_web;
	struct client_place web; /* What it points to is the caller's. */
	bool is_over;
	enum status status;
	struct client_reply reply;

	/* The answer as it comes in. */
	uint8_t *octets;
	size_t octets_size;
	size_t fragments_left;
	uint8_t is_received[FRAGMENT_COUNT_MAX];

	size_t request_size;
	uint8_t request[]; /* Room for an envelope, then the message. */
};

static void
ask_drop_carrier(struct client_ask *ask)
{
	client_carrier_close(ask->carrier);
	ask->carrier = NULL;
}

static void
ask_free(struct client_ask *ask)
{
	loop_timer_clear(ask->loop, &ask->retry);
	loop_timer_clear(ask->loop, &ask->deadline);
	if (ask->udp != NULL) {
		loop_udp_close(ask->udp);
	}
	ask_drop_carrier(ask);
	free(ask->octets);
	free(ask);
}

/* A connection goes back to where the next question finds it, if its server keeps it, too. */
static void
ask_give_carrier(struct client_ask *ask)
{
	if (ask->kept != NULL && ask->carrier != NULL && ask->status == STATUS_OK &&
		ask->transport == CLIENT_TRANSPORT_TCP && !ask->has_more_come &&
		(ask->reply.response.message.header.flags & MESSAGE_FLAG_KEEP_ALIVE) != 0) {
		client_kept_give(ask->kept, &ask->carrier_address, ask->carrier);
		ask->carrier = NULL;
	}
}

/* Over: told when its socket has been served, because what was received must not go while it is
 * looked at. */
static void
ask_tell(void *context)
{
	struct client_ask *ask = context;
	client_answered *answered = ask->answered;
	struct client_reply *reply = &ask->reply;

	reply->transport = ask->transport;
	reply->tries = ask->tries;
	reply->pauses = ask->busy_count;
	reply->elapsed_ms = (uint32_t)(loop_now_ms(ask->loop) - ask->begun_ms);
	ask_give_carrier(ask); /* What is asked next may want it. */
	answered(ask->context, ask->status, ask->status == STATUS_OK ? reply : NULL);
	ask_free(ask);
}

static void
ask_end(struct client_ask *ask, enum status status)
{
	if (ask->is_over) {
		return;
	}
	ask->is_over = true;
	ask->status = status;
	loop_timer_clear(ask->loop, &ask->retry);
	loop_timer_set_soon(ask->loop, &ask->deadline, ask_tell, ask);
}

static void
ask_deadline(void *context)
{
	ask_end(context, STATUS_TIMED_OUT);
}

/* The whole answer is there: OK, or why it is none. */
/* MD5 proves nothing. */
static bool
ask_is_meant(const struct client_ask *ask)
{
	const struct response *response = &ask->reply.response;
	struct bytes asked = bytes_over(ask->request + ENVELOPE_SIZE, ask->request_size);
	struct message message;

	return response->digest_code >= 2 &&
		message_decode(&ask->envelope, asked, &message) == STATUS_OK &&
		client_challenge_is_about(response, message.signed_run);
}

static enum status
ask_decode(struct client_ask *ask, const struct envelope *envelope, struct bytes octets)
{
	struct client_reply *reply = &ask->reply;
	struct message message;
	enum status status = message_decode(envelope, octets, &message);

	if (status == STATUS_OK) {
		status = response_decode(&message, &reply->response);
	}
	if (status == STATUS_OK &&
		!response_may_answer(&reply->response.message.header, ask->opcode)) {
		status = STATUS_MALFORMED;
	}
	reply->is_about_it = status == STATUS_OK && ask_is_meant(ask);
	reply->envelope = *envelope;
	reply->octets = octets;
	return status;
}

static void ask_again(void *context);

/* A whole answer, decoded: the last, or the server is left alone for a while. */
static void
ask_take_answer(struct client_ask *ask)
{
	int64_t end_ms = loop_now_ms(ask->loop);

	if (ask->reply.response.message.header.response_code == RESPONSE_SERVER_TOO_BUSY &&
		!ask->is_busy_an_answer) {
		end_ms += client_pause_ms(ask->busy_count + 1);
		if (end_ms < ask->deadline_ms) {
			ask->busy_count++;
			ask->is_paused = true;
			loop_timer_set(ask->loop, &ask->retry, end_ms, ask_again, ask);
			return;
		}
	}
	ask_end(ask, STATUS_OK);
}

static void
ask_forget_fragments(struct client_ask *ask)
{
	free(ask->octets);
	ask->octets = NULL;
	memset(ask->is_received, 0, sizeof(ask->is_received));
}

static bool
fragment_is_possible(const struct envelope *envelope, struct bytes octets)
{
	size_t size = envelope->message_size;
	size_t at = (size_t)envelope->sequence * FRAGMENT_DATA_SIZE_MAX;

	return at < size && octets.size <= size - at &&
		(octets.size == FRAGMENT_DATA_SIZE_MAX || octets.size == size - at);
}

/* True when the answer is whole. A datagram that tells another size than those before it
 * begins anew: no lie may keep the true answer out. */
static bool
ask_take_fragment(struct client_ask *ask, const struct envelope *envelope, struct bytes octets)
{
	size_t at = (size_t)envelope->sequence * FRAGMENT_DATA_SIZE_MAX;

	if (!fragment_is_possible(envelope, octets)) {
		return false;
	}
	if (ask->octets != NULL && envelope->message_size != ask->octets_size) {
		ask_forget_fragments(ask);
	}
	if (ask->octets == NULL) {
		ask->octets = malloc(envelope->message_size);
		ask->octets_size = envelope->message_size;
		ask->fragments_left = message_fragment_count(envelope->message_size);
		if (ask->octets == NULL) {
			ask_end(ask, STATUS_NO_MEMORY);
			return false;
		}
	}
	if (ask->is_received[envelope->sequence] != 0) {
		return false;
	}
	memcpy(ask->octets + at, octets.at, octets.size);
	ask->is_received[envelope->sequence] = 1;
	return --ask->fragments_left == 0;
}

static void ask_leave_udp(struct client_ask *ask);

static bool
ask_is_guessed_at(const struct client_ask *ask)
{
	return ask->forgery_count >= CLIENT_FORGERY_COUNT_MAX;
}

/* Who guesses has one try in 2^31 for each datagram, and is given few of them. */
static void
ask_note_forgery(struct client_ask *ask)
{
	if (++ask->forgery_count == CLIENT_FORGERY_COUNT_MAX) {
		ask_leave_udp(ask);
	}
}

static void
ask_take_datagram(struct client_ask *ask, const struct loop_datagram *datagram)
{
	struct wire_reader reader = wire_reader_over(datagram->octets);
	struct envelope envelope;
	struct bytes octets;

	envelope_read(&reader, &envelope);
	octets = wire_read_rest(&reader);
	if (!wire_reader_ok(&reader) || envelope.request_id != ask->envelope.request_id ||
		!address_equal(&datagram->peer, &ask->server)) {
		ask_note_forgery(ask); /* Somebody else's, or a forgery: keep waiting. */
		return;
	}
	if (!ask_take_fragment(ask, &envelope, octets)) {
		return;
	}
	if (ask_decode(ask, &envelope, bytes_over(ask->octets, ask->octets_size)) == STATUS_OK) {
		ask->transport = CLIENT_TRANSPORT_UDP;
		ask->tries = ask->udp_tries;
		ask_take_answer(ask);
		return;
	}
	/* Not an answer after all; a true one may still come. */
	ask_forget_fragments(ask);
	ask_note_forgery(ask);
}

static void
ask_received(void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count)
{
	struct client_ask *ask = context;

	(void)udp;
	for (size_t i = 0; i < count && !ask->is_over && !ask->is_paused && !ask_is_guessed_at(ask);
		i++) {
		ask_take_datagram(ask, &batch[i]);
	}
}

static size_t
carrier_received(void *context, struct bytes octets)
{
	struct client_ask *ask = context;
	struct wire_reader reader = wire_reader_over(octets);
	struct envelope envelope;
	struct bytes message;
	enum status status;

	if (ask->is_over || ask->is_paused) {
		return octets.size;
	}
	envelope_read(&reader, &envelope);
	message = wire_read_bytes(&reader, envelope.message_size);
	if (reader.status == STATUS_TRUNCATED) {
		return 0;
	}
	status = reader.status;
	ask->has_more_come = wire_reader_left(&reader) > 0;
	/* Errors before the request was understood carry the id 0xffffffff. */
	if (status == STATUS_OK && envelope.request_id != ask->envelope.request_id &&
		envelope.request_id != UINT32_MAX) {
		status = STATUS_MALFORMED;
	}
	if (status == STATUS_OK) {
		free(ask->octets);
		ask->octets = malloc(message.size + 1);
		status = ask->octets == NULL ? STATUS_NO_MEMORY : STATUS_OK;
	}
	if (status == STATUS_OK) {
		memcpy(ask->octets, message.at, message.size);
		status = ask_decode(ask, &envelope, bytes_over(ask->octets, message.size));
	}
	if (status == STATUS_OK) {
		ask_take_answer(ask);
	} else {
		ask_end(ask, status);
	}
	return octets.size;
}

static void ask_by_web(void *context);
static enum status ask_by_tcp(struct client_ask *ask, struct problem *problem);

/* Nobody listens there, or the answer is none: HTTP may get through what TCP does not. */
static void
carrier_closed(void *context, enum status status)
{
	struct client_ask *ask = context;

	ask_drop_carrier(ask);
	if (ask->is_over || ask->is_paused) {
		return;
	}
	if (ask->is_carrier_kept) {
		/* The server had closed it meanwhile, and has not seen the question. */
		status = ask_by_tcp(ask, NULL);
		if (status == STATUS_OK) {
			return;
		}
	}
	if (ask->transport == CLIENT_TRANSPORT_TCP && ask->has_web) {
		ask_by_web(ask);
	} else {
		ask_end(ask,
			status == STATUS_UNSUPPORTED || status == STATUS_BUSY ? status
									      : STATUS_CLOSED);
	}
}

static const struct client_carrier_calls carrier_calls = {carrier_received, carrier_closed};

/* One that was kept, unless that has just failed; else a new one. NULL: there is no way. */
static struct client_carrier *
ask_take_carrier(struct client_ask *ask, const struct client_place *place, struct problem *problem)
{
	struct client_carrier *carrier = NULL;

	if (ask->kept != NULL && !ask->is_carrier_kept &&
		place->transport == CLIENT_TRANSPORT_TCP) {
		carrier = client_kept_take(ask->kept, &place->address);
	}
	ask->is_carrier_kept = carrier != NULL;
	ask->carrier_address = place->address;
	if (carrier != NULL) {
		client_carrier_own(carrier, &carrier_calls, ask);
		return carrier;
	}
	return client_carrier_open(ask->loop, place, &carrier_calls, ask, problem);
}

static enum status
ask_carried(struct client_ask *ask, const struct client_place *place, struct problem *problem)
{
	struct wire_writer writer = wire_writer_over(ask->request, ENVELOPE_SIZE);

	ask->tries = ask->transport == place->transport ? ask->tries + 1 : 1;
	ask->transport = place->transport;
	ask->carrier = ask_take_carrier(ask, place, problem);
	if (ask->carrier == NULL) {
		return problem == NULL ? STATUS_SYSTEM : problem->status;
	}
	envelope_write(&writer, &ask->envelope);
	return client_carrier_write(
		ask->carrier, bytes_over(ask->request, ENVELOPE_SIZE + ask->request_size));
}

static void
ask_by_web(void *context)
{
	struct client_ask *ask = context;
	enum status status;

	loop_timer_clear(ask->loop, &ask->retry);
	ask_drop_carrier(ask);
	status = ask_carried(ask, &ask->web, NULL);
	if (status != STATUS_OK) {
		ask_end(ask, status);
	}
}

/* Or HTTP, if there is no way. */
static enum status
ask_by_tcp(struct client_ask *ask, struct problem *problem)
{
	struct client_place place = {.address = ask->server, .transport = CLIENT_TRANSPORT_TCP};

	address_set_port(&place.address, ask->tcp_port);
	if (ask->has_web) {
		loop_timer_set(ask->loop, &ask->retry, loop_now_ms(ask->loop) + ask->tcp_wait_ms,
			ask_by_web, ask);
	}
	return ask_carried(ask, &place, problem);
}

static void ask_retry(void *context);

static void
ask_by_udp(struct client_ask *ask)
{
	struct bytes message = bytes_over(ask->request + ENVELOPE_SIZE, ask->request_size);
	size_t count = message_fragment_count(message.size);
	struct envelope envelope = ask->envelope;

	envelope.is_truncated = count > 1;
	for (size_t i = 0; i < count; i++) {
		uint8_t *place = loop_udp_reserve(ask->udp, &ask->server);
		struct wire_writer writer = wire_writer_over(place, DATAGRAM_SIZE_MAX);

		envelope.sequence = (uint32_t)i;
		envelope_write(&writer, &envelope);
		wire_write_bytes(&writer, message_fragment_data(message, i));
		loop_udp_commit(ask->udp, wire_writer_size(&writer));
	}
	ask->udp_tries = ++ask->tries;
	loop_timer_set(ask->loop, &ask->retry,
		loop_now_ms(ask->loop) + (int64_t)ask->udp_wait_ms * ask->tries, ask_retry, ask);
}

/* An answer over UDP that is late may still come first, unless somebody guesses. */
static void
ask_leave_udp(struct client_ask *ask)
{
	enum status status;

	loop_timer_clear(ask->loop, &ask->retry);
	if (ask->transport != CLIENT_TRANSPORT_UDP) {
		return;
	}
	if (ask->has_web && ask->is_without_tcp) {
		ask_by_web(ask);
		return;
	}
	status = ask_by_tcp(ask, NULL);
	if (status != STATUS_OK) {
		ask_end(ask, status);
	}
}

static void
ask_retry(void *context)
{
	struct client_ask *ask = context;

	if (ask->tries < ask->udp_try_count) {
		ask_by_udp(ask);
	} else {
		ask_leave_udp(ask);
	}
}

/* A new number for each round: answers to what was asked before the pause are nobody's. */
static void
ask_draw_id(struct client_ask *ask)
{
	crypto_random(&ask->envelope.request_id, sizeof(ask->envelope.request_id));
	ask->envelope.request_id &= INT32_MAX; /* Handle.net takes it for a signed number. */
}

static void
ask_again(void *context)
{
	struct client_ask *ask = context;
	enum status status;

	ask->is_paused = false;
	ask->tries = 0;
	ask->forgery_count = 0;
	ask_forget_fragments(ask);
	ask_drop_carrier(ask);
	ask_draw_id(ask);
	if (ask->transport == CLIENT_TRANSPORT_UDP) {
		ask_by_udp(ask);
		return;
	}
	status = ask->transport == CLIENT_TRANSPORT_TCP ? ask_by_tcp(ask, NULL)
							: ask_carried(ask, &ask->web, NULL);
	if (status != STATUS_OK) {
		ask_end(ask, status);
	}
}

static enum status
ask_start(struct client_ask *ask, const struct client_question *question, struct problem *problem)
{
	loop_timer_set(ask->loop, &ask->deadline, ask->deadline_ms, ask_deadline, ask);
	if (question->is_web_only) {
		return ask_carried(ask, question->web, problem);
	}
	if (question->is_tcp_only) {
		return ask_by_tcp(ask, problem);
	}
	ask->udp = loop_udp_open_asking(ask->loop, &ask->server, ask_received, ask, problem);
	if (ask->udp == NULL) {
		return problem == NULL ? STATUS_SYSTEM : problem->status;
	}
	ask_by_udp(ask);
	return STATUS_OK;
}

/* The ask, with its request behind it: no larger than it must be, because a resolver has
 * thousands. */
static struct client_ask *
ask_new(const struct request *request, struct problem *problem)
{
	uint8_t usual[REQUEST_SIZE_USUAL];
	uint8_t *large = NULL;
	struct wire_writer writer = wire_writer_over(usual, sizeof(usual));
	struct client_ask *ask = NULL;

	request_write(&writer, request);
	if (writer.status == STATUS_NO_SPACE) {
		large = malloc(MESSAGE_SIZE_MAX);
		writer = wire_writer_over(large, large == NULL ? 0 : MESSAGE_SIZE_MAX);
		request_write(&writer, request);
	}
	if (wire_writer_end(&writer) != STATUS_OK) {
		problem_set(
			problem, STATUS_TOO_LARGE, "the request is larger than a message can be");
	} else {
		struct bytes written = wire_written(&writer);

		ask = calloc(1, sizeof(*ask) + ENVELOPE_SIZE + written.size);
		if (ask == NULL) {
			problem_system(problem, "cannot ask");
		} else {
			memcpy(ask->request + ENVELOPE_SIZE, written.at, written.size);
			ask->request_size = written.size;
		}
	}
	free(large);
	return ask;
}

struct client_ask *
client_ask(struct loop *loop, const struct client_question *question, client_answered *answered,
	void *context, struct problem *problem)
{
	struct client_ask *ask = ask_new(question->request, problem);
	uint32_t deadline_ms =
		question->deadline_ms == 0 ? DEADLINE_DEFAULT_MS : question->deadline_ms;

	if (ask == NULL) {
		return NULL;
	}
	ask->loop = loop;
	ask->server = question->server;
	ask->tcp_port =
		question->tcp_port == 0 ? address_port(&question->server) : question->tcp_port;
	ask->answered = answered;
	ask->context = context;
	ask->begun_ms = loop_now_ms(loop);
	ask->deadline_ms = ask->begun_ms + deadline_ms;
	ask->udp_wait_ms = question->udp_wait_ms == 0 ? WAIT_DEFAULT_MS : question->udp_wait_ms;
	ask->udp_try_count =
		question->udp_try_count == 0 ? TRY_COUNT_DEFAULT : question->udp_try_count;
	ask->tcp_wait_ms =
		question->tcp_wait_ms == 0 ? CLIENT_TCP_PATIENCE_MS : question->tcp_wait_ms;
	ask->is_without_tcp = question->is_without_tcp;
	ask->kept = question->kept;
	ask->opcode = question->request->message.header.opcode;
	if (question->web != NULL) {
		ask->has_web = true;
		ask->web = *question->web;
	}
	ask->envelope = question->request->message.envelope;
	ask->is_busy_an_answer = question->is_busy_an_answer;
	ask_draw_id(ask);
	ask->envelope.message_size = (uint32_t)ask->request_size;
	if (ask_start(ask, question, problem) != STATUS_OK) {
		ask_free(ask);
		return NULL;
	}
	return ask;
}

void
client_ask_cancel(struct client_ask *ask)
{
	if (ask != NULL) {
		ask_free(ask);
	}
}
