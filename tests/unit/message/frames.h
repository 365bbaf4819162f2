/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "message/request.h"
#include "message/response.h"

/*
 * One message with its envelope taken apart, and put together again: what the tests of this
 * folder share. The parts are views into the octets given.
 */
struct frame {
	struct envelope envelope;
	struct bytes octets; /* Behind the envelope, as many as it announces. */
	struct bytes rest; /* Behind the message. */
};

/* TRUNCATED when fewer octets are there than the envelope announces. */
enum status frame_split(struct bytes octets, struct frame *ret_frame) MUST_CHECK;

/* Envelope and message as the encoder writes them, in a buffer that the next call reuses. */
struct bytes frame_join(const struct envelope *envelope, struct bytes octets);
struct bytes message_octets(const struct message *message);
struct bytes request_octets(const struct request *request);
struct bytes response_octets(const struct response *response);

void assert_run(struct bytes found, struct bytes expected);
