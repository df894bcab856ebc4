"""The programs under test.

A peer is a class with one method per way of being set up (`tcp`, `http`; later others): it writes its configuration
into the stage's directory and returns the command that runs it in the foreground. A row names the set-up it
wants, and a peer without that method is left out of the row. To add a peer, add it to PEERS.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import measure
from stage import Failed, Process, free_port

ATTEMPTS = 3  # a free port may be taken before the peer binds it


@dataclass(frozen=True)
class Running:
    """A peer that listens on `port`, on a core of its own."""

    process: Process
    port: int
    core: int

    def cpu(self):
        return measure.CpuUsed(self.process.pid, self.core)

    def memory(self):
        return measure.Memory.of(self.process.pid)


class Peer:
    name = ""
    program = ""

    def missing_tools(self):
        return [] if shutil.which(self.program) else [self.program]

    def version(self):
        return ""

    def start(self, stage, setup, target):
        """Starts it in front of the origin on port `target`."""
        for left in reversed(range(ATTEMPTS)):
            port = free_port()
            command = getattr(self, setup)(stage.dir, port, target)
            try:
                process = stage.start(self.name, command, stage.cores.proxy, port)
                return Running(process, port, stage.cores.proxy)
            except Failed:
                if left == 0:
                    raise


class Proxy(Peer):
    name = "proxy"

    def __init__(self, binary):
        self.program = binary

    def version(self):
        return measure.first_line([self.program, "--version"]) or "unknown"

    def tcp(self, _, port, target):
        return self._command(f"127.0.0.1:{port}", target)

    def http(self, _, port, target):
        return self._command(f"http://127.0.0.1:{port}", target)

    def _command(self, listen, target):
        return [self.program, "-l", listen, "-r", f"127.0.0.1:{target}", "-t", "1", "--log-level", "warning"]


class Haproxy(Peer):
    name = "haproxy"
    program = "haproxy"

    def version(self):
        found = re.search(r"version (\S+)", measure.first_line([self.program, "-v"]))
        return found[1] if found else "unknown"

    def tcp(self, folder, port, target):
        return self._command(folder, f"""
defaults
    mode tcp
    option splice-auto
    timeout connect 10s
    timeout client 1h
    timeout server 1h
listen relay
    bind 127.0.0.1:{port}
    server origin 127.0.0.1:{target}
""")

    def http(self, folder, port, target):
        return self._command(folder, f"""
defaults
    mode http
    option http-keep-alive
    option splice-auto
    http-reuse always
    timeout connect 10s
    timeout client 1h
    timeout server 1h
listen gateway
    bind 127.0.0.1:{port}
    server origin 127.0.0.1:{target}
""")

    def _command(self, folder, body):
        sessions = min(16384, measure.descriptor_limit() // 3)  # two sockets each, and a quarter of a pipe
        path = folder / "haproxy.cfg"
        path.write_text(f"global\n    nbthread 1\n    maxconn {sessions}\n{body}")
        return [self.program, "-db", "-q", "-f", path]


class Nginx(Peer):
    name = "nginx"
    program = "nginx"

    def missing_tools(self):
        if not shutil.which(self.program):
            return [self.program]
        return [] if nginx_stream_module() is not None else ["the stream module of nginx"]

    def version(self):
        return measure.first_line([self.program, "-v"]).rpartition("/")[2] or "unknown"

    def tcp(self, folder, port, target):
        return nginx_command(folder, "relay", load=nginx_stream_module(), body=f"""
stream {{
    server {{
        listen 127.0.0.1:{port};
        proxy_pass 127.0.0.1:{target};
        proxy_buffer_size 64k;
        proxy_timeout 1h;
    }}
}}
""")

    def http(self, folder, port, target):
        return nginx_command(folder, "gateway", f"""
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    send_timeout 1h;
    client_max_body_size 0;
{nginx_temporary(folder)}
    upstream origin {{
        server 127.0.0.1:{target};
        keepalive 128;
        keepalive_requests 1000000000;
        keepalive_timeout 1h;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_read_timeout 1h;
            proxy_send_timeout 1h;
            # A body passed on as it comes costs a fifth of one that waits in a file, which is the default, and
            # less than one that waits in memory; the larger the pieces the less, up to the whole body here.
            proxy_request_buffering off;
            client_body_buffer_size 1m;
        }}
    }}
}}
""")


def nginx_command(folder, name, body, load=""):
    """An nginx of one worker, in the foreground, that keeps all its files in `folder`."""
    path = folder / f"nginx-{name}.conf"
    connections = min(16384, measure.descriptor_limit())
    path.write_text(f"""{load}
daemon off;
worker_processes 1;
worker_rlimit_nofile {measure.descriptor_limit()};
pid {folder}/nginx-{name}.pid;
lock_file {folder}/nginx-{name}.lock;
error_log stderr warn;
events {{ worker_connections {connections}; }}
{body}""")
    return ["nginx", "-e", "stderr", "-p", folder, "-c", path]


def nginx_temporary(folder):
    """Where an http block keeps what it does not hold in memory."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in kinds)


def nginx_stream_module():
    """The line that loads the stream module, "" where it is built in, None where it is not there."""
    built = subprocess.run(["nginx", "-V"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    if "--with-stream=dynamic" not in built:
        return "" if "--with-stream" in built.split() else None
    folder = re.search(r"--modules-path=(\S+)", built)
    module = Path(folder[1], "ngx_stream_module.so") if folder else None
    return f"load_module {module};" if module and module.exists() else None


PEERS = {peer.name: peer for peer in (Haproxy(), Nginx())}
