/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/address.h"
#include "base/bytes.h"
#include "base/problem.h"

/*
 * The Handle messages in a capture file (pcap or pcapng, as tcpdump and Wireshark write them).
 *
 * Packets of Ethernet (with VLAN tags), Linux "cooked", loopback and raw IP; IPv4 and IPv6;
 * UDP and TCP from or to one port. Messages in several datagrams are joined, streams are put
 * in order in each direction; what is held back meanwhile is bounded (capture_flow.h). What
 * makes no message is delivered as found: datagrams that lack fragments, the end of a stream
 * that broke off, streams that turned into something else. IP fragments are passed over.
 */
struct capture_message {
	struct bytes octets; /* Envelope and message; lives until the callback returns. */
	struct address source;
	struct address destination;
	bool is_tcp;
	size_t fragment_count; /* Datagrams that it came in; 0 over TCP. */
	size_t packet; /* Number of the last packet that it came in, from 1. */
	int64_t seconds; /* When that was, since 1970. */
};

typedef void capture_found(void *context, const struct capture_message *message);

struct capture_counts {
	size_t packets;
	size_t cut; /* Recorded shorter than they were. */
	size_t fragments; /* Of IP. */
};

/* `octets` is the whole file. */
enum status capture_read(struct bytes octets, uint16_t port, capture_found *found, void *context,
	struct capture_counts *ret_counts, struct problem *problem) MUST_CHECK;
