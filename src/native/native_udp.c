/* SPDX-License-Identifier: Apache-2.0 */
#include "native/native_worker.h"

#include "handle/handle_name.h"

/*
 * Datagrams. A batch goes through four passes - accept, begin, look ahead, answer - so that
 * the memory each look-up needs is on its way while the others are worked on.
 *
 * Silence is the rule for everything that is not a well-formed request: an answer to
 * garbage, to an answer or to an error could set two servers against each other for ever.
 */
enum { MESSAGE_SIZE_MIN = ENVELOPE_SIZE + HEADER_SIZE };

/* Ports of services that answer everything, and 0, from which nobody asks. */
static bool
port_is_refused(const struct native *native, uint16_t port)
{
	static const uint16_t refused[] = {0, 7, 13, 17, 19, 53, 123};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (port == refused[i]) {
			return true;
		}
	}
	for (size_t i = 0; i < native->udp_count; i++) {
		if (port == native->ports[i]) {
			return true;
		}
	}
	return false;
}

static void reassembly_watch(struct native *native);

static void
reassembly_due(void *context)
{
	struct native *native = context;
	int64_t now_ms = loop_now_ms(native->loop);

	monitor_add(native->row, METRIC_UDP_REASSEMBLY_EXPIRED,
		reassembly_expire(native->reassembly, now_ms));
	reassembly_watch(native);
}

static void
reassembly_watch(struct native *native)
{
	if (reassembly_count(native->reassembly) > 0) {
		loop_timer_set(native->loop, &native->reassembly_timer,
			reassembly_due_ms(native->reassembly), reassembly_due, native);
	}
}

/* A fragment: true when it made its message whole. */
static bool
accept_fragment(struct native *native, struct udp_slot *slot, const struct envelope *envelope,
	struct bytes fragment, struct bytes *ret_octets)
{
	const struct reassembly_fragment part = {
		slot->peer, envelope, fragment, loop_now_ms(native->loop)};
	size_t waiting = reassembly_count(native->reassembly);
	enum reassembly_verdict verdict =
		reassembly_add(native->reassembly, &part, &slot->reassembled, ret_octets);

	if (reassembly_count(native->reassembly) > waiting) {
		monitor_add(native->row, METRIC_UDP_REASSEMBLY_STARTED, 1);
	}
	/* Set for the oldest message, or for one that was answered since: never too late. */
	if (!native->reassembly_timer.is_set) {
		reassembly_watch(native);
	}
	switch (verdict) {
	case REASSEMBLY_WHOLE:
		slot->request_size = (uint32_t)(ret_octets->size +
			message_fragment_count(ret_octets->size) * ENVELOPE_SIZE);
		monitor_add(native->row, METRIC_UDP_REASSEMBLY_COMPLETED, 1);
		return true;
	case REASSEMBLY_WAITING:
		return false;
	case REASSEMBLY_REFUSED:
		monitor_add(native->row, METRIC_UDP_DROPPED_REASSEMBLY, 1);
		return false;
	}
	return false;
}

/* Takes a datagram in if it is, or completes, a request that may be answered. */
static bool
accept_datagram(struct native *native, const struct loop_datagram *datagram, struct udp_slot *slot)
{
	struct wire_reader reader = wire_reader_over(datagram->octets);
	struct envelope envelope;
	struct bytes octets;
	enum status status;

	slot->peer = &datagram->peer;
	address_octets(slot->peer, slot->source);
	slot->local = &datagram->local;
	slot->reassembled = NULL;
	slot->request_size = (uint32_t)datagram->octets.size;
	if (port_is_refused(native, address_port(&datagram->peer))) {
		monitor_add(native->row, METRIC_UDP_DROPPED_PORT, 1);
		return false;
	}
	envelope_read(&reader, &envelope);
	octets = wire_read_rest(&reader);
	if (!wire_reader_ok(&reader)) {
		monitor_add(native->row, METRIC_UDP_DROPPED_SHORT, 1);
		return false;
	}
	if (envelope.is_truncated && envelope.message_size > octets.size) {
		if (!accept_fragment(native, slot, &envelope, octets, &octets)) {
			return false;
		}
	} else if (octets.size != envelope.message_size ||
		datagram->octets.size < MESSAGE_SIZE_MIN) {
		monitor_add(native->row, METRIC_UDP_DROPPED_SHORT, 1);
		return false;
	}
	status = exchange_decode(&envelope, octets, &slot->exchange);
	if (status != STATUS_OK) {
		monitor_add(native->row,
			status == STATUS_INVALID ? METRIC_UDP_DROPPED_RESPONSE
						 : METRIC_UDP_DROPPED_MALFORMED,
			1);
		if (slot->reassembled != NULL) {
			reassembly_release(native->reassembly, slot->reassembled);
		}
		return false;
	}
	return true;
}

