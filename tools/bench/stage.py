"""One measurement's stage: a temporary directory, free ports, and every process started on it.

Leaving the stage stops what was started, last first, by its own process group, and removes the directory;
a server that had ended by itself makes the measurement a failed one. Should the bench itself be killed, the
kernel sends each child a SIGTERM.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 10
STOP_SECONDS = 5
LISTEN = "0A"  # the state in /proc/net/tcp


class Failed(Exception):
    """A measurement that could not be made; the first line says why, the rest is the program's log."""


@dataclass(frozen=True)
class Cores:
    """Where things run: the proxy under test alone on one core, load and origin together on another."""

    proxy: int
    load: int

    @classmethod
    def choose(cls):
        usable = sorted(os.sched_getaffinity(0))
        return cls(usable[0], usable[min(1, len(usable) - 1)])

    @property
    def shared(self):
        return self.proxy == self.load

    def pin_self(self):
        os.sched_setaffinity(0, {self.load})


@dataclass(frozen=True)
class Process:
    name: str
    popen: subprocess.Popen
    log: Path

    @property
    def pid(self):
        return self.popen.pid

    def epitaph(self):
        return f"{self.name} ended with {self.popen.returncode}\n{self.log_tail()}"

    def log_tail(self):
        return self.log.read_text(errors="replace")[-2000:].strip()

    def stop(self):
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self.popen.poll() is None:
                self._signal(sign)
            try:
                self.popen.wait(STOP_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        self._signal(signal.SIGKILL)  # whatever it left behind in its group

    def _signal(self, sign):
        try:
            os.killpg(self.pid, sign)  # its own group: start_new_session
        except ProcessLookupError:
            pass


class Stage:
    def __init__(self, cores):
        self.cores = cores
        self._processes = []

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="proxy-bench-"))
        self.dir.chmod(0o711)  # nginx started by root has a worker that is nobody, with temporary files here
        return self

    def __exit__(self, kind, error, _):
        try:
            died = [process.epitaph() for process in self._processes if process.popen.poll()]
            while self._processes:
                self._processes.pop().stop()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)
        if died and kind in (None, Failed):
            raise Failed("\n".join([*died, str(error or "")]).strip()) from None

    def start(self, name, command, core, port):
        """Starts a server and returns once it listens on `port`; raises Failed with its log."""
        process = self._spawn(name, command, core, subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not is_listening(port):
            ended = process.popen.poll() is not None
            if ended or time.monotonic() > deadline:
                self._processes.remove(process)
                process.stop()
                raise Failed(process.epitaph() if ended else f"{name} did not listen in time\n{process.log_tail()}")
            time.sleep(0.01)
        return process

    def run(self, name, command, core, timeout):
        """Runs a load generator to its end and returns its output; raises Failed with its log."""
        process = self._spawn(name, command, core, subprocess.PIPE)
        try:
            output, _ = process.popen.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{name} was not done within {timeout} s\n{process.log_tail()}") from None
        self._processes.remove(process)
        if process.popen.returncode != 0:
            raise Failed(f"{process.epitaph()}\n{output[-2000:]}")
        return output

    def _spawn(self, name, command, core, stdout):
        log = self.dir / f"{name}.log"
        pinned = ["taskset", "-c", str(core), "setpriv", "--pdeathsig", "TERM", "--", *map(str, command)]
        with log.open("wb") as file:
            popen = subprocess.Popen(
                pinned,
                stdin=subprocess.DEVNULL,
                stdout=file if stdout == subprocess.DEVNULL else stdout,
                stderr=file,
                text=True,
                cwd=self.dir,
                start_new_session=True,
            )
        process = Process(name, popen, log)
        self._processes.append(process)
        return process


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(port):
    """Asks the kernel's table: a connection to try it would count as a session, or end a one-off server."""
    wanted = f":{port:04X}"
    with open("/proc/net/tcp") as table:
        return any(fields[1].endswith(wanted) and fields[3] == LISTEN for fields in map(str.split, table))
