# SPDX-License-Identifier: Apache-2.0
"""bench/run cache | walk | distinct: the recursive node."""

import atexit
import json
import pathlib
import shutil
import statistics
import subprocess
import threading

from common import (BUILD, DATA, HOUJI, HOUJI_PORT, KNOT_PORT, Server, answers, echo, interleave, knot, run, say,
                    status_kib, table, warm)

RECURSIVE_PORT, UNBOUND_PORT, ROOT_PORT, SECONDARY_PORT = 26420, 26421, 26422, 26423
HELD, ELSEWHERE = 2, 1  # Last parts of prefixes: the recursive node's own, and of the node it asks.
CROWDED = ("-s", 128, "-w", 64)  # In flight: twice as many questions as may be worked on.


def made(where, port, *words, settings=""):
    """A new node; anything that was there before is gone."""
    shutil.rmtree(where, ignore_errors=True)
    run(HOUJI, "init", where, "--listen", f"127.0.0.1:{port}", *words, stdout=subprocess.DEVNULL)
    with (where / "houji.yaml").open("a") as out:
        out.write(f"\nworkers: 1\n{settings}")
    return where


def recursion(root, cache_mib):
    """Nothing but what the test is about holds it back: rates are counted, but are as high as can be."""
    return ("recursion:\n  allow: [\"127.0.0.0/8\"]\n  allow_private: true\n  client_rate: 1000000\n"
            f"  prefix_rate: 0\n  root: [\"127.0.0.1:{root}\"]\ncache:\n  size_mib: {cache_mib}\n")


def holding(where, prefix, names):
    """The same node with so many records."""
    with subprocess.Popen([str(BUILD / "bench" / "bench_records"), str(names), str(prefix)],
                          stdout=subprocess.PIPE) as source:
        run(HOUJI, "load", where, "-", "--quiet", stdin=source.stdout, stdout=subprocess.DEVNULL)
    warm(where)
    return where


def recursive(names, cache_mib):
    """A node that holds records of its own and finds those of the other one, which is the root, too."""
    where = made(DATA / "recursive", RECURSIVE_PORT, "--prefix", f"88.999.{HELD}",
                 settings=recursion(HOUJI_PORT, cache_mib))
    return serve("recursive", holding(where, HELD, names), RECURSIVE_PORT, holds_own)


def upstream(names):
    where = made(DATA / "upstream", HOUJI_PORT, "--root", "--prefix", f"88.999.{ELSEWHERE}")
    return serve("upstream", holding(where, ELSEWHERE, names), HOUJI_PORT, answers)


def serve(name, where, port, ready):
    return Server(name, [HOUJI, "serve", where], ready, "handle", port)


def holds_own(server):
    return server.process.poll() is None and server.load("-t", 0.05, "-s", 1, "-w", 1, "-n", 1, "-x", HELD,
                                                         check=False)["answered"] > 0


def fill(server, names, *words):
    """Asks for every name until all are known: what was lost on the way is asked for again."""
    for _ in range(5):
        found = server.load("-O", "-n", names, "-t", 120, "-s", 8, "-w", 16, *words, check=False)
        if found["answered"] - found["wrong"] == names:
            return
        say(f"{server.name}: {names - found['answered'] + found['wrong']} names are asked for once more")
    raise SystemExit(f"{server.name} did not come to know {names} names: {found}")


def unbound():
    base = DATA / "unbound"
    base.mkdir(parents=True, exist_ok=True)
    config = base / "unbound.conf"
    config.write_text(f"""server:
    interface: 127.0.0.1@{UNBOUND_PORT}
    access-control: 127.0.0.0/8 allow
    num-threads: 1
    username: ""
    chroot: ""
    directory: "{base}"
    pidfile: "{base}/unbound.pid"
    use-syslog: no
    module-config: "iterator"
    do-not-query-localhost: no
    minimal-responses: yes
    msg-cache-size: 512m
    rrset-cache-size: 1024m
    so-rcvbuf: 4m
remote-control:
    control-enable: no
stub-zone:
    name: bench.
    stub-addr: 127.0.0.1@{KNOT_PORT}
""")
    return Server("unbound", [found_program("unbound"), "-d", "-p", "-c", config], answers, "dns", UNBOUND_PORT)


def found_program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def peer(names):
    """Unbound with all names in its cache, or None."""
    if not (found_program("unbound") and found_program("knotd")):
        say("unbound, or knot for it to ask, is not installed: left out")
        return None
    source = knot()
    asked = unbound()
    fill(asked, names)
    source.stop()
    return asked


def bench_cache(options):
    names = min(options.names, options.records)
    source, ours = upstream(names), recursive(names, 1024)
    fill(ours, names, "-x", ELSEWHERE)
    source.stop()  # From here on only what is remembered can be answered.
    limit = echo("udp")
    wanted = ("-t", options.seconds, "-n", names)
    cases = {"echo-udp": lambda: limit.load(*wanted), "own records": lambda: ours.load(*wanted, "-x", HELD),
             "cache hits": lambda: ours.load(*wanted, "-x", ELSEWHERE)}
    other = peer(names) if "unbound" in options.peers else None
    if other is not None:
        cases["unbound"] = lambda: other.load(*wanted)
    results = interleave(cases, options.rounds)
    for server in (ours, limit, other):
        if server is not None:
            server.stop()
    table(f"Cache hits over UDP, {names} names, uniformly random, 16 sockets x 32", results, "own records")


def site_value(index, kind, where):
    return {"index": index, "type": kind, "ttl": 3600,
            "data": {"format": "site", "value": json.loads((where / "site.json").read_text())}}


