"""Origins and load generators; all of them run on the load's core."""

import json
import re
import socket
from dataclasses import dataclass

import measure
from peers import nginx_command
from stage import Failed, free_port

KIB = 1024
GIB = 1024**3
SPARE_SECONDS = 20  # what a load generator may take beyond the time it was given
ERROR_SHARE = 0.001
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}  # in ms


def http_origin(stage):
    """An nginx that answers every request with 1 KiB; returns its port."""
    port = free_port()
    temporary = "\n".join(
        f"    {kind}_temp_path {stage.dir}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    command = nginx_command(stage.dir, "origin", f"""
http {{
    access_log off;
    default_type text/plain;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_header_timeout 1h;
{temporary}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ return 200 "{'x' * KIB}"; }}
    }}
}}
""")
    stage.start("origin", command, stage.cores.load, port)
    return port


@dataclass(frozen=True)
class Requests:
    count: int
    rate: float
    p99_ms: float


def wrk(stage, port, seconds, connections=64, header=None):
    """Asks for / over and over; raises Failed when more than one request in a thousand went wrong."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "5s"]
    command += ["-H", header] if header else []
    output = stage.run("wrk", [*command, f"http://127.0.0.1:{port}/"], stage.cores.load, seconds + SPARE_SECONDS)

    count = int(search(r"(\d+) requests in", output)[1])
    errors = sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", output)))
    if count == 0 or errors > count * ERROR_SHARE:
        raise Failed(f"wrk: {errors} errors in {count} requests\n{output}")
    number, unit = search(r"99%\s+([\d.]+)(us|ms|s|m)\b", output).groups()
    return Requests(count, float(search(r"Requests/sec:\s+([\d.]+)", output)[1]), float(number) * UNITS[unit])


def connection_seconds(seconds):
    """How long connections may be opened at full speed before the ports run out.

    Where closed ports are taken again after a second (tcp_tw_reuse 1, or 2 for loopback, the default since
    Linux 4.19) that is no limit. Where they are not, one second's worth fits into the usual 28,000; the next
    measurement has other ports at the other end, so it starts afresh.
    """
    reuse = measure.sysctl("net/ipv4/tcp_tw_reuse", [0])[0]
    return seconds if reuse else 1


@dataclass(frozen=True)
class Transfer:
    gib: float
    gib_per_second: float


def iperf3_server(stage):
    port = free_port()
    stage.start("iperf3-server", ["iperf3", "-s", "-1", "-B", "127.0.0.1", "-p", port], stage.cores.load, port)
    return port


def iperf3(stage, port, seconds, streams, reverse):
    """Sends all it can over `streams` connections, towards the server or (`reverse`) from it."""
    command = ["iperf3", "-c", "127.0.0.1", "-p", port, "-P", streams, "-t", seconds, "-J"]
    command += ["-R"] if reverse else []
    answer = json.loads(stage.run("iperf3", command, stage.cores.load, seconds + SPARE_SECONDS))
    if "error" in answer:
        raise Failed(f'iperf3: {answer["error"]}')
    received = answer["end"]["sum_received"]
    if received["bytes"] == 0:
        raise Failed("iperf3: nothing arrived")
    return Transfer(received["bytes"] / GIB, received["bits_per_second"] / 8 / GIB)


class Sessions:
    """Open connections through a proxy to the HTTP origin, each after one exchange of 1 KiB both ways."""

    REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\nX-Fill: "
    END = b"\r\n\r\n"

    def __init__(self, port):
        self._port = port
        self._sockets = []
        self._request = self.REQUEST.ljust(KIB - len(self.END), b"x") + self.END

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self._sockets:
            each.close()

    def open(self, count):
        for _ in range(count):
            try:
                client = socket.create_connection(("127.0.0.1", self._port), timeout=10)
            except OSError as error:
                raise Failed(f"session {len(self._sockets) + 1}: {error}") from None
            self._sockets.append(client)
            self._exchange(client)

    def check_alive(self, every):
        """Makes one more exchange on one session in `every`: a dropped session would look cheap."""
        for client in self._sockets[::every]:
            self._exchange(client)

    def _exchange(self, client):
        try:
            client.sendall(self._request)
            answer = b""
            while (header_end := answer.find(self.END)) < 0 or len(answer) < header_end + len(self.END) + KIB:
                if not (more := client.recv(65536)):
                    raise ConnectionError("closed")
                answer += more
        except OSError as error:
            raise Failed(f"a session ended before its answer: {error}") from None


def search(pattern, output):
    found = re.search(pattern, output)
    if not found:
        raise Failed(f"wrk: nothing like {pattern} in its output\n{output}")
    return found
