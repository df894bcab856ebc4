"""The rows of the table: what is measured, and the bar for each.

A row is one function, decorated with its name, its title, the set-up it wants of the peers, its figures (the
first is its cost: drawn, and shown round by round) and its bars. It gets a Trial and returns {key: number}.
"""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import load
from stage import Stage

ROWS = {}
GROUPS = {"tcp": "relay", "http": "gateway"}  # by set-up; the report keeps their rows apart


@dataclass(frozen=True)
class Figure:
    key: str
    title: str
    unit: str
    digits: int


@dataclass(frozen=True)
class Bar:
    """The proxy's figure may be at most this: times the peer's figure, or as it stands where `peer` is None."""

    figure: str
    at_most: float
    peer: str | None = None


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    setup: str
    tools: tuple
    figures: tuple
    bars: tuple
    own_origin: bool
    measure: object

    @property
    def group(self):
        return GROUPS[self.setup]

    def missing_tools(self):
        return [tool for tool in self.tools if not shutil.which(tool)]


@dataclass(frozen=True)
class Limits:
    seconds: int
    sessions: int

    def warm_up(self):
        return Limits(1, min(self.sessions, 200))


@dataclass(frozen=True)
class Trial:
    stage: Stage
    peer: object
    setup: str
    limits: Limits
    origin: Path  # the program tools/origin

    def start(self, target):
        """The peer, set up as the row wants it, in front of the origin on port `target`."""
        return self.peer.start(self.stage, self.setup, target)


def row(name, title, *, setup, tools, figures, bars=(), own_origin=False):
    def register(function):
        ROWS[name] = Row(name, title, setup, tools, figures, bars, own_origin, function)
        return function

    return register


BULK = {
    "setup": "tcp",
    "tools": ("iperf3",),
    # Once the load's core is full, the kernel sends much of what the relay has queued from there, as the
    # receiver acknowledges: only the machine's total is free of that.
    "figures": (
        Figure("cpu", "CPU", "s/GiB", 3),
        Figure("whole", "CPU of the machine", "s/GiB", 3),
        Figure("rate", "throughput", "GiB/s", 2),
    ),
    "bars": (Bar("cpu", 0.6, "haproxy"), Bar("cpu", 0.5, "nginx")),
}

REQUESTS = {
    "tools": ("wrk", "nginx"),
    "figures": (
        Figure("cpu", "CPU", "us/request", 2),
        Figure("rate", "rate", "requests/s", 0),
        Figure("p99", "99th percentile", "ms", 2),
    ),
}


@row("bulk", "8 streams towards the origin", **BULK)
def bulk(trial):
    return transfer(trial, reverse=False)


@row("bulk-down", "8 streams from the origin", **BULK)
def bulk_down(trial):
    return transfer(trial, reverse=True)


def transfer(trial, reverse):
    target = load.iperf3_server(trial.stage)
    relay = trial.start(target)
    with relay.cpu() as used:
        moved = load.iperf3(trial.stage, relay.port, trial.limits.seconds, 8, reverse)
    return {
        "cpu": used.seconds / moved.gib,
        "whole": used.whole / moved.gib,
        "rate": moved.gib_per_second,
        "others": used.others,
    }


@row(
    "keepalive",
    "64 connections, one 1 KiB answer after the other",
    setup="tcp",
    bars=(
        Bar("cpu", 0.9, "haproxy"), Bar("cpu", 1.0, "nginx"),
        Bar("p99", 1.0, "haproxy"), Bar("p99", 1.0, "nginx"),
    ),
    **REQUESTS,
)
def keepalive(trial):
    return small_requests(trial, trial.limits.seconds)


@row(
    "connection",
    "64 at a time, a connection for every 1 KiB answer",
    setup="tcp",
    bars=(Bar("cpu", 1.0, "haproxy"),),
    **REQUESTS,
)
def connection(trial):
    return small_requests(trial, load.connection_seconds(trial.limits.seconds), header="Connection: close")


