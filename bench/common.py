# SPDX-License-Identifier: Apache-2.0
"""What bench/run measures with: the build, nodes and servers to be measured, turns, tables."""

import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
DATA = ROOT / "build" / "bench-data"
HOUJI = BUILD / "src" / "program" / "houji"
ECHO_PORT, HOUJI_PORT, KNOT_PORT, NSD_PORT = 26410, 26411, 26412, 26413
HELLO_PORT, HTTP_PORT, NGINX_PORT, HELLO_SAME_PORT, HELLO_MADE_PORT = 26414, 26415, 26416, 26417, 26418
HTTP_PATHS = 100_000  # Different handles that wrk asks for.
ANSWER_SIZE, REQUEST_SIZE = 317, 90
DNS_NAMES = 1_000_000
OCTETS_PER_RECORD = 700  # Of disk: the journal, the view, and the text that is loaded.
TOOLS = {"meson": "meson", "ninja": "ninja-build", "taskset": "util-linux"}


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*words, **more):
    return subprocess.run([str(w) for w in words], check=True, text=True, **more)


def limit(name):
    """A limit of the program, as it was built."""
    return int(re.search(rf"X\({name}, (\d+),", (ROOT / "src" / "base" / "limits.h").read_text())[1])


def refuse_what_cannot_work(records):
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}; do: apt-get install {' '.join(missing)}")
    if not {0, 1} <= os.sched_getaffinity(0):
        sys.exit("needs CPU 0 for the servers and CPU 1 for the loader; this process may not use "
                 "both")
    free = shutil.disk_usage(DATA).free
    if not (DATA / f"node-{records}").exists() and free < records * OCTETS_PER_RECORD:
        sys.exit(f"{records} records need {records * OCTETS_PER_RECORD / 1e9:.1f} GB in {DATA}, "
                 f"where {free / 1e9:.1f} GB are free; make room or give --records a lower number")


