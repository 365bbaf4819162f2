/* SPDX-License-Identifier: Apache-2.0 */
#include "program/wire/capture.h"

#include "program/wire/capture_flow.h"
#include "wire/wire_reader.h"

#include <pcap/pcap.h>
#include <stdio.h>

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_VLAN_OUTER = 0x88a8,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	EXTENSION_COUNT_MAX = 8
};

/* Reads the link layer and returns the type of what it carries; 0 when that is not IP. */
static uint16_t
link_read(struct wire_reader *reader, int link)
{
	uint16_t type = 0;

	switch (link) {
	case DLT_EN10MB:
		wire_read_bytes(reader, 12);
		type = wire_read_u16(reader);
		while (type == TYPE_VLAN || type == TYPE_VLAN_OUTER) {
			wire_read_u16(reader);
			type = wire_read_u16(reader);
		}
		return type;
	case DLT_LINUX_SLL:
		wire_read_bytes(reader, 14);
		return wire_read_u16(reader);
	case DLT_LINUX_SLL2:
		type = wire_read_u16(reader);
		wire_read_bytes(reader, 18);
		return type;
	case DLT_NULL: /* The address family, in the order of the machine that captured. */
	case DLT_LOOP:
		wire_read_u32(reader);
		break;
	default: /* Raw IP. */
		break;
	}
	if (wire_reader_left(reader) > 0) {
		type = reader->next[0] >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4;
	}
	return type;
}

static bool
link_is_known(int link)
{
	switch (link) {
	case DLT_EN10MB:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_NULL:
	case DLT_LOOP:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return true;
	default:
		return false;
	}
}

/* What IP says about the packet; `payload` is what it carries, without padding. */
struct packet {
	uint8_t protocol;
	bool is_fragment;
	struct wire_reader payload;
};

static void
address_set(struct address *address, int family, struct bytes octets)
{
	*address = (struct address){0};
	if (octets.size == 0) {
		return;
	}
	if (family == AF_INET) {
		address->v4.sin_family = AF_INET;
		address->size = sizeof(address->v4);
		memcpy(&address->v4.sin_addr, octets.at, 4);
	} else {
		address->v6.sin6_family = AF_INET6;
		address->size = sizeof(address->v6);
		memcpy(&address->v6.sin6_addr, octets.at, 16);
	}
}

static void
ipv4_read(struct wire_reader *reader, struct capture_message *about, struct packet *packet)
{
	uint8_t first = wire_read_u8(reader);
	size_t header_size = (size_t)(first & 15) * 4;
	uint16_t size;
	uint16_t fragment;

	wire_read_u8(reader);
	size = wire_read_u16(reader);
	wire_read_u16(reader);
	fragment = wire_read_u16(reader);
	wire_read_u8(reader);
	packet->protocol = wire_read_u8(reader);
	wire_read_u16(reader);
	address_set(&about->source, AF_INET, wire_read_bytes(reader, 4));
	address_set(&about->destination, AF_INET, wire_read_bytes(reader, 4));
	if (first >> 4 != 4 || header_size < 20 || size < header_size) {
		wire_reader_fail(reader, STATUS_MALFORMED);
	}
	wire_read_bytes(reader, header_size - 20);
	packet->is_fragment = (fragment & 0x3fff) != 0;
	packet->payload = wire_read_section(reader, size - header_size);
}

static void
ipv6_read(struct wire_reader *reader, struct capture_message *about, struct packet *packet)
{
	uint16_t size;

	wire_read_u32(reader);
	size = wire_read_u16(reader);
	packet->protocol = wire_read_u8(reader);
	wire_read_u8(reader);
	address_set(&about->source, AF_INET6, wire_read_bytes(reader, 16));
	address_set(&about->destination, AF_INET6, wire_read_bytes(reader, 16));
	packet->payload = wire_read_section(reader, size);
	for (int i = 0; i < EXTENSION_COUNT_MAX; i++) {
		struct wire_reader *payload = &packet->payload;
		uint8_t protocol = packet->protocol;

		if (protocol == 44) {
			packet->is_fragment = true;
			return;
		}
		if (protocol != 0 && protocol != 43 && protocol != 60) {
			return;
		}
		packet->protocol = wire_read_u8(payload);
		wire_read_bytes(payload, (size_t)wire_read_u8(payload) * 8 + 6);
	}
}

struct capture {
	struct capture_flows *flows;
	struct capture_counts counts;
	uint16_t port;
};

static bool
ports_read(struct capture *capture, struct wire_reader *reader, struct capture_message *about)
{
	uint16_t source = wire_read_u16(reader);
	uint16_t destination = wire_read_u16(reader);

	address_set_port(&about->source, source);
	address_set_port(&about->destination, destination);
	return source == capture->port || destination == capture->port;
}