def small_requests(trial, seconds, header=None):
    return requests(trial, load.http_origin(trial.stage), seconds, load.SMALL, connections=64, header=header)


def requests(trial, target, seconds, exchange, **options):
    """All figures that a row of requests may want."""
    peer = trial.start(target)
    load.check(peer.port, exchange)
    with peer.cpu() as used:
        done = load.wrk(trial.stage, peer.port, seconds, exchange, **options)
    return {
        "cpu": used.seconds / done.count * 1e6,
        "whole": used.whole / done.count * 1e6,
        "rate": done.rate,
        "p99": done.p99_ms,
        "others": used.others,
    }


@row(
    "silent",
    "memory of a session that is open and silent after 1 KiB each way",
    setup="tcp",
    tools=("nginx",),
    figures=(Figure("rss", "Rss", "KiB/session", 2), Figure("pss", "Pss", "KiB/session", 2)),
    bars=(Bar("rss", 1.5),),
)
def silent(trial):
    relay = trial.start(load.http_origin(trial.stage))
    return memory_per_client(relay, load.Sessions, trial.limits.sessions)


def memory_per_client(peer, kind, count):
    with kind(peer.port) as first:
        first.open(16)  # so that code and tables used by any client are resident before
    time.sleep(0.5)
    before = peer.memory()
    with kind(peer.port) as clients:
        clients.open(count)
        after = settled_memory(peer)
        clients.check(every=max(1, count // 50))
    return {"rss": (after.rss - before.rss) / count, "pss": (after.pss - before.pss) / count}


def settled_memory(peer):
    """Once it has given back what a client needs only while bytes move, and has buffered what it cares to."""
    time.sleep(1)
    memory = peer.memory()
    for _ in range(20):
        time.sleep(0.5)
        last, memory = memory, peer.memory()
        if abs(memory.rss - last.rss) <= 0.01 * memory.rss:
            break
    return memory


def both(at_most):
    return Bar("cpu", at_most, "haproxy"), Bar("cpu", at_most, "nginx")


GATEWAY_LARGE = {
    "setup": "http",
    "own_origin": True,
    "tools": ("wrk",),
    # Of what is queued, the kernel sends a part from the load's core, as in BULK.
    "figures": (
        Figure("cpu", "CPU", "us/request", 1),
        Figure("whole", "CPU of the machine", "us/request", 1),
        Figure("rate", "rate", "requests/s", 0),
        Figure("p99", "99th percentile", "ms", 2),
    ),
}


@row("gateway", "64 connections, one 1 KiB answer after the other", setup="http", bars=both(0.85), **REQUESTS)
def gateway(trial):
    return small_requests(trial, trial.limits.seconds)


@row("gateway-large", "8 connections, answers of 1 MiB by Content-Length", bars=both(0.5), **GATEWAY_LARGE)
def gateway_large(trial):
    return large_requests(trial, load.LARGE)


@row("gateway-chunked", "8 connections, answers of 1 MiB in chunks of 16 KiB", bars=both(0.8), **GATEWAY_LARGE)
def gateway_chunked(trial):
    return large_requests(trial, load.CHUNKED)


@row("gateway-upload", "8 connections, each posting 1 MiB after the other", bars=both(0.7), **GATEWAY_LARGE)
def gateway_upload(trial):
    return large_requests(trial, load.UPLOAD)


def large_requests(trial, exchange):
    target = load.own_origin(trial.stage, trial.origin)
    return requests(trial, target, trial.limits.seconds, exchange, connections=8)


@row(
    "gateway-slow",
    "memory of a client that has stopped reading its answer of 1 MiB",
    setup="http",
    tools=("nginx",),
    figures=(Figure("rss", "Rss", "KiB/client", 2), Figure("pss", "Pss", "KiB/client", 2)),
    bars=(Bar("rss", 0.25, "haproxy"),),
)
def gateway_slow(trial):
    peer = trial.start(load.file_origin(trial.stage))
    load.check(peer.port, load.FILE)
    return memory_per_client(peer, load.SlowReaders, min(1000, trial.limits.sessions))