def build():
    say(f"building in {BUILD}")
    if not (BUILD / "build.ninja").exists():
        run("meson", "setup", BUILD, ROOT, "-Dbenchmarks=true", "-Dbuildtype=release",
            stdout=subprocess.DEVNULL)
    done = subprocess.run(["ninja", "-C", str(BUILD)], stdout=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(done.stdout + "the build failed: nothing is measured")


def node(records, scattered=False):
    """A node with that many synthetic records; kept between runs."""
    where = DATA / f"node-{records}{'-scattered' if scattered else ''}"
    if (where / "complete").exists():
        return where
    shutil.rmtree(where, ignore_errors=True)
    DATA.mkdir(parents=True, exist_ok=True)
    run(HOUJI, "init", where, "--prefix", "88.999.1", "--listen", f"127.0.0.1:{HOUJI_PORT}",
        stdout=subprocess.DEVNULL)
    with (where / "houji.yaml").open("a") as settings:
        settings.write("\nworkers: 1\n")
    maker = [str(BUILD / "bench" / "bench_records"), str(records)]
    say(f"loading {records} records, kept in {where} for the next run")
    begin = time.monotonic()
    with subprocess.Popen(maker + (["--scattered"] if scattered else []),
                          stdout=subprocess.PIPE) as source:
        run(HOUJI, "load", where, "-", "--quiet", stdin=source.stdout, stdout=subprocess.DEVNULL)
    say(f"loaded {records} records in {time.monotonic() - begin:.1f} s")
    (where / "complete").touch()
    return where


class Server:
    """A process pinned to CPU 0, ended by its own id."""

    def __init__(self, name, words, ready, mode, port):
        self.name, self.mode, self.port = name, mode, port
        log = (DATA / f"{name}.log").open("w")
        self.process = subprocess.Popen(["taskset", "-c", "0"] + [str(w) for w in words],
                                        stdout=log, stderr=subprocess.STDOUT)
        self.pid = self.process.pid
        atexit.register(self.stop)
        deadline = time.monotonic() + 180
        while not ready(self):
            if time.monotonic() > deadline or self.process.poll() is not None:
                sys.exit(f"{name} did not start; see {DATA / name}.log")
            time.sleep(0.05)

    def load(self, *options, check=True):
        """The loader's figures. Without `check` wrong answers, or none, are fine."""
        words = ["taskset", "-c", "1", str(BUILD / "bench" / "bench_load"), "-m", self.mode, "-p",
                 str(self.port), "-P", str(self.pid), *[str(o) for o in options]]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            if not check:
                return {"answered": 0, "wrong": 0}
            sys.exit(f"the loader failed against {self.name}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


def answers(server):
    done = subprocess.run([str(BUILD / "bench" / "bench_load"), "-m", server.mode, "-p",
                           str(server.port), "-t", "0.05", "-s", "1", "-w", "1", "-n", "1"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def started(server):
    time.sleep(0.3)
    return server.process.poll() is None


def echo(kind):
    words = [BUILD / "bench" / "bench_echo", kind, ECHO_PORT]
    words += [ANSWER_SIZE if kind == "udp" else REQUEST_SIZE]
    words += [] if kind == "udp" else [ANSWER_SIZE]
    return Server(f"echo-{kind}", words, started, "echo", ECHO_PORT)


def warm(where):
    """Into the page cache: a store that is read all day is there; a machine that is shared may
    have put it out in the meantime."""
    for path in sorted((where / "ledger").iterdir()) + [where / "view" / "places"]:
        with path.open("rb") as file:
            while file.read(1 << 22):
                pass


def houji(records, scattered=False):
    warm(node(records, scattered))
    return Server("houji", [HOUJI, "serve", node(records, scattered)], answers, "handle",
                  HOUJI_PORT)


def zone():
    path = DATA / "bench.zone"
    if path.exists():
        return path
    say(f"writing a zone of {DNS_NAMES} names")
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w") as out:
        out.write("$ORIGIN bench.\n$TTL 3600\n@ SOA ns.bench. root.bench. 1 3600 600 86400 60\n"
                  "@ NS ns.bench.\nns A 127.0.0.1\n")
        for i in range(DNS_NAMES):
            n = (i + 0x9e3779b97f4a7c15) & (2**64 - 1)
            n = ((n ^ (n >> 30)) * 0xbf58476d1ce4e5b9) & (2**64 - 1)
            n = ((n ^ (n >> 27)) * 0x94d049bb133111eb) & (2**64 - 1)
            n ^= n >> 31
            out.write(f'x{n:016x} TXT "{n:064x}{n:064x}{n:064x}"\n')
    unfinished.rename(path)
    return path


def knot():
    base = DATA / "knot"
    base.mkdir(parents=True, exist_ok=True)
    config = base / "knot.conf"
    config.write_text(f"""server:
    rundir: "{base}"
    listen: 127.0.0.1@{KNOT_PORT}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{base}"
zone:
  - domain: bench.
    file: "{zone()}"
    zonefile-sync: -1
    journal-content: none
    semantic-checks: off
""")
    return Server("knot", ["knotd", "-c", config], answers, "dns", KNOT_PORT)


def nsd():
    base = DATA / "nsd"
    base.mkdir(parents=True, exist_ok=True)
    config = base / "nsd.conf"
    config.write_text(f"""server:
    ip-address: 127.0.0.1@{NSD_PORT}
    server-count: 1
    username: ""
    database: ""
    zonesdir: "{base}"
    pidfile: "{base}/nsd.pid"
    xfrdfile: "{base}/xfrd.state"
    zonelistfile: "{base}/zone.list"
    minimal-responses: yes
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: bench.
    zonefile: "{zone()}"
""")
    server = Server("nsd", ["nsd", "-d", "-c", config], answers, "dns", NSD_PORT)
    # The process that answers is the child of the children; they share the figure.
    server.pid = busiest_child(server.pid)
    return server


def busiest_child(pid):
    """NSD answers in a forked process: the youngest of its descendants."""
    line = [pid]
    for one in line:
        children = pathlib.Path(f"/proc/{one}/task/{one}/children")
        if children.exists():
            line += [int(c) for c in children.read_text().split()]
    return line[-1]


PEERS = {"knot": ("knotd", knot), "nsd": ("nsd", nsd)}


def interleave(cases, rounds):
    """cases: name -> function giving the loader's figures. Medians by name."""
    results = {name: [] for name in cases}
    for number in range(rounds):
        for name, case in cases.items():
            results[name].append(case())
            say(f"round {number + 1} {name}: {results[name][-1]}")
    return {name: {key: statistics.median(r[key] for r in rows) for key in rows[0]}
            | {"best_rate": max(r["rate"] for r in rows),
               "wrong": sum(r["wrong"] for r in rows), "lost": sum(r["lost"] for r in rows),
               "cpu_rounds": [r["cpu_ns"] for r in rows],
               "cpu_min": min(r["cpu_ns"] for r in rows), "cpu_max": max(r["cpu_ns"] for r in rows)}
            for name, rows in results.items()}


def table(title, results, limit):
    """Two ratios to the limit, because a shared machine changes its speed in between: that of the
    medians, and that of the two turns of a round, which lie next to each other."""
    print(f"\n### {title}\n\n| case | server CPU ns per answer (min-max) | ratio of medians | "
          "ratio within a round: median (min-max) | rate /s median (best) | p50 µs | p99 µs | "
          "lost | wrong |\n|---|---|---|---|---|---|---|---|---|")
    for name, r in results.items():
        ratios = [ours / bare for ours, bare in
                  zip(r["cpu_rounds"], results[limit]["cpu_rounds"])]
        print(f"| {name} | {r['cpu_ns']:.0f} ({r['cpu_min']:.0f}-{r['cpu_max']:.0f}) | "
              f"{r['cpu_ns'] / results[limit]['cpu_ns']:.2f} | {statistics.median(ratios):.2f} "
              f"({min(ratios):.2f}-{max(ratios):.2f}) | {r['rate']:.0f} "
              f"({r['best_rate']:.0f}) | {r['p50_us']:.0f} | {r['p99_us']:.0f} | {r['lost']} | "
              f"{r['wrong']} |")


def status_kib(pid, key):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    return 0
