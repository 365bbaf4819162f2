/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_link_private.h"

#include <stdlib.h>
#include <string.h>

/*
 * The queue and the connection. A request waits, is sent, is answered; what comes back is
 * judged in client_link_answer.c.
 */

void
client_call_append(struct client_call_list *list, struct client_call *call)
{
	call->next = NULL;
	if (list->last == NULL) {
		list->first = call;
	} else {
		list->last->next = call;
	}
	list->last = call;
	list->count++;
}

struct client_call *
client_call_take(struct client_call_list *list, struct client_call *call)
{
	struct client_call **place = &list->first;
	struct client_call *before = NULL;

	while (*place != call) {
		before = *place;
		place = &before->next;
	}
	*place = call->next;
	if (list->last == call) {
		list->last = before;
	}
	list->count--;
	return call;
}

/* One at a time until the server keeps connections and a session knows who we are. */
static uint32_t
link_depth(const struct client_link *link)
{
	bool is_open = !link->settings.is_session ||
		(link->session.id != 0 &&
			(link->settings.identity == NULL || link->facts.is_authenticated));

	return link->facts.is_kept && is_open ? link->settings.depth : 1;
}

/* What it asked for may be secret: a key that is created, the proof of one. */
static void
call_free(struct client_call *call)
{
	crypto_forget(call->run, call->run_size);
	free(call);
}

void
client_link_tell(struct client_link *link, struct client_call *call, enum status status,
	const struct client_answer *answer)
{
	(void)link;
	if (call->answered != NULL) {
		call->answered(call->context, status, answer);
	}
	call_free(call);
}

void
client_link_drop_carrier(struct client_link *link)
{
	struct client_carrier *carrier = link->carrier;

	link->carrier = NULL;
	client_carrier_close(carrier);
	link->is_answered = false;
}

/* The connection is of no use any more: everything sent is told `status`. */
static void
client_link_fail(struct client_link *link, enum status status)
{
	struct client_call_list failed = link->sent;

	client_link_drop_carrier(link);
	link->sent = (struct client_call_list){NULL, NULL, 0};
	while (failed.first != NULL) {
		struct client_call *call = client_call_take(&failed, failed.first);
		bool is_setup = call->is_setup;

		client_link_tell(link, call, status, NULL);
		if (is_setup && link->waiting.first != NULL) {
			/* Who waited for the session hears why there is none. */
			call = client_call_take(&link->waiting, link->waiting.first);
			client_link_tell(link, call, status, NULL);
		}
	}
}

static void
link_deadline(void *context)
{
	client_link_fail(context, STATUS_TIMED_OUT);
	client_link_pump(context);
}

/* One timer, for the request that has been on its way longest. */
static void
link_set_deadline(struct client_link *link)
{
	const struct client_call *first = link->sent.first;

	loop_timer_clear(link->loop, &link->deadline);
	if (first != NULL) {
		/* What is tried again has what is left of its time. */
		int64_t since_ms = first->busy_count > 0 ? first->begun_ms : first->sent_ms;

		loop_timer_set(link->loop, &link->deadline, since_ms + link->settings.deadline_ms,
			link_deadline, link);
	}
}

static size_t
carrier_received(void *context, struct bytes octets)
{
	struct client_link *link = context;
	const struct client_carrier *carrier = link->carrier;
	size_t taken = 0;

	while (link->carrier == carrier) {
		struct wire_reader reader =
			wire_reader_over(bytes_slice(octets, taken, octets.size - taken));
		size_t before = wire_reader_left(&reader);
		struct envelope envelope;
		struct bytes message;
		enum status status;

		envelope_read(&reader, &envelope);
		message = wire_read_bytes(&reader, envelope.message_size);
		if (reader.status == STATUS_TRUNCATED) {
			break;
		}
		status = wire_reader_ok(&reader) ? client_link_take(link, &envelope, message)
						 : STATUS_MALFORMED;
		if (status != STATUS_OK) {
			client_link_fail(link, status);
			taken = octets.size;
			break;
		}
		link->is_answered = true;
		taken += before - wire_reader_left(&reader);
	}
	client_link_pump(link);
	return taken;
}

/* A server that closes behind an answer is done; one that closes before it, is gone. */
static void
carrier_closed(void *context, enum status status)
{
	struct client_link *link = context;
	bool is_answered = link->is_answered;
	bool is_told = !is_answered && (status == STATUS_SYSTEM || status == STATUS_UNSUPPORTED);

	client_link_drop_carrier(link);
	if (link->sent.first != NULL || !is_answered) {
		client_link_fail(link, is_told ? status : STATUS_CLOSED);
	}
	client_link_pump(link);
}

static const struct client_carrier_calls carrier_calls = {carrier_received, carrier_closed};

