"""What the kernel says about a set of processes, and what machine this is."""

import os
import platform
import resource
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")


def tree(pid):
    """`pid` and all its living descendants."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := read_stat(entry.name)):
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def read_stat(pid):
    """The fields of /proc/PID/stat after the command's name, or None when it is gone (proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def cpu_seconds(pid):
    """User and system time of the whole tree: all threads, ended ones too, and children already waited for."""
    times = [stat[11:15] for each in tree(pid) if (stat := read_stat(each))]  # utime stime cutime cstime
    return sum(int(ticks) for four in times for ticks in four) * TICK


@dataclass
class Memory:
    """Resident memory of a tree in KiB."""

    rss: int = 0
    pss: int = 0

    @classmethod
    def of(cls, pid):
        total = cls()
        for each in tree(pid):
            try:
                lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()[1:]
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended since
            kib = {key: int(value.split()[0]) for key, _, value in (line.partition(":") for line in lines)}
            total.rss += kib["Rss"]
            total.pss += kib["Pss"]
        return total


@dataclass
class CpuUsed:
    """Measures `with CpuUsed(pid, core) as used:`, what a tree used while something was done."""

    pid: int
    core: int
    seconds: float = 0
    whole: float = field(default=0, init=False)  # seconds that all cores were busy: with the load, and anyone else
    others: float = field(default=0, init=False)  # share of the time in which someone else had `core`

    def __enter__(self):
        self._start = time.monotonic(), cpu_seconds(self.pid), core_busy(self.core), busy_seconds()
        return self

    def __exit__(self, *_):
        start, used, busy, whole = self._start
        self.seconds = cpu_seconds(self.pid) - used
        self.whole = busy_seconds() - whole
        wall = time.monotonic() - start
        self.others = max(0.0, (core_busy(self.core) - busy - self.seconds) / wall)


def core_busy(core):
    """Seconds in which the core was not idle, those stolen by the host included."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            user, nice, system, _, _, irq, softirq, steal = map(int, ticks[:8])
            return (user + nice + system + irq + softirq + steal) * TICK
    return 0.0


def raise_descriptor_limit():
    """Lifts the soft limit to the hard one, for the children too, and returns it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def busy_seconds():
    """The busy seconds of all cores together."""
    return core_busy("")


def descriptor_limit():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def sysctl(name, otherwise):
    try:
        return [int(word) for word in Path("/proc/sys", name).read_text().split()]
    except OSError:
        return otherwise


def describe_machine():
    info = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in info if line.startswith("model name")]
    system = platform.freedesktop_os_release()
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "system": f'{system.get("NAME", "")} {system.get("VERSION_ID", "")}'.strip(),
    }


def first_line(command):
    """The first line a program prints about its version, on either stream; "" when it says nothing."""
    try:
        said = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip().split("\n")[0] if said.returncode == 0 else ""
