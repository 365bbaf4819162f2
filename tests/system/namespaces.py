# SPDX-License-Identifier: Apache-2.0
"""Machines on one machine: network namespaces, each with one cable to a switch that the test process
has in a namespace of its own. They have no names, so nothing of them is left when the test ends.

    switch = namespaces.Switch()        # OSError, where that is not allowed
    host = switch.plug("127.88.0.1")
    host.run(("houji", "serve", "node"), stdout=log)
    host.cut("127.88.0.2")              # in both directions, once the other has cut this one
    host.unplug()

Addresses are of 127/8, as those of a lab are: each namespace gives up its own loopback for them."""

import ctypes
import os
import signal
import socket
import subprocess

import network

LIBC = ctypes.CDLL(None, use_errno=True)
# What is sent there reaches nobody: no cable has it.
NOBODY = "02:00:00:00:00:01"


def ip(*words):
    done = subprocess.run(("ip", *words), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def give_up_loopback():
    with open("/proc/sys/net/ipv4/conf/all/route_localnet", "w", encoding="ascii") as file:
        file.write("1\n")
    ip("route", "del", "local", "127.0.0.0/8", "dev", "lo", "table", "local")
    ip("address", "del", "127.0.0.1/8", "dev", "lo")


class Host:
    def __init__(self, switch, number, address):
        self.address = address
        self.port = f"port{number}"
        read, write = os.pipe()
        child = os.fork()
        if child == 0: # Lives only until its namespace is held from here.
            os._exit(0 if network.enter() and os.write(write, b"x") and signal.pause() else 1)
        os.close(write)
        try:
            if os.read(read, 1) != b"x":
                raise OSError("no namespace of its own")
            self.namespace = os.open(f"/proc/{child}/ns/net", os.O_RDONLY)
        finally:
            os.close(read)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        ip("link", "add", self.port, "type", "veth", "peer", "name", "eth0", "netns",
            f"/proc/{os.getpid()}/fd/{self.namespace}")
        ip("link", "set", self.port, "master", switch, "up")
        self.inside(give_up_loopback)
        self.inside(lambda: ip("address", "add", f"{address}/8", "dev", "eth0"))
        self.inside(lambda: ip("link", "set", "eth0", "up"))

    def enter(self):
        if LIBC.setns(self.namespace, network.CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def inside(self, work):
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            self.enter()
            return work()
        finally:
            LIBC.setns(here, network.CLONE_NEWNET)
            os.close(here)

    def run(self, arguments, **how):
        """A process on this host, begun."""
        return subprocess.Popen(arguments, preexec_fn=self.enter, **how)

    def cut(self, other):
        self.inside(lambda: ip("neighbour", "replace", other, "lladdr", NOBODY, "nud",
            "permanent", "dev", "eth0"))

    def join(self, other):
        self.inside(lambda: ip("neighbour", "del", other, "dev", "eth0"))

    def unplug(self):
        ip("link", "set", self.port, "down")

    def plug_in(self):
        ip("link", "set", self.port, "up")


class Switch:
    """The process that makes one is in a namespace of its own (network.enter())."""

    def __init__(self, address):
        if len(socket.if_nameindex()) > 1:
            raise OSError("this is the network of the machine")
        self.count = 0
        give_up_loopback()
        ip("link", "add", "switch", "type", "bridge")
        ip("address", "add", f"{address}/8", "dev", "switch")
        ip("link", "set", "switch", "up")

    def plug(self, address):
        self.count += 1
        return Host("switch", self.count, address)


def refusal():
    """Why there can be none here; None: there can."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if not network.enter():
                raise OSError("no network namespace of its own is allowed")
            Switch("127.88.255.254").plug("127.88.0.1")
        except OSError as error:
            os.write(write, str(error).replace("\n", " ").encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        told = file.read().decode()
    os.waitpid(child, 0)
    return told or None
