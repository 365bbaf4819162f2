/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "program/wire/capture.h"

/*
 * Puts messages together from datagrams and from segments of streams.
 *
 * Held at most: CAPTURE_FLOW_COUNT_MAX messages of several datagrams and as many directions of
 * streams, each with one message and, for streams, CAPTURE_SEGMENT_COUNT_MAX segments that
 * came early. The one that was used longest ago makes room, and is delivered as it is.
 */
struct capture_flows;

struct capture_segment {
	struct capture_message about; /* Addresses, packet, time. */
	struct bytes data;
	uint32_t sequence; /* TCP. */
	bool is_start; /* SYN: data begins behind `sequence`. */
	bool is_end; /* FIN or RST. */
};

struct capture_flows *capture_flows_new(capture_found *found, void *context); /* NULL: memory. */
void capture_flows_datagram(struct capture_flows *flows, const struct capture_segment *segment);
void capture_flows_segment(struct capture_flows *flows, const struct capture_segment *segment);
void capture_flows_end(struct capture_flows *flows); /* Delivers what is held, and frees. */