static bool
source_may_get(struct native *native, const struct udp_slot *slot, size_t size)
{
	const struct native_settings *settings = native->settings;

	if (size <= slot->request_size) {
		return true;
	}
	if (native_source_is_exempt(native, slot->source) ||
		native_limit_allows(native->limit, slot->source, loop_now_ms(native->loop),
			(struct rate_budget){settings->udp_byte_rate, settings->udp_byte_burst},
			slot->request_size, size)) {
		return true;
	}
	monitor_add(native->row, METRIC_UDP_DROPPED_RATE, 1);
	return false;
}

/* A refusal gives its sender no more octets than it brought: its text is left out if it
 * would not fit. */
static void
trim_refusal(const struct udp_slot *slot, struct response *response)
{
	if (response_shape(response->message.header.opcode,
		    response->message.header.response_code) == RESPONSE_MESSAGE &&
		MESSAGE_SIZE_MIN + 8 + response->digest.size + response->error.text.size >
			slot->request_size) {
		response->error.text = (struct bytes){NULL, 0};
	}
}

/* An answer that one datagram cannot hold: each fragment behind an envelope of its own. */
static void
send_fragments(struct native *native, struct loop_udp *udp, const struct udp_slot *slot,
	struct bytes octets)
{
	struct bytes message = bytes_slice(octets, ENVELOPE_SIZE, SIZE_MAX);
	size_t count = message_fragment_count(message.size);
	struct wire_reader reader = wire_reader_over(octets);
	struct envelope envelope;

	if (count > native->settings->udp_fragment_count_max) {
		monitor_add(native->row, METRIC_UDP_DROPPED_LARGE, 1);
		return;
	}
	if (!source_may_get(native, slot, message.size + count * ENVELOPE_SIZE)) {
		return;
	}
	envelope_read(&reader, &envelope);
	for (size_t i = 0; i < count; i++) {
		uint8_t *place = loop_udp_reserve_from(udp, slot->peer, slot->local);
		struct wire_writer writer = wire_writer_over(place, DATAGRAM_SIZE_MAX);

		envelope.sequence = (uint32_t)i;
		envelope_write(&writer, &envelope);
		wire_write_bytes(&writer, message_fragment_data(message, i));
		loop_udp_commit(udp, wire_writer_size(&writer));
	}
	monitor_add(native->row, METRIC_UDP_FRAGMENTS_SENT, count);
	monitor_add(native->row, METRIC_UDP_OCTETS_OUT, message.size + count * ENVELOPE_SIZE);
}

/* What an answer that comes again and again is about: a handle, or if there is none, its prefix, so
 * that names made up one after the other count together. */
static struct bytes
answer_subject(const struct exchange *exchange)
{
	struct bytes name = request_handle(&exchange->request);

	return exchange->response.message.header.response_code == RESPONSE_SUCCESS
		? name
		: handle_name_prefix(name);
}

/* False if it is kept back; else it may have become the advice to use TCP. */
static bool
answer_may_leave(struct native *native, struct udp_slot *slot)
{
	const struct native_settings *settings = native->settings;
	const struct rate_budget budget = {
		settings->udp_answer_rate, settings->udp_answer_rate * 2};

	if (settings->udp_answer_rate == 0 || native_source_is_exempt(native, slot->source) ||
		native_limit_repeats(native->limit, slot->source, loop_now_ms(native->loop), budget,
			answer_subject(&slot->exchange))) {
		return true;
	}
	monitor_add(native->row, METRIC_UDP_LIMITED_REPEATS, 1);
	if (settings->udp_answer_slip == 0 || ++native->slip_count < settings->udp_answer_slip) {
		return false;
	}
	native->slip_count = 0;
	exchange_refuse(
		native->service, &slot->exchange, STATUS_BUSY, TEXT("too often over UDP: use TCP"));
	return true;
}