/* Envelope, then run and credential, in a session with an HS_MAC and maybe encrypted. */
static enum status
message_seal(struct client_link *link, struct envelope *envelope, struct bytes run,
	bool is_encrypted, size_t *ret_size)
{
	struct wire_writer writer =
		wire_writer_over(link->octets + ENVELOPE_SIZE, CLIENT_LINK_ROOM - ENVELOPE_SIZE);
	size_t size;
	enum status status;

	wire_write_bytes(&writer, run);
	if (link->session.id != 0) {
		client_session_seal(&link->session, envelope, run, &writer);
	} else {
		wire_write_u32(&writer, 0);
	}
	status = wire_writer_end(&writer);
	size = wire_writer_size(&writer);
	if (status == STATUS_OK && is_encrypted) {
		memcpy(link->plain, link->octets + ENVELOPE_SIZE, size);
		status = session_encrypt(&link->session.key, link->session.version,
			bytes_over(link->plain, size), link->octets + ENVELOPE_SIZE, &size);
		crypto_forget(link->plain, size);
	}
	if (status == STATUS_OK && size > MESSAGE_SIZE_MAX) {
		status = STATUS_TOO_LARGE;
	}
	*ret_size = size;
	return status;
}

enum status
client_link_write(
	struct client_link *link, struct client_call *call, struct bytes run, uint32_t session_id)
{
	bool is_encrypted =
		link->session.id != 0 && (call->is_private || link->settings.is_encrypted);
	struct envelope envelope = {
		.version = link->session.id != 0 ? link->session.version : VERSION_OURS,
		.suggested = VERSION_OURS,
		.session_id = session_id,
		.is_encrypted = is_encrypted,
	};
	struct wire_writer writer = wire_writer_over(link->octets, ENVELOPE_SIZE);
	size_t size;
	enum status status;

	crypto_random(&envelope.request_id, sizeof(envelope.request_id));
	envelope.request_id &= INT32_MAX; /* Handle.net takes it for a signed number. */
	status = message_seal(link, &envelope, run, is_encrypted, &size);
	if (status == STATUS_OK) {
		envelope.message_size = (uint32_t)size;
		envelope_write(&writer, &envelope);
		status = client_carrier_write(
			link->carrier, bytes_over(link->octets, ENVELOPE_SIZE + size));
	}
	if (status == STATUS_OK) {
		call->request_id = envelope.request_id;
		call->sent_ms = loop_now_ms(link->loop);
		client_call_append(&link->sent, call);
	}
	return status;
}

bool
client_link_connect(struct client_link *link)
{
	if (link->carrier == NULL) {
		link->carrier = client_carrier_open(
			link->loop, &link->settings.server, &carrier_calls, link, NULL);
		link->facts.connections += link->carrier != NULL;
	}
	return link->carrier != NULL;
}

/* Header and body are written in the link's room, and kept in no more than they need. */
static struct client_call *
call_new(struct client_link *link, const struct request *request)
{
	struct wire_writer writer = wire_writer_over(link->octets, CLIENT_LINK_ROOM);
	struct client_call *call;
	size_t size;

	request_write(&writer, request);
	if (wire_writer_end(&writer) != STATUS_OK) {
		return NULL;
	}
	size = wire_writer_size(&writer) - sizeof(uint32_t); /* Without credential. */
	call = malloc(sizeof(*call) + size);
	if (call != NULL) {
		*call = (struct client_call){
			.opcode = request->message.header.opcode, .run_size = size};
		memcpy(call->run, link->octets, size);
	}
	return call;
}

/* The link's own request: opens the session that everything else waits for. */
static enum status
link_set_up_session(struct client_link *link)
{
	struct request request = {
		.message.header = {
			.opcode = OPCODE_SESSION_SETUP,
			.flags = MESSAGE_FLAG_CERTIFY | MESSAGE_FLAG_CACHE_CERTIFY |
				MESSAGE_FLAG_RECURSIVE | MESSAGE_FLAG_REQUEST_DIGEST |
				MESSAGE_FLAG_KEEP_ALIVE,
			.site_serial = UINT16_MAX,
		}};
	struct client_call *call;
	enum status status = client_session_ask(
		&link->session, link->settings.identity, 0, &request.session_setup);

	if (status != STATUS_OK) {
		return status;
	}
	if (link->settings.server_key == NULL) {
		/* Nobody could check a signature: none is asked for. */
		request.message.header.flags &= ~MESSAGE_FLAG_CERTIFY;
	}
	call = call_new(link, &request);
	if (call == NULL) {
		return STATUS_NO_MEMORY;
	}
	call->is_setup = true;
	status = client_link_write(link, call, bytes_over(call->run, call->run_size), 0);
	if (status != STATUS_OK) {
		call_free(call);
	}
	return status;
}

