# SPDX-License-Identifier: Apache-2.0
"""What tests of the whole program share: a command that is run, and a node that serves.

    done = program.run("dump", folder)                    returncode, and octets in stdout and stderr
    text = program.well("init", folder, "--root")         it must end with `code`; what it said
    program.load(folder, {"handle": "88.1/a", ...})       records into a node
    program.configure(folder, "workers: 1")               settings behind those there are
    server = program.Server(folder)                       from the line that says where it listens
    server.address, server.web                            first address; of HTTP, or None
    server.port, server.web_port                          their ports
    server.stop()                                         what it said on standard error

    node = program.Node(folder, "--prefix", "88.1")       made, and started and stopped as often as one likes
    node.start(); node.at; node.server; node.stop()

The program is HOUJI of the environment or, without that, the first argument of the test.
"""

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HOUJI = os.path.abspath(os.environ.get("HOUJI") or sys.argv[1])
TIMEOUT_S = 200  # For a machine with much else to do.


def environment(language="C", **more):
    return {**os.environ, "LC_ALL": language, **more}


def run(*words, given=b"", language="C", text=False, **more):
    """One command, away from the terminal; `more` are variables of its environment."""
    return subprocess.run([HOUJI, *words], input=given or ("" if text else b""), capture_output=True, timeout=TIMEOUT_S,
        check=False, start_new_session=True, text=text, env=environment(language, **more))


def well(*words, code=0, **more):
    done = run(*words, **more)
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == code, (words, done.returncode, said)
    return said


def load(folder, *records):
    return well("load", folder, "-", "--quiet", given="".join(json.dumps(one) + "\n" for one in records).encode())


def configure(folder, text):
    with open(os.path.join(folder, "houji.yaml"), "a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")


class Server:
    """What it says on standard error goes to a file, so that it never waits for a reader. `command` is
    another way to start it."""

    def __init__(self, folder, *words, language="C", command=None):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command or [HOUJI, "serve", folder, *words], stdout=subprocess.PIPE,
            stderr=self.errors, env=environment(language))
        self.line = self.process.stdout.readline().decode()
        found = re.search(r"(?:\d+\.){3}\d+:\d+", self.line)
        atexit.register(self.process.kill) # Whatever a test that fails forgets; nothing of one that has ended.
        if found is None:
            self.process.wait(TIMEOUT_S)
            raise AssertionError(f"no node serves: {self.line}{self.said()}")
        self.address = found.group(0)
        web = re.search(r"([\d.]+:\d+) \(http, https\)", self.line)
        self.web = web.group(1) if web else None
        self.port, self.web_port = (int(one.rsplit(":", 1)[1]) if one else None for one in (self.address, self.web))

    def said(self):
        # Where it writes next stays as it is: read() would move that place.
        return os.pread(self.errors.fileno(), os.fstat(self.errors.fileno()).st_size, 0).decode()

    def wait_for(self, *words, start=0):
        """Until it has said one of them, behind so many letters; what it said from there on."""
        deadline = time.monotonic() + TIMEOUT_S
        while not any(word in self.said()[start:] for word in words):
            assert time.monotonic() < deadline and self.process.poll() is None, self.said()
            time.sleep(0.01)
        return self.said()[start:]

    def reload(self):
        """What it says of the settings that it reads again."""
        start = len(self.said())
        self.process.send_signal(signal.SIGHUP)
        return self.wait_for("settings read again\n", "settings not changed", start=start)

    def stop(self, number=signal.SIGTERM, code=0):
        """It must end with `code`, but for what cannot be caught."""
        self.process.send_signal(number)
        ended = self.process.wait(TIMEOUT_S)
        self.process.stdout.close()
        said = self.said()
        self.errors.close()
        assert ended == (-number if number == signal.SIGKILL else code), (ended, said)
        return said


class Node:
    """A node in a folder of its own; `options` are those of `houji init`."""

    def __init__(self, folder, *options, listen="127.0.0.1:0"):
        self.folder = str(folder)
        self.server = None
        self.at = None # Where it listened last.
        well("init", self.folder, "--listen", listen, *options)

    def load(self, *records):
        return load(self.folder, *records)

    def configure(self, text):
        configure(self.folder, text)

    def start(self):
        self.server = Server(self.folder)
        self.at = self.server.address

    def stop(self, number=signal.SIGTERM):
        """Of one that does not serve, too."""
        if self.server is None:
            return ""
        server, self.server = self.server, None
        return server.stop(number)