static void
send_exchange(struct native *native, struct loop_udp *udp, struct udp_slot *slot)
{
	uint8_t *place;
	struct wire_writer writer;

	if (!answer_may_leave(native, slot)) {
		return;
	}
	trim_refusal(slot, &slot->exchange.response);
	service_count_answer(native->service, &slot->exchange.response);
	place = loop_udp_reserve_from(udp, slot->peer, slot->local);
	writer = wire_writer_over(place, DATAGRAM_SIZE_MAX);
	service_write(&writer, &slot->exchange.response);
	if (wire_writer_end(&writer) == STATUS_OK) {
		size_t size = wire_writer_size(&writer);

		size = source_may_get(native, slot, size) ? size : 0;
		loop_udp_commit(udp, size);
		monitor_add(native->row, METRIC_UDP_OCTETS_OUT, size);
		return;
	}
	loop_udp_commit(udp, 0);
	writer = wire_writer_over(native->out, sizeof(native->out));
	service_write(&writer, &slot->exchange.response);
	if (wire_writer_end(&writer) == STATUS_OK) {
		send_fragments(native, udp, slot, wire_written(&writer));
	}
}

static void
udp_answered(struct native_task *task, bool is_last)
{
	struct udp_slot slot = {
		.peer = &task->peer, .local = &task->local, .request_size = task->request_size};
	struct bytes octets = operation_octets(task->operation);

	(void)is_last; /* Lists are not taken over UDP. */
	address_octets(slot.peer, slot.source);
	/* Without octets there is no answer: the client tries again, or over TCP. */
	if (octets.size > 0 && !task->native->is_stopping) {
		send_fragments(task->native, task->udp, &slot, octets);
	}
	native_task_free(task);
}

static enum status
task_begin(struct native *native, struct loop_udp *udp, const struct udp_slot *slot)
{
	struct operation_order order = {.is_datagram = true, .request_size = slot->request_size};
	struct native_task *task;
	enum status status;

	memcpy(order.source, slot->source, sizeof(order.source));
	status = native_task_new(native, &slot->exchange, &order, udp_answered, &task);
	if (status == STATUS_OK) {
		task->udp = udp;
		task->peer = *slot->peer;
		task->local = *slot->local;
		task->request_size = slot->request_size;
		operation_start(task->operation);
	}
	return status;
}

static void
answer_slot(struct native *native, struct loop_udp *udp, struct udp_slot *slot)
{
	struct exchange *exchange = &slot->exchange;
	enum status status;

	if (exchange_answer(native->service, exchange, native->arena)) {
		send_exchange(native, udp, slot);
	} else {
		status = task_begin(native, udp, slot);
		if (status != STATUS_OK) {
			exchange_refuse(native->service, exchange, status,
				TEXT("too many operations are under way"));
			send_exchange(native, udp, slot);
		}
	}
	arena_reset(native->arena);
	if (slot->reassembled != NULL) {
		reassembly_release(native->reassembly, slot->reassembled);
	}
}

void
native_udp_received(
	void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count)
{
	struct native *native = context;
	struct look_ahead *ahead = &native->ahead;
	size_t accepted = 0;
	size_t octets_in = 0;

	ahead->count = 0;
	for (size_t i = 0; i < count; i++) {
		octets_in += batch[i].octets.size;
		if (accept_datagram(native, &batch[i], &native->slots[accepted])) {
			exchange_begin(native->service, &native->slots[accepted].exchange,
				native->slots[accepted].source, ahead);
			accepted++;
		}
	}
	service_look_ahead(native->service, ahead->queries, ahead->count);
	for (size_t i = 0; i < accepted; i++) {
		answer_slot(native, udp, &native->slots[i]);
	}
	monitor_add(native->row, METRIC_UDP_RECEIVED, count);
	monitor_add(native->row, METRIC_UDP_OCTETS_IN, octets_in);
	monitor_add(native->row, METRIC_UDP_REQUESTS, accepted);
}
