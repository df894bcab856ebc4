"""The rows of the table: what is measured, and the bar for each.

A row is one function, decorated with its name, its title, the set-up it wants of the peers, its figures (the
first is its cost: drawn, and shown round by round) and its bars. It gets a Trial and returns {key: number}.
"""

import shutil
import time
from dataclasses import dataclass

import load
from stage import Stage

ROWS = {}


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
    measure: object

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

    def start(self, target):
        """The peer, set up as the row wants it, in front of the origin on port `target`."""
        return self.peer.start(self.stage, self.setup, target)


def row(name, title, *, setup, tools, figures, bars=()):
    def register(function):
        ROWS[name] = Row(name, title, setup, tools, figures, bars, function)
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
    "setup": "tcp",
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
    bars=(
        Bar("cpu", 0.9, "haproxy"), Bar("cpu", 1.0, "nginx"),
        Bar("p99", 1.0, "haproxy"), Bar("p99", 1.0, "nginx"),
    ),
    **REQUESTS,
)
def keepalive(trial):
    return requests(trial, trial.limits.seconds, header=None)


@row(
    "connection",
    "64 at a time, a connection for every 1 KiB answer",
    bars=(Bar("cpu", 1.0, "haproxy"),),
    **REQUESTS,
)
def connection(trial):
    return requests(trial, load.connection_seconds(trial.limits.seconds), header="Connection: close")


def requests(trial, seconds, header):
    relay = trial.start(load.http_origin(trial.stage))
    with relay.cpu() as used:
        done = load.wrk(trial.stage, relay.port, seconds, header=header)
    return {"cpu": used.seconds / done.count * 1e6, "rate": done.rate, "p99": done.p99_ms, "others": used.others}


@row(
    "silent",
    "memory of a session that is open and silent after 1 KiB each way",
    setup="tcp",
    tools=("nginx",),
    figures=(Figure("rss", "Rss", "KiB/session", 2), Figure("pss", "Pss", "KiB/session", 2)),
    bars=(Bar("rss", 1.5),),
)
def silent(trial):
    count = trial.limits.sessions
    relay = trial.start(load.http_origin(trial.stage))
    with load.Sessions(relay.port) as first:
        first.open(16)  # so that code and tables used by any session are resident before
    time.sleep(0.5)
    before = relay.memory()
    with load.Sessions(relay.port) as sessions:
        sessions.open(count)
        time.sleep(1)  # time to give back what a session needs only while it moves bytes
        after = relay.memory()
        sessions.check_alive(every=max(1, count // 50))
    return {"rss": (after.rss - before.rss) / count, "pss": (after.pss - before.pss) / count}
