"""Origins and load generators; all of them run on the load's core."""

import http.client
import json
import socket
from dataclasses import dataclass

import measure
from peers import nginx_command, nginx_temporary
from stage import Failed, free_port

KIB = 1024
MIB = 1024**2
GIB = 1024**3
SPARE_SECONDS = 20  # what a load generator may take beyond the time it was given
ERROR_SHARE = 0.001


def http_origin(stage):
    """An nginx that answers every request with 1 KiB; returns its port."""
    return nginx_origin(stage, f'return 200 "{"x" * KIB}";')


def file_origin(stage):
    """An nginx that answers with a file of 1 MiB, and leaves it to the proxy to hold what the client does not read.

    By itself the kernel would give the origin a send buffer for all of it: 20 times the segment of loopback.
    """
    (stage.dir / "file").write_bytes(FILE.answer)
    return nginx_origin(stage, f"root {stage.dir}; sendfile on;", "sndbuf=64k")


def nginx_origin(stage, location, listen=""):
    port = free_port()
    command = nginx_command(stage.dir, "origin", f"""
http {{
    access_log off;
    default_type text/plain;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_header_timeout 1h;
    send_timeout 1h;
{nginx_temporary(stage.dir)}
    server {{
        listen 127.0.0.1:{port} backlog=4096 {listen};
        location / {{ {location} }}
    }}
}}
""")
    stage.start("origin", command, stage.cores.load, port)
    return port


def own_origin(stage, program):
    """The project's own origin, for answers in chunks, large ones and uploads; returns its port.

    An answer of 1 MiB costs it 0.6 of what it costs nginx, which sends a file page by page.
    """
    port = free_port()
    stage.start("origin", [program, port], stage.cores.load, port)
    return port


@dataclass(frozen=True)
class Exchange:
    """One request to be made over and over, and the answer it must get."""

    answer: bytes
    path: str = "/"
    method: str = "GET"
    body: bytes = b""
    chunked: bool = False  # the answer


SMALL = Exchange(b"x" * KIB)
LARGE = Exchange(bytes(MIB), f"/bytes/{MIB}")
CHUNKED = Exchange(bytes(MIB), f"/chunked/{MIB}", chunked=True)
FILE = Exchange(b"".join(number.to_bytes(4, "big") for number in range(MIB // 4)), "/file")
UPLOAD = Exchange(f"{MIB} bytes came\n".encode(), "/upload", "POST", b"x" * MIB)


def check(port, exchange):
    """Makes the exchange twice on one connection and looks at every byte of the answers."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        for _ in range(2):
            client.request(exchange.method, exchange.path, exchange.body or None)
            answer = client.getresponse()
            body = answer.read()
            got = f"{answer.status} with {len(body)} bytes{', chunked' if answer.chunked else ''}"
            if answer.status != 200 or body != exchange.answer or answer.chunked != exchange.chunked:
                raise Failed(f"the answer to {exchange.method} {exchange.path} is wrong: {got}")
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"no answer to {exchange.method} {exchange.path}: {error!r}") from None
    finally:
        client.close()


@dataclass(frozen=True)
class Requests:
    count: int
    rate: float
    p99_ms: float


WRK_SCRIPT = """
wrk.method = "%s"
wrk.body = %s
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\\n{"count": %%.0f, "bytes": %%.0f, "seconds": %%f, "p99_ms": %%f, "lost": %%.0f, "wrong": %%.0f}\\n',
    summary.requests, summary.bytes, summary.duration / 1e6, latency:percentile(99) / 1e3,
    errors.connect + errors.timeout, errors.read + errors.write + errors.status))
end
"""


def wrk(stage, port, seconds, exchange=SMALL, connections=64, header=None):
    """Makes the exchange over and over.

    Raises Failed when one answer had another status, broke off or was too short, or when more than one request
    in a thousand got none.
    """
    script = stage.dir / "wrk.lua"
    body = f'string.rep("x", {len(exchange.body)})' if exchange.body else "nil"
    script.write_text(WRK_SCRIPT % (exchange.method, body))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s", "-s", script]
    command += ["-H", header] if header else []
    url = f"http://127.0.0.1:{port}{exchange.path}"
    output = stage.run("wrk", [*command, url], stage.cores.load, seconds + SPARE_SECONDS)

    done = json.loads(output.strip().rpartition("\n")[2])
    count = done["count"]
    if count == 0 or done["lost"] > count * ERROR_SHARE:
        raise Failed(f'wrk: {done["lost"]} requests without an answer beside {count}\n{output}')
    if done["wrong"] or done["bytes"] < count * len(exchange.answer):
        raise Failed(f'wrk: {done["wrong"]} errors, {done["bytes"]} bytes in {count} answers\n{output}')
    return Requests(count, count / done["seconds"], done["p99_ms"])


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


class Clients:
    """Connections to a proxy that are held open."""

    def __init__(self, port):
        self._port = port
        self._sockets = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self._sockets:
            each.close()

    def _connect(self):
        client = socket.socket()
        self._sockets.append(client)
        client.settimeout(10)
        self._prepare(client)
        try:
            client.connect(("127.0.0.1", self._port))
        except OSError as error:
            raise Failed(f"connection {len(self._sockets)}: {error}") from None
        return client

    def _prepare(self, client):
        """Sets what has to be set before it is connected."""


class Sessions(Clients):
    """Each is silent after one exchange of 1 KiB both ways with the HTTP origin."""

    REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\nX-Fill: "
    END = b"\r\n\r\n"

    def __init__(self, port):
        super().__init__(port)
        self._request = self.REQUEST.ljust(KIB - len(self.END), b"x") + self.END

    def open(self, count):
        for _ in range(count):
            self._exchange(self._connect())

    def check(self, every):
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


class SlowReaders(Clients):
    """Each has asked for 1 MiB, has read how the answer begins, and then reads no further.

    They have the segments of an Ethernet: for those of loopback, the kernel gives the proxy a send buffer that
    takes the whole answer, and a proxy would be measured that holds nothing.
    """

    RECEIVE_BUFFER = 4 * KIB
    SEGMENT = 1460
    BEGINNING = b"HTTP/1.1 200 OK\r\n"
    REQUEST = f"GET {FILE.path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()

    def open(self, count):
        for _ in range(count):
            client = self._connect()
            try:
                client.sendall(self.REQUEST)
                first = client.recv(len(self.BEGINNING), socket.MSG_WAITALL)
            except OSError as error:
                raise Failed(f"client {len(self._sockets)} got no answer: {error}") from None
            if first != self.BEGINNING:
                raise Failed(f"client {len(self._sockets)} got {first}")

    def check(self, every):
        """One client in `every` reads to the end: an answer that is given up would look cheap."""
        for client in self._sockets[::every]:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MIB)  # or it takes a second for each
            try:
                self._check_answer(client)
            except OSError as error:
                raise Failed(f"a slow client got no more: {error!r}") from None

    def _prepare(self, client):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.RECEIVE_BUFFER)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, self.SEGMENT)

    def _check_answer(self, client):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            if not (byte := client.recv(1)):
                raise ConnectionError("closed")
            head += byte
        body = b""
        while len(body) < len(FILE.answer):
            if not (more := client.recv(MIB)):
                break
            body += more
        if body != FILE.answer:
            raise Failed(f"a slow client got {len(body)} bytes, or wrong ones")