def load_record(where, handle, *values):
    run(HOUJI, "load", where, "-", "--quiet", input=json.dumps({"handle": handle, "values": values}) + "\n",
        stdout=subprocess.DEVNULL)


# Where processes may run: those that are asked, the recursive node, and who asks it. An exchange keeps two
# processes busy in turn, which Linux likes to have on one CPU; a walk has five. What it takes to wake another CPU is
# the machine's, a hypervisor's most of all: it is the same for both only where their processes are placed alike.
PLACES = {"free": ("0,1", "0,1", "0,1"), "all on one CPU": ("0", "0", "0"), "asked on one, asking on the other": ("1", "0", "0")}


def cpu_us(pid):
    """What all threads of a process have had of CPUs."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1000


def walked(words, walks, pid):
    before = cpu_us(pid)
    result = json.loads(run(*words, stdout=subprocess.PIPE).stdout)
    return result | {"cpu_us": (cpu_us(pid) - before) / walks}


def bench_walk(options):
    """Three levels and the recursive node."""
    handle, prefix = "88.980.1/pump-7", "0.NA/88.980.1"
    levels = {"root": made(DATA / "walk-root", ROOT_PORT, "--root"),
              "secondary": made(DATA / "walk-secondary", SECONDARY_PORT, "--prefix", "88.980"),
              "enterprise": made(DATA / "walk-enterprise", HOUJI_PORT, "--prefix", "88.980.1")}
    load_record(levels["root"], "0.NA/88.980", site_value(1, "HS_SITE", levels["secondary"]),
                site_value(2, "HS_SITE.PREFIX", levels["secondary"]))
    load_record(levels["secondary"], prefix, site_value(1, "HS_SITE", levels["enterprise"]))
    load_record(levels["enterprise"], handle, {"index": 1, "type": "URL", "data": "https://example.com/7"})
    print(f"\n### A walk through three levels that begins with nothing, median of {options.walks}, each round\n\n"
          "| prefixes signed | processes | exchanges one by one, µs | their sum µs | walk µs | walk, 90 % µs | walk / sum | "
          "CPU of the recursive node for a walk and an emptied cache, µs |\n|---|---|---|---|---|---|---|---|")
    for certify in ("true", "false"):
        asking = made(DATA / "walk-recursive", RECURSIVE_PORT,
                      settings=recursion(ROOT_PORT, 8).replace("  root", f"  certify: {certify}\n  root"))
        signed = "!" if certify == "true" else ""
        questions = [str(word) for port, question in (
            (RECURSIVE_PORT, handle), (ROOT_PORT, prefix), (SECONDARY_PORT, prefix + signed), (HOUJI_PORT, handle))
            for word in ("127.0.0.1", port, question)]
        for place, (asked_cpus, recursive_cpus, own_cpus) in PLACES.items():
            processes = [Node(where, asked_cpus) for where in levels.values()] + [Node(asking, recursive_cpus)]
            words = ["taskset", "-c", own_cpus, BUILD / "bench" / "bench_walk", options.walks, asking / "control", *questions]
            for _ in range(options.rounds):
                row = walked(words, options.walks, processes[-1].process.pid)
                print(f"| {'yes' if certify == 'true' else 'no'} | {place} | {' + '.join(map(str, row['exchanges_us']))} | "
                      f"{row['sum_us']} | {row['walk_us']} | {row['walk_p90_us']} | {row['walk_us'] / row['sum_us']:.2f} | "
                      f"{row['cpu_us']:.0f} |", flush=True)
            for process in processes:
                process.stop()


class Node:
    """A node on these CPUs."""

    def __init__(self, where, cpus):
        self.process = subprocess.Popen(["taskset", "-c", cpus, str(HOUJI), "serve", str(where)], stdout=subprocess.PIPE)
        atexit.register(self.stop)
        if not self.process.stdout.readline():
            raise SystemExit(f"the node in {where} did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Memory(threading.Thread):
    """What a process has of memory that is not mapped from files, in MiB, ten times a second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.ended, self.seen = pid, threading.Event(), []
        self.start()

    def run(self):
        while not self.ended.wait(0.1):
            self.seen.append(status_kib(self.pid, "RssAnon") / 1024)

    def stop(self):
        self.ended.set()
        self.join()
        return self.seen


def bench_distinct(options):
    """Names that nobody knows, each once, and a cache that holds a small part of them."""
    names = min(options.names, options.records)
    rows = []
    for title, words in (("512 in flight", ()), ("8192 in flight, twice what may be worked on", CROWDED)):
        source, ours = upstream(names), recursive(1, 8)
        before, memory = status_kib(ours.pid, "RssAnon") / 1024, Memory(ours.pid)
        found = ours.load("-O", "-n", names, "-t", 120, "-x", ELSEWHERE, *words, check=False)
        seen = memory.stop()
        rows.append((title, found, before, seen))
        ours.stop()
        source.stop()
    print(f"\n### {names} names, each asked for once, none of them known\n\n"
          "| case | answered | refused | lost | /s in each tenth | p50 ms | p99 ms | memory before, half, end, most, MiB "
          "|\n|---|---|---|---|---|---|---|---|")
    for title, found, before, seen in rows:
        half = statistics.median(seen[len(seen) // 2:len(seen) // 2 + 1] or [0])
        print(f"| {title} | {found['answered'] - found['wrong']} | {found['wrong']} | {found['lost']} | "
              f"{', '.join(str(s) for s in found['slices'])} | {found['p50_us'] / 1e3:.1f} | "
              f"{found['p99_us'] / 1e3:.1f} | {before:.1f}, {half:.1f}, {seen[-1]:.1f}, {max(seen):.1f} |")
