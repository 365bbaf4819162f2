# SPDX-License-Identifier: Apache-2.0
"""The Handle protocol octet by octet, for tests that must send what no client would.

    asker = native.Native(port, "301:0.NA/88.999", secret)
    asker.ask([native.message(1, native.blob("88.999/X") + bytes(8))])    [(response code, values)]
"""

import hmac
import socket
import struct
import threading

KEEP = 0x02000000
NEEDED = 402
PROVING = threading.Lock()


def blob(octets):
    octets = octets.encode() if isinstance(octets, str) else octets
    return struct.pack(">I", len(octets)) + octets


class Native:
    """A connection that proves who asks, request by request."""

    def __init__(self, port, user, secret):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.user, self.secret = user, secret
        self.left = b""

    def send(self, messages, sessions):
        out = b""
        for number, (body, session) in enumerate(zip(messages, sessions)):
            out += struct.pack(">BBBBIIII", 2, 11, 2, 11, session, number + 1, 0, len(body)) + body
        self.socket.sendall(out)
        return [self.take() for _ in messages]

    def read(self, size):
        while len(self.left) < size:
            more = self.socket.recv(1 << 20)
            assert more, "the node has closed the connection"
            self.left += more
        octets, self.left = self.left[:size], self.left[size:]
        return octets

    def take(self):
        front = self.read(20)
        session, size = struct.unpack(">4xI8xI", front)
        return session, self.read(size)

    def prove(self, answer):
        size = {1: 16, 2: 20, 3: 32}[answer[24]]
        digest, rest = answer[25:25 + size], answer[25 + size:]
        nonce = rest[4:4 + struct.unpack(">I", rest[:4])[0]]
        index, _, name = self.user.partition(":")
        proof = b"\x13" + hmac.digest(self.secret, nonce + digest, "sha256")
        return message(200, blob("HS_SECKEY") + blob(name) + struct.pack(">I", int(index)) + blob(proof))

    def ask(self, messages):
        """Response code and values of each."""
        got = self.send(messages, [0] * len(messages))
        again = [i for i, (_, answer) in enumerate(got) if code_of(answer) == NEEDED and self.user]
        # More proofs by a secret key under way at once would be taken for guesses.
        for part in (again[at:at + 4] for at in range(0, len(again), 4)):
            with PROVING:
                proven = self.send([self.prove(got[i][1]) for i in part], [got[i][0] for i in part])
            for i, answer in zip(part, proven):
                got[i] = answer
        return [(code_of(answer), values_of(answer)) for _, answer in got]


def message(opcode, body, flags=KEEP):
    return struct.pack(">IIIHBBII", opcode, 0, flags, 0xffff, 0, 0, 0, len(body)) + body + bytes(4)


def code_of(answer):
    return struct.unpack(">4xI", answer[:8])[0]


def values_of(answer):
    """Index, type, permissions and data of the values of a resolution that found some."""
    opcode, code = struct.unpack(">II", answer[:8])
    if opcode != 1 or code != 1:
        return None
    at = 28 + struct.unpack(">I", answer[24:28])[0]
    count, at = struct.unpack(">I", answer[at:at + 4])[0], at + 4
    values = []
    for _ in range(count):
        index, permissions = struct.unpack(">I9xB", answer[at:at + 14])
        at += 14
        texts = []
        for _ in range(2):
            size = struct.unpack(">I", answer[at:at + 4])[0]
            texts.append(answer[at + 4:at + 4 + size])
            at += 4 + size
        at += 4 + 8 * struct.unpack(">I", answer[at:at + 4])[0]
        values.append((index, texts[0].decode(), permissions, texts[1]))
    return values
