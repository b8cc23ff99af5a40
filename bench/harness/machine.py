"""What the operating system says: which core runs whom, and what they used."""

import os
import platform
import resource
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE = 0
# The load generator, PostgreSQL, Redis and this harness share the other core.
LOAD_CORE = 1
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """What a tree of processes has used so far."""

    cpu_seconds: float
    resident_bytes: int


def prepare() -> None:
    """Move to the load's core, where children start too, and allow as many sockets as the system does."""
    os.sched_setaffinity(0, {LOAD_CORE})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def usage(*roots: int) -> Usage:
    """CPU time and resident memory of the processes and all their descendants, threads included.

    Children that have exited count through the parent that waited for them.
    """
    stats = _process_stats()
    tree = set(roots)
    while more := {pid for pid, stat in stats.items() if stat.parent in tree} - tree:
        tree |= more
    members = [stats[pid] for pid in tree if pid in stats]
    return Usage(
        sum(stat.ticks for stat in members) / TICKS_PER_SECOND,
        sum(stat.pages for stat in members) * PAGE_BYTES,
    )


@dataclass(frozen=True)
class _Stat:
    parent: int
    ticks: int
    pages: int


def _process_stats() -> dict[int, _Stat]:
    stats = {}
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            try:
                text = (directory / "stat").read_text()
            except OSError:
                continue
            # The name, which may hold anything, ends at the last parenthesis.
            fields = text.rpartition(")")[2].split()
            stats[int(directory.name)] = _Stat(int(fields[1]), sum(map(int, fields[11:15])), int(fields[21]))
    return stats


def core_busy_seconds(core: int) -> float:
    """How long the core has worked so far, for whomever."""
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{core} "))
    user, nice, system, _idle, _iowait, irq, softirq = map(int, line.split()[1:8])
    return (user + nice + system + irq + softirq) / TICKS_PER_SECOND


def description() -> dict[str, object]:
    """The machine, for whoever reads the results later."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * PAGE_BYTES / 2**30),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
    }
