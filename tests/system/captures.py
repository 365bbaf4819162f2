# SPDX-License-Identifier: Apache-2.0
"""Packets and capture files, made by hand: what the tests of captures are fed with."""

import ipaddress
import struct

ETHERNET, RAW, LOOP, NULL, COOKED, COOKED2 = 1, 101, 108, 0, 113, 276
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
PORT = 2641


def checksum(octets):
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo_header(source, destination, protocol, size):
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 4:
        return source.packed + destination.packed + struct.pack(">BBH", 0, protocol, size)
    return source.packed + destination.packed + struct.pack(">IHBB", size, 0, 0, protocol)


def with_checksum(payload, at, source, destination, protocol):
    number = checksum(pseudo_header(source, destination, protocol, len(payload)) + payload) or 0xffff
    return payload[:at] + struct.pack(">H", number) + payload[at + 2:]


def udp(source, destination, data):
    """source and destination: (address, port)."""
    payload = struct.pack(">HHHH", source[1], destination[1], 8 + len(data), 0) + data
    return 17, with_checksum(payload, 6, source[0], destination[0], 17)


def tcp(source, destination, sequence, flags, data, acknowledged=1):
    payload = struct.pack(">HHIIBBHHH", source[1], destination[1], sequence & 0xffffffff,
        acknowledged & 0xffffffff if flags & ACK else 0, 5 << 4, flags, 65535, 0, 0) + data
    return 6, with_checksum(payload, 16, source[0], destination[0], 6)


def ip(source, destination, protocol, payload, fragment=0, options=b""):
    """An IPv4 or IPv6 packet; options: IPv4 options, or one IPv6 extension header 60."""
    one, other = ipaddress.ip_address(source[0]), ipaddress.ip_address(destination[0])
    if one.version == 4:
        head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0,
            20 + len(options) + len(payload), 1, fragment, 64, protocol, 0)
        head += one.packed + other.packed + options
        return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload
    if options:
        payload = bytes([protocol]) + options + payload
        protocol = 60
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + one.packed + other.packed + payload


def framed(link, packet, vlans=0):
    kind = 0x0800 if packet[0] >> 4 == 4 else 0x86dd
    if link == ETHERNET:
        tags = struct.pack(">HH", 0x8100, 7) * vlans
        return b"\2\0\0\0\0\1\2\0\0\0\0\2" + tags + struct.pack(">H", kind) + packet
    if link == COOKED:
        return struct.pack(">HHH8sH", 0, 1, 6, bytes(8), kind) + packet
    if link == COOKED2:
        return struct.pack(">HHIHBB8s", kind, 0, 1, 1, 0, 6, bytes(8)) + packet
    if link == NULL:
        return struct.pack("<I", 2 if kind == 0x0800 else 10) + packet
    if link == LOOP:
        return struct.pack(">I", 2 if kind == 0x0800 else 24) + packet
    return packet


def pcap(link, packets, snap=65535, order="<", seconds=1700000000):
    octets = struct.pack(order + "IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, snap, link)
    for number, packet in enumerate(packets):
        kept = packet[:snap]
        octets += struct.pack(order + "IIII", seconds + number, 0, len(kept), len(packet)) + kept
    return octets


def pcapng(link, packets):
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        size = len(body) + 12
        return struct.pack("<II", kind, size) + body + struct.pack("<I", size)

    octets = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))
    octets += block(1, struct.pack("<HHI", link, 0, 65535))
    for number, packet in enumerate(packets):
        at = (1700000000 + number) * 1000000
        octets += block(6, struct.pack("<IIIII", 0, at >> 32, at & 0xffffffff, len(packet),
            len(packet)) + packet)
    return octets


def datagrams(message, source, destination, link=ETHERNET, has_tc=True):
    """One message (envelope first) as the packets of the datagrams that carry it."""
    envelope, data = message[:20], message[20:]
    if len(data) <= 492:
        return [framed(link, ip(source, destination, *udp(source, destination, message)))]
    packets = []
    for number in range(0, (len(data) + 491) // 492):
        head = bytearray(envelope)
        head[2] |= 0x20 if has_tc else 0
        head[12:16] = struct.pack(">I", number)
        part = bytes(head) + data[number * 492:number * 492 + 492]
        packets.append(framed(link, ip(source, destination, *udp(source, destination, part))))
    return packets


class Stream:
    """One direction of a connection."""

    def __init__(self, source, destination, sequence=1000, link=ETHERNET):
        self.source, self.destination, self.link = source, destination, link
        self.sequence = sequence
        self.other = None

    def packet(self, flags, data=b"", at=None):
        sequence = self.sequence if at is None else at
        acknowledged = self.other.sequence if self.other else 1
        return framed(self.link, ip(self.source, self.destination,
            *tcp(self.source, self.destination, sequence, flags, data, acknowledged)))

    def start(self):
        packet = self.packet(SYN if self.other is None or not self.other.is_started else SYN | ACK)
        self.is_started = True
        self.sequence += 1
        return packet

    is_started = False

    def send(self, data, size=1400):
        packets = []
        for at in range(0, len(data), size):
            packets.append(self.packet(PSH | ACK, data[at:at + size]))
            self.sequence += len(data[at:at + size])
        return packets

    def end(self):
        packet = self.packet(FIN | ACK)
        self.sequence += 1
        return packet