static void
udp_read(struct capture *capture, struct wire_reader *reader, struct capture_segment *segment)
{
	uint16_t size;

	if (!ports_read(capture, reader, &segment->about)) {
		return;
	}
	size = wire_read_u16(reader);
	wire_read_u16(reader);
	segment->data = wire_read_bytes(reader, size >= 8 ? size - 8U : 0);
	if (wire_reader_ok(reader)) {
		capture_flows_datagram(capture->flows, segment);
	}
}

static void
tcp_read(struct capture *capture, struct wire_reader *reader, struct capture_segment *segment)
{
	uint8_t flags;
	size_t header_size;

	segment->about.is_tcp = true;
	if (!ports_read(capture, reader, &segment->about)) {
		return;
	}
	segment->sequence = wire_read_u32(reader);
	wire_read_u32(reader);
	header_size = (size_t)(wire_read_u8(reader) >> 4) * 4;
	flags = wire_read_u8(reader);
	wire_read_bytes(reader, 6);
	if (header_size < 20) {
		wire_reader_fail(reader, STATUS_MALFORMED);
	}
	wire_read_bytes(reader, header_size - 20);
	segment->data = wire_read_rest(reader);
	segment->is_start = (flags & TCP_SYN) != 0;
	segment->is_end = (flags & (TCP_FIN | TCP_RST)) != 0;
	if (wire_reader_ok(reader)) {
		capture_flows_segment(capture->flows, segment);
	}
}

static void
packet_read(struct capture *capture, int link, struct bytes octets, struct capture_segment *segment)
{
	struct wire_reader reader = wire_reader_over(octets);
	struct packet packet = {.payload = reader};
	uint16_t type = link_read(&reader, link);

	if (type == TYPE_IPV4) {
		ipv4_read(&reader, &segment->about, &packet);
	} else if (type == TYPE_IPV6) {
		ipv6_read(&reader, &segment->about, &packet);
	} else {
		return;
	}
	if (packet.is_fragment) {
		capture->counts.fragments++;
	} else if (!wire_reader_ok(&packet.payload)) {
		return;
	} else if (packet.protocol == PROTOCOL_UDP) {
		udp_read(capture, &packet.payload, segment);
	} else if (packet.protocol == PROTOCOL_TCP) {
		tcp_read(capture, &packet.payload, segment);
	}
}

static enum status
packets_read(struct capture *capture, pcap_t *pcap, struct problem *problem)
{
	int link = pcap_datalink(pcap);
	struct pcap_pkthdr *header;
	const uint8_t *octets;
	int found;

	if (!link_is_known(link)) {
		return problem_set(problem, STATUS_UNSUPPORTED,
			"the capture is of link type %d, not Ethernet, Linux cooked, loopback or "
			"IP",
			link);
	}
	while ((found = pcap_next_ex(pcap, &header, &octets)) == 1) {
		struct capture_segment segment = {0};

		segment.about.packet = ++capture->counts.packets;
		segment.about.seconds = header->ts.tv_sec;
		capture->counts.cut += header->caplen < header->len;
		packet_read(capture, link, bytes_over(octets, header->caplen), &segment);
	}
	if (found == PCAP_ERROR) {
		return problem_set(problem, STATUS_MALFORMED, "packet %zu: %s",
			capture->counts.packets + 1, pcap_geterr(pcap));
	}
	return STATUS_OK;
}

enum status
capture_read(struct bytes octets, uint16_t port, capture_found *found, void *context,
	struct capture_counts *ret_counts, struct problem *problem)
{
	struct capture capture = {.port = port};
	char error[PCAP_ERRBUF_SIZE];
	FILE *stream = fmemopen((void *)(uintptr_t)octets.at, octets.size, "r");
	pcap_t *pcap = stream != NULL ? pcap_fopen_offline(stream, error) : NULL;
	enum status status;

	if (stream == NULL) {
		return problem_system(problem, "cannot read the capture");
	}
	if (pcap == NULL) {
		fclose(stream);
		return problem_set(problem, STATUS_MALFORMED, "no capture: %s", error);
	}
	capture.flows = capture_flows_new(found, context);
	if (capture.flows == NULL) {
		pcap_close(pcap);
		return problem_set(problem, STATUS_NO_MEMORY, "%s", status_text(STATUS_NO_MEMORY));
	}
	status = packets_read(&capture, pcap, problem);
	capture_flows_end(capture.flows);
	pcap_close(pcap); /* Closes the stream too. */
	*ret_counts = capture.counts;
	return status;
}