static enum status
link_send_next(struct client_link *link)
{
	struct client_call *call = link->waiting.first;
	enum status status;

	if (!call->is_begun) {
		call->is_begun = true;
		call->begun_ms = loop_now_ms(link->loop);
	}
	if (link->settings.is_session && link->session.id == 0) {
		return link_set_up_session(link);
	}
	client_call_take(&link->waiting, call);
	status = client_link_write(
		link, call, bytes_over(call->run, call->run_size), link->session.id);
	if (status != STATUS_OK) {
		/* In front again: the connection is full, or the request cannot be sent. */
		call->next = link->waiting.first;
		link->waiting.first = call;
		link->waiting.last = link->waiting.last == NULL ? call : link->waiting.last;
		link->waiting.count++;
	}
	return status;
}

static bool
link_may_send(const struct client_link *link)
{
	const struct client_call *next = link->waiting.first;

	if (link->is_taking || link->is_paused || next == NULL) {
		return false;
	}
	/* A server that was busy gets what it refused when all else is answered: so it is the
	 * first that was sent, too, and the first whose deadline comes. */
	return link->sent.count < (next->busy_count > 0 ? 1 : link_depth(link)) &&
		(link->sent.first == NULL || !link->sent.first->is_setup);
}

void
client_link_pump(struct client_link *link)
{
	if (!link->is_taking && link->is_answered && !link->facts.is_kept &&
		link->sent.first == NULL) {
		client_link_drop_carrier(link); /* The server closes behind each answer. */
	}
	while (link_may_send(link)) {
		enum status status =
			client_link_connect(link) ? link_send_next(link) : STATUS_SYSTEM;

		if (status == STATUS_BUSY) {
			break; /* Answers will make room. */
		}
		if (status != STATUS_OK && link->waiting.first != NULL) {
			client_link_tell(link,
				client_call_take(&link->waiting, link->waiting.first), status,
				NULL);
		}
	}
	link_set_deadline(link);
}

struct client_link *
client_link_new(struct loop *loop, const struct client_link_settings *settings)
{
	struct client_link *link = calloc(1, sizeof(*link));

	if (link == NULL) {
		return NULL;
	}
	link->loop = loop;
	link->settings = *settings;
	if (settings->server.transport == CLIENT_TRANSPORT_HTTP ||
		settings->server.transport == CLIENT_TRANSPORT_HTTPS) {
		link->settings.depth = 1;
	} else if (link->settings.depth == 0) {
		link->settings.depth = CLIENT_LINK_DEPTH_DEFAULT;
	}
	if (link->settings.deadline_ms == 0) {
		link->settings.deadline_ms = CLIENT_LINK_DEADLINE_DEFAULT_MS;
	}
	link->octets = malloc(CLIENT_LINK_ROOM);
	link->plain = malloc(CLIENT_LINK_ROOM);
	if (link->octets == NULL || link->plain == NULL) {
		client_link_free(link);
		return NULL;
	}
	return link;
}

static void
room_free(uint8_t *octets)
{
	if (octets != NULL) {
		crypto_forget(octets, CLIENT_LINK_ROOM);
		free(octets);
	}
}

static void
calls_free(struct client_call_list *list)
{
	while (list->first != NULL) {
		call_free(client_call_take(list, list->first));
	}
}

void
client_link_free(struct client_link *link)
{
	if (link == NULL) {
		return;
	}
	loop_timer_clear(link->loop, &link->deadline);
	loop_timer_clear(link->loop, &link->pause);
	client_carrier_close(link->carrier);
	calls_free(&link->waiting);
	calls_free(&link->sent);
	client_session_forget(&link->session);
	room_free(link->octets);
	room_free(link->plain);
	free(link);
}

static bool
list_is_private(const struct handle_value_list *list)
{
	struct wire_reader walk = handle_value_list_walk(list);
	struct handle_value value;

	while (handle_value_next(&walk, &value)) {
		if ((value.permissions & HANDLE_PUBLIC_READ) == 0) {
			return true;
		}
	}
	return false;
}

enum status
client_link_send(struct client_link *link, const struct request *request,
	client_link_answered *answered, void *context)
{
	struct request own = *request;
	struct client_call *call;

	own.message.header.flags |= MESSAGE_FLAG_KEEP_ALIVE;
	if (link->settings.is_session) {
		own.message.header.flags |= MESSAGE_FLAG_CERTIFY;
	}
	if (link->settings.is_encrypted) {
		own.message.header.flags |= MESSAGE_FLAG_ENCRYPT;
	}
	own.message.credential = (struct bytes){NULL, 0};
	call = call_new(link, &own);
	if (call == NULL) {
		return STATUS_TOO_LARGE;
	}
	call->answered = answered;
	call->context = context;
	call->number = link->call_count++;
	call->is_private = request_shape(call->opcode) == REQUEST_VALUES &&
		list_is_private(&request->values.values);
	client_call_append(&link->waiting, call);
	client_link_pump(link);
	return STATUS_OK;
}

struct client_link_facts
client_link_facts(const struct client_link *link)
{
	struct client_link_facts facts = link->facts;

	facts.session_id = link->session.id;
	return facts;
}
