# SPDX-License-Identifier: Apache-2.0
"""What tests of the whole program share: a command that is run, and a node that serves.

    done = program.run("dump", folder)                    returncode, and octets in stdout and stderr
    text = program.well("init", folder, "--root")         it must end with `code`; what it said
    server = program.Server(folder)                       from the line that says where it listens
    server.address, server.web                            first address; of HTTP, or None
    server.stop()                                         what it said on standard error

The program is HOUJI of the environment or, without that, the first argument of the test.
"""

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


def run(*words, given=b"", language="C", **more):
    """One command, away from the terminal; `more` are variables of its environment."""
    return subprocess.run([HOUJI, *words], input=given, capture_output=True, timeout=TIMEOUT_S, check=False,
        start_new_session=True, env=environment(language, **more))


def well(*words, code=0, **more):
    done = run(*words, **more)
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == code, (words, done.returncode, said)
    return said


class Server:
    """What it says on standard error goes to a file, so that it never waits for a reader."""

    def __init__(self, folder, *words, language="C"):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([HOUJI, "serve", folder, *words], stdout=subprocess.PIPE, stderr=self.errors,
            env=environment(language))
        self.line = self.process.stdout.readline().decode()
        found = re.search(r"(?:\d+\.){3}\d+:\d+", self.line)
        if found is None:
            self.process.wait(TIMEOUT_S)
            raise AssertionError(f"no node serves: {self.line}{self.said()}")
        self.address = found.group(0)
        web = re.search(r"([\d.]+:\d+) \(http, https\)", self.line)
        self.web = web.group(1) if web else None

    def said(self):
        # Where it writes next stays as it is: read() would move that place.
        return os.pread(self.errors.fileno(), os.fstat(self.errors.fileno()).st_size, 0).decode()

    def reload(self):
        """What it says of the settings that it reads again."""
        before = len(self.said())
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + TIMEOUT_S
        while not self.said()[before:].endswith("\n"):
            assert time.monotonic() < deadline and self.process.poll() is None, self.said()
            time.sleep(0.01)
        return self.said()[before:]

    def stop(self, number=signal.SIGTERM):
        """It must end with 0, but for what cannot be caught."""
        self.process.send_signal(number)
        code = self.process.wait(TIMEOUT_S)
        self.process.stdout.close()
        said = self.said()
        self.errors.close()
        assert code == (-number if number == signal.SIGKILL else 0), (code, said)
        return said
