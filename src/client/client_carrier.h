/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/crypto_tls.h"
#include "loop/loop.h"

/*
 * What carries messages to one server and back: a TCP connection, or POST requests over HTTP or
 * HTTPS (handle-protocol, 15). Above it a message is a message.
 *
 *     carrier = client_carrier_open(loop, &place, &calls, context, &problem);
 *     client_carrier_write(carrier, message);        one whole message with its envelope
 *     ... received ... closed ...
 *     client_carrier_close(carrier);
 *
 * Over HTTP one message is under way at a time: the next is written when the answer to the one
 * before was received, from within `received` at the earliest. Whether its connection is kept is
 * the server's business: the carrier makes another when it is needed.
 *
 * The certificate of an HTTPS server proves nothing here: who has the right to answer is said by
 * the keys of the Handle System, and answers are signed with these, or sealed in a session. TLS
 * keeps what is asked and answered from those who listen. No secret is ever sent: identities are
 * proven by answers to challenges.
 */
enum client_transport {
	CLIENT_TRANSPORT_UDP,
	CLIENT_TRANSPORT_TCP,
	CLIENT_TRANSPORT_HTTP,
	CLIENT_TRANSPORT_HTTPS,
};

const char *client_transport_name(
	enum client_transport transport); /* "udp", "tcp", "http", "https". */

/* Where a server is, and how it is spoken to. */
struct client_place {
	struct address address;
	enum client_transport transport; /* UDP is taken for TCP. */
	const char *host; /* HTTP: how the server is called, with its port; NULL: its address. */
	const char *path; /* HTTP: where it takes messages; NULL: "/". */
};

struct client_carrier_calls {
	/* Octets of messages, together with those not consumed before; returns how many were
	 * consumed. The carrier may be closed inside. */
	size_t (*received)(void *context, struct bytes octets);
	/* It came to its end, which client_carrier_close() must follow. UNSUPPORTED: the server
	 * speaks HTTP and carries no messages; otherwise as in loop.h. */
	void (*closed)(void *context, enum status status);
};

struct client_carrier;

struct client_carrier *client_carrier_open(struct loop *loop, const struct client_place *place,
	const struct client_carrier_calls *calls, void *context, struct problem *problem);
/* BUSY past TCP_OUT_SIZE_MAX, and over HTTP while another waits; CLOSED, NO_MEMORY, SYSTEM. */
enum status client_carrier_write(struct client_carrier *carrier, struct bytes message) MUST_CHECK;
/* From now on others are told; not from within its callbacks, nor after `closed`. */
void client_carrier_own(
	struct client_carrier *carrier, const struct client_carrier_calls *calls, void *context);
void client_carrier_close(struct client_carrier *carrier); /* No call follows. NULL is fine. */
