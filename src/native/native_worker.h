/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "native/native.h"
#include "native/native_limit.h"
#include "native/native_reassembly.h"
#include "service/exchange.h"
#include "service/operation.h"

/*
 * What the files of this folder share: the state of one worker's front. Private.
 */
enum {
	NATIVE_SOCKET_COUNT_MAX = 16,
	NATIVE_OUT_SIZE = 2 * (MESSAGE_SIZE_MAX + ENVELOPE_SIZE),
};

/* One datagram's place in the batch being answered. */
struct udp_slot {
	const struct address *peer;
	const struct loop_local *local; /* Which of our addresses was asked. */
	uint8_t source[16]; /* The peer's address. */
	uint32_t request_size; /* Octets that came for this request, envelopes included. */
	bool is_request;
	struct reassembly_slot *reassembled;
	struct exchange exchange;
};

struct native_connection;

/* A small request that is all its connection sent: held back until every connection that is
 * ready has been read, and answered together with the others'. */
enum { HELD_SIZE_MAX = 512 };

struct tcp_held {
	struct native_connection *connection; /* NULL once it is gone. */
	struct exchange exchange;
	uint8_t octets[HELD_SIZE_MAX];
};

struct native {
	struct loop *loop;
	struct service *service;
	struct monitor_row *row;
	struct native_census *census;
	const struct native_settings *settings;
	struct arena *arena;
	struct native_limit *limit;
	uint32_t slip_count; /* Answers kept back since one said to use TCP. */
	struct reassembly *reassembly;
	struct loop_timer reassembly_timer;
	bool is_stopping;
	size_t task_count;

	size_t udp_count;
	struct loop_udp *udp[NATIVE_SOCKET_COUNT_MAX];
	uint16_t ports[NATIVE_SOCKET_COUNT_MAX];
	struct udp_slot slots[UDP_BATCH_MAX];
	struct look_ahead ahead;

	size_t listener_count;
	struct loop_listener *listeners[NATIVE_SOCKET_COUNT_MAX];
	size_t connection_count;
	struct native_connection *oldest; /* By last activity. */
	struct native_connection *newest;
	struct exchange exchanges[UDP_BATCH_MAX];
	size_t held_count;
	struct tcp_held held[UDP_BATCH_MAX];
	struct look_ahead held_ahead;

	uint8_t out[NATIVE_OUT_SIZE];
};

bool native_source_is_exempt(const struct native *native, const uint8_t source[16]);

/* An operation and where its answer goes. */
struct native_task;
typedef void native_answered(struct native_task *task, bool is_last);

struct native_task {
	struct native *native;
	struct operation *operation;
	native_answered *answered; /* Frees the task, now or later, unless more is to come. */
	/* TCP: tasks of a connection stand in the order of its requests. */
	struct native_task *next;
	struct native_connection *connection; /* NULL once it is gone. */
	bool is_started;
	bool is_answered;
	bool is_last; /* No more messages of this answer follow. */
	bool is_kept_alive;
	/* UDP. */
	struct loop_udp *udp;
	struct address peer;
	struct loop_local local;
	uint32_t request_size;
};

/* Makes an operation of what an exchange holds; `order` says where it came from. The caller
 * puts the task where it belongs and starts the operation. BUSY, NO_MEMORY. */
enum status native_task_new(struct native *native, const struct exchange *exchange,
	struct operation_order *order, native_answered *answered,
	struct native_task **ret_task) MUST_CHECK;
void native_task_free(struct native_task *task);

void native_tcp_accepted(void *context, struct loop_stream *stream, const struct address *peer);
void native_tcp_exhausted(void *context, struct loop_listener *listener);
void native_tcp_answer_held(struct native *native);
void native_tcp_stop(struct native *native);
void native_tcp_abandon(struct native *native);
void native_udp_received(
	void *context, struct loop_udp *udp, const struct loop_datagram *batch, size_t count);
